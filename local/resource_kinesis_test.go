package local_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/google/go-cmp/cmp"
	"github.com/jonboulle/clockwork"

	"github.com/noidle/noidle/local"
)

// mayRead is what reading a stream takes
// (https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-create.html).
const mayRead = `{"Effect": "Allow", "Action": ["kinesis:DescribeStream", "kinesis:DescribeStreamSummary", "kinesis:GetRecords",
	"kinesis:GetShardIterator", "kinesis:ListShards", "kinesis:ListStreams", "kinesis:SubscribeToShard"], "Resource": "*"}`

func stream(properties string) string {
	return `"Stream": {"Type": "AWS::Kinesis::Stream", "Properties": {"Name": "posts"` + properties + `}}`
}

func streamMapping(properties string) string {
	return `"Mapping": {"Type": "AWS::Lambda::EventSourceMapping", "Properties": {"FunctionName": {"Ref": "Relay"},
		"EventSourceArn": {"Fn::GetAtt": ["Stream", "Arn"]}, "StartingPosition": "TRIM_HORIZON"` + properties + `}}`
}

// TestPoisonInStream: of five records the third fails for good. It alone is told to
// the on-failure destination, the others are processed
// (https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html).
func TestPoisonInStream(t *testing.T) {
	clock := clockwork.NewFakeClock()
	c := cloud(t, local.Options{Clock: clock}, stream(`, "ShardCount": 1`), queue("Out"), queue("Failed"),
		function(toOut, maySend, mayRead),
		streamMapping(`, "BatchSize": 5, "BisectBatchOnFunctionError": true, "MaximumRetryAttempts": 2,
			"DestinationConfig": {"OnFailure": {"Destination": {"Fn::GetAtt": ["Failed", "Arn"]}}}`))
	streams := kinesis.New(kinesis.Options{Region: "us-east-1", BaseEndpoint: new(c.URL()), Credentials: anybody})
	var entries []types.PutRecordsRequestEntry
	for i := range 5 {
		key := fmt.Sprintf("user %d", i+1)
		if i == 2 {
			key = "please fail"
		}
		entries = append(entries, types.PutRecordsRequestEntry{Data: []byte("post"), PartitionKey: &key})
	}
	if out, err := streams.PutRecords(t.Context(), &kinesis.PutRecordsInput{StreamName: new("posts"), Records: entries}); err != nil || *out.FailedRecordCount != 0 {
		t.Fatalf("put: %+v, %v", out, err)
	}

	var failed string
	seen := map[string]bool{}
	for failed == "" || len(seen) < 4 {
		if c.Running() == 0 {
			clock.Advance(100 * time.Millisecond)
		}
		for _, body := range drain(t, c, "out") {
			for _, key := range partitionKeys(t, body) {
				seen[key] = true
			}
		}
		for _, body := range drain(t, c, "failed") {
			failed = body
		}
	}
	if diff := cmp.Diff(map[string]bool{"user 1": true, "user 2": true, "user 4": true, "user 5": true}, seen); diff != "" {
		t.Errorf("processed (-want +got):\n%s", diff)
	}
	var told struct {
		RequestContext   struct{ Condition string }
		KinesisBatchInfo struct{ BatchSize int }
	}
	if err := json.Unmarshal([]byte(failed), &told); err != nil {
		t.Fatal(err)
	}
	if told.KinesisBatchInfo.BatchSize != 1 || told.RequestContext.Condition != "RetryAttemptsExhausted" {
		t.Errorf("the destination is told %s", failed)
	}
	if age := total(c, "IteratorAge"); age <= 0 {
		t.Errorf("the batches' ages are %v together, want more than none: the failing one is tried again", age)
	}
}

// drain receives what is in a queue now.
func drain(t *testing.T, c *local.Cloud, name string) []string {
	t.Helper()
	out, err := queues(c).ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: new(c.URL() + "/000000000000/" + name), MaxNumberOfMessages: 10})
	if err != nil {
		t.Fatal(err)
	}
	var bodies []string
	for _, m := range out.Messages {
		bodies = append(bodies, *m.Body)
	}
	return bodies
}

func partitionKeys(t *testing.T, event string) []string {
	t.Helper()
	var parsed struct {
		Records []struct{ Kinesis struct{ PartitionKey string } }
	}
	if err := json.Unmarshal([]byte(event), &parsed); err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, r := range parsed.Records {
		keys = append(keys, r.Kinesis.PartitionKey)
	}
	return keys
}

// TestStreamRefusals: what a stream or its mapping cannot be is told before
// anything starts, or when it is created.
func TestStreamRefusals(t *testing.T) {
	tests := []struct {
		name      string
		resources []string
		want      string
	}{
		{"mode", []string{stream(`, "StreamModeDetails": {"StreamMode": "SERVERLESS"}`)}, `property StreamModeDetails.StreamMode: "SERVERLESS": want ON_DEMAND or PROVISIONED`},
		{"retention", []string{stream(`, "RetentionPeriodHours": 12`)}, "Retention period must be between 24 and 8760 hours"},
		{"no permission", []string{stream(""), queue("Out"), function(toOut, maySend), streamMapping("")}, "kinesis:"},
		{"filter by key", []string{stream(""), queue("Out"), function(toOut, maySend, mayRead),
			streamMapping(`, "FilterCriteria": {"Filters": [{"Pattern": "{\"partitionKey\": [\"a\"]}"}]}`)}, "want an object data alone"},
		{"filter by text", []string{stream(""), queue("Out"), function(toOut, maySend, mayRead),
			streamMapping(`, "FilterCriteria": {"Filters": [{"Pattern": "{\"data\": [\"a\"]}"}]}`)}, "want an object data alone"},
		{"windows in parallel", []string{stream(""), queue("Out"), function(toOut, maySend, mayRead),
			streamMapping(`, "TumblingWindowInSeconds": 60, "ParallelizationFactor": 2`)}, "arallelization"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, err := local.Start(write(t, strings.Join(tt.resources, ","), ""), local.Options{})
			if err == nil {
				c.Close()
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error is %v, want %q in it", err, tt.want)
			}
		})
	}
}
