// Package rules checks synthesized CloudFormation templates against what serverless
// promises: that no event is lost, that everything scales within bounds, can be
// observed and is allowed no more than it needs, and that nothing waits idle.
//
// A rule is one file. It reports only what a template surely says: a value that
// only a deployment can tell, such as a parameter, breaks no rule.
package rules

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/noidle/noidle/rules/template"
)

// Severity is how much a finding matters.
type Severity string

// The severities, the gravest first.
const (
	// Error is for what loses data, opens it to others or runs away.
	Error Severity = "error"
	// Warning is for what is not as it should be.
	Warning Severity = "warning"
	// Info is for what is worth knowing.
	Info Severity = "info"
)

// Rule is one rule.
type Rule struct {
	// ID names the rule, in kebab case.
	ID string
	// Title is what the rule wants, as a sentence.
	Title string
	// Page is the URL of the AWS page that the rule follows.
	Page string
	// Severity is that of the rule's findings.
	Severity Severity
	// Fix is what to do about a finding.
	Fix string
	// Types are the types of the resources that the rule checks.
	Types []string

	check func(r *template.Resource, report reporter)
}

// reporter reports that a property of the resource under check breaks the rule, and why.
type reporter func(property, why string, arguments ...any)

// Finding is one resource that breaks a rule.
type Finding struct {
	// Rule is the rule's ID, and Severity and Page are the rule's.
	Rule     string   `json:"rule"`
	Severity Severity `json:"severity"`
	Page     string   `json:"page"`
	// Stack, File and Line say where the resource is.
	Stack string `json:"stack"`
	File  string `json:"file"`
	Line  int    `json:"line"`
	// Resource is the logical ID, Type the resource's type, Path the construct's
	// path, or the logical ID where no CDK made the resource.
	Resource string `json:"resource"`
	Type     string `json:"type"`
	Path     string `json:"path"`
	// Property is what is wrong or missing, Why what follows from it, Fix what to do.
	Property string `json:"property"`
	Why      string `json:"why"`
	Fix      string `json:"fix"`
	// Suppressed is the reason why the finding is accepted, empty if it is not.
	Suppressed string `json:"suppressed,omitempty"`
}

var registry []Rule

// register adds a rule; each rule's file does so once.
func register(rule Rule) { registry = append(registry, rule) }

// All returns all rules, by ID.
func All() []Rule {
	return slices.SortedFunc(slices.Values(registry), func(a, b Rule) int { return cmp.Compare(a.ID, b.ID) })
}

// Check returns what breaks a rule in an app, by stack, resource, rule and property,
// suppressed findings included.
func Check(app *template.App) []Finding {
	rules := All()
	var findings []Finding
	for _, r := range app.Resources() {
		var found []Finding
		for _, rule := range rules {
			if rule.check != nil && slices.Contains(rule.Types, r.Type) {
				rule.check(r, rule.reporter(r, &found))
			}
		}
		suppress(r, &found)
		slices.SortStableFunc(found, func(a, b Finding) int {
			return cmp.Or(cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Property, b.Property))
		})
		findings = append(findings, found...)
	}
	return findings
}

// reporter returns what appends findings about r, each once.
func (rule Rule) reporter(r *template.Resource, findings *[]Finding) reporter {
	return func(property, why string, arguments ...any) {
		finding := Finding{
			Rule: rule.ID, Severity: rule.Severity, Page: rule.Page, Fix: rule.Fix,
			Stack: r.Stack.Name, File: r.Stack.File, Line: r.Line,
			Resource: r.ID, Type: r.Type, Path: r.Path(),
			Property: property, Why: fmt.Sprintf(why, arguments...),
		}
		if !slices.Contains(*findings, finding) {
			*findings = append(*findings, finding)
		}
	}
}
