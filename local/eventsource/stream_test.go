package eventsource_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/noidle/noidle/local/api"
	"github.com/noidle/noidle/local/eventsource"
	"github.com/noidle/noidle/local/pattern"
)

var (
	errFunction = errors.New("function failed")
	errThrottle = &api.Error{Code: "TooManyRequestsException", Message: "Rate Exceeded.", Status: 429}
)

// https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html
func TestStreamEvent(t *testing.T) {
	c := newRiver(t, 1)
	c.clock.Advance(987 * time.Millisecond)
	c.send(0, "<a&b>", "k-b")
	c.start(eventsource.StreamMapping{})
	i := c.next("<a&b> k-b")
	record := func(key, number, data string) string {
		return `{"kinesis":{"kinesisSchemaVersion":"1.0","partitionKey":"` + key + `","sequenceNumber":"` + number + `","data":"` + data + `","approximateArrivalTimestamp":1767323045.987},` +
			`"eventSource":"aws:kinesis","eventVersion":"1.0","eventID":"shardId-000000000000:` + number + `","eventName":"aws:kinesis:record",` +
			`"invokeIdentityArn":"arn:aws:iam::000000000000:role/work","awsRegion":"us-east-1","eventSourceARN":"` + streamARN + `"}`
	}
	want(t, i.payload, `{"Records":[`+record("<a&b>", sequence(0, 0), "PGEmYj4=")+`,`+record("k", sequence(0, 1), "ay1i")+`]}`)
	i.answer("null")
	c.idle()
}

// https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html
func TestStreamResponses(t *testing.T) {
	const all, none = "a b c", ""
	tests := []struct {
		name, response string
		ignored        bool // whether the mapping ignores reports
		left           string
	}{
		{"empty", ``, false, none},
		{"null", `null`, false, none},
		{"empty object", `{}`, false, none},
		{"empty list", `{"batchItemFailures":[]}`, false, none},
		{"null list", `{"batchItemFailures":null}`, false, none},
		{"other members", `{"ok":true}`, false, none},
		{"first", `{"batchItemFailures":[{"itemIdentifier":"a"}]}`, false, all},
		{"second", `{"batchItemFailures":[{"itemIdentifier":"b"}]}`, false, "b c"},
		{"last", `{"batchItemFailures":[{"itemIdentifier":"c"}]}`, false, "c"},
		{"lowest of several", `{"batchItemFailures":[{"itemIdentifier":"c"},{"itemIdentifier":"b"},{"itemIdentifier":"c"}]}`, false, "b c"},
		{"bad sequence number", `{"batchItemFailures":[{"itemIdentifier":"c"},{"itemIdentifier":"x"}]}`, false, all},
		{"empty identifier", `{"batchItemFailures":[{"itemIdentifier":""}]}`, false, all},
		{"null identifier", `{"batchItemFailures":[{"itemIdentifier":null}]}`, false, all},
		{"bad key", `{"batchItemFailures":[{"ItemIdentifier":"b"}]}`, false, all},
		{"null failure", `{"batchItemFailures":[null]}`, false, all},
		{"no list", `{"batchItemFailures":"b"}`, false, all},
		{"no JSON", `{`, false, all},
		{"report that nobody asked for", `{"batchItemFailures":[{"itemIdentifier":"b"}]}`, true, none},
		{"no JSON that nobody reads", `{`, true, none},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := newRiver(t, 1)
			c.send(0, "a", "b", "c")
			c.start(eventsource.StreamMapping{ReportBatchItemFailures: !test.ignored})
			i := c.next("a b c")
			answer := test.response
			for _, r := range i.Records {
				answer = strings.ReplaceAll(answer, `:"`+string(r.Kinesis.Data)+`"`, `:"`+r.Kinesis.SequenceNumber+`"`)
			}
			i.answer(answer)
			if test.left != none {
				c.again(test.left).answer("")
			}
			c.idle()
			c.send(0, "d")
			c.next("d").answer("")
		})
	}
}

