package rules

import (
	"strings"

	"github.com/noidle/noidle/rules/template"
)

func init() {
	register(Rule{
		ID:       "bucket-public-access",
		Title:    "Buckets block public access.",
		Page:     "https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html",
		Severity: Error,
		Fix:      "Set all four settings of PublicAccessBlockConfiguration to true.",
		Types:    []string{"AWS::S3::Bucket"},
		check:    checkBucketPublicAccess,
	})
}

// checkBucketPublicAccess wants the settings said, though new buckets have them: a
// bucket that was made earlier, or changed by hand, may not.
func checkBucketPublicAccess(r *template.Resource, report reporter) {
	var open []string
	for _, setting := range []string{"BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"} {
		if r.Get("PublicAccessBlockConfiguration", setting).Not("true") {
			open = append(open, setting)
		}
	}
	if len(open) > 0 {
		report("PublicAccessBlockConfiguration", "a policy or an ACL may open the bucket to everyone: not true are %s", strings.Join(open, ", "))
	}
}
