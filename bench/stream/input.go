package main

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/noidle/noidle/cmd/noidle/posts"
)

const (
	// postSize is how many bytes a post has, about.
	postSize = 1024
	// batchSize is how many bytes the records of an event take: what the 6 MB of a
	// payload leave beside a state
	// (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html).
	batchSize = 5 << 20
	// perSecond is how many records a shard takes in a second
	// (https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html).
	perSecond = 1000
)

var start = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

// input is the posts of a window of one shard.
type input struct {
	batches []json.RawMessage // the records of an event each
	posts   int
	bytes   int // of all posts
	truth   *posts.Truth
}

// newInput makes the posts of a window, one in a hundred of them twice.
func newInput(count int) (*input, error) {
	generator, err := posts.NewGenerator(posts.Options{Seed: 1, Size: postSize, Duplicates: 0.01})
	if err != nil {
		return nil, err
	}
	in := &input{truth: posts.NewTruth(time.Minute)}
	var batch []byte
	for i := range count {
		arrival := start.Add(time.Duration(i) * min(time.Second/perSecond, time.Minute/time.Duration(count)))
		r := generator.Next(arrival)
		in.posts, in.bytes = in.posts+1, in.bytes+len(r.Data)
		in.truth.Add(r)
		record, err := newRecord(i, r, arrival)
		if err != nil {
			return nil, err
		}
		if len(batch) > 0 && len(batch)+len(record) > batchSize {
			in.batches, batch = append(in.batches, append(batch, ']')), nil
		}
		separator := byte(',')
		if len(batch) == 0 {
			separator = '['
		}
		batch = append(append(batch, separator), record...)
	}
	in.batches = append(in.batches, append(batch, ']'))
	return in, nil
}

// newRecord is a record as a function gets it
// (https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html).
func newRecord(number int, r posts.Record, arrival time.Time) ([]byte, error) {
	sequence := fmt.Sprintf("495903382714902566085596925383615710959215759891365%05d", number)
	return json.Marshal(map[string]any{
		"kinesis": map[string]any{
			"kinesisSchemaVersion":        "1.0",
			"partitionKey":                r.PartitionKey,
			"sequenceNumber":              sequence,
			"data":                        r.Data,
			"approximateArrivalTimestamp": json.Number(strconv.FormatFloat(float64(arrival.UnixMilli())/1000, 'f', 3, 64)),
		},
		"eventSource":       "aws:kinesis",
		"eventVersion":      "1.0",
		"eventID":           "shardId-000000000006:" + sequence,
		"eventName":         "aws:kinesis:record",
		"invokeIdentityArn": "arn:aws:iam::123456789012:role/lambda-role",
		"awsRegion":         "us-east-1",
		"eventSourceARN":    "arn:aws:kinesis:us-east-1:123456789012:stream/posts",
	})
}

// event is the event of some records, the last of a window or another.
func (in *input) event(window int, records, state json.RawMessage, final bool) []byte {
	return fmt.Appendf(nil, `{"Records":%s,"window":{"start":%q,"end":%q},"state":%s,"shardId":"shardId-%012d",`+
		`"eventSourceARN":"arn:aws:kinesis:us-east-1:123456789012:stream/posts","isFinalInvokeForWindow":%t,"isWindowTerminatedEarly":false}`,
		records, start.Format(time.RFC3339), start.Add(time.Minute).Format(time.RFC3339), state, window, final)
}

// hashtags is how many different ones there are, those of each language counted.
func (in *input) hashtags() int {
	count := 0
	for _, counts := range in.truth.Windows[0].Languages {
		count += len(counts)
	}
	return count
}