// A batch whose third record always fails resumes there, is bisected, and tells
// the destination of that record alone
// (https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html#streams-batchfailurereporting-bisect,
// https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html).
func TestPoisonRecord(t *testing.T) {
	c := newRiver(t, 1)
	c.send(0, "1", "2", "3", "4", "5")
	c.start(eventsource.StreamMapping{
		ReportBatchItemFailures: true, BisectBatchOnFunctionError: true, MaximumRetryAttempts: new(int), OnFailure: queueARN,
	})
	i := c.next("1 2 3 4 5")
	i.answer("{" + i.report("3") + "}")
	i = c.again("3 4 5")
	i.answer("{" + i.report("3") + "}")
	i = c.again("3")
	i.answer("{" + i.report("3") + "}")
	c.next("4 5").answer("{}")
	want(t, c.discarded(), []string{"RetryAttemptsExhausted " + sequence(0, 2) + " " + sequence(0, 2) + " 1"})
	c.send(0, "6")
	c.next("6").answer("{}")
	c.idle()
}

// Both halves of a batch are tried on their own, the lower one first. Splitting
// does not count as a retry
// (https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html).
func TestBisect(t *testing.T) {
	c := newRiver(t, 1)
	c.send(0, "1", "2", "3", "4")
	c.start(eventsource.StreamMapping{BisectBatchOnFunctionError: true, MaximumRetryAttempts: new(1), OnFailure: queueARN})
	c.next("1 2 3 4").fail(errFunction)
	c.again("1 2").answer("")
	c.next("3 4").fail(errFunction)
	c.again("3").fail(errFunction)
	c.again("3").fail(errFunction)
	c.next("4").answer("")
	want(t, c.discarded(), []string{"RetryAttemptsExhausted " + sequence(0, 2) + " " + sequence(0, 2) + " 1"})
}

// Attempts that do not reach the function are no retries
// (https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html).
func TestRetries(t *testing.T) {
	c := newRiver(t, 2)
	c.send(0, "a", "b")
	c.clock.Advance(1500 * time.Millisecond)
	c.send(0, "c")
	c.start(eventsource.StreamMapping{MaximumRetryAttempts: new(2), OnFailure: queueARN, BatchSize: 3})
	c.next("a b c").fail(errFunction)
	c.again("a b c").fail(errThrottle)
	c.again("a b c").fail(errThrottle)
	c.again("a b c").fail(&api.Error{Code: "ServiceException", Status: 500})
	c.again("a b c").fail(errFunction)
	c.idle()
	// The other shard is not blocked.
	c.send(1, "other")
	c.next("other").answer("")
	last := c.again("a b c")
	c.send(0, "d")
	last.fail(errFunction)
	c.next("d").answer("")
	told := c.settled()
	if len(told) != 1 {
		t.Fatalf("%d messages", len(told))
	}
	_, after, _ := strings.Cut(told[0], `"requestId":"`)
	id, _, _ := strings.Cut(after, `"`)
	want(t, told[0], `{"KinesisBatchInfo":{"approximateArrivalOfFirstRecord":"2026-01-02T03:04:05.000Z","approximateArrivalOfLastRecord":"2026-01-02T03:04:06.500Z",`+
		`"batchSize":3,"endSequenceNumber":"`+sequence(0, 2)+`","shardId":"shardId-000000000000","startSequenceNumber":"`+sequence(0, 0)+`","streamArn":"`+streamARN+`"},`+
		`"requestContext":{"approximateInvokeCount":3,"condition":"RetryAttemptsExhausted","functionArn":"`+functionARN+`","requestId":"`+id+`"},`+
		`"responseContext":{"executedVersion":"$LATEST","functionError":"Unhandled","statusCode":200},`+
		`"timestamp":"2026-01-02T03:04:56.500Z","version":"1.0"}`)
	want(t, len(id), 36)
}

