package main

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// times is how often the thumbnails are made in a turn, so that garbage
// collection falls into every turn.
const times = 4

// The thumbnails of each photo.
const (
	oneBox     = "320"
	threeBoxes = "1280,768,320"
)

// result is a line of the table.
type result struct {
	photo               photo
	boxes               string
	bytes               int64   // of the photo
	ours, sharp         float64 // milliseconds of CPU time, the medians
	sharpWay            side    // the faster one
	oursPeak, sharpPeak int64   // bytes
	likeness            likeness
}

func (r result) ratio() float64 { return r.ours / r.sharp }

// measure compares both sides. It leaves the thumbnails in directory.
func measure(p photo, boxes string, ours side, rounds int, directory string) (result, error) {
	file := p.file(photoDirectory)
	info, err := os.Stat(file)
	if err != nil {
		return result{}, err
	}
	contestants := []side{ours, sharpPipelines}
	if boxes == threeBoxes {
		contestants = append(contestants, sharpClones)
	}
	medians, err := takeTurns(contestants, file, boxes, rounds)
	if err != nil {
		return result{}, err
	}
	fastest := 1 + slices.Index(medians[1:], slices.Min(medians[1:]))
	r := result{photo: p, boxes: boxes, bytes: info.Size(), ours: medians[0], sharp: medians[fastest], sharpWay: contestants[fastest]}
	return r, r.compareThumbnails(ours, file, directory)
}

// takeTurns lets the sides make thumbnails one after the other, several rounds,
// and returns the median CPU milliseconds of each.
func takeTurns(contestants []side, file, boxes string, rounds int) (medians []float64, err error) {
	var workers []*worker
	defer func() {
		for _, w := range workers {
			err = errors.Join(err, w.stop())
		}
	}()
	for _, s := range contestants {
		w, err := s.work(file, boxes)
		if err != nil {
			return nil, err
		}
		workers = append(workers, w)
	}
	taken := make([][]float64, len(workers))
	for range rounds {
		for i, w := range workers {
			milliseconds, err := w.milliseconds(times)
			if err != nil {
				return nil, err
			}
			taken[i] = append(taken[i], milliseconds)
		}
	}
	for _, values := range taken {
		medians = append(medians, median(values))
	}
	return medians, nil
}

// compareThumbnails makes the thumbnails once on each side, for the memory and
// the likeness.
func (r *result) compareThumbnails(ours side, file, directory string) error {
	peak := func(s side, name string) (int64, error) {
		into := filepath.Join(directory, name)
		if err := os.MkdirAll(into, 0o777); err != nil {
			return 0, err
		}
		c, err := s.once(file, r.boxes, into)
		return c.PeakBytes, err
	}
	var err error
	if r.oursPeak, err = peak(ours, "ours-thumbnails"); err != nil {
		return err
	}
	if r.sharpPeak, err = peak(r.sharpWay, "sharp-thumbnails"); err != nil {
		return err
	}
	r.likeness = likeness{decibels: math.Inf(1), sameSize: true}
	for box := range strings.SplitSeq(r.boxes, ",") {
		name := box + ".jpg"
		l, err := compareFiles(filepath.Join(directory, "ours-thumbnails", name), filepath.Join(directory, "sharp-thumbnails", name))
		if err != nil {
			return err
		}
		r.likeness = r.likeness.worse(l)
	}
	return nil
}

// median is the middle value, or the mean of the two middle ones. There must be
// a value.
func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}
