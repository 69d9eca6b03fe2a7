package rules

import "github.com/noidle/noidle/rules/template"

func init() {
	register(Rule{
		ID:       "schedule-dead-letter",
		Title:    "A schedule has a dead-letter queue.",
		Page:     "https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html",
		Severity: Error,
		Fix:      "Set Target.DeadLetterConfig.Arn.",
		Types:    []string{"AWS::Scheduler::Schedule"},
		check:    checkScheduleDeadLetter,
	})
}

func checkScheduleDeadLetter(r *template.Resource, report reporter) {
	if r.Get("Target", "DeadLetterConfig", "Arn").Missing() {
		report("Target.DeadLetterConfig", "an invocation that the target does not take is lost")
	}
}