// A partial failure without a split counts as a retry, as the strategy for
// retries applies to it
// (https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html#streams-batchfailurereporting-conditions).
func TestPartialFailuresCount(t *testing.T) {
	c := newRiver(t, 1)
	c.send(0, "a", "b", "c")
	c.start(eventsource.StreamMapping{ReportBatchItemFailures: true, MaximumRetryAttempts: new(1), OnFailure: queueARN})
	i := c.next("a b c")
	i.answer("{" + i.report("b") + "}")
	i = c.again("b c")
	i.answer("{" + i.report("c") + "}")
	want(t, c.discarded(), []string{"RetryAttemptsExhausted " + sequence(0, 2) + " " + sequence(0, 2) + " 1"})
}

// Retries go on until they succeed by default, with growing waits
// (https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-parameters.html).
func TestRetriesWithoutEnd(t *testing.T) {
	for _, mapping := range []eventsource.StreamMapping{{}, {MaximumRetryAttempts: new(-1), MaximumRecordAgeInSeconds: new(-1)}} {
		c := newRiver(t, 1)
		c.send(0, "a")
		c.start(mapping)
		for _, wait := range []time.Duration{250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000} {
			c.next("a").fail(errFunction)
			c.pass(wait*time.Millisecond - 1)
			c.pass(1)
		}
		c.next("a").answer("")
		c.idle()
	}
}

// https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
func TestRecordAge(t *testing.T) {
	c := newRiver(t, 1)
	c.send(0, "before")
	c.clock.Advance(61 * time.Second)
	c.send(0, "a")
	c.clock.Advance(10 * time.Second)
	c.send(0, "b")
	c.start(eventsource.StreamMapping{MaximumRecordAgeInSeconds: new(60), OnFailure: queueARN})
	for range 5 {
		c.next("a b").fail(errThrottle)
		c.pass(10 * time.Second)
	}
	c.next("a b").fail(errFunction)
	c.pass(10 * time.Second)
	c.next("b").answer("")
	want(t, c.discarded(), []string{
		"RecordAgeExceeded " + sequence(0, 0) + " " + sequence(0, 0) + " 1",
		"RecordAgeExceeded " + sequence(0, 1) + " " + sequence(0, 1) + " 1",
	})
	told := c.settled()
	want(t, strings.Contains(told[0], `"approximateInvokeCount":0`) && strings.Contains(told[0], `"responseContext":null`), true)
	want(t, strings.Contains(told[1], `"approximateInvokeCount":1`), true)
}

// Records that have expired in the stream are not tried any longer. This stream
// keeps them for 48 hours
// (https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-parameters.html).
func TestExpiredRecords(t *testing.T) {
	c := newRiver(t, 1)
	c.send(0, "a")
	c.start(eventsource.StreamMapping{OnFailure: queueARN})
	c.next("a").fail(errFunction)
	c.pass(48 * time.Hour)
	c.next("a").fail(errThrottle)
	c.pass(10 * time.Second)
	c.idle()
	want(t, c.discarded(), []string{"RecordAgeExceeded " + sequence(0, 0) + " " + sequence(0, 0) + " 1"})
	want(t, strings.Contains(c.settled()[0], `"responseContext":{"statusCode":429}`), true)
}

// The shard goes on if neither the stream nor the destination can be reached.
func TestNeighboursFail(t *testing.T) {
	c := newRiver(t, 1)
	c.lost, c.broken = errors.New("no such queue"), "DescribeStreamSummary"
	c.send(0, "a")
	c.start(eventsource.StreamMapping{OnFailure: queueARN, MaximumRetryAttempts: new(1)})
	c.next("a").fail(errFunction)
	c.pass(100 * time.Hour)
	c.next("a").fail(errFunction)
	c.send(0, "b")
	c.next("b").answer("")
	c.idle()
	want(t, c.log, []string{
		"processing a batch failed: function failed", "describing the stream failed: down", "processing a batch failed: function failed",
		"RetryAttemptsExhausted: records " + sequence(0, 0) + " to " + sequence(0, 0) + " of shardId-000000000000 are discarded",
		"telling " + queueARN + " of discarded records failed: no such queue",
	})
}

