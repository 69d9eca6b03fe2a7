package stacks

import (
	"cmp"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"

	"github.com/noidle/noidle/constructs/analytics"
)

// AnalyticsStackProps configures an [AnalyticsStack]. Nil means all defaults.
type AnalyticsStackProps struct {
	// StackProps are the CDK's settings of the stack.
	StackProps awscdk.StackProps
	// Analytics configures the analytics. Nil means its defaults.
	Analytics *analytics.StreamAnalyticsProps
	// RemovalPolicy says what becomes of stream, results and archive when the stack
	// goes, unless Analytics says so. Empty means that they are retained.
	RemovalPolicy awscdk.RemovalPolicy
}

// AnalyticsStack is the reference of streaming social media data: a
// StreamAnalytics.
//
// Its outputs are StreamName, TrendsUrl, ResultsTable (name), FailuresQueue (URL),
// and ArchiveBucket (name) if there is an archive.
type AnalyticsStack struct {
	awscdk.Stack

	// Analytics counts the posts.
	Analytics *analytics.StreamAnalytics
}

// NewAnalyticsStack adds an AnalyticsStack to scope.
func NewAnalyticsStack(scope constructs.Construct, id string, props *AnalyticsStackProps) *AnalyticsStack {
	if props == nil {
		props = &AnalyticsStackProps{}
	}
	s := &AnalyticsStack{}
	awscdk.NewStack_Override(s, scope, &id, &props.StackProps)
	var settings analytics.StreamAnalyticsProps
	if props.Analytics != nil {
		settings = *props.Analytics
	}
	settings.RemovalPolicy = cmp.Or(settings.RemovalPolicy, props.RemovalPolicy)
	s.Analytics = analytics.NewStreamAnalytics(s, "Analytics", &settings)
	output(s, "StreamName", s.Analytics.Stream.StreamName())
	output(s, "TrendsUrl", s.TrendsURL())
	output(s, "ResultsTable", s.Analytics.Results.TableName())
	output(s, "FailuresQueue", s.Analytics.Failures.Queue.QueueUrl())
	if s.Analytics.Archive != nil {
		output(s, "ArchiveBucket", s.Analytics.Archive.BucketName())
	}
	return s
}

// TrendsURL returns the address of the trends, which is the output TrendsUrl.
func (s *AnalyticsStack) TrendsURL() *string { return s.Analytics.URL() }
