package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"text/tabwriter"

	"github.com/noidle/noidle/bench/internal/pin"
)

// report measures the photos and prints the table.
func report(photos []photo, ours side, rounds int, directory string, out io.Writer) error {
	oursBase, err := ours.once("", "", directory)
	if err != nil {
		return err
	}
	sharpBase, err := sharpPipelines.once("", "", directory)
	if err != nil {
		return err
	}
	var results []result
	for _, p := range photos {
		for _, boxes := range []string{oneBox, threeBoxes} {
			fmt.Fprintf(os.Stderr, "measuring %s with boxes %s\n", p.name, boxes)
			r, err := measure(p, boxes, ours, rounds, directory)
			if err != nil {
				return err
			}
			results = append(results, r)
		}
	}
	if err := printTable(out, results); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, `
ms: CPU time, the median of %d rounds of %d times each, on %s.
ratio: ours to sharp, with its faster way: one pipeline for each thumbnail, or clones of one.
MB: largest resident set, in 1048576 bytes. Without a photo: ours %s, sharp %s.
dB: the lowest peak signal-to-noise ratio of a thumbnail of ours to the same one of sharp.
%s %s/%s, GOMAXPROCS=1; sharp.concurrency(1), sharp.cache(false), UV_THREADPOOL_SIZE=1.
`, rounds, times, pin.Place(), megabytes(oursBase.PeakBytes), megabytes(sharpBase.PeakBytes),
		runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}

func printTable(out io.Writer, results []result) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	row := func(cells ...string) { _, _ = fmt.Fprintln(table, strings.Join(cells, "\t")+"\t") }
	row("photo", "size MB", "thumbnails", "ours ms", "sharp ms", "ratio", "goal", "", "ours MB", "goal", "", "sharp MB", "dB", "sharp's way")
	for _, r := range results {
		goal := r.photo.goal(r.boxes)
		memoryGoal, memoryVerdict := "", ""
		if bytes := r.photo.memoryGoal(); bytes > 0 {
			memoryGoal, memoryVerdict = megabytes(bytes), verdict(r.oursPeak < bytes)
		}
		row(r.photo.name, megabytes(r.bytes), r.boxes,
			fmt.Sprintf("%.1f", r.ours), fmt.Sprintf("%.1f", r.sharp),
			fmt.Sprintf("%.2f", r.ratio()), fmt.Sprintf("%.2f", goal), verdict(r.ratio() <= goal),
			megabytes(r.oursPeak), cmp.Or(memoryGoal, "-"), cmp.Or(memoryVerdict, "-"), megabytes(r.sharpPeak),
			r.likeness.String(), r.sharpWay.command[2])
	}
	return table.Flush()
}

func megabytes(bytes int64) string { return fmt.Sprintf("%.1f", float64(bytes)/(1<<20)) }
