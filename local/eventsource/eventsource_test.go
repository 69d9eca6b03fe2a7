package eventsource_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	gocmp "github.com/google/go-cmp/cmp"
	"github.com/jonboulle/clockwork"

	"github.com/noidle/noidle/local/api"
	"github.com/noidle/noidle/local/eventsource"
	"github.com/noidle/noidle/local/pattern"
	"github.com/noidle/noidle/local/sqs"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// cloud is a queue, a mapping from it, and a function that the test plays.
type cloud struct {
	*testing.T
	clock       *clockwork.FakeClock
	sqs         *sqs.Service
	queue       string
	mappings    *eventsource.Service
	invocations chan *invocation
	duplicates  chan bool
	receiving   atomic.Int64

	mutex sync.Mutex
	fault error
	log   []string
}

type invocation struct {
	events.SQSEvent
	payload  string
	response chan response
}

type response struct {
	payload string
	err     error
}

func (i *invocation) answer(payload string) { i.response <- response{payload: payload} }

func (i *invocation) fail(err error) { i.response <- response{err: err} }

func (i *invocation) bodies() []string {
	texts := []string{}
	for _, m := range i.Records {
		texts = append(texts, m.Body)
	}
	return texts
}

func newCloud(t *testing.T, queue string, attributes map[string]string) *cloud {
	t.Helper()
	c := &cloud{T: t, clock: clockwork.NewFakeClockAt(start), queue: queue, invocations: make(chan *invocation), duplicates: make(chan bool, 100)}
	c.sqs = sqs.New(c.clock, func(name string) string { return "http://local/" + name })
	if attributes == nil {
		attributes = map[string]string{}
	}
	if strings.HasSuffix(queue, ".fifo") {
		attributes["FifoQueue"] = "true"
	}
	if err := c.sqs.CreateQueue(queue, attributes); err != nil {
		t.Fatal(err)
	}
	operations := c.sqs.Operations()
	c.mappings = eventsource.New(eventsource.Options{
		Clock: c.clock,
		Call: func(call *api.Call, service, operation string, input []byte) ([]byte, error) {
			if service != "sqs" {
				t.Errorf("call of %s", service)
			}
			c.mutex.Lock()
			fault := c.fault
			c.mutex.Unlock()
			if fault != nil && operation == "ReceiveMessage" {
				return nil, fault
			}
			if operation == "ReceiveMessage" {
				c.receiving.Add(1)
				defer c.receiving.Add(-1)
			}
			return operations.Call(call, operation, input)
		},
		Invoke: func(_ *api.Call, function string, payload []byte) ([]byte, error) {
			if function != "work" {
				t.Errorf("invocation of %s", function)
			}
			i := &invocation{payload: string(payload), response: make(chan response)}
			if err := json.Unmarshal(payload, &i.SQSEvent); err != nil {
				return nil, err
			}
			c.invocations <- i
			r := <-i.response
			return []byte(r.payload), r.err
		},
		Duplicate: func(string) bool {
			select {
			case duplicate := <-c.duplicates:
				return duplicate
			default:
				return false
			}
		},
		Log: func(_, line string) {
			c.mutex.Lock()
			defer c.mutex.Unlock()
			c.log = append(c.log, line)
		},
	})
	t.Cleanup(c.sqs.Close)
	t.Cleanup(c.mappings.Close)
	return c
}

// start makes the mapping, with two pollers unless it says otherwise.
func (c *cloud) start(mapping eventsource.Mapping) {
	c.Helper()
	mapping.ID, mapping.Queue, mapping.Function, mapping.Enabled = "id", sqs.ARN(c.queue), "work", true
	mapping.MaximumConcurrency = cmp.Or(mapping.MaximumConcurrency, 2)
	if err := c.mappings.Create(mapping); err != nil {
		c.Fatal(err)
	}
	c.idle(min(5, mapping.MaximumConcurrency))
}

// idle waits until so many goroutines wait for the clock.
func (c *cloud) idle(n int) {
	c.Helper()
	ctx, cancel := context.WithTimeout(c.Context(), time.Minute)
	defer cancel()
	if err := c.clock.BlockUntilContext(ctx, n); err != nil {
		c.Fatal(err)
	}
}

