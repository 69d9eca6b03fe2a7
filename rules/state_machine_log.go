package rules

import "github.com/noidle/noidle/rules/template"

func init() {
	register(Rule{
		ID:       "state-machine-log",
		Title:    "State machines log at least their errors.",
		Page:     "https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html",
		Severity: Warning,
		Fix:      "Set LoggingConfiguration with Destinations and a Level of ALL, ERROR or FATAL.",
		Types:    []string{"AWS::StepFunctions::StateMachine"},
		check:    checkStateMachineLog,
	})
}

func checkStateMachineLog(r *template.Resource, report reporter) {
	if r.Get("LoggingConfiguration", "Level").Not("ALL", "ERROR", "FATAL") || r.Get("LoggingConfiguration", "Destinations").Missing() {
		report("LoggingConfiguration", "executions that failed cannot be searched, and those of an express workflow leave no trace")
	}
}
