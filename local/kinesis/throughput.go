package kinesis

import (
	"time"

	"github.com/noidle/noidle/local/api"
)

// What a shard takes and gives per second
// (https://docs.aws.amazon.com/kinesis/latest/APIReference/API_CreateStream.html).
const (
	recordsWritten = 1000
	bytesWritten   = 1 << 20
	readCalls      = 5
	bytesRead      = 2 << 20
)

// meter is a capacity for one second that refills at a steady rate
// (https://docs.aws.amazon.com/streams/latest/dev/large-records.html).
type meter struct {
	// full is when it will be full again.
	full time.Time
}

// take returns the meter after an amount was taken that refills in a time, and
// whether there was so much.
func (m meter) take(now time.Time, refill time.Duration) (meter, bool) {
	if m.full.Before(now) {
		m.full = now
	}
	m.full = m.full.Add(refill)
	return m, !m.full.After(now.Add(time.Second))
}

// admit returns whether the shard takes a record of a size, and counts it.
func (sh *shard) admit(now time.Time, size int) bool {
	records, ok := sh.recordsWritten.take(now, time.Second/recordsWritten)
	bytes, ok2 := sh.bytesWritten.take(now, time.Duration(size)*time.Second/bytesWritten)
	if ok && ok2 {
		sh.recordsWritten, sh.bytesWritten = records, bytes
	}
	return ok && ok2
}

// window counts calls, and the bytes that they read, from the first on for a
// second, or as long as reading so much takes: after 10 MiB, nothing can be read
// for five seconds
// (https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetRecords.html).
type window struct {
	start time.Time
	calls int
	bytes int
}

// admit returns whether there may be another call, and counts it.
func (w *window) admit(now time.Time) bool {
	if !now.Before(w.start.Add(max(time.Second, time.Duration(w.bytes)*time.Second/bytesRead))) {
		*w = window{start: now}
	}
	if w.calls >= readCalls || w.bytes >= bytesRead {
		return false
	}
	w.calls++
	return true
}

const throughputExceeded = "ProvisionedThroughputExceededException"

func (st *stream) rateExceeded(sh *shard) string {
	return "Rate exceeded for shard " + sh.id + " in stream " + st.Name + " under account " + api.Account + "."
}