func (c *cloud) call(operation, input string) string {
	c.Helper()
	output, err := c.sqs.Operations().Call(&api.Call{Context: c.Context()}, operation, []byte(input))
	if err != nil {
		c.Fatal(err)
	}
	return string(output)
}

// send sends messages at once, to groups named like them in a FIFO queue up to a dash.
func (c *cloud) send(bodies ...string) {
	c.Helper()
	for chunk := range slices.Chunk(bodies, 10) {
		var entries []map[string]string
		for i, body := range chunk {
			entry := map[string]string{"Id": fmt.Sprint(i), "MessageBody": body}
			if strings.HasSuffix(c.queue, ".fifo") {
				entry["MessageGroupId"], _, _ = strings.Cut(body, "-")
				entry["MessageDeduplicationId"] = fmt.Sprintf("%.50s", body)
			}
			entries = append(entries, entry)
		}
		input, err := json.Marshal(map[string]any{"QueueUrl": c.queue, "Entries": entries})
		if err != nil {
			c.Fatal(err)
		}
		if output := c.call("SendMessageBatch", string(input)); strings.Contains(output, "Failed") {
			c.Fatal(output)
		}
	}
}

// next returns the next invocation.
func (c *cloud) next() *invocation {
	c.Helper()
	select {
	case i := <-c.invocations:
		return i
	case <-time.After(time.Minute):
		c.Fatal("no invocation")
		return nil
	}
}

// taken waits until no message is visible and so many goroutines wait for the
// clock.
func (c *cloud) taken(n int) {
	c.Helper()
	for c.count("jobs", "ApproximateNumberOfMessages") > 0 {
	}
	c.idle(n)
}

