package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMedian(t *testing.T) {
	tests := []struct {
		name   string
		values []float64
		want   float64
	}{
		{name: "one", values: []float64{7}, want: 7},
		{name: "odd", values: []float64{9, 1, 4}, want: 4},
		{name: "even", values: []float64{8, 1, 2, 100}, want: 5},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			before := append([]float64(nil), test.values...)
			if got := median(test.values); got != test.want {
				t.Errorf("median %v, want %v", got, test.want)
			}
			if diff := cmp.Diff(before, test.values); diff != "" {
				t.Errorf("the values changed (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRatio(t *testing.T) {
	if got := (result{ours: 30, sharp: 40}).ratio(); got != 0.75 {
		t.Errorf("ratio %v, want 0.75", got)
	}
}

// shell is a side that is a shell script.
func shell(text string) side { return side{"shell", []string{"sh", "-c", text, "sh"}} }

// counting reports 1 second first, and then a given number of milliseconds, 100
// and 200 more the next times, for each time.
func counting(milliseconds string) side {
	return shell(`say() { echo "{\"cpuMicroseconds\": $1, \"peakBytes\": 4096}"; }
		say 1000000
		each=` + milliseconds + `
		while read times; do say $((times * each * 1000)); each=$((each + 100)); done`)
}

func TestTakeTurns(t *testing.T) {
	got, err := takeTurns([]side{counting("50"), counting("7")}, "photo.jpg", oneBox, 3)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]float64{150, 107}, got); diff != "" {
		t.Errorf("medians (-want +got):\n%s", diff)
	}
}

func TestTakeTurnsFails(t *testing.T) {
	tests := []struct {
		name string
		side side
		want string
	}{
		{name: "it ends at once", side: shell("exit 3"), want: "without a report"},
		{name: "it ends after the first time", side: shell(`echo '{"cpuMicroseconds": 1, "peakBytes": 1}'; read times`), want: "without a report"},
		{name: "it says something else", side: shell("echo hello; cat >/dev/null"), want: `report "hello"`},
		{name: "it fails at the end", side: shell(`while echo '{"cpuMicroseconds": 1, "peakBytes": 1}'; do read times || exit 3; done`), want: "exit status 3"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := takeTurns([]side{test.side}, "photo.jpg", oneBox, 2)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want one with %q", err, test.want)
			}
		})
	}
}

func TestOnce(t *testing.T) {
	arguments := shell(`test "$*" = "photo.jpg 768,320 there" && echo '{"cpuMicroseconds": 5, "peakBytes": 6}'`)
	got, err := arguments.once("photo.jpg", "768,320", "there")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(cost{CPUMicroseconds: 5, PeakBytes: 6}, got); diff != "" {
		t.Errorf("cost (-want +got):\n%s", diff)
	}
	if _, err := arguments.once("photo.jpg", "320", "there"); err == nil {
		t.Error("no error from a side that fails")
	}
}

func TestParseCost(t *testing.T) {
	tests := []struct {
		name, line, wantError string
		want                  cost
	}{
		{name: "report", line: `{"cpuMicroseconds":1500,"peakBytes":4096}` + "\n", want: cost{1500, 4096}},
		{name: "no JSON", line: "warning\n", wantError: `report "warning"`},
		{name: "another field", line: `{"cpu":1500,"peakBytes":4096}`, wantError: `unknown field "cpu"`},
		{name: "no time", line: `{"peakBytes":4096}`, wantError: "must be more than 0"},
		{name: "no memory", line: `{"cpuMicroseconds":1500,"peakBytes":0}`, wantError: "must be more than 0"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := parseCost(test.line)
			if test.wantError != "" {
				if err == nil || !strings.Contains(err.Error(), test.wantError) {
					t.Errorf("error %v, want one with %q", err, test.wantError)
				}
				return
			}
			if err != nil || got != test.want {
				t.Errorf("got %v, %v, want %v", got, err, test.want)
			}
		})
	}
}
