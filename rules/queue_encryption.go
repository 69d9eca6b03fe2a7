package rules

import "github.com/noidle/noidle/rules/template"

func init() {
	register(Rule{
		ID:       "queue-encryption",
		Title:    "Queues encrypt messages.",
		Page:     "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-server-side-encryption.html",
		Severity: Error,
		Fix:      "Remove SqsManagedSseEnabled, which is true by default, or set KmsMasterKeyId.",
		Types:    []string{"AWS::SQS::Queue"},
		check:    checkQueueEncryption,
	})
}

func checkQueueEncryption(r *template.Resource, report reporter) {
	if r.Get("SqsManagedSseEnabled").Is("false") && r.Get("KmsMasterKeyId").Missing() {
		report("SqsManagedSseEnabled", "messages are stored in plain text")
	}
}
