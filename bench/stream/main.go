// Stream measures how posts of a stream are counted: the aggregate function
// against a Node.js function that calls JSON.parse. It prints a table of the CPU
// time that both take for the same events, and of the goals.
//
//	go run ./bench/stream [-windows N] [-posts N]
//
// It runs in the root of the module; node must be in the PATH.
//
// Both sides are processes that get their events as a function gets them, from a
// server of Lambda's runtime API, and answer there: events of about 5 MB, as many
// posts of 1 KB as there is room for, of a shard that is used to the full. The
// aggregate function is the binary that is deployed, built for this machine, and
// does all its work: the state of the window comes and goes with each event, and at
// the end of a window the counts go to a table, which here is a server that says
// yes. The Node.js function has it easier: it keeps its counts in memory.
//
// The sides take turns. The time is the CPU time of the whole process, user and
// system, the median of the windows after a first one. The figures never decide about the exit code: it is 1 only if
// something fails to run, or if a side does not count what is in the posts.
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	windows := flag.Int("windows", 5, "how many windows are measured, after the first")
	count := flag.Int("posts", 60_000, "how many posts a window has: what a shard takes in a minute")
	flag.Parse()
	if err := run(*windows, *count); err != nil {
		fmt.Fprintln(os.Stderr, "stream:", err)
		os.Exit(1)
	}
}

func run(windows, count int) error {
	directory, err := os.MkdirTemp("", "stream")
	if err != nil {
		return err
	}
	defer os.RemoveAll(directory) //nolint:errcheck // nothing depends on it
	ours, err := buildOurs(directory)
	if err != nil {
		return err
	}
	input, err := newInput(count)
	if err != nil {
		return err
	}
	results, err := measure([]side{ours, node}, input, windows)
	if err != nil {
		return err
	}
	return printTable(os.Stdout, input, windows, results[0], results[1])
}

// measure has the sides count windows in turns, so that what else the machine does
// slows down both.
func measure(sides []side, in *input, windows int) ([]result, error) {
	var all []*running
	for _, s := range sides {
		r, err := startSide(s)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.name, err)
		}
		defer r.stop()
		all = append(all, r)
	}
	for range windows + 1 {
		for _, r := range all {
			if err := r.step(in); err != nil {
				return nil, fmt.Errorf("%s: %w", r.name, err)
			}
		}
	}
	var results []result
	for _, r := range all {
		result, err := r.finish(in)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", r.name, err)
		}
		results = append(results, result)
	}
	return results, nil
}