func TestCreateStreamWithoutStream(t *testing.T) {
	c := newRiver(t, 1)
	c.broken = "ListShards"
	err := c.mappings.CreateStream(eventsource.StreamMapping{Stream: streamARN, Function: functionARN, StartingPosition: eventsource.Latest})
	want(t, strings.HasSuffix(fmt.Sprint(err), "Actions on your stream in IAM. down"), true)
}

// A mapping starts with records since its creation even if its first iterator
// fails.
func TestLatestAfterFailure(t *testing.T) {
	c := newRiver(t, 1)
	c.send(0, "old")
	c.clock.Advance(time.Second)
	c.broken = "GetShardIterator"
	c.start(eventsource.StreamMapping{StartingPosition: eventsource.Latest})
	c.idle()
	c.mutex.Lock()
	c.broken = ""
	c.mutex.Unlock()
	c.send(0, "a")
	c.next("a").answer("")
	c.idle()
}

// https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html
func TestStreamBatches(t *testing.T) {
	numbers := func(from, to int) (texts []string) {
		for i := from; i < to; i++ {
			texts = append(texts, fmt.Sprint(i))
		}
		return texts
	}
	t.Run("default size", func(t *testing.T) {
		c := newRiver(t, 1)
		c.send(0, numbers(0, 120)...)
		c.start(eventsource.StreamMapping{})
		c.next(strings.Join(numbers(0, 100), " ")).answer("")
		c.next(strings.Join(numbers(100, 120), " ")).answer("")
		c.idle()
	})
	t.Run("as soon as there are records", func(t *testing.T) {
		c := newRiver(t, 1)
		c.start(eventsource.StreamMapping{BatchSize: 2})
		c.idle()
		c.send(0, "a")
		i := c.next("a")
		c.send(0, "b", "c", "d")
		i.answer("")
		c.next("b c").answer("")
		c.next("d").answer("")
		c.idle()
	})
	t.Run("window", func(t *testing.T) {
		c := newRiver(t, 1)
		c.limit = 2
		c.send(0, "a")
		c.start(eventsource.StreamMapping{BatchSize: 4, BatchingWindow: 30 * time.Second})
		c.pass(20 * time.Second)
		c.send(0, "b")
		c.pass(9 * time.Second)
		c.pass(time.Second)
		c.next("a b").answer("")
		c.idle()
		c.send(0, numbers(0, 5)...)
		c.next("0 1 2 3").answer("")
		c.pass(30 * time.Second)
		c.next("4").answer("")
		c.idle()
	})
	t.Run("payload", func(t *testing.T) {
		c := newRiver(t, 1)
		large := strings.Repeat("x", 1<<20)
		c.send(0, large, large, large, large, large)
		c.start(eventsource.StreamMapping{BatchingWindow: time.Second})
		i := c.next(strings.Join([]string{large, large}, " "))
		if len(i.payload) > 6<<20 {
			t.Errorf("%d bytes", len(i.payload))
		}
		i.answer("")
		c.next(strings.Join([]string{large, large}, " ")).answer("")
		c.pass(time.Second)
		c.next(large).answer("")
		c.idle()
	})
}

// https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis-filtering.html
func TestStreamFilters(t *testing.T) {
	var filters []*pattern.Pattern
	for _, text := range []string{`{"data":{"kind":["a"]}}`, `{"data":{"size":[{"numeric":[">",5]}],"gone":[{"exists":false}]}}`} {
		filter, err := pattern.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		filters = append(filters, filter)
	}
	c := newRiver(t, 1)
	c.send(0, `{"kind":"a"}`, `{"kind":"b"}`, `no JSON`, `{"size":6}`, `{"size":5}`, `{"size":6,"gone":1}`, `"a"`, `{"kind":"a"} x`)
	c.start(eventsource.StreamMapping{Filters: filters})
	c.next(`{"kind":"a"} {"size":6}`).answer("")
	c.idle()
}

