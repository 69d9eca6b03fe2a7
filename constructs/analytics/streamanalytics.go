// Package analytics holds StreamAnalytics, the construct for streaming social media
// data: posts flow into a stream, their hashtags are counted window by window, and
// the counts are read over HTTP.
package analytics

import (
	"fmt"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskinesis"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskinesisfirehose"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/constructs-go/constructs/v10"

	"github.com/noidle/noidle/constructs/compute"
	"github.com/noidle/noidle/constructs/internal/alarm"
	"github.com/noidle/noidle/constructs/internal/httpapi"
	"github.com/noidle/noidle/constructs/internal/overlay"
	"github.com/noidle/noidle/constructs/messaging"
	"github.com/noidle/noidle/constructs/storage"
)

// StreamAnalytics counts the hashtags of posts in windows of time. A post is a
// record of the stream:
//
//	{"id", "user", "text", "lang", "createdAt"}
//
// The counts are read over HTTP:
//
//	GET /trends            answers with the hashtags that came most often
//	GET /trends/{hashtag}  answers with how often one came in each window
//
// A post counts once, in the window of its createdAt. One that comes after its
// window's Lateness does not; a metric says how many did not.
type StreamAnalytics struct {
	constructs.Construct

	// Stream takes the posts.
	Stream awskinesis.Stream
	// Aggregate counts the posts.
	Aggregate *compute.GoFunction
	// Mapping invokes Aggregate with batches of posts, window by window.
	Mapping awslambda.EventSourceMapping
	// Results holds the counts, by window and part.
	Results awsdynamodb.TableV2
	// Failures holds records that are no posts, each with the reason, and where in
	// the stream posts are that could not be counted
	// (https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html).
	Failures *messaging.DeadLetterQueue
	// Trends answers the requests to the API.
	Trends *compute.GoFunction
	// API is the HTTP API; it takes more routes.
	API awsapigatewayv2.HttpApi
	// Stage is the API's only stage.
	Stage awsapigatewayv2.HttpStage
	// AccessLog holds one JSON line for each request.
	AccessLog awslogs.LogGroup
	// Archive holds all posts as they came; nil unless the props ask for it.
	Archive awss3.Bucket
	// Delivery fills the archive; nil if there is none.
	Delivery awskinesisfirehose.CfnDeliveryStream
	// DeliveryLog holds the errors of Delivery; nil if there is none.
	DeliveryLog awslogs.LogGroup
	// Late counts posts that came too late for their window, in each minute.
	Late awscloudwatch.Metric
	// Early counts posts from more than a minute ahead of their arrival, in each
	// minute. They are not counted.
	Early awscloudwatch.Metric
	// Malformed counts records that are no posts, in each minute.
	Malformed awscloudwatch.Metric
	// ErrorAlarm fires when Aggregate fails. Lambda tries the batch again.
	ErrorAlarm awscloudwatch.Alarm
	// IteratorAgeAlarm fires when posts wait for 15 minutes to be counted, or for
	// half of MaxRecordAge where that is less: none is discarded yet.
	IteratorAgeAlarm awscloudwatch.Alarm
	// WriteThrottledAlarm fires when the stream refuses a post that is more than its
	// shards take.
	WriteThrottledAlarm awscloudwatch.Alarm
	// ServerErrorAlarm fires when the API answers a request with a 5xx status.
	ServerErrorAlarm awscloudwatch.Alarm
	// DeliveryAgeAlarm fires when a post is not in the archive 15 minutes after it
	// should be; nil if there is none.
	DeliveryAgeAlarm awscloudwatch.Alarm
}

// functions is where the functions of every StreamAnalytics come from.
const functions = "github.com/noidle/noidle/functions/analytics/"

// alarmAge is how long posts may wait before an alarm fires.
const alarmAge = 15 * time.Minute

// NewStreamAnalytics adds a StreamAnalytics to scope. It panics if props are
// invalid.
func NewStreamAnalytics(scope constructs.Construct, id string, props *StreamAnalyticsProps) *StreamAnalytics {
	settings, err := props.complete()
	if err != nil {
		panic(fmt.Errorf("analytics: StreamAnalytics %q: %w", id, err))
	}
	a := &StreamAnalytics{}
	constructs.NewConstruct_Override(a, scope, &id)

	a.addStream(&settings)
	a.Results = storage.NewTable(a, "Results", &storage.TableProps{
		PartitionKey: "window", SortKey: "part", TimeToLive: "expiry",
		RemovalPolicy: settings.RemovalPolicy, Table: settings.Results,
	})
	a.addFailures()
	a.addAggregate(&settings)
	a.addMapping(&settings)
	a.addTrends(&settings)
	if settings.Archive != nil {
		a.addArchive(settings.Archive, settings.RemovalPolicy)
	}
	return a
}

