package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"

	"github.com/noidle/noidle/bench/internal/pin"
)

// side is a program that makes thumbnails and reports what they cost. After its
// command follow the photo, the boxes as a list like 1280,768,320 and, to make
// the thumbnails only once, the directory to write them to.
type side struct {
	name    string
	command []string
}

// The two ways to write several thumbnails with sharp.
var (
	sharpPipelines = side{"sharp", []string{"node", script("sharp.mjs"), "pipelines"}}
	sharpClones    = side{"sharp, clones", []string{"node", script("sharp.mjs"), "clones"}}
)

// buildOurs builds this project's side the way the functions are built.
func buildOurs(file string) (side, error) {
	build := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", file,
		"./functions/internal/photo/photobench")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		return side{}, fmt.Errorf("build this project's side: %w: %s", err, bytes.TrimSpace(output))
	}
	return side{"ours", []string{file}}, nil
}

// cost is what a side reports.
type cost struct {
	// CPUMicroseconds is the CPU time, user and system, since the last report.
	CPUMicroseconds int64 `json:"cpuMicroseconds"`
	// PeakBytes is the largest resident set since the process started.
	PeakBytes int64 `json:"peakBytes"`
}

func parseCost(line string) (cost, error) {
	var c cost
	decoder := json.NewDecoder(strings.NewReader(line))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&c); err != nil {
		return cost{}, fmt.Errorf("report %q: %w", strings.TrimSpace(line), err)
	}
	if c.CPUMicroseconds <= 0 || c.PeakBytes <= 0 {
		return cost{}, fmt.Errorf("report %q: both figures must be more than 0", strings.TrimSpace(line))
	}
	return c, nil
}

// start prepares a process of the side on one core and one thread for its work.
func (s side) start(arguments ...string) *exec.Cmd {
	words := slices.Concat(pin.Command(), s.command, arguments)
	command := exec.Command(words[0], words[1:]...)
	command.Env = append(os.Environ(), "GOMAXPROCS=1", "UV_THREADPOOL_SIZE=1")
	command.Stderr = os.Stderr
	return command
}

// once runs a new process that makes the thumbnails once, into directory.
func (s side) once(file, boxes, directory string) (cost, error) {
	output, err := s.start(file, boxes, directory).Output()
	if err != nil {
		return cost{}, fmt.Errorf("%s with %s and boxes %q: %w", s.name, file, boxes, err)
	}
	return parseCost(string(output))
}

// worker is a running process of a side.
type worker struct {
	name    string
	command *exec.Cmd
	input   io.WriteCloser
	output  *bufio.Reader
}

// work starts a process and waits until it has made the thumbnails for the first
// time.
func (s side) work(file, boxes string) (*worker, error) {
	w := &worker{name: s.name + " with " + file, command: s.start(file, boxes)}
	var err error
	if w.input, err = w.command.StdinPipe(); err != nil {
		return nil, err
	}
	output, err := w.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	w.output = bufio.NewReader(output)
	if err := w.command.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", w.name, err)
	}
	if _, err := w.report(); err != nil {
		_ = w.stop()
		return nil, err
	}
	return w, nil
}

// milliseconds makes the thumbnails so many times and returns the CPU time of
// one time.
func (w *worker) milliseconds(times int) (float64, error) {
	if _, err := fmt.Fprintln(w.input, times); err != nil {
		return 0, fmt.Errorf("%s: %w", w.name, err)
	}
	c, err := w.report()
	return float64(c.CPUMicroseconds) / 1000 / float64(times), err
}

func (w *worker) report() (cost, error) {
	line, err := w.output.ReadString('\n')
	if err != nil {
		return cost{}, fmt.Errorf("%s ended without a report: %w", w.name, err)
	}
	return parseCost(line)
}

// stop ends the process.
func (w *worker) stop() error {
	_ = w.input.Close()
	if err := w.command.Wait(); err != nil {
		return fmt.Errorf("%s: %w", w.name, err)
	}
	return nil
}
