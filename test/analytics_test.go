package test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/noidle/noidle/constructs/analytics"
	"github.com/noidle/noidle/stacks"
)

// archived are props with an archive, and all else by default.
func archived() *analytics.StreamAnalyticsProps {
	return &analytics.StreamAnalyticsProps{Archive: &analytics.Archive{}}
}

func TestStreamAnalyticsStream(t *testing.T) {
	tests := []struct {
		name   string
		props  *analytics.StreamAnalyticsProps
		mode   string
		shards any
		hours  float64
		policy string
	}{
		{"on demand", nil, "ON_DEMAND", nil, 24, "Retain"},
		{"provisioned", &analytics.StreamAnalyticsProps{Shards: 3, Retention: 48 * time.Hour, RemovalPolicy: awscdk.RemovalPolicy_DESTROY}, "PROVISIONED", 3.0, 48, "Delete"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := render(t, func(s awscdk.Stack) { analytics.NewStreamAnalytics(s, "It", tt.props) })
			stream := got.only(t, "AWS::Kinesis::Stream")
			want := map[string]any{
				"StreamModeDetails":    map[string]any{"StreamMode": tt.mode},
				"RetentionPeriodHours": tt.hours,
				"StreamEncryption":     map[string]any{"EncryptionType": "KMS", "KeyId": "alias/aws/kinesis"},
			}
			if tt.shards != nil {
				want["ShardCount"] = tt.shards
			}
			if diff := cmp.Diff(want, stream.Properties); diff != "" {
				t.Errorf("stream (-want +got):\n%s", diff)
			}
			for _, r := range []resource{stream, got.only(t, "AWS::DynamoDB::GlobalTable")} {
				if r.DeletionPolicy != tt.policy {
					t.Errorf("deletion policy of %s is %s, want %s", r.Type, r.DeletionPolicy, tt.policy)
				}
			}
		})
	}
}

// TestStreamAnalyticsMapping: what fails for good, or is too old, goes to a queue of
// its own.
func TestStreamAnalyticsMapping(t *testing.T) {
	got := render(t, func(s awscdk.Stack) { defaultStreamAnalytics(s, "It") })
	mapping := got.only(t, "AWS::Lambda::EventSourceMapping").Properties
	destination := mapping["DestinationConfig"].(map[string]any)["OnFailure"].(map[string]any)["Destination"]
	if target(destination) != "ItFailuresQueue" || target(mapping["EventSourceArn"]) != "ItStream" || target(mapping["FunctionName"]) != "ItAggregateFunction" {
		t.Errorf("mapping %v, want it from the stream to the function, with failures to their queue", mapping)
	}
	for _, name := range []string{"DestinationConfig", "EventSourceArn", "FunctionName"} {
		delete(mapping, name)
	}
	want := map[string]any{
		"StartingPosition":               "TRIM_HORIZON",
		"TumblingWindowInSeconds":        60.0,
		"BatchSize":                      10_000.0,
		"MaximumBatchingWindowInSeconds": 10.0,
		"MaximumRetryAttempts":           10.0,
		"MaximumRecordAgeInSeconds":      86_400.0,
		"BisectBatchOnFunctionError":     true,
		"FunctionResponseTypes":          []any{"ReportBatchItemFailures"},
	}
	if diff := cmp.Diff(want, mapping); diff != "" {
		t.Errorf("mapping (-want +got):\n%s", diff)
	}
}

func TestStreamAnalyticsEnvironment(t *testing.T) {
	got := render(t, func(s awscdk.Stack) { defaultStreamAnalytics(s, "It") })
	for id, want := range map[string]map[string]string{
		"ItAggregate": {"RESULTS_TABLE": "ItResults", "FAILURES_QUEUE_URL": "ItFailuresQueue", "WINDOW": "1m0s", "LATENESS": "5m0s", "KEEP_RESULTS": "720h0m0s"},
		"ItTrends":    {"RESULTS_TABLE": "ItResults", "WINDOW": "1m0s", "LATENESS": "5m0s", "SETTLE": "25s"},
	} {
		variables := map[string]string{}
		for name, value := range got.find(t, "AWS::Lambda::Function", id).Properties["Environment"].(map[string]any)["Variables"].(map[string]any) {
			variables[name] = target(value)
		}
		if diff := cmp.Diff(want, variables); diff != "" {
			t.Errorf("variables of %s (-want +got):\n%s", id, diff)
		}
	}
}

