package batch_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"github.com/noidle/noidle/functions/kit/batch"
)

const (
	standardARN = "arn:aws:sqs:eu-west-1:123456789012:orders"
	fifoARN     = "arn:aws:sqs:eu-west-1:123456789012:orders.fifo"
)

// handling is what a batch did: the records it started and those it reported.
type handling struct{ Started, Failed []string }

// script says what the handler does with a record: "error", "panic" or nothing.
type script map[string]string

func (s script) handle(id string) error {
	switch s[id] {
	case "error":
		return errors.New("no luck")
	case "panic":
		panic("no luck at all")
	}
	return nil
}

func TestSQS(t *testing.T) {
	for _, test := range []struct {
		name string
		arn  string
		ids  []string
		does script
		want handling
	}{
		{name: "no message", arn: standardARN, want: handling{}},
		{name: "all succeed", arn: standardARN, ids: []string{"a", "b"}, want: handling{Started: []string{"a", "b"}}},
		{
			name: "standard queue goes on after a failure", arn: standardARN,
			ids: []string{"a", "b", "c"}, does: script{"a": "error", "c": "panic"},
			want: handling{Started: []string{"a", "b", "c"}, Failed: []string{"a", "c"}},
		},
		{
			name: "standard queue, all fail", arn: standardARN,
			ids: []string{"a", "b"}, does: script{"a": "error", "b": "error"},
			want: handling{Started: []string{"a", "b"}, Failed: []string{"a", "b"}},
		},
		{
			name: "fifo queue returns the failed and all after it", arn: fifoARN,
			ids: []string{"a", "b", "c", "d"}, does: script{"b": "error"},
			want: handling{Started: []string{"a", "b"}, Failed: []string{"b", "c", "d"}},
		},
		{
			name: "fifo queue, panic", arn: fifoARN,
			ids: []string{"a", "b"}, does: script{"a": "panic"},
			want: handling{Started: []string{"a"}, Failed: []string{"a", "b"}},
		},
		{
			name: "fifo queue, last fails", arn: fifoARN,
			ids: []string{"a", "b"}, does: script{"b": "error"},
			want: handling{Started: []string{"a", "b"}, Failed: []string{"b"}},
		},
		{name: "fifo queue, all succeed", arn: fifoARN, ids: []string{"a", "b"}, want: handling{Started: []string{"a", "b"}}},
		{
			name: "a failure without an identifier stays in the report", arn: standardARN,
			ids: []string{""}, does: script{"": "error"},
			want: handling{Started: []string{""}, Failed: []string{""}},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			captureLog(t)
			var e events.SQSEvent
			for _, id := range test.ids {
				e.Records = append(e.Records, events.SQSMessage{MessageId: id, EventSourceARN: test.arn})
			}
			var got handling
			response, err := batch.SQS(t.Context(), e, func(_ context.Context, m events.SQSMessage) error {
				got.Started = append(got.Started, m.MessageId)
				return test.does.handle(m.MessageId)
			})
			for _, f := range response.BatchItemFailures {
				got.Failed = append(got.Failed, f.ItemIdentifier)
			}
			check(t, response.BatchItemFailures, err)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("handling (-want +got):\n%s", diff)
			}
		})
	}
}

var streamTests = []struct {
	name string
	ids  []string
	does script
	want handling
}{
	{name: "no record", want: handling{}},
	{name: "all succeed", ids: []string{"1", "2"}, want: handling{Started: []string{"1", "2"}}},
	{
		name: "stops at the first failure and reports it alone",
		ids:  []string{"1", "2", "3"}, does: script{"2": "error", "3": "error"},
		want: handling{Started: []string{"1", "2"}, Failed: []string{"2"}},
	},
	{
		name: "panic",
		ids:  []string{"1", "2"}, does: script{"1": "panic"},
		want: handling{Started: []string{"1"}, Failed: []string{"1"}},
	},
	{
		name: "last fails",
		ids:  []string{"1", "2"}, does: script{"2": "error"},
		want: handling{Started: []string{"1", "2"}, Failed: []string{"2"}},
	},
}

func TestKinesis(t *testing.T) {
	for _, test := range streamTests {
		t.Run(test.name, func(t *testing.T) {
			captureLog(t)
			var e events.KinesisEvent
			for _, id := range test.ids {
				e.Records = append(e.Records, events.KinesisEventRecord{Kinesis: events.KinesisRecord{SequenceNumber: id}})
			}
			var got handling
			response, err := batch.Kinesis(t.Context(), e, func(_ context.Context, r events.KinesisEventRecord) error {
				got.Started = append(got.Started, r.Kinesis.SequenceNumber)
				return test.does.handle(r.Kinesis.SequenceNumber)
			})
			for _, f := range response.BatchItemFailures {
				got.Failed = append(got.Failed, f.ItemIdentifier)
			}
			check(t, response.BatchItemFailures, err)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("handling (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDynamoDB(t *testing.T) {
	for _, test := range streamTests {
		t.Run(test.name, func(t *testing.T) {
			captureLog(t)
			var e events.DynamoDBEvent
			for _, id := range test.ids {
				e.Records = append(e.Records, events.DynamoDBEventRecord{Change: events.DynamoDBStreamRecord{SequenceNumber: id}})
			}
			var got handling
			response, err := batch.DynamoDB(t.Context(), e, func(_ context.Context, r events.DynamoDBEventRecord) error {
				got.Started = append(got.Started, r.Change.SequenceNumber)
				return test.does.handle(r.Change.SequenceNumber)
			})
			for _, f := range response.BatchItemFailures {
				got.Failed = append(got.Failed, f.ItemIdentifier)
			}
			check(t, response.BatchItemFailures, err)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("handling (-want +got):\n%s", diff)
			}
		})
	}
}

// TestDeadline lets each record take 300 ms of a second: at 600 ms the deadline
// is nearer than the margin of 500 ms.
func TestDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := captureLog(t)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		e := events.SQSEvent{Records: []events.SQSMessage{{MessageId: "a"}, {MessageId: "b"}, {MessageId: "c"}, {MessageId: "d"}}}

		response, err := batch.SQS(ctx, e, func(context.Context, events.SQSMessage) error {
			<-time.After(300 * time.Millisecond)
			return nil
		})

		check(t, response.BatchItemFailures, err)
		want := []events.SQSBatchItemFailure{{ItemIdentifier: "c"}, {ItemIdentifier: "d"}}
		if diff := cmp.Diff(want, response.BatchItemFailures); diff != "" {
			t.Errorf("failures (-want +got):\n%s", diff)
		}
		if !strings.Contains(log.String(), `"ids":["c","d"],"error":"too little time left"`) {
			t.Errorf("log lacks the records not started: %s", log)
		}
	})
}