// https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-create.html
func TestStartingPositions(t *testing.T) {
	tests := []struct {
		position string
		want     string
	}{
		{eventsource.TrimHorizon, "a b c"},
		{eventsource.AtTimestamp, "b c"},
		{eventsource.Latest, "d"},
	}
	for _, test := range tests {
		t.Run(test.position, func(t *testing.T) {
			c := newRiver(t, 1)
			c.send(0, "a")
			c.clock.Advance(time.Minute)
			mapping := eventsource.StreamMapping{StartingPosition: test.position}
			if test.position == eventsource.AtTimestamp {
				mapping.StartingPositionTimestamp = c.clock.Now()
			}
			c.send(0, "b")
			c.clock.Advance(time.Minute)
			c.send(0, "c")
			c.start(mapping)
			if test.position == eventsource.Latest {
				c.idle()
				c.send(0, "d")
			}
			c.next(test.want).answer("")
			c.idle()
		})
	}
}

// Iterators are good for five minutes. Reading goes on after the last record, or,
// if none was read, where nothing is missed
// (https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetShardIterator.html).
func TestExpiredIterators(t *testing.T) {
	for _, position := range []string{eventsource.TrimHorizon, eventsource.Latest} {
		t.Run(position, func(t *testing.T) {
			c := newRiver(t, 1)
			c.send(0, "old")
			c.clock.Advance(time.Second)
			c.start(eventsource.StreamMapping{StartingPosition: position})
			if position != eventsource.Latest {
				c.next("old").answer("")
			}
			c.pass(time.Hour)
			c.idle()
			c.send(0, "a")
			i := c.next("a")
			c.clock.Advance(time.Hour)
			c.send(0, "b")
			i.answer("")
			c.next("b").answer("")
			c.idle()
		})
	}
}

// A shard without records is read once per second at most, and less with time. A
// record that is put is read at once
// (https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html).
func TestIdleShards(t *testing.T) {
	c := newRiver(t, 1)
	c.start(eventsource.StreamMapping{})
	for range 600 {
		c.pass(time.Second)
	}
	c.idle()
	reads := len(slices.DeleteFunc(slices.Clone(c.calls), func(call string) bool { return call != "GetRecords " }))
	if reads < 10 || reads > 20 {
		t.Errorf("%d reads", reads)
	}
	c.send(0, "a")
	c.next("a").answer("")
	c.idle()
}

// Reading that fails or is throttled is tried again, and only failures are told.
func TestReadingFails(t *testing.T) {
	for _, test := range []struct {
		name  string
		fault error
		log   []string
	}{
		{"fault", errors.New("down"), []string{"reading records failed: down"}},
		{"limit", &api.Error{Code: "ProvisionedThroughputExceededException", Message: "Rate exceeded"}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := newRiver(t, 1)
			c.fault = test.fault
			c.send(0, "a")
			c.start(eventsource.StreamMapping{})
			c.idle()
			c.mutex.Lock()
			c.fault = nil
			want(t, c.log, test.log)
			c.mutex.Unlock()
			c.pass(time.Second)
			c.next("a").answer("")
			c.idle()
		})
	}
}

// A batch that fails blocks its partition keys, and no others
// (https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html).
func TestParallelization(t *testing.T) {
	c := newRiver(t, 1)
	c.start(eventsource.StreamMapping{ParallelizationFactor: 10, BatchSize: 1})
	c.send(0, "a-1", "b-1", "a-2", "b-2", "a-3")
	blocked, free := <-c.invocations, <-c.invocations
	if blocked.data() == "b-1" {
		blocked, free = free, blocked
	}
	want(t, []string{blocked.data(), free.data()}, []string{"a-1", "b-1"})
	free.answer("")
	c.next("b-2").answer("")
	c.send(0, "b-3")
	c.next("b-3").answer("")
	blocked.fail(errFunction)
	c.again("a-1").answer("")
	c.next("a-2").answer("")
	c.next("a-3").answer("")
	c.idle()
}

