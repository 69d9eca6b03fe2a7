package eventsource_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/noidle/noidle/local/eventsource"
)

// window says what an invocation is told of its window.
func (i *streamInvocation) window() string {
	text := i.Window.Start[11:19] + " to " + i.Window.End[11:19] + " " + string(i.State)
	if i.IsFinalInvokeForWindow {
		text += " final"
	}
	if i.IsWindowTerminatedEarly {
		text += " early"
	}
	return text
}

// The test starts at 3:04:05, so windows of 10 seconds end at 3:04:10.
// https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-windows.html
func TestWindows(t *testing.T) {
	c := newRiver(t, 1)
	c.send(0, "a")
	c.start(eventsource.StreamMapping{TumblingWindow: 10 * time.Second})
	i := c.next("a")
	_, members, _ := strings.Cut(i.payload, `}],`)
	want(t, members, `"window":{"start":"2026-01-02T03:04:00Z","end":"2026-01-02T03:04:10Z"},"state":{},"shardId":"shardId-000000000000",`+
		`"eventSourceARN":"`+streamARN+`","isFinalInvokeForWindow":false,"isWindowTerminatedEarly":false}`)
	i.answer(`{"state":{"n":1}}`)
	c.idle()
	c.send(0, "b")
	i = c.next("b")
	want(t, i.window(), `03:04:00 to 03:04:10 {"n":1}`)
	// A batch is of one window.
	c.clock.Advance(5*time.Second - 1)
	c.send(0, "c")
	c.clock.Advance(1)
	c.send(0, "d", "e")
	i.answer(`{"state":{"n":2}}`)
	i = c.next("c")
	want(t, i.window(), `03:04:00 to 03:04:10 {"n":2}`)
	i.answer(`{"state":{"n":3},"batchItemFailures":[{"itemIdentifier":"nobody asked"}]}`)
	i = c.next("")
	want(t, strings.HasPrefix(i.payload, `{"Records":[],"window":{`), true)
	want(t, i.window(), `03:04:00 to 03:04:10 {"n":3} final`)
	// The state is dropped, so that this response needs none.
	i.answer("null")
	i = c.next("d e")
	want(t, i.window(), `03:04:10 to 03:04:20 {}`)
	i.answer(`{"state":{"n":2}}`)
	// A window that nothing comes after ends with its time, and one without
	// records is none.
	c.pass(10*time.Second - 1)
	c.pass(1)
	i = c.next("")
	want(t, i.window(), `03:04:10 to 03:04:20 {"n":2} final`)
	i.answer("")
	c.pass(time.Minute)
	c.idle()
	c.send(0, "f")
	i = c.next("f")
	want(t, i.window(), `03:05:20 to 03:05:30 {}`)
	i.answer(`{"state":{}}`)
	c.idle()
}

// https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-windows.html
func TestWindowRetries(t *testing.T) {
	c := newRiver(t, 1)
	c.send(0, "a")
	c.start(eventsource.StreamMapping{TumblingWindow: 15 * time.Minute, ReportBatchItemFailures: true, BisectBatchOnFunctionError: true, MaximumRetryAttempts: new(1), OnFailure: queueARN})
	c.next("a").answer(`{"state":{"n":1}}`)
	c.idle()
	c.send(0, "b", "c", "d", "e")
	// Without a state, and when it fails, an invocation changes nothing.
	c.next("b c d e").answer(`{"batchItemFailures":[]}`)
	i := c.again("b c")
	want(t, i.State, json.RawMessage(`{"n":1}`))
	i.answer(`{"state":{"n":3}}`)
	i = c.next("d e")
	want(t, i.State, json.RawMessage(`{"n":3}`))
	// Nothing is processed before the first record, so that its state is not that
	// of a checkpoint.
	i.answer(`{"state":{"n":99},` + i.report("d") + `}`)
	i = c.again("d")
	want(t, i.State, json.RawMessage(`{"n":3}`))
	i.fail(errFunction)
	c.again("d").fail(errFunction)
	i = c.next("e")
	want(t, i.State, json.RawMessage(`{"n":3}`))
	i.answer(`{"state":{"n":4}}`)
	want(t, c.discarded(), []string{"RetryAttemptsExhausted " + sequence(0, 3) + " " + sequence(0, 3) + " 1"})
	c.send(0, "f", "g")
	i = c.next("f g")
	want(t, i.State, json.RawMessage(`{"n":4}`))
	// The state of a partial failure is that at the checkpoint.
	i.answer(`{"state":{"n":5},` + i.report("g") + `}`)
	i = c.again("g")
	want(t, i.State, json.RawMessage(`{"n":5}`))
	i.answer(`{"state":{"n":6}}`)
	c.pass(15 * time.Minute)
	i = c.next("")
	want(t, i.State, json.RawMessage(`{"n":6}`))
	i.answer("")
	c.idle()
}

