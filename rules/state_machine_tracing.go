package rules

import "github.com/noidle/noidle/rules/template"

func init() {
	register(Rule{
		ID:       "state-machine-tracing",
		Title:    "State machines record traces.",
		Page:     "https://docs.aws.amazon.com/step-functions/latest/dg/concepts-xray-tracing.html",
		Severity: Warning,
		Fix:      "Set TracingConfiguration.Enabled to true.",
		Types:    []string{"AWS::StepFunctions::StateMachine"},
		check:    checkStateMachineTracing,
	})
}

func checkStateMachineTracing(r *template.Resource, report reporter) {
	if r.Get("TracingConfiguration", "Enabled").Not("true") {
		report("TracingConfiguration.Enabled", "traces end where a state machine starts")
	}
}
