package trend

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/noidle/noidle/functions/internal/post"
)

var (
	settings = Settings{Window: time.Minute, Lateness: 5 * time.Minute}
	ten      = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
)

func write(id, text, lang string, created time.Time) []byte {
	data, err := json.Marshal(post.Post{ID: id, Text: text, Lang: lang, CreatedAt: created})
	if err != nil {
		panic(err)
	}
	return data
}

func shard(t *testing.T, memory []byte) *Shard {
	t.Helper()
	s, err := NewShard(settings, memory)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// counts are the counts of parts by window, language and hashtag, and the floors
// by window.
type counts map[string]uint64

func (c counts) add(t *testing.T, parts []Part) {
	t.Helper()
	for _, p := range parts {
		start := p.Start.Format("15:04:05")
		floor, err := Read(p.Data, func(language, hashtag []byte, count uint64) {
			if Bucket(string(hashtag)) != p.Bucket {
				t.Errorf("hashtag %s is in bucket %d", hashtag, p.Bucket)
			}
			c[start+" "+string(language)+" "+string(hashtag)] += count
		})
		if err != nil {
			t.Fatal(err)
		}
		if floor > 0 {
			c[start+" floor"] = max(floor, c[start+" floor"])
		}
	}
}

func TestCount(t *testing.T) {
	tests := []struct {
		name    string
		text    string
		lang    string
		created time.Duration // after ten; the post arrives at 10:06:30
		outcome Outcome
		want    counts
	}{
		{"hashtags in the window of the post's time", "#Go and #서울", "ko", 6*time.Minute + 29*time.Second, Counted, counts{"10:06:00 ko go": 1, "10:06:00 ko 서울": 1}},
		{"a hashtag counts once per post", "#Go #go #GO", "en", 6 * time.Minute, Counted, counts{"10:06:00 en go": 1}},
		{"a post without hashtags", "nothing", "en", 6 * time.Minute, Counted, counts{}},
		{"no language", "#a", "", 6 * time.Minute, Counted, counts{"10:06:00  a": 1}},
		{"a region is no language", "#a", "pt-BR", 6 * time.Minute, Counted, counts{"10:06:00 pt a": 1}},
		{"as late as may be", "#a", "en", time.Minute, Counted, counts{"10:01:00 en a": 1}},
		{"too late", "#a", "en", time.Minute - time.Millisecond, Late, counts{}},
		{"as early as may be", "#a", "en", 7*time.Minute + 30*time.Second, Counted, counts{"10:07:00 en a": 1}},
		{"too early", "#a", "en", 7*time.Minute + 30*time.Second + time.Millisecond, Early, counts{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := shard(t, nil)
			outcome, err := s.Count(write("1", tt.text, tt.lang, ten.Add(tt.created)), ten.Add(6*time.Minute+30*time.Second))
			if err != nil || outcome != tt.outcome {
				t.Errorf("outcome is %v, %v; want %v", outcome, err, tt.outcome)
			}
			got := counts{}
			got.add(t, s.Parts())
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("counts (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLatenessEndsToTheInstant(t *testing.T) {
	for _, tt := range []struct {
		late time.Duration
		want Outcome
	}{{0, Counted}, {time.Nanosecond, Late}} {
		arrival := ten.Add(settings.Window + settings.Lateness + tt.late)
		if got, err := shard(t, nil).Count(write("1", "#a", "en", ten), arrival); err != nil || got != tt.want {
			t.Errorf("%v after the end: %v, %v, want %v", tt.late, got, err, tt.want)
		}
	}
}

func TestCountWithoutTime(t *testing.T) {
	s := shard(t, nil)
	if _, err := s.Count([]byte(`{"id":"1","text":"#a"}`), ten.Add(59*time.Second)); err != nil {
		t.Fatal(err)
	}
	got := counts{}
	got.add(t, s.Parts())
	if diff := cmp.Diff(counts{"10:00:00  a": 1}, got); diff != "" {
		t.Errorf("the arrival does not count as the time (-want +got):\n%s", diff)
	}
}

func TestCountInvalid(t *testing.T) {
	s := shard(t, nil)
	data := []byte(`{"id":"1"}`)
	_, err := s.Count(data, ten)
	if err == nil || !strings.Contains(err.Error(), "field text is missing") || string(data) != `{"id":"1"}` {
		t.Errorf("error is %v, data %s", err, data)
	}
	if outcome, err := s.Count(write("1", "#a", "en", ten), ten); err != nil || outcome != Counted {
		t.Errorf("after an invalid post of the same ID: %v, %v", outcome, err)
	}
}

func TestLanguage(t *testing.T) {
	for tag, want := range map[string]string{
		"ko": "ko", "KO": "ko", "pt-BR": "pt", "zh_Hant": "zh", "": "", "x": "", "-": "", "k0": "", "languages": "", "한국": "", "@@": "",
	} {
		if got := Language(tag); got != want {
			t.Errorf("language of %q is %q, want %q", tag, got, want)
		}
	}
}

func TestStart(t *testing.T) {
	for _, tt := range []struct {
		window time.Duration
		at     time.Time
		want   string
	}{
		{time.Minute, ten, "2026-11-22T10:00:00Z"},
		{time.Minute, ten.Add(time.Minute - 1), "2026-11-22T10:00:00Z"},
		{15 * time.Minute, ten.Add(44 * time.Minute), "2026-11-22T10:30:00Z"},
		{10 * time.Second, ten.Add(-time.Nanosecond), "2026-11-22T09:59:50Z"},
		{time.Minute, time.Unix(-1, 0), "1969-12-31T23:59:00Z"},
		{time.Minute, ten.In(time.FixedZone("", 5*3600+1800)).Add(30 * time.Second), "2026-11-22T10:00:00Z"},
	} {
		if got := (Settings{Window: tt.window}).Start(tt.at).Format(time.RFC3339); got != tt.want {
			t.Errorf("window of %v that holds %v starts at %s, want %s", tt.window, tt.at, got, tt.want)
		}
	}
}

func TestProcessed(t *testing.T) {
	s := shard(t, nil)
	if s.Processed("99") {
		t.Error("before the first record one is processed")
	}
	s.Process("99")
	for sequence, want := range map[string]bool{"98": true, "99": true, "9": true, "100": false} {
		if got := s.Processed(sequence); got != want {
			t.Errorf("%s is processed after 99: %t", sequence, got)
		}
	}
}

// A post that is sent again is known, across windows, until it is too old or too
// many came after it.
func TestDuplicates(t *testing.T) {
	again := func(s *Shard, arrival time.Time) Outcome {
		t.Helper()
		outcome, err := s.Count(write("1", "#a", "en", ten), arrival)
		if err != nil {
			t.Fatal(err)
		}
		return outcome
	}
	first := func() *Shard {
		s := shard(t, nil)
		again(s, ten)
		return s
	}
	t.Run("at the horizon", func(t *testing.T) {
		if got := again(first(), ten.Add(Horizon*time.Second)); got != Duplicate {
			t.Errorf("outcome is %v", got)
		}
	})
	t.Run("past the horizon", func(t *testing.T) {
		if got := again(first(), ten.Add((Horizon+1)*time.Second)); got != Counted {
			t.Errorf("outcome is %v", got)
		}
	})
	t.Run("in the next window", func(t *testing.T) {
		if got := again(shard(t, first().Memory()), ten.Add(time.Second)); got != Duplicate {
			t.Errorf("outcome is %v", got)
		}
	})
	t.Run("when its record arrived before", func(t *testing.T) {
		if got := again(first(), ten.Add(-time.Second)); got != Duplicate {
			t.Errorf("outcome is %v", got)
		}
	})
	for _, tt := range []struct {
		others int
		want   Outcome
	}{{Remembered - 1, Duplicate}, {Remembered, Counted}} {
		t.Run(fmt.Sprint("after ", tt.others, " others"), func(t *testing.T) {
			s := first()
			for i := range tt.others {
				s.recent.add("other-"+strconv.Itoa(i), ten.Unix())
			}
			if s.recent.known.count != len(s.recent.hashes) || len(s.recent.hashes) > Remembered {
				t.Errorf("%d hashes, %d known", len(s.recent.hashes), s.recent.known.count)
			}
			if got := again(s, ten); got != tt.want {
				t.Errorf("outcome is %v", got)
			}
		})
	}
}

// However posts are split into shards and batches, whatever is tried again or
// delivered again, and wherever a window of arrivals ends, the counts are those of
// one pass.
func TestAnySplitCountsTheSame(t *testing.T) {
	for seed := range uint64(40) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 0))
			records := randomRecords(random, 400)
			want := counts{}
			want.add(t, onePass(t, records).Parts())
			got := counts{}
			for _, shard := range byShard(records, 1+int(seed%4)) {
				store := map[string]Part{}
				var memory []byte
				for len(shard) > 0 {
					length := 1 + random.IntN(len(shard))
					memory = windowOf(t, random, shard[:length], memory, store)
					shard = shard[length:]
				}
				got.add(t, slices.Collect(maps.Values(store)))
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("counts (-one pass +split):\n%s", diff)
			}
		})
	}
}

