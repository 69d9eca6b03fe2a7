package main

import (
	"bytes"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestChoose(t *testing.T) {
	tests := []struct {
		name, names, wantError string
		want                   []string
	}{
		{name: "all", want: photoNames()},
		{name: "one", names: "png-4mp", want: []string{"png-4mp"}},
		{name: "in order", names: "webp-3mp,jpeg-12mp-420", want: []string{"webp-3mp", "jpeg-12mp-420"}},
		{name: "unknown", names: "webp-3mp,cat", wantError: "-photos cat: no such photo"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			chosen, err := choose(test.names)
			if test.wantError != "" {
				if err == nil || !strings.Contains(err.Error(), test.wantError) {
					t.Errorf("error %v, want one with %q", err, test.wantError)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, p := range chosen {
				got = append(got, p.name)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("photos (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRunRefusesRounds(t *testing.T) {
	if err := run(0, "", false, io.Discard); err == nil || !strings.Contains(err.Error(), "-rounds 0") {
		t.Errorf("error %v, want one about -rounds 0", err)
	}
}

func TestLandscape(t *testing.T) {
	small := landscape{80, 60, 1.0 / 60}
	pixels := small.pixels()
	if len(pixels) != 80*60*3 {
		t.Fatalf("%d bytes, want %d", len(pixels), 80*60*3)
	}
	if !bytes.Equal(pixels, small.pixels()) {
		t.Error("the second time, the pixels are others")
	}
	at := func(column, row int) colour {
		start := (row*80 + column) * 3
		return colour{float64(pixels[start]), float64(pixels[start+1]), float64(pixels[start+2])}
	}
	if sky := at(40, 1); sky[2] < sky[0]+40 {
		t.Errorf("the sky is not blue: %v", sky)
	}
	if meadow := at(10, 58); meadow[1] < meadow[2]+20 {
		t.Errorf("the meadow is not green: %v", meadow)
	}
}

func TestNoise(t *testing.T) {
	const n = noise(42)
	sum, squares, low, high := 0.0, 0.0, 0.0, 0.0
	const side = 300
	for row := range int64(side) {
		for column := range int64(side) {
			value := n.gaussian(column, row)
			sum, squares = sum+value, squares+value*value
			smoothed := n.at(float64(column)/7-20, float64(row)/7-20)
			low, high = min(low, smoothed), max(high, smoothed)
		}
	}
	mean := sum / (side * side)
	if deviation := math.Sqrt(squares/(side*side) - mean*mean); math.Abs(mean) > 0.02 || math.Abs(deviation-1) > 0.02 {
		t.Errorf("mean %v, standard deviation %v, want 0 and 1", mean, deviation)
	}
	if low < -1 || low > -0.8 || high > 1 || high < 0.8 {
		t.Errorf("values from %v to %v, want nearly all of [-1, 1]", low, high)
	}
}

func TestNoiseIsSmooth(t *testing.T) {
	const n, near = noise(42), 1e-6
	for i := range 20 {
		whole := float64(i - 10)
		if before, after := n.at(whole-near, 0.3), n.at(whole+near, 0.3); math.Abs(before-after) > 1e-4 {
			t.Errorf("a step at %v: from %v to %v", whole, before, after)
		}
	}
}
