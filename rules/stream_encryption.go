package rules

import "github.com/noidle/noidle/rules/template"

func init() {
	register(Rule{
		ID:       "stream-encryption",
		Title:    "Kinesis data streams encrypt records.",
		Page:     "https://docs.aws.amazon.com/streams/latest/dg/what-is-sse.html",
		Severity: Error,
		Fix:      "Set StreamEncryption with the EncryptionType KMS; the KeyId alias/aws/kinesis costs nothing to keep.",
		Types:    []string{"AWS::Kinesis::Stream"},
		check:    checkStreamEncryption,
	})
}

func checkStreamEncryption(r *template.Resource, report reporter) {
	if r.Get("StreamEncryption", "EncryptionType").Not("KMS") {
		report("StreamEncryption", "records are stored in plain text")
	}
}
