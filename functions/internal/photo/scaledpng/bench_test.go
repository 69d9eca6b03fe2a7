package scaledpng

import "testing"

func BenchmarkDecode(b *testing.B) {
	for _, test := range []struct {
		name          string
		drawing       drawing
		width, height int
	}{
		{"RGB to 320", drawing{width: 2308, height: 1732, depth: 8, colorType: TrueColor, filter: 5}, 320, 240},
		{"RGB to 1280", drawing{width: 2308, height: 1732, depth: 8, colorType: TrueColor, filter: 5}, 1280, 960},
		{"RGBA to 320", drawing{width: 2308, height: 1732, depth: 8, colorType: TrueColorAlpha, filter: 5}, 320, 240},
		{"interlaced to 320", drawing{width: 2308, height: 1732, depth: 8, colorType: TrueColor, filter: 5, interlaced: true}, 320, 240},
	} {
		b.Run(test.name, func(b *testing.B) {
			data := test.drawing.encode()
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Decode(data, test.width, test.height); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkUnfilter(b *testing.B) {
	row, above := make([]byte, 3*2308), make([]byte, 3*2308)
	for i := range row {
		row[i], above[i] = byte(i*7), byte(i*i>>3)
	}
	for filter, name := range []string{"None", "Sub", "Up", "Average", "Paeth"} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(row)))
			for b.Loop() {
				if err := unfilter(byte(filter), row, above, 3); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
