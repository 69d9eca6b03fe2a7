package photo

import (
	"image"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLayout(t *testing.T) {
	tests := []struct {
		name          string
		size          Size
		width, height int
		want          layout
	}{
		{"wide photo in a square", Size{Width: 320, Height: 320}, 4000, 3000, layout{320, 240, 4000, 3000}},
		{"tall photo in a square", Size{Width: 320, Height: 320}, 3000, 4000, layout{240, 320, 3000, 4000}},
		{"photo of the box's shape", Size{Width: 400, Height: 300}, 4000, 3000, layout{400, 300, 4000, 3000}},
		{"rounded to the nearest pixel", Size{Width: 100, Height: 100}, 3, 2, layout{3, 2, 3, 2}},
		{"height rounded up", Size{Width: 50}, 200, 150, layout{50, 38, 200, 150}},
		{"height rounded down", Size{Width: 50}, 201, 149, layout{50, 37, 201, 149}},
		{"bounded by the width alone", Size{Width: 320}, 1000, 9000, layout{320, 2880, 1000, 9000}},
		{"bounded by the height alone", Size{Height: 320}, 9000, 1000, layout{2880, 320, 9000, 1000}},
		{"smaller than the box", Size{Width: 320, Height: 320}, 100, 50, layout{100, 50, 100, 50}},
		{"as large as the box", Size{Width: 320, Height: 240}, 320, 240, layout{320, 240, 320, 240}},
		{"smaller to one side only", Size{Width: 320, Height: 320}, 100, 640, layout{50, 320, 100, 640}},
		{"one pixel", Size{Width: 320, Height: 320}, 1, 1, layout{1, 1, 1, 1}},
		{"a strip keeps a pixel", Size{Width: 320, Height: 320}, 1, 100000, layout{1, 320, 1, 100000}},
		{"a lying strip keeps a pixel", Size{Width: 320, Height: 320}, 100000, 3, layout{320, 1, 100000, 3}},
		{"a longer strip than the format has", Size{Height: 320}, 100000, 3, layout{65535, 2, 100000, 3}},

		{"cover of a wide photo", Size{Width: 100, Height: 100, Cover: true}, 4000, 3000, layout{100, 100, 3000, 3000}},
		{"cover of a tall photo", Size{Width: 200, Height: 100, Cover: true}, 3000, 4000, layout{200, 100, 3000, 1500}},
		{"cover of the box's shape", Size{Width: 400, Height: 300, Cover: true}, 4000, 3000, layout{400, 300, 4000, 3000}},
		{"cover of a smaller photo", Size{Width: 400, Height: 200, Cover: true}, 100, 100, layout{100, 50, 100, 50}},
		{"cover of a photo that is too narrow", Size{Width: 400, Height: 400, Cover: true}, 100, 1000, layout{100, 100, 100, 100}},
		{"cover of a photo that is too low", Size{Width: 400, Height: 400, Cover: true}, 1000, 300, layout{300, 300, 300, 300}},
		{"cover of a strip", Size{Width: 400, Height: 100, Cover: true}, 2, 1000, layout{2, 1, 2, 1}},
		{"cover of one side has no proportions", Size{Width: 100, Cover: true}, 4000, 3000, layout{100, 75, 4000, 3000}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := test.size.layout(test.width, test.height, Output{Format: JPEG}.mostPixels())
			if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(layout{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCoveringIsEnoughForEveryCrop(t *testing.T) {
	for width := 1; width < 60; width += 3 {
		for height := 1; height < 60; height += 4 {
			for _, size := range []Size{{Width: 7, Height: 5, Cover: true}, {Width: 5, Height: 11, Cover: true}, {Width: 9, Height: 9}} {
				photo := Photo{Width: width, Height: height}
				l := size.layout(width, height, 1000)
				enough, high := covering([]layout{l}, photo)
				if enough > width || high > height {
					t.Fatalf("%+v of %dx%d: asks for %dx%d", size, width, height, enough, high)
				}
				picture := image.Rect(0, 0, enough, high)
				crop := l.crop(picture, width, height)
				if crop.Dx() < l.width || crop.Dy() < l.height || !crop.In(picture) {
					t.Fatalf("%+v of %dx%d: %v of %v is not enough for %+v", size, width, height, crop, picture, l)
				}
			}
		}
	}
}

// A strip of one pixel goes through everything.
func TestStrips(t *testing.T) {
	for _, size := range []image.Point{{1, 1}, {1, 700}, {700, 1}, {2, 333}, {17, 1}} {
		m := image.NewRGBA(image.Rectangle{Max: size})
		for i := range m.Pix {
			m.Pix[i] = 200
		}
		for _, in := range []Format{JPEG, PNG, WebP} {
			data, err := newEncoder(Output{Format: in}).encode(m)
			if err != nil {
				t.Fatal(err)
			}
			for _, out := range []Format{JPEG, PNG, WebP} {
				for _, box := range []Size{{Width: 32, Height: 32}, {Width: 20, Height: 10, Cover: true}} {
					_, thumbnail := one(t, data, box, Output{Format: out})
					got := decodeThumbnail(t, thumbnail.Data, out).Rect.Size()
					want := box.layout(size.X, size.Y, 1000)
					if got != image.Pt(want.width, want.height) {
						t.Errorf("%v from %s to %s in %+v: %v, want %dx%d", size, in, out, box, got, want.width, want.height)
					}
				}
			}
		}
	}
}
