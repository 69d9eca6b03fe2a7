// Package thumbnails holds the use case of thumbnails: a photo put into a bucket
// becomes smaller pictures for browsers, tablets and phones.
package thumbnails

import (
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudfront"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsevents"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/constructs-go/constructs/v10"

	"github.com/noidle/noidle/constructs/compute"
	"github.com/noidle/noidle/constructs/internal/alarm"
	"github.com/noidle/noidle/constructs/messaging"
	"github.com/noidle/noidle/constructs/storage"
	"github.com/noidle/noidle/constructs/suppress"
)

// ThumbnailPipeline makes thumbnails of the photos in a bucket: JPEG, PNG, GIF and
// WebP. Those of photos/cat.jpg are photos/cat.jpg/web.jpg and so on in another
// bucket. The index says of each photo what was made of it, or why nothing was.
//
// Thumbnails follow their photos: one that is overwritten gets new ones, one that
// is deleted loses them.
type ThumbnailPipeline struct {
	constructs.Construct

	// Uploads takes the photos.
	Uploads awss3.IBucket
	// Thumbnails holds the thumbnails.
	Thumbnails awss3.Bucket
	// Index says what became of each photo, by key: status (PROCESSING, READY or
	// REJECTED), code, reason, eTag, versionId, format, bytes, width, height,
	// thumbnails (name, key, width, height, bytes) and updatedAt.
	Index awsdynamodb.TableV2
	// Rule takes the events of photos from the account's event bus.
	Rule awsevents.CfnRule
	// Worker is the queue of events with its dead-letter queue.
	Worker *messaging.QueueWorker
	// Resize drains the queue and makes the thumbnails.
	Resize *compute.GoFunction
	// Rejected counts photos that were rejected, in each minute.
	Rejected awscloudwatch.Metric
	// Distribution delivers the thumbnails; nil unless the props ask for it.
	Distribution awscloudfront.Distribution
}

// NewThumbnailPipeline adds a ThumbnailPipeline to scope. It panics if props are
// invalid.
func NewThumbnailPipeline(scope constructs.Construct, id string, props *ThumbnailPipelineProps) *ThumbnailPipeline {
	settings, err := props.complete()
	if err != nil {
		panic(fmt.Errorf("thumbnails: ThumbnailPipeline %q: %w", id, err))
	}
	p := &ThumbnailPipeline{}
	constructs.NewConstruct_Override(p, scope, &id)

	p.addStorage(&settings)
	p.addResize(&settings)
	p.addEvents(&settings)
	if settings.Delivery != nil {
		p.addDistribution(settings.Delivery)
	}
	return p
}

// URL returns the address of the thumbnails at the distribution, without a slash
// at its end; nil if there is no distribution. A thumbnail is at this, a slash,
// and its key.
func (p *ThumbnailPipeline) URL() *string {
	if p.Distribution == nil {
		return nil
	}
	return new("https://" + *p.Distribution.DistributionDomainName())
}

// GrantUpload allows grantee to put photos into the uploads bucket, and nothing
// else.
func (p *ThumbnailPipeline) GrantUpload(grantee awsiam.IGrantable) {
	storage.GrantObjects(p.Uploads, grantee, nil, "s3:PutObject")
}

// GrantRead allows grantee to read the thumbnails and the entries of the index.
func (p *ThumbnailPipeline) GrantRead(grantee awsiam.IGrantable) {
	storage.GrantObjects(p.Thumbnails, grantee, nil, "s3:GetObject")
	storage.Grant(p.Index, grantee, "dynamodb:GetItem", "dynamodb:Query", "dynamodb:Scan")
}

