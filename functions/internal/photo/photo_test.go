package photo

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/color/palette"
	"image/draw"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	deepteams "github.com/deepteams/webp"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/image/webp"
)

var update = flag.Bool("update", false, "rewrite the thumbnails in testdata/golden")

func read(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// photos returns the names of the photos in testdata.
func photos(t testing.TB) []string {
	t.Helper()
	var names []string
	for _, kind := range []string{"jpg", "png", "gif", "webp"} {
		paths, err := filepath.Glob("testdata/*." + kind)
		if err != nil || len(paths) == 0 {
			t.Fatalf("no %s in testdata: %v", kind, err)
		}
		for _, path := range paths {
			names = append(names, filepath.Base(path))
		}
	}
	return names
}

// one makes one thumbnail.
func one(t testing.TB, data []byte, size Size, out Output) (Photo, Thumbnail) {
	t.Helper()
	photo, thumbnails, err := Make(data, []Size{size}, out, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return photo, thumbnails[0]
}

// decodeThumbnail decodes a thumbnail, with premultiplied colours.
func decodeThumbnail(t testing.TB, data []byte, want Format) *image.RGBA {
	t.Helper()
	format, err := sniff(data)
	if err != nil || format != string(want) {
		t.Fatalf("encoded as %s, %v, want %s", format, err, want)
	}
	decoders := map[Format]func(io.Reader) (image.Image, error){JPEG: jpeg.Decode, PNG: png.Decode, WebP: webp.Decode}
	m, err := decoders[want](bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if m, ok := m.(*image.YCbCr); ok && want == WebP {
		expandStudioRange(m)
	}
	if m, ok := m.(*image.NYCbCrA); ok {
		expandStudioRange(&m.YCbCr)
	}
	result := image.NewRGBA(m.Bounds())
	draw.Draw(result, result.Rect, m, m.Bounds().Min, draw.Src)
	return result
}

// psnr compares pictures of the same size, in decibels.
func psnr(t testing.TB, a, b *image.RGBA) float64 {
	t.Helper()
	if a.Rect != b.Rect {
		t.Fatalf("sizes %v and %v", a.Rect, b.Rect)
	}
	sum := 0.0
	for i := range a.Pix {
		difference := float64(a.Pix[i]) - float64(b.Pix[i])
		sum += difference * difference
	}
	return 10 * math.Log10(255*255*float64(len(a.Pix))/sum)
}

func TestThumbnailsLookAsBefore(t *testing.T) {
	size := Size{Name: "small", Width: 48, Height: 48}
	for _, name := range photos(t) {
		out := Output{Format: JPEG, Quality: 85}
		switch {
		case strings.Contains(name, "alpha"), strings.HasPrefix(name, "animated"):
			out.Format = WebP
		case strings.HasSuffix(name, ".png"):
			out.Format = PNG
		}
		t.Run(name, func(t *testing.T) {
			_, thumbnail := one(t, read(t, name), size, out)
			got := decodeThumbnail(t, thumbnail.Data, out.Format)
			if got.Rect.Dx() != thumbnail.Width || got.Rect.Dy() != thumbnail.Height {
				t.Errorf("%v, said to be %dx%d", got.Rect, thumbnail.Width, thumbnail.Height)
			}
			path := filepath.Join("testdata", "golden", name+out.Format.Extension())
			if *update {
				if err := os.WriteFile(path, thumbnail.Data, 0o666); err != nil {
					t.Fatal(err)
				}
			}
			golden, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if like := psnr(t, got, decodeThumbnail(t, golden, out.Format)); like < 35 {
				t.Errorf("%.1f dB like %s, want 35: look at it, and run the test with -update if it is right", like, path)
			}
		})
	}
}

// corners are the colours in the corners of every photo in testdata, upright.
var corners = []struct {
	name  string
	x, y  int
	color color.RGBA
}{
	{"upper left", 0, 0, color.RGBA{220, 40, 40, 255}},
	{"upper right", 1, 0, color.RGBA{40, 180, 60, 255}},
	{"lower left", 0, 1, color.RGBA{40, 60, 220, 255}},
	{"lower right", 1, 1, color.RGBA{230, 210, 40, 255}},
}

func TestCornersOfEveryPhoto(t *testing.T) {
	for _, name := range photos(t) {
		for _, format := range []Format{JPEG, PNG, WebP} {
			t.Run(name+" to "+string(format), func(t *testing.T) {
				_, thumbnail := one(t, read(t, name), Size{Width: 60, Height: 60}, Output{Format: format, Quality: 95})
				m := decodeThumbnail(t, thumbnail.Data, format)
				for _, corner := range corners {
					want := corner.color
					x := 4 + corner.x*(m.Rect.Dx()-9)
					y := 3 + corner.y*(m.Rect.Dy()-7)
					tolerance := 12
					switch {
					case strings.HasPrefix(name, "gray"):
						gray := luminance(want)
						want = color.RGBA{gray, gray, gray, 255}
					case strings.HasPrefix(name, "cmyk"):
						tolerance = 75 // the plain formula
					case strings.HasPrefix(name, "animated.webp"), strings.HasPrefix(name, "palette"):
						tolerance = 30
					case format != PNG:
						tolerance = 20
					}
					faded := strings.Contains(name, "alpha") || name == "palette.png" || name == "animated.webp"
					if faded && corner.y == 1 || strings.HasPrefix(name, "animated") && corner.y == 1 {
						continue // half transparent: TestTransparency
					}
					if (faded || strings.HasPrefix(name, "animated")) && corner.x == 1 {
						want = color.RGBA{}
						if format == JPEG {
							want = color.RGBA{255, 255, 255, 255}
						}
					}
					got := m.RGBAAt(x, y)
					if far(got, want) > tolerance {
						t.Errorf("%s: %v, want %v", corner.name, got, want)
					}
				}
			})
		}
	}
}

// luminance returns the gray as bright as a colour of sRGB.
func luminance(c color.RGBA) uint8 {
	linear := func(value uint8) float64 { return math.Pow((float64(value)/255+0.055)/1.055, 2.4) }
	sum := 0.2126*linear(c.R) + 0.7152*linear(c.G) + 0.0722*linear(c.B)
	return toSRGB()[int(sum*linearOne)]
}

// far returns the largest difference of a channel.
func far(a, b color.RGBA) int {
	difference := func(a, b uint8) int { return int(max(a, b) - min(a, b)) }
	return max(difference(a.R, b.R), difference(a.G, b.G), difference(a.B, b.B), difference(a.A, b.A))
}

func TestEveryOrientationIsUpright(t *testing.T) {
	for _, size := range []Size{{Width: 48, Height: 48}, {Width: 31, Height: 31}, {Width: 500}, {Width: 20, Height: 40, Cover: true}} {
		for _, format := range []Format{JPEG, PNG} {
			var first *image.RGBA
			for orientation := 1; orientation <= 8; orientation++ {
				name := fmt.Sprintf("orientation%d.jpg", orientation)
				photo, thumbnail := one(t, read(t, name), size, Output{Format: format, Quality: 95})
				if want := (Photo{"jpeg", 128, 96}); photo != want {
					t.Errorf("%s: %v, want %v", name, photo, want)
				}
				m := decodeThumbnail(t, thumbnail.Data, format)
				if orientation == 1 {
					first = m
					continue
				}
				if like := psnr(t, m, first); like < 35 {
					t.Errorf("%s in %dx%d as %s is %.1f dB like the upright one", name, size.Width, size.Height, format, like)
				}
			}
		}
	}
}

func TestOneDecodeServesAllSizes(t *testing.T) {
	sizes := []Size{
		{Name: "tiny", Width: 22, Height: 22},
		{Name: "large", Width: 160, Height: 160},
		{Name: "square", Width: 32, Height: 32, Cover: true},
		{Name: "medium", Width: 64, Height: 64},
		{Name: "tall", Width: 20, Height: 60, Cover: true},
	}
	for _, name := range []string{"baseline.jpg", "opaque.png", "alpha.png", "gray.jpg", "lossy.webp", "p3.jpg", "orientation6.jpg"} {
		photo, together, err := Make(read(t, name), sizes, Output{Format: PNG}, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		for i, size := range sizes {
			alonePhoto, alone := one(t, read(t, name), size, Output{Format: PNG})
			got := together[i]
			if photo != alonePhoto || got.Name != size.Name || got.Width != alone.Width || got.Height != alone.Height {
				t.Errorf("%s, %s: %s %dx%d, alone %dx%d", name, size.Name, got.Name, got.Width, got.Height, alone.Width, alone.Height)
			}
			if like := psnr(t, decodeThumbnail(t, got.Data, PNG), decodeThumbnail(t, alone.Data, PNG)); like < 30 {
				t.Errorf("%s, %s: %.1f dB like the one made alone", name, size.Name, like)
			}
		}
	}
}

func TestMetadataIsLeftOut(t *testing.T) {
	// Of every photo with metadata, and what it would look like in an output.
	marks := []string{"Exif", "eXIf", "EXIF", "ICC_PROFILE", "iCCP", "ICCP", "acsp", "xmpmeta", "XMP ", "nobody", "tEXt", "pHYs"}
	for _, name := range []string{"srgb.jpg", "p3.jpg", "orientation6.jpg", "exif.png", "exif.webp"} {
		data := read(t, name)
		found := 0
		for _, mark := range marks {
			found += bytes.Count(data, []byte(mark))
		}
		if found == 0 {
			t.Errorf("%s has no metadata to leave out", name)
		}
		for _, format := range []Format{JPEG, PNG, WebP} {
			_, thumbnail := one(t, data, Size{Width: 64}, Output{Format: format})
			for _, mark := range marks {
				if bytes.Contains(thumbnail.Data, []byte(mark)) {
					t.Errorf("%s as %s has %s in it", name, format, mark)
				}
			}
		}
	}
}

func TestSamePhotoGivesSameBytes(t *testing.T) {
	sizes := []Size{{Name: "a", Width: 64, Height: 64}, {Name: "b", Width: 100, Height: 100}, {Name: "c", Width: 14, Height: 14}}
	for _, format := range []Format{JPEG, PNG, WebP} {
		for _, name := range []string{"baseline.jpg", "alpha.png", "lossy.webp"} {
			first := map[int][]Thumbnail{}
			for run, processors := range []int{1, 2, 1, 4} {
				previous := runtime.GOMAXPROCS(processors)
				_, thumbnails, err := Make(read(t, name), sizes, Output{Format: format}, Limits{})
				// Another quality in between, of the same size.
				_, _, otherErr := Make(read(t, "444.jpg"), sizes, Output{Format: format, Quality: 98}, Limits{})
				runtime.GOMAXPROCS(previous)
				if err != nil || otherErr != nil {
					t.Fatal(err, otherErr)
				}
				first[run] = thumbnails
				if diff := cmp.Diff(first[0], thumbnails); diff != "" {
					t.Fatalf("%s as %s, run %d: %s", name, format, run, diff[:min(len(diff), 300)])
				}
			}
		}
	}
}

func TestTransparency(t *testing.T) {
	for _, name := range []string{"alpha.png", "alpha.webp", "lossless-alpha.webp", "palette.png", "animated.webp"} {
		for _, format := range []Format{PNG, WebP, JPEG} {
			t.Run(name+" to "+string(format), func(t *testing.T) {
				_, thumbnail := one(t, read(t, name), Size{Width: 48, Height: 48}, Output{Format: format, Quality: 95})
				m := decodeThumbnail(t, thumbnail.Data, format)
				// In the lower left the photos are blue and less than half opaque, on the
				// right not at all.
				half, none := m.RGBAAt(3, 26), m.RGBAAt(45, 10)
				if format == JPEG {
					// Blue, half in front of white.
					if want := (color.RGBA{181, 187, 243, 255}); far(half, want) > 30 {
						t.Errorf("half on white is %v, want about %v", half, want)
					}
					if want := (color.RGBA{255, 255, 255, 255}); far(none, want) > 8 {
						t.Errorf("nothing on white is %v, want %v", none, want)
					}
					return
				}
				if want := (color.RGBA{14, 21, 76, 88}); far(half, want) > 25 {
					t.Errorf("half is %v, want about %v", half, want)
				}
				if none.A > 2 {
					t.Errorf("nothing is %v", none)
				}
			})
		}
	}
}

func TestGrayStaysGray(t *testing.T) {
	for _, format := range []Format{JPEG, PNG} {
		for _, name := range []string{"gray.jpg", "gray.png"} {
			_, thumbnail := one(t, read(t, name), Size{Width: 40}, Output{Format: format})
			m, _, err := image.Decode(bytes.NewReader(thumbnail.Data))
			if err != nil {
				t.Fatal(err)
			}
			if _, ok := m.(*image.Gray); !ok {
				t.Errorf("%s as %s is %T", name, format, m)
			}
		}
	}
}

func TestWrongArguments(t *testing.T) {
	size, out := Size{Name: "small", Width: 10}, Output{Format: JPEG}
	tests := []struct {
		name   string
		sizes  []Size
		out    Output
		limits Limits
		want   string
	}{
		{"no size", nil, out, Limits{}, "no sizes"},
		{"a size of nothing", []Size{{Name: "none"}}, out, Limits{}, `size "none" of 0x0`},
		{"a negative size", []Size{{Name: "less", Width: -1, Height: 4}}, out, Limits{}, `size "less" of -1x4`},
		{"no format", []Size{size}, Output{}, Limits{}, `output format ""`},
		{"a quality of 101", []Size{size}, Output{Format: JPEG, Quality: 101}, Limits{}, "output quality 101"},
		{"a negative limit", []Size{size}, out, Limits{Memory: -1}, "limits {"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, _, err := Make(read(t, "baseline.jpg"), test.sizes, test.out, test.limits)
			if _, rejected := err.(*Rejected); err == nil || rejected || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, want %q", err, test.want)
			}
		})
	}
}

func TestFormat(t *testing.T) {
	got := map[Format][2]string{}
	for _, f := range []Format{JPEG, PNG, WebP} {
		got[f] = [2]string{f.ContentType(), f.Extension()}
	}
	want := map[Format][2]string{
		JPEG: {"image/jpeg", ".jpg"},
		PNG:  {"image/png", ".png"},
		WebP: {"image/webp", ".webp"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// What decoding allocates in all is no more than what it is said to take at most at once.
func TestMemoryIsEnough(t *testing.T) {
	wide := image.NewPaletted(image.Rect(0, 0, 1000, 700), palette.Plan9)
	transparent := scene(350, 250)
	for i := 3; i < len(transparent.Pix); i += 4 {
		transparent.Pix[i-3], transparent.Pix[i-2], transparent.Pix[i-1], transparent.Pix[i] = 9, 9, 9, uint8(9+i%13)
	}
	var paletted, withAlpha, lossless bytes.Buffer
	err := errors.Join(
		gif.Encode(&paletted, wide, nil),
		encodeWebP(&withAlpha, transparent, 80),
		deepteams.Encode(&lossless, scene(350, 250), &deepteams.EncoderOptions{Lossless: true, Quality: 75, Method: 4}),
	)
	if err != nil {
		t.Fatal(err)
	}
	data := map[string][]byte{
		"large.gif":      paletted.Bytes(),
		"lossy.webp":     lossyWebP(t, scene(350, 250), 80, 4),
		"alpha.webp":     withAlpha.Bytes(),
		"lossless.webp":  lossless.Bytes(),
		"animation.webp": read(t, "animated.webp"),
	}
	for _, name := range photos(t) {
		data["small "+name] = read(t, name)
	}
	for name, data := range data {
		format, err := sniff(data)
		if err != nil {
			t.Fatal(err)
		}
		f, err := readHeader(format, data)
		if err != nil {
			t.Fatal(err)
		}
		for _, side := range []int{1, 40, 160, 1000} {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			if _, err := f.decode(side, side); err != nil {
				t.Fatal(err)
			}
			runtime.ReadMemStats(&after)
			if used, said := int64(after.TotalAlloc-before.TotalAlloc), f.memory(side, side); used > said {
				t.Errorf("%s at %d: %d bytes, said to be %d", name, side, used, said)
			}
		}
	}
}
