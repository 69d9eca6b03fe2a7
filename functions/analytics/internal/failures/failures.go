// Package failures parks records that cannot be processed in the queue that is
// the on-failure destination of their event source mapping.
package failures

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// Condition is what a message says in requestContext.condition, where Lambda says
// RetryAttemptsExhausted or RecordAgeExceeded.
const Condition = "RecordInvalid"

// Record is a record that cannot be processed.
type Record struct {
	// Stream is the ARN of the stream, Shard the ID of the shard, and
	// SequenceNumber the record's.
	Stream, Shard, SequenceNumber string
	// Arrival is when the record arrived in the stream.
	Arrival time.Time
	// Data is what cannot be processed: the record's data, or one of those that a
	// producer aggregated in it.
	Data []byte
	// Reason says what is wrong with the data.
	Reason string
}

// Client is the part of the SQS client that [Queue] uses.
type Client interface {
	SendMessageBatch(context.Context, *sqs.SendMessageBatchInput, ...func(*sqs.Options)) (*sqs.SendMessageBatchOutput, error)
}

// Queue takes records that cannot be processed. It needs sqs:SendMessage.
type Queue struct {
	Client Client
	URL    string
	Now    func() time.Time
}

const (
	// maximumEntries is how many messages a batch has, and maximumBatch how many
	// bytes they have, by far less than SQS allows
	// (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html).
	maximumEntries = 10
	maximumBatch   = 250_000
	// maximumData is how large data goes into a message.
	maximumData = 128 << 10
)

// message is what Lambda sends to an on-failure destination
// (https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html),
// with the reason and the data besides.
type message struct {
	RequestContext struct {
		FunctionARN string `json:"functionArn,omitempty"`
		RequestID   string `json:"requestId,omitempty"`
		Condition   string `json:"condition"`
	} `json:"requestContext"`
	Version          string    `json:"version"`
	Timestamp        time.Time `json:"timestamp"`
	KinesisBatchInfo struct {
		ShardID             string    `json:"shardId"`
		StartSequenceNumber string    `json:"startSequenceNumber"`
		EndSequenceNumber   string    `json:"endSequenceNumber"`
		FirstArrival        time.Time `json:"approximateArrivalOfFirstRecord"`
		LastArrival         time.Time `json:"approximateArrivalOfLastRecord"`
		BatchSize           int       `json:"batchSize"`
		StreamARN           string    `json:"streamArn"`
	} `json:"KinesisBatchInfo"`
	Reason string `json:"reason"`
	// Data is left out when it is too large. The sequence number tells where it is.
	Data []byte `json:"data,omitempty"`
}

// Park sends a message for each record. A record that is parked again, because
// something after it failed, has a message more.
func (q Queue) Park(ctx context.Context, records []Record) error {
	var entries []types.SendMessageBatchRequestEntry
	size := 0
	for _, r := range records {
		body, err := q.body(r)
		if err != nil {
			return err
		}
		if len(entries) == maximumEntries || size+len(body) > maximumBatch {
			if err := q.send(ctx, entries); err != nil {
				return err
			}
			entries, size = nil, 0
		}
		entries = append(entries, types.SendMessageBatchRequestEntry{Id: new(strconv.Itoa(len(entries))), MessageBody: &body})
		size += len(body)
	}
	return q.send(ctx, entries)
}

func (q Queue) body(r Record) (string, error) {
	m := message{Version: "1.0", Timestamp: q.Now().UTC(), Reason: r.Reason}
	m.RequestContext.Condition = Condition
	info := &m.KinesisBatchInfo
	info.ShardID, info.StreamARN, info.BatchSize = r.Shard, r.Stream, 1
	info.StartSequenceNumber, info.EndSequenceNumber = r.SequenceNumber, r.SequenceNumber
	info.FirstArrival, info.LastArrival = r.Arrival.UTC(), r.Arrival.UTC()
	if len(r.Data) <= maximumData {
		m.Data = r.Data
	}
	body, err := json.Marshal(m)
	return string(body), err
}

func (q Queue) send(ctx context.Context, entries []types.SendMessageBatchRequestEntry) error {
	if len(entries) == 0 {
		return nil
	}
	out, err := q.Client.SendMessageBatch(ctx, &sqs.SendMessageBatchInput{QueueUrl: &q.URL, Entries: entries})
	if err != nil {
		return fmt.Errorf("parking %d records: %w", len(entries), err)
	}
	if failed := out.Failed; len(failed) > 0 {
		return fmt.Errorf("parking %d of %d records: %s", len(failed), len(entries), *failed[0].Code)
	}
	return nil
}
