// Package trend counts the hashtags of posts in windows of time.
//
// A [Shard] counts the posts of one shard of a stream, in the order of the
// stream. A record that is delivered again changes nothing, because its sequence
// number is not after the last; neither does a post that was sent again a short
// time before, because its ID is remembered. A Shard takes its sense of time from
// the records, so that the same records make the same counts however they are
// split into batches and however often they are tried. Its size is bounded.
//
// What a Shard has counted goes out in parts, one for each window and bucket of
// hashtags. The counts of a window are the sums over its parts.
package trend

import (
	"fmt"
	"strings"
	"time"

	"github.com/noidle/noidle/functions/internal/hashtag"
	"github.com/noidle/noidle/functions/internal/post"
)

// Settings say how posts are counted.
type Settings struct {
	// Window is the length of a window, in whole seconds. Windows start at
	// multiples of it since 1970 in UTC.
	Window time.Duration
	// Lateness is how long after the end of its window a post may arrive and still
	// count.
	Lateness time.Duration
}

// Start returns the start of the window that holds an instant.
func (s Settings) Start(at time.Time) time.Time {
	length := int64(s.Window / time.Second)
	seconds := at.Unix()
	return time.Unix(seconds-((seconds%length)+length)%length, 0).UTC()
}

// Ahead is how far a post's time may be ahead of its arrival and still count: what
// the clocks of its author and of the stream may differ.
const Ahead = time.Minute

// Outcome says what became of a post.
type Outcome int

const (
	// Counted is a post that counts.
	Counted Outcome = iota
	// Duplicate is a post whose ID came before. It does not count again.
	Duplicate
	// Late is a post that came after its window was closed. It does not count.
	Late
	// Early is a post from a future that is further than [Ahead]. It does not count.
	Early
	// Outcomes is the number of outcomes.
	Outcomes
)

// Shard is what the records of a shard amount to since the parts were taken last.
// A Shard serves one goroutine at a time.
type Shard struct {
	settings Settings
	// first and last are sequence numbers of records, empty before the first.
	first, last string
	recent      recent
	windows     windows

	// These keep their memory from one post to the next.
	post   post.Post
	finder hashtag.Finder
	key    []byte
}

// NewShard returns a Shard that has counted nothing. It goes on from the memory
// of the Shard before it, as [Shard.Memory] returned it; nil means that there was
// none.
func NewShard(settings Settings, memory []byte) (*Shard, error) {
	s := &Shard{settings: settings}
	if memory == nil {
		return s, nil
	}
	r := reader{data: memory}
	r.version()
	s.readMemory(&r)
	if err := r.end(); err != nil {
		return nil, fmt.Errorf("memory of a shard: %w", err)
	}
	return s, nil
}

// Processed returns whether the record with a sequence number is processed
// already. Records come in order the first time, so it is when the number is not
// after the last.
func (s *Shard) Processed(sequence string) bool {
	return s.last != "" && !after(sequence, s.last)
}

// after compares sequence numbers, decimal numbers without zeros in front.
func after(a, b string) bool {
	if len(a) != len(b) {
		return len(a) > len(b)
	}
	return a > b
}

// Process notes that a record is processed. It comes after the record's posts.
func (s *Shard) Process(sequence string) {
	sequence = strings.Clone(sequence)
	if s.first == "" {
		s.first = sequence
	}
	s.last = sequence
}

// Last returns the sequence number of the last record that was processed, empty
// before the first.
func (s *Shard) Last() string { return s.last }

// Count counts a post, given as JSON, that arrived in the stream at a time. The
// error is a [*post.Invalid]; data is then as it was, otherwise it may be
// overwritten.
func (s *Shard) Count(data []byte, arrival time.Time) (Outcome, error) {
	p := &s.post
	if err := post.Parse(data, p); err != nil {
		return 0, err
	}
	created := p.CreatedAt
	if created.IsZero() {
		created = arrival
	}
	if created.Sub(arrival) > Ahead {
		return Early, nil
	}
	start := s.settings.Start(created)
	if arrival.Sub(start.Add(s.settings.Window)) > s.settings.Lateness {
		return Late, nil
	}
	if !s.recent.add(p.ID, arrival.Unix()) {
		return Duplicate, nil
	}
	s.windows.open(start.Unix())
	s.key = append(append(s.key[:0], Language(p.Lang)...), 0)
	prefix := len(s.key)
	for _, tag := range s.finder.Find(p.Text) {
		s.key = append(s.key[:prefix], tag...)
		s.windows.add(s.key)
	}
	return Counted, nil
}

// Language returns the language that counts for a language tag: its primary
// subtag in small letters, such as pt for pt-BR
// (https://www.rfc-editor.org/rfc/rfc5646#section-2.2.1). For what has none it
// returns the empty string.
func Language(tag string) string {
	if end := strings.IndexAny(tag, "-_"); end >= 0 {
		tag = tag[:end]
	}
	if len(tag) < 2 || len(tag) > 8 {
		return ""
	}
	for i := range len(tag) {
		if c := tag[i] | 0x20; c < 'a' || c > 'z' {
			return ""
		}
	}
	return strings.ToLower(tag)
}
