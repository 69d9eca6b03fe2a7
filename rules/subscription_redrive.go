package rules

import "github.com/noidle/noidle/rules/template"

func init() {
	register(Rule{
		ID:       "subscription-redrive",
		Title:    "A subscription passes messages that it cannot deliver to a dead-letter queue.",
		Page:     "https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html",
		Severity: Error,
		Fix:      "Subscribe with an AWS::SNS::Subscription that has a RedrivePolicy.",
		Types:    []string{"AWS::SNS::Subscription", "AWS::SNS::Topic"},
		check:    checkSubscriptionRedrive,
	})
}

// checkSubscriptionRedrive looks at subscriptions of programs. Those within a topic
// cannot have a dead-letter queue.
func checkSubscriptionRedrive(r *template.Resource, report reporter) {
	for _, subscription := range append(r.Get("Subscription").List(), r.Get()) {
		if subscription.Get("Protocol").Is("lambda", "sqs", "http", "https", "firehose") && subscription.Get("RedrivePolicy", "deadLetterTargetArn").Missing() {
			report("RedrivePolicy", "a message is lost that %s cannot take", subscription.Get("Protocol").Text())
		}
	}
}
