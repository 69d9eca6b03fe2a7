package rules

import "github.com/noidle/noidle/rules/template"

func init() {
	register(Rule{
		ID:       "stream-failure-destination",
		Title:    "A mapping of a stream tells a destination which records it gave up.",
		Page:     "https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html",
		Severity: Error,
		Fix:      "Set DestinationConfig.OnFailure.Destination to a queue, topic or bucket.",
		Types:    []string{"AWS::Lambda::EventSourceMapping"},
		check:    checkStreamFailureDestination,
	})
}

func checkStreamFailureDestination(r *template.Resource, report reporter) {
	if isStream(r) && r.Get("DestinationConfig", "OnFailure", "Destination").Missing() {
		report("DestinationConfig.OnFailure", "records that the mapping gives up leave no trace")
	}
}
