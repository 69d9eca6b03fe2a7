package rules

import "github.com/noidle/noidle/rules/template"

func init() {
	register(Rule{
		ID:       "table-point-in-time-recovery",
		Title:    "Tables can be restored to any second of the last weeks.",
		Page:     "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Point-in-time-recovery.html",
		Severity: Error,
		Fix:      "Set PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled to true, in each replica of a global table.",
		Types:    []string{"AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable"},
		check:    checkTablePointInTimeRecovery,
	})
}

func checkTablePointInTimeRecovery(r *template.Resource, report reporter) {
	const specification = "PointInTimeRecoverySpecification"
	if r.Type == "AWS::DynamoDB::Table" {
		if r.Get(specification, "PointInTimeRecoveryEnabled").Not("true") {
			report(specification, "what a faulty deployment overwrites or deletes is lost")
		}
		return
	}
	for _, replica := range r.Get("Replicas").List() {
		if replica.Get(specification, "PointInTimeRecoveryEnabled").Not("true") {
			report("Replicas."+specification, "what a faulty deployment overwrites or deletes is lost in the replica in %s", replica.Get("Region").Text())
		}
	}
}
