package main

import (
	"image"
	"image/color"
	"image/draw"
	"math"
	"testing"
)

func grey(level uint8, width, height int) image.Image {
	picture := image.NewGray(image.Rect(5, 6, 5+width, 6+height))
	draw.Draw(picture, picture.Bounds(), image.NewUniform(color.Gray{level}), image.Point{}, draw.Src)
	return picture
}

func TestCompare(t *testing.T) {
	tests := []struct {
		name string
		a, b image.Image
		want likeness
	}{
		{name: "equal", a: grey(90, 4, 3), b: grey(90, 4, 3), want: likeness{math.Inf(1), true}},
		{name: "opposite", a: grey(0, 4, 3), b: grey(255, 4, 3), want: likeness{0, true}},
		{name: "a tenth", a: grey(255, 4, 3), b: grey(255-51, 4, 3), want: likeness{20 * math.Log10(5), true}},
		{name: "other size", a: grey(90, 4, 3), b: grey(90, 3, 4), want: likeness{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := compare(test.a, test.b)
			close := got.decibels == test.want.decibels || math.Abs(got.decibels-test.want.decibels) < 1e-9
			if !close || got.sameSize != test.want.sameSize {
				t.Errorf("likeness %+v, want %+v", got, test.want)
			}
		})
	}
}

func TestWorse(t *testing.T) {
	if got, want := (likeness{40, true}).worse(likeness{35, true}), (likeness{35, true}); got != want {
		t.Errorf("lower: %+v, want %+v", got, want)
	}
	if got, want := (likeness{40, true}).worse(likeness{}), (likeness{}); got != want {
		t.Errorf("other size: %+v, want %+v", got, want)
	}
}
