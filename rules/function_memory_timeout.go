package rules

import "github.com/noidle/noidle/rules/template"

func init() {
	register(Rule{
		ID:       "function-memory-timeout",
		Title:    "Functions say how much memory and time they take.",
		Page:     "https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html",
		Severity: Warning,
		Fix:      "Set MemorySize and Timeout to what the function was measured to need.",
		Types:    []string{"AWS::Lambda::Function"},
		check:    checkFunctionMemoryTimeout,
	})
}

func checkFunctionMemoryTimeout(r *template.Resource, report reporter) {
	for _, property := range []string{"MemorySize", "Timeout"} {
		if r.Get(property).Missing() {
			report(property, "the default, 128 MB and 3 s, was not made for the function")
		}
	}
}
