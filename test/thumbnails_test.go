package test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/google/go-cmp/cmp"

	"github.com/noidle/noidle/constructs/storage"
	"github.com/noidle/noidle/constructs/thumbnails"
	"github.com/noidle/noidle/stacks"
)

func TestThumbnailPipelineBuckets(t *testing.T) {
	got := render(t, func(s awscdk.Stack) { defaultThumbnailPipeline(s, "It") })
	for _, id := range []string{"ItUploads", "ItThumbnails"} {
		t.Run(id, func(t *testing.T) {
			p := got.find(t, "AWS::S3::Bucket", id).Properties
			if diff := cmp.Diff(map[string]any{"BlockPublicAcls": true, "BlockPublicPolicy": true, "IgnorePublicAcls": true, "RestrictPublicBuckets": true}, p["PublicAccessBlockConfiguration"]); diff != "" {
				t.Errorf("public access (-want +got):\n%s", diff)
			}
			if p["BucketEncryption"] == nil {
				t.Error("it is not encrypted")
			}
			rules, _ := json.Marshal(p["LifecycleConfiguration"])
			if !strings.Contains(string(rules), `"AbortIncompleteMultipartUpload":{"DaysAfterInitiation":7}`) {
				t.Errorf("incomplete uploads stay: %s", rules)
			}
			versioned := id == "ItUploads"
			if strings.Contains(string(rules), "NoncurrentVersionExpiration") != versioned || (p["VersioningConfiguration"] != nil) != versioned {
				t.Errorf("versioning %v with rules %s, want %t", p["VersioningConfiguration"], rules, versioned)
			}
			policy, _ := json.Marshal(got.find(t, "AWS::S3::BucketPolicy", id).Properties)
			if !strings.Contains(string(policy), `"aws:SecureTransport":"false"`) {
				t.Errorf("requests without TLS are answered: %s", policy)
			}
		})
	}
}

// TestThumbnailPipelineEvents: the bucket itself sends its events, without a custom
// resource, and the rule takes those that the props say.
func TestThumbnailPipelineEvents(t *testing.T) {
	tests := []struct {
		name  string
		props *thumbnails.ThumbnailPipelineProps
		types []any
		keys  any
	}{
		{"all", nil, []any{"Object Created", "Object Deleted"}, nil},
		{"kept", &thumbnails.ThumbnailPipelineProps{KeepDeleted: true}, []any{"Object Created"}, nil},
		{"prefixes", &thumbnails.ThumbnailPipelineProps{Prefixes: []string{"albums/"}}, []any{"Object Created", "Object Deleted"}, []any{map[string]any{"prefix": "albums/"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := render(t, func(s awscdk.Stack) { thumbnails.NewThumbnailPipeline(s, "It", tt.props) })
			if functions := got.ofType("AWS::Lambda::Function"); len(functions) != 1 {
				t.Errorf("functions %v, want none but that which resizes", functions)
			}
			bucket := got.find(t, "AWS::S3::Bucket", "ItUploads").Properties
			if diff := cmp.Diff(map[string]any{"EventBridgeConfiguration": map[string]any{"EventBridgeEnabled": true}}, bucket["NotificationConfiguration"]); diff != "" {
				t.Errorf("notifications (-want +got):\n%s", diff)
			}
			rule := got.only(t, "AWS::Events::Rule").Properties
			detail := map[string]any{"bucket": map[string]any{"name": []any{map[string]any{"Ref": got.ofType("AWS::S3::Bucket")[1]}}}}
			if tt.keys != nil {
				detail["object"] = map[string]any{"key": tt.keys}
			}
			want := map[string]any{"source": []any{"aws.s3"}, "detail-type": tt.types, "detail": detail}
			if diff := cmp.Diff(want, rule["EventPattern"]); diff != "" {
				t.Errorf("pattern (-want +got):\n%s", diff)
			}
			events, _ := json.Marshal(rule["Targets"])
			if !strings.Contains(string(events), "ItWorkerQueue") || !strings.Contains(string(events), `"DeadLetterConfig":{"Arn":{"Fn::GetAtt":["ItWorkerDeadLetterQueue`) {
				t.Errorf("events go to %s, want the queue, and its dead-letter queue if that fails", events)
			}
		})
	}
}

// TestThumbnailPipelineRights: what the resize function may do, and what is granted
// to others.
func TestThumbnailPipelineRights(t *testing.T) {
	got := render(t, func(s awscdk.Stack) {
		p := thumbnails.NewThumbnailPipeline(s, "It", &thumbnails.ThumbnailPipelineProps{Prefixes: []string{"a/", "b/"}})
		p.GrantUpload(newFunction(s, "Sender").Function)
		p.GrantRead(newFunction(s, "Reader").Function)
	})
	tests := []struct {
		role string
		want []string
	}{
		{"ItResizeRole", []string{
			"dynamodb:DeleteItem ItIndex", "dynamodb:GetItem ItIndex", "dynamodb:PutItem ItIndex", "dynamodb:UpdateItem ItIndex",
			"s3:DeleteObject ItThumbnails/*", "s3:GetObject ItUploads/a/*", "s3:GetObject ItUploads/b/*", "s3:ListBucket ItUploads", "s3:PutObject ItThumbnails/*",
			"sqs:DeleteMessage ItWorkerQueue", "sqs:GetQueueAttributes ItWorkerQueue", "sqs:ReceiveMessage ItWorkerQueue",
		}},
		{"SenderRole", []string{"s3:PutObject ItUploads/*"}},
		{"ReaderRole", []string{"dynamodb:GetItem ItIndex", "dynamodb:Query ItIndex", "dynamodb:Scan ItIndex", "s3:GetObject ItThumbnails/*"}},
	}
	for _, tt := range tests {
		t.Run(tt.role, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, rights(got, tt.role)); diff != "" {
				t.Errorf("what it may do (-want +got):\n%s", diff)
			}
		})
	}
}