func TestDeadlineExactlyAtTheMargin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		response, err := batch.SQS(ctx, events.SQSEvent{Records: []events.SQSMessage{{MessageId: "a"}}}, succeed)
		check(t, response.BatchItemFailures, err)
		if len(response.BatchItemFailures) != 0 {
			t.Errorf("got %v, want no failure", response.BatchItemFailures)
		}
	})
}

func TestDone(t *testing.T) {
	t.Run("before the first record", func(t *testing.T) {
		log := captureLog(t)
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(errors.New("shutting down"))
		response, err := batch.SQS(ctx, events.SQSEvent{Records: []events.SQSMessage{{MessageId: "a"}, {MessageId: "b"}}}, succeed)
		check(t, response.BatchItemFailures, err)
		if len(response.BatchItemFailures) != 2 {
			t.Errorf("got %v, want both messages", response.BatchItemFailures)
		}
		if !strings.Contains(log.String(), "shutting down") {
			t.Errorf("log lacks the cause: %s", log)
		}
	})
	t.Run("between two records of a stream", func(t *testing.T) {
		captureLog(t)
		ctx, cancel := context.WithCancel(t.Context())
		e := events.KinesisEvent{Records: []events.KinesisEventRecord{
			{Kinesis: events.KinesisRecord{SequenceNumber: "1"}},
			{Kinesis: events.KinesisRecord{SequenceNumber: "2"}},
			{Kinesis: events.KinesisRecord{SequenceNumber: "3"}},
		}}
		response, err := batch.Kinesis(ctx, e, func(context.Context, events.KinesisEventRecord) error {
			cancel()
			return nil
		})
		check(t, response.BatchItemFailures, err)
		want := []events.KinesisBatchItemFailure{{ItemIdentifier: "2"}}
		if diff := cmp.Diff(want, response.BatchItemFailures); diff != "" {
			t.Errorf("failures (-want +got):\n%s", diff)
		}
	})
}

func TestLog(t *testing.T) {
	log := captureLog(t)
	e := events.SQSEvent{Records: []events.SQSMessage{{MessageId: "a"}, {MessageId: "b"}}}
	_, err := batch.SQS(t.Context(), e, func(_ context.Context, m events.SQSMessage) error {
		return script{"a": "error", "b": "panic"}.handle(m.MessageId)
	})
	if err != nil {
		t.Fatal(err)
	}
	var lines []map[string]any
	for decoder := json.NewDecoder(log); decoder.More(); {
		var line map[string]any
		if err := decoder.Decode(&line); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line)
	}
	if len(lines) != 2 {
		t.Fatalf("got %d lines, want 2", len(lines))
	}
	if got := lines[0]; got["id"] != "a" || got["error"] != "no luck" || got["stack"] != nil {
		t.Errorf("line of the error: %v", got)
	}
	if got := lines[1]; got["id"] != "b" || got["error"] != "panic: no luck at all" || !strings.Contains(got["stack"].(string), "script.handle") {
		t.Errorf("line of the panic: %v", got)
	}
}

// TestFixture handles an event as Lambda sends it.
func TestFixture(t *testing.T) {
	captureLog(t)
	text, err := os.ReadFile("testdata/sqs-event.json")
	if err != nil {
		t.Fatal(err)
	}
	var e events.SQSEvent
	if err := json.Unmarshal(text, &e); err != nil {
		t.Fatal(err)
	}
	response, err := batch.SQS(t.Context(), e, func(_ context.Context, m events.SQSMessage) error {
		return script{"fail": "error"}.handle(m.Body)
	})
	check(t, response.BatchItemFailures, err)
	got, err := json.Marshal(response)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"batchItemFailures":[{"itemIdentifier":"2e1424d4-f796-459a-8184-9c92662be6da"}]}`
	if string(got) != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func succeed(context.Context, events.SQSMessage) error { return nil }

// check asserts what holds for every response: no error and a list, never null.
func check[F any](t *testing.T, failures []F, err error) {
	t.Helper()
	if err != nil {
		t.Errorf("unexpected error: %v", err)
	}
	if failures == nil {
		t.Error("the list of failures is nil")
	}
}

// captureLog collects what the test logs, as JSON lines.
func captureLog(t *testing.T) *bytes.Buffer {
	t.Helper()
	var log bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewJSONHandler(&log, nil)))
	t.Cleanup(func() { slog.SetDefault(before) })
	return &log
}