// The checkpoint of a duplicate delivery is lost.
func TestStreamDuplicates(t *testing.T) {
	c := newRiver(t, 1)
	c.duplicate = func() bool { return true }
	c.send(0, "a", "b")
	c.start(eventsource.StreamMapping{})
	c.next("a b").answer("")
	c.next("a b").answer("")
	c.send(0, "c")
	c.next("c").answer("")
	c.next("c").fail(errFunction)
	c.again("c").answer("")
	c.next("c").answer("")
	c.idle()
}

func TestCloseWaitsForBatches(t *testing.T) {
	c := newRiver(t, 1)
	c.send(0, "a", "b")
	c.start(eventsource.StreamMapping{BatchSize: 1, TumblingWindow: time.Minute})
	i := c.next("a")
	closed := make(chan struct{})
	go func() {
		c.mappings.Close()
		close(closed)
	}()
	select {
	case <-closed:
		t.Error("closed while a batch was processed")
	default:
	}
	i.fail(errFunction)
	<-closed
}

// https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-parameters.html,
// https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html
func TestCreateStreamRefuses(t *testing.T) {
	type mapping = eventsource.StreamMapping
	constraint := func(value int, name, bound string) string {
		return fmt.Sprintf("ValidationException: 1 validation error detected: Value '%d' at '%s' failed to satisfy constraint: Member must have value %s", value, name, bound)
	}
	const age = "InvalidParameterValueException: MaximumRecordAgeInSeconds must be either -1 (forever) or between 60 and 604800 (inclusive)"
	const parameter = "InvalidParameterValueException: "
	tests := []struct {
		name string
		set  func(m *mapping)
		want string
	}{
		{"batch size", func(m *mapping) { m.BatchSize = 10_001 }, constraint(10_001, "batchSize", "less than or equal to 10000")},
		{"negative batch size", func(m *mapping) { m.BatchSize = -1 }, constraint(-1, "batchSize", "greater than or equal to 1")},
		{"batching window", func(m *mapping) { m.BatchingWindow = 301 * time.Second }, constraint(301, "maximumBatchingWindowInSeconds", "less than or equal to 300")},
		{"parts of seconds", func(m *mapping) { m.BatchingWindow = time.Millisecond }, parameter + "batching window 1ms and tumbling window 0s must be whole seconds"},
		{"factor", func(m *mapping) { m.ParallelizationFactor = 11 }, constraint(11, "parallelizationFactor", "less than or equal to 10")},
		{"retries", func(m *mapping) { m.MaximumRetryAttempts = new(10_001) }, constraint(10_001, "maximumRetryAttempts", "less than or equal to 10000")},
		{"negative retries", func(m *mapping) { m.MaximumRetryAttempts = new(-2) }, constraint(-2, "maximumRetryAttempts", "greater than or equal to -1")},
		{"age", func(m *mapping) { m.MaximumRecordAgeInSeconds = new(604_801) }, constraint(604_801, "maximumRecordAgeInSeconds", "less than or equal to 604800")},
		{"negative age", func(m *mapping) { m.MaximumRecordAgeInSeconds = new(math.MinInt16) }, constraint(math.MinInt16, "maximumRecordAgeInSeconds", "greater than or equal to -1")},
		{"no age", func(m *mapping) { m.MaximumRecordAgeInSeconds = new(int) }, age},
		{"small age", func(m *mapping) { m.MaximumRecordAgeInSeconds = new(59) }, age},
		{"tumbling window", func(m *mapping) { m.TumblingWindow = 901 * time.Second }, constraint(901, "tumblingWindowInSeconds", "less than or equal to 900")},
		{"parallel windows", func(m *mapping) { m.TumblingWindow, m.ParallelizationFactor = time.Second, 2 },
			parameter + "a tumbling window is not possible with a parallelization factor of 2: it must be 1"},
		{"no position", func(m *mapping) { m.StartingPosition = "" }, parameter + `starting position "" is invalid: a stream needs TRIM_HORIZON, LATEST or AT_TIMESTAMP`},
		{"no time", func(m *mapping) { m.StartingPosition = "AT_TIMESTAMP" }, parameter + "StartingPositionTimestamp is for starting position AT_TIMESTAMP, and needed there"},
		{"time", func(m *mapping) { m.StartingPositionTimestamp = start }, parameter + "StartingPositionTimestamp is for starting position AT_TIMESTAMP, and needed there"},
		{"future", func(m *mapping) {
			m.StartingPosition, m.StartingPositionTimestamp = "AT_TIMESTAMP", start.Add(time.Second)
		},
			parameter + "StartingPositionTimestamp 2026-01-02T03:04:06Z is in the future"},
		{"filters", func(m *mapping) { m.Filters = make([]*pattern.Pattern, 6) }, parameter + "6 filters are too many: a mapping has 5 at most"},
		{"consumer", func(m *mapping) { m.Stream += "/consumer/c:1" }, parameter + `stream consumer "` + streamARN + `/consumer/c:1" is not supported locally: name the stream`},
		{"bucket", func(m *mapping) { m.OnFailure = "arn:aws:s3:::discarded" },
			parameter + `on-failure destination "arn:aws:s3:::discarded" is not supported locally: it must be a standard queue or topic`},
		{"FIFO queue", func(m *mapping) { m.OnFailure = queueARN + ".fifo" },
			parameter + `on-failure destination "` + queueARN + `.fifo" is not supported locally: it must be a standard queue or topic`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := newRiver(t, 1)
			m := mapping{Stream: streamARN, Function: functionARN, StartingPosition: eventsource.TrimHorizon, Enabled: true}
			test.set(&m)
			err := c.mappings.CreateStream(m)
			if err == nil {
				t.Fatal("accepted")
			}
			want(t, err.Error(), test.want)
			want(t, len(c.calls), 0)
		})
	}
}

