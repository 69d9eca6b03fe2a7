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

// checkFunctionTracing leaves out functions at edge locations, which record no traces:
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/lambda-at-edge-function-restrictions.html
func checkFunctionTracing(r *template.Resource, report reporter) {
	if !mayBeEdgeFunction(r) && r.Get("TracingConfig", "Mode").Not("Active") {
		report("TracingConfig.Mode", "no trace shows where a request to the function was slow or failed")
	}
}
