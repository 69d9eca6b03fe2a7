package rules

import "github.com/noidle/noidle/rules/template"

func init() {
	register(Rule{
		ID:       "api-access-log",
		Title:    "API stages log each request.",
		Page:     "https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging.html",
		Severity: Warning,
		Fix:      "Set AccessLogSettings (AccessLogSetting of a REST API) with a DestinationArn and a Format.",
		Types:    []string{"AWS::ApiGatewayV2::Stage", "AWS::ApiGateway::Stage"},
		check:    checkAPIAccessLog,
	})
}

func checkAPIAccessLog(r *template.Resource, report reporter) {
	property := "AccessLogSettings"
	if r.Type == "AWS::ApiGateway::Stage" {
		property = "AccessLogSetting"
	}
	if r.Get(property, "DestinationArn").Missing() {
		report(property, "requests that reach no function leave no trace")
	}
}
