package rules

import (
	"regexp"

	"github.com/noidle/noidle/rules/template"
)

func init() {
	register(Rule{
		ID:       "iam-managed-admin",
		Title:    "Nothing has an administrator policy of AWS.",
		Page:     "https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-vs-inline.html",
		Severity: Error,
		Fix:      "Allow the actions that the code calls in a policy of its own.",
		Types:    []string{"AWS::IAM::Role", "AWS::IAM::User", "AWS::IAM::Group"},
		check:    checkIAMManagedAdmin,
	})
}

// administrator matches the ARNs of policies of AWS that allow all of a service, or of all.
var administrator = regexp.MustCompile(`:iam::aws:policy/(.*/)?(AdministratorAccess|PowerUserAccess|[^/]*FullAccess(_?[vV]\d+)?)(-.*)?$`)

func checkIAMManagedAdmin(r *template.Resource, report reporter) {
	for _, arn := range r.Get("ManagedPolicyArns").List() {
		if administrator.MatchString(arn.Text()) {
			report("ManagedPolicyArns", "%s allows far more than code needs", arn.Text())
		}
	}
}
