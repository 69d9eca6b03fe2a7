package rules

import (
	"slices"

	"github.com/noidle/noidle/rules/template"
)

func init() {
	register(Rule{
		ID:       "function-architecture",
		Title:    "Functions run on arm64.",
		Page:     "https://docs.aws.amazon.com/lambda/latest/dg/foundation-arch.html",
		Severity: Warning,
		Fix:      "Set Architectures to arm64, and build the code for it.",
		Types:    []string{"AWS::Lambda::Function"},
		check:    checkFunctionArchitecture,
	})
}

// mayBeEdgeFunction reports whether a distribution of the app may run the function.
func mayBeEdgeFunction(function *template.Resource) bool {
	distributions := function.App().Resources("AWS::CloudFront::Distribution")
	return slices.ContainsFunc(distributions, func(distribution *template.Resource) bool {
		return mayRunAtEdge(distribution.Get("DistributionConfig"), function)
	})
}

// mayRunAtEdge reports whether a behavior of a distribution may run the function.
func mayRunAtEdge(config template.Value, function *template.Resource) bool {
	arns := slices.Concat(
		all(config, []string{"DefaultCacheBehavior", "LambdaFunctionAssociations", "LambdaFunctionARN"}),
		all(config, []string{"CacheBehaviors", "LambdaFunctionAssociations", "LambdaFunctionARN"}),
	)
	return slices.ContainsFunc(arns, func(arn template.Value) bool { return mayBeOf(arn, function) })
}

// checkFunctionArchitecture leaves out functions at edge locations, which are x86_64.
func checkFunctionArchitecture(r *template.Resource, report reporter) {
	if !mayBeEdgeFunction(r) && !mayContain(r.Get("Architectures"), "arm64") {
		report("Architectures", "x86_64 costs a quarter more for the same time")
	}
}
