package eventsource

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"github.com/noidle/noidle/local/api"
)

// streamBatch is a batch, or what of it is to be tried again.
type streamBatch struct {
	records []streamRecord
	// invoked is how often the function got it, and retries how many of these count
	// as retries.
	invoked, retries int
	// requestID is that of the last attempt, and response how that ended.
	requestID string
	response  map[string]any
}

// Why records are discarded
// (https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html).
const (
	retriesExhausted = "RetryAttemptsExhausted"
	ageExceeded      = "RecordAgeExceeded"
)

// process tries a batch until its records are processed or discarded. It returns
// false if the service closes before.
//
// An attempt that does not reach the function is no retry, and neither is one
// that follows a split: in two halves, or at the checkpoint that the function
// reports
// (https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html,
// https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html#streams-batchfailurereporting-bisect).
func (l *lane) process(b *streamBatch) bool {
	for backoff := firstBackoff; ; backoff = min(2*backoff, longestBackoff) {
		l.discardOld(b)
		if len(b.records) == 0 {
			return true
		}
		done, err := l.attempt(b)
		b.records = b.records[done:]
		if err == nil {
			return true
		}
		l.log("processing a batch failed", err)
		bisect := l.BisectBatchOnFunctionError
		switch {
		case refused(err) != nil, bisect && done > 0:
		case bisect && len(b.records) > 1:
			return l.service.wait(backoff) && l.halves(b)
		case b.retries == l.maximumRetries:
			l.discard(b, retriesExhausted, b.records[0], b.records[len(b.records)-1], len(b.records))
			return true
		default:
			b.retries++
		}
		if !l.service.wait(backoff) {
			return false
		}
	}
}

func (l *lane) halves(b *streamBatch) bool {
	lower, upper := *b, *b
	half := len(b.records) / 2
	lower.records, upper.records = b.records[:half], b.records[half:]
	return l.process(&lower) && l.process(&upper)
}

// attempt invokes the function with a batch and returns how many of its records
// are processed, and why the others are not. After a duplicate delivery, which
// stands for a checkpoint that was lost, the last response counts.
func (l *lane) attempt(b *streamBatch) (done int, err error) {
	deliveries := 1
	if l.service.Duplicate(l.Function) {
		deliveries = 2
	}
	l.service.Age(l.Function, l.service.Clock.Since(b.records[len(b.records)-1].arrival))
	payload := l.event(b.records, false, false)
	var response []byte
	for range deliveries {
		response, err = l.invoke(b, payload)
	}
	if err != nil {
		return 0, err
	}
	done, state, err := l.outcome(b.records, response)
	if l.window != nil {
		l.add(b.records[:done], state)
	}
	return done, err
}

func (l *lane) invoke(b *streamBatch, payload []byte) ([]byte, error) {
	call := &api.Call{Context: context.WithoutCancel(l.service.polling), RequestID: uuid.NewString()}
	response, err := l.service.Invoke(call, l.Function, payload)
	b.requestID = call.RequestID
	if failure := refused(err); failure != nil {
		b.response = map[string]any{"statusCode": statusOf(failure)}
		return nil, err
	}
	b.invoked++
	b.response = map[string]any{"statusCode": 200, "executedVersion": "$LATEST"}
	if err != nil {
		b.response["functionError"] = "Unhandled"
	}
	return response, err
}

// minimumRetention is how long a stream keeps its records at least
// (https://docs.aws.amazon.com/streams/latest/dev/kinesis-extended-retention.html).
const minimumRetention = 24 * time.Hour

// tooOld returns whether a record is older than the maximum age, or has expired
// in its stream.
func (l *lane) tooOld(r streamRecord) bool {
	age := l.service.Clock.Since(r.arrival)
	if l.maximumAge > 0 && age > l.maximumAge {
		return true
	}
	if age < minimumRetention {
		return false
	}
	var output struct {
		StreamDescriptionSummary struct{ RetentionPeriodHours int }
	}
	if err := l.kinesis("DescribeStreamSummary", map[string]any{}, &output); err != nil {
		l.log("describing the stream failed", err)
		return false
	}
	return age > time.Duration(output.StreamDescriptionSummary.RetentionPeriodHours)*time.Hour
}

// discardOld discards the records at the front of a batch that are too old.
func (l *lane) discardOld(b *streamBatch) {
	n := 0
	for n < len(b.records) && l.tooOld(b.records[n]) {
		n++
	}
	if n > 0 {
		l.discard(b, ageExceeded, b.records[0], b.records[n-1], n)
		b.records = b.records[n:]
	}
}

// discard tells the on-failure destination which records are given up. It gets
// their place in the stream, not what is in them
// (https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html).
func (l *lane) discard(b *streamBatch, condition string, first, last streamRecord, count int) {
	l.service.Log(l.Function, condition+": records "+first.sequenceNumber+" to "+last.sequenceNumber+" of "+l.id+" are discarded")
	if l.OnFailure == "" {
		return
	}
	const layout = "2006-01-02T15:04:05.000Z"
	payload, err := json.Marshal(map[string]any{
		"requestContext": map[string]any{
			"requestId":              b.requestID,
			"functionArn":            l.Function,
			"condition":              condition,
			"approximateInvokeCount": b.invoked,
		},
		"responseContext": b.response,
		"version":         "1.0",
		"timestamp":       l.service.Clock.Now().UTC().Format(layout),
		"KinesisBatchInfo": map[string]any{
			"shardId":                         l.id,
			"startSequenceNumber":             first.sequenceNumber,
			"endSequenceNumber":               last.sequenceNumber,
			"approximateArrivalOfFirstRecord": first.arrival.Format(layout),
			"approximateArrivalOfLastRecord":  last.arrival.Format(layout),
			"batchSize":                       count,
			"streamArn":                       l.Stream,
		},
	})
	if err == nil {
		err = l.service.Deliver(context.WithoutCancel(l.service.polling), api.Delivery{
			Source: l.Function, Role: l.Role, Target: l.OnFailure, Payload: payload,
		})
	}
	if err != nil {
		l.service.Log(l.Function, "telling "+l.OnFailure+" of discarded records failed: "+err.Error())
	}
}
