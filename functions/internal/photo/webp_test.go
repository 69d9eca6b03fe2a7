package photo

import (
	"bytes"
	"image"
	"image/color"
	"testing"

	"github.com/deepteams/webp"

	"github.com/noidle/noidle/functions/internal/photo/resample"
)

// scene is a picture with edges, flat parts and detail.
func scene(width, height int) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, width, height))
	state := uint32(1)
	for y := range height {
		for x := range width {
			state = state*1664525 + 1013904223
			detail := uint8(state>>28) * uint8(min(y*3/height, 2))
			c := color.RGBA{uint8(x*200/width) + detail, uint8(y*200/height) + detail, 90 + detail, 255}
			if (x-width/3)*(x-width/3)+(y-height/2)*(y-height/2) < height*height/16 {
				c.R, c.B = 230, 30
			}
			m.SetRGBA(x, y, c)
		}
	}
	return m
}

func lossyWebP(t testing.TB, m image.Image, quality, segments int) []byte {
	t.Helper()
	options := webp.DefaultOptions()
	options.Quality, options.Method, options.Segments = float32(quality), 1, segments
	var buffer bytes.Buffer
	if err := webp.Encode(&buffer, m, options); err != nil {
		t.Fatal(err)
	}
	return buffer.Bytes()
}

func TestLoopFilterIsLeftOutUnseen(t *testing.T) {
	for _, quality := range []int{10, 50, 90} {
		for _, segments := range []int{1, 4} {
			w, err := parseWebP(lossyWebP(t, scene(480, 360), quality, segments))
			if err != nil {
				t.Fatal(err)
			}
			without := withoutLoopFilter(w.bitstream)
			if bytes.Equal(without, w.bitstream) {
				t.Fatalf("quality %d, %d segments: there is no loop filter", quality, segments)
			}
			if again := withoutLoopFilter(without); !bytes.Equal(again, without) {
				t.Errorf("quality %d, %d segments: there still is a loop filter", quality, segments)
			}
			filtered, err := decodeVP8(w.bitstream)
			if err != nil {
				t.Fatal(err)
			}
			unfiltered, err := decodeVP8(without)
			if err != nil {
				t.Fatal(err)
			}
			width, height := 480/3, 360/3
			like := psnr(t, toRGBA(resample.YCbCr(filtered, width, height)), toRGBA(resample.YCbCr(unfiltered, width, height)))
			if like < 40 {
				t.Errorf("quality %d, %d segments: %.1f dB like the filtered one", quality, segments, like)
			}
		}
	}
}

func TestLoopFilterOfBrokenFrames(t *testing.T) {
	w, err := parseWebP(read(t, "lossy.webp"))
	if err != nil {
		t.Fatal(err)
	}
	for cut := range 40 {
		withoutLoopFilter(w.bitstream[:cut])
	}
	otherSpace := bytes.Clone(w.bitstream)
	otherSpace[10] |= 0x80
	if !bytes.Equal(withoutLoopFilter(otherSpace), otherSpace) {
		t.Error("the bits of another colour space were changed")
	}
}

// Encoded at several sizes in a row, each is what an encoder makes of it that has done
// nothing before, and is as good as its quality says.
func TestEncodeWebP(t *testing.T) {
	m := scene(160, 120)
	sizes := map[int]int{}
	for _, quality := range []int{100, 30, 80, 95, 80, 10} {
		var buffer bytes.Buffer
		if err := encodeWebP(&buffer, m, quality); err != nil {
			t.Fatal(err)
		}
		if before, ok := sizes[quality]; ok && before != buffer.Len() {
			t.Errorf("quality %d: %d bytes, before %d", quality, buffer.Len(), before)
		}
		sizes[quality] = buffer.Len()
		want := map[int]float64{10: 26, 30: 29, 80: 33, 95: 34.5, 100: 34.5}[quality]
		if like := psnr(t, decodeThumbnail(t, buffer.Bytes(), WebP), m); like < want {
			t.Errorf("quality %d: %.1f dB like the picture, want %v", quality, like, want)
		}
	}
	if sizes[10] >= sizes[30] || sizes[30] >= sizes[80] || sizes[80] >= sizes[95] {
		t.Errorf("sizes by quality are %v", sizes)
	}
}