// byShard distributes records, those of one post to the same shard.
func byShard(records []record, shards int) [][]record {
	all := make([][]record, shards)
	for _, r := range records {
		shard := Bucket(string(r.data)) % shards
		all[shard] = append(all[shard], r)
	}
	return all
}

type record struct {
	sequence string
	data     []byte
	arrival  time.Time
}

func randomRecords(random *rand.Rand, n int) []record {
	var records []record
	at := ten
	for i := range n {
		at = at.Add(time.Duration(random.IntN(1500)) * time.Millisecond)
		text := fmt.Sprintf("#t%d #u%d", random.IntN(10), random.IntN(100))
		created := at.Add(-time.Duration(random.ExpFloat64() * float64(time.Minute)))
		data := write(fmt.Sprint(i), text, []string{"ko", "en", ""}[random.IntN(3)], created)
		if random.IntN(10) == 0 && i > 0 {
			data = slices.Clone(records[max(0, i-1-random.IntN(20))].data)
		}
		records = append(records, record{strconv.Itoa(i * 3), data, at})
	}
	return records
}

func (r record) count(t *testing.T, s *Shard) {
	t.Helper()
	if s.Processed(r.sequence) {
		return
	}
	if _, err := s.Count(slices.Clone(r.data), r.arrival); err != nil {
		t.Fatal(err)
	}
	s.Process(r.sequence)
}

