package scaledjpeg

import (
	"bytes"
	"fmt"
	"image/jpeg"
	"testing"
)

func BenchmarkDecode(b *testing.B) {
	photos := []struct {
		name string
		data []byte
	}{
		{"baseline 4:2:0, 12 megapixels", encode(b, photograph(4032, 3024), 90)},
		{"progressive 4:2:0, 500x377", read(b, "photo-progressive.jpg")},
	}
	for _, photo := range photos {
		c, err := DecodeConfig(photo.data)
		if err != nil {
			b.Fatal(err)
		}
		for _, factor := range []int{8, 4, 2, 1} {
			b.Run(fmt.Sprintf("%s, 1 of %d", photo.name, factor), func(b *testing.B) {
				b.SetBytes(int64(len(photo.data)))
				b.ReportAllocs()
				for b.Loop() {
					if _, err := Decode(photo.data, c.Width/factor, c.Height/factor); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
		b.Run(photo.name+", image/jpeg", func(b *testing.B) {
			b.SetBytes(int64(len(photo.data)))
			for b.Loop() {
				if _, err := jpeg.Decode(bytes.NewReader(photo.data)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
