// Package stream puts posts into a Kinesis data stream.
package stream

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/jonboulle/clockwork"
)

// backoffs are the waits before records that the stream refused are sent again.
var backoffs = []time.Duration{50 * time.Millisecond, 100 * time.Millisecond, 200 * time.Millisecond, 400 * time.Millisecond}

// Stream takes records. It needs kinesis:PutRecords.
type Stream struct {
	Client interface {
		PutRecords(context.Context, *kinesis.PutRecordsInput, ...func(*kinesis.Options)) (*kinesis.PutRecordsOutput, error)
	}
	Name  string
	Clock clockwork.Clock
}

// Put puts up to 500 records in, all with the same partition key. What the stream
// refuses, mostly because a shard is busy, is sent again four times
// (https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html).
// With an error it returns the positions of the records that it does not know to
// be in.
func (s Stream) Put(ctx context.Context, partitionKey string, records [][]byte) (left []int, err error) {
	for i := range records {
		left = append(left, i)
	}
	for try := 0; ; try++ {
		in := &kinesis.PutRecordsInput{StreamName: &s.Name}
		for _, i := range left {
			in.Records = append(in.Records, types.PutRecordsRequestEntry{Data: records[i], PartitionKey: &partitionKey})
		}
		out, err := s.Client.PutRecords(ctx, in)
		if err != nil {
			return left, err
		}
		var code string
		if left, code = refused(left, out.Records); len(left) == 0 {
			return nil, nil
		}
		if try == len(backoffs) {
			return left, fmt.Errorf("stream: %d of %d records refused %d times, at last with %s", len(left), len(records), try+1, code)
		}
		select {
		case <-s.Clock.After(backoffs[try]):
		case <-ctx.Done():
			return left, ctx.Err()
		}
	}
}

// refused returns the positions whose records were not taken, and why one was not.
func refused(sent []int, results []types.PutRecordsResultEntry) (left []int, code string) {
	for i, result := range results {
		if result.ErrorCode != nil {
			left, code = append(left, sent[i]), aws.ToString(result.ErrorCode)
		}
	}
	return left, code
}
