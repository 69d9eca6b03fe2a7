package scaledpng

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/png"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// rounded returns the color of 8 bits, not times alpha, nearest to one of image/png.
func rounded(c color.Color) color.NRGBA {
	round := func(sample uint16) uint8 { return uint8(math.Round(float64(sample) / 257)) }
	switch c := c.(type) {
	case color.NRGBA64:
		return color.NRGBA{R: round(c.R), G: round(c.G), B: round(c.B), A: round(c.A)}
	case color.RGBA64: // opaque
		return color.NRGBA{R: round(c.R), G: round(c.G), B: round(c.B), A: round(c.A)}
	case color.Gray16:
		return color.NRGBA{R: round(c.Y), G: round(c.Y), B: round(c.Y), A: 255}
	}
	return color.NRGBAModel.Convert(c).(color.NRGBA)
}

// averaged is a picture decoded whole and then reduced as the package says.
func averaged(src image.Image, factor int) *image.RGBA {
	bounds := src.Bounds()
	result := image.NewRGBA(image.Rect(0, 0, (bounds.Dx()+factor-1)/factor, (bounds.Dy()+factor-1)/factor))
	for y := range result.Rect.Dy() {
		for x := range result.Rect.Dx() {
			var sums [4]int
			count := 0
			box := image.Rect(x*factor, y*factor, (x+1)*factor, (y+1)*factor).Intersect(bounds)
			for j := box.Min.Y; j < box.Max.Y; j++ {
				for i := box.Min.X; i < box.Max.X; i++ {
					c := rounded(src.At(i, j))
					alpha := int(c.A)
					sums[0] += int(c.R) * alpha
					sums[1] += int(c.G) * alpha
					sums[2] += int(c.B) * alpha
					sums[3] += 255 * alpha
					count += 255
				}
			}
			for c, sum := range sums {
				result.Pix[result.PixOffset(x, y)+c] = uint8((sum + count/2) / count)
			}
		}
	}
	return result
}

// asRGBA returns what Decode returned.
func asRGBA(t *testing.T, m image.Image) *image.RGBA {
	t.Helper()
	switch m := m.(type) {
	case *image.RGBA:
		return m
	case *image.Gray:
		result := image.NewRGBA(m.Rect)
		for i, gray := range m.Pix {
			copy(result.Pix[4*i:], []byte{gray, gray, gray, 255})
		}
		return result
	}
	t.Fatalf("the picture is a %T", m)
	return nil
}

// compare compares a file, decoded and reduced to cover width x height, with image/png.
func compare(t *testing.T, data []byte, factor, width, height int) {
	t.Helper()
	whole, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	got, err := Decode(data, width, height)
	if err != nil {
		t.Fatal(err)
	}
	want := averaged(whole, factor)
	if diff := cmp.Diff(want.Rect, got.Bounds()); diff != "" {
		t.Fatal(diff)
	}
	if diff := cmp.Diff(want.Pix, asRGBA(t, got).Pix); diff != "" {
		t.Error(diff)
	}
}

func TestDecodeAgainstImagePNG(t *testing.T) {
	for _, d := range drawings(19, 13) {
		for _, interlaced := range []bool{false, true} {
			for filter := range 6 {
				d.interlaced, d.filter = interlaced, filter
				t.Run(d.String(), func(t *testing.T) {
					data := d.encode()
					compare(t, data, 1, 19, 13)
					compare(t, data, 2, 9, 6)
					compare(t, data, 4, 4, 3)
				})
			}
		}
	}
}

func TestDecodeSizes(t *testing.T) {
	sizes := []image.Point{{1, 1}, {2, 1}, {1, 9}, {3, 3}, {5, 4}, {8, 8}, {9, 16}, {257, 3}}
	for _, size := range sizes {
		for _, interlaced := range []bool{false, true} {
			for _, d := range drawings(size.X, size.Y) {
				d.interlaced = interlaced
				t.Run(d.String(), func(t *testing.T) {
					data := d.encode()
					for factor := 1; factor <= min(size.X, size.Y); factor++ {
						width, height := size.X/factor, size.Y/factor
						compare(t, data, min(size.X/width, size.Y/height), width, height)
					}
				})
			}
		}
	}
}

