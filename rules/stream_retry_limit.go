package rules

import "github.com/noidle/noidle/rules/template"

func init() {
	register(Rule{
		ID:       "stream-retry-limit",
		Title:    "A mapping of a stream gives up records after some attempts and some time.",
		Page:     "https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-parameters.html",
		Severity: Error,
		Fix:      "Set MaximumRetryAttempts, and MaximumRecordAgeInSeconds below what the stream keeps.",
		Types:    []string{"AWS::Lambda::EventSourceMapping"},
		check:    checkStreamRetryLimit,
	})
}

// checkStreamRetryLimit looks for limits that are missing, or -1, which is none.
func checkStreamRetryLimit(r *template.Resource, report reporter) {
	if !isStream(r) {
		return
	}
	for _, property := range []string{"MaximumRetryAttempts", "MaximumRecordAgeInSeconds"} {
		if limit := r.Get(property); limit.Missing() || limit.Is("-1") {
			report(property, "one bad record holds up its shard until it expires")
		}
	}
}
