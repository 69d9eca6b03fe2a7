package storage

import (
	"cmp"
	"slices"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/constructs-go/constructs/v10"

	"github.com/noidle/noidle/constructs/internal/overlay"
)

// BucketProps configures a bucket. Nil means all defaults.
type BucketProps struct {
	// Versioned keeps what is overwritten or deleted for 30 more days.
	Versioned bool
	// RemovalPolicy says what becomes of the bucket when it leaves its stack.
	// Empty means that it is retained. CloudFormation deletes only an empty one
	// (https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-s3-bucket.html).
	RemovalPolicy awscdk.RemovalPolicy
	// Bucket overrides settings of the bucket; nil fields keep the defaults.
	Bucket *awss3.BucketProps
}

// NewBucket adds an S3 bucket to scope: closed to the public, encrypted with a key
// that S3 manages, open to requests over TLS only, and without access control
// lists. What is left of an upload that was never completed goes after a week, as
// it costs and shows nowhere
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpu-abort-incomplete-mpu-lifecycle-config.html).
func NewBucket(scope constructs.Construct, id string, props *BucketProps) awss3.Bucket {
	if props == nil {
		props = &BucketProps{}
	}
	rules := []*awss3.LifecycleRule{{
		Id:                                  new("AbortIncompleteUploads"),
		AbortIncompleteMultipartUploadAfter: awscdk.Duration_Days(new(7.0)),
	}}
	if props.Versioned {
		rules = append(rules, &awss3.LifecycleRule{
			Id:                          new("ExpireOldVersions"),
			NoncurrentVersionExpiration: awscdk.Duration_Days(new(30.0)),
			ExpiredObjectDeleteMarker:   new(true),
		})
	}
	settings := &awss3.BucketProps{
		BlockPublicAccess: awss3.BlockPublicAccess_BLOCK_ALL(),
		Encryption:        awss3.BucketEncryption_S3_MANAGED,
		EnforceSSL:        new(true),
		ObjectOwnership:   awss3.ObjectOwnership_BUCKET_OWNER_ENFORCED,
		LifecycleRules:    &rules,
		RemovalPolicy:     cmp.Or(props.RemovalPolicy, awscdk.RemovalPolicy_RETAIN),
	}
	if props.Versioned {
		settings.Versioned = new(true)
	}
	overlay.Set(settings, props.Bucket)
	return awss3.NewBucket(scope, &id, settings)
}

// SendEvents makes the bucket send its events to EventBridge, on the account's
// default bus, and returns whether it can: not that of a bucket that was made
// elsewhere. It sets the property of the bucket itself, where the CDK's own
// EventBridgeEnabled adds a custom resource and a function in Python. Such a
// custom resource, which the bucket's AddEventNotification adds, too, would turn
// the events off again: use rules of EventBridge in its place.
func SendEvents(bucket awss3.IBucket) bool {
	made, ok := bucket.Node().DefaultChild().(awss3.CfnBucket)
	if ok {
		made.SetNotificationConfiguration(&awss3.CfnBucket_NotificationConfigurationProperty{
			EventBridgeConfiguration: &awss3.CfnBucket_EventBridgeConfigurationProperty{EventBridgeEnabled: new(true)},
		})
	}
	return ok
}

// GrantObjects allows grantee the given actions, such as "s3:GetObject", on the
// bucket's objects whose keys start with one of the prefixes, or on all if there
// are none. A bucket that is encrypted with a KMS key of your own takes the use of
// that key, too
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html).
func GrantObjects(bucket awss3.IBucket, grantee awsiam.IGrantable, prefixes []string, actions ...string) {
	if len(prefixes) == 0 {
		prefixes = []string{""}
	}
	var resources []*string
	for _, prefix := range prefixes {
		resources = append(resources, bucket.ArnForObjects(new(prefix+"*")))
	}
	var pointers []*string
	for _, action := range actions {
		pointers = append(pointers, &action)
	}
	awsiam.Grant_AddToPrincipal(&awsiam.GrantOnPrincipalOptions{Grantee: grantee, Actions: &pointers, ResourceArns: &resources})
	if key := bucket.EncryptionKey(); key != nil {
		key.Grant(grantee, keyActions(actions)...)
	}
}

// keyActions are what actions on objects take of the key that encrypts them
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html).
func keyActions(actions []string) []*string {
	needed := []*string{new("kms:Decrypt")} // also to write in parts
	if slices.Contains(actions, "s3:PutObject") {
		needed = append(needed, new("kms:GenerateDataKey"))
	}
	return needed
}
