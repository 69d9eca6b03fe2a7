package rules

import "github.com/noidle/noidle/rules/template"

func init() {
	register(Rule{
		ID:       "rule-target-dead-letter",
		Title:    "A target of an EventBridge rule has a dead-letter queue.",
		Page:     "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html",
		Severity: Error,
		Fix:      "Set the target's DeadLetterConfig.Arn.",
		Types:    []string{"AWS::Events::Rule"},
		check:    checkRuleTargetDeadLetter,
	})
}

func checkRuleTargetDeadLetter(r *template.Resource, report reporter) {
	for _, target := range r.Get("Targets").List() {
		if target.Get("DeadLetterConfig", "Arn").Missing() {
			report("Targets.DeadLetterConfig", "an event that the target %s does not take within a day is lost", target.Get("Id").Text())
		}
	}
}
