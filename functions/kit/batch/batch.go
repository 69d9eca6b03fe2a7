// Package batch handles the records of an SQS queue, a Kinesis stream or a
// DynamoDB stream one after the other and reports those that failed, so that
// Lambda retries them and not the whole batch.
//
// Lambda heeds the report only if the event source mapping has the function
// response type ReportBatchItemFailures.
//
// # Rules
//
//   - Records are handled in the order of the batch, one at a time.
//   - An error or a panic of the handler fails its record and nothing else. It
//     is logged with the record's identifier, a panic with its stack.
//   - A standard queue: the other messages are still handled.
//   - A FIFO queue (its ARN ends in ".fifo"): the batch stops at the first
//     failure. That message and all after it are reported, which keeps their order.
//   - A stream: the batch stops at the first failure. Its sequence number is
//     reported; Lambda resumes from it.
//   - No record is started once the context is done or less than 500 ms from its
//     deadline. The records not started are reported as failed: what was not
//     done comes back.
//   - The list of failures is never nil. Lambda takes an empty list and null for
//     the same complete success, but other readers of the response need not.
//   - A record without an identifier that fails makes Lambda treat the whole
//     batch as failed, which is the safe reading.
//
// The rules of the services are from
// https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html,
// https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html and
// https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html.
package batch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
)

// margin is how near the deadline of the context may be for a record to be
// started. It leaves the function time to return its report.
const margin = 500 * time.Millisecond

var errNoTime = errors.New("too little time left")

// SQS calls handle for each message of the batch and reports the messages that
// have to come back. The error is always nil: it lets a handler return the call.
func SQS(ctx context.Context, e events.SQSEvent, handle func(context.Context, events.SQSMessage) error) (events.SQSEventResponse, error) {
	id := func(m events.SQSMessage) string { return m.MessageId }
	fifo := len(e.Records) > 0 && strings.HasSuffix(e.Records[0].EventSourceARN, ".fifo")
	failures := []events.SQSBatchItemFailure{}
	for _, id := range run(ctx, e.Records, id, fifo, handle) {
		failures = append(failures, events.SQSBatchItemFailure{ItemIdentifier: id})
	}
	return events.SQSEventResponse{BatchItemFailures: failures}, nil
}

// Kinesis calls handle for each record of the batch, up to the first failure,
// and reports where Lambda has to resume. The error is always nil: it lets a
// handler return the call.
func Kinesis(ctx context.Context, e events.KinesisEvent, handle func(context.Context, events.KinesisEventRecord) error) (events.KinesisEventResponse, error) {
	id := func(r events.KinesisEventRecord) string { return r.Kinesis.SequenceNumber }
	failures := []events.KinesisBatchItemFailure{}
	for _, id := range first(run(ctx, e.Records, id, true, handle)) {
		failures = append(failures, events.KinesisBatchItemFailure{ItemIdentifier: id})
	}
	return events.KinesisEventResponse{BatchItemFailures: failures}, nil
}

// DynamoDB calls handle for each record of the batch, up to the first failure,
// and reports where Lambda has to resume. The error is always nil: it lets a
// handler return the call.
func DynamoDB(ctx context.Context, e events.DynamoDBEvent, handle func(context.Context, events.DynamoDBEventRecord) error) (events.DynamoDBEventResponse, error) {
	id := func(r events.DynamoDBEventRecord) string { return r.Change.SequenceNumber }
	failures := []events.DynamoDBBatchItemFailure{}
	for _, id := range first(run(ctx, e.Records, id, true, handle)) {
		failures = append(failures, events.DynamoDBBatchItemFailure{ItemIdentifier: id})
	}
	return events.DynamoDBEventResponse{BatchItemFailures: failures}, nil
}

// run returns the identifiers of the records that failed or were not started,
// in the order of the batch. An ordered batch stops at its first failure.
func run[R any](ctx context.Context, records []R, id func(R) string, ordered bool, handle func(context.Context, R) error) []string {
	var failed []string
	for i, r := range records {
		if err := startable(ctx); err != nil {
			return append(failed, skip(ctx, records[i:], id, err)...)
		}
		if err := try(ctx, r, handle); err != nil {
			logFailure(ctx, id(r), err)
			failed = append(failed, id(r))
			if ordered {
				return append(failed, skip(ctx, records[i+1:], id, errors.New("an earlier record failed"))...)
			}
		}
	}
	return failed
}

// startable says why no further record may be started, or nil.
func startable(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < margin {
		return errNoTime
	}
	return nil
}

// panicError is a panic of the handler as the failure of its record.
type panicError struct {
	value any
	stack string
}

func (e *panicError) Error() string { return fmt.Sprintf("panic: %v", e.value) }

func try[R any](ctx context.Context, r R, handle func(context.Context, R) error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &panicError{value: v, stack: string(debug.Stack())}
		}
	}()
	return handle(ctx, r)
}

func logFailure(ctx context.Context, id string, err error) {
	attrs := []any{"id", id, "error", err.Error()}
	if p, ok := errors.AsType[*panicError](err); ok {
		attrs = append(attrs, "stack", p.stack)
	}
	slog.ErrorContext(ctx, "record failed", attrs...)
}

// skip logs and returns the identifiers of records that are not started.
func skip[R any](ctx context.Context, records []R, id func(R) string, reason error) []string {
	if len(records) == 0 {
		return nil
	}
	ids := make([]string, len(records))
	for i, r := range records {
		ids[i] = id(r)
	}
	slog.WarnContext(ctx, "records not started", "ids", ids, "error", reason.Error())
	return ids
}

func first(ids []string) []string { return ids[:min(len(ids), 1)] }
