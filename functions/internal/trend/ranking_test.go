package trend

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jonboulle/clockwork"
)

const settle = 15 * time.Second

// store is a Source in memory: the data of parts by window and bucket.
type store map[string][][]byte

func storeKey(start time.Time, window time.Duration, bucket int) string {
	return fmt.Sprint(start.Format(time.RFC3339), window, bucket)
}

func (s store) put(parts []Part) {
	for _, p := range parts {
		key := storeKey(p.Start, p.Window, p.Bucket)
		s[key] = append(s[key], p.Data)
	}
}

func (s store) Parts(_ context.Context, start time.Time, window time.Duration, bucket int, yield func([]byte) error) error {
	for _, data := range s[storeKey(start, window, bucket)] {
		if err := yield(data); err != nil {
			return err
		}
	}
	return nil
}

// source is a Source that is a function.
type source func(ctx context.Context, start time.Time, bucket int, yield func([]byte) error) error

func (s source) Parts(ctx context.Context, start time.Time, _ time.Duration, bucket int, yield func([]byte) error) error {
	return s(ctx, start, bucket, yield)
}

// published is a post some time after ten.
type published struct {
	after      time.Duration
	lang, text string
}

// ranking returns the Ranking of posts that two shards have counted in turn, a
// moment after the second window after ten.
func ranking(t *testing.T, window time.Duration, posts []published) Ranking {
	t.Helper()
	settings := Settings{Window: window, Lateness: time.Hour}
	stored := store{}
	shards := []*Shard{shard(t, nil), shard(t, nil)}
	for i, p := range posts {
		s := shards[i%2]
		s.settings = settings
		at := ten.Add(p.after)
		if outcome, err := s.Count(write(fmt.Sprint(i), p.text, p.lang, at), at); err != nil || outcome != Counted {
			t.Fatal(outcome, err)
		}
	}
	for _, s := range shards {
		stored.put(s.Parts())
	}
	return Ranking{Settings: settings, Settle: settle, Source: stored, Now: clockwork.NewFakeClockAt(ten.Add(2*window + settle)).Now}
}

func at(after, length time.Duration) Period {
	return Period{ten.Add(after), ten.Add(after + length)}
}

func TestTrends(t *testing.T) {
	minutes := []published{
		{-2 * time.Minute, "ko", "#c"},
		{-time.Minute, "ko", "#a #gone"}, {-time.Second, "en", "#a"}, {-time.Second, "en", "#a"},
		{0, "ko", "#a #b"}, {time.Second, "ko", "#B"}, {time.Second, "ko-KR", "#b"}, {59 * time.Second, "en", "#a #c"}, {30 * time.Second, "", "#d #d"},
		{time.Minute, "ko", "#e"}, {119 * time.Second, "ko", "#e #a"}, {time.Minute, "en", "#e"},
		{2 * time.Minute, "ko", "#later"},
	}
	ties := []published{{0, "", "#ｱ #😀 #é #z #a #서울 #Z #aa"}, {0, "", "#서울"}}
	for _, tt := range []struct {
		name   string
		posts  []published
		window time.Duration
		period Period
		lang   string
		limit  int
		want   Trends
	}{
		{
			"a window", minutes, time.Minute, at(0, time.Minute), "", 20,
			Trends{Complete: true, Trends: []Trend{{"b", 3, 0}, {"a", 2, 3}, {"c", 1, 0}, {"d", 1, 0}}},
		},
		{
			"a language", minutes, time.Minute, at(0, time.Minute), "ko", 20,
			Trends{Complete: true, Trends: []Trend{{"b", 3, 0}, {"a", 1, 1}}},
		},
		{
			"the first", minutes, time.Minute, at(0, time.Minute), "", 2,
			Trends{Complete: true, Trends: []Trend{{"b", 3, 0}, {"a", 2, 3}}},
		},
		{
			"several windows, compared with as many", minutes, time.Minute, at(0, 2*time.Minute), "", 4,
			Trends{Complete: true, Trends: []Trend{{"a", 3, 3}, {"b", 3, 0}, {"e", 3, 0}, {"c", 1, 1}}},
		},
		{
			"a window that is not complete", minutes, time.Minute, at(2*time.Minute, time.Minute), "", 20,
			Trends{Trends: []Trend{{"later", 1, 0}}},
		},
		{"a window to come", minutes, time.Minute, at(24*time.Hour, time.Minute), "", 20, Trends{Trends: []Trend{}}},
		{"a window without posts", minutes, time.Minute, at(-24*time.Hour, time.Minute), "", 20, Trends{Complete: true, Trends: []Trend{}}},
		{"a language without posts", minutes, time.Minute, at(0, time.Minute), "fr", 20, Trends{Complete: true, Trends: []Trend{}}},
		{
			"windows of 10 seconds", minutes, 10 * time.Second, at(0, 10*time.Second), "", 20,
			Trends{Complete: true, Trends: []Trend{{"b", 3, 0}, {"a", 1, 2}}},
		},
		{
			"windows of 5 minutes", minutes, 5 * time.Minute, at(0, 5*time.Minute), "en", 2,
			Trends{Complete: true, Trends: []Trend{{"a", 1, 2}, {"c", 1, 0}}},
		},
		{
			"ties in the order of code points", ties, time.Minute, at(0, time.Minute), "", 20,
			Trends{Complete: true, Trends: []Trend{{"서울", 2, 0}, {"a", 1, 0}, {"aa", 1, 0}, {"z", 1, 0}, {"é", 1, 0}, {"ｱ", 1, 0}, {"😀", 1, 0}}},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ranking(t, tt.window, tt.posts).Trends(t.Context(), tt.period, tt.lang, tt.limit)
			if err != nil {
				t.Fatal(err)
			}
			tt.want.Window = tt.period
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("trends (-want +got):\n%s", diff)
			}
		})
	}
}

