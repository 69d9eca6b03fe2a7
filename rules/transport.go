package rules

import (
	"slices"
	"strings"

	"github.com/noidle/noidle/rules/template"
)

// policyOf are the properties of resource policies that name what a policy is of.
var policyOf = map[string]string{
	"AWS::S3::BucketPolicy":       "Bucket",
	"AWS::SNS::TopicInlinePolicy": "TopicArn",
	"AWS::SNS::TopicPolicy":       "Topics",
	"AWS::SQS::QueueInlinePolicy": "Queue",
	"AWS::SQS::QueuePolicy":       "Queues",
}

// mayDenyPlainHTTP reports whether a policy of one of the types that may be of r may
// deny requests without TLS.
func mayDenyPlainHTTP(r *template.Resource, policyTypes ...string) bool {
	return slices.ContainsFunc(r.App().Resources(policyTypes...), func(policy *template.Resource) bool {
		of := slices.ContainsFunc(policy.Get(policyOf[policy.Type]).List(), func(v template.Value) bool { return v.MayReferTo(r) })
		statements := policy.Get("PolicyDocument", "Statement").List()
		return of && slices.ContainsFunc(statements, func(statement template.Value) bool {
			return !statement.Get("Effect").Not("Deny") && mayBePlainHTTP(statement.Get("Condition"))
		})
	})
}

// mayBePlainHTTP reports whether a condition may hold for requests without TLS. The
// names of its keys have no case:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition.html
func mayBePlainHTTP(condition template.Value) bool {
	return slices.ContainsFunc([]string{"Bool", "BoolIfExists"}, func(operator string) bool {
		values := condition.Get(operator)
		return values.Unknown() || slices.ContainsFunc(values.Keys(), func(key string) bool {
			mayBeFalse := func(v template.Value) bool { return !v.Not("false") }
			return strings.EqualFold(key, "aws:SecureTransport") && slices.ContainsFunc(values.Get(key).List(), mayBeFalse)
		})
	})
}