func onePass(t *testing.T, records []record) *Shard {
	s := shard(t, nil)
	for _, r := range records {
		r.count(t, s)
	}
	return s
}

// windowOf processes the records of a window of arrivals in batches, some of which
// are tried again, or start with records that are processed already. Its parts are
// put one or two times.
func windowOf(t *testing.T, random *rand.Rand, records []record, memory []byte, store map[string]Part) []byte {
	t.Helper()
	s := shard(t, memory)
	for done := 0; done < len(records); {
		from := max(0, done-random.IntN(5))
		until := done + 1 + random.IntN(len(records)-done)
		state := s.AppendState(nil)
		for range 1 + random.IntN(2) { // the state of an attempt that failed is lost
			var err error
			if s, err = ReadShard(settings, state); err != nil {
				t.Fatal(err)
			}
			for _, r := range records[from:until] {
				r.count(t, s)
			}
		}
		done = until
	}
	for range 1 + random.IntN(2) {
		for _, p := range s.Parts() {
			store[fmt.Sprint(p.Start, p.Bucket, p.First)] = p
		}
	}
	return s.Memory()
}

// A million different hashtags take bounded memory, those that really are frequent
// are found, and the floor says what may be missing.
func TestHostileCardinality(t *testing.T) {
	s := shard(t, nil)
	const posts, each = 100_000, 10
	for i := range posts {
		text := new(strings.Builder)
		for j := range each {
			fmt.Fprintf(text, "#%d%s ", i*each+j, strings.Repeat("x", 20))
		}
		if i%10 == 0 {
			text.WriteString("#서울")
		}
		if _, err := s.Count(write(strconv.Itoa(i), text.String(), "ko", ten), ten); err != nil {
			t.Fatal(err)
		}
	}
	if size := len(s.AppendState(nil)); size > 600<<10 {
		t.Errorf("the state has %d bytes", size)
	}
	if size := len(s.Memory()); size > 270<<10 {
		t.Errorf("the memory has %d bytes", size)
	}
	got := counts{}
	got.add(t, s.Parts())
	seoul, floor := got["10:00:00 ko 서울"], got["10:00:00 floor"]
	if seoul > posts/10 || seoul+floor < posts/10 {
		t.Errorf("#서울 is counted %d times, with a floor of %d; it came %d times", seoul, floor, posts/10)
	}
	room := uint64(maximumSize / 4 * 3 / (30 + counterSize))
	if most := uint64(posts*each+posts/10) / room; floor == 0 || floor > most {
		t.Errorf("the floor is %d, at most %d is right", floor, most)
	}
}

