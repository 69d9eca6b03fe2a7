package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPrintTable(t *testing.T) {
	results := []result{
		{
			photo: photos[0], boxes: oneBox, bytes: 3 << 20, ours: 35, sharp: 50, sharpWay: sharpPipelines,
			oursPeak: 20 << 20, sharpPeak: 80 << 20, likeness: likeness{38.25, true},
		},
		{
			photo: photos[2], boxes: threeBoxes, bytes: 2<<20 + 1<<19, ours: 510, sharp: 500, sharpWay: sharpClones,
			oursPeak: 64 << 20, sharpPeak: 160 << 20, likeness: likeness{},
		},
		{
			photo: photos[5], boxes: oneBox, bytes: 8 << 20, ours: 300, sharp: 100, sharpWay: sharpPipelines,
			oursPeak: 90 << 20, sharpPeak: 100 << 20, likeness: likeness{31, true},
		},
	}
	want := `
                  photo  size MB    thumbnails  ours ms  sharp ms  ratio  goal          ours MB  goal          sharp MB          dB  sharp's way
          jpeg-12mp-420      3.0           320     35.0      50.0   0.70  0.70      ok     20.0  64.0      ok      80.0        38.2    pipelines
  jpeg-12mp-progressive      2.5  1280,768,320    510.0     500.0   1.02  1.00  missed     64.0  64.0  missed     160.0  other size       clones
                png-4mp      8.0           320    300.0     100.0   3.00  2.00  missed     90.0     -       -     100.0        31.0    pipelines
`
	var got strings.Builder
	got.WriteString("\n")
	if err := printTable(&got, results); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Errorf("table (-want +got):\n%s", diff)
	}
}

func TestGoals(t *testing.T) {
	tests := []struct {
		kind       string
		one, three float64
	}{
		{kind: "jpeg-420", one: 0.7, three: 1},
		{kind: "jpeg-444", one: 0.7, three: 1},
		{kind: "jpeg-progressive", one: 0.15, three: 1},
		{kind: "png", one: 2, three: 2},
		{kind: "webp", one: 2, three: 2},
	}
	for _, test := range tests {
		t.Run(test.kind, func(t *testing.T) {
			p := photo{kind: test.kind}
			if got := p.goal(oneBox); got != test.one {
				t.Errorf("one thumbnail: goal %v, want %v", got, test.one)
			}
			if got := p.goal(threeBoxes); got != test.three {
				t.Errorf("three thumbnails: goal %v, want %v", got, test.three)
			}
		})
	}
}

func TestMemoryGoal(t *testing.T) {
	got := map[string]int64{}
	for _, p := range photos {
		got[p.name] = p.memoryGoal() >> 20
	}
	want := map[string]int64{
		"jpeg-12mp-420": 64, "jpeg-12mp-444": 64, "jpeg-12mp-progressive": 64,
		"jpeg-24mp-420": 0, "jpeg-24mp-444": 0, "png-4mp": 0, "webp-3mp": 0,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("megabytes (-want +got):\n%s", diff)
	}
}
