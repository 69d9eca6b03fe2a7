package photo

import (
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestOrientation(t *testing.T) {
	// The picture as stored is
	//
	//	1 2 3
	//	4 5 6
	want := map[int][][]uint8{
		1: {{1, 2, 3}, {4, 5, 6}},
		2: {{3, 2, 1}, {6, 5, 4}},
		3: {{6, 5, 4}, {3, 2, 1}},
		4: {{4, 5, 6}, {1, 2, 3}},
		5: {{1, 4}, {2, 5}, {3, 6}},
		6: {{4, 1}, {5, 2}, {6, 3}},
		7: {{6, 3}, {5, 2}, {4, 1}},
		8: {{3, 6}, {2, 5}, {1, 4}},
	}
	for value, want := range want {
		turn := orientationOf(tiff(binary.BigEndian, 0x0112, 3, 1, uint16(value)))
		for _, kind := range []string{"gray", "colours", "luma and chroma"} {
			t.Run(fmt.Sprintf("%d of %s", value, kind), func(t *testing.T) {
				upright := turn.apply(counted(kind))
				var got [][]uint8
				for y := range upright.Bounds().Dy() {
					got = append(got, nil)
					for x := range upright.Bounds().Dx() {
						got[y] = append(got[y], color.GrayModel.Convert(upright.At(x, y)).(color.Gray).Y)
					}
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Error(diff)
				}
			})
		}
	}
}

func counted(kind string) image.Image {
	bounds := image.Rect(0, 0, 3, 2)
	pixels := []uint8{1, 2, 3, 4, 5, 6}
	switch kind {
	case "gray":
		return &image.Gray{Pix: pixels, Stride: 3, Rect: bounds}
	case "colours":
		m := image.NewRGBA(bounds)
		for i, value := range pixels {
			m.SetRGBA(i%3, i/3, color.RGBA{value, value, value, 255})
		}
		return m
	}
	m := image.NewYCbCr(bounds, image.YCbCrSubsampleRatio444)
	copy(m.Y, pixels)
	for i := range m.Cb {
		m.Cb[i], m.Cr[i] = 128, 128
	}
	return m
}

// The chroma of every subsampling is where the luma is, also of a part of a picture.
func TestFullChroma(t *testing.T) {
	for _, ratio := range []image.YCbCrSubsampleRatio{
		image.YCbCrSubsampleRatio444, image.YCbCrSubsampleRatio422, image.YCbCrSubsampleRatio420,
		image.YCbCrSubsampleRatio440, image.YCbCrSubsampleRatio411, image.YCbCrSubsampleRatio410,
	} {
		m := image.NewYCbCr(image.Rect(0, 0, 64, 48), ratio)
		for y := range 48 {
			for x := range 64 {
				m.Cb[m.COffset(x, y)], m.Cr[m.COffset(x, y)] = uint8(x*4), uint8(y*5)
			}
		}
		part := m.SubImage(image.Rect(16, 8, 48, 40)).(*image.YCbCr)
		got := reduceFullChroma(part, 16, 16)
		for y := range 16 {
			for x := range 16 {
				at := got.COffset(x, y)
				if wantX, wantY := (17+2*x)*4, (9+2*y)*5; far(
					color.RGBA{got.Cb[at], got.Cr[at], 0, 0}, color.RGBA{uint8(wantX), uint8(wantY), 0, 0}) > 14 {
					t.Fatalf("%v: the chroma of %d,%d is %d,%d, want about %d,%d", ratio, x, y, got.Cb[at], got.Cr[at], wantX, wantY)
				}
			}
		}
	}
}