func TestDecodeSplitData(t *testing.T) {
	for _, split := range []int{1, 2, 100} {
		d := drawing{width: 20, height: 20, depth: 8, colorType: TrueColor, filter: 5, split: split}
		compare(t, d.encode(), 3, 6, 6)
	}
}

func TestDecodeReturnsGrayOrRGBA(t *testing.T) {
	for _, d := range drawings(4, 4) {
		got, err := Decode(d.encode(), 4, 4)
		if err != nil {
			t.Fatal(err)
		}
		_, gray := got.(*image.Gray)
		if want := d.colorType == Grayscale && d.transparency == nil; gray != want {
			t.Errorf("%v is a %T", d, got)
		}
	}
}

func TestFactorCovers(t *testing.T) {
	tests := []struct {
		name                              string
		width, height, toWidth, toHeight  int
		factor, resultWidth, resultHeight int
	}{
		{"exact", 640, 480, 320, 240, 2, 320, 240},
		{"a little less", 639, 480, 320, 240, 1, 639, 480},
		{"width decides", 2309, 3000, 320, 240, 7, 330, 429},
		{"height decides", 3000, 1732, 320, 240, 7, 429, 248},
		{"smaller than wanted", 100, 100, 320, 240, 1, 100, 100},
		{"nothing wanted", 100, 50, 0, -1, 50, 2, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := Config{Width: test.width, Height: test.height}
			factor := c.factor(test.toWidth, test.toHeight)
			width, height := c.size(factor)
			want := []int{test.factor, test.resultWidth, test.resultHeight}
			if diff := cmp.Diff(want, []int{factor, width, height}); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPaethAgainstStandard(t *testing.T) {
	for left := range 256 {
		for up := range 256 {
			for corner := range 256 {
				want := int(predicted(filterPaeth, byte(left), byte(up), byte(corner)))
				if got := paeth(left, up, corner); got != want {
					t.Fatalf("%d, %d, %d is %d, want %d", left, up, corner, got, want)
				}
			}
		}
	}
}

func TestRound16(t *testing.T) {
	for sample := range 1 << 16 {
		want := byte(math.Round(float64(sample) / 257))
		if got := round16(binary.BigEndian.AppendUint16(nil, uint16(sample))); got != want {
			t.Fatalf("%d is %d, want %d", sample, got, want)
		}
	}
}

func TestDivisor(t *testing.T) {
	for _, by := range []int{1, 2, 3, 7, 49, 255, 255 * 49, 1<<28 - 1, 1 << 28, 1 << 40} {
		d := newDivisor(by)
		for sample := range uint64(256) {
			for _, sum := range []uint64{sample * d.by, sample*d.by + d.by/2, sample*d.by - min(sample, 1), sample*d.by + (d.by-1)/2} {
				if sum > 255*d.by {
					continue
				}
				if want := byte((sum + d.by/2) / d.by); d.round(sum) != want {
					t.Fatalf("%d by %d is %d, want %d", sum, by, d.round(sum), want)
				}
			}
		}
	}
}

func TestPremultiply(t *testing.T) {
	for c := range 256 {
		for alpha := range 256 {
			want := byte((c*alpha*2 + 255) / 510)
			if got := premultiply(byte(c), uint32(alpha)); got != want {
				t.Fatalf("%d times %d is %d, want %d", c, alpha, got, want)
			}
		}
	}
}

func TestDecodeConfig(t *testing.T) {
	profile := bytes.Repeat([]byte("profile"), 100)
	exif := []byte("MM\x00*and more")
	d := drawing{width: 7, height: 5, depth: 8, colorType: TrueColor}
	icc := func(profile []byte) []byte {
		return chunkOf("iCCP", append([]byte("Name\x00\x00"), compressed(profile)...))
	}
	damaged := func(chunk []byte) []byte {
		chunk = slices.Clone(chunk)
		chunk[len(chunk)-1]++
		return chunk
	}
	pixels, end := d.dataChunks(compressed(d.pixelRows())), chunkOf("IEND", nil)
	tests := []struct {
		name      string
		data      []byte
		icc, exif []byte
	}{
		{"nothing", fileOf(d.header(), pixels, end), nil, nil},
		{"both", fileOf(d.header(), icc(profile), chunkOf("eXIf", exif), pixels, end), profile, exif},
		{"EXIF after the pixels", fileOf(d.header(), pixels, chunkOf("eXIf", exif), end), nil, exif},
		{"wrong checksums", fileOf(d.header(), damaged(icc(profile)), damaged(chunkOf("eXIf", exif)), pixels, end), nil, nil},
		{"profile of the most bytes", fileOf(d.header(), icc(make([]byte, MaxICC)), pixels, end), make([]byte, MaxICC), nil},
		{"profile too long", fileOf(d.header(), icc(make([]byte, MaxICC+1)), pixels, end), nil, nil},
		{"profile not compressed", fileOf(d.header(), chunkOf("iCCP", []byte("Name\x00\x00abc")), pixels, end), nil, nil},
		{"profile without name", fileOf(d.header(), chunkOf("iCCP", []byte("abc")), pixels, end), nil, nil},
		{"the first of two", fileOf(d.header(), chunkOf("eXIf", exif), chunkOf("eXIf", nil), pixels, end), nil, exif},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := DecodeConfig(test.data)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got.ICC, test.icc) || !bytes.Equal(got.EXIF, test.exif) {
				t.Errorf("a profile of %d bytes and EXIF %q", len(got.ICC), got.EXIF)
			}
			if diff := cmp.Diff(d.config(), got, cmpopts.IgnoreFields(Config{}, "ICC", "EXIF")); diff != "" {
				t.Error(diff)
			}
			if _, err := Decode(test.data, 7, 5); err != nil {
				t.Error(err)
			}
		})
	}
	if _, err := DecodeConfig(fileOf(d.header(), pixels[:9])); err == nil {
		t.Error("no error without a whole IDAT")
	}
}

