package posts

import (
	"fmt"
	"io"
	"text/tabwriter"
)

const (
	hashtagsShown = 20
	windowsShown  = 8
)

// Summarize writes what was put for people to read: the totals, and the most
// frequent hashtags, in all and in the last eight windows.
func Summarize(w io.Writer, t *Truth, p Progress) error {
	// Hashtags come last because how wide they are differs between terminals.
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintf(table, "%d records in %.1f s, %.0f/s: %d posts, %d duplicates, %d malformed; %d retries\n",
		t.Records, p.Elapsed.Seconds(), p.Rate(), t.Posts, t.Duplicates, t.Malformed, p.Retries)
	if len(t.Unknown) > 0 {
		_, _ = fmt.Fprintf(table, "not known whether put: %d posts, such as %s\n", len(t.Unknown), t.Unknown[0])
	}
	windows := t.Windows[max(0, len(t.Windows)-windowsShown):]
	_, _ = fmt.Fprint(table, "\ntotal\t")
	for _, window := range windows {
		_, _ = fmt.Fprint(table, window, "\t")
	}
	_, _ = fmt.Fprintln(table, "  hashtag")
	for _, trend := range t.Top("", hashtagsShown) {
		_, _ = fmt.Fprint(table, trend.Count, "\t")
		for _, window := range windows {
			_, _ = fmt.Fprint(table, window.Count("", trend.Hashtag), "\t")
		}
		_, _ = fmt.Fprintln(table, "  #"+trend.Hashtag)
	}
	return table.Flush()
}
