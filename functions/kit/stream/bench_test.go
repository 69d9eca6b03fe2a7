package stream_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/noidle/noidle/functions/kit/stream"
)

// BenchmarkDecode compares with what the default handler of aws-lambda-go does.
// Both read a fresh copy of the payload, as every invocation does.
func BenchmarkDecode(b *testing.B) {
	for _, size := range []int{200, 1 << 10} {
		original := payload(b, 100, size)
		work := make([]byte, len(original))
		run := func(name string, decode func([]byte) int) {
			b.Run(fmt.Sprintf("%s/%d", name, size), func(b *testing.B) {
				b.ReportAllocs()
				b.SetBytes(int64(len(original)))
				records := 0
				for b.Loop() {
					copy(work, original)
					records += decode(work)
				}
				b.ReportMetric(float64(records)/b.Elapsed().Seconds(), "records/s")
			})
		}
		var reused stream.Event
		run("stream", func(payload []byte) int {
			if err := stream.Decode(payload, &reused); err != nil {
				b.Fatal(err)
			}
			return len(reused.Records)
		})
		run("json", func(payload []byte) int {
			var event events.KinesisTimeWindowEvent
			if err := json.Unmarshal(payload, &event); err != nil {
				b.Fatal(err)
			}
			return len(event.Records)
		})
	}
}

// BenchmarkState decodes an event with a large state and one record.
func BenchmarkState(b *testing.B) {
	state := map[string]int{}
	for i := range 50000 {
		state[fmt.Sprintf("hashtag%d", i)] = i
	}
	text, err := json.Marshal(map[string]any{"Records": []any{}, "window": map[string]any{}, "state": state})
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(text)))
	var event stream.Event
	for b.Loop() {
		if err := stream.Decode(text, &event); err != nil {
			b.Fatal(err)
		}
	}
}

// payload returns an event as Lambda sends it.
func payload(b *testing.B, records, size int) []byte {
	b.Helper()
	source := rand.NewChaCha8([32]byte{})
	event := events.KinesisTimeWindowEvent{}
	for i := range records {
		data := make([]byte, size)
		_, _ = source.Read(data) // it returns no error
		number := fmt.Sprintf("%056d", i)
		event.Records = append(event.Records, events.KinesisEventRecord{
			AwsRegion:         "eu-central-1",
			EventID:           "shardId-000000000006:" + number,
			EventName:         "aws:kinesis:record",
			EventSource:       "aws:kinesis",
			EventSourceArn:    "arn:aws:kinesis:eu-central-1:123456789012:stream/Analytics-Posts",
			EventVersion:      "1.0",
			InvokeIdentityArn: "arn:aws:iam::123456789012:role/Analytics-AggregateServiceRole",
			Kinesis: events.KinesisRecord{
				ApproximateArrivalTimestamp: events.SecondsEpochTime{Time: time.UnixMilli(1607497475000 + int64(i))},
				Data:                        data,
				PartitionKey:                fmt.Sprintf("post-%d", i),
				SequenceNumber:              number,
				KinesisSchemaVersion:        "1.0",
			},
		})
	}
	text, err := json.Marshal(event)
	if err != nil {
		b.Fatal(err)
	}
	return text
}