func TestDecodeConfigOfEveryKind(t *testing.T) {
	for _, d := range drawings(9, 8) {
		d.interlaced = d.depth == 8
		got, err := DecodeConfig(d.encode())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(d.config(), got); diff != "" {
			t.Errorf("%v: %s", d, diff)
		}
	}
}

func TestErrors(t *testing.T) {
	rgb := drawing{width: 4, height: 3, depth: 8, colorType: TrueColor, filter: 5}
	indexed := drawing{width: 4, height: 3, depth: 4, colorType: Indexed, colors: 3}
	gray := drawing{width: 4, height: 3, depth: 8, colorType: Grayscale}
	header, end := rgb.header(), chunkOf("IEND", nil)
	rows := rgb.pixelRows()
	pixels := rgb.dataChunks(compressed(rows))
	palette := indexed.paletteChunk()
	sized := func(width, height int) []byte {
		d := rgb
		d.width, d.height = width, height
		return fileOf(d.header(), pixels, end)
	}
	changedHeader := func(at int, value byte) []byte {
		content := slices.Clone(header[8:21])
		content[at] = value
		return fileOf(chunkOf("IHDR", content), pixels, end)
	}
	idat := func(content []byte) []byte { return fileOf(header, chunkOf("IDAT", content), end) }
	adler := compressed(rows)
	adler[len(adler)-1]++
	badFilter := slices.Clone(rows)
	badFilter[13] = 5
	tests := []struct {
		name string
		data []byte
		want string
	}{
		{"empty", nil, "signature"},
		{"JPEG", []byte("\xff\xd8\xff\xe0 and so on"), "signature"},
		{"signature alone", []byte(signature), "without IEND"},
		{"no IHDR", fileOf(pixels, end), "the first chunk is IHDR"},
		{"two IHDR", fileOf(header, header, pixels, end), "the first chunk is IHDR"},
		{"late IHDR", fileOf(header, pixels, header, end), "comes after IDAT"},
		{"short IHDR", fileOf(chunkOf("IHDR", header[8:20]), pixels, end), "IHDR has 12 bytes"},
		{"no width", sized(0, 3), "0 x 3 pixels"},
		{"no height", sized(4, 0), "4 x 0 pixels"},
		{"width beyond the standard", sized(1<<31, 3), "2147483648 x 3"},
		{"size without data", sized(1<<31-1, 1<<31-1), "less pixel data"},
		{"7 bits", changedHeader(8, 7), "with 7 bits"},
		{"colour type 1", changedHeader(9, 1), "colour type 1"},
		{"compression 1", changedHeader(10, 1), "compression 1"},
		{"filter method 1", changedHeader(11, 1), "filter 1"},
		{"interlace 2", changedHeader(12, 2), "interlace 2"},
		{"no IDAT", fileOf(header, end), "without IDAT"},
		{"empty IDAT", idat(nil), "less pixel data"},
		{"no IEND", fileOf(header, pixels), "without IEND"},
		{"IEND with content", fileOf(header, pixels, chunkOf("IEND", []byte{1})), "IEND has 1 bytes"},
		{"no PLTE", fileOf(indexed.header(), pixels, end), "without PLTE"},
		{"PLTE after IDAT", fileOf(header, pixels, palette, end), "comes after IDAT"},
		{"two PLTE", fileOf(indexed.header(), palette, palette, pixels, end), "a second PLTE"},
		{"PLTE of grays", fileOf(gray.header(), palette, pixels, end), "PLTE in a picture of grays"},
		{"PLTE of no whole colours", fileOf(header, chunkOf("PLTE", []byte{1, 2}), pixels, end), "PLTE of 2 bytes"},
		{"empty PLTE", fileOf(header, chunkOf("PLTE", nil), pixels, end), "PLTE of 0 bytes"},
		{"PLTE too long", fileOf(indexed.header(), chunkOf("PLTE", make([]byte, 51)), pixels, end), "PLTE of 51 bytes"},
		{"colour beyond the palette", indexed.encode(), "of a palette of 3"},
		{"two tRNS", fileOf(gray.header(), chunkOf("tRNS", []byte{0, 1}), chunkOf("tRNS", []byte{0, 1}), pixels, end), "a second tRNS"},
		{"tRNS of another type", fileOf(header, chunkOf("tRNS", []byte{0, 1}), pixels, end), "tRNS of 2 bytes"},
		{"tRNS before PLTE", fileOf(indexed.header(), chunkOf("tRNS", []byte{1}), palette, pixels, end), "tRNS of 1 bytes"},
		{"tRNS before PLTE that nothing needs", fileOf(header, chunkOf("tRNS", make([]byte, 6)), palette, pixels, end), "PLTE after tRNS"},
		{"tRNS too long", fileOf(indexed.header(), palette, chunkOf("tRNS", make([]byte, 4)), pixels, end), "tRNS of 4 bytes"},
		{"tRNS after IDAT", fileOf(header, pixels, chunkOf("tRNS", make([]byte, 6)), end), "comes after IDAT"},
		{"IDAT not together", fileOf(header, pixels, chunkOf("tEXt", nil), pixels, end), "comes after other chunks"},
		{"unknown critical chunk", fileOf(header, chunkOf("ABCD", nil), pixels, end), "unknown critical chunk ABCD"},
		{"unknown critical chunk after IDAT", fileOf(header, pixels, chunkOf("ABCD", nil), end), "unknown critical chunk ABCD"},
		{"no chunk type", fileOf(header, chunkOf("a\x00bc", nil), pixels, end), "is no chunk type"},
		{"chunk beyond the file", fileOf(header, []byte("\x00\x00\x10\x00tEXt0123456789")), "ends within chunk tEXt"},
		{"chunk beyond the standard", fileOf(header, []byte("\xff\xff\xff\xfftEXt0123456789")), "ends within chunk tEXt"},
		{"no zlib", idat([]byte("something else than zlib, of some bytes")), "not compressed by zlib"},
		{"no deflate", idat([]byte("\x78\x9c\xff\xff\xff\xff\xff\xff")), "damaged pixel data"},
		{"zlib cut off", idat(compressed(rows)[:20]), "less pixel data"},
		{"wrong zlib checksum", idat(adler), "damaged pixel data"},
		{"no zlib checksum", idat(compressed(rows)[:len(adler)-4]), "less pixel data"},
		{"a row less", idat(compressed(rows[:26])), "less pixel data"},
		{"a byte more", idat(compressed(append(slices.Clone(rows), 0))), "more pixel data"},
		{"filter type 5", idat(compressed(badFilter)), "filter type 5"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := Decode(test.data, 4, 3)
			if err == nil || got != nil {
				t.Fatalf("Decode returned %v, %v", got, err)
			}
			if !strings.HasPrefix(err.Error(), "png: ") || !strings.Contains(err.Error(), test.want) {
				t.Errorf("the error is %q, want one about %q", err, test.want)
			}
		})
	}
}

