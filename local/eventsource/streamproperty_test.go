package eventsource_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/noidle/noidle/local/eventsource"
)

// worker is a function that fails at random, and always at some records.
type worker struct {
	mutex  sync.Mutex
	random *rand.Rand
	report bool
	// settled are the records by shard and partition key that were processed, in
	// order of the first time.
	settled map[string][]string
	seen    map[string]bool
	sum     int // of the final states
}

func poison(data string) bool { return strings.HasSuffix(data, "!") }

func (w *worker) handle(i *streamInvocation) response {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	over := i.IsFinalInvokeForWindow || i.IsWindowTerminatedEarly
	switch fault := w.random.IntN(12); {
	case fault == 0:
		return response{err: errThrottle}
	case fault == 1, fault == 2 && !w.report:
		return response{err: errFunction}
	case fault == 2 && !over:
		return response{payload: `{"state":{"n":1000000},"batchItemFailures":[{"itemIdentifier":""}]}`}
	}
	var state struct {
		N   int    `json:"n"`
		Pad string `json:"pad,omitempty"`
	}
	_ = json.Unmarshal(i.State, &state)
	if over {
		w.sum += state.N
		return response{}
	}
	failures := "[]"
	done := len(i.Records)
	for n, r := range i.Records {
		if poison(string(r.Kinesis.Data)) || w.random.IntN(30) == 0 {
			done, failures = n, `[{"itemIdentifier":"`+r.Kinesis.SequenceNumber+`"}]`
			break
		}
	}
	if done < len(i.Records) && !w.report {
		return response{err: errFunction}
	}
	for _, r := range i.Records[:done] {
		if id := r.EventID; !w.seen[id] {
			w.seen[id] = true
			key := i.Records[0].EventID[:20] + r.Kinesis.PartitionKey
			w.settled[key] = append(w.settled[key], id)
		}
	}
	state.N += done
	if w.random.IntN(150) == 0 {
		state.Pad = strings.Repeat("x", 1<<20)
	}
	encoded, _ := json.Marshal(state)
	return response{payload: `{"state":` + string(encoded) + `,"batchItemFailures":` + failures + `}`}
}

// Whatever fails, every record is processed or told to the destination, and those
// of one partition key are processed in order. The final states count each record
// that was processed once.
func TestNothingIsLost(t *testing.T) {
	for seed := range uint64(60) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { loseNothing(t, rand.New(rand.NewPCG(seed, 1))) })
	}
}

func loseNothing(t *testing.T, random *rand.Rand) {
	c := newRiver(t, 1+random.IntN(3))
	c.limit = 1 + random.IntN(20)
	mapping := eventsource.StreamMapping{
		BatchSize:                  1 + random.IntN(8),
		BatchingWindow:             time.Duration(random.IntN(2)*random.IntN(20)) * time.Second,
		MaximumRetryAttempts:       new(random.IntN(4)),
		BisectBatchOnFunctionError: random.IntN(2) == 0,
		ReportBatchItemFailures:    random.IntN(2) == 0,
		OnFailure:                  queueARN,
	}
	if random.IntN(3) == 0 {
		mapping.MaximumRecordAgeInSeconds = new(60 + random.IntN(100))
	}
	if random.IntN(2) == 0 {
		mapping.TumblingWindow = time.Duration(1+random.IntN(60)) * time.Second
	} else {
		mapping.ParallelizationFactor = 1 + random.IntN(4)
	}
	w := &worker{
		random: rand.New(rand.NewPCG(random.Uint64(), 2)), settled: map[string][]string{}, seen: map[string]bool{},
		report: mapping.ReportBatchItemFailures,
	}
	c.function = w.handle
	duplicates := rand.New(rand.NewPCG(random.Uint64(), 3))
	c.duplicate = func() bool {
		w.mutex.Lock()
		defer w.mutex.Unlock()
		return duplicates.IntN(5) == 0
	}
	sent := 0
	put := func() {
		for range random.IntN(15) {
			shard := random.IntN(len(c.shards))
			data := fmt.Sprintf("%c-%d", 'a'+rune(random.IntN(5)), sent)
			if random.IntN(10) == 0 {
				data += "!"
			}
			c.mutex.Lock()
			c.add(shard, data)
			c.mutex.Unlock()
			sent++
		}
	}
	put()
	c.start(mapping)
	for range 20 {
		c.pass(time.Duration(random.IntN(5000)) * time.Millisecond)
		c.idle()
		put()
	}
	for n := 0; n < 20 && len(w.problems(c, mapping, sent)) > 0; n++ {
		for range 20 {
			c.pass(10 * time.Second)
		}
	}
	// Nothing happens after that.
	for range 20 {
		c.pass(10 * time.Second)
	}
	want(t, w.problems(c, mapping, sent), nil)
}

// problems returns what is wrong with what came of the records that were sent.
func (w *worker) problems(c *river, mapping eventsource.StreamMapping, sent int) (problems []string) {
	c.Helper()
	c.idle()
	c.mutex.Lock()
	defer c.mutex.Unlock()
	w.mutex.Lock()
	defer w.mutex.Unlock()
	problem := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	discarded := map[string]bool{}
	count := 0
	for _, text := range c.told {
		var told struct {
			KinesisBatchInfo struct {
				ShardID, StartSequenceNumber, EndSequenceNumber string
				BatchSize                                       int
			}
		}
		if err := json.Unmarshal([]byte(text), &told); err != nil {
			c.Fatal(err)
		}
		info := told.KinesisBatchInfo
		count += info.BatchSize
		for _, records := range c.shards {
			for _, r := range records {
				if info.StartSequenceNumber <= r.SequenceNumber && r.SequenceNumber <= info.EndSequenceNumber {
					discarded[info.ShardID+":"+r.SequenceNumber] = true
				}
			}
		}
	}
	for shard, records := range c.shards {
		for _, r := range records {
			id := fmt.Sprintf("shardId-%012d:%s", shard, r.SequenceNumber)
			if !w.seen[id] && !discarded[id] {
				problem("record %s %s is lost", id, r.Data)
			}
			if poison(string(r.Data)) && w.seen[id] {
				problem("record %s %s cannot be processed", id, r.Data)
			}
		}
	}
	for key, ids := range w.settled {
		if !slices.IsSorted(ids) {
			problem("records of %s are out of order: %s", key, ids)
		}
	}
	if mapping.TumblingWindow > 0 && w.sum+count != sent {
		problem("the states count %d records, and %d are discarded, of %d", w.sum, count, sent)
	}
	return problems
}
