package chaos_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/noidle/noidle/local/chaos"
)

func draw(f *chaos.Faults, subject string, n int) []chaos.Kind {
	var kinds []chaos.Kind
	for range n {
		kinds = append(kinds, f.Next(subject, chaos.CrashBefore, chaos.CrashAfter, chaos.Timeout))
	}
	return kinds
}

func TestFaultsFollowFromTheSeed(t *testing.T) {
	alone := draw(chaos.New(0.3, 7), "accept", 200)
	among := chaos.New(0.3, 7)
	var got []chaos.Kind
	for range 200 {
		draw(among, "start", 3)
		got = append(got, draw(among, "accept", 1)...)
	}
	if diff := cmp.Diff(alone, got); diff != "" {
		t.Errorf("other subjects change the faults of one (-alone +among others):\n%s", diff)
	}
	if slices.Equal(alone, draw(chaos.New(0.3, 8), "accept", 200)) {
		t.Error("another seed gives the same faults")
	}
	if slices.Equal(alone, draw(chaos.New(0.3, 7), "start", 200)) {
		t.Error("two subjects meet the same faults")
	}
}

func TestRate(t *testing.T) {
	tests := []struct {
		name     string
		rate     float64
		min, max int
	}{
		{"none", 0, 0, 0},
		{"a twentieth", 0.05, 300, 700},
		{"all", 1, 10_000, 10_000},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := chaos.New(tt.rate, 1)
			struck := 0
			for _, kind := range draw(f, "accept", 10_000) {
				if kind != "" {
					struck++
				}
			}
			if struck < tt.min || struck > tt.max {
				t.Errorf("%d of 10,000 struck, want %d to %d", struck, tt.min, tt.max)
			}
			counted := 0
			for _, n := range f.Counts() {
				counted += n
			}
			if counted != struck {
				t.Errorf("%d counted, %d struck", counted, struck)
			}
		})
	}
}
