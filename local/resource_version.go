package local

import (
	"github.com/noidle/noidle/local/assembly"
	"github.com/noidle/noidle/local/lambda"
)

// latest is the number that every version has: on this machine there is only one, and
// it is what an alias leads to.
const latest = "$LATEST"

type versionProperties struct {
	CodeSha256                   noEffect
	Description                  noEffect
	FunctionName                 string
	ProvisionedConcurrencyConfig noEffect
	RuntimePolicy                noEffect
}

func planVersion(_ *Cloud, _ *assembly.Resource, p *versionProperties) (planned, error) {
	arn := functionARN(p.FunctionName) + ":" + latest
	result := named(arn, arn, nothing)
	result.Attributes["FunctionArn"] = arn
	result.Attributes["Version"] = latest
	return result, nil
}

type aliasProperties struct {
	Description                  noEffect
	FunctionName                 string
	FunctionVersion              noEffect // there is one
	Name                         string
	ProvisionedConcurrencyConfig noEffect
	RoutingConfig                noEffect // all versions are the same
}

// planAlias gives a function another ARN. Who may invoke it by that is allowed for that
// (https://docs.aws.amazon.com/lambda/latest/dg/configuration-aliases.html).
func planAlias(_ *Cloud, _ *assembly.Resource, p *aliasProperties) (planned, error) {
	arn := functionARN(p.FunctionName) + ":" + p.Name
	result := named(arn, arn, nothing)
	result.Attributes["AliasArn"] = arn
	return result, nil
}

// functionARN is the ARN of a function that is given by name or ARN, with its version
// or alias if it has one.
func functionARN(name string) string {
	short, qualifier := lambda.ParseName(name)
	return lambda.Function{Name: short}.QualifiedARN(qualifier)
}
