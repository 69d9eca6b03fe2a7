package trend

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cespare/xxhash/v2"
)

// Buckets is the number of buckets that the hashtags of a window are divided
// into, so that one hashtag is found without reading all, and so that a table
// spreads the parts of a window.
const Buckets = 16

// Bucket returns the bucket of a hashtag's key, 0 to Buckets-1.
func Bucket(hashtag string) int { return int(xxhash.Sum64String(hashtag) % Buckets) }

// Part is what a Shard counted of the hashtags of one bucket in one window.
type Part struct {
	// Start is when the window starts, and Window its length.
	Start  time.Time
	Window time.Duration
	// Bucket is that of the hashtags, 0 to Buckets-1.
	Bucket int
	// First is the sequence number of the first record that the Shard processed. It
	// tells the part from others of the same shard, window and bucket, and is the
	// same if the Shard is taken again.
	First string
	// Data has the counts, for [Read]. It takes at most 330 KiB.
	Data []byte
}

// Parts returns what the Shard has counted. The same records make the same parts.
func (s *Shard) Parts() []Part {
	var parts []Part
	for _, start := range s.windows.starts() {
		for bucket, data := range s.windows.all[start].encode() {
			if data != nil {
				parts = append(parts, Part{time.Unix(start, 0).UTC(), s.settings.Window, bucket, s.first, data})
			}
		}
	}
	return parts
}

// encode returns the counts by bucket: nil where there are none.
func (w *window) encode() (buckets [Buckets][]byte) {
	var keys [Buckets][]string
	for key := range w.counters {
		bucket := Bucket(key[strings.IndexByte(key, 0)+1:])
		keys[bucket] = append(keys[bucket], key)
	}
	for bucket, keys := range keys {
		if len(keys) == 0 {
			continue
		}
		slices.Sort(keys)
		data := binary.AppendUvarint([]byte{version}, w.floor)
		for _, key := range keys {
			data = appendText(data, key)
			data = binary.AppendUvarint(data, w.counters[key].count)
		}
		buckets[bucket] = data
	}
	return buckets
}

// Read calls yield with each count of a part's data. The floor is how often any
// hashtag may have come without being counted: zero unless there were too many
// different ones.
func Read(data []byte, yield func(language, hashtag []byte, count uint64)) (floor uint64, err error) {
	r := reader{data: data}
	r.version()
	floor = r.number()
	for r.err == nil && len(r.data) > 0 {
		language, hashtag, ok := bytes.Cut(r.text(), []byte{0})
		count := r.number()
		if !ok {
			r.fail(errNoHashtag)
		}
		if r.err == nil {
			yield(language, hashtag, count)
		}
	}
	if err := r.end(); err != nil {
		return 0, fmt.Errorf("part of a window: %w", err)
	}
	return floor, nil
}
