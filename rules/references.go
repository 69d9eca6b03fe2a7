package rules

import (
	"slices"
	"strings"

	"github.com/noidle/noidle/rules/template"
)

// functionOf returns the function that a value refers to, also by a version or an
// alias, or nil.
func functionOf(v template.Value) *template.Resource {
	if r := unqualified(v).Resource(); r != nil && r.Type == "AWS::Lambda::Function" {
		return r
	}
	return nil
}

// mayBeOf reports whether a value refers to a function, also by a version or an
// alias, or may do so.
func mayBeOf(v template.Value, function *template.Resource) bool {
	return unqualified(v).MayReferTo(function)
}

// unqualified returns what names the function where a value refers to an alias or a
// version.
func unqualified(v template.Value) template.Value {
	if r := v.Resource(); r != nil && (r.Type == "AWS::Lambda::Alias" || r.Type == "AWS::Lambda::Version") {
		return r.Get("FunctionName")
	}
	return v
}

// numberOr returns a number, a default where it is missing, and whether it is known.
func numberOr(v template.Value, missing float64) (float64, bool) {
	if v.Missing() {
		return missing, true
	}
	return v.Number()
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
			"AWS::SQS::Queue":              "sqs",
			"AWS::Kinesis::Stream":         "kinesis",
			"AWS::Kinesis::StreamConsumer": "kinesis",
			"AWS::DynamoDB::Table":         "dynamodb",
			"AWS::DynamoDB::GlobalTable":   "dynamodb",
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
