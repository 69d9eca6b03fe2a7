package photo

import (
	"bytes"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"testing"
)

func BenchmarkMake(b *testing.B) {
	large, medium := scene(4000, 3000), scene(2048, 1536)
	photos := map[string][]byte{
		"12MP-baseline": encodedAs(b, func(w *bytes.Buffer) error { return jpeg.Encode(w, large, &jpeg.Options{Quality: 85}) }),
		"12MP-png":      encodedAs(b, func(w *bytes.Buffer) error { return png.Encode(w, large) }),
		"3MP-gif":       encodedAs(b, func(w *bytes.Buffer) error { return gif.Encode(w, medium.SubImage(image.Rect(0, 0, 2048, 1536)), nil) }),
		"3MP-webp":      lossyWebP(b, medium, 80, 4),
	}
	web, tablet, mobile := Size{Name: "web", Width: 1280, Height: 1280}, Size{Name: "tablet", Width: 768, Height: 768}, Size{Name: "mobile", Width: 320, Height: 320}
	tests := []struct {
		name, photo string
		sizes       []Size
		format      Format
	}{
		{"12MP-baseline-320", "12MP-baseline", []Size{mobile}, JPEG},
		{"12MP-baseline-320-webp", "12MP-baseline", []Size{mobile}, WebP},
		{"12MP-baseline-three", "12MP-baseline", []Size{web, tablet, mobile}, JPEG},
		{"12MP-png-three", "12MP-png", []Size{web, tablet, mobile}, JPEG},
		{"3MP-gif-320", "3MP-gif", []Size{mobile}, JPEG},
		{"3MP-webp-320", "3MP-webp", []Size{mobile}, JPEG},
	}
	for _, test := range tests {
		b.Run(test.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := Make(photos[test.photo], test.sizes, Output{Format: test.format}, Limits{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func encodedAs(b *testing.B, encode func(*bytes.Buffer) error) []byte {
	var buffer bytes.Buffer
	if err := encode(&buffer); err != nil {
		b.Fatal(err)
	}
	return buffer.Bytes()
}