func TestAlphaOfWebPIsExact(t *testing.T) {
	m := scene(61, 47)
	for i := 0; i < len(m.Pix); i += 4 {
		a := uint32(i * 7 % 256)
		m.Pix[i], m.Pix[i+1], m.Pix[i+2], m.Pix[i+3] = multiplied(m.Pix[i], a), multiplied(m.Pix[i+1], a), multiplied(m.Pix[i+2], a), uint8(a)
	}
	var buffer bytes.Buffer
	if err := encodeWebP(&buffer, m, 80); err != nil {
		t.Fatal(err)
	}
	got := decodeThumbnail(t, buffer.Bytes(), WebP)
	for i := 3; i < len(m.Pix); i += 4 {
		if got.Pix[i] != m.Pix[i] {
			t.Fatalf("alpha of pixel %d is %d, want %d", i/4, got.Pix[i], m.Pix[i])
		}
	}
}

// animation returns one with one frame, at 20,10 of a canvas of 100x60.
func animation(frame []byte) []byte {
	canvas := make([]byte, 10)
	canvas[0] = 1<<1 | 1<<4
	putLittle24(canvas[4:], 100-1)
	putLittle24(canvas[7:], 60-1)
	header := make([]byte, 16)
	putLittle24(header, 20/2)
	putLittle24(header[3:], 10/2)
	putLittle24(header[6:], 40-1)
	putLittle24(header[9:], 30-1)
	file := appendChunk([]byte(riffHeader), "VP8X", canvas)
	file = appendChunk(file, "ANIM", make([]byte, 6))
	file = appendChunk(file, "ANMF", header, frame[len(riffHeader):])
	return finishRIFF(file)
}

func TestFrameOnItsCanvas(t *testing.T) {
	red := image.NewRGBA(image.Rect(0, 0, 40, 30))
	for i := 0; i < len(red.Pix); i += 4 {
		red.Pix[i], red.Pix[i+3] = 250, 255
	}
	for _, lossless := range []bool{false, true} {
		var frame bytes.Buffer
		options := webp.DefaultOptions()
		options.Lossless = lossless
		if err := webp.Encode(&frame, red, options); err != nil {
			t.Fatal(err)
		}
		photo, thumbnail := one(t, animation(frame.Bytes()), Size{Width: 50}, Output{Format: PNG})
		if want := (Photo{"webp", 100, 60}); photo != want {
			t.Errorf("%v, want %v", photo, want)
		}
		m := decodeThumbnail(t, thumbnail.Data, PNG)
		for _, probe := range []struct {
			x, y int
			want color.RGBA
		}{{5, 3, color.RGBA{}}, {13, 8, color.RGBA{250, 0, 0, 255}}, {26, 17, color.RGBA{250, 0, 0, 255}}, {33, 17, color.RGBA{}}, {13, 23, color.RGBA{}}} {
			if got := m.RGBAAt(probe.x, probe.y); far(got, probe.want) > 6 {
				t.Errorf("lossless %v: %d,%d is %v, want %v", lossless, probe.x, probe.y, got, probe.want)
			}
		}
	}
}

func TestStudioRange(t *testing.T) {
	for _, test := range []struct{ y, cb, cr, r, g, b uint8 }{
		{16, 128, 128, 0, 0, 0}, {235, 128, 128, 255, 255, 255}, {126, 128, 128, 128, 128, 128},
		{82, 90, 240, 255, 0, 0}, {145, 54, 34, 0, 255, 0}, {41, 240, 110, 0, 0, 255}, {0, 128, 128, 0, 0, 0}, {255, 128, 128, 255, 255, 255},
	} {
		m := image.NewYCbCr(image.Rect(0, 0, 1, 1), image.YCbCrSubsampleRatio420)
		m.Y[0], m.Cb[0], m.Cr[0] = test.y, test.cb, test.cr
		want := color.RGBA{test.r, test.g, test.b, 255}
		pixel := make([]byte, 4)
		studioRow(pixel, m, 0, nil)
		if got := (color.RGBA{pixel[0], pixel[1], pixel[2], pixel[3]}); far(got, want) > 2 {
			t.Errorf("a pixel of %d,%d,%d is %v, want %v", test.y, test.cb, test.cr, got, want)
		}
		expandStudioRange(m)
		if got := toRGBA(m).RGBAAt(0, 0); far(got, want) > 3 {
			t.Errorf("a picture of %d,%d,%d is %v, want %v", test.y, test.cb, test.cr, got, want)
		}
	}
}
