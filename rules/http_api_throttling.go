package rules

import "github.com/noidle/noidle/rules/template"

func init() {
	register(Rule{
		ID:       "http-api-throttling",
		Title:    "Stages of HTTP and WebSocket APIs limit requests.",
		Page:     "https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-throttling.html",
		Severity: Error,
		Fix:      "Set DefaultRouteSettings.ThrottlingRateLimit and ThrottlingBurstLimit.",
		Types:    []string{"AWS::ApiGatewayV2::Stage"},
		check:    checkHTTPAPIThrottling,
	})
}

func checkHTTPAPIThrottling(r *template.Resource, report reporter) {
	for _, limit := range []string{"ThrottlingRateLimit", "ThrottlingBurstLimit"} {
		if r.Get("DefaultRouteSettings", limit).Missing() {
			report("DefaultRouteSettings."+limit, "one client can use up the requests that the account has for all its APIs")
		}
	}
}
