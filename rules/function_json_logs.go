package rules

import "github.com/noidle/noidle/rules/template"

func init() {
	register(Rule{
		ID:       "function-json-logs",
		Title:    "Functions log in JSON.",
		Page:     "https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-logformat.html",
		Severity: Warning,
		Fix:      "Set LoggingConfig.LogFormat to JSON.",
		Types:    []string{"AWS::Lambda::Function"},
		check:    checkFunctionJSONLogs,
	})
}

func checkFunctionJSONLogs(r *template.Resource, report reporter) {
	if r.Get("LoggingConfig", "LogFormat").Not("JSON") {
		report("LoggingConfig.LogFormat", "lines of text can be searched neither by field nor by level")
	}
}