func TestThumbnailPipelineQueue(t *testing.T) {
	got := render(t, func(s awscdk.Stack) { defaultThumbnailPipeline(s, "It") })
	mapping := got.only(t, "AWS::Lambda::EventSourceMapping").Properties
	if mapping["BatchSize"] != 1.0 || mapping["FunctionResponseTypes"] == nil {
		t.Errorf("mapping %v, want one photo at a time, and reports of failures", mapping)
	}
	if timeout := got.find(t, "AWS::SQS::Queue", "ItWorkerQueue").Properties["VisibilityTimeout"]; timeout != 360.0 {
		t.Errorf("the visibility timeout is %v, want six times the function's", timeout)
	}
	if alarms := got.ofType("AWS::CloudWatch::Alarm"); len(alarms) != 2 {
		t.Errorf("alarms %v, want those of the queue and of its dead-letter queue", alarms)
	}
}

// TestThumbnailPipelineUploads: a bucket of this app is told to send its events, one
// that is imported is left alone.
func TestThumbnailPipelineUploads(t *testing.T) {
	got := render(t, func(s awscdk.Stack) {
		plain := awss3.NewBucket(s, new("Plain"), nil)
		thumbnails.NewThumbnailPipeline(s, "Made", &thumbnails.ThumbnailPipelineProps{Uploads: plain})
		thumbnails.NewThumbnailPipeline(s, "Imported", &thumbnails.ThumbnailPipelineProps{Uploads: awss3.Bucket_FromBucketName(s, new("Other"), new("other"))})
	})
	if plain := got.find(t, "AWS::S3::Bucket", "Plain").Properties; plain["NotificationConfiguration"] == nil {
		t.Errorf("the bucket sends no events: %v", plain)
	}
	pattern, _ := json.Marshal(got.find(t, "AWS::Events::Rule", "ImportedRule").Properties["EventPattern"])
	if !strings.Contains(string(pattern), `"bucket":{"name":["other"]}`) {
		t.Errorf("the imported bucket's events are not taken: %s", pattern)
	}
}

// TestThumbnailPipelineDelivery: only the distribution reads the thumbnails, over
// TLS, and no public access is opened.
func TestThumbnailPipelineDelivery(t *testing.T) {
	got := render(t, func(s awscdk.Stack) { fullThumbnailPipeline(s, "It") })
	distribution := got.only(t, "AWS::CloudFront::Distribution").Properties["DistributionConfig"].(map[string]any)
	if behaviour := distribution["DefaultCacheBehavior"].(map[string]any); behaviour["ViewerProtocolPolicy"] != "redirect-to-https" {
		t.Errorf("behaviour %v, want TLS", behaviour)
	}
	origin := distribution["Origins"].([]any)[0].(map[string]any)
	if origin["OriginAccessControlId"] == nil || distribution["Comment"] != "thumbnails" {
		t.Errorf("distribution %v, want origin access control and the props' comment", distribution)
	}
	policy, _ := json.Marshal(got.find(t, "AWS::S3::BucketPolicy", "ItThumbnails").Properties)
	if !strings.Contains(string(policy), `"Action":"s3:GetObject","Condition":{"StringEquals":{"AWS:SourceArn"`) {
		t.Errorf("the bucket's policy is %s, want the distribution in it", policy)
	}
}

