package rules

import "github.com/noidle/noidle/rules/template"

func init() {
	register(Rule{
		ID:       "queue-tls-only",
		Title:    "Queues refuse requests without TLS.",
		Page:     "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-security-best-practices.html",
		Severity: Warning,
		Fix:      "Add an AWS::SQS::QueuePolicy that denies everything where aws:SecureTransport is false.",
		Types:    []string{"AWS::SQS::Queue"},
		check:    checkQueueTLSOnly,
	})
}

func checkQueueTLSOnly(r *template.Resource, report reporter) {
	if !mayDenyPlainHTTP(r, "AWS::SQS::QueuePolicy", "AWS::SQS::QueueInlinePolicy") {
		report("AWS::SQS::QueuePolicy", "a client may send credentials and data to the queue without encryption")
	}
}
