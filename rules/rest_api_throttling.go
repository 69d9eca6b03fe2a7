package rules

import "github.com/noidle/noidle/rules/template"

func init() {
	register(Rule{
		ID:       "rest-api-throttling",
		Title:    "Stages of REST APIs limit requests.",
		Page:     "https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html",
		Severity: Error,
		Fix:      "Add to MethodSettings an entry for HttpMethod * and ResourcePath /* with ThrottlingRateLimit and ThrottlingBurstLimit.",
		Types:    []string{"AWS::ApiGateway::Stage"},
		check:    checkRESTAPIThrottling,
	})
}

// checkRESTAPIThrottling wants limits for all methods; -1 is no limit.
func checkRESTAPIThrottling(r *template.Resource, report reporter) {
	for _, setting := range r.Get("MethodSettings").List() {
		all := !setting.Get("HttpMethod").Not("*") && !setting.Get("ResourcePath").Not("/*")
		rate, burst := setting.Get("ThrottlingRateLimit"), setting.Get("ThrottlingBurstLimit")
		if all && !rate.Missing() && !rate.Is("-1") && !burst.Missing() && !burst.Is("-1") {
			return
		}
	}
	report("MethodSettings", "one client can use up the requests that the account has for all its APIs")
}
