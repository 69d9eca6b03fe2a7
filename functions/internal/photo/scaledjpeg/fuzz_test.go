package scaledjpeg

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"testing"
)

// FuzzDecode looks for panics, for more memory than is said, and for pictures that the standard
// library reads differently.
func FuzzDecode(f *testing.F) {
	headers := map[string]bool{}
	for _, name := range files(f) {
		if name != "photo-progressive.jpg" {
			f.Add(read(f, name))
			headers[header(read(f, name))] = true
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := DecodeConfig(data)
		if err != nil {
			return
		}
		for _, factor := range []int{8, 4, 2, 1} {
			width, height := (c.Width+factor-1)/factor, (c.Height+factor-1)/factor
			limit := Memory(c, width, height)
			if limit > 32<<20 {
				return
			}
			var img image.Image
			var err error
			if got := allocated(func() { img, err = Decode(data, width, height) }); got > limit {
				t.Errorf("1/%d: %d bytes allocated, Memory says %d", factor, got, limit)
			}
			if err != nil {
				continue
			}
			if want := image.Rect(0, 0, width, height); img.Bounds() != want {
				t.Errorf("1/%d: bounds %v, want %v", factor, img.Bounds(), want)
			}
			for _, colour := range colours(img) {
				colour.at(colour.width-1, colour.height-1)
			}
			if factor == 1 && headers[header(data)] && whole(data) {
				compareWithLibrary(t, data, img)
			}
		}
	})
}

// header returns what stands before the first scan of a file.
func header(data []byte) string {
	before, _, _ := bytes.Cut(data, []byte{0xff, sos})
	return string(before)
}

// whole tells whether the scans of a sequential file are read to their last byte. After damage they
// hardly are, and then the standard library may make something else of it, as it may of damaged
// tables.
func whole(data []byte) bool {
	p := parser{data: data}
	if p.parse() != nil || p.config.Progressive {
		return false
	}
	d := newDecoder(&p, 8)
	for i := range d.components {
		c := &d.components[i]
		c.plane = make([]byte, 64*c.stride*c.paddedRows)
	}
	for i := range d.scans {
		if d.decodeScan(&d.scans[i]) != nil || d.reader.unread() > 0 {
			return false
		}
	}
	return true
}

// compareWithLibrary compares a picture with that of the standard library, if this is of the same
// kind. Samples at an end of their range are left out: coefficients far beyond those of any picture
// overflow in different ways.
func compareWithLibrary(t *testing.T, data []byte, img image.Image) {
	full, err := jpeg.Decode(bytes.NewReader(data))
	if err != nil || fmt.Sprintf("%T", full) != fmt.Sprintf("%T", img) || full.Bounds() != img.Bounds() {
		return
	}
	got, want := colours(img), colours(full)
	sum, compared, count := 0., 0, 0
	for i := range got {
		for y := range got[i].height {
			for x := range got[i].width {
				a, b := got[i].at(x, y), want[i].at(x, y)
				count++
				if min(a, b) > 0 && max(a, b) < 255 {
					sum += (a - b) * (a - b)
					compared++
				}
			}
		}
	}
	if compared > count/2 && sum > 65*float64(compared) { // 30 dB
		t.Errorf("a mean square difference of %.1f from the picture of the standard library", sum/float64(compared))
	}
}
