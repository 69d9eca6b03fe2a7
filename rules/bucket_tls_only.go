package rules

import "github.com/noidle/noidle/rules/template"

func init() {
	register(Rule{
		ID:       "bucket-tls-only",
		Title:    "Buckets refuse requests without TLS.",
		Page:     "https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html",
		Severity: Warning,
		Fix:      "Add an AWS::S3::BucketPolicy that denies everything where aws:SecureTransport is false.",
		Types:    []string{"AWS::S3::Bucket"},
		check:    checkBucketTLSOnly,
	})
}

func checkBucketTLSOnly(r *template.Resource, report reporter) {
	if !mayDenyPlainHTTP(r, "AWS::S3::BucketPolicy") {
		report("AWS::S3::BucketPolicy", "a client may send credentials and data to the bucket without encryption")
	}
}