// stored returns how many messages are in a queue, visible or not.
func (c *cloud) stored(queue string) int {
	c.Helper()
	return c.count(queue, "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
}

func (c *cloud) count(queue string, names ...string) (sum int) {
	c.Helper()
	var output struct{ Attributes map[string]string }
	text := c.call("GetQueueAttributes", fmt.Sprintf(`{"QueueUrl":%q,"AttributeNames":["All"]}`, queue))
	if err := json.Unmarshal([]byte(text), &output); err != nil {
		c.Fatal(err)
	}
	for _, name := range names {
		n, err := strconv.Atoi(output.Attributes[name])
		if err != nil {
			c.Fatal(err)
		}
		sum += n
	}
	return sum
}

func want[T any](t *testing.T, got, want T) {
	t.Helper()
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html#example-standard-queue-message-event
func TestEvent(t *testing.T) {
	c := newCloud(t, "jobs", nil)
	c.start(eventsource.Mapping{})
	c.call("SendMessage", `{"QueueUrl":"jobs","MessageBody":"<a&b>","MessageAttributes":{
		"text":{"DataType":"String","StringValue":"v"},"data":{"DataType":"Binary","BinaryValue":"AAE="}}}`)
	got := c.next()
	m := got.Records[0]
	want(t, got.payload, `{"Records":[{"messageId":"`+m.MessageId+`","receiptHandle":"`+m.ReceiptHandle+`","body":"<a&b>",`+
		`"attributes":{"ApproximateFirstReceiveTimestamp":"1767323045000","ApproximateReceiveCount":"1","SenderId":"000000000000","SentTimestamp":"1767323045000"},`+
		`"messageAttributes":{"data":{"binaryValue":"AAE=","stringListValues":[],"binaryListValues":[],"dataType":"Binary"},`+
		`"text":{"stringValue":"v","stringListValues":[],"binaryListValues":[],"dataType":"String"}},`+
		`"md5OfMessageAttributes":"`+m.Md5OfMessageAttributes+`","md5OfBody":"`+m.Md5OfBody+`",`+
		`"eventSource":"aws:sqs","eventSourceARN":"arn:aws:sqs:us-east-1:000000000000:jobs","awsRegion":"us-east-1"}]}`)
	got.answer("null")
	c.send("plain")
	plain := c.next()
	if !strings.Contains(plain.payload, `"messageAttributes":{},"md5OfBody"`) {
		t.Error(plain.payload)
	}
	plain.answer("null")
}

// https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-batchfailurereporting
func TestResponses(t *testing.T) {
	all, none := []string{}, []string{"a", "b", "c"}
	tests := []struct {
		name, response string
		ignored        bool // whether the mapping ignores reports
		left           []string
	}{
		{"empty", ``, false, all},
		{"null", `null`, false, all},
		{"empty string", `""`, false, all},
		{"empty object", `{}`, false, all},
		{"empty list", `{"batchItemFailures":[]}`, false, all},
		{"null list", `{"batchItemFailures":null}`, false, all},
		{"other members", `{"ok":true}`, false, all},
		{"one failure", `{"batchItemFailures":[{"itemIdentifier":"b"}]}`, false, []string{"b"}},
		{"failures", `{"batchItemFailures":[{"itemIdentifier":"c"},{"itemIdentifier":"a"}]}`, false, []string{"a", "c"}},
		{"failure twice", `{"batchItemFailures":[{"itemIdentifier":"c"},{"itemIdentifier":"c"}]}`, false, []string{"c"}},
		{"all failures", `{"batchItemFailures":[{"itemIdentifier":"a"},{"itemIdentifier":"b"},{"itemIdentifier":"c"}]}`, false, none},
		{"unknown identifier", `{"batchItemFailures":[{"itemIdentifier":"b"},{"itemIdentifier":"x"}]}`, false, none},
		{"empty identifier", `{"batchItemFailures":[{"itemIdentifier":""}]}`, false, none},
		{"null identifier", `{"batchItemFailures":[{"itemIdentifier":null}]}`, false, none},
		{"bad key", `{"batchItemFailures":[{"ItemIdentifier":"b"}]}`, false, none},
		{"null failure", `{"batchItemFailures":[null]}`, false, none},
		{"failure as string", `{"batchItemFailures":["b"]}`, false, none},
		{"no list", `{"batchItemFailures":"b"}`, false, none},
		{"string", `"ok"`, false, none},
		{"list", `[]`, false, none},
		{"no JSON", `{`, false, none},
		{"report that nobody asked for", `{"batchItemFailures":[{"itemIdentifier":"b"}]}`, true, all},
		{"no JSON that nobody reads", `{`, true, all},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := newCloud(t, "jobs", nil)
			c.start(eventsource.Mapping{ReportBatchItemFailures: !test.ignored})
			c.send("a", "b", "c")
			first := c.next()
			want(t, first.bodies(), []string{"a", "b", "c"})
			answer := test.response
			for _, m := range first.Records {
				answer = strings.ReplaceAll(answer, `:"`+m.Body+`"`, `:"`+m.MessageId+`"`)
			}
			first.answer(answer)
			c.idle(2)
			want(t, c.stored("jobs"), len(test.left))
			if len(test.left) > 0 {
				c.clock.Advance(30 * time.Second)
				again := c.next()
				want(t, again.bodies(), test.left)
				want(t, again.Records[0].Attributes["ApproximateReceiveCount"], "2")
				again.answer("")
			}
		})
	}
}

// https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
func TestFunctionErrors(t *testing.T) {
	c := newCloud(t, "jobs", nil)
	if err := c.sqs.CreateQueue("dlq", nil); err != nil {
		t.Fatal(err)
	}
	c.call("SetQueueAttributes", `{"QueueUrl":"jobs","Attributes":{"RedrivePolicy":"{\"deadLetterTargetArn\":\"`+sqs.ARN("dlq")+`\",\"maxReceiveCount\":3}"}}`)
	c.start(eventsource.Mapping{ReportBatchItemFailures: true})
	c.send("a", "b")
	for receive := range 3 {
		got := c.next()
		want(t, got.bodies(), []string{"a", "b"})
		want(t, got.Records[0].Attributes["ApproximateReceiveCount"], fmt.Sprint(receive+1))
		got.fail(errors.New("function failed"))
		c.idle(2)
		want(t, c.stored("jobs"), 2)
		want(t, c.stored("dlq"), 0)
		c.clock.Advance(30 * time.Second)
	}
	c.idle(2)
	want(t, c.stored("jobs"), 0)
	want(t, c.stored("dlq"), 2)
	want(t, c.log[0], "processing a batch failed: function failed")
}

