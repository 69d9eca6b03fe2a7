package trend

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// Readers is how many buckets a [Ranking] reads at the same time, at most.
const Readers = 32

// Source has the parts that shards have put.
type Source interface {
	// Parts calls yield with the data of each part of a bucket and of the window of a
	// length that starts at an instant, one after the other in any order. It ends with
	// the first error of yield.
	Parts(ctx context.Context, start time.Time, window time.Duration, bucket int, yield func(data []byte) error) error
}

// Ranking says how often hashtags came. It serves any number of goroutines at a
// time.
type Ranking struct {
	// Settings are those that the parts were made with.
	Settings Settings
	// Settle is how long after its end a window is complete: its parts are put once
	// the records that arrived in it are gathered and read.
	Settle time.Duration
	Source Source
	// Now is the clock.
	Now func() time.Time
}

// Period is a window, or several windows without a gap.
type Period struct {
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`
}

// Holding returns the window that holds an instant.
func (r Ranking) Holding(at time.Time) Period {
	start := r.Settings.Start(at)
	return Period{start, start.Add(r.Settings.Window)}
}

// Newest returns the newest complete windows, which take a length of time in all.
func (r Ranking) Newest(length time.Duration) Period {
	end := r.Settings.Start(r.Now().Add(-r.Settle))
	return Period{end.Add(-length), end}
}

// Complete returns whether a period is over for so long (Settle) that the counts
// of all shards are put. Posts that come late may still be added.
func (r Ranking) Complete(p Period) bool { return !r.Now().Before(p.End.Add(r.Settle)) }

// Final returns whether a period is over for so long that no post is added any
// more: the last that counts has arrived, and the window it arrived in is complete.
func (r Ranking) Final(p Period) bool {
	p.End = p.End.Add(r.Settings.Lateness + r.Settings.Window)
	return r.Complete(p)
}

// Trends are the hashtags that came most often in a period.
type Trends struct {
	Window Period `json:"window"`
	// Complete is what [Ranking.Complete] said before the counts were read.
	Complete bool `json:"complete"`
	// Uncertainty is by how much any Count or Previous may be too low. It is zero
	// unless more different hashtags came than are counted.
	Uncertainty uint64  `json:"uncertainty,omitempty"`
	Trends      []Trend `json:"trends"`
}

// Trend is a hashtag, by its key, and how often it came.
type Trend struct {
	Hashtag string `json:"hashtag"`
	Count   uint64 `json:"count"`
	// Previous is the count of the period of the same length just before.
	Previous uint64 `json:"previous"`
}

// Trends returns the hashtags that came most often in a period, at most so many as
// the limit says: the highest count first, equal ones in the order of the
// hashtags' code points. A language, as [Language] returns it, selects its posts;
// the empty string selects all.
func (r Ranking) Trends(ctx context.Context, p Period, language string, limit int) (Trends, error) {
	complete := r.Complete(p)
	t := tally{period: p, language: language, trends: map[string]*Trend{}}
	both := Period{p.Start.Add(-p.End.Sub(p.Start)), p.End}
	if err := r.read(ctx, both, 0, Buckets, t.add); err != nil {
		return Trends{}, err
	}
	uncertainty := max(slices.Max(t.floors[0][:]), slices.Max(t.floors[1][:]))
	return Trends{Window: p, Complete: complete, Uncertainty: uncertainty, Trends: t.top(limit)}, nil
}

// Point is how often a hashtag came in the window that starts at an instant.
type Point struct {
	Start time.Time `json:"start"`
	Count uint64    `json:"count"`
}

// Series returns how often the hashtag with a key came in each window of a period,
// the oldest first. The language is as for [Ranking.Trends].
func (r Ranking) Series(ctx context.Context, p Period, hashtag, language string) ([]Point, error) {
	points := make([]Point, p.End.Sub(p.Start)/r.Settings.Window)
	for i := range points {
		points[i].Start = p.Start.Add(time.Duration(i) * r.Settings.Window)
	}
	bucket := Bucket(hashtag)
	err := r.read(ctx, p, bucket, bucket+1, func(start time.Time, _ int, data []byte) error {
		point := &points[start.Sub(p.Start)/r.Settings.Window]
		_, err := Read(data, func(l, h []byte, count uint64) {
			if string(h) == hashtag && (language == "" || string(l) == language) {
				point.Count += count
			}
		})
		return err
	})
	return points, err
}

// read calls add with each part of a period's buckets from first up to end: one
// after the other for a bucket and window, but several of these at the same time.
func (r Ranking) read(ctx context.Context, p Period, first, end int, add func(start time.Time, bucket int, data []byte) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(Readers)
	for start := p.Start; start.Before(p.End); start = start.Add(r.Settings.Window) {
		for bucket := first; bucket < end; bucket++ {
			group.Go(func() error {
				err := r.Source.Parts(ctx, start, r.Settings.Window, bucket, func(data []byte) error { return add(start, bucket, data) })
				if err != nil {
					return fmt.Errorf("bucket %d of window %s: %w", bucket, start.Format(time.RFC3339), err)
				}
				return nil
			})
		}
	}
	return group.Wait()
}

// tally sums up the parts of a period and of the one before. The sums are the same
// in whatever order the parts come.
type tally struct {
	period   Period
	language string

	mu     sync.Mutex
	trends map[string]*Trend
	// floors are the sums over the parts of a bucket, of the period and of the one
	// before. A shard has no part in a bucket where it counts nothing.
	floors [2][Buckets]uint64
}

func (t *tally) add(start time.Time, bucket int, data []byte) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	floors, before := &t.floors[0], start.Before(t.period.Start)
	if before {
		floors = &t.floors[1]
	}
	floor, err := Read(data, func(language, hashtag []byte, count uint64) {
		if t.language != "" && string(language) != t.language {
			return
		}
		trend := t.trends[string(hashtag)]
		if trend == nil {
			trend = &Trend{Hashtag: string(hashtag)}
			t.trends[trend.Hashtag] = trend
		}
		if before {
			trend.Previous += count
		} else {
			trend.Count += count
		}
	})
	floors[bucket] += floor
	return err
}

// top returns the first trends. It never sorts more than twice the limit.
func (t *tally) top(limit int) []Trend {
	top := make([]Trend, 0, 2*limit)
	for _, trend := range t.trends {
		if trend.Count == 0 {
			continue
		}
		if len(top) == 2*limit {
			slices.SortFunc(top, compare)
			top = top[:limit]
		}
		top = append(top, *trend)
	}
	slices.SortFunc(top, compare)
	return top[:min(limit, len(top))]
}

func compare(a, b Trend) int {
	return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Hashtag, b.Hashtag))
}
