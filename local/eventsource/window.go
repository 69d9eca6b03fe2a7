package eventsource

import (
	"encoding/json"
	"time"
)

// window is a tumbling window of a shard
// (https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-windows.html).
type window struct {
	start, end time.Time
	state      json.RawMessage
	// first and last are the records that the state is of, and count their number.
	first, last streamRecord
	count       int
}

// maximumState is how large a state may be, in bytes
// (https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-windows.html).
const maximumState = 1 << 20

// windowStart returns when the window started that a record is in. Windows are
// those of the clock: of two minutes, at 7:04, 7:06, ...
func (l *lane) windowStart(r streamRecord) time.Time {
	size := l.TumblingWindow.Milliseconds()
	return time.UnixMilli(r.arrival.UnixMilli() / size * size).UTC()
}

// bounds returns when the window starts and ends that is open, or that the next
// record opens.
func (l *lane) bounds() (start, end time.Time, ok bool) {
	switch {
	case l.window != nil:
		return l.window.start, l.window.end, true
	case l.TumblingWindow > 0 && len(l.buffer) > 0:
		start = l.windowStart(l.buffer[0])
		return start, start.Add(l.TumblingWindow), true
	}
	return start, end, false
}

// later returns whether a record is in a later window than the next batch.
func (l *lane) later(r streamRecord) bool {
	start, _, ok := l.bounds()
	return ok && l.windowStart(r).After(start)
}

// closed returns whether the window of the next batch is over, and all its
// records are read.
func (l *lane) closed() bool {
	_, end, ok := l.bounds()
	return ok && !l.caughtUp.Before(end)
}

// open opens the window of a record, unless one is.
func (l *lane) open(r streamRecord) {
	if l.TumblingWindow > 0 && l.window == nil {
		start := l.windowStart(r)
		l.window = &window{start: start, end: start.Add(l.TumblingWindow), state: json.RawMessage("{}")}
	}
}

// members are what an event tells of its window.
func (w *window) members(l *lane, final, early bool) any {
	type bounds struct {
		Start string `json:"start"`
		End   string `json:"end"`
	}
	return struct {
		Window         bounds          `json:"window"`
		State          json.RawMessage `json:"state"`
		ShardID        string          `json:"shardId"`
		EventSourceARN string          `json:"eventSourceARN"`
		Final          bool            `json:"isFinalInvokeForWindow"`
		Early          bool            `json:"isWindowTerminatedEarly"`
	}{bounds{w.start.Format(time.RFC3339), w.end.Format(time.RFC3339)}, w.state, l.id, l.Stream, final, early}
}

// add takes over the state after records. A state that is too large terminates
// the window early: it goes on with a fresh one.
func (l *lane) add(records []streamRecord, state json.RawMessage) {
	if len(records) == 0 {
		return
	}
	w := l.window
	if w.count == 0 {
		w.first = records[0]
	}
	w.last, w.count, w.state = records[len(records)-1], w.count+len(records), state
	if len(state) > maximumState {
		l.finish(true)
		l.window = &window{start: w.start, end: w.end, state: json.RawMessage("{}")}
	}
}

// finish has the function process the state, at the end of the window or early.
// The lane waits until it succeeds or the retries are used up, after which the
// destination is told of the records that the state is of.
func (l *lane) finish(early bool) {
	defer func() { l.window = nil }()
	w := l.window
	if w.count == 0 {
		return // all its records were discarded
	}
	b, payload := &streamBatch{}, l.event(nil, !early, early)
	for backoff := firstBackoff; ; backoff = min(2*backoff, longestBackoff) {
		_, err := l.invoke(b, payload)
		if err == nil {
			return
		}
		l.log("processing the state of a window failed", err)
		condition := ""
		if refused(err) == nil && b.retries == l.maximumRetries {
			condition = retriesExhausted
		} else if l.tooOld(w.last) {
			condition = ageExceeded
		}
		if condition != "" {
			l.discard(b, condition, w.first, w.last, w.count)
			return
		}
		if refused(err) == nil {
			b.retries++
		}
		if !l.service.wait(backoff) {
			return
		}
	}
}
