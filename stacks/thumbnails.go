package stacks

import (
	"cmp"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"

	"github.com/noidle/noidle/constructs/thumbnails"
)

// ThumbnailStackProps configures a [ThumbnailStack]. Nil means all defaults.
type ThumbnailStackProps struct {
	// StackProps are the CDK's settings of the stack.
	StackProps awscdk.StackProps
	// Pipeline configures the pipeline. Nil means its defaults.
	Pipeline *thumbnails.ThumbnailPipelineProps
	// RemovalPolicy says what becomes of photos, thumbnails and index when the stack
	// goes, unless Pipeline says so. Empty means that they are retained.
	RemovalPolicy awscdk.RemovalPolicy
}

// ThumbnailStack is the reference of thumbnail generation: a ThumbnailPipeline.
//
// Its outputs are UploadsBucket, ThumbnailsBucket and ThumbnailIndex (names),
// ThumbnailQueue and ThumbnailDeadLetterQueue (URLs), and ThumbnailsUrl if the
// pipeline has a distribution.
type ThumbnailStack struct {
	awscdk.Stack

	// Pipeline makes the thumbnails.
	Pipeline *thumbnails.ThumbnailPipeline
}

// NewThumbnailStack adds a ThumbnailStack to scope.
func NewThumbnailStack(scope constructs.Construct, id string, props *ThumbnailStackProps) *ThumbnailStack {
	if props == nil {
		props = &ThumbnailStackProps{}
	}
	s := &ThumbnailStack{}
	awscdk.NewStack_Override(s, scope, &id, &props.StackProps)
	var settings thumbnails.ThumbnailPipelineProps
	if props.Pipeline != nil {
		settings = *props.Pipeline
	}
	settings.RemovalPolicy = cmp.Or(settings.RemovalPolicy, props.RemovalPolicy)
	s.Pipeline = thumbnails.NewThumbnailPipeline(s, "Thumbnails", &settings)
	output(s, "UploadsBucket", s.Pipeline.Uploads.BucketName())
	output(s, "ThumbnailsBucket", s.Pipeline.Thumbnails.BucketName())
	output(s, "ThumbnailIndex", s.Pipeline.Index.TableName())
	output(s, "ThumbnailQueue", s.Pipeline.Worker.Queue.QueueUrl())
	output(s, "ThumbnailDeadLetterQueue", s.Pipeline.Worker.DeadLetterQueue.Queue.QueueUrl())
	if url := s.ThumbnailsURL(); url != nil {
		output(s, "ThumbnailsUrl", url)
	}
	return s
}

// ThumbnailsURL returns the address of the thumbnails, which is the output
// ThumbnailsUrl; nil if the pipeline has no distribution.
func (s *ThumbnailStack) ThumbnailsURL() *string { return s.Pipeline.URL() }
