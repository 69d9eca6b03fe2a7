package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// side is a function that counts posts.
type side struct {
	name    string
	command []string
	// check compares what a process printed with what is in the posts.
	check func(in *input, windows int, printed []byte) error
}

// buildOurs builds the aggregate function as it is deployed, for this machine.
func buildOurs(directory string) (side, error) {
	file := filepath.Join(directory, "bootstrap")
	build := exec.Command("go", "build", "-tags", "lambda.norpc", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", file,
		"./functions/analytics/aggregate")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		return side{}, fmt.Errorf("build the aggregate function: %w: %s", err, bytes.TrimSpace(output))
	}
	return side{"aggregate function", []string{file}, checkLog}, nil
}

var node = side{"Node.js, JSON.parse", []string{"node", filepath.Join("bench", "stream", "function.mjs")}, checkCounts}

// checkLog reads from the log how many posts are counted. That the counts are
// right is for tests to show.
func checkLog(in *input, windows int, printed []byte) error {
	counted, duplicates := 0, 0
	for line := range bytes.Lines(printed) {
		var entry struct {
			Posts, Duplicates int
		}
		if err := json.Unmarshal(line, &entry); err != nil {
			return fmt.Errorf("log line %s: %w", line, err)
		}
		counted, duplicates = counted+entry.Posts, duplicates+entry.Duplicates
	}
	if want := windows * in.truth.Posts; counted != want || duplicates != windows*in.truth.Duplicates {
		return fmt.Errorf("%d posts and %d duplicates are counted, there are %d and %d", counted, duplicates, want, windows*in.truth.Duplicates)
	}
	return nil
}

// checkCounts reads the counts of each window.
func checkCounts(in *input, windows int, printed []byte) error {
	lines := slices.Collect(bytes.Lines(printed))
	if len(lines) != windows {
		return fmt.Errorf("%d windows are counted, want %d", len(lines), windows)
	}
	want := in.truth.Windows[0].Languages
	for _, line := range lines {
		var counts map[string]int
		if err := json.Unmarshal(line, &counts); err != nil {
			return fmt.Errorf("counts %.100s: %w", line, err)
		}
		if len(counts) != in.hashtags() {
			return fmt.Errorf("%d hashtags are counted, there are %d", len(counts), in.hashtags())
		}
		for key, count := range counts {
			language, hashtag, _ := strings.Cut(key, " ")
			if want[language][hashtag] != count {
				return fmt.Errorf("#%s in language %q is counted %d times, it is there %d times", hashtag, language, count, want[language][hashtag])
			}
		}
	}
	return nil
}

// running is a side at work.
type running struct {
	side
	*process
	lambda *lambda
	// windows is how many it has counted, and times what each took but the first.
	windows int
	times   []time.Duration
}

// startSide starts a side, with a runtime API of its own.
func startSide(s side) (*running, error) {
	l, err := startLambda()
	if err != nil {
		return nil, err
	}
	p, err := startProcess(s, l.address)
	if err != nil {
		return nil, err
	}
	return &running{side: s, process: p, lambda: l}, nil
}

// step has the side count a window. The first is not measured.
func (r *running) step(in *input) error {
	before := r.cpu()
	if err := count(r.ended, r.lambda, in, r.windows); err != nil {
		return err
	}
	if r.windows > 0 {
		r.times = append(r.times, r.cpu()-before)
	}
	r.windows++
	return nil
}

// finish ends the side and checks what it counted.
func (r *running) finish(in *input) (result, error) {
	r.stop()
	slices.Sort(r.times)
	windows := int64(r.windows)
	return result{
		perPost: float64(r.times[len(r.times)/2].Nanoseconds()) / 1000 / float64(in.posts),
		items:   r.lambda.items.Load() / windows,
		units:   r.lambda.units.Load() / windows,
	}, r.check(in, r.windows, r.printed.Bytes())
}

// result is what a side took.
type result struct {
	// perPost is the CPU time of a post in microseconds: the median of the windows.
	perPost float64
	// items are what it put into tables for a window, and units what that costs.
	items, units int64
}

func (r result) perSecond() float64 { return 1e6 / r.perPost }

// count has a process count the posts of a window.
func count(ctx context.Context, r *lambda, in *input, window int) error {
	kept := json.RawMessage("{}")
	for i := range len(in.batches) + 1 {
		records, final := json.RawMessage("[]"), i == len(in.batches)
		if !final {
			records = in.batches[i]
		}
		response, err := r.invoke(ctx, in.event(window, records, kept, final))
		if err != nil {
			return err
		}
		if kept, err = state(response); err != nil {
			return err
		}
	}
	return nil
}