// What the floor promises holds for every hashtag.
func TestFloor(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	zipf := rand.NewZipf(random, 1.05, 1, 200_000)
	truth := map[string]uint64{}
	var w windows
	for i := range 500_000 {
		start := int64(60 * (i % 2))
		key := fmt.Sprintf("ko\x00%s%d", strings.Repeat("long", 8), zipf.Uint64())
		truth[fmt.Sprint(start, key)]++
		w.open(start)
		w.add([]byte(key))
	}
	if w.all[0].floor == 0 {
		t.Fatal("nothing was evicted")
	}
	size := 0
	for start, window := range w.all {
		for key, c := range window.counters {
			came := truth[fmt.Sprint(start, key)]
			if c.count > came || c.count+c.missed < came || c.missed > window.floor {
				t.Errorf("%s is counted %d times and missed at most %d times, it came %d times", key, c.count, c.missed, came)
			}
			size += len(key) + counterSize
		}
	}
	if size != w.size || size > maximumSize {
		t.Errorf("the counters take %d bytes, noted are %d, allowed %d", size, w.size, maximumSize)
	}
	for key, came := range truth {
		start, rest, _ := strings.Cut(key, "ko")
		at, _ := strconv.ParseInt(start, 10, 64)
		if w.all[at].counters["ko"+rest] == nil && came > w.all[at].floor {
			t.Errorf("%s came %d times and has no counter: the floor is %d", key, came, w.all[at].floor)
		}
	}
}

func TestStateKeepsTheLengthOfWindows(t *testing.T) {
	s := shard(t, nil)
	if _, err := s.Count(write("1", "#a", "en", ten.Add(90*time.Second)), ten.Add(90*time.Second)); err != nil {
		t.Fatal(err)
	}
	changed := Settings{Window: 5 * time.Minute, Lateness: time.Minute}
	s, err := ReadShard(changed, s.AppendState(nil))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range s.Parts() {
		if p.Window != time.Minute || !p.Start.Equal(ten.Add(time.Minute)) {
			t.Errorf("part of %v from %v", p.Window, p.Start)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	s := shard(t, nil)
	if _, err := s.Count(write("1", "#a", "en", ten), ten); err != nil {
		t.Fatal(err)
	}
	s.Process("1")
	readers := map[string]struct {
		data []byte
		read func([]byte) error
	}{
		"state":  {s.AppendState(nil), func(data []byte) error { _, err := ReadShard(settings, data); return err }},
		"memory": {s.Memory(), func(data []byte) error { _, err := NewShard(settings, data); return err }},
		"part":   {s.Parts()[0].Data, func(data []byte) error { _, err := Read(data, func(_, _ []byte, _ uint64) {}); return err }},
	}
	for name, r := range readers {
		if err := r.read(r.data); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := r.read([]byte{}); err == nil {
			t.Errorf("%s: nothing is read", name)
		}
		for end := 1; end < len(r.data); end++ {
			// A part is a list, so it may end after each count.
			if err := r.read(r.data[:end:end]); err == nil && name != "part" {
				t.Errorf("%s: the first %d of %d bytes are read", name, end, len(r.data))
			}
		}
		if err := r.read(append([]byte{2}, r.data[1:]...)); err == nil || !strings.Contains(err.Error(), "version 2, not 1") {
			t.Errorf("%s of another version: %v", name, err)
		}
		if err := r.read(append(slices.Clone(r.data), 7)); err == nil {
			t.Errorf("%s with a byte too many is read", name)
		}
	}
}

func FuzzReadShard(f *testing.F) {
	s, err := NewShard(settings, nil)
	if err != nil {
		f.Fatal(err)
	}
	for i := range 3 {
		if _, err := s.Count(write(strconv.Itoa(i), "#a #b", "en", ten), ten); err != nil {
			f.Fatal(err)
		}
	}
	s.Process("12")
	f.Add(s.AppendState(nil))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := ReadShard(settings, data)
		if err != nil {
			return
		}
		again, err := ReadShard(settings, s.AppendState(nil))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(s.Parts(), again.Parts()); diff != "" || !bytes.Equal(s.Memory(), again.Memory()) {
			t.Errorf("parts (-before +after):\n%s", diff)
		}
		for _, p := range s.Parts() {
			if _, err := Read(p.Data, func(_, _ []byte, _ uint64) {}); err != nil {
				t.Error(err)
			}
		}
	})
}
