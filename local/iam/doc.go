// Package iam decides what a caller may do: it evaluates the policies of roles
// and resources as AWS Identity and Access Management documents it
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html),
// and keeps account of which grants were used.
package iam