// The first trends are those that a sort of all has first.
func TestTop(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, limit := range []int{1, 2, 7, 50, 1000} {
		tally := tally{trends: map[string]*Trend{}}
		var all []Trend
		for i := range 200 {
			trend := Trend{fmt.Sprint("t", i), random.Uint64N(20), random.Uint64N(20)}
			tally.trends[trend.Hashtag] = &trend
			if trend.Count > 0 {
				all = append(all, trend)
			}
		}
		slices.SortFunc(all, func(a, b Trend) int {
			if a.Count != b.Count {
				return int(b.Count) - int(a.Count)
			}
			return strings.Compare(a.Hashtag, b.Hashtag)
		})
		if diff := cmp.Diff(all[:min(limit, len(all))], tally.top(limit)); diff != "" {
			t.Errorf("the first %d (-want +got):\n%s", limit, diff)
		}
	}
}

// Two shards evict counters: no count is too low by more than the uncertainty.
func TestUncertaintyHolds(t *testing.T) {
	var posts []published
	came := map[string]uint64{}
	for i := range 4000 {
		text := "#often"
		for j := range 4 {
			tag := fmt.Sprintf("%d%s", (i*4+j)*7%9001, strings.Repeat("x", 60))
			text += " #" + tag
			came[tag]++
		}
		came["often"]++
		posts = append(posts, published{0, "", text})
	}
	r := ranking(t, time.Minute, posts)
	got, err := r.Trends(t.Context(), at(0, time.Minute), "", 20_000)
	if err != nil {
		t.Fatal(err)
	}
	if got.Uncertainty == 0 || len(got.Trends) == 0 || got.Trends[0].Hashtag != "often" {
		t.Fatalf("the uncertainty is %d, the first of %d is %v", got.Uncertainty, len(got.Trends), got.Trends[:1])
	}
	for _, trend := range got.Trends {
		if n := came[trend.Hashtag]; trend.Count > n || trend.Count+got.Uncertainty < n {
			t.Errorf("%s is counted %d times with an uncertainty of %d, it came %d times", trend.Hashtag, trend.Count, got.Uncertainty, n)
		}
	}
}

