package posts

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/jonboulle/clockwork"
)

const (
	compared    = 1000 // hashtags of a window, the most frequent
	shown       = 10   // differences of a window
	askEvery    = 2 * time.Second
	countsAfter = 3 * time.Minute
)

// Compare gets the counts of each window from a URL, such as
// http://127.0.0.1:4567/trends, until they are complete and are the truth, and
// reports on each window. It returns an error if they are not so three minutes
// after the end of the last window. Posts of others in these windows are
// differences.
func Compare(ctx context.Context, clock clockwork.Clock, url string, truth *Truth, report func(line string)) error {
	deadline := clock.Now()
	for _, w := range truth.Windows {
		if w.End.After(deadline) {
			deadline = w.End
		}
	}
	wrong := 0
	for _, w := range truth.Windows {
		want := w.Top("", compared)
		got, err := await(ctx, clock, url, w, want, deadline.Add(countsAfter))
		if err != nil {
			return fmt.Errorf("window %s: %w", w, err)
		}
		lines := []string{fmt.Sprintf("%d hashtags equal", len(want))}
		if !got.is(want) {
			wrong++
			lines = got.differences(want)
		}
		for _, line := range lines {
			report(fmt.Sprintf("window %s: %s", w, line))
		}
	}
	if wrong > 0 {
		return fmt.Errorf("%d of %d windows differ; the truth does not know of %d posts", wrong, len(truth.Windows), len(truth.Unknown))
	}
	return nil
}

// answer is what is counted in a window.
type answer struct {
	Complete bool
	Trends   []Trend
}

func (a answer) is(want []Trend) bool { return a.Complete && slices.Equal(a.Trends, want) }

// errRefused is that of a request that is wrong in itself.
var errRefused = errors.New("refused")

// await returns what is counted in a window once it is as wanted, or else at the
// deadline.
func await(ctx context.Context, clock clockwork.Clock, url string, w Window, want []Trend, deadline time.Time) (answer, error) {
	for {
		got, err := ask(ctx, url, w)
		last := !clock.Now().Before(deadline) || errors.Is(err, errRefused)
		if last || err == nil && got.is(want) {
			return got, err
		}
		if !pause(ctx, clock, max(askEvery, clock.Until(w.End))) {
			return got, ctx.Err()
		}
	}
}

var client = http.Client{Timeout: 10 * time.Second}

func ask(ctx context.Context, address string, w Window) (got answer, err error) {
	query := url.Values{"at": {w.Start.Format(time.RFC3339)}, "limit": {strconv.Itoa(compared)}}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address+"?"+query.Encode(), nil)
	if err != nil {
		return got, fmt.Errorf("%w: %w", errRefused, err)
	}
	response, err := client.Do(request)
	if err != nil {
		return got, err
	}
	defer func() { _ = response.Body.Close() }()
	switch status := response.StatusCode; {
	case status >= 400 && status < 500 && status != http.StatusTooManyRequests:
		return got, fmt.Errorf("GET %s: %w: %s", request.URL, errRefused, response.Status)
	case status != http.StatusOK:
		return got, fmt.Errorf("GET %s: %s", request.URL, response.Status)
	}
	if err := json.NewDecoder(response.Body).Decode(&got); err != nil {
		return got, fmt.Errorf("GET %s: %w", request.URL, err)
	}
	return got, nil
}

// differences returns lines that say how the answer is not as wanted.
func (a answer) differences(want []Trend) []string {
	counted, put := byHashtag(a.Trends), byHashtag(want)
	all := maps.Clone(put)
	maps.Copy(all, counted)
	var lines []string
	for _, tag := range slices.Sorted(maps.Keys(all)) {
		if counted[tag] != put[tag] {
			lines = append(lines, fmt.Sprintf("#%s: counted %d, put %d", tag, counted[tag], put[tag]))
		}
	}
	if more := len(lines) - shown; more > 0 {
		lines = append(lines[:shown], fmt.Sprintf("and %d more differences", more))
	}
	if !a.Complete {
		lines = append(lines, "not complete")
	}
	if len(lines) == 0 {
		lines = append(lines, "the order is not by count, then by hashtag")
	}
	return lines
}

func byHashtag(trends []Trend) map[string]int {
	counts := make(map[string]int, len(trends))
	for _, t := range trends {
		counts[t.Hashtag] = t.Count
	}
	return counts
}
