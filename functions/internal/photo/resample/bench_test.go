package resample

import (
	"fmt"
	"image"
	"math/rand/v2"
	"testing"
)

// noise fills samples with noise around a slope.
func noise(samples []byte) {
	random := rand.New(rand.NewPCG(1, 2))
	for i := range samples {
		samples[i] = uint8(40 + i*150/len(samples) + random.IntN(40))
	}
}

func BenchmarkYCbCr(b *testing.B) {
	for _, size := range []struct{ from, to image.Point }{
		{image.Pt(2000, 1500), image.Pt(1280, 960)},
		{image.Pt(2000, 1500), image.Pt(768, 576)},
		{image.Pt(1280, 960), image.Pt(768, 576)},
		{image.Pt(768, 576), image.Pt(320, 240)},
		{image.Pt(500, 375), image.Pt(320, 240)},
	} {
		src := image.NewYCbCr(image.Rectangle{Max: size.from}, image.YCbCrSubsampleRatio420)
		noise(src.Y)
		b.Run(fmt.Sprintf("%d-%d", size.from.X, size.to.X), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				YCbCr(src, size.to.X, size.to.Y)
			}
		})
	}
}

func BenchmarkGray(b *testing.B) {
	src := image.NewGray(image.Rect(0, 0, 2000, 1500))
	noise(src.Pix)
	for b.Loop() {
		Gray(src, 1280, 960)
	}
}

func BenchmarkRGBA(b *testing.B) {
	src := image.NewRGBA(image.Rect(0, 0, 2000, 1500))
	noise(src.Pix)
	for b.Loop() {
		RGBA(src, 1280, 960)
	}
}
