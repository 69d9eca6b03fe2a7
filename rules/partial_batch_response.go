package rules

import "github.com/noidle/noidle/rules/template"

func init() {
	register(Rule{
		ID:       "partial-batch-response",
		Title:    "Of a batch, only the items that failed are tried again.",
		Page:     "https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html",
		Severity: Error,
		Fix:      "Set FunctionResponseTypes to ReportBatchItemFailures, and return the failures from the function.",
		Types:    []string{"AWS::Lambda::EventSourceMapping"},
		check:    checkPartialBatchResponse,
	})
}

// checkPartialBatchResponse leaves out batches of one item.
func checkPartialBatchResponse(r *template.Resource, report reporter) {
	if sourceOf(r) != "" && r.Get("BatchSize").Not("1") && !mayContain(r.Get("FunctionResponseTypes"), "ReportBatchItemFailures") {
		report("FunctionResponseTypes", "one item that fails makes the function work on its whole batch again")
	}
}
