package posts

import (
	"cmp"
	"slices"
	"time"
)

// Truth is what a stream took, and how often each hashtag is in it.
type Truth struct {
	// Records is how many records the stream took: new posts, posts that came
	// again, and what is no post.
	Records    int `json:"records"`
	Posts      int `json:"posts"`
	Duplicates int `json:"duplicates"`
	Malformed  int `json:"malformed"`
	// Unknown are the IDs of posts that are not counted because no answer said
	// that the stream took them. It may have taken them nevertheless.
	Unknown []string `json:"unknown,omitempty"`
	// Windows have a post each at least and are in the order of time.
	Windows []Window `json:"windows"`

	length time.Duration
}

// Window has the counts of a window of time.
type Window struct {
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`
	Posts int       `json:"posts"`
	// Languages has how many posts a hashtag is in, by language and hashtag.
	Languages map[string]map[string]int `json:"languages"`
}

// Trend is a hashtag and how many posts it is in.
type Trend struct {
	Hashtag string `json:"hashtag"`
	Count   int    `json:"count"`
}

// NewTruth returns a Truth without a record. Windows have a length in whole
// seconds and start at multiples of it since 1970 in UTC.
func NewTruth(window time.Duration) *Truth { return &Truth{length: window} }

// Add counts a record that the stream took. A post counts once, and for one Truth,
// in the window in which it was created. A Truth that was read from JSON takes no
// more records.
func (t *Truth) Add(r Record) {
	t.Records++
	switch {
	case r.Post == nil:
		t.Malformed++
	case r.Post.counted:
		t.Duplicates++
	default:
		r.Post.counted = true
		t.Posts++
		t.window(r.Post.CreatedAt).add(r.Post)
	}
}

func (t *Truth) window(at time.Time) *Window {
	start := at.Add(-time.Duration(at.UnixNano() % int64(t.length)))
	i, found := slices.BinarySearchFunc(t.Windows, start, func(w Window, start time.Time) int { return w.Start.Compare(start) })
	if !found {
		t.Windows = slices.Insert(t.Windows, i, Window{Start: start, End: start.Add(t.length), Languages: map[string]map[string]int{}})
	}
	return &t.Windows[i]
}

func (w *Window) add(p *Post) {
	w.Posts++
	counts := w.Languages[p.Language]
	if counts == nil {
		counts = map[string]int{}
		w.Languages[p.Language] = counts
	}
	for _, tag := range p.Hashtags {
		counts[tag]++
	}
}

// String returns when the window starts and ends, in UTC, such as 10:00-10:01.
func (w Window) String() string {
	layout := "15:04"
	if w.Start.Second() != 0 || w.End.Second() != 0 {
		layout = time.TimeOnly
	}
	return w.Start.Format(layout) + "-" + w.End.Format(layout)
}

// Count returns how many posts in a language have a hashtag. The empty language
// stands for all.
func (w Window) Count(language, hashtag string) int {
	return count([]Window{w}, language)[hashtag]
}

// Top returns the n most frequent hashtags of a language, the most frequent
// first, and equally frequent ones in the order of code points. The empty
// language stands for all.
func (w Window) Top(language string, n int) []Trend { return top([]Window{w}, language, n) }

// Top is as [Window.Top], over all windows.
func (t *Truth) Top(language string, n int) []Trend { return top(t.Windows, language, n) }

func count(windows []Window, language string) map[string]int {
	total := map[string]int{}
	for _, w := range windows {
		for code, counts := range w.Languages {
			if language == "" || language == code {
				for tag, n := range counts {
					total[tag] += n
				}
			}
		}
	}
	return total
}

func top(windows []Window, language string, n int) []Trend {
	var trends []Trend
	for tag, n := range count(windows, language) {
		trends = append(trends, Trend{tag, n})
	}
	slices.SortFunc(trends, func(a, b Trend) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Hashtag, b.Hashtag))
	})
	return trends[:min(n, len(trends))]
}
