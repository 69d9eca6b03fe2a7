package eventsource_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/noidle/noidle/local/api"
	"github.com/noidle/noidle/local/eventsource"
)

const (
	streamARN   = "arn:aws:kinesis:us-east-1:000000000000:stream/clicks"
	functionARN = "arn:aws:lambda:us-east-1:000000000000:function:work"
	queueARN    = "arn:aws:sqs:us-east-1:000000000000:discarded"
)

type fakeRecord struct {
	ApproximateArrivalTimestamp api.Timestamp
	Data                        []byte
	PartitionKey                string
	SequenceNumber              string
}

// river is a stream with shards, a mapping from it, and a function that the test
// plays.
type river struct {
	*testing.T
	clock       *clockwork.FakeClock
	mappings    *eventsource.Service
	invocations chan *streamInvocation
	// function answers invocations in place of the channel.
	function func(i *streamInvocation) response
	// duplicate says whether a batch is delivered twice.
	duplicate func() bool
	// lanes are how many goroutines process batches.
	lanes int

	mutex    sync.Mutex
	shards   [][]fakeRecord
	put      chan struct{}
	awaiting int    // calls of await
	watching []bool // the shards that call it, or are about to
	limit    int    // of GetRecords
	fault    error  // of GetRecords
	lost     error  // of deliveries
	broken   string // an operation that fails
	calls    []string
	told     []string // what the destination got
	log      []string
}

type streamInvocation struct {
	Records []struct {
		Kinesis struct {
			PartitionKey, SequenceNumber string
			Data                         []byte
		}
		EventID string
	}
	Window                                          struct{ Start, End string }
	State                                           json.RawMessage
	ShardID                                         string
	IsFinalInvokeForWindow, IsWindowTerminatedEarly bool

	payload  string
	response chan response
}

func (i *streamInvocation) answer(payload string) { i.response <- response{payload: payload} }

func (i *streamInvocation) fail(err error) { i.response <- response{err: err} }

// data returns what is in the records, such as "a b".
func (i *streamInvocation) data() string {
	texts := []string{}
	for _, r := range i.Records {
		texts = append(texts, string(r.Kinesis.Data))
	}
	return strings.Join(texts, " ")
}

// report returns a response that says that the records with some data failed.
func (i *streamInvocation) report(data ...string) string {
	failures := []string{}
	for _, d := range data {
		for _, r := range i.Records {
			if string(r.Kinesis.Data) == d {
				failures = append(failures, `{"itemIdentifier":"`+r.Kinesis.SequenceNumber+`"}`)
			}
		}
	}
	return `"batchItemFailures":[` + strings.Join(failures, ",") + `]`
}

func newRiver(t *testing.T, shards int) *river {
	t.Helper()
	c := &river{
		T: t, clock: clockwork.NewFakeClockAt(start), invocations: make(chan *streamInvocation),
		shards: make([][]fakeRecord, shards), watching: make([]bool, shards), put: make(chan struct{}), limit: 10_000,
		duplicate: func() bool { return false },
	}
	c.mappings = eventsource.New(eventsource.Options{
		Clock: c.clock,
		Call: func(_ *api.Call, service, operation string, input []byte) ([]byte, error) {
			if service != "kinesis" {
				t.Errorf("call of %s", service)
			}
			return c.kinesis(operation, input)
		},
		Invoke: func(call *api.Call, function string, payload []byte) ([]byte, error) {
			if function != functionARN || call.Principal != nil {
				t.Errorf("invocation of %s by %v", function, call.Principal)
			}
			i := &streamInvocation{payload: string(payload), response: make(chan response)}
			if err := json.Unmarshal(payload, i); err != nil {
				t.Errorf("%v in %s", err, payload)
			}
			r := c.answer(i)
			return []byte(r.payload), r.err
		},
		Duplicate: func(string) bool { return c.duplicate() },
		Log: func(_, line string) {
			c.mutex.Lock()
			defer c.mutex.Unlock()
			c.log = append(c.log, line)
		},
		Await: c.await,
		Deliver: func(_ context.Context, d api.Delivery) error {
			if d.Source != functionARN || d.Target != queueARN {
				t.Errorf("delivery from %s to %s", d.Source, d.Target)
			}
			c.mutex.Lock()
			defer c.mutex.Unlock()
			c.told = append(c.told, string(d.Payload))
			return c.lost
		},
	})
	t.Cleanup(c.mappings.Close)
	return c
}

