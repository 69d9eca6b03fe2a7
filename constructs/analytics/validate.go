package analytics

import (
	"cmp"
	"fmt"
	"regexp"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskinesis"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"

	"github.com/noidle/noidle/constructs/internal/httpapi"
)

const day = 24 * time.Hour

func (p *StreamAnalyticsProps) validate() error {
	for _, check := range []func() error{p.validateDurations, p.validateNumbers, p.validateArchive, p.validateSettings} {
		if err := check(); err != nil {
			return err
		}
	}
	if err := httpapi.Validate(p.Throttle); err != nil {
		return fmt.Errorf("Throttle: %w", err)
	}
	return nil
}

// validateDurations checks durations against the limits of Kinesis
// (https://docs.aws.amazon.com/kinesis/latest/APIReference/API_IncreaseStreamRetentionPeriod.html)
// and Lambda (https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-parameters.html,
// https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html).
func (p *StreamAnalyticsProps) validateDurations() error {
	if p.Retention < day || p.Retention > 365*day || p.Retention%time.Hour != 0 {
		return fmt.Errorf("Retention is %v: must be whole hours from %v to %v", p.Retention, day, 365*day)
	}
	for _, d := range []struct {
		name               string
		value, least, most time.Duration
	}{
		{"Window", p.Window, time.Second, 15 * time.Minute},
		{"Lateness", p.Lateness, time.Second, time.Hour}, // What is late is worth no more memory.
		{"MaxRecordAge", p.MaxRecordAge, time.Minute, min(7*day, p.Retention)},
		{"BatchingWindow", p.BatchingWindow, time.Second, min(5*time.Minute, p.Window, p.MaxRecordAge/2)},
		{"Timeout", p.Timeout, time.Second, 15 * time.Minute},
	} {
		if err := checkSeconds(d.name, d.value, d.least, d.most); err != nil {
			return err
		}
	}
	if time.Minute%p.Window != 0 && (p.Window%time.Minute != 0 || time.Hour%p.Window != 0) {
		return fmt.Errorf("Window is %v: must divide a minute, or be whole minutes that divide an hour", p.Window)
	}
	if least := p.Window + p.Lateness; p.KeepResults < least || p.KeepResults%time.Second != 0 {
		return fmt.Errorf("KeepResults is %v: must be whole seconds, at least Window and Lateness together, %v", p.KeepResults, least)
	}
	return nil
}

func checkSeconds(name string, value, least, most time.Duration) error {
	if value < least || value > most || value%time.Second != 0 {
		return fmt.Errorf("%s is %v: must be whole seconds from %v to %v", name, value, least, most)
	}
	return nil
}

// maxShards is how many shards a stream can be resized to
// (https://docs.aws.amazon.com/kinesis/latest/APIReference/API_UpdateShardCount.html).
const maxShards = 10_000

// validateNumbers checks numbers against the limits of Kinesis and Lambda, as
// validateDurations does.
func (p *StreamAnalyticsProps) validateNumbers() error {
	if p.Shards < 0 || p.Shards > maxShards {
		return fmt.Errorf("Shards is %d: must be 1 to %d, or 0 for a stream on demand", p.Shards, maxShards)
	}
	for _, n := range []struct {
		name               string
		value, least, most int
	}{
		{"BatchSize", p.BatchSize, 1, 10_000},
		{"MaxRetryAttempts", p.MaxRetryAttempts, 1, 10_000},
		{"Memory", p.Memory, 256, 10_240},
	} {
		if n.value < n.least || n.value > n.most {
			return fmt.Errorf("%s is %d: must be %d to %d", n.name, n.value, n.least, n.most)
		}
	}
	return nil
}

// prefix is a start of keys that means nothing special to Firehose
// (https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html) and in a
// policy.
var prefix = regexp.MustCompile(`^[A-Za-z0-9_.=-][A-Za-z0-9_.=/-]*/$`)

// validateArchive checks the archive against the limits of Firehose
// (https://docs.aws.amazon.com/firehose/latest/APIReference/API_BufferingHints.html).
func (p *StreamAnalyticsProps) validateArchive() error {
	a := p.Archive
	switch {
	case a == nil:
		return nil
	case !prefix.MatchString(a.Prefix) || len(a.Prefix) > 512: // That leaves room for what Firehose adds.
		return fmt.Errorf("Archive.Prefix is %q: must be letters, digits and _ . = - /, ending in a slash, at most 512", a.Prefix)
	case a.BufferSize < 1 || a.BufferSize > 128:
		return fmt.Errorf("Archive.BufferSize is %d: must be 1 to 128 MiB", a.BufferSize)
	}
	return checkSeconds("Archive.BufferInterval", a.BufferInterval, time.Second, 15*time.Minute)
}

// validateSettings refuses settings that the construct decides.
func (p *StreamAnalyticsProps) validateSettings() error {
	stream := cmp.Or(p.Stream, &awskinesis.StreamProps{})
	results := cmp.Or(p.Results, &awsdynamodb.TablePropsV2{})
	mapping := cmp.Or(p.Mapping, &awslambda.EventSourceMappingOptions{})
	for _, setting := range []struct {
		name   string
		set    bool
		reason string
	}{
		{"Stream.StreamMode", stream.StreamMode != "", "set Shards instead"},
		{"Stream.ShardCount", stream.ShardCount != nil, "set Shards instead"},
		{"Stream.RetentionPeriod", stream.RetentionPeriod != nil, "set Retention instead"},
		{"Results.PartitionKey", results.PartitionKey != nil, "counts are kept by window and part"},
		{"Results.SortKey", results.SortKey != nil, "counts are kept by window and part"},
		{"Results.TimeToLiveAttribute", results.TimeToLiveAttribute != nil, "set KeepResults instead"},
		{"Mapping.TumblingWindow", mapping.TumblingWindow != nil, "set Window instead"},
		{"Mapping.BatchSize", mapping.BatchSize != nil, "set BatchSize instead"},
		{"Mapping.MaxBatchingWindow", mapping.MaxBatchingWindow != nil, "set BatchingWindow instead"},
		{"Mapping.RetryAttempts", mapping.RetryAttempts != nil, "set MaxRetryAttempts instead"},
		{"Mapping.MaxRecordAge", mapping.MaxRecordAge != nil, "set MaxRecordAge instead"},
		{"Mapping.EventSourceArn", mapping.EventSourceArn != nil, "the construct reads its own stream"},
		{"Mapping.OnFailure", mapping.OnFailure != nil, "what fails goes to Failures"},
		{"Mapping.ReportBatchItemFailures", mapping.ReportBatchItemFailures != nil, "the aggregate function reports what failed"},
	} {
		if setting.set {
			return fmt.Errorf("%s is set: %s", setting.name, setting.reason)
		}
	}
	// https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-windows.html
	if factor := mapping.ParallelizationFactor; factor != nil && *factor > 1 {
		return fmt.Errorf("Mapping.ParallelizationFactor is %v: must be 1, as Lambda has no windows with more: set more Shards", *factor)
	}
	return nil
}