// https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-backoff-strategy
func TestThrottling(t *testing.T) {
	throttled := &api.Error{Code: "TooManyRequestsException", Message: "Rate Exceeded.", Status: 429}
	t.Run("retries", func(t *testing.T) {
		c := newCloud(t, "jobs", nil)
		c.start(eventsource.Mapping{})
		c.send("a")
		for _, backoff := range []time.Duration{250 * time.Millisecond, 500 * time.Millisecond, time.Second} {
			c.next().fail(throttled)
			c.idle(2)
			c.clock.Advance(backoff)
		}
		again := c.next()
		want(t, again.Records[0].Attributes["ApproximateReceiveCount"], "1")
		again.answer("")
		c.idle(2)
		want(t, c.stored("jobs"), 0)
	})
	t.Run("gives up when the visibility timeout passes", func(t *testing.T) {
		c := newCloud(t, "jobs", map[string]string{"VisibilityTimeout": "1"})
		c.start(eventsource.Mapping{})
		c.send("a")
		c.next().fail(throttled)
		c.idle(2)
		c.clock.Advance(250 * time.Millisecond)
		c.next().fail(throttled)
		c.idle(2)
		c.clock.Advance(500 * time.Millisecond)
		c.next().fail(throttled)
		c.idle(2)
		c.clock.Advance(250 * time.Millisecond)
		again := c.next()
		want(t, again.Records[0].Attributes["ApproximateReceiveCount"], "2")
		again.answer("")
	})
	t.Run("ends with the service", func(t *testing.T) {
		c := newCloud(t, "jobs", nil)
		c.start(eventsource.Mapping{})
		c.send("a")
		c.next().fail(throttled)
		c.idle(2)
		c.mappings.Close()
		want(t, c.stored("jobs"), 1)
	})
}

// https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html#invocation-eventsourcemapping-batching
func TestBatching(t *testing.T) {
	numbers := func(from, to int) (bodies []string) {
		for i := from; i < to; i++ {
			bodies = append(bodies, fmt.Sprint(i))
		}
		return bodies
	}
	t.Run("size", func(t *testing.T) {
		c := newCloud(t, "jobs", nil)
		c.send(numbers(0, 7)...)
		mapping := eventsource.Mapping{ID: "id", Queue: sqs.ARN("jobs"), Function: "work", Enabled: true, BatchSize: 3, MaximumConcurrency: 2}
		if err := c.mappings.Create(mapping); err != nil {
			t.Fatal(err)
		}
		var sizes []int
		for range 3 {
			i := c.next()
			sizes = append(sizes, len(i.Records))
			i.answer("")
		}
		slices.Sort(sizes)
		want(t, sizes, []int{1, 3, 3})
	})
	t.Run("default size", func(t *testing.T) {
		c := newCloud(t, "jobs", nil)
		c.start(eventsource.Mapping{})
		c.send(numbers(0, 10)...)
		i := c.next()
		want(t, len(i.Records), 10)
		i.answer("")
	})
	t.Run("window", func(t *testing.T) {
		c := newCloud(t, "jobs", map[string]string{"VisibilityTimeout": "600"})
		c.start(eventsource.Mapping{BatchSize: 25, BatchingWindow: 30 * time.Second})
		// The other poller would take its share: an invocation keeps it busy.
		c.send("0")
		c.taken(2)
		c.clock.Advance(20 * time.Second)
		c.taken(2)
		c.clock.Advance(10 * time.Second)
		busy := c.next()
		c.send(numbers(1, 11)...)
		c.taken(1)
		c.clock.Advance(20 * time.Second)
		c.taken(1)
		c.clock.Advance(9 * time.Second)
		c.send(numbers(11, 14)...)
		c.taken(1)
		c.clock.Advance(time.Second)
		got := c.next()
		want(t, got.bodies(), numbers(1, 14))
		c.send(numbers(14, 39)...)
		got.answer("")
		got = c.next()
		want(t, got.bodies(), numbers(14, 39))
		got.answer("")
		busy.answer("")
	})
	t.Run("window when the service closes", func(t *testing.T) {
		c := newCloud(t, "jobs", nil)
		c.start(eventsource.Mapping{BatchingWindow: 30 * time.Second})
		c.send("0")
		c.taken(2)
		go c.mappings.Close()
		got := c.next()
		want(t, got.bodies(), []string{"0"})
		got.answer("")
	})
	// https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
	t.Run("payload", func(t *testing.T) {
		c := newCloud(t, "jobs", nil)
		for i := range 7 {
			c.send(fmt.Sprint(i, strings.Repeat("x", 1<<20-1)))
		}
		mapping := eventsource.Mapping{ID: "id", Queue: sqs.ARN("jobs"), Function: "work", Enabled: true, MaximumConcurrency: 2}
		if err := c.mappings.Create(mapping); err != nil {
			t.Fatal(err)
		}
		for _, n := range []int{5, 2} {
			i := c.next()
			want(t, len(i.Records), n)
			if len(i.payload) > 6<<20 {
				t.Errorf("%d bytes", len(i.payload))
			}
			i.answer("")
		}
	})
}

