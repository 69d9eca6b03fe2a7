package posts_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jonboulle/clockwork"

	"github.com/noidle/noidle/cmd/noidle/posts"
)

// answer is what GET /trends answers.
type answer struct {
	Window struct {
		Start time.Time `json:"start"`
		End   time.Time `json:"end"`
	} `json:"window"`
	Complete bool    `json:"complete"`
	Trends   []trend `json:"trends"`
}

type trend struct {
	posts.Trend
	Previous int `json:"previous"`
}

// right returns the right answer to a request for a window.
func right(t *testing.T, truth *posts.Truth, r *http.Request, now time.Time) answer {
	var a answer
	at := r.URL.Query().Get("at")
	for _, w := range truth.Windows {
		if w.Start.Format(time.RFC3339) == at {
			a.Window.Start, a.Window.End, a.Complete = w.Start, w.End, !now.Before(w.End)
			for _, top := range w.Top("", 1000) {
				a.Trends = append(a.Trends, trend{top, 7})
			}
		}
	}
	if r.URL.Path != "/trends" || r.URL.Query().Get("limit") != "1000" || a.Trends == nil {
		t.Errorf("asked for %s", r.URL)
	}
	return a
}

func TestCompare(t *testing.T) {
	truth := posts.NewTruth(time.Minute)
	for _, r := range makeRecords(t, posts.Options{Hashtags: 30}, start, 20_000) {
		truth.Add(r)
	}
	top := truth.Windows[0].Top("", 2)
	equal := []string{"window 10:00-10:01: 30 hashtags equal", "window 10:01-10:02: 30 hashtags equal"}
	for name, test := range map[string]struct {
		change func(a *answer, time string) (status int)
		want   []string
		err    string
		end    string
	}{
		"equal": {want: equal, end: "10:02:00"},
		"late": {
			change: func(a *answer, time string) int {
				switch {
				case time < "10:02:10":
					return http.StatusServiceUnavailable
				case time < "10:02:20":
					return http.StatusTooManyRequests
				case time < "10:02:30":
					a.Trends = a.Trends[:3]
				case time < "10:02:40":
					a.Complete = false
				case time < "10:02:50":
					a.Trends[2].Count--
				}
				return http.StatusOK
			},
			want: equal, end: "10:02:50",
		},
		"different": {
			change: func(a *answer, _ string) int {
				if a.Window.Start.Minute() == 0 {
					a.Trends = append(a.Trends[1:], trend{Trend: posts.Trend{Hashtag: "zebra", Count: 1}})
					a.Trends[0].Count++
				}
				return http.StatusOK
			},
			want: []string{
				fmt.Sprintf("window 10:00-10:01: #%s: counted 0, put %d", top[0].Hashtag, top[0].Count),
				fmt.Sprintf("window 10:00-10:01: #%s: counted %d, put %d", top[1].Hashtag, top[1].Count+1, top[1].Count),
				"window 10:00-10:01: #zebra: counted 1, put 0",
				equal[1],
			},
			err: "1 of 2 windows differ", end: "10:05:00",
		},
		"never complete": {
			change: func(a *answer, _ string) int { a.Complete = false; return http.StatusOK },
			want:   []string{"window 10:00-10:01: not complete", "window 10:01-10:02: not complete"},
			err:    "2 of 2 windows differ", end: "10:05:00",
		},
		"in another order": {
			change: func(a *answer, _ string) int { slices.Reverse(a.Trends); return http.StatusOK },
			want: []string{
				"window 10:00-10:01: the order is not by count, then by hashtag",
				"window 10:01-10:02: the order is not by count, then by hashtag",
			},
			err: "2 of 2 windows differ", end: "10:05:00",
		},
		"wrong address": {
			change: func(*answer, string) int { return http.StatusNotFound },
			err:    "404 Not Found", end: "10:00:30",
		},
		"out of order": {
			change: func(*answer, string) int { return http.StatusInternalServerError },
			err:    "500 Internal Server Error", end: "10:05:00",
		},
	} {
		t.Run(name, func(t *testing.T) {
			clock := clockwork.NewFakeClockAt(start)
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				a := right(t, truth, r, clock.Now())
				if test.change != nil {
					w.WriteHeader(test.change(&a, clock.Now().Format(time.TimeOnly)))
				}
				_ = json.NewEncoder(w).Encode(a)
			}))
			defer server.Close()
			go func() {
				for clock.BlockUntilContext(t.Context(), 1) == nil {
					clock.Advance(time.Second)
				}
			}()
			var got []string
			err := posts.Compare(t.Context(), clock, server.URL+"/trends", truth, func(line string) { got = append(got, line) })
			if (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
				t.Errorf("got error %v, want %q", err, test.err)
			}
			slices.Sort(got)
			slices.Sort(test.want)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
			want, _ := time.Parse(time.TimeOnly, test.end)
			want = want.AddDate(start.Year(), int(start.Month())-1, start.Day()-1)
			if late := clock.Since(want); late < 0 || late > 5*time.Second {
				t.Errorf("ended at %s, want %s", clock.Now().Format(time.TimeOnly), test.end)
			}
		})
	}
}

// TestCompareTellsFewDifferences checks that ten differences of a window are
// told, and how many more there are.
func TestCompareTellsFewDifferences(t *testing.T) {
	truth := posts.NewTruth(time.Minute)
	for _, r := range makeRecords(t, posts.Options{Hashtags: 30}, start, 9_000) {
		truth.Add(r)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"complete":true,"trends":[]}`))
	}))
	defer server.Close()
	clock := clockwork.NewFakeClockAt(start)
	go func() {
		for clock.BlockUntilContext(t.Context(), 1) == nil {
			clock.Advance(time.Minute)
		}
	}()
	var got []string
	err := posts.Compare(t.Context(), clock, server.URL, truth, func(line string) { got = append(got, line) })
	if err == nil || len(got) != 11 || got[10] != "window 10:00-10:01: and 20 more differences" {
		t.Errorf("got error %v and %q", err, got)
	}
}

func TestSummarize(t *testing.T) {
	truth := posts.NewTruth(time.Minute)
	for i, p := range []posts.Post{
		{Language: "ko", CreatedAt: start, Hashtags: []string{"서울", "go"}},
		{Language: "ko", CreatedAt: start.Add(time.Minute), Hashtags: []string{"서울"}},
	} {
		for range 1234 >> i {
			truth.Add(posts.Record{Post: new(p)})
		}
	}
	truth.Unknown = []string{"1-a-7", "1-a-8"}
	var got strings.Builder
	if err := posts.Summarize(&got, truth, posts.Progress{Elapsed: 2 * time.Second, Records: 1851, Retries: 3}); err != nil {
		t.Fatal(err)
	}
	want := `1851 records in 2.0 s, 926/s: 1851 posts, 0 duplicates, 0 malformed; 3 retries
not known whether put: 2 posts, such as 1-a-7

  total  10:00-10:01  10:01-10:02  hashtag
   1851         1234          617  #서울
   1234         1234            0  #go
`
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Error(diff)
	}
}
