package rules

import "github.com/noidle/noidle/rules/template"

func init() {
	register(Rule{
		ID:       "iot-rule-error-action",
		Title:    "An IoT rule has an action for errors.",
		Page:     "https://docs.aws.amazon.com/iot/latest/developerguide/rule-error-handling.html",
		Severity: Error,
		Fix:      "Set TopicRulePayload.ErrorAction.",
		Types:    []string{"AWS::IoT::TopicRule"},
		check:    checkIoTRuleErrorAction,
	})
}

func checkIoTRuleErrorAction(r *template.Resource, report reporter) {
	if r.Get("TopicRulePayload", "ErrorAction").Missing() {
		report("TopicRulePayload.ErrorAction", "a message is lost where an action fails")
	}
}
