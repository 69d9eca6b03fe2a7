package rules

import "github.com/noidle/noidle/rules/template"

func init() {
	register(Rule{
		ID:       "function-tracing",
		Title:    "Functions record traces.",
		Page:     "https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html",
		Severity: Warning,
		Fix:      "Set TracingConfig.Mode to Active.",
		Types:    []string{"AWS::Lambda::Function"},
		check:    checkFunctionTracing,
	})
}

func checkFunctionTracing(r *template.Resource, report reporter) {
	if r.Get("TracingConfig", "Mode").Not("Active") {
		report("TracingConfig.Mode", "no trace shows where a request to the function was slow or failed")
	}
}