func TestUncertainty(t *testing.T) {
	// The keys of the buckets 0 and 1.
	var keys [2]string
	for i := range 1000 {
		if tag := fmt.Sprint("t", i); Bucket(tag) < 2 {
			keys[Bucket(tag)] = "ko\x00" + tag
		}
	}
	type floor struct {
		after  time.Duration
		bucket int
		floor  uint64
	}
	for _, tt := range []struct {
		name   string
		floors []floor
		want   uint64
	}{
		{"none", []floor{{0, 0, 0}, {-time.Minute, 0, 0}}, 0},
		{"shards add up", []floor{{0, 0, 3}, {0, 0, 4}}, 7},
		{"windows add up", []floor{{0, 0, 3}, {time.Minute, 0, 4}}, 7},
		{"the bucket with the most", []floor{{0, 0, 3}, {0, 1, 4}}, 4},
		{"of the period", []floor{{0, 0, 5}, {-time.Minute, 0, 4}}, 5},
		{"of the period before", []floor{{0, 0, 3}, {-time.Minute, 0, 4}}, 4},
		{"of no other", []floor{{-3 * time.Minute, 0, 4}, {2 * time.Minute, 0, 4}}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := ranking(t, time.Minute, nil)
			for _, f := range tt.floors {
				w := window{counters: map[string]*counter{keys[f.bucket]: {count: 1}}, floor: f.floor}
				r.Source.(store).put([]Part{{Start: ten.Add(f.after), Window: time.Minute, Bucket: f.bucket, Data: w.encode()[f.bucket]}})
			}
			got, err := r.Trends(t.Context(), at(0, 2*time.Minute), "en", 20)
			if err != nil || got.Uncertainty != tt.want {
				t.Errorf("the uncertainty is %d, want %d (%v)", got.Uncertainty, tt.want, err)
			}
		})
	}
}