// TestStreamAnalyticsRights: what Lambda needs to read a stream is on
// https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-create.html, what
// Firehose needs on
// https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html.
func TestStreamAnalyticsRights(t *testing.T) {
	aggregate := []string{
		"dynamodb:GetItem ItResults", "dynamodb:PutItem ItResults",
		"kinesis:DescribeStream ItStream", "kinesis:DescribeStreamSummary ItStream", "kinesis:GetRecords ItStream", "kinesis:GetShardIterator ItStream", "kinesis:ListShards ItStream",
		"sqs:SendMessage ItFailuresQueue",
	}
	delivery := func(prefix string) []string {
		may := []string{"kinesis:DescribeStream ItStream", "kinesis:GetRecords ItStream", "kinesis:GetShardIterator ItStream", "kinesis:ListShards ItStream",
			"s3:GetBucketLocation ItArchive", "s3:ListBucket ItArchive", "s3:ListBucketMultipartUploads ItArchive"}
		for _, action := range []string{"s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"} {
			may = append(may, action+" ItArchive/"+prefix+"-errors/*", action+" ItArchive/"+prefix+"/*")
		}
		return may
	}
	tests := []struct {
		name  string
		build func(awscdk.Stack)
		want  map[string][]string // by role
	}{
		{"default", func(s awscdk.Stack) {
			analytics.NewStreamAnalytics(s, "It", archived()).GrantPut(newFunction(s, "ItPublisher").Function)
		}, map[string][]string{
			"ItAggregateRole": aggregate,
			"ItTrendsRole":    {"dynamodb:Query ItResults"},
			"ItDeliveryRole":  delivery("posts"),
			"ItPublisherRole": {"kinesis:PutRecord ItStream", "kinesis:PutRecords ItStream"},
		}},
		{"keys of one's own", func(s awscdk.Stack) { fullStreamAnalytics(s, "It") }, map[string][]string{
			"ItAggregateRole": append(aggregate, "kms:Decrypt ItStreamKey"),
			"ItTrendsRole":    {"dynamodb:Query ItResults"},
			"ItDeliveryRole":  append(delivery("social/posts"), "kms:Decrypt ItArchiveKey", "kms:Decrypt ItStreamKey", "kms:GenerateDataKey ItArchiveKey"),
			"ItPublisherRole": {"kinesis:PutRecord ItStream", "kinesis:PutRecords ItStream", "kms:GenerateDataKey ItStreamKey"},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := render(t, tt.build)
			for role, want := range tt.want {
				slices.Sort(want)
				if diff := cmp.Diff(want, rights(got, role)); diff != "" {
					t.Errorf("what %s may do (-want +got):\n%s", role, diff)
				}
			}
			if !slices.Contains(got.statements("ItDeliveryRole"), "logs:PutLogEvents ItDeliveryLog") {
				t.Error("Firehose cannot log its errors")
			}
		})
	}
}

func TestStreamAnalyticsAlarms(t *testing.T) {
	tests := []struct {
		props *analytics.StreamAnalyticsProps
		want  map[string]any // by logical ID: metric and threshold
	}{
		{archived(), map[string]any{
			"ItWriteThrottledAlarm": []any{"WriteProvisionedThroughputExceeded", "Sum", 1.0},
			"ItFailuresAlarm":       []any{"ApproximateNumberOfMessagesVisible", "Maximum", 1.0},
			"ItIteratorAgeAlarm":    []any{"IteratorAge", "Maximum", 900_000.0}, // in milliseconds
			"ItErrorAlarm":          []any{"Errors", "Sum", 1.0},
			"ItServerErrorAlarm":    []any{"5xx", "Sum", 1.0},
			"ItDeliveryAgeAlarm":    []any{"DeliveryToS3.DataFreshness", "Maximum", 1200.0},
		}},
		// The alarm comes before anything is discarded.
		{&analytics.StreamAnalyticsProps{MaxRecordAge: 10 * time.Minute}, map[string]any{
			"ItWriteThrottledAlarm": []any{"WriteProvisionedThroughputExceeded", "Sum", 1.0},
			"ItFailuresAlarm":       []any{"ApproximateNumberOfMessagesVisible", "Maximum", 1.0},
			"ItIteratorAgeAlarm":    []any{"IteratorAge", "Maximum", 300_000.0},
			"ItErrorAlarm":          []any{"Errors", "Sum", 1.0},
			"ItServerErrorAlarm":    []any{"5xx", "Sum", 1.0},
		}},
	}
	for _, tt := range tests {
		got := render(t, func(s awscdk.Stack) { analytics.NewStreamAnalytics(s, "It", tt.props) })
		alarms := map[string]any{}
		for _, id := range got.ofType("AWS::CloudWatch::Alarm") {
			p := got.Resources[id].Properties
			alarms[logicalIDHash.ReplaceAllString(id, "")] = []any{p["MetricName"], p["Statistic"], p["Threshold"]}
		}
		if diff := cmp.Diff(tt.want, alarms); diff != "" {
			t.Errorf("alarms (-want +got):\n%s", diff)
		}
	}
}