func TestWhatIsIgnored(t *testing.T) {
	d := drawing{width: 4, height: 3, depth: 8, colorType: TrueColor, filter: 5}
	content := compressed(d.pixelRows())
	text := chunkOf("tEXt", []byte("x"))
	text[len(text)-1]++
	tests := []struct {
		name string
		data []byte
	}{
		{"bytes after IEND", append(d.encode(), "more"...)},
		{"bytes after the compressed data", fileOf(d.header(), chunkOf("IDAT", append(content, 1, 2)), chunkOf("IEND", nil))},
		{"an empty IDAT", fileOf(d.header(), chunkOf("IDAT", nil), chunkOf("IDAT", content), chunkOf("IDAT", nil), chunkOf("IEND", nil))},
		{"wrong checksum of an ancillary chunk", fileOf(d.header(), text, chunkOf("IDAT", content), text, chunkOf("IEND", nil))},
		{"a palette that nothing needs", fileOf(d.header(), chunkOf("PLTE", make([]byte, 768)), chunkOf("IDAT", content), chunkOf("IEND", nil))},
	}
	want, err := Decode(d.encode(), 4, 3)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := Decode(test.data, 4, 3)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestEveryTruncation(t *testing.T) {
	for _, d := range []drawing{
		{width: 9, height: 7, depth: 8, colorType: TrueColor, filter: 5},
		{width: 9, height: 7, depth: 4, colorType: Indexed, transparency: []byte{1}, interlaced: true, split: 11},
	} {
		data := d.encode()
		for n := range data {
			if got, err := Decode(data[:n], 3, 3); err == nil || got != nil {
				t.Fatalf("%v: the first %d of %d bytes: %v, %v", d, n, len(data), got, err)
			}
		}
	}
}

func TestEveryChangedByte(t *testing.T) {
	d := drawing{width: 9, height: 7, depth: 8, colorType: Indexed, filter: 5, transparency: []byte{1}, split: 40}
	data := d.encode()
	text := bytes.Index(data, []byte("tEXt"))
	textEnd := text + 4 + 58 + 4
	transparency := bytes.Index(data, []byte("tRNS"))
	for i := range data {
		if text <= i && i < textEnd || transparency <= i && i < transparency+4 {
			continue // part of an ancillary chunk, or what makes it another one
		}
		changed := slices.Clone(data)
		changed[i] ^= 0x10
		if got, err := Decode(changed, 3, 3); err == nil || got != nil {
			t.Fatalf("byte %d changed: %v, %v", i, got, err)
		}
	}
}

// allocated returns the bytes that f allocates.
func allocated(f func()) int64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return int64(after.TotalAlloc - before.TotalAlloc)
}

