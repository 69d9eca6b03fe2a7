package rules

import (
	"strings"

	"github.com/noidle/noidle/rules/template"
)

func init() {
	register(Rule{
		ID:       "iam-wildcard-action",
		Title:    "Policies name the actions that they allow.",
		Page:     "https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html",
		Severity: Error,
		Fix:      "Name the actions that the code calls; suppress the rule with the reason where a pattern is meant.",
		Types:    identityTypes,
		check:    checkIAMWildcardAction,
	})
}

func checkIAMWildcardAction(r *template.Resource, report reporter) {
	for _, statement := range allowing(policies(r)) {
		if !statement.Get("NotAction").Missing() {
			report("NotAction", "the policy allows all that it does not name, what AWS adds later, too")
		}
		for _, action := range statement.Get("Action").List() {
			if strings.Contains(action.Text(), "*") {
				report("Action", "%s allows what nothing uses, what AWS adds later, too", action.Text())
			}
		}
	}
}
