package rules

import "github.com/noidle/noidle/rules/template"

func init() {
	register(Rule{
		ID:       "function-concurrency",
		Title:    "A function's reserved concurrency is enough for what its queues invoke at a time.",
		Page:     "https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html",
		Severity: Error,
		Fix:      "Raise ReservedConcurrentExecutions to the sum of the mappings' ScalingConfig.MaximumConcurrency.",
		Types:    []string{"AWS::Lambda::Function"},
		check:    checkFunctionConcurrency,
	})
}

func checkFunctionConcurrency(r *template.Resource, report reporter) {
	reserved, ok := r.Get("ReservedConcurrentExecutions").Number()
	maximum := 0.0
	for _, mapping := range r.App().Resources("AWS::Lambda::EventSourceMapping") {
		if functionOf(mapping.Get("FunctionName")) == r {
			concurrency, _ := mapping.Get("ScalingConfig", "MaximumConcurrency").Number()
			maximum += concurrency
		}
	}
	if ok && reserved < maximum {
		report("ReservedConcurrentExecutions", "queues invoke the function up to %v times at a time, but %v is reserved: messages are throttled into the dead-letter queue", maximum, reserved)
	}
}
