//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"image"
	"image/jpeg"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/noidle/noidle/functions/internal/photo"
)

// photoFile is a JPEG of 400 x 300.
func photoFile(t *testing.T) string {
	t.Helper()
	var data bytes.Buffer
	if err := jpeg.Encode(&data, image.NewYCbCr(image.Rect(0, 0, 400, 300), image.YCbCrSubsampleRatio420), nil); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "photo.jpg")
	if err := os.WriteFile(file, data.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestRunWrites(t *testing.T) {
	directory := t.TempDir()
	var out bytes.Buffer
	if err := run([]string{photoFile(t), "200,80", directory}, strings.NewReader("5\n"), &out); err != nil {
		t.Fatal(err)
	}
	checkReports(t, out.String(), 1)
	for name, want := range map[string]image.Point{"200.jpg": {X: 200, Y: 150}, "80.jpg": {X: 80, Y: 60}} {
		data, err := os.ReadFile(filepath.Join(directory, name))
		if err != nil {
			t.Fatal(err)
		}
		config, err := jpeg.DecodeConfig(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		if got := image.Pt(config.Width, config.Height); got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
}

func TestRunRepeats(t *testing.T) {
	var out bytes.Buffer
	if err := run([]string{photoFile(t), "80"}, strings.NewReader("2\n1\n"), &out); err != nil {
		t.Fatal(err)
	}
	checkReports(t, out.String(), 3)
}

func TestRunMakesNothing(t *testing.T) {
	var out bytes.Buffer
	if err := run([]string{"", "", t.TempDir()}, strings.NewReader(""), &out); err != nil {
		t.Fatal(err)
	}
	checkReports(t, out.String(), 1)
}

func checkReports(t *testing.T, out string, want int) {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(out))
	for i := range want {
		var report map[string]int64
		if err := decoder.Decode(&report); err != nil {
			t.Fatalf("report %d of %q: %v", i+1, out, err)
		}
		if len(report) != 2 || report["peakBytes"] < 1<<20 || report["cpuMicroseconds"] < 0 {
			t.Errorf("report %d: %v", i+1, report)
		}
	}
	if decoder.More() {
		t.Errorf("more than %d reports: %q", want, out)
	}
}

func TestRunFails(t *testing.T) {
	noPhoto := filepath.Join(t.TempDir(), "photo.jpg")
	if err := os.WriteFile(noPhoto, []byte("text"), 0o666); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name      string
		arguments []string
		input     string
		want      string
	}{
		{name: "no boxes", arguments: []string{"a.jpg"}, want: "usage:"},
		{name: "too many", arguments: []string{"a.jpg", "320", "b", "c"}, want: "usage:"},
		{name: "box", arguments: []string{"a.jpg", "320,wide"}, want: `box "wide"`},
		{name: "no file", arguments: []string{filepath.Join(t.TempDir(), "a.jpg"), "320"}, want: "no such file"},
		{name: "no photo", arguments: []string{noPhoto, "320"}, want: ""},
		{name: "line", arguments: []string{photoFile(t), "80"}, input: "many\n", want: `line "many"`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := run(test.arguments, strings.NewReader(test.input), io.Discard)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want one with %q", err, test.want)
			}
		})
	}
}

func TestParseBoxes(t *testing.T) {
	got, err := parseBoxes("1280,320")
	if err != nil {
		t.Fatal(err)
	}
	want := []photo.Size{{Name: "1280", Width: 1280, Height: 1280}, {Name: "320", Width: 320, Height: 320}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("sizes (-want +got):\n%s", diff)
	}
	for _, list := range []string{"x", "320,0", "-1"} {
		if _, err := parseBoxes(list); err == nil {
			t.Errorf("no error for %q", list)
		}
	}
}

func TestHighWaterMark(t *testing.T) {
	got, err := highWaterMark("VmPeak:\t  123 kB\nVmHWM:\t    2048 kB\nVmRSS:\t 4 kB\n")
	if err != nil || got != 2<<20 {
		t.Errorf("got %d, %v, want %d", got, err, 2<<20)
	}
	if _, err := highWaterMark("VmPeak:\t  123 kB\n"); err == nil {
		t.Error("no error without VmHWM")
	}
}
