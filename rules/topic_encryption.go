package rules

import "github.com/noidle/noidle/rules/template"

func init() {
	register(Rule{
		ID:       "topic-encryption",
		Title:    "Topics encrypt messages.",
		Page:     "https://docs.aws.amazon.com/sns/latest/dg/sns-server-side-encryption.html",
		Severity: Warning,
		Fix:      "Set KmsMasterKeyId; services such as S3 and EventBridge need a key whose policy allows them.",
		Types:    []string{"AWS::SNS::Topic"},
		check:    checkTopicEncryption,
	})
}

func checkTopicEncryption(r *template.Resource, report reporter) {
	if r.Get("KmsMasterKeyId").Missing() {
		report("KmsMasterKeyId", "messages are not encrypted with a key where SNS stores them")
	}
}