// TestStreamAnalyticsMetrics: what the function logs that it did not count is what
// the metrics count.
func TestStreamAnalyticsMetrics(t *testing.T) {
	var late, early, malformed string
	got := render(t, func(s awscdk.Stack) {
		a := analytics.NewStreamAnalytics(s, "It", nil)
		late, early, malformed = *a.Late.MetricName(), *a.Early.MetricName(), *a.Malformed.MetricName()
	})
	for _, tt := range []struct{ id, message, metric string }{
		{"ItLatePosts", "late posts", late},
		{"ItEarlyPosts", "early posts", early},
		{"ItMalformedRecords", "malformed records", malformed},
	} {
		filter := got.find(t, "AWS::Logs::MetricFilter", tt.id).Properties
		want := []any{map[string]any{"MetricNamespace": "Noidle/Analytics", "MetricName": tt.metric, "MetricValue": "$.count"}}
		if diff := cmp.Diff(want, filter["MetricTransformations"]); diff != "" {
			t.Errorf("metric (-want +got):\n%s", diff)
		}
		if filter["FilterPattern"] != `{ $.msg = "`+tt.message+`" }` || target(filter["LogGroupName"]) != "ItAggregateLogGroup" {
			t.Errorf("filter %v, want %q in the aggregate function's log", filter, tt.message)
		}
	}
}

// TestStreamAnalyticsArchive: posts are lines of gzip files by the hour, and Firehose
// starts when it has its rights.
func TestStreamAnalyticsArchive(t *testing.T) {
	got := render(t, func(s awscdk.Stack) { analytics.NewStreamAnalytics(s, "It", archived()) })
	delivery := got.only(t, "AWS::KinesisFirehose::DeliveryStream")
	if delivery.Properties["DeliveryStreamType"] != "KinesisStreamAsSource" {
		t.Errorf("delivery stream %v, want it from the stream", delivery.Properties)
	}
	s3 := delivery.Properties["ExtendedS3DestinationConfiguration"].(map[string]any)
	for name, want := range map[string]any{
		"Prefix":                  "posts/!{timestamp:yyyy/MM/dd/HH}/",
		"ErrorOutputPrefix":       "posts-errors/!{firehose:error-output-type}/!{timestamp:yyyy/MM/dd/HH}/",
		"CompressionFormat":       "GZIP",
		"BufferingHints":          map[string]any{"SizeInMBs": 64.0, "IntervalInSeconds": 300.0},
		"ProcessingConfiguration": map[string]any{"Enabled": true, "Processors": []any{map[string]any{"Type": "AppendDelimiterToRecord"}}},
	} {
		if diff := cmp.Diff(want, s3[name]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	logging := s3["CloudWatchLoggingOptions"].(map[string]any)
	if logging["Enabled"] != true || target(logging["LogGroupName"]) != "ItDeliveryLog" || target(logging["LogStreamName"]) != "ItDeliveryLogStream" {
		t.Errorf("errors go to %v, want the log group", logging)
	}
	if waits, _ := json.Marshal(delivery.DependsOn); !strings.Contains(string(waits), "ItDeliveryRoleDefaultPolicy") {
		t.Errorf("the delivery stream waits for %s, want the rights of its role", waits)
	}
	if policy := got.only(t, "AWS::S3::Bucket").DeletionPolicy; policy != "Retain" {
		t.Errorf("the bucket's deletion policy is %s, want Retain", policy)
	}
}

func TestStreamAnalyticsPanics(t *testing.T) {
	message := panics(func() {
		analytics.NewStreamAnalytics(newStack(t), "Analytics", &analytics.StreamAnalyticsProps{Window: time.Hour})
	})
	if want := `analytics: StreamAnalytics "Analytics": Window is 1h0m0s: must be whole seconds from 1s to 15m0s`; message != want {
		t.Errorf("it panics with %q, want %q", message, want)
	}
}

func TestAnalyticsStack(t *testing.T) {
	tests := []struct {
		name  string
		props *stacks.AnalyticsStackProps
		want  []string
	}{
		{"default", nil, []string{"FailuresQueue", "ResultsTable", "StreamName", "TrendsUrl"}},
		{"archived", &stacks.AnalyticsStackProps{Analytics: archived()}, []string{"ArchiveBucket", "FailuresQueue", "ResultsTable", "StreamName", "TrendsUrl"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, got := synthesize(t, stacks.NewAnalyticsStack(newApp(t), "Analytics", tt.props).Stack)
			if diff := cmp.Diff(tt.want, slices.Sorted(maps.Keys(got.Outputs))); diff != "" {
				t.Errorf("outputs (-want +got):\n%s", diff)
			}
		})
	}
}
