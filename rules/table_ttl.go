package rules

import "github.com/noidle/noidle/rules/template"

func init() {
	register(Rule{
		ID:       "table-ttl",
		Title:    "Tables forget items after some time.",
		Page:     "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html",
		Severity: Warning,
		Fix:      "Set TimeToLiveSpecification; suppress the rule with the reason where items are kept for ever.",
		Types:    []string{"AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable"},
		check:    checkTableTTL,
	})
}

func checkTableTTL(r *template.Resource, report reporter) {
	if r.Get("TimeToLiveSpecification", "Enabled").Not("true") {
		report("TimeToLiveSpecification", "the table grows without bound, and so does what it costs")
	}
}
