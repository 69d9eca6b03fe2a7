//go:build unix

// Photobench makes thumbnails and tells what that costs.
//
//	photobench PHOTO BOXES [DIRECTORY]
//
// PHOTO is read once. BOXES is a list like 1280,768,320: the thumbnails fit into
// squares of so many pixels and are JPEG of quality 80; without a box, nothing is
// read or made.
//
// With DIRECTORY, the thumbnails are made once and written there as BOX.jpg.
// Otherwise they are made once, with a report, and then as often as each line of
// standard input says. Each report is a line of JSON:
//
//	cpuMicroseconds  CPU time of the process since the previous report
//	peakBytes        largest resident set of the process so far
//
// The program bench/thumbnails runs it: code outside of functions cannot import
// the package that it measures.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/noidle/noidle/functions/internal/photo"
)

func main() {
	if err := run(os.Args[1:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "photobench:", err)
		os.Exit(1)
	}
}

func run(arguments []string, in io.Reader, out io.Writer) error {
	if len(arguments) < 2 || len(arguments) > 3 {
		return errors.New("usage: photobench PHOTO BOXES [DIRECTORY]")
	}
	sizes, err := parseBoxes(arguments[1])
	if err != nil {
		return err
	}
	var data []byte
	if len(sizes) > 0 {
		if data, err = os.ReadFile(arguments[0]); err != nil {
			return err
		}
	}
	var costs costs
	thumbnails, err := makeThumbnails(data, sizes)
	if err != nil {
		return err
	}
	if err := costs.report(out); err != nil {
		return err
	}
	if len(arguments) == 3 {
		return write(thumbnails, arguments[2])
	}
	return repeat(data, sizes, &costs, in, out)
}

// repeat makes the thumbnails as often as each line says.
func repeat(data []byte, sizes []photo.Size, costs *costs, in io.Reader, out io.Writer) error {
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		times, err := strconv.Atoi(lines.Text())
		if err != nil {
			return fmt.Errorf("line %q: must be a number of times", lines.Text())
		}
		for range times {
			if _, err := makeThumbnails(data, sizes); err != nil {
				return err
			}
		}
		if err := costs.report(out); err != nil {
			return err
		}
	}
	return lines.Err()
}

func makeThumbnails(data []byte, sizes []photo.Size) ([]photo.Thumbnail, error) {
	if len(sizes) == 0 {
		return nil, nil
	}
	_, thumbnails, err := photo.Make(data, sizes, photo.Output{Format: photo.JPEG, Quality: 80}, photo.Limits{})
	return thumbnails, err
}

func parseBoxes(list string) ([]photo.Size, error) {
	var sizes []photo.Size
	for box := range strings.FieldsFuncSeq(list, func(r rune) bool { return r == ',' }) {
		pixels, err := strconv.Atoi(box)
		if err != nil || pixels < 1 {
			return nil, fmt.Errorf("box %q: must be a number of pixels", box)
		}
		sizes = append(sizes, photo.Size{Name: box, Width: pixels, Height: pixels})
	}
	return sizes, nil
}

func write(thumbnails []photo.Thumbnail, directory string) error {
	for _, t := range thumbnails {
		if err := os.WriteFile(filepath.Join(directory, t.Name+".jpg"), t.Data, 0o666); err != nil {
			return err
		}
	}
	return nil
}
