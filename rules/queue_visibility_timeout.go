package rules

import "github.com/noidle/noidle/rules/template"

func init() {
	register(Rule{
		ID:       "queue-visibility-timeout",
		Title:    "A queue hides messages for six times as long as the function that takes them may run.",
		Page:     "https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html",
		Severity: Error,
		Fix:      "Set the queue's VisibilityTimeout to at least six times the function's Timeout.",
		Types:    []string{"AWS::Lambda::EventSourceMapping"},
		check:    checkQueueVisibilityTimeout,
	})
}

func checkQueueVisibilityTimeout(r *template.Resource, report reporter) {
	queue, function := r.Get("EventSourceArn").Resource(), functionOf(r.Get("FunctionName"))
	if queue == nil || queue.Type != "AWS::SQS::Queue" || function == nil {
		return
	}
	visibility, known := numberOr(queue.Get("VisibilityTimeout"), 30)
	timeout, knownTimeout := numberOr(function.Get("Timeout"), 3)
	if known && knownTimeout && visibility < 6*timeout {
		report("VisibilityTimeout", "the queue %s shows messages again after %v s, less than six times the %v s that %s may run: messages that wait or are retried within Lambda are worked on twice", queue.Path(), visibility, timeout, function.Path())
	}
}