// https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
func TestFIFO(t *testing.T) {
	t.Run("groups at the same time", func(t *testing.T) {
		c := newCloud(t, "jobs.fifo", nil)
		c.start(eventsource.Mapping{BatchSize: 1})
		c.send("a-1", "a-2", "b-1")
		one, other := c.next(), c.next()
		want(t, []string{min(one.Records[0].Body, other.Records[0].Body), max(one.Records[0].Body, other.Records[0].Body)}, []string{"a-1", "b-1"})
		if one.Records[0].Body != "a-1" {
			one, other = other, one
		}
		one.fail(errors.New("failed"))
		other.answer("")
		c.idle(2)
		// The group is blocked until its first message comes again.
		want(t, c.stored("jobs.fifo"), 2)
		c.clock.Advance(30 * time.Second)
		for _, body := range []string{"a-1", "a-2"} {
			got := c.next()
			want(t, got.bodies(), []string{body})
			got.answer("")
		}
	})
	for name, second := range map[string]bool{"jobs.fifo": false, "jobs": true} {
		t.Run("large batch of "+name, func(t *testing.T) {
			c := newCloud(t, name, nil)
			for i := range 7 {
				c.send(fmt.Sprint("a-", i, strings.Repeat("x", 1<<20-5)))
			}
			mapping := eventsource.Mapping{ID: "id", Queue: sqs.ARN(name), Function: "work", Enabled: true, MaximumConcurrency: 2}
			if err := c.mappings.Create(mapping); err != nil {
				t.Fatal(err)
			}
			c.next().fail(errors.New("failed"))
			if second {
				c.next().answer("")
			}
			c.idle(2)
			want(t, c.stored(name), map[bool]int{false: 7, true: 5}[second])
		})
	}
}