func TestSeries(t *testing.T) {
	// neighbour is another hashtag of the same bucket as go.
	neighbour := "n"
	for Bucket(neighbour) != Bucket("go") {
		neighbour += "n"
	}
	posts := []published{
		{-time.Minute, "ko", "#go"},
		{0, "ko", "#Go #" + neighbour}, {5 * time.Second, "en", "#GO"}, {59 * time.Second, "ko", "#go"}, {0, "ko", "#golang"},
		{2 * time.Minute, "en", "#go"}, {2 * time.Minute, "ko", "#" + neighbour},
	}
	for _, tt := range []struct {
		name   string
		window time.Duration
		period Period
		lang   string
		want   []uint64
	}{
		{"with a gap", time.Minute, at(-2*time.Minute, 5*time.Minute), "", []uint64{0, 1, 3, 0, 1}},
		{"a language", time.Minute, at(-time.Minute, 4*time.Minute), "ko", []uint64{1, 2, 0, 0}},
		{"windows of 10 seconds", 10 * time.Second, at(0, time.Minute), "", []uint64{2, 0, 0, 0, 0, 1}},
		{"windows of 5 minutes", 5 * time.Minute, at(-5*time.Minute, 10*time.Minute), "", []uint64{1, 4}},
		{"none", time.Minute, at(-time.Hour, 2*time.Minute), "", []uint64{0, 0}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := ranking(t, tt.window, posts)
			stored := r.Source
			r.Source = source(func(ctx context.Context, start time.Time, bucket int, yield func([]byte) error) error {
				if bucket != Bucket("go") {
					t.Errorf("bucket %d is read, that of the hashtag is %d", bucket, Bucket("go"))
				}
				return stored.Parts(ctx, start, tt.window, bucket, yield)
			})
			got, err := r.Series(t.Context(), tt.period, "go", tt.lang)
			if err != nil {
				t.Fatal(err)
			}
			var want []Point
			for i, count := range tt.want {
				want = append(want, Point{tt.period.Start.Add(time.Duration(i) * tt.window), count})
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("points (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPeriods(t *testing.T) {
	for _, tt := range []struct {
		name   string
		window time.Duration
		now    time.Duration // after ten
		length time.Duration
		want   Period
	}{
		{"just complete", time.Minute, time.Minute + settle, time.Minute, at(0, time.Minute)},
		{"not complete", time.Minute, time.Minute + settle - 1, time.Minute, at(-time.Minute, time.Minute)},
		{"several", time.Minute, 100 * time.Second, 3 * time.Minute, at(-2*time.Minute, 3*time.Minute)},
		{"short windows", 10 * time.Second, 29 * time.Second, time.Minute, at(-50*time.Second, time.Minute)},
		{"long windows", 5 * time.Minute, 7 * time.Minute, 10 * time.Minute, at(-5*time.Minute, 10*time.Minute)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			now := ten.Add(tt.now)
			r := Ranking{Settings: Settings{Window: tt.window, Lateness: 5 * time.Minute}, Settle: settle, Now: clockwork.NewFakeClockAt(now).Now}
			got := r.Newest(tt.length)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("newest (-want +got):\n%s", diff)
			}
			next := Period{got.End, got.End.Add(tt.window)}
			if !r.Complete(got) || r.Complete(next) {
				t.Errorf("%v is complete: %t, the next window: %t", got, r.Complete(got), r.Complete(next))
			}
			if diff := cmp.Diff(next, r.Holding(got.End)); diff != "" {
				t.Errorf("window of an instant (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(next, r.Holding(next.End.Add(-1))); diff != "" {
				t.Errorf("window of its last instant (-want +got):\n%s", diff)
			}
		})
	}
}

// TestFinal: the last post of a window arrives with the lateness that is allowed,
// in a window that has still to be complete.
func TestFinal(t *testing.T) {
	clock := clockwork.NewFakeClockAt(ten.Add(time.Minute + settings.Lateness + time.Minute + settle - 1))
	r := Ranking{Settings: settings, Settle: settle, Now: clock.Now}
	if r.Final(at(0, time.Minute)) {
		t.Error("it is final too early")
	}
	clock.Advance(1)
	if !r.Final(at(0, time.Minute)) || r.Final(at(0, 2*time.Minute)) {
		t.Error("it is not final, or the next window is too")
	}
}

// TestReaders: reads of 0.1 s go on side by side, as many as are allowed.
func TestReaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		reading, most := 0, 0
		add := func(n int) {
			mu.Lock()
			defer mu.Unlock()
			reading += n
			most = max(most, reading)
		}
		r := ranking(t, time.Minute, nil)
		r.Source = source(func(context.Context, time.Time, int, func([]byte) error) error {
			add(1)
			defer add(-1)
			time.Sleep(100 * time.Millisecond)
			return nil
		})
		started := time.Now()
		if _, err := r.Trends(t.Context(), at(0, 10*time.Minute), "", 20); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(started); took != time.Second || most != Readers {
			t.Errorf("20 windows took %v with %d readers, want 1s with %d", took, most, Readers)
		}
	})
}

func TestReadFails(t *testing.T) {
	down := errors.New("down")
	bad := Bucket("go")
	for _, tt := range []struct {
		name string
		read source
		want string
	}{
		{"the source", func(ctx context.Context, start time.Time, bucket int, _ func([]byte) error) error {
			if bucket == bad && start.Equal(ten) {
				return down
			}
			return nil
		}, fmt.Sprintf("bucket %d of window 2026-11-22T10:00:00Z: down", bad)},
		{"a part", func(_ context.Context, start time.Time, bucket int, yield func([]byte) error) error {
			if bucket == bad && start.Equal(ten) {
				return yield([]byte{9})
			}
			return nil
		}, fmt.Sprintf("bucket %d of window 2026-11-22T10:00:00Z: part of a window: it has version 9, not 1", bad)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := ranking(t, time.Minute, nil)
			r.Source = tt.read
			if _, err := r.Trends(t.Context(), at(0, time.Minute), "", 20); err == nil || err.Error() != tt.want {
				t.Errorf("trends: error is %v, want %s", err, tt.want)
			}
			if _, err := r.Series(t.Context(), at(0, time.Minute), "go", ""); err == nil || err.Error() != tt.want {
				t.Errorf("series: error is %v, want %s", err, tt.want)
			}
		})
	}
}
