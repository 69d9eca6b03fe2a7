package rules

import "github.com/noidle/noidle/rules/template"

func init() {
	register(Rule{
		ID:       "retain-stateful",
		Title:    "Resources with data outlive their stack.",
		Page:     "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html",
		Severity: Error,
		Fix:      "Set DeletionPolicy and UpdateReplacePolicy to Retain; suppress the rule with the reason where the data can be made again.",
		Types:    []string{"AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable", "AWS::S3::Bucket", "AWS::Cognito::UserPool", "AWS::KMS::Key", "AWS::EFS::FileSystem"},
		check:    checkRetainStateful,
	})
}

func checkRetainStateful(r *template.Resource, report reporter) {
	for _, attribute := range []string{"DeletionPolicy", "UpdateReplacePolicy"} {
		if r.Attribute(attribute).Not("Retain", "RetainExceptOnCreate", "Snapshot") {
			report(attribute, "a change of the template deletes the data")
		}
	}
}