// https://docs.aws.amazon.com/lambda/latest/dg/with-sqs-filtering.html
func TestFilters(t *testing.T) {
	tests := []struct {
		name     string
		patterns []string
		bodies   []string
		want     []string
	}{
		{"body fields", []string{`{"body":{"type":["a"]}}`}, []string{`{"type":"a"}`, `{"type":"b"}`, `text`, `7`, `{"type":"a"`, `{"type":"a"} x`}, []string{`{"type":"a"}`}},
		{"text", []string{`{"body":[{"prefix":"te"}]}`}, []string{`text`, `other`, `{"te":1}`}, []string{`text`}},
		{"metadata", []string{`{"attributes":{"ApproximateReceiveCount":["1"]},"eventSource":["aws:sqs"]}`}, []string{`text`, `{}`}, []string{`text`, `{}`}},
		{"one of several", []string{`{"body":{"a":[1]}}`, `{"body":{"b":[2]}}`}, []string{`{"a":1}`, `{"b":2}`, `{"a":2}`}, []string{`{"a":1}`, `{"b":2}`}},
		{"large numbers", []string{`{"body":{"a":[{"numeric":["=",1]}]}}`}, []string{`{"a":1.0}`, `{"a":2}`}, []string{`{"a":1.0}`}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := newCloud(t, "jobs", nil)
			var filters []*pattern.Pattern
			for _, text := range test.patterns {
				filter, err := pattern.Parse([]byte(text))
				if err != nil {
					t.Fatal(err)
				}
				filters = append(filters, filter)
			}
			c.start(eventsource.Mapping{Filters: filters})
			c.send(test.bodies...)
			got := c.next()
			want(t, got.bodies(), test.want)
			want(t, c.stored("jobs"), len(test.want))
			got.answer("")
		})
	}
	t.Run("no match", func(t *testing.T) {
		c := newCloud(t, "jobs", nil)
		filter, err := pattern.Parse([]byte(`{"body":["a"]}`))
		if err != nil {
			t.Fatal(err)
		}
		c.start(eventsource.Mapping{Filters: []*pattern.Pattern{filter}})
		c.send("b")
		for c.stored("jobs") > 0 {
		}
		c.idle(2)
	})
}

// https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
func TestScaling(t *testing.T) {
	tests := []struct {
		maximum, backlog, want int
	}{
		{2, 40, 2},
		{8, 40, 8},
		{0, 60, 50},
	}
	for _, test := range tests {
		t.Run(fmt.Sprint(test.maximum), func(t *testing.T) {
			c := newCloud(t, "jobs", nil)
			mapping := eventsource.Mapping{ID: "id", Queue: sqs.ARN("jobs"), Function: "work", BatchSize: 1, Enabled: true, MaximumConcurrency: test.maximum}
			if err := c.mappings.Create(mapping); err != nil {
				t.Fatal(err)
			}
			c.idle(min(5, test.want))
			c.send(slices.Repeat([]string{"b"}, test.backlog)...)
			var at []*invocation
			for range test.want {
				at = append(at, c.next())
			}
			select {
			case <-c.invocations:
				t.Error("one invocation too many")
			default:
			}
			for _, i := range at {
				i.answer("")
			}
			for range test.backlog - test.want {
				c.next().answer("")
			}
			for c.stored("jobs") > 0 {
			}
			// Those that find nothing end, until there are as many as at the start.
			for c.receiving.Load() != int64(min(5, test.want)) {
				c.clock.Advance(20 * time.Second)
			}
		})
	}
}

func TestDuplicates(t *testing.T) {
	c := newCloud(t, "jobs", nil)
	c.duplicates <- true
	c.start(eventsource.Mapping{})
	c.send("a")
	first := c.next()
	first.answer("")
	second := c.next()
	want(t, second.payload, first.payload)
	second.fail(errors.New("failed"))
	c.idle(2)
	want(t, c.stored("jobs"), 0)
}

func TestReceiveErrorsAreTriedAgain(t *testing.T) {
	c := newCloud(t, "jobs", nil)
	c.fault = errors.New("no network")
	c.start(eventsource.Mapping{})
	c.mutex.Lock()
	want(t, c.log[0], "receiving messages failed: no network")
	c.fault = nil
	c.mutex.Unlock()
	c.clock.Advance(time.Second)
	c.send("a")
	c.next().answer("")
}

func TestClose(t *testing.T) {
	c := newCloud(t, "jobs", nil)
	c.start(eventsource.Mapping{})
	c.send("a")
	running := c.next()
	closed := make(chan bool)
	go func() {
		c.mappings.Close()
		close(closed)
	}()
	select {
	case <-closed:
		t.Error("closed while a batch is being processed")
	case <-time.After(time.Millisecond):
	}
	running.answer("")
	<-closed
	want(t, c.stored("jobs"), 0)
	c.send("b")
	want(t, c.stored("jobs"), 1)
}

