package kinesis

import (
	"sort"
	"strconv"
)

// shard is a sequence of records. It is guarded by its stream's mutex, but for
// what never changes.
type shard struct {
	index int
	id    string
	start hashKey

	// records are those that have not expired. The first of them has the number
	// first; the numbers of a shard start at 1.
	records []record
	first   uint64
	// arrived is when the newest record arrived.
	arrived int64

	recordsWritten, bytesWritten meter
	reads, iterators             window
}

type record struct {
	data []byte
	key  string
	// arrived is when the record arrived, in milliseconds since 1970.
	arrived int64
}

func (r record) size() int { return len(r.key) + len(r.data) }

// next returns the number that the next record will have.
func (sh *shard) next() uint64 { return sh.first + uint64(len(sh.records)) }

// expire drops the records that arrived at a time or before.
func (sh *shard) expire(trim int64) {
	n := 0
	for n < len(sh.records) && sh.records[n].arrived <= trim {
		n++
	}
	clear(sh.records[:n])
	sh.records = sh.records[n:]
	sh.first += uint64(n)
	if len(sh.records) == 0 {
		sh.records = nil
	}
}

// add adds a record that arrives at a time, or with the newest if the clock went
// back. It returns the record's number.
func (sh *shard) add(r record, now int64) (number uint64) {
	sh.arrived = max(sh.arrived, now)
	r.arrived = sh.arrived
	sh.records = append(sh.records, r)
	return sh.next() - 1
}

// since returns the number of the first record that arrived at a time or after.
func (sh *shard) since(arrived int64) uint64 {
	return sh.first + uint64(sort.Search(len(sh.records), func(i int) bool { return sh.records[i].arrived >= arrived }))
}

// from returns up to limit records, of up to maximumRead bytes, from a number on
// that has not expired, and their size.
func (sh *shard) from(number uint64, limit int) (records []record, size int) {
	records = sh.records[number-sh.first:]
	for i, r := range records[:min(limit, len(records))] {
		if size+r.size() > maximumRead {
			return records[:i], size
		}
		size += r.size()
	}
	return records[:min(limit, len(records))], size
}

// sequence returns the sequence number of a record: 56 digits that say when the
// stream was made, the record's number, when it arrived, and its shard. They grow
// within a shard, and are unique in the stream. The number 0 is where a shard starts.
func (st *stream) sequence(sh *shard, number uint64, arrived int64) string {
	text := [sequenceLength]byte{'4', '9'}
	digits(text[2:15], uint64(st.created.UnixMilli()))
	digits(text[15:35], number)
	digits(text[35:48], uint64(arrived))
	digits(text[48:], uint64(sh.index))
	return string(text[:])
}

const sequenceLength = 56

// digits fills a text with the decimal digits of a number and zeros before them.
func digits(text []byte, number uint64) {
	for i := len(text) - 1; i >= 0; i-- {
		text[i] = '0' + byte(number%10)
		number /= 10
	}
}

// number returns the shard and the number of the record with a sequence number,
// unless it cannot have come from this stream. An expired record's is as good.
func (st *stream) number(sequence string) (sh *shard, number uint64, ok bool) {
	if len(sequence) != sequenceLength {
		return nil, 0, false
	}
	number, err1 := strconv.ParseUint(sequence[15:35], 10, 64)
	arrived, err2 := strconv.ParseInt(sequence[35:48], 10, 64)
	index, err3 := strconv.ParseUint(sequence[48:], 10, 64)
	if err1 != nil || err2 != nil || err3 != nil || index >= uint64(len(st.shards)) {
		return nil, 0, false
	}
	sh = st.shards[index]
	if number >= sh.first && number < sh.next() {
		arrived = sh.records[number-sh.first].arrived
	}
	return sh, number, number < sh.next() && st.sequence(sh, number, arrived) == sequence
}
