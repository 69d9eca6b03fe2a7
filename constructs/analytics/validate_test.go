package analytics

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskinesis"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/google/go-cmp/cmp"

	"github.com/noidle/noidle/constructs/internal/expect"
)

// duration stands for a duration of the CDK that nobody looks into.
type duration struct{ awscdk.Duration }

// failures stands for a destination of failures that nobody looks into.
type failures struct{ awslambda.IEventSourceDlq }

// TestProps: the limits of AWS are those of
// https://docs.aws.amazon.com/kinesis/latest/APIReference/API_UpdateShardCount.html (Shards),
// https://docs.aws.amazon.com/kinesis/latest/APIReference/API_IncreaseStreamRetentionPeriod.html (Retention),
// https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-parameters.html (the mapping),
// https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-windows.html (no parallelization),
// https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html (the function) and
// https://docs.aws.amazon.com/firehose/latest/APIReference/API_BufferingHints.html (the archive).
func TestProps(t *testing.T) {
	tests := []struct {
		name   string
		change func(*StreamAnalyticsProps)
		want   string
	}{
		{"all defaults", func(*StreamAnalyticsProps) {}, ""},
		{"most of all", func(p *StreamAnalyticsProps) {
			*p = StreamAnalyticsProps{
				Shards: 10_000, Retention: 8760 * time.Hour, Window: 15 * time.Minute, Lateness: time.Hour,
				BatchSize: 10_000, BatchingWindow: 5 * time.Minute, MaxRetryAttempts: 10_000, MaxRecordAge: 7 * 24 * time.Hour,
				KeepResults: 10 * 365 * 24 * time.Hour, Throttle: Throttle{RatePerSecond: 10_000, Burst: 5000},
				Memory: 10240, Timeout: 15 * time.Minute,
				Archive: &Archive{Prefix: strings.Repeat("a", 511) + "/", BufferSize: 128, BufferInterval: 15 * time.Minute},
			}
		}, ""},
		{"least of all", func(p *StreamAnalyticsProps) {
			*p = StreamAnalyticsProps{
				Shards: 1, Retention: 24 * time.Hour, Window: time.Second, Lateness: time.Second,
				BatchSize: 1, BatchingWindow: time.Second, MaxRetryAttempts: 1, MaxRecordAge: time.Minute,
				KeepResults: 2 * time.Second, Throttle: Throttle{RatePerSecond: 1, Burst: 1},
				Memory: 256, Timeout: time.Second,
				Archive: &Archive{Prefix: "a/", BufferSize: 1, BufferInterval: time.Second},
			}
		}, ""},
		{"too many shards", func(p *StreamAnalyticsProps) { p.Shards = 10_001 }, "Shards is 10001: must be 1 to 10000, or 0 for a stream on demand"},
		{"negative shards", func(p *StreamAnalyticsProps) { p.Shards = -1 }, "Shards is -1"},
		{"kept for an hour", func(p *StreamAnalyticsProps) { p.Retention = time.Hour }, "Retention is 1h0m0s: must be whole hours from 24h0m0s to 8760h0m0s"},
		{"kept for too long", func(p *StreamAnalyticsProps) { p.Retention = 8761 * time.Hour }, "Retention is 8761h0m0s"},
		{"kept for part of an hour", func(p *StreamAnalyticsProps) { p.Retention = 25*time.Hour + time.Minute }, "Retention is 25h1m0s"},
		{"too long windows", func(p *StreamAnalyticsProps) { p.Window = 20 * time.Minute }, "Window is 20m0s: must be whole seconds from 1s to 15m0s"},
		{"negative window", func(p *StreamAnalyticsProps) { p.Window = -time.Minute }, "Window is -1m0s"},
		{"window of part of a second", func(p *StreamAnalyticsProps) { p.Window = 1500 * time.Millisecond }, "Window is 1.5s: must be whole seconds"},
		{"windows that divide no minute", func(p *StreamAnalyticsProps) { p.Window = 7 * time.Second }, "Window is 7s: must divide a minute, or be whole minutes that divide an hour"},
		{"windows over a minute", func(p *StreamAnalyticsProps) { p.Window = 90 * time.Second }, "Window is 1m30s: must divide a minute"},
		{"windows that divide no hour", func(p *StreamAnalyticsProps) { p.Window = 7 * time.Minute }, "Window is 7m0s: must divide a minute"},
		{"too late", func(p *StreamAnalyticsProps) { p.Lateness = 2 * time.Hour }, "Lateness is 2h0m0s: must be whole seconds from 1s to 1h0m0s"},
		{"negative lateness", func(p *StreamAnalyticsProps) { p.Lateness = -time.Second }, "Lateness is -1s"},
		{"too large batches", func(p *StreamAnalyticsProps) { p.BatchSize = 10_001 }, "BatchSize is 10001: must be 1 to 10000"},
		{"negative batches", func(p *StreamAnalyticsProps) { p.BatchSize = -1 }, "BatchSize is -1"},
		{"gathered for too long", func(p *StreamAnalyticsProps) { p.Window, p.BatchingWindow = 10*time.Minute, 6*time.Minute }, "BatchingWindow is 6m0s: must be whole seconds from 1s to 5m0s"},
		{"gathered for longer than a window", func(p *StreamAnalyticsProps) { p.BatchingWindow = 2 * time.Minute }, "BatchingWindow is 2m0s: must be whole seconds from 1s to 1m0s"},
		{"gathered until too old", func(p *StreamAnalyticsProps) { p.BatchingWindow, p.MaxRecordAge = 31*time.Second, time.Minute }, "BatchingWindow is 31s: must be whole seconds from 1s to 30s"},
		{"too many retries", func(p *StreamAnalyticsProps) { p.MaxRetryAttempts = 10_001 }, "MaxRetryAttempts is 10001: must be 1 to 10000"},
		{"retries without end", func(p *StreamAnalyticsProps) { p.MaxRetryAttempts = -1 }, "MaxRetryAttempts is -1"},
		{"too young", func(p *StreamAnalyticsProps) { p.MaxRecordAge = time.Second }, "MaxRecordAge is 1s: must be whole seconds from 1m0s to 24h0m0s"},
		{"older than the stream keeps", func(p *StreamAnalyticsProps) { p.MaxRecordAge = 25 * time.Hour }, "MaxRecordAge is 25h0m0s: must be whole seconds from 1m0s to 24h0m0s"},
		{"too old", func(p *StreamAnalyticsProps) { p.Retention, p.MaxRecordAge = 8760*time.Hour, 169*time.Hour }, "MaxRecordAge is 169h0m0s: must be whole seconds from 1m0s to 168h0m0s"},
		{"results that go too early", func(p *StreamAnalyticsProps) { p.KeepResults = 5 * time.Minute }, "KeepResults is 5m0s: must be whole seconds, at least Window and Lateness together, 6m0s"},
		{"results kept for part of a second", func(p *StreamAnalyticsProps) { p.KeepResults = time.Hour + time.Millisecond }, "KeepResults is 1h0m0.001s"},
		{"too fast", func(p *StreamAnalyticsProps) { p.Throttle.RatePerSecond = 10_001 }, "Throttle: RatePerSecond is 10001: must be 1 to 10000"},
		{"too little memory", func(p *StreamAnalyticsProps) { p.Memory = 128 }, "Memory is 128: must be 256 to 10240"},
		{"too long", func(p *StreamAnalyticsProps) { p.Timeout = 16 * time.Minute }, "Timeout is 16m0s: must be whole seconds from 1s to 15m0s"},
		{"prefix without a slash", func(p *StreamAnalyticsProps) { p.Archive = &Archive{Prefix: "posts"} }, `Archive.Prefix is "posts": must be letters, digits and _ . = - /, ending in a slash, at most 512`},
		{"only a slash", func(p *StreamAnalyticsProps) { p.Archive = &Archive{Prefix: "/"} }, `Archive.Prefix is "/"`},
		{"expression of Firehose", func(p *StreamAnalyticsProps) { p.Archive = &Archive{Prefix: "!{timestamp:yyyy}/"} }, `Archive.Prefix is "!{timestamp:yyyy}/"`},
		{"wildcard of IAM", func(p *StreamAnalyticsProps) { p.Archive = &Archive{Prefix: "*/"} }, `Archive.Prefix is "*/"`},
		{"long prefix", func(p *StreamAnalyticsProps) { p.Archive = &Archive{Prefix: strings.Repeat("a", 512) + "/"} }, "at most 512"},
		{"too large files", func(p *StreamAnalyticsProps) { p.Archive = &Archive{BufferSize: 129} }, "Archive.BufferSize is 129: must be 1 to 128 MiB"},
		{"negative files", func(p *StreamAnalyticsProps) { p.Archive = &Archive{BufferSize: -1} }, "Archive.BufferSize is -1"},
		{"archived too late", func(p *StreamAnalyticsProps) { p.Archive = &Archive{BufferInterval: time.Hour} }, "Archive.BufferInterval is 1h0m0s: must be whole seconds from 1s to 15m0s"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var props StreamAnalyticsProps
			tt.change(&props)
			_, err := props.complete()
			expect.Error(t, err, tt.want)
		})
	}
}

