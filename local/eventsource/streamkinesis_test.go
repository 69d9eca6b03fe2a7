package eventsource_test

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/noidle/noidle/local/api"
	"github.com/noidle/noidle/local/eventsource"
	"github.com/noidle/noidle/local/kinesis"
)

// A stream with the limits of AWS on reading is processed as a whole, and each
// shard's records in order
// (https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html).
func TestWithKinesis(t *testing.T) {
	for _, factor := range []int{1, 10} {
		t.Run(fmt.Sprint(factor), func(t *testing.T) { processStream(t, factor) })
	}
}

func processStream(t *testing.T, factor int) {
	const shards, sent = 3, 500
	clock := clockwork.NewFakeClockAt(start)
	streams := kinesis.New(kinesis.Options{Clock: clock})
	if err := streams.CreateStream(kinesis.Stream{Name: "clicks", Shards: shards}); err != nil {
		t.Fatal(err)
	}
	var mutex sync.Mutex
	last, count, failed := map[string]int{}, 0, false
	operations := streams.Operations()
	mappings := eventsource.New(eventsource.Options{
		Clock: clock,
		Call: func(call *api.Call, _, operation string, input []byte) ([]byte, error) {
			return operations.Call(call, operation, input)
		},
		Invoke: func(_ *api.Call, _ string, payload []byte) ([]byte, error) {
			var i streamInvocation
			if err := json.Unmarshal(payload, &i); err != nil {
				return nil, err
			}
			mutex.Lock()
			defer mutex.Unlock()
			if failed = !failed; failed {
				return nil, errFunction
			}
			for _, r := range i.Records {
				var number int
				if _, err := fmt.Sscan(string(r.Kinesis.Data), &number); err != nil || number <= last[r.Kinesis.PartitionKey] {
					t.Errorf("record %d of %s comes after %d: %v", number, r.Kinesis.PartitionKey, last[r.Kinesis.PartitionKey], err)
				}
				last[r.Kinesis.PartitionKey] = number
				count++
			}
			return nil, nil
		},
		Await: streams.Await,
	})
	defer mappings.Close()
	err := mappings.CreateStream(eventsource.StreamMapping{
		Stream: kinesis.StreamARN("clicks"), Function: functionARN, StartingPosition: eventsource.Latest,
		ParallelizationFactor: factor, BatchSize: 7, Enabled: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	processed := func() bool {
		mutex.Lock()
		defer mutex.Unlock()
		return count >= sent
	}
	for n := 1; n <= sent || !processed(); n++ {
		if n <= sent {
			input := fmt.Appendf(nil, `{"StreamName":"clicks","PartitionKey":"%d","Data":%q}`, n%20, encoded(n))
			if _, err := operations.Call(&api.Call{Context: ctx}, "PutRecord", input); err != nil {
				t.Fatal(err)
			}
			if n%10 > 0 {
				continue
			}
		}
		if err := clock.BlockUntilContext(ctx, shards*factor); err != nil {
			t.Fatal(err)
		}
		clock.Advance(300 * time.Millisecond)
	}
	want(t, count, sent)
}

// encoded returns a number as data is in JSON.
func encoded(n int) string {
	data, _ := json.Marshal(fmt.Append(nil, n))
	return string(data[1 : len(data)-1])
}