// https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-create.html,
// https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
func TestStreamPermissions(t *testing.T) {
	actions := []string{"kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:DescribeStream", "kinesis:ListShards", "kinesis:DescribeStreamSummary"}
	tests := []struct {
		name, destination, first, want string
	}{
		{"stream", "", "", "Cannot access stream " + streamARN + ". Please ensure the role can perform the GetRecords, GetShardIterator, DescribeStream, ListShards, and DescribeStreamSummary Actions on your stream in IAM. "},
		{"queue", queueARN, "sqs:SendMessage", "The provided execution role does not have permissions to call SendMessage on SQS: "},
		{"topic", "arn:aws:sns:us-east-1:000000000000:discarded", "sns:Publish", "The provided execution role does not have permissions to call Publish on SNS: "},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			needed := []string{}
			for _, action := range actions {
				needed = append(needed, action+" "+streamARN)
			}
			if test.first != "" {
				needed = slices.Insert(needed, 0, test.first+" "+test.destination)
			}
			for refused := range len(needed) + 1 {
				c := newRiver(t, 1)
				asked := []string{}
				err := c.mappings.CreateStream(eventsource.StreamMapping{
					Stream: streamARN, Function: functionARN, StartingPosition: eventsource.Latest, OnFailure: test.destination,
					Role: &api.Principal{Allow: func(action, resource string, _ api.Keys) error {
						asked = append(asked, action+" "+resource)
						if len(asked) > refused {
							return errors.New("no")
						}
						return nil
					}},
				})
				if refused == len(needed) {
					want(t, err, nil)
					want(t, asked, needed)
					// The mapping is not enabled.
					want(t, c.calls, []string{"ListShards "})
					continue
				}
				want(t, asked, needed[:refused+1])
				message := tests[0].want
				if test.first != "" && refused == 0 {
					message = test.want
				}
				want(t, fmt.Sprint(err), "InvalidParameterValueException: "+message+"no")
			}
		})
	}
}