// TestWindows: windows are those that begin with each hour.
func TestWindows(t *testing.T) {
	var got []time.Duration
	for seconds := range 1000 {
		props := StreamAnalyticsProps{Window: time.Duration(seconds) * time.Second}
		if _, err := props.complete(); err == nil && seconds > 0 {
			got = append(got, props.Window)
		}
	}
	var want []time.Duration
	for _, seconds := range []int{1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60, 120, 180, 240, 300, 360, 600, 720, 900} {
		want = append(want, time.Duration(seconds)*time.Second)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("windows (-want +got):\n%s", diff)
	}
}

// TestSettings: what the construct decides is refused, with the way out.
func TestSettings(t *testing.T) {
	key := &awsdynamodb.Attribute{}
	tests := []struct {
		props StreamAnalyticsProps
		want  string
	}{
		{StreamAnalyticsProps{Stream: &awskinesis.StreamProps{StreamMode: awskinesis.StreamMode_ON_DEMAND}}, "Stream.StreamMode is set: set Shards instead"},
		{StreamAnalyticsProps{Stream: &awskinesis.StreamProps{ShardCount: new(1.0)}}, "Stream.ShardCount is set: set Shards instead"},
		{StreamAnalyticsProps{Stream: &awskinesis.StreamProps{RetentionPeriod: duration{}}}, "Stream.RetentionPeriod is set: set Retention instead"},
		{StreamAnalyticsProps{Results: &awsdynamodb.TablePropsV2{PartitionKey: key}}, "Results.PartitionKey is set: counts are kept by window and part"},
		{StreamAnalyticsProps{Results: &awsdynamodb.TablePropsV2{SortKey: key}}, "Results.SortKey is set: counts are kept by window and part"},
		{StreamAnalyticsProps{Results: &awsdynamodb.TablePropsV2{TimeToLiveAttribute: new("at")}}, "Results.TimeToLiveAttribute is set: set KeepResults instead"},
		{StreamAnalyticsProps{Mapping: &awslambda.EventSourceMappingOptions{TumblingWindow: duration{}}}, "Mapping.TumblingWindow is set: set Window instead"},
		{StreamAnalyticsProps{Mapping: &awslambda.EventSourceMappingOptions{BatchSize: new(1.0)}}, "Mapping.BatchSize is set: set BatchSize instead"},
		{StreamAnalyticsProps{Mapping: &awslambda.EventSourceMappingOptions{MaxBatchingWindow: duration{}}}, "Mapping.MaxBatchingWindow is set: set BatchingWindow instead"},
		{StreamAnalyticsProps{Mapping: &awslambda.EventSourceMappingOptions{RetryAttempts: new(1.0)}}, "Mapping.RetryAttempts is set: set MaxRetryAttempts instead"},
		{StreamAnalyticsProps{Mapping: &awslambda.EventSourceMappingOptions{MaxRecordAge: duration{}}}, "Mapping.MaxRecordAge is set: set MaxRecordAge instead"},
		{StreamAnalyticsProps{Mapping: &awslambda.EventSourceMappingOptions{EventSourceArn: new("arn")}}, "Mapping.EventSourceArn is set: the construct reads its own stream"},
		{StreamAnalyticsProps{Mapping: &awslambda.EventSourceMappingOptions{OnFailure: failures{}}}, "Mapping.OnFailure is set: what fails goes to Failures"},
		{StreamAnalyticsProps{Mapping: &awslambda.EventSourceMappingOptions{ReportBatchItemFailures: new(false)}}, "Mapping.ReportBatchItemFailures is set: the aggregate function reports what failed"},
		{StreamAnalyticsProps{Mapping: &awslambda.EventSourceMappingOptions{ParallelizationFactor: new(2.0)}}, "Mapping.ParallelizationFactor is 2: must be 1, as Lambda has no windows with more: set more Shards"},
		{StreamAnalyticsProps{Mapping: &awslambda.EventSourceMappingOptions{ParallelizationFactor: new(1.0), StartingPosition: awslambda.StartingPosition_LATEST}}, ""},
		{StreamAnalyticsProps{Stream: &awskinesis.StreamProps{StreamName: new("posts")}, Results: &awsdynamodb.TablePropsV2{TableName: new("counts")}}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.want, func(t *testing.T) {
			_, err := tt.props.complete()
			expect.Error(t, err, tt.want)
		})
	}
}

