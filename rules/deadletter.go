package rules

import (
	"maps"
	"slices"

	"github.com/noidle/noidle/rules/template"
)

// deadLetterPaths are the properties that name a dead-letter queue or a destination
// of failures, by the type of the resource.
var deadLetterPaths = map[string][][]string{
	"AWS::SQS::Queue":                {{"RedrivePolicy", "deadLetterTargetArn"}},
	"AWS::SNS::Subscription":         {{"RedrivePolicy", "deadLetterTargetArn"}},
	"AWS::Lambda::Function":          {{"DeadLetterConfig", "TargetArn"}},
	"AWS::Lambda::EventInvokeConfig": {{"DestinationConfig", "OnFailure", "Destination"}},
	"AWS::Lambda::EventSourceMapping": {
		{"DestinationConfig", "OnFailure", "Destination"},
	},
	"AWS::Events::Rule":        {{"Targets", "DeadLetterConfig", "Arn"}},
	"AWS::Scheduler::Schedule": {{"Target", "DeadLetterConfig", "Arn"}},
	"AWS::Pipes::Pipe": {
		{"SourceParameters", "DynamoDBStreamParameters", "DeadLetterConfig", "Arn"},
		{"SourceParameters", "KinesisStreamParameters", "DeadLetterConfig", "Arn"},
	},
	"AWS::IoT::TopicRule":   {{"TopicRulePayload", "ErrorAction", "Sqs", "QueueUrl"}},
	"AWS::Events::EventBus": {{"DeadLetterConfig", "Arn"}},
}

var deadLetterTypes = slices.Sorted(maps.Keys(deadLetterPaths))

// deadLetterTargets returns what a resource names as dead-letter queues or destinations of failures.
func deadLetterTargets(r *template.Resource) []template.Value {
	var targets []template.Value
	for _, path := range deadLetterPaths[r.Type] {
		targets = append(targets, all(r.Get(), path)...)
	}
	return targets
}

// all returns the values at a path, in each element of the lists on the way.
func all(v template.Value, path []string) []template.Value {
	if len(path) == 0 {
		return v.List()
	}
	var found []template.Value
	for _, element := range v.Get(path[0]).List() {
		found = append(found, all(element, path[1:])...)
	}
	return found
}

// isDeadLetterQueue reports whether a resource surely sends what fails to the queue,
// or, if maybe is set, whether one may do so.
func isDeadLetterQueue(queue *template.Resource, maybe bool) bool {
	return slices.ContainsFunc(queue.App().Resources(deadLetterTypes...), func(r *template.Resource) bool {
		return r != queue && slices.ContainsFunc(deadLetterTargets(r), func(target template.Value) bool {
			if maybe {
				return target.MayReferTo(queue)
			}
			return target.RefersTo(queue)
		})
	})
}
