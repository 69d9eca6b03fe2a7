package rules

import (
	"slices"
	"strings"

	"github.com/noidle/noidle/rules/template"
)

// functionOf returns the function that a value refers to, also by a version or an
// alias, or nil.
func functionOf(v template.Value) *template.Resource {
	r := v.Resource()
	for range 2 {
		if r == nil || r.Type == "AWS::Lambda::Function" {
			return r
		}
		if r.Type != "AWS::Lambda::Alias" && r.Type != "AWS::Lambda::Version" {
			return nil
		}
		r = r.Get("FunctionName").Resource()
	}
	return r
}

// numberOr returns a number, a default where it is missing, and whether it is known.
func numberOr(v template.Value, missing float64) (float64, bool) {
	if v.Missing() {
		return missing, true
	}
	return v.Number()
}

// mayBeOf reports whether a value refers to a function, to a version or alias of it,
// or is unknown.
func mayBeOf(v template.Value, function *template.Resource) bool {
	return functionOf(v) == function || v.MayReferTo(function)
}

// mayContain reports whether a list has a scalar, or something unknown.
func mayContain(list template.Value, scalar string) bool {
	return slices.ContainsFunc(list.List(), func(v template.Value) bool { return !v.Not(scalar) })
}

// sourceOf returns the service that an event source mapping reads from: sqs,
// kinesis or dynamodb, "" if that is unknown or another.
func sourceOf(mapping *template.Resource) string {
	arn := mapping.Get("EventSourceArn")
	if r := arn.Resource(); r != nil {
		return map[string]string{
			"AWS::SQS::Queue":            "sqs",
			"AWS::Kinesis::Stream":       "kinesis",
			"AWS::DynamoDB::Table":       "dynamodb",
			"AWS::DynamoDB::GlobalTable": "dynamodb",
		}[r.Type]
	}
	if parts := strings.Split(arn.Text(), ":"); len(parts) > 2 && slices.Contains([]string{"sqs", "kinesis", "dynamodb"}, parts[2]) {
		return parts[2]
	}
	return ""
}

// isStream reports whether an event source mapping surely reads a stream.
func isStream(mapping *template.Resource) bool {
	source := sourceOf(mapping)
	return source == "kinesis" || source == "dynamodb"
}