func TestThumbnailPipelinePanics(t *testing.T) {
	message := panics(func() {
		thumbnails.NewThumbnailPipeline(newStack(t), "Thumbnails", &thumbnails.ThumbnailPipelineProps{Quality: 101})
	})
	if want := `thumbnails: ThumbnailPipeline "Thumbnails": Quality is 101: must be 1 to 100`; message != want {
		t.Errorf("it panics with %q, want %q", message, want)
	}
}

func TestThumbnailStack(t *testing.T) {
	tests := []struct {
		name  string
		props *stacks.ThumbnailStackProps
		want  []string
	}{
		{"default", nil, []string{"ThumbnailDeadLetterQueue", "ThumbnailIndex", "ThumbnailQueue", "ThumbnailsBucket", "UploadsBucket"}},
		{"delivered", &stacks.ThumbnailStackProps{Pipeline: &thumbnails.ThumbnailPipelineProps{Delivery: &thumbnails.Delivery{}}},
			[]string{"ThumbnailDeadLetterQueue", "ThumbnailIndex", "ThumbnailQueue", "ThumbnailsBucket", "ThumbnailsUrl", "UploadsBucket"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, got := synthesize(t, stacks.NewThumbnailStack(newApp(t), "Thumbnails", tt.props).Stack)
			if diff := cmp.Diff(tt.want, slices.Sorted(maps.Keys(got.Outputs))); diff != "" {
				t.Errorf("outputs (-want +got):\n%s", diff)
			}
		})
	}
}

// TestBucketWithKMS: who reads or writes objects under a key of one's own may use
// the key, for just that.
func TestBucketWithKMS(t *testing.T) {
	got := render(t, func(s awscdk.Stack) {
		bucket := storage.NewBucket(s, "Bucket", &storage.BucketProps{Bucket: &awss3.BucketProps{
			Encryption: awss3.BucketEncryption_KMS, EncryptionKey: awskms.NewKey(s, new("Key"), nil),
		}})
		storage.GrantObjects(bucket, newFunction(s, "Reader").Function, nil, "s3:GetObject")
		storage.GrantObjects(bucket, newFunction(s, "Writer").Function, []string{"in/"}, "s3:PutObject")
	})
	if diff := cmp.Diff([]string{"kms:Decrypt Key", "s3:GetObject Bucket/*"}, rights(got, "ReaderRole")); diff != "" {
		t.Errorf("what a reader may do (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"kms:Decrypt Key", "kms:GenerateDataKey Key", "s3:PutObject Bucket/in/*"}, rights(got, "WriterRole")); diff != "" {
		t.Errorf("what a writer may do (-want +got):\n%s", diff)
	}
}

// TestQueueWorkerReceivesEvents: EventBridge may send what the rule takes, to both
// queues, and nothing else.
func TestQueueWorkerReceivesEvents(t *testing.T) {
	got := render(t, func(s awscdk.Stack) { fullThumbnailPipeline(s, "It") })
	rule := got.ofType("AWS::Events::Rule")[0]
	for _, queue := range []string{"ItWorkerQueue", "ItWorkerDeadLetterQueue"} {
		policy, _ := json.Marshal(got.find(t, "AWS::SQS::QueuePolicy", queue+"Policy").Properties)
		if !strings.Contains(string(policy), `"Action":"sqs:SendMessage","Condition":{"ArnEquals":{"aws:SourceArn":{"Fn::GetAtt":["`+rule+`","Arn"]}}}`) {
			t.Errorf("the policy of %s is %s, want the rule in it", queue, policy)
		}
	}
	key, _ := json.Marshal(got.only(t, "AWS::KMS::Key").Properties["KeyPolicy"])
	if !strings.Contains(string(key), `"Condition":{"StringEquals":{"aws:SourceAccount":{"Ref":"AWS::AccountId"}}},"Effect":"Allow","Principal":{"Service":"events.amazonaws.com"}`) {
		t.Errorf("EventBridge cannot use the key of the queue: %s", key)
	}
}
