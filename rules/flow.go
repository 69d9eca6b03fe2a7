package rules

import (
	"slices"
	"strings"

	"github.com/noidle/noidle/rules/template"
)

// step is where an event goes next: to a resource and, within a bucket, to keys
// with a prefix.
type step struct {
	to     *template.Resource
	prefix string
}

// writes are the actions that put something into a resource, or start it.
var writes = map[string][]string{
	"AWS::DynamoDB::GlobalTable":       {"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:BatchWriteItem"},
	"AWS::DynamoDB::Table":             {"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:BatchWriteItem"},
	"AWS::Kinesis::Stream":             {"kinesis:PutRecord", "kinesis:PutRecords"},
	"AWS::Lambda::Function":            {"lambda:InvokeFunction"},
	"AWS::S3::Bucket":                  {"s3:PutObject"},
	"AWS::SNS::Topic":                  {"sns:Publish"},
	"AWS::SQS::Queue":                  {"sqs:SendMessage"},
	"AWS::StepFunctions::StateMachine": {"states:StartExecution"},
}

// next returns where events go from a step: what a function or state machine may
// write to, and what a bucket, queue, topic or stream invokes without a filter.
func next(from step) []step {
	switch from.to.Type {
	case "AWS::Lambda::Function":
		return writtenBy(from.to.Get("Role"))
	case "AWS::StepFunctions::StateMachine":
		return writtenBy(from.to.Get("RoleArn"))
	case "AWS::S3::Bucket":
		return notified(from)
	}
	return invoked(from.to)
}

// writtenBy returns what a role surely may write to.
func writtenBy(roleARN template.Value) []step {
	role := roleARN.Resource()
	if role == nil || role.Type != "AWS::IAM::Role" {
		return nil
	}
	var steps []step
	for _, statement := range roleStatements(role) {
		allowed := writable(statement)
		for _, arn := range statement.Get("Resource").List() {
			r := arn.Resource()
			switch {
			case r == nil || !allowed[r.Type]:
			case r.Type != "AWS::S3::Bucket":
				steps = append(steps, step{to: r})
			case !strings.HasSuffix(arn.Text(), "}"): // s3:PutObject does not apply to a bucket without a key
				steps = append(steps, step{r, keyPrefix(arn.Text())})
			}
		}
	}
	return steps
}

// writable returns the types of resources that a statement allows to write to.
func writable(statement template.Value) map[string]bool {
	types := map[string]bool{}
	for kind, actions := range writes {
		types[kind] = allows(statement, actions...)
	}
	return types
}

// keyPrefix returns what keys surely start with in the ARN of a bucket's objects.
func keyPrefix(arn string) string {
	_, key, _ := strings.Cut(arn, "}/")
	prefix, _, _ := strings.Cut(key, "*")
	prefix, _, _ = strings.Cut(prefix, "$")
	return prefix
}

// invoked returns what mappings and subscriptions surely pass all events of r to.
func invoked(r *template.Resource) []step {
	var steps []step
	for _, mapping := range r.Referrers("AWS::Lambda::EventSourceMapping") {
		if function := functionOf(mapping.Get("FunctionName")); function != nil && mapping.Get("EventSourceArn").RefersTo(r) && mapping.Get("FilterCriteria").Missing() {
			steps = append(steps, step{to: function})
		}
	}
	subscriptions := r.Get("Subscription").List()
	for _, subscription := range r.Referrers("AWS::SNS::Subscription") {
		if subscription.Get("TopicArn").RefersTo(r) && subscription.Get("FilterPolicy").Missing() {
			subscriptions = append(subscriptions, subscription.Get())
		}
	}
	for _, subscription := range subscriptions {
		steps = appendStep(steps, subscription.Get("Endpoint"))
	}
	return steps
}

// notifications are the paths of what a bucket notifies, as CloudFormation and as
// the CDK's custom resource has them.
var notifications = [][]string{
	{"LambdaConfigurations", "Function"}, {"QueueConfigurations", "Queue"}, {"TopicConfigurations", "Topic"},
	{"LambdaFunctionConfigurations", "LambdaFunctionArn"}, {"QueueConfigurations", "QueueArn"}, {"TopicConfigurations", "TopicArn"},
}

// notified returns what a bucket surely notifies of a new object at a step.
func notified(from step) []step {
	configurations := []template.Value{from.to.Get("NotificationConfiguration")}
	for _, custom := range from.to.Referrers("Custom::S3BucketNotifications") {
		if custom.Get("BucketName").RefersTo(from.to) {
			configurations = append(configurations, custom.Get("NotificationConfiguration"))
		}
	}
	var steps []step
	for _, configuration := range configurations {
		for _, path := range notifications {
			for _, notification := range configuration.Get(path[0]).List() {
				if ofNewObjects(notification) && matches(notification.Get("Filter"), from.prefix) {
					steps = appendStep(steps, notification.Get(path[1]))
				}
			}
		}
	}
	return steps
}

func appendStep(steps []step, target template.Value) []step {
	if function := functionOf(target); function != nil {
		return append(steps, step{to: function})
	}
	if r := target.Resource(); r != nil {
		return append(steps, step{to: r})
	}
	return steps
}

// ofNewObjects reports whether a notification surely tells of new objects.
func ofNewObjects(notification template.Value) bool {
	events := slices.Concat(notification.Get("Event").List(), notification.Get("Events").List())
	return slices.ContainsFunc(events, func(v template.Value) bool { return strings.HasPrefix(v.Text(), "s3:ObjectCreated:") })
}

// matches reports whether a filter surely lets keys with a prefix through, or keys
// that start with it.
func matches(filter template.Value, prefix string) bool {
	rules := slices.Concat(all(filter, []string{"S3Key", "Rules"}), all(filter, []string{"Key", "FilterRules"}))
	for _, rule := range rules {
		name, _ := rule.Get("Name").Literal()
		value, known := rule.Get("Value").Literal()
		disjoint := !strings.HasPrefix(value, prefix) && !strings.HasPrefix(prefix, value)
		if name == "" || !known || strings.EqualFold(name, "prefix") && disjoint {
			return false
		}
	}
	return true
}