// addStorage makes the buckets and the index. Thumbnails need no versions: they
// can be made again.
func (p *ThumbnailPipeline) addStorage(props *ThumbnailPipelineProps) {
	if p.Uploads = props.Uploads; p.Uploads == nil {
		p.Uploads = storage.NewBucket(p, "Uploads", &storage.BucketProps{
			Versioned: true, RemovalPolicy: props.RemovalPolicy, Bucket: props.UploadsBucket,
		})
	}
	storage.SendEvents(p.Uploads)
	p.Thumbnails = storage.NewBucket(p, "Thumbnails", &storage.BucketProps{
		RemovalPolicy: props.RemovalPolicy, Bucket: props.ThumbnailsBucket,
	})
	p.Index = storage.NewTable(p, "Index", &storage.TableProps{
		PartitionKey: "key", RemovalPolicy: props.RemovalPolicy, Table: props.Index,
	})
	if props.Index == nil || props.Index.TimeToLiveAttribute == nil {
		suppress.Findings(p.Index, map[string]string{"table-ttl": "an entry is kept for as long as its photo"})
	}
}

// addResize makes the queue and the function that drains it, one photo at a time:
// what one photo does to the function, it does to no other.
func (p *ThumbnailPipeline) addResize(props *ThumbnailPipelineProps) {
	p.Resize = compute.NewGoFunction(p, "Resize", &compute.GoFunctionProps{
		Package:    "github.com/noidle/noidle/functions/thumbnails/resize",
		Memory:     props.Memory,
		Timeout:    props.Timeout,
		Deployment: props.Deployment,
		Environment: map[string]string{
			"UPLOADS_BUCKET":    *p.Uploads.BucketName(),
			"THUMBNAILS_BUCKET": *p.Thumbnails.BucketName(),
			"INDEX_TABLE":       *p.Index.TableName(),
			"RECIPE":            props.recipe(),
		},
	})
	storage.GrantObjects(p.Uploads, p.Resize.Function, props.Prefixes, "s3:GetObject")
	// Without this, what is not there looks like what is forbidden
	// (https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html).
	awsiam.Grant_AddToPrincipal(&awsiam.GrantOnPrincipalOptions{
		Grantee: p.Resize.Function, Actions: &[]*string{new("s3:ListBucket")}, ResourceArns: &[]*string{p.Uploads.BucketArn()},
	})
	storage.GrantObjects(p.Thumbnails, p.Resize.Function, nil, "s3:PutObject", "s3:DeleteObject")
	storage.Grant(p.Index, p.Resize.Function, "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem")
	p.Worker = messaging.NewQueueWorker(p, "Worker", &messaging.QueueWorkerProps{
		Handler:        p.Resize.Invocable(),
		BatchSize:      1,
		MaxConcurrency: props.MaxConcurrency,
		Queue:          props.Queue,
	})
	p.Rejected = awslogs.NewMetricFilter(p, new("RejectedFilter"), &awslogs.MetricFilterProps{
		LogGroup:        p.Resize.LogGroup,
		FilterPattern:   awslogs.FilterPattern_StringValue(new("$.msg"), new("="), new("photo rejected")),
		MetricNamespace: new("Noidle/Thumbnails"),
		MetricName:      new(*awscdk.Names_UniqueId(p) + "Rejected"),
		MetricValue:     new("1"),
	}).Metric(alarm.Sum())
}

// addEvents sends the bucket's events to the queue
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html).
func (p *ThumbnailPipeline) addEvents(props *ThumbnailPipelineProps) {
	types := []any{"Object Created", "Object Deleted"}
	if props.KeepDeleted {
		types = types[:1]
	}
	detail := map[string]any{"bucket": map[string]any{"name": []any{p.Uploads.BucketName()}}}
	if keys := props.keyPattern(); keys != nil {
		detail["object"] = map[string]any{"key": keys}
	}
	p.Rule = awsevents.NewCfnRule(p, new("Rule"), &awsevents.CfnRuleProps{
		Description: new("Photos that come, change or go"),
		EventPattern: map[string]any{
			"source":      []any{"aws.s3"},
			"detail-type": types,
			"detail":      detail,
		},
	})
	p.Worker.ReceiveEvents(p.Rule)
}
