package kinesis_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/noidle/noidle/local/api"
	"github.com/noidle/noidle/local/kinesis"
)

// newService returns a service with the stream clicks of two shards.
func newService(tb testing.TB) *kinesis.Service {
	tb.Helper()
	service := kinesis.New(kinesis.Options{Clock: clockwork.NewFakeClockAt(start)})
	if err := service.CreateStream(clicks(2)); err != nil {
		tb.Fatal(err)
	}
	return service
}

// client calls a service without HTTP.
type client struct {
	operations api.Operations
	clock      *clockwork.FakeClock
}

func (c *client) call(operation string, input, output any) error {
	text, err := json.Marshal(input)
	if err != nil {
		return err
	}
	answer, err := c.operations.Call(&api.Call{Context: context.Background()}, operation, text)
	if err != nil {
		return err
	}
	return json.Unmarshal(answer, output)
}

type record struct {
	Data           []byte
	PartitionKey   string
	SequenceNumber string `json:",omitempty"`
}

// produce puts numbered records with keys of its own, in batches of any size, and
// returns where those are that were taken. Every other producer puts one by one.
func (c *client) produce(producer, count int, random *rand.Rand) (taken map[string]string, err error) {
	taken = map[string]string{}
	for sent := 0; sent < count; {
		batch := make([]record, 1+random.IntN(20))
		if producer%2 == 0 {
			batch = batch[:1]
		}
		for i := range batch {
			batch[i] = record{Data: fmt.Append(nil, sent+i), PartitionKey: fmt.Sprintf("%d-%d", producer, random.IntN(3))}
		}
		sent += len(batch)
		var output struct {
			Records []struct{ ShardID, SequenceNumber, ErrorCode string }
		}
		if err := c.call("PutRecords", map[string]any{"StreamName": "clicks", "Records": batch}, &output); err != nil {
			return nil, err
		}
		for i, r := range output.Records {
			if r.ErrorCode == "" {
				taken[r.ShardID+" "+r.SequenceNumber] = batch[i].PartitionKey + " " + string(batch[i].Data)
			}
		}
	}
	return taken, nil
}

// consume reads a shard in pages of any size, twice per second, until there is
// nothing more.
func (c *client) consume(t *testing.T, shard string, random *rand.Rand) (records []record) {
	t.Helper()
	var at struct{ ShardIterator string }
	if err := c.call("GetShardIterator", map[string]string{"StreamName": "clicks", "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON"}, &at); err != nil {
		t.Fatal(err)
	}
	for {
		var page struct {
			Records            []record
			NextShardIterator  string
			MillisBehindLatest int
		}
		if err := c.call("GetRecords", map[string]any{"ShardIterator": at.ShardIterator, "Limit": 1 + random.IntN(100)}, &page); err != nil {
			t.Fatal(err)
		}
		records, at.ShardIterator = append(records, page.Records...), page.NextShardIterator
		if page.MillisBehindLatest == 0 {
			return records
		}
		c.clock.Advance(500 * time.Millisecond)
	}
}

// However many producers put at once, and throttled or not: all that was taken is
// in the shards once, sequence numbers grow, and the records of a partition key
// are in one shard in the order in which they were put.
func TestEveryRecordOnceInOrder(t *testing.T) {
	for seed := range uint64(8) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 0))
			clock := clockwork.NewFakeClockAt(start)
			service := kinesis.New(kinesis.Options{Clock: clock})
			shards := 1 + random.IntN(8)
			if err := service.CreateStream(clicks(shards)); err != nil {
				t.Fatal(err)
			}
			c := &client{service.Operations(), clock}
			wanted := map[string]string{}
			var mutex sync.Mutex
			var producers sync.WaitGroup
			for producer := range 6 {
				producers.Go(func() {
					taken, err := c.produce(producer, 400, rand.New(rand.NewPCG(seed, uint64(producer))))
					mutex.Lock()
					defer mutex.Unlock()
					maps.Copy(wanted, taken)
					if err != nil {
						t.Error(err)
					}
				})
			}
			producers.Wait()
			if shards == 1 {
				want(t, len(wanted), 1000)
			}
			got, shardOf, newest, total := map[string]string{}, map[string]string{}, map[string]int{}, 0
			for i := range shards {
				shard, last := fmt.Sprintf("shardId-%012d", i), ""
				for _, r := range c.consume(t, shard, random) {
					total++
					got[shard+" "+r.SequenceNumber] = r.PartitionKey + " " + string(r.Data)
					if r.SequenceNumber <= last || len(r.SequenceNumber) != 56 || strings.Trim(r.SequenceNumber, "0123456789") != "" {
						t.Errorf("sequence number %q after %q", r.SequenceNumber, last)
					}
					number, err := strconv.Atoi(string(r.Data))
					if before, ok := newest[r.PartitionKey]; err != nil || ok && before >= number {
						t.Errorf("key %s: %s after %d", r.PartitionKey, r.Data, before)
					}
					if before, ok := shardOf[r.PartitionKey]; ok && before != shard {
						t.Errorf("key %s is in %s and %s", r.PartitionKey, before, shard)
					}
					last, newest[r.PartitionKey], shardOf[r.PartitionKey] = r.SequenceNumber, number, shard
				}
			}
			want(t, got, wanted)
			want(t, total, len(wanted))
		})
	}
}
