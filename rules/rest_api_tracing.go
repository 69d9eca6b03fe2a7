package rules

import "github.com/noidle/noidle/rules/template"

func init() {
	register(Rule{
		ID:       "rest-api-tracing",
		Title:    "Stages of REST APIs record traces.",
		Page:     "https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-xray.html",
		Severity: Warning,
		Fix:      "Set TracingEnabled to true.",
		Types:    []string{"AWS::ApiGateway::Stage"},
		check:    checkRESTAPITracing,
	})
}

func checkRESTAPITracing(r *template.Resource, report reporter) {
	if r.Get("TracingEnabled").Not("true") {
		report("TracingEnabled", "traces do not begin where requests come in")
	}
}