// URL returns the address of the trends, without a slash at its end.
func (a *StreamAnalytics) URL() *string {
	return new(*a.API.ApiEndpoint() + "/trends")
}

// GrantPut allows grantee to put posts into the stream, and nothing else. With a KMS
// key of your own that takes the use of the key, too
// (https://docs.aws.amazon.com/streams/latest/dev/permissions-user-key-KMS.html).
func (a *StreamAnalytics) GrantPut(grantee awsiam.IGrantable) awsiam.Grant {
	if key := a.Stream.EncryptionKey(); key != nil {
		key.Grant(grantee, new("kms:GenerateDataKey"))
	}
	return a.Stream.Grant(grantee, new("kinesis:PutRecord"), new("kinesis:PutRecords"))
}

// grantRead allows grantee to read the stream by the given actions.
func (a *StreamAnalytics) grantRead(grantee awsiam.IGrantable, actions ...*string) {
	a.Stream.Grant(grantee, actions...)
	if key := a.Stream.EncryptionKey(); key != nil {
		key.GrantDecrypt(grantee)
	}
}

func (a *StreamAnalytics) addStream(props *StreamAnalyticsProps) {
	settings := &awskinesis.StreamProps{
		StreamMode:      awskinesis.StreamMode_ON_DEMAND,
		Encryption:      awskinesis.StreamEncryption_MANAGED,
		RetentionPeriod: awscdk.Duration_Hours(new(props.Retention.Hours())),
		RemovalPolicy:   props.RemovalPolicy,
	}
	if props.Shards > 0 {
		settings.StreamMode = awskinesis.StreamMode_PROVISIONED
		settings.ShardCount = new(float64(props.Shards))
	}
	overlay.Set(settings, props.Stream)
	a.Stream = awskinesis.NewStream(a, new("Stream"), settings)
	a.WriteThrottledAlarm = alarm.AtLeast(a, "WriteThrottledAlarm", a.Stream.MetricWriteProvisionedThroughputExceeded(alarm.Sum()), 1,
		"The stream refused posts, which their producers have to put again: one shard gets too many of them, or there are too few shards.")
}

// addFailures makes the queue of what could not be counted. It has no source that it
// could be redriven to.
func (a *StreamAnalytics) addFailures() {
	a.Failures = messaging.NewDeadLetterQueue(a, "Failures", nil)
	a.Failures.Alarm.Node().DefaultChild().(awscloudwatch.CfnAlarm).SetAlarmDescription(new(
		"Records could not be counted and wait in the failures queue. Each message says why, and where in the stream its records are."))
}

// addAggregate makes the function that counts, with the metrics of what it does not
// count.
func (a *StreamAnalytics) addAggregate(props *StreamAnalyticsProps) {
	a.Aggregate = compute.NewGoFunction(a, "Aggregate", &compute.GoFunctionProps{
		Package:    functions + "aggregate",
		Memory:     props.Memory,
		Timeout:    props.Timeout,
		Deployment: props.Deployment,
		Environment: map[string]string{
			"RESULTS_TABLE":      *a.Results.TableName(),
			"FAILURES_QUEUE_URL": *a.Failures.Queue.QueueUrl(),
			"WINDOW":             props.Window.String(),
			"LATENESS":           props.Lateness.String(),
			"KEEP_RESULTS":       props.KeepResults.String(),
		},
	})
	storage.Grant(a.Results, a.Aggregate.Function, "dynamodb:GetItem", "dynamodb:PutItem")
	// For the function itself, and for Lambda, which sends as the function.
	a.Failures.Queue.Grant(a.Aggregate.Function, new("sqs:SendMessage"))
	// https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-create.html
	a.grantRead(a.Aggregate.Function, new("kinesis:DescribeStream"), new("kinesis:DescribeStreamSummary"),
		new("kinesis:GetRecords"), new("kinesis:GetShardIterator"), new("kinesis:ListShards"))
	a.Late = a.count("LatePosts", "late posts")
	a.Early = a.count("EarlyPosts", "early posts")
	a.Malformed = a.count("MalformedRecords", "malformed records")
	a.ErrorAlarm = alarm.AtLeast(a, "ErrorAlarm", a.Aggregate.Function.MetricErrors(alarm.Sum()), 1,
		"The aggregate function failed and is tried again. Look into its log. When no more attempts are left, the failures queue tells which posts are not counted.")
}

