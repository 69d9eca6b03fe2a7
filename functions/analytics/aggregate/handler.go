package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/noidle/noidle/functions/analytics/internal/failures"
	"github.com/noidle/noidle/functions/internal/trend"
	"github.com/noidle/noidle/functions/kit/kpl"
	"github.com/noidle/noidle/functions/kit/stream"
)

// table is where the counts go, and what shards have to remember.
type table interface {
	PutPart(ctx context.Context, shard string, p trend.Part) error
	Memory(ctx context.Context, shard string) ([]byte, error)
	PutMemory(ctx context.Context, shard, last string, memory []byte, end time.Time) error
}

// queue is where the records go that are no posts.
type queue interface {
	Park(ctx context.Context, records []failures.Record) error
}

// handler counts the posts of batches.
type handler struct {
	settings trend.Settings
	results  table
	failures queue

	// mutex is for where an instance gets several invocations at a time, which is not
	// so by default. An answer is of its shard alone, which has one at a time.
	mutex sync.Mutex
	// kept has shards as they were answered last, by ID.
	kept map[string]*kept

	// These keep their memory from one invocation to the next.
	event  stream.Event
	posts  [][]byte
	buffer []byte
}

// maximumKept is how many shards are kept, of about 3 MB each at most.
const maximumKept = 32

var errNoWindow = errors.New("the event has no window: set the tumbling window of the event source mapping")

// Invoke counts the posts of a batch on top of the state that comes with it, and
// answers the new state. At the end of a window it puts the counts into the table.
//
// If it fails nothing has changed but what is put again the same. So that holds
// for any batch, all that a batch changes is in the answer.
func (h *handler) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	e := &h.event
	if err := stream.Decode(payload, e); err != nil {
		return nil, err
	}
	if e.Window == nil {
		return nil, errNoWindow
	}
	k, err := h.take(ctx, e)
	if err != nil {
		return nil, err
	}
	b := batch{event: e, shard: k.shard}
	b.count(ctx, &h.posts)
	b.log(ctx)
	if err := h.failures.Park(ctx, b.malformed); err != nil {
		return nil, err
	}
	if b.failed == "" && (e.Window.Final || e.Window.TerminatedEarly) {
		if err := h.commit(ctx, e, k.shard); err != nil {
			return nil, err
		}
		return []byte(`{"state":{},"batchItemFailures":[]}`), nil
	}
	if h.buffer, err = k.encode(h.buffer, b.failed); err != nil {
		return nil, err
	}
	h.keep(e.ShardID, k)
	return k.answer, nil
}

// take returns the shard as the state has it. It is kept no more: if this
// invocation fails, it is not what the state of the next attempt has.
func (h *handler) take(ctx context.Context, e *stream.Event) (*kept, error) {
	k := h.kept[e.ShardID]
	delete(h.kept, e.ShardID)
	if k != nil && bytes.Equal(k.state, e.Window.State) {
		return k, nil
	}
	shard, err := h.shard(ctx, e)
	if err != nil {
		return nil, err
	}
	return &kept{shard: shard}, nil
}

func (h *handler) keep(id string, k *kept) {
	if h.kept == nil || len(h.kept) == maximumKept {
		h.kept = map[string]*kept{}
	}
	h.kept[strings.Clone(id)] = k
}

// shard returns the shard as the state has it. At the start of a window that is
// what it remembers of the window before.
func (h *handler) shard(ctx context.Context, e *stream.Event) (*trend.Shard, error) {
	state, err := decodeState(e.Window.State)
	if err != nil {
		return nil, err
	}
	if state != nil {
		return trend.ReadShard(h.settings, state)
	}
	memory, err := h.results.Memory(ctx, e.ShardID)
	if err != nil {
		return nil, err
	}
	return trend.NewShard(h.settings, memory)
}

// writers is how many parts are put at the same time.
const writers = 8

// commit puts the counts, and then what the next window has to know of them.
func (h *handler) commit(ctx context.Context, e *stream.Event, shard *trend.Shard) error {
	group, groupContext := errgroup.WithContext(ctx)
	group.SetLimit(writers)
	for _, part := range shard.Parts() {
		group.Go(func() error { return h.results.PutPart(groupContext, e.ShardID, part) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return h.results.PutMemory(ctx, e.ShardID, shard.Last(), shard.Memory(), e.Window.End)
}

// batch is the records of an event and what became of them.
type batch struct {
	event     *stream.Event
	shard     *trend.Shard
	outcomes  [trend.Outcomes]int
	malformed []failures.Record
	// failed is the sequence number of the first record that could not be
	// processed, nor those after it. Empty means that all are.
	failed string
}

// count counts the posts of the records up to one that makes it panic. That one
// and those after it come again, until it is alone and goes to the on-failure
// destination.
func (b *batch) count(ctx context.Context, posts *[][]byte) {
	for _, r := range b.event.Records {
		if b.shard.Processed(r.SequenceNumber) {
			continue
		}
		if err := b.record(r, posts); err != nil {
			slog.ErrorContext(ctx, "record failed", "shard", b.event.ShardID, "sequenceNumber", r.SequenceNumber, "error", err.Error())
			b.failed = strings.Clone(r.SequenceNumber)
			return
		}
		b.shard.Process(r.SequenceNumber)
	}
}

// record counts the posts of a record: one, or those that a producer aggregated.
func (b *batch) record(r stream.Record, posts *[][]byte) (err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = fmt.Errorf("panic: %v\n%s", reason, debug.Stack())
		}
	}()
	*posts = kpl.AppendData((*posts)[:0], r.Data)
	for _, data := range *posts {
		outcome, err := b.shard.Count(data, r.Arrival)
		if err != nil {
			b.malformed = append(b.malformed, failures.Record{
				Stream: b.event.EventSourceARN, Shard: b.event.ShardID, SequenceNumber: r.SequenceNumber,
				Arrival: r.Arrival, Data: data, Reason: err.Error(),
			})
			continue
		}
		b.outcomes[outcome]++
	}
	return nil
}

// log tells what became of a batch. The construct counts the warnings.
func (b *batch) log(ctx context.Context) {
	shard := slog.String("shard", b.event.ShardID)
	slog.InfoContext(ctx, "batch counted", shard, "records", len(b.event.Records), "posts", b.outcomes[trend.Counted], "duplicates", b.outcomes[trend.Duplicate])
	if count := b.outcomes[trend.Late]; count > 0 {
		slog.WarnContext(ctx, "late posts", shard, "count", count)
	}
	if count := b.outcomes[trend.Early]; count > 0 {
		slog.WarnContext(ctx, "early posts", shard, "count", count)
	}
	if count := len(b.malformed); count > 0 {
		slog.WarnContext(ctx, "malformed records", shard, "count", count, "first", b.malformed[0].Reason, "sequenceNumber", b.malformed[0].SequenceNumber)
	}
}
