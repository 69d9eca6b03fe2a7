package eventsource

import (
	"time"
)

// lane processes one batch of a shard after the other: of all its records, or, if
// several are processed at a time, of some of its partition keys.
type lane struct {
	*shard
	// buffer has what was read for the next batches, under the shard's mutex.
	buffer []streamRecord
	// window is the tumbling window that is open. Nil means none.
	window *window
}

func (l *lane) run() {
	for l.service.polling.Err() == nil {
		batch := l.collect()
		switch {
		case len(batch) > 0:
			l.open(batch[0])
			l.process(&streamBatch{records: batch})
		case l.service.polling.Err() == nil:
			l.finish(false)
		}
	}
}

// collect returns the next batch: none when the window is over or the service
// closes.
func (l *lane) collect() []streamRecord {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	var opened time.Time
	for l.service.polling.Err() == nil {
		n, full := l.cut()
		now := l.service.Clock.Now()
		if n == 0 || opened.IsZero() {
			opened = now
		}
		left := opened.Add(l.BatchingWindow).Sub(now)
		switch {
		case n > 0 && (full || left <= 0):
			batch := l.buffer[:n:n]
			l.buffer = l.buffer[n:]
			return batch
		case n == 0 && l.window != nil && (len(l.buffer) > 0 || l.closed()):
			return nil
		}
		_, end, ok := l.bounds()
		if l.poll(now, ok && !now.Before(end)) {
			continue
		}
		wait := l.due.Sub(now)
		if n > 0 {
			wait = min(wait, left)
		}
		if ok && end.After(now) {
			wait = min(wait, end.Sub(now))
		}
		l.rest(wait)
	}
	return nil
}

// cut returns how many of the records that were read are the next batch, and
// whether it is complete: as large as it may be, or its window is over.
func (l *lane) cut() (n int, full bool) {
	size := 0
	for ; n < len(l.buffer) && n < l.BatchSize; n++ {
		size += len(l.buffer[n].encoded) + 1
		if n > 0 && size > l.maximumSize() || l.later(l.buffer[n]) {
			return n, true
		}
	}
	return n, n == l.BatchSize || l.closed()
}

// rest waits until there may be records, or for a time.
func (l *lane) rest(d time.Duration) {
	put, changed := l.put, l.changed
	l.mutex.Unlock()
	defer l.mutex.Lock()
	timer := l.service.Clock.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.Chan():
	case <-put:
	case <-changed:
	case <-l.service.polling.Done():
	}
}