// The shard waits for the final processing, which has the retries of a batch
// (https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-windows.html).
func TestFinalRetries(t *testing.T) {
	tests := []struct {
		name    string
		mapping eventsource.StreamMapping
		fails   int
		err     error
		told    []string
	}{
		{"without end", eventsource.StreamMapping{}, 20, errFunction, []string{}},
		{"retry", eventsource.StreamMapping{MaximumRetryAttempts: new(1)}, 1, errFunction, []string{}},
		{"throttle", eventsource.StreamMapping{MaximumRetryAttempts: new(1)}, 5, errThrottle, []string{}},
		{"no retry left", eventsource.StreamMapping{MaximumRetryAttempts: new(1)}, 2, errFunction,
			[]string{"RetryAttemptsExhausted " + sequence(0, 0) + " " + sequence(0, 1) + " 2"}},
		{"too old", eventsource.StreamMapping{MaximumRecordAgeInSeconds: new(60)}, 7, errThrottle,
			[]string{"RecordAgeExceeded " + sequence(0, 0) + " " + sequence(0, 1) + " 2"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := newRiver(t, 1)
			c.send(0, "a", "b")
			test.mapping.TumblingWindow, test.mapping.OnFailure = 5*time.Second, queueARN
			c.start(test.mapping)
			c.next("a b").answer(`{"state":{"n":2}}`)
			c.pass(5 * time.Second)
			for n := range test.fails {
				if n > 0 {
					c.pass(10 * time.Second)
				}
				i := c.next("")
				want(t, i.window(), `03:04:05 to 03:04:10 {"n":2} final`)
				i.fail(test.err)
			}
			if len(test.told) == 0 {
				c.again("").answer("")
			}
			want(t, c.discarded(), test.told)
			c.send(0, "c")
			i := c.next("c")
			want(t, string(i.State), "{}")
			i.answer(`{"state":{}}`)
			c.idle()
		})
	}
}

// A state over 1 MB terminates the window early
// (https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-windows.html).
func TestWindowsTerminatedEarly(t *testing.T) {
	c := newRiver(t, 1)
	c.send(0, "a")
	c.start(eventsource.StreamMapping{TumblingWindow: 10 * time.Second})
	largest := `"` + strings.Repeat("x", 1<<20-2) + `"`
	c.next("a").answer(`{"state":` + largest + `}`)
	c.idle()
	c.send(0, "b")
	i := c.next("b")
	want(t, len(i.State), 1<<20)
	i.answer(`{"state":"x` + largest[1:] + `}`)
	i = c.next("")
	want(t, len(i.State), 1<<20+1)
	i.State = nil
	want(t, i.window(), "03:04:00 to 03:04:10  early")
	i.answer("")
	c.idle()
	c.send(0, "c")
	i = c.next("c")
	want(t, i.window(), "03:04:00 to 03:04:10 {}")
	i.answer(`{"state":{"n":1}}`)
	c.pass(5 * time.Second)
	i = c.next("")
	want(t, i.window(), `03:04:00 to 03:04:10 {"n":1} final`)
	i.answer("")
	c.idle()
}
