package scaledjpeg

import (
	"bytes"
	"fmt"
	"image"
	"runtime"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// factors are by how much a picture is reduced, and how near to the mean of its pixels the
// picture is then in decibels, at least.
var factors = []struct {
	factor int
	psnr   float64
}{{1, 54}, {2, 36}, {4, 40}, {8, 48}}

// reduce decodes a picture at 1/factor.
func reduce(t testing.TB, data []byte, factor int) image.Image {
	t.Helper()
	c, err := DecodeConfig(data)
	if err != nil {
		t.Fatal(err)
	}
	width, height := (c.Width+factor-1)/factor, (c.Height+factor-1)/factor
	img, err := Decode(data, width, height)
	if err != nil {
		t.Fatal(err)
	}
	if want := image.Rect(0, 0, width, height); img.Bounds() != want {
		t.Fatalf("1/%d: bounds %v, want %v", factor, img.Bounds(), want)
	}
	return img
}

// notInLibrary are the files that the standard library does not read.
var notInLibrary = []string{"arithmetic.jpg", "odd-3x1.jpg", "odd-chroma.jpg", "odd-mixed.jpg", "restart-progressive.jpg"}

// TestDecode compares all files that the standard library reads with what this makes of them.
func TestDecode(t *testing.T) {
	for _, name := range files(t) {
		if !slices.Contains(notInLibrary, name) {
			compare(t, name, read(t, name))
		}
	}
}

func compare(t *testing.T, name string, data []byte) {
	t.Helper()
	full := library(t, data)
	for _, f := range factors {
		t.Run(fmt.Sprintf("%s at 1/%d", name, f.factor), func(t *testing.T) {
			img := reduce(t, data, f.factor)
			if got, want := fmt.Sprintf("%T", img), fmt.Sprintf("%T", full); got != want {
				t.Fatalf("got a %s, want a %s", got, want)
			}
			if got := psnr(img, full, f.factor); got < f.psnr {
				t.Errorf("%.1f dB, want %v", got, f.psnr)
			}
		})
	}
}

// TestDecodeOddSampling compares files with sampling factors that the standard library does not
// read with the same picture in 4:4:4.
func TestDecodeOddSampling(t *testing.T) {
	full := rgba(library(t, read(t, "baseline-444.jpg")))
	for _, name := range []string{"odd-mixed.jpg", "odd-3x1.jpg", "odd-chroma.jpg"} {
		for _, factor := range []int{1, 2, 4, 8} {
			t.Run(fmt.Sprintf("%s at 1/%d", name, factor), func(t *testing.T) {
				img := reduce(t, read(t, name), factor)
				if got := psnr(rgba(img), full, factor); got < 26 {
					t.Errorf("%.1f dB, want 26", got)
				}
			})
		}
	}
}

// TestDecodeVariants decodes the same picture from files that differ in what makes no difference to
// it.
func TestDecodeVariants(t *testing.T) {
	baseline, progressive := read(t, "baseline-420.jpg"), read(t, "progressive-420.jpg")
	tests := []struct {
		name string
		from []byte
		data []byte
	}{
		{"trailing garbage", baseline, append(bytes.Clone(baseline), "garbage \xff\xd8\xff\xda"...)},
		{"no end of image", baseline, baseline[:len(baseline)-2]},
		{"half an end of image", baseline, baseline[:len(baseline)-1]},
		{"progressive without an end of image", progressive, progressive[:len(progressive)-2]},
		{"restart markers", baseline, read(t, "restart.jpg")},
		{"progressive with restart markers", baseline, read(t, "restart-progressive.jpg")},
		{"progressive", baseline, progressive},
		{"a scan for each component", baseline, read(t, "scans.jpg")},
		{"a scan for two components", baseline, read(t, "scans-two.jpg")},
		{"bands of coefficients", baseline, read(t, "progressive-bands.jpg")},
		{"fill bytes", baseline, insert(insert(baseline, sof0, []byte{0xff, 0xff}), eoi, []byte{0xff, 0xff, 0xff})},
		{"fill bytes before restart markers", read(t, "restart.jpg"),
			bytes.ReplaceAll(read(t, "restart.jpg"), []byte{0xff, 0xd3}, []byte{0xff, 0xff, 0xff, 0xd3})},
		{"bytes between segments", baseline, insert(baseline, sof0, []byte("bytes\xff\x00"))},
		{"a thumbnail in the EXIF data", baseline,
			insert(baseline, dqt, segment(app1, "Exif\x00\x00MM\x00*", string(read(t, "progressive-small.jpg"))))},
		{"a comment", baseline, insert(baseline, sof0, segment(0xfe, "\xff\xd9 comment \xff\xd8"))},
		{"a restart marker at the end", baseline, insert(baseline, eoi, []byte{0xff, rst0})},
		{"another marker after the last scan", baseline, insert(baseline, eoi, segment(dnl, "\x00\x01"))},
		{"extended sequential", baseline, patch(baseline, sof0, 1, sof1)},
		{"the number of lines behind the scan", baseline,
			insert(patch(baseline, sof0, 5, 0, 0), eoi, segment(dnl, "\x00\x35"))},
	}
	for _, test := range tests {
		for _, factor := range []int{1, 2, 8} {
			t.Run(fmt.Sprintf("%s at 1/%d", test.name, factor), func(t *testing.T) {
				got, want := reduce(t, test.data, factor), reduce(t, test.from, factor)
				if got := psnr(got, want, 1); got != same {
					t.Errorf("%.1f dB, want the same", got)
				}
			})
		}
	}
}

// TestDecodeYCCK has the standard library read the CMYK files as YCCK.
func TestDecodeYCCK(t *testing.T) {
	for _, name := range []string{"cmyk.jpg", "cmyk-progressive.jpg"} {
		compare(t, name, patch(read(t, name), app14, 15, 2))
	}
}

func TestDecodeCMYKWithoutAdobe(t *testing.T) {
	data := read(t, "cmyk.jpg")
	want := reduce(t, data, 1).(*image.CMYK)
	got := reduce(t, patch(data, app14, 4, 'X'), 1).(*image.CMYK)
	for i := range want.Pix {
		want.Pix[i] = 255 - want.Pix[i]
	}
	if !bytes.Equal(got.Pix, want.Pix) {
		t.Error("the colours are not those of the file")
	}
}

func TestDecodeSizes(t *testing.T) {
	sizes := []image.Point{{1, 1}, {7, 9}, {8, 8}, {9, 7}, {16, 16}, {17, 33}, {500, 377}}
	for _, size := range sizes {
		compare(t, size.String(), encode(t, photograph(size.X, size.Y), 95))
	}
}

func TestDecodeScale(t *testing.T) {
	data := encode(t, photograph(500, 377), 80)
	tests := []struct {
		name          string
		width, height int
		want          image.Point
	}{
		{"nothing asked", 0, 0, image.Pt(63, 48)},
		{"just an eighth", 63, 48, image.Pt(63, 48)},
		{"wider than an eighth", 64, 48, image.Pt(125, 95)},
		{"higher than an eighth", 63, 49, image.Pt(125, 95)},
		{"just a quarter", 125, 95, image.Pt(125, 95)},
		{"more than a quarter", 126, 90, image.Pt(250, 189)},
		{"just a half", 250, 189, image.Pt(250, 189)},
		{"more than a half", 1, 190, image.Pt(500, 377)},
		{"all", 500, 377, image.Pt(500, 377)},
		{"more than there is", 5000, 5000, image.Pt(500, 377)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			img, err := Decode(data, test.width, test.height)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, img.Bounds().Max); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// allocated returns how many bytes a function allocates.
func allocated(f func()) int64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return int64(after.TotalAlloc - before.TotalAlloc)
}

func TestMemory(t *testing.T) {
	for _, name := range files(t) {
		data := read(t, name)
		c, err := DecodeConfig(data)
		if err != nil {
			continue
		}
		for _, factor := range []int{1, 2, 4, 8} {
			width, height := c.Width/factor, c.Height/factor
			limit := Memory(c, width, height)
			got := allocated(func() {
				if _, err := Decode(data, width, height); err != nil {
					t.Error(err)
				}
			})
			if got > limit {
				t.Errorf("%s at 1/%d: %d bytes allocated, Memory says %d", name, factor, got, limit)
			}
		}
	}
}

// TestMemoryOfLargePictures states what pictures of 12 megapixels take.
func TestMemoryOfLargePictures(t *testing.T) {
	sampling := [4]Sampling{{2, 2}, {1, 1}, {1, 1}}
	full := [4]Sampling{{1, 1}, {1, 1}, {1, 1}}
	tests := []struct {
		name   string
		config Config
		width  int
		want   int64
	}{
		{"eighth", Config{Components: 3, Sampling: sampling}, 500, 810_056},
		{"half", Config{Components: 3, Sampling: sampling}, 2000, 5_096_576},
		{"progressive, eighth", Config{Components: 3, Sampling: sampling, Progressive: true}, 500, 3_667_736},
		{"progressive, half", Config{Components: 3, Sampling: sampling, Progressive: true}, 2000, 16_527_296},
		{"progressive 4:4:4, half", Config{Components: 3, Sampling: full, Progressive: true}, 2000, 32_530_304},
		{"red, green and blue, half", Config{Components: 3, Sampling: full, RGB: true}, 2000, 21_869_696},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.config.Width, test.config.Height = 4032, 3024
			if diff := cmp.Diff(test.want, Memory(test.config, test.width, 0)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