func TestMemory(t *testing.T) {
	var all []drawing
	for _, d := range append(drawings(1, 1), append(drawings(701, 9), drawings(150, 111)...)...) {
		d.interlaced = true
		all = append(all, d)
		d.interlaced, d.split = false, 50
		all = append(all, d)
	}
	for _, d := range all {
		data := d.encode()
		for _, factor := range []int{1, 2, 3, 20} {
			t.Run(fmt.Sprint(d, factor), func(t *testing.T) {
				width, height := max(d.width/factor, 1), max(d.height/factor, 1)
				limit := Memory(d.config(), width, height)
				bytes := allocated(func() {
					if _, err := Decode(data, width, height); err != nil {
						t.Error(err)
					}
				})
				if bytes > limit {
					t.Errorf("Decode allocated %d bytes, Memory says %d", bytes, limit)
				}
			})
		}
	}
}

func TestMemoryIsForTheResult(t *testing.T) {
	tests := []struct {
		name          string
		config        Config
		width, height int
		most          int64
	}{
		{"a photo to 320", Config{Width: 2309, Height: 1732, BitDepth: 8, ColorType: TrueColor}, 320, 240, 700 << 10},
		{"100 megapixels to 320", Config{Width: 10000, Height: 10000, BitDepth: 8, ColorType: TrueColorAlpha}, 320, 320, 1 << 20},
		{"beyond counting", Config{Width: math.MaxInt32, Height: math.MaxInt32, BitDepth: 8, ColorType: TrueColor}, math.MaxInt32, math.MaxInt32, math.MaxInt64},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := Memory(test.config, test.width, test.height)
			if got <= 0 || got > test.most {
				t.Errorf("Memory is %d, want up to %d", got, test.most)
			}
		})
	}
}

