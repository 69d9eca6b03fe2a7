package rules

import (
	"slices"

	"github.com/noidle/noidle/rules/template"
)

// suppression checks suppressions themselves. In a template, a resource accepts
// findings in its metadata:
//
//	"Metadata": {"noidle": {"suppress": [{"rule": "table-ttl", "reason": "orders are kept for ever"}]}}
//
// and in a CDK app, cfnResource.AddMetadata("noidle", ...) writes that.
var suppression = Rule{
	ID:       "suppression",
	Title:    "A suppression names a rule that the resource breaks, and says why that is accepted.",
	Page:     "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-metadata.html",
	Severity: Error,
	Fix:      `Write {"rule": ..., "reason": ...} in the resource's Metadata under noidle, suppress; remove what nothing needs any more.`,
}

func init() { register(suppression) }

// suppress marks the findings about r that r's metadata accepts, and adds a finding
// for each suppression that has no rule, reason or use.
func suppress(r *template.Resource, findings *[]Finding) {
	var wrong []Finding
	report := suppression.reporter(r, &wrong)
	for _, entry := range r.Attribute("Metadata").Get("noidle", "suppress").List() {
		rule, reason := entry.Get("rule").Text(), entry.Get("reason").Text()
		used := false
		for i := range *findings {
			if finding := &(*findings)[i]; finding.Rule == rule && reason != "" {
				finding.Suppressed, used = reason, true
			}
		}
		switch {
		case !slices.ContainsFunc(registry, func(known Rule) bool { return known.ID == rule }):
			report("Metadata.noidle.suppress", "there is no rule %q; noidle check -rules lists them", rule)
		case reason == "":
			report("Metadata.noidle.suppress", "the suppression of %s gives no reason", rule)
		case !used:
			report("Metadata.noidle.suppress", "the suppression of %s is stale: the resource does not break that rule", rule)
		}
	}
	*findings = append(*findings, wrong...)
}
