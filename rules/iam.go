package rules

import (
	"path"
	"slices"
	"strings"

	"github.com/noidle/noidle/rules/template"
)

// identityTypes are the types of resources that give policies to roles, users and groups.
var identityTypes = []string{"AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::Role", "AWS::IAM::RolePolicy", "AWS::IAM::User", "AWS::IAM::Group"}

// policies returns the policy documents that an identity resource has itself.
func policies(r *template.Resource) []template.Value {
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
