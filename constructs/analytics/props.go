package analytics

import (
	"cmp"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskinesis"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"

	"github.com/noidle/noidle/constructs/compute"
	"github.com/noidle/noidle/constructs/internal/httpapi"
)

// StreamAnalyticsProps configures a [StreamAnalytics]. Nil means all defaults.
type StreamAnalyticsProps struct {
	// Shards is how many shards the stream has, 1 to 10,000: each takes 1 MB or
	// 1000 posts a second. Zero means that it is on-demand: AWS adds shards as they
	// are needed
	// (https://docs.aws.amazon.com/streams/latest/dev/how-do-i-size-a-stream.html).
	Shards int
	// Retention is how long the stream keeps posts, whole hours from 24 to 8760.
	// Zero means 24 hours.
	Retention time.Duration
	// Window is how long the windows are that hashtags are counted in, 1 second to
	// 15 minutes: a divisor of a minute, or whole minutes that divide an hour. Zero
	// means a minute.
	Window time.Duration
	// Lateness is how long after the end of its window a post still counts, whole
	// seconds up to an hour. Zero means 5 minutes.
	Lateness time.Duration
	// BatchSize is how many posts the aggregate function gets at once at the most,
	// 1 to 10,000. Zero means 10,000.
	BatchSize int
	// BatchingWindow is how long Lambda gathers posts for a batch, whole seconds up
	// to 5 minutes, to Window and to half of MaxRecordAge. Zero means 10 seconds, or
	// Window where that is less.
	BatchingWindow time.Duration
	// MaxRetryAttempts is how often a batch that failed is tried again before it
	// goes to the failures, 1 to 10,000. Zero means 10.
	MaxRetryAttempts int
	// MaxRecordAge is how old a post may become before it goes to the failures
	// uncounted, whole seconds from a minute to 7 days and to Retention. Zero means
	// a day.
	MaxRecordAge time.Duration
	// KeepResults is how long the counts of a window are kept after its end, whole
	// seconds, at least Window and Lateness together. Zero means 30 days.
	KeepResults time.Duration
	// Throttle limits the requests to each of the API's routes. Zero fields mean
	// 100 requests a second and a burst of 200.
	Throttle Throttle
	// Memory is the aggregate function's memory in MB, 256 to 10,240, which also
	// decides its share of CPU. Zero means 1024.
	Memory int
	// Timeout is how long the aggregate function may work on a batch, whole seconds
	// up to 15 minutes. Zero means a minute.
	Timeout time.Duration
	// Archive keeps all posts as they came in a bucket. Nil means that none are kept
	// beyond Retention.
	Archive *Archive
	// Deployment says how new versions of the functions take over, as in
	// [compute.GoFunctionProps]. Nil means all at once.
	Deployment *compute.Deployment
	// RemovalPolicy says what becomes of stream, results and archive when they leave
	// their stack. Empty means that they are retained.
	RemovalPolicy awscdk.RemovalPolicy
	// Stream overrides settings of the stream; nil fields keep the defaults.
	// StreamMode, ShardCount and RetentionPeriod are not to be set here.
	Stream *awskinesis.StreamProps
	// Results overrides settings of the results table; nil fields keep the defaults.
	// Its key and TimeToLiveAttribute are not to be set here.
	Results *awsdynamodb.TablePropsV2
	// Mapping overrides how Lambda reads the stream, such as Filters or
	// StartingPosition; nil fields keep the defaults. What has a field of its own
	// above is not to be set here, nor EventSourceArn, OnFailure,
	// ReportBatchItemFailures and a ParallelizationFactor above 1.
	Mapping *awslambda.EventSourceMappingOptions
}

// Archive configures the archive of posts: gzip files of one JSON post a line, with
// keys that start with Prefix and the hour, such as posts/2026/11/23/07/.
type Archive struct {
	// Prefix is the start of the keys of all files: letters, digits and _ . = - /,
	// ending in a slash, at most 512. What Firehose cannot deliver is next to it:
	// the prefix of posts/ is posts-errors/. Empty means posts/.
	Prefix string
	// BufferSize is how much Firehose gathers for a file, 1 to 128 MiB. Zero means
	// 64.
	BufferSize int
	// BufferInterval is how long Firehose gathers posts for a file, whole seconds up
	// to 15 minutes. Zero means 5 minutes.
	BufferInterval time.Duration
	// Bucket overrides settings of the bucket; nil fields keep the defaults.
	Bucket *awss3.BucketProps
}

// Throttle limits requests: to RatePerSecond a second, and to Burst at once above
// that. What is over the limit is answered 429
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-throttling.html).
type Throttle = httpapi.Throttle

// complete returns the props with their defaults filled in.
func (p *StreamAnalyticsProps) complete() (StreamAnalyticsProps, error) {
	var settings StreamAnalyticsProps
	if p != nil {
		settings = *p
	}
	settings.Retention = cmp.Or(settings.Retention, day)
	settings.Window = cmp.Or(settings.Window, time.Minute)
	settings.Lateness = cmp.Or(settings.Lateness, 5*time.Minute)
	settings.BatchSize = cmp.Or(settings.BatchSize, 10_000)
	settings.BatchingWindow = cmp.Or(settings.BatchingWindow, min(10*time.Second, settings.Window))
	settings.MaxRetryAttempts = cmp.Or(settings.MaxRetryAttempts, 10)
	settings.MaxRecordAge = cmp.Or(settings.MaxRecordAge, day)
	settings.KeepResults = cmp.Or(settings.KeepResults, 30*day)
	settings.Memory = cmp.Or(settings.Memory, 1024)
	settings.Timeout = cmp.Or(settings.Timeout, time.Minute)
	settings.RemovalPolicy = cmp.Or(settings.RemovalPolicy, awscdk.RemovalPolicy_RETAIN)
	if settings.Archive != nil {
		archive := *settings.Archive
		archive.Prefix = cmp.Or(archive.Prefix, "posts/")
		archive.BufferSize = cmp.Or(archive.BufferSize, 64)
		archive.BufferInterval = cmp.Or(archive.BufferInterval, 5*time.Minute)
		settings.Archive = &archive
	}
	if err := settings.validate(); err != nil {
		return settings, err
	}
	settings.Throttle = httpapi.Complete(settings.Throttle, 100, 200)
	return settings, nil
}