func TestImplausibleSizeAllocatesNothing(t *testing.T) {
	d := drawing{width: 30000, height: 30000, depth: 8, colorType: TrueColorAlpha}
	data := fileOf(d.header(), chunkOf("IDAT", compressed(make([]byte, 1000))), chunkOf("IEND", nil))
	if bytes := allocated(func() {
		if _, err := Decode(data, 30000, 30000); err == nil {
			t.Error("no error")
		}
	}); bytes > 64<<10 {
		t.Errorf("%d bytes were allocated", bytes)
	}
}

func FuzzDecode(f *testing.F) {
	for _, d := range drawings(5, 4) {
		f.Add(d.encode(), 2, 2)
		d.interlaced = true
		f.Add(d.encode(), 5, 4)
	}
	f.Fuzz(func(t *testing.T, data []byte, width, height int) {
		data = withChecksums(data)
		c, err := DecodeConfig(data)
		if err != nil {
			if _, err := Decode(data, width, height); err == nil {
				t.Fatal("Decode reads what DecodeConfig does not")
			}
			return
		}
		if Memory(c, width, height) > 1<<24 || c.Width*c.Height > 1<<18 {
			return
		}
		got, err := Decode(data, width, height)
		if err != nil {
			if got != nil {
				t.Fatal("a picture and an error")
			}
			return
		}
		whole, err := png.Decode(bytes.NewReader(data))
		if err != nil || maskedKey(data, c) {
			return
		}
		want := averaged(whole, c.factor(width, height))
		if diff := cmp.Diff(want.Pix, asRGBA(t, got).Pix); diff != "" || want.Rect != got.Bounds() {
			t.Fatal(want.Rect, got.Bounds(), diff)
		}
	})
}

// FuzzRows fuzzes the filtered rows, which no fuzzer reaches through their compression.
func FuzzRows(f *testing.F) {
	for kind, d := range drawings(5, 4) {
		f.Add(d.pixelRows(), kind, byte(5), byte(4), 2)
	}
	f.Fuzz(func(t *testing.T, rows []byte, kind int, width, height byte, factor int) {
		kinds := drawings(max(int(width%32), 1), max(int(height%32), 1))
		d := kinds[(kind%len(kinds)+len(kinds))%len(kinds)]
		d.interlaced = kind < 0
		chunks := [][]byte{d.header(), nil, nil, chunkOf("IDAT", compressed(rows)), chunkOf("IEND", nil)}
		if d.colorType == Indexed {
			chunks[1] = d.paletteChunk()
		}
		if d.transparency != nil {
			chunks[2] = chunkOf("tRNS", d.transparency)
		}
		data := fileOf(chunks...)
		whole, wantErr := png.Decode(bytes.NewReader(data))
		got, err := Decode(data, d.width/max(factor, 1), d.height/max(factor, 1))
		if (wantErr == nil) != (err == nil) {
			t.Fatalf("the error is %v, that of image/png is %v", err, wantErr)
		}
		if err != nil {
			return
		}
		want := averaged(whole, d.config().factor(d.width/max(factor, 1), d.height/max(factor, 1)))
		if diff := cmp.Diff(want.Pix, asRGBA(t, got).Pix); diff != "" {
			t.Fatal(diff)
		}
	})
}

// withChecksums returns data with the right checksum of every chunk, so that what else is
// wrong with them is found.
func withChecksums(data []byte) []byte {
	data = slices.Clone(data)
	for at := min(len(signature), len(data)); ; {
		c, err := readChunk(data, at)
		if err != nil {
			return data
		}
		binary.BigEndian.PutUint32(data[c.end-4:], crc32.ChecksumIEEE(c.body))
		at = c.end
	}
}

// maskedKey tells that tRNS has bits that do not count, which image/png considers.
func maskedKey(data []byte, c Config) bool {
	f, err := readHeader(data)
	if err != nil || c.ColorType == Indexed || c.BitDepth == 16 {
		return false
	}
	for i, b := range f.transparency {
		if i%2 == 0 && b != 0 || int(b)>>c.BitDepth != 0 {
			return true
		}
	}
	return false
}
