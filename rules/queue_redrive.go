package rules

import "github.com/noidle/noidle/rules/template"

func init() {
	register(Rule{
		ID:       "queue-redrive",
		Title:    "A queue passes messages that fail again and again to a dead-letter queue.",
		Page:     "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html",
		Severity: Error,
		Fix:      "Set RedrivePolicy with deadLetterTargetArn and maxReceiveCount.",
		Types:    []string{"AWS::SQS::Queue"},
		check:    checkQueueRedrive,
	})
}

func checkQueueRedrive(r *template.Resource, report reporter) {
	isTarget := r.Get("RedriveAllowPolicy", "redrivePermission").Not("denyAll") && !r.Get("RedriveAllowPolicy").Missing() || isDeadLetterQueue(r, true)
	if r.Get("RedrivePolicy", "deadLetterTargetArn").Missing() && !isTarget {
		report("RedrivePolicy", "a message that always fails is received until it expires, and is lost then")
	}
}
