package rules

import (
	"slices"

	"github.com/noidle/noidle/rules/template"
)

func init() {
	register(Rule{
		ID:       "dead-letter-alarm",
		Title:    "Each dead-letter queue has an alarm.",
		Page:     "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/dead-letter-queues-alarms-cloudwatch.html",
		Severity: Error,
		Fix:      "Add an AWS::CloudWatch::Alarm on the queue's ApproximateNumberOfMessagesVisible.",
		Types:    []string{"AWS::SQS::Queue"},
		check:    checkDeadLetterAlarm,
	})
}

func checkDeadLetterAlarm(r *template.Resource, report reporter) {
	if !isDeadLetterQueue(r, false) {
		return
	}
	for _, alarm := range r.App().Resources("AWS::CloudWatch::Alarm") {
		dimensions := slices.Concat(all(alarm.Get(), []string{"Dimensions", "Value"}), all(alarm.Get(), []string{"Metrics", "MetricStat", "Metric", "Dimensions", "Value"}))
		if slices.ContainsFunc(dimensions, func(v template.Value) bool { return v.MayReferTo(r) }) {
			return
		}
	}
	report("QueueName", "nobody notices what failed before it expires: no alarm looks at this dead-letter queue")
}
