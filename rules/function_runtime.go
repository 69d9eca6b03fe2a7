package rules

import "github.com/noidle/noidle/rules/template"

func init() {
	register(Rule{
		ID:       "function-runtime",
		Title:    "Functions use a runtime that AWS supports.",
		Page:     "https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html",
		Severity: Error,
		Fix:      "Move to a supported runtime, such as provided.al2023 for Go.",
		Types:    []string{"AWS::Lambda::Function"},
		check:    checkFunctionRuntime,
	})
}

// deprecated are the runtimes that AWS no longer supports, each with the day since when.
var deprecated = map[string]string{
	"dotnet5.0":      "2022-05-10",
	"dotnet6":        "2024-12-20",
	"dotnet7":        "2024-05-14",
	"dotnet8":        "2026-11-10",
	"dotnetcore1.0":  "2019-06-27",
	"dotnetcore2.0":  "2019-05-30",
	"dotnetcore2.1":  "2022-01-05",
	"dotnetcore3.1":  "2023-04-03",
	"go1.x":          "2024-01-08",
	"java8":          "2024-01-08",
	"nodejs":         "2016-10-31",
	"nodejs4.3":      "2020-03-05",
	"nodejs4.3-edge": "2020-03-05",
	"nodejs6.10":     "2019-08-12",
	"nodejs8.10":     "2020-03-06",
	"nodejs10.x":     "2021-07-30",
	"nodejs12.x":     "2023-03-31",
	"nodejs14.x":     "2023-12-04",
	"nodejs16.x":     "2024-06-12",
	"nodejs18.x":     "2025-09-01",
	"nodejs20.x":     "2026-04-30",
	"provided":       "2024-01-08",
	"provided.al2":   "2026-07-31",
	"python2.7":      "2021-07-15",
	"python3.6":      "2022-07-18",
	"python3.7":      "2023-12-04",
	"python3.8":      "2024-10-14",
	"python3.9":      "2025-12-15",
	"python3.10":     "2026-10-31",
	"ruby2.5":        "2021-07-30",
	"ruby2.7":        "2023-12-07",
	"ruby3.2":        "2026-03-31",
}

func checkFunctionRuntime(r *template.Resource, report reporter) {
	runtime := r.Get("Runtime")
	if date, ok := deprecated[runtime.Text()]; ok {
		report("Runtime", "%s gets no security fixes since %s, and cannot be deployed some time after", runtime.Text(), date)
	}
}
