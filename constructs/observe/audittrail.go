package observe

import (
	"cmp"
	"fmt"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudtrail"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/constructs-go/constructs/v10"

	"github.com/noidle/noidle/constructs/storage"
)

// AuditTrailProps configures an [AuditTrail]. Nil means all defaults.
type AuditTrailProps struct {
	// KeepFor is how long what was written can be neither changed nor deleted, in
	// whole days, but by who may do s3:BypassGovernanceRetention
	// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html). It is
	// deleted later. Zero means 365 days.
	KeepFor time.Duration
	// ObjectEvents and FunctionEvents record each request to an object of a bucket
	// and each run of a function, too, which is paid by the event
	// (https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-data-events-with-cloudtrail.html).
	ObjectEvents, FunctionEvents bool
}

// AuditTrail records who did what in the account, in all regions, and keeps it where
// nobody changes it: an encrypted bucket with Object Lock, over TLS only, with signed
// digests of the files.
type AuditTrail struct {
	constructs.Construct

	// Bucket holds the files. It stays when the stack goes.
	Bucket awss3.Bucket
	// Trail writes them.
	Trail awscloudtrail.CfnTrail
}

// NewAuditTrail adds an AuditTrail to scope. It panics if props are invalid.
func NewAuditTrail(scope constructs.Construct, id string, props *AuditTrailProps) *AuditTrail {
	settings, err := props.complete()
	if err != nil {
		panic(fmt.Errorf("observe: AuditTrail %q: %w", id, err))
	}
	a := &AuditTrail{}
	constructs.NewConstruct_Override(a, scope, &id)
	a.Bucket = newLockedBucket(a, settings)
	name := awscdk.Names_UniqueResourceName(a, &awscdk.UniqueResourceNameOptions{MaxLength: new(128.0), Separator: new("-")})
	a.allowTrail(name)
	a.Trail = awscloudtrail.NewCfnTrail(a, new("Trail"), &awscloudtrail.CfnTrailProps{
		TrailName:                  name,
		IsLogging:                  true,
		S3BucketName:               a.Bucket.BucketName(),
		EnableLogFileValidation:    true,
		IncludeGlobalServiceEvents: true,
		IsMultiRegionTrail:         true,
		AdvancedEventSelectors:     a.events(settings),
	})
	a.Trail.Node().AddDependency(a.Bucket.Policy())
	return a
}

// TrailARN returns the ARN of the trail, as a CDK token.
func (a *AuditTrail) TrailARN() *string { return a.Trail.AttrArn() }

func newLockedBucket(scope constructs.Construct, settings AuditTrailProps) awss3.Bucket {
	days := settings.KeepFor.Hours() / 24
	return storage.NewBucket(scope, "Bucket", &storage.BucketProps{
		Versioned: true, // as Object Lock needs
		Bucket: &awss3.BucketProps{
			ObjectLockEnabled:          new(true),
			ObjectLockDefaultRetention: awss3.ObjectLockRetention_Governance(awscdk.Duration_Days(&days)),
			LifecycleRules: &[]*awss3.LifecycleRule{{
				Id:                                  new("ExpireAfterLock"),
				Expiration:                          awscdk.Duration_Days(new(days + 1)),
				NoncurrentVersionExpiration:         awscdk.Duration_Days(new(1.0)),
				AbortIncompleteMultipartUploadAfter: awscdk.Duration_Days(new(7.0)),
			}},
		},
	})
}

// allowTrail lets this trail, and no other, write to the bucket
// (https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html).
func (a *AuditTrail) allowTrail(name *string) {
	stack := awscdk.Stack_Of(a)
	arn := stack.FormatArn(&awscdk.ArnComponents{Service: new("cloudtrail"), Resource: new("trail"), ResourceName: name})
	a.allow("s3:GetBucketAcl", a.Bucket.BucketArn(), arn)
	a.allow("s3:PutObject", a.Bucket.ArnForObjects(new("AWSLogs/"+*stack.Account()+"/*")), arn)
}

func (a *AuditTrail) allow(action string, resource, trail *string) {
	a.Bucket.AddToResourcePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Principals: &[]awsiam.IPrincipal{awsiam.NewServicePrincipal(new("cloudtrail.amazonaws.com"), nil)},
		Actions:    &[]*string{&action},
		Resources:  &[]*string{resource},
		Conditions: &map[string]any{"StringEquals": map[string]any{"aws:SourceArn": trail}},
	}))
}

// events selects what is recorded: never what is written to the bucket itself, which
// would be recorded again and again.
func (a *AuditTrail) events(settings AuditTrailProps) []any {
	selectors := []any{selector("Management", field("eventCategory", "Management"))}
	if settings.ObjectEvents {
		selectors = append(selectors, selector("Objects", field("eventCategory", "Data"), field("resources.type", "AWS::S3::Object"),
			&awscloudtrail.CfnTrail_AdvancedFieldSelectorProperty{
				Field: new("resources.ARN"), NotStartsWith: &[]*string{a.Bucket.ArnForObjects(new(""))},
			}))
	}
	if settings.FunctionEvents {
		selectors = append(selectors, selector("Functions", field("eventCategory", "Data"), field("resources.type", "AWS::Lambda::Function")))
	}
	return selectors
}

func selector(name string, fields ...any) any {
	return &awscloudtrail.CfnTrail_AdvancedEventSelectorProperty{Name: &name, FieldSelectors: fields}
}

func field(name, value string) any {
	return &awscloudtrail.CfnTrail_AdvancedFieldSelectorProperty{Field: &name, EqualTo: &[]*string{&value}}
}

const day = 24 * time.Hour

// complete returns the props with their defaults filled in.
func (p *AuditTrailProps) complete() (AuditTrailProps, error) {
	var settings AuditTrailProps
	if p != nil {
		settings = *p
	}
	settings.KeepFor = cmp.Or(settings.KeepFor, 365*day)
	if settings.KeepFor < day || settings.KeepFor > 36500*day || settings.KeepFor%day != 0 {
		return settings, fmt.Errorf("KeepFor is %v: must be whole days, from 24h to 100 years", settings.KeepFor)
	}
	return settings, nil
}