// count returns a metric of the counts in the aggregate function's log with a
// message.
func (a *StreamAnalytics) count(name, message string) awscloudwatch.Metric {
	return awslogs.NewMetricFilter(a, new(name+"Filter"), &awslogs.MetricFilterProps{
		LogGroup:        a.Aggregate.LogGroup,
		FilterPattern:   awslogs.FilterPattern_StringValue(new("$.msg"), new("="), &message),
		MetricNamespace: new("Noidle/Analytics"),
		MetricName:      new(*awscdk.Names_UniqueId(a) + name),
		MetricValue:     new("$.count"),
	}).Metric(alarm.Sum())
}

// addMapping has Lambda read the stream. The CDK's own destinations of failures
// grant more than Lambda needs: this one is set on the resource.
func (a *StreamAnalytics) addMapping(props *StreamAnalyticsProps) {
	settings := &awslambda.EventSourceMappingOptions{
		StartingPosition:   awslambda.StartingPosition_TRIM_HORIZON,
		BisectBatchOnError: new(true),
	}
	overlay.Set(settings, props.Mapping)
	settings.EventSourceArn = a.Stream.StreamArn()
	settings.TumblingWindow = seconds(props.Window)
	settings.BatchSize = new(float64(props.BatchSize))
	settings.MaxBatchingWindow = seconds(props.BatchingWindow)
	settings.RetryAttempts = new(float64(props.MaxRetryAttempts))
	settings.MaxRecordAge = seconds(props.MaxRecordAge)
	settings.ReportBatchItemFailures = new(true)
	a.Mapping = a.Aggregate.Invocable().AddEventSourceMapping(new("Mapping"), settings)
	a.Mapping.Node().DefaultChild().(awslambda.CfnEventSourceMapping).SetDestinationConfig(&awslambda.CfnEventSourceMapping_DestinationConfigProperty{
		OnFailure: &awslambda.CfnEventSourceMapping_OnFailureProperty{Destination: a.Failures.Queue.QueueArn()},
	})
	// In milliseconds: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
	age := a.Aggregate.Function.Metric(new("IteratorAge"), alarm.Maximum())
	a.IteratorAgeAlarm = alarm.AtLeast(a, "IteratorAgeAlarm", age, float64(min(alarmAge, props.MaxRecordAge/2).Milliseconds()),
		"Posts wait too long to be counted: the aggregate function fails or is too slow, or there are too few shards. What becomes older than "+props.MaxRecordAge.String()+" is not counted.")
}

func seconds(d time.Duration) awscdk.Duration {
	return awscdk.Duration_Seconds(new(d.Seconds()))
}

const (
	// settle is how long it takes, beside the batching window, until a window's
	// counts are in the table: Lambda reads a shard once a second, and makes the last
	// invocation of a window when its records are read.
	settle = 15 * time.Second
	// trendsTimeout is less than what API Gateway waits for
	// (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html).
	trendsTimeout = 29 * time.Second
)

// addTrends makes the HTTP API and the function behind it.
func (a *StreamAnalytics) addTrends(props *StreamAnalyticsProps) {
	a.Trends = compute.NewGoFunction(a, "Trends", &compute.GoFunctionProps{
		Package:    functions + "trends",
		Memory:     1024, // Many windows take CPU to sum up.
		Timeout:    trendsTimeout,
		Deployment: props.Deployment,
		Environment: map[string]string{
			"RESULTS_TABLE": *a.Results.TableName(),
			"WINDOW":        props.Window.String(),
			"LATENESS":      props.Lateness.String(),
			"SETTLE":        (props.BatchingWindow + settle).String(),
		},
	})
	storage.Grant(a.Results, a.Trends.Function, "dynamodb:Query")
	var routes []httpapi.Route
	for _, path := range []string{"/trends", "/trends/{hashtag}"} {
		routes = append(routes, httpapi.Route{Method: awsapigatewayv2.HttpMethod_GET, Path: path, Function: a.Trends, Throttle: props.Throttle})
	}
	api := httpapi.New(a, "trends", routes)
	a.API, a.Stage, a.AccessLog, a.ServerErrorAlarm = api.API, api.Stage, api.AccessLog, api.ServerErrorAlarm
}
