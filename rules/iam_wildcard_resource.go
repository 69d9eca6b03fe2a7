package rules

import (
	"slices"
	"strings"

	"github.com/noidle/noidle/rules/template"
)

func init() {
	register(Rule{
		ID:       "iam-wildcard-resource",
		Title:    "Policies name the resources that they are for.",
		Page:     "https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html",
		Severity: Error,
		Fix:      "Name the ARNs; suppress the rule with the reason where all resources are meant.",
		Types:    identityTypes,
		check:    checkIAMWildcardResource,
	})
}

// everyResource reports whether an ARN is that of all resources, or of all of a kind.
func everyResource(arn string) bool {
	if arn == "*" {
		return true
	}
	parts := strings.SplitN(arn, ":", 6)
	return len(parts) == 6 && slices.Contains([]string{"*", "table/*", "function:*", "role/*", "key/*", "secret:*", "parameter/*", "stateMachine:*", "log-group:*", "stream/*", "event-bus/*"}, parts[5])
}

// hasResourceLevel reports whether an action surely can be allowed for single
// resources.
func hasResourceLevel(action template.Value) bool {
	name, known := action.Literal()
	return known && !slices.ContainsFunc(withoutResourceLevel, func(action string) bool { return strings.EqualFold(action, name) })
}

func actionNames(actions []template.Value) string {
	var names []string
	for _, action := range actions {
		names = append(names, action.Text())
	}
	return strings.Join(names, ", ")
}

// mayNarrow reports whether a condition may narrow the resources: by their tags, or by
// a key of the service, such as ecs:cluster.
func mayNarrow(condition template.Value) bool {
	return condition.Unknown() || slices.ContainsFunc(condition.Keys(), func(operator string) bool {
		values := condition.Get(operator)
		return values.Unknown() || slices.ContainsFunc(values.Keys(), func(key string) bool {
			service, name, _ := strings.Cut(strings.ToLower(key), ":")
			return strings.HasPrefix(name, "resource") || service != "aws" && name != "passedtoservice"
		})
	})
}

// checkIAMWildcardResource takes * where each action has no narrower resource or a
// condition narrows it, and ARNs whose account or region alone is open.
func checkIAMWildcardResource(r *template.Resource, report reporter) {
	for _, statement := range allowing(policies(r)) {
		actions := statement.Get("Action").List()
		if !slices.ContainsFunc(actions, hasResourceLevel) || mayNarrow(statement.Get("Condition")) {
			continue
		}
		if !statement.Get("NotResource").Missing() {
			report("NotResource", "it is every resource that it does not name, also of other applications, for %s", actionNames(actions))
		}
		for _, resource := range statement.Get("Resource").List() {
			if everyResource(resource.Text()) {
				report("Resource", "%s is every resource, also of other applications, for %s", resource.Text(), actionNames(actions))
			}
		}
	}
}
