package rules

import (
	"path"
	"slices"
	"strings"

	"github.com/noidle/noidle/rules/template"
)

// identityTypes are the types of resources that give policies to roles, users and groups.
var identityTypes = []string{"AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::Role", "AWS::IAM::RolePolicy", "AWS::IAM::UserPolicy", "AWS::IAM::GroupPolicy", "AWS::IAM::User", "AWS::IAM::Group"}

// mayBeBoundary reports whether a managed policy may be nothing but the boundary of a
// role or user, which allows nothing itself.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
func mayBeBoundary(r *template.Resource) bool {
	isAttached := func(to *template.Resource) bool {
		return slices.ContainsFunc(to.Get("ManagedPolicyArns").List(), func(arn template.Value) bool { return arn.RefersTo(r) })
	}
	isUnattached := r.Get("Roles").Missing() && r.Get("Users").Missing() && r.Get("Groups").Missing() &&
		!slices.ContainsFunc(r.App().Resources("AWS::IAM::Role", "AWS::IAM::User", "AWS::IAM::Group"), isAttached)
	return r.Type == "AWS::IAM::ManagedPolicy" && isUnattached &&
		slices.ContainsFunc(r.App().Resources("AWS::IAM::Role", "AWS::IAM::User"), func(bounded *template.Resource) bool {
			return bounded.Get("PermissionsBoundary").MayReferTo(r)
		})
}

// policies returns the policy documents by which an identity resource itself allows
// something.
func policies(r *template.Resource) []template.Value {
	if mayBeBoundary(r) {
		return nil
	}
	documents := r.Get("PolicyDocument").List()
	for _, policy := range r.Get("Policies").List() {
		documents = append(documents, policy.Get("PolicyDocument"))
	}
	return documents
}

// allowing returns the statements of policy documents that surely allow something.
func allowing(documents []template.Value) []template.Value {
	var statements []template.Value
	for _, document := range documents {
		for _, statement := range document.Get("Statement").List() {
			if statement.Get("Effect").Is("Allow") {
				statements = append(statements, statement)
			}
		}
	}
	return statements
}

// roleStatements returns what a role may do, by its own and by attached policies of
// the app.
func roleStatements(role *template.Resource) []template.Value {
	documents := policies(role)
	for _, r := range role.Referrers("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy") {
		attached := slices.Concat(r.Get("Roles").List(), r.Get("RoleName").List())
		if slices.ContainsFunc(attached, func(v template.Value) bool { return v.RefersTo(role) }) {
			documents = append(documents, policies(r)...)
		}
	}
	return allowing(documents)
}

// allows reports whether a statement surely names one of the actions, maybe by a
// pattern such as s3:Put*.
func allows(statement template.Value, actions ...string) bool {
	for _, pattern := range statement.Get("Action").List() {
		literal, _ := pattern.Literal()
		for _, action := range actions {
			if matched, err := path.Match(strings.ToLower(literal), strings.ToLower(action)); err == nil && matched {
				return true
			}
		}
	}
	return false
}
