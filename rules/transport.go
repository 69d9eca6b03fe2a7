package rules

import (
	"slices"

	"github.com/noidle/noidle/rules/template"
)

// mayDenyPlainHTTP reports whether a policy of a type that may be of r, by the
// property that names what it is of, may deny requests without TLS.
func mayDenyPlainHTTP(r *template.Resource, policyType, property string) bool {
	return slices.ContainsFunc(r.App().Resources(policyType), func(policy *template.Resource) bool {
		of := slices.ContainsFunc(policy.Get(property).List(), func(v template.Value) bool { return v.MayReferTo(r) })
		statements := policy.Get("PolicyDocument", "Statement").List()
		return of && slices.ContainsFunc(statements, func(statement template.Value) bool {
			plain := statement.Get("Condition", "Bool", "aws:SecureTransport")
			return !statement.Get("Effect").Not("Deny") && slices.ContainsFunc(plain.List(), func(v template.Value) bool { return !v.Not("false") })
		})
	})
}