// answer returns what the function, or the test in its place, answers. It is an
// error when the test is over.
func (c *river) answer(i *streamInvocation) (r response) {
	if c.function != nil {
		return c.function(i)
	}
	select {
	case c.invocations <- i:
	case <-c.Context().Done():
		return response{err: c.Context().Err()}
	}
	select {
	case r = <-i.response:
		return r
	case <-c.Context().Done():
		return response{err: c.Context().Err()}
	}
}

func (c *river) await(ctx context.Context, _ string) {
	c.mutex.Lock()
	put := c.put
	c.awaiting++
	c.mutex.Unlock()
	select {
	case <-put:
	case <-ctx.Done():
	}
}

func sequence(shard, index int) string { return fmt.Sprintf("49%02d%06d", shard, index) }

// kinesis is the operations of a stream that has no limits. Iterators are a
// shard, an index and the time when they were made.
func (c *river) kinesis(operation string, input []byte) ([]byte, error) {
	var in struct {
		StreamARN, ShardID, ShardIteratorType, StartingSequenceNumber, ShardIterator, NextToken string
		Timestamp                                                                               api.Timestamp
	}
	if err := json.Unmarshal(input, &in); err != nil || in.StreamARN != streamARN {
		c.Errorf("%s %s: %v", operation, input, err)
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.calls = append(c.calls, operation+" "+in.ShardIteratorType)
	if operation == c.broken {
		return nil, errors.New("down")
	}
	var shard, index int
	var made int64
	now := c.clock.Now()
	switch operation {
	case "ListShards":
		// One shard a page.
		shard, _ = strconv.Atoi(in.NextToken)
		page := map[string]any{"Shards": []map[string]string{{"ShardId": fmt.Sprintf("shardId-%012d", shard)}}}
		if shard++; shard < len(c.shards) {
			page["NextToken"] = fmt.Sprint(shard)
		}
		return json.Marshal(page)
	case "DescribeStreamSummary":
		return []byte(`{"StreamDescriptionSummary":{"RetentionPeriodHours":48}}`), nil
	case "GetShardIterator":
		if _, err := fmt.Sscanf(in.ShardID, "shardId-%d", &shard); err != nil {
			return nil, err
		}
		for index < len(c.shards[shard]) {
			r := c.shards[shard][index]
			if in.ShardIteratorType == "TRIM_HORIZON" ||
				in.ShardIteratorType == "AT_TIMESTAMP" && !r.ApproximateArrivalTimestamp.Before(in.Timestamp.Time) ||
				in.ShardIteratorType == "AFTER_SEQUENCE_NUMBER" && r.SequenceNumber > in.StartingSequenceNumber {
				break
			}
			index++
		}
		return fmt.Appendf(nil, `{"ShardIterator":"%d/%d/%d"}`, shard, index, now.Unix()), nil
	}
	if _, err := fmt.Sscanf(in.ShardIterator, "%d/%d/%d", &shard, &index, &made); err != nil {
		return nil, err
	}
	c.watching[shard] = true
	if c.fault != nil {
		return nil, c.fault
	}
	if now.Unix()-made > 300 {
		return nil, &api.Error{Code: "ExpiredIteratorException", Message: "Iterator expired."}
	}
	records := c.shards[shard][index:]
	records = records[:min(len(records), c.limit)]
	index += len(records)
	return json.Marshal(map[string]any{
		"Records": records, "MillisBehindLatest": min(1, len(c.shards[shard])-index),
		"NextShardIterator": fmt.Sprintf("%d/%d/%d", shard, index, now.Unix()),
	})
}

// send puts records to a shard, whose partition keys are their data up to a dash.
// It waits for those that are about to wait for records.
func (c *river) send(shard int, data ...string) {
	c.Helper()
	c.mutex.Lock()
	defer c.mutex.Unlock()
	watching := func() (n int) {
		for _, w := range c.watching {
			if w {
				n++
			}
		}
		return n
	}
	for deadline := time.Now().Add(20 * time.Second); c.awaiting < watching(); {
		if time.Now().After(deadline) {
			c.Fatal("nobody waits for records")
		}
		c.mutex.Unlock()
		runtime.Gosched()
		c.mutex.Lock()
	}
	c.add(shard, data...)
}

// add puts records, whether anybody waits for them or not.
func (c *river) add(shard int, data ...string) {
	c.awaiting, c.watching = 0, make([]bool, len(c.shards))
	for _, d := range data {
		key, _, _ := strings.Cut(d, "-")
		c.shards[shard] = append(c.shards[shard], fakeRecord{
			api.Timestamp{Time: c.clock.Now()}, []byte(d), key, sequence(shard, len(c.shards[shard])),
		})
	}
	close(c.put)
	c.put = make(chan struct{})
}

// start makes the mapping, and waits until it has read what there is.
func (c *river) start(mapping eventsource.StreamMapping) {
	c.Helper()
	mapping.Stream, mapping.Function, mapping.Enabled = streamARN, functionARN, true
	mapping.RoleARN = "arn:aws:iam::000000000000:role/work"
	mapping.StartingPosition = cmp.Or(mapping.StartingPosition, eventsource.TrimHorizon)
	if err := c.mappings.CreateStream(mapping); err != nil {
		c.Fatal(err)
	}
	c.mutex.Lock()
	for shard := range c.watching {
		c.watching[shard] = true
	}
	c.mutex.Unlock()
	c.lanes = len(c.shards) * max(1, mapping.ParallelizationFactor)
}

// idle waits until all lanes wait for the clock.
func (c *river) idle() {
	c.Helper()
	ctx, cancel := context.WithTimeout(c.Context(), time.Minute)
	defer cancel()
	if err := c.clock.BlockUntilContext(ctx, c.lanes); err != nil {
		c.Fatal(err)
	}
}

// pass lets time pass when all lanes wait for it.
func (c *river) pass(d time.Duration) {
	c.Helper()
	c.idle()
	c.clock.Advance(d)
}

// next returns the next invocation, whose records are to have some data.
func (c *river) next(data string) *streamInvocation {
	c.Helper()
	select {
	case i := <-c.invocations:
		if got := i.data(); got != data {
			c.Fatalf("records %q, want %q", got, data)
		}
		return i
	case <-time.After(time.Minute):
		c.Fatalf("no invocation with %q: %q", data, c.log)
		return nil
	}
}

// again returns the next invocation after the longest wait between two.
func (c *river) again(data string) *streamInvocation {
	c.Helper()
	c.pass(10 * time.Second)
	return c.next(data)
}

// settled returns what the destination was told when nothing is left to do.
func (c *river) settled() []string {
	c.Helper()
	c.idle()
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.told
}

// discarded returns the conditions and records of what the destination was told.
func (c *river) discarded() []string {
	c.Helper()
	list := []string{}
	for _, text := range c.settled() {
		var told struct {
			RequestContext   struct{ Condition string }
			KinesisBatchInfo struct {
				StartSequenceNumber, EndSequenceNumber string
				BatchSize                              int
			}
		}
		if err := json.Unmarshal([]byte(text), &told); err != nil {
			c.Fatal(err)
		}
		info := told.KinesisBatchInfo
		list = append(list, fmt.Sprint(told.RequestContext.Condition, " ", info.StartSequenceNumber, " ", info.EndSequenceNumber, " ", info.BatchSize))
	}
	return list
}
