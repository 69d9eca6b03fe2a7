// Package stream reads the event that Lambda sends for a Kinesis stream, in one
// pass and without copying, for functions that [encoding/json] is too slow for.
//
// Its caller is a [lambda.Handler], which gets the payload as it came:
//
//	func (h *handler) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
//		var event stream.Event
//		if err := stream.Decode(payload, &event); err != nil {
//			return nil, err
//		}
//		...
//		return stream.Response{State: state}.MarshalJSON()
//	}
//
// # Memory
//
// Everything in an [Event] lies in the payload, which [Decode] overwrites. It is
// valid until Invoke returns: package lambda then reads the next payload into the
// same memory. Until then it does not touch the payload. So copy what is to stay,
// with [strings.Clone] and [bytes.Clone], and let no goroutine outlive Invoke.
package stream

import (
	"encoding/json"
	"time"
)

// Event is a batch of records of one shard
// (https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html).
type Event struct {
	// Records are in the order of the shard. There may be none at the end of a window.
	Records []Record
	// ShardID is such as shardId-000000000006. It is empty for an event that has
	// neither a window nor records.
	ShardID string
	// EventSourceARN is the ARN of the stream, or of its consumer with enhanced fan-out.
	EventSourceARN string
	// Window is nil without tumbling windows.
	Window *Window
}

// Record is a record of a stream.
type Record struct {
	SequenceNumber, PartitionKey string
	// Arrival is when Kinesis got the record, to the millisecond, in UTC.
	Arrival time.Time
	Data    []byte
}

// Window is the tumbling window that the records of an event are in
// (https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-windows.html).
type Window struct {
	Start, End time.Time
	// State is what the last invocation for the window returned, as JSON: {} at
	// the start.
	State json.RawMessage
	// Final says that the window is over: the state is to be processed.
	Final bool
	// TerminatedEarly says that the state is to be processed because it is larger
	// than 1 MB. The window goes on with a fresh one.
	TerminatedEarly bool
}
