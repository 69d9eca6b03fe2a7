package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"text/tabwriter"

	"github.com/noidle/noidle/bench/internal/pin"
)

// The goals for the aggregate function: posts of 1 KB for each second of a core,
// and its CPU time as a ratio to that of the Node.js function.
const (
	goalPerSecond = 200_000
	goalRatio     = 0.25
)

func printTable(out io.Writer, in *input, windows int, ours, theirs result) error {
	ratio := ours.perPost / theirs.perPost
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	row := func(cells ...string) { _, _ = fmt.Fprintln(table, strings.Join(cells, "\t")+"\t") }
	row("function", "CPU µs a post", "posts/s/core", "goal", "", "ratio", "goal", "")
	row("aggregate", fmt.Sprintf("%.2f", ours.perPost), fmt.Sprintf("%.0f", ours.perSecond()), fmt.Sprint(goalPerSecond), verdict(ours.perSecond() >= goalPerSecond),
		fmt.Sprintf("%.2f", ratio), fmt.Sprint(goalRatio), verdict(ratio <= goalRatio))
	row("Node.js, JSON.parse", fmt.Sprintf("%.2f", theirs.perPost), fmt.Sprintf("%.0f", theirs.perSecond()), "", "", "1.00", "", "")
	if err := table.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, `
%d posts of %d bytes on average in each of %d windows, with %d different hashtags, in events of up to %.1f MB.
At the end of a window the aggregate function puts %d items of %d write units together.
CPU: user and system time of the whole process, the median of the windows, on %s.
%s %s/%s on %s, GOMAXPROCS=1.
`, in.posts, in.bytes/in.posts, windows, in.hashtags(), float64(batchSize)/(1<<20), ours.items, ours.units,
		pin.Place(), runtime.Version(), runtime.GOOS, runtime.GOARCH, processor())
	return err
}

func verdict(met bool) string {
	if met {
		return "met"
	}
	return "missed"
}

// processor is the name of the processor, as Linux tells it.
func processor() string {
	info, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(info)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "an unknown processor"
}
