package rules

import (
	"maps"
	"slices"

	"github.com/noidle/noidle/rules/template"
)

func init() {
	register(Rule{
		ID:       "bucket-lifecycle",
		Title:    "Buckets that logs or streams fill expire their objects.",
		Page:     "https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lifecycle-mgmt.html",
		Severity: Warning,
		Fix:      "Set LifecycleConfiguration with a rule that expires objects.",
		Types:    []string{"AWS::S3::Bucket"},
		check:    checkBucketLifecycle,
	})
}

// fillers are where resources name the bucket that they write to without end.
var fillers = map[string][][]string{
	"AWS::S3::Bucket":               {{"LoggingConfiguration", "DestinationBucketName"}},
	"AWS::CloudFront::Distribution": {{"DistributionConfig", "Logging", "Bucket"}},
	"AWS::CloudTrail::Trail":        {{"S3BucketName"}},
	"AWS::EC2::FlowLog":             {{"LogDestination"}},
	"AWS::KinesisFirehose::DeliveryStream": {
		{"ExtendedS3DestinationConfiguration", "BucketARN"}, {"S3DestinationConfiguration", "BucketARN"},
	},
}

// mayExpire reports whether a rule of a lifecycle may expire objects.
func mayExpire(rule template.Value) bool {
	expires := !rule.Get("ExpirationInDays").Missing() || !rule.Get("ExpirationDate").Missing()
	return expires && !rule.Get("Status").Not("Enabled")
}

func checkBucketLifecycle(r *template.Resource, report reporter) {
	if slices.ContainsFunc(r.Get("LifecycleConfiguration", "Rules").List(), mayExpire) {
		return
	}
	for _, writer := range r.Referrers(slices.Collect(maps.Keys(fillers))...) {
		if slices.ContainsFunc(fillers[writer.Type], func(path []string) bool { return writer.Get(path...).RefersTo(r) }) {
			report("LifecycleConfiguration", "what %s writes is kept, and paid for, for ever", writer.Path())
			return
		}
	}
}
