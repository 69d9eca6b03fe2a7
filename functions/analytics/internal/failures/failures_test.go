package failures

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/google/go-cmp/cmp"
)

var arrival = time.Date(2026, 11, 22, 10, 0, 0, 250e6, time.UTC)

type client struct {
	batches [][]string
	fail    func() (*sqs.SendMessageBatchOutput, error)
}

func (c *client) SendMessageBatch(_ context.Context, in *sqs.SendMessageBatchInput, _ ...func(*sqs.Options)) (*sqs.SendMessageBatchOutput, error) {
	if c.fail != nil {
		return c.fail()
	}
	var bodies []string
	ids := map[string]bool{}
	for _, entry := range in.Entries {
		bodies = append(bodies, *entry.MessageBody)
		ids[*entry.Id] = true
	}
	if len(ids) != len(in.Entries) || *in.QueueUrl != "https://queue" {
		return nil, errors.New("IDs of a batch must differ")
	}
	c.batches = append(c.batches, bodies)
	return &sqs.SendMessageBatchOutput{}, nil
}

func queue(c *client) Queue {
	return Queue{Client: c, URL: "https://queue", Now: func() time.Time { return arrival.Add(time.Second) }}
}

func record(data string) Record {
	return Record{Stream: "arn:stream", Shard: "shardId-000000000001", SequenceNumber: "42", Arrival: arrival, Data: []byte(data), Reason: "post: is no post"}
}

// The message has the members of Lambda's own
// (https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html).
func TestMessage(t *testing.T) {
	c := &client{}
	if err := queue(c).Park(t.Context(), []Record{record("data")}); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"requestContext": map[string]any{"condition": "RecordInvalid"},
		"version":        "1.0",
		"timestamp":      "2026-11-22T10:00:01.25Z",
		"KinesisBatchInfo": map[string]any{
			"shardId": "shardId-000000000001", "startSequenceNumber": "42", "endSequenceNumber": "42",
			"approximateArrivalOfFirstRecord": "2026-11-22T10:00:00.25Z", "approximateArrivalOfLastRecord": "2026-11-22T10:00:00.25Z",
			"batchSize": 1.0, "streamArn": "arn:stream",
		},
		"reason": "post: is no post",
		"data":   "ZGF0YQ==",
	}
	var got map[string]any
	if err := json.Unmarshal([]byte(c.batches[0][0]), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("message (-want +got):\n%s", diff)
	}
}

func TestBatches(t *testing.T) {
	small, large, huge := record("x"), record(strings.Repeat("x", 100<<10)), record(strings.Repeat("x", maximumData+1))
	tests := []struct {
		name    string
		records []Record
		want    []int
	}{
		{"none", nil, nil},
		{"ten", []Record{small, small, small, small, small, small, small, small, small, small}, []int{10}},
		{"eleven", []Record{small, small, small, small, small, small, small, small, small, small, small}, []int{10, 1}},
		{"large ones", []Record{large, small, large, small}, []int{2, 2}},
		{"data that is too large is left out", []Record{huge, huge, huge}, []int{3}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := &client{}
			if err := queue(c).Park(t.Context(), tt.records); err != nil {
				t.Fatal(err)
			}
			var got []int
			for _, batch := range c.batches {
				size := 0
				for _, body := range batch {
					size += len(body)
				}
				if size > 256<<10 {
					t.Errorf("a batch has %d bytes", size)
				}
				got = append(got, len(batch))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("batches (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParkFails(t *testing.T) {
	tests := []struct {
		name, want string
		fail       func() (*sqs.SendMessageBatchOutput, error)
	}{
		{"all", "parking 1 records: down", func() (*sqs.SendMessageBatchOutput, error) { return nil, errors.New("down") }},
		{"some", "parking 1 of 1 records: InternalError", func() (*sqs.SendMessageBatchOutput, error) {
			return &sqs.SendMessageBatchOutput{Failed: []types.BatchResultErrorEntry{{Code: new("InternalError")}}}, nil
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := queue(&client{fail: tt.fail}).Park(t.Context(), []Record{record("x")}); err == nil || err.Error() != tt.want {
				t.Errorf("error is %v, want %s", err, tt.want)
			}
		})
	}
}
