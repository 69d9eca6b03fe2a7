package trend

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// version is the first byte of what is encoded. Numbers follow as varints, texts
// after their length.
const version = 1

// maximumWindow is how many seconds a window may have: a day.
const maximumWindow = 24 * 60 * 60

// AppendState appends the whole Shard to data, encoded for [ReadShard]. It takes at
// most 600 KiB.
func (s *Shard) AppendState(data []byte) []byte {
	data = append(data, version)
	data = binary.AppendUvarint(data, uint64(s.settings.Window/time.Second))
	data = appendText(data, s.first)
	data = s.appendMemory(data)
	starts := s.windows.starts()
	data = binary.AppendUvarint(data, uint64(len(starts)))
	for _, start := range starts {
		w := s.windows.all[start]
		data = binary.AppendVarint(data, start)
		data = binary.AppendUvarint(data, w.floor)
		data = binary.AppendUvarint(data, uint64(len(w.counters)))
		for key, c := range w.counters {
			data = appendText(data, key)
			data = binary.AppendUvarint(data, c.count)
			data = binary.AppendUvarint(data, c.missed)
		}
	}
	return data
}

// ReadShard returns the Shard that [Shard.AppendState] encoded. It keeps the length of
// the windows that it was made with.
func ReadShard(settings Settings, state []byte) (*Shard, error) {
	s, r := &Shard{settings: settings}, reader{data: state}
	r.version()
	length := r.number()
	if length == 0 || length > maximumWindow {
		r.fail(fmt.Errorf("its windows have %d seconds", length))
	}
	s.settings.Window = time.Duration(length) * time.Second
	s.first = string(r.text())
	s.readMemory(&r)
	for range r.count() {
		start := r.signed()
		s.windows.open(start)
		s.windows.current.floor = r.number()
		for range r.count() {
			key := r.text()
			if bytes.IndexByte(key, 0) < 0 {
				r.fail(errNoHashtag)
			}
			s.windows.insert(string(key), counter{count: r.number(), missed: r.number()})
		}
	}
	if err := r.end(); err != nil {
		return nil, fmt.Errorf("state of a shard: %w", err)
	}
	return s, nil
}

// Memory encodes what the next Shard has to know: up to where records are
// processed, and which posts came last. It takes at most 270 KiB.
func (s *Shard) Memory() []byte {
	return s.appendMemory([]byte{version})
}

func (s *Shard) appendMemory(data []byte) []byte {
	data = appendText(data, s.last)
	data = binary.AppendUvarint(data, uint64(len(s.recent.runs)))
	for _, r := range s.recent.runs {
		data = binary.AppendVarint(data, r.second)
		data = binary.AppendUvarint(data, uint64(r.posts))
	}
	for _, hash := range s.recent.hashes {
		data = binary.LittleEndian.AppendUint64(data, hash)
	}
	return data
}

func (s *Shard) readMemory(r *reader) {
	s.last = string(r.text())
	var runs []run
	total := 0
	for range r.count() {
		next := run{second: r.signed(), posts: r.count()}
		runs, total = append(runs, next), total+next.posts
	}
	total = min(total, len(r.data)/8)
	s.recent.known, s.recent.hashes = newHashSet(total), make([]uint64, 0, total)
	for _, next := range runs {
		for range next.posts {
			s.recent.append(r.fixed(), next.second)
		}
	}
}

func appendText(data []byte, text string) []byte {
	return append(binary.AppendUvarint(data, uint64(len(text))), text...)
}

var (
	errCut       = errors.New("it is cut short")
	errNoHashtag = errors.New("a count has no hashtag")
)

// reader reads what is encoded. After an error it reads nothing but zeros.
type reader struct {
	data []byte
	err  error
}

func (r *reader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
	r.data = nil
}

func (r *reader) take(n int) []byte {
	if n < 0 || n > len(r.data) {
		r.fail(errCut)
		return nil
	}
	taken := r.data[:n]
	r.data = r.data[n:]
	return taken
}

func (r *reader) version() {
	if got := r.take(1); r.err == nil && got[0] != version {
		r.fail(fmt.Errorf("it has version %d, not %d", got[0], version))
	}
}

func (r *reader) number() uint64 { return varint(r, binary.Uvarint) }

func (r *reader) signed() int64 { return varint(r, binary.Varint) }

func varint[T int64 | uint64](r *reader, decode func([]byte) (T, int)) T {
	value, n := decode(r.data)
	if n <= 0 {
		r.fail(errCut)
		return 0
	}
	r.data = r.data[n:]
	return value
}

// count reads how many things follow, each of which takes at least a byte.
func (r *reader) count() int {
	value := r.number()
	if value > uint64(len(r.data)) {
		r.fail(errCut)
		return 0
	}
	return int(value)
}

func (r *reader) text() []byte { return r.take(r.count()) }

func (r *reader) fixed() uint64 {
	data := r.take(8)
	if data == nil {
		return 0
	}
	return binary.LittleEndian.Uint64(data)
}

// end returns the error of reading, also when something is left.
func (r *reader) end() error {
	if r.err == nil && len(r.data) > 0 {
		r.err = fmt.Errorf("it has %d bytes too many", len(r.data))
	}
	return r.err
}