func TestDefaults(t *testing.T) {
	got, err := (*StreamAnalyticsProps)(nil).complete()
	if err != nil {
		t.Fatal(err)
	}
	want := StreamAnalyticsProps{
		Retention: 24 * time.Hour, Window: time.Minute, Lateness: 5 * time.Minute,
		BatchSize: 10_000, BatchingWindow: 10 * time.Second, MaxRetryAttempts: 10, MaxRecordAge: 24 * time.Hour,
		KeepResults: 30 * 24 * time.Hour, Throttle: Throttle{RatePerSecond: 100, Burst: 200},
		Memory: 1024, Timeout: time.Minute, RemovalPolicy: awscdk.RemovalPolicy_RETAIN,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("defaults (-want +got):\n%s", diff)
	}
	props := StreamAnalyticsProps{Window: 5 * time.Second, Archive: &Archive{}}
	if got, err = props.complete(); err != nil {
		t.Fatal(err)
	}
	if got.BatchingWindow != 5*time.Second {
		t.Errorf("posts are gathered for %v, want not longer than a window", got.BatchingWindow)
	}
	if diff := cmp.Diff(&Archive{Prefix: "posts/", BufferSize: 64, BufferInterval: 5 * time.Minute}, got.Archive); diff != "" {
		t.Errorf("defaults of the archive (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(&Archive{}, props.Archive); diff != "" {
		t.Errorf("the caller's props changed (-want +got):\n%s", diff)
	}
}