func TestDisabled(t *testing.T) {
	c := newCloud(t, "jobs", nil)
	if err := c.mappings.Create(eventsource.Mapping{ID: "id", Queue: sqs.ARN("jobs"), Function: "work"}); err != nil {
		t.Fatal(err)
	}
	c.send("a")
	c.mappings.Close()
	want(t, c.stored("jobs"), 1)
}

// https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
func TestCreateRefuses(t *testing.T) {
	tests := []struct {
		name    string
		mapping eventsource.Mapping
		want    string
	}{
		{"batch size", eventsource.Mapping{BatchSize: 10_001, BatchingWindow: time.Second}, "batch size 10001"},
		{"negative batch size", eventsource.Mapping{BatchSize: -1}, "batch size -1"},
		{"batch size of FIFO queue", eventsource.Mapping{Queue: sqs.ARN("jobs.fifo"), BatchSize: 11}, "batch size 11"},
		{"no window", eventsource.Mapping{BatchSize: 11}, "must be greater than 0"},
		{"window", eventsource.Mapping{BatchingWindow: 301 * time.Second}, "5m1s"},
		{"fraction", eventsource.Mapping{BatchingWindow: time.Millisecond}, "1ms"},
		{"window of FIFO queue", eventsource.Mapping{Queue: sqs.ARN("jobs.fifo"), BatchingWindow: time.Second}, "not supported for FIFO"},
		{"concurrency", eventsource.Mapping{MaximumConcurrency: 1}, "maximum concurrency 1"},
		{"large concurrency", eventsource.Mapping{MaximumConcurrency: 1001}, "maximum concurrency 1001"},
		{"filters", eventsource.Mapping{Filters: make([]*pattern.Pattern, 6)}, "6 filters"},
		{"queue", eventsource.Mapping{Queue: sqs.ARN("x")}, "QueueDoesNotExist"},
		{"timeout", eventsource.Mapping{Timeout: 31 * time.Second}, "Queue visibility timeout: 30 seconds is less than Function timeout: 31 seconds"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := newCloud(t, "jobs", nil)
			test.mapping.Queue = cmp.Or(test.mapping.Queue, sqs.ARN("jobs"))
			err := c.mappings.Create(test.mapping)
			failure, ok := errors.AsType[*api.Error](err)
			if !ok || failure.Code != "InvalidParameterValueException" || !strings.Contains(failure.Message, test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
}

// https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html#events-sqs-permissions
// The role needs all of them when the mapping is made, and is who calls.
func TestPermissions(t *testing.T) {
	role := func(allowed int, asked *[]string) *api.Principal {
		var mutex sync.Mutex
		return &api.Principal{ARN: "arn", Allow: func(action, resource string, _ api.Keys) error {
			mutex.Lock()
			defer mutex.Unlock()
			*asked = append(*asked, action+" "+resource)
			if len(*asked) > allowed {
				return &api.Error{Code: "AccessDenied", Message: "no"}
			}
			return nil
		}}
	}
	needed := []string{"sqs:ReceiveMessage " + sqs.ARN("jobs"), "sqs:DeleteMessage " + sqs.ARN("jobs"), "sqs:GetQueueAttributes " + sqs.ARN("jobs")}
	for allowed, permission := range needed {
		t.Run(permission, func(t *testing.T) {
			var asked []string
			c := newCloud(t, "jobs", nil)
			err := c.mappings.Create(eventsource.Mapping{Queue: sqs.ARN("jobs"), Enabled: true, Role: role(allowed, &asked)})
			if err == nil || !strings.Contains(err.Error(), "The function execution role does not have permissions to call") {
				t.Errorf("error %v", err)
			}
			want(t, asked, needed[:allowed+1])
		})
	}
	var asked []string
	c := newCloud(t, "jobs", nil)
	c.start(eventsource.Mapping{Role: role(1e9, &asked)})
	c.send("a")
	c.next().answer("")
	c.mappings.Close()
	// The checks and the call to SQS, the receives, and the deletion.
	want(t, asked[:4], append(slices.Clone(needed), needed[2]))
	slices.Sort(asked)
	want(t, slices.Compact(asked), []string{needed[1], needed[2], needed[0]})
}
