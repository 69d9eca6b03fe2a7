package rules

import "github.com/noidle/noidle/rules/template"

func init() {
	register(Rule{
		ID:       "topic-tls-only",
		Title:    "Topics refuse to be published to without TLS.",
		Page:     "https://docs.aws.amazon.com/sns/latest/dg/sns-security-best-practices.html",
		Severity: Warning,
		Fix:      "Add an AWS::SNS::TopicPolicy that denies everything where aws:SecureTransport is false.",
		Types:    []string{"AWS::SNS::Topic"},
		check:    checkTopicTLSOnly,
	})
}

func checkTopicTLSOnly(r *template.Resource, report reporter) {
	if !mayDenyPlainHTTP(r, "AWS::SNS::TopicPolicy", "AWS::SNS::TopicInlinePolicy") {
		report("AWS::SNS::TopicPolicy", "a client may send credentials and data to the topic without encryption")
	}
}
