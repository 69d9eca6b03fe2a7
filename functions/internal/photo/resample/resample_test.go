package resample

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	xdraw "golang.org/x/image/draw"
)

var sizes = []struct{ width, height, toWidth, toHeight int }{
	{200, 150, 128, 96},
	{200, 150, 77, 57},
	{131, 97, 40, 30},
	{131, 97, 131, 96},
	{64, 64, 32, 32},
	{64, 64, 64, 64},
	{500, 20, 30, 20},
	{20, 300, 19, 7},
	{33, 35, 1, 1},
	{17, 1, 5, 1},
	{1, 9, 1, 4},
	{1, 1, 1, 1},
	{1200, 900, 40, 30},
}

// photo is a picture of slopes, edges and fine texture.
func photo(width, height int) *image.Gray {
	random := rand.New(rand.NewPCG(3, uint64(width*height)))
	picture := image.NewGray(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			value := 110 + 60*math.Sin(float64(x)/9)*math.Cos(float64(y)/13) + 12*random.NormFloat64()
			if (x/23+y/17)%3 == 0 {
				value += 60
			}
			picture.Pix[y*picture.Stride+x] = uint8(min(max(value, 0), 255))
		}
	}
	return picture
}

// reference is the same filter in floating point, both dimensions at once.
func reference(src *image.Gray, width, height int) []float64 {
	horizontal, vertical := referenceWeights(src.Rect.Dx(), width), referenceWeights(src.Rect.Dy(), height)
	result := make([]float64, 0, width*height)
	for _, row := range vertical {
		line := make([]float64, src.Rect.Dx())
		for y, weight := range row {
			for x := range line {
				line[x] += weight * float64(src.Pix[y*src.Stride+x])
			}
		}
		for _, column := range horizontal {
			sum := 0.0
			for x, weight := range column {
				sum += weight * line[x]
			}
			result = append(result, min(max(sum, 0), 255))
		}
	}
	return result
}

func referenceWeights(from, to int) [][]float64 {
	scale := float64(from) / float64(to)
	result := make([][]float64, to)
	for i := range result {
		weights, total := make([]float64, from), 0.0
		for k := range weights {
			weights[k] = catmullRom((float64(k) + 0.5 - (float64(i)+0.5)*scale) / max(scale, 1))
			total += weights[k]
		}
		for k := range weights {
			weights[k] /= total
		}
		result[i] = weights
	}
	return result
}

func psnr(a []uint8, b []float64) float64 {
	sum := 0.0
	for i := range a {
		sum += (float64(a[i]) - b[i]) * (float64(a[i]) - b[i])
	}
	return 10 * math.Log10(255*255*float64(len(a))/max(sum, 1e-9))
}

func TestGrayAgainstFloatingPoint(t *testing.T) {
	for _, size := range sizes {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			src := photo(size.width, size.height)
			got := Gray(src, size.toWidth, size.toHeight)
			if got.Rect != image.Rect(0, 0, size.toWidth, size.toHeight) {
				t.Fatalf("the result is %v", got.Rect)
			}
			if ratio := psnr(got.Pix, reference(src, size.toWidth, size.toHeight)); ratio < 50 {
				t.Errorf("PSNR is %.1f dB", ratio)
			}
		})
	}
}

func TestGrayAgainstImageDraw(t *testing.T) {
	src := photo(400, 300)
	want := image.NewGray(image.Rect(0, 0, 256, 192))
	xdraw.CatmullRom.Scale(want, want.Rect, src, src.Rect, draw.Src, nil)
	reference := make([]float64, len(want.Pix))
	for i, sample := range want.Pix {
		reference[i] = float64(sample)
	}
	if ratio := psnr(Gray(src, 256, 192).Pix, reference); ratio < 50 {
		t.Errorf("PSNR is %.1f dB", ratio)
	}
}

func TestFlatStaysFlat(t *testing.T) {
	for _, size := range sizes {
		for _, value := range []uint8{0, 1, 127, 128, 254, 255} {
			src := image.NewGray(image.Rect(0, 0, size.width, size.height))
			for i := range src.Pix {
				src.Pix[i] = value
			}
			for _, sample := range Gray(src, size.toWidth, size.toHeight).Pix {
				if sample != value {
					t.Fatalf("%v: %d became %d", size, value, sample)
				}
			}
		}
	}
}

func TestWeights(t *testing.T) {
	for from := 1; from <= 300; from += 7 {
		for to := 1; to <= from; to++ {
			a := whole(from, to)
			for i := range to {
				sum, negative := 0, 0
				for _, weight := range a.of(i) {
					sum += int(weight)
					negative += min(int(weight), 0)
				}
				if sum != 1<<weightBits {
					t.Fatalf("%d to %d: the weights of %d add up to %d", from, to, i, sum)
				}
				// Lanes have room for values from -128 to 383.
				if negative < -(1<<weightBits)/3 {
					t.Fatalf("%d to %d: the negative weights of %d add up to %d", from, to, i, negative)
				}
				if a.first[i] < 0 || a.first[i]+a.taps > from {
					t.Fatalf("%d to %d: sample %d is of %d samples from %d", from, to, i, a.taps, a.first[i])
				}
			}
		}
	}
}

func mirrored(src *image.Gray) *image.Gray {
	result := &image.Gray{Pix: slices.Clone(src.Pix), Stride: src.Stride, Rect: src.Rect}
	slices.Reverse(result.Pix)
	return result
}

func TestMirroredSourceGivesMirroredResult(t *testing.T) {
	for _, size := range sizes {
		src := photo(size.width, size.height)
		want := mirrored(Gray(src, size.toWidth, size.toHeight))
		got := Gray(mirrored(src), size.toWidth, size.toHeight)
		if diff := cmp.Diff(want.Pix, got.Pix); diff != "" {
			t.Errorf("%v: %s", size, diff)
		}
	}
}

func TestSlopeIsNotShifted(t *testing.T) {
	src := image.NewGray(image.Rect(0, 0, 240, 240))
	for i := range src.Pix {
		src.Pix[i] = uint8(i%240) + 5
	}
	got := Gray(src, 90, 90)
	for x := 4; x < 86; x++ {
		want := (float64(x)+0.5)*240/90 - 0.5 + 5
		if sample := float64(got.Pix[40*got.Stride+x]); math.Abs(sample-want) > 1 {
			t.Errorf("column %d is %.0f, want %.2f", x, sample, want)
		}
	}
}

func TestExtremesAreClamped(t *testing.T) {
	src := image.NewGray(image.Rect(0, 0, 100, 100))
	for i := range src.Pix {
		if x, y := i%100, i/100; x >= 50 != (y >= 50) {
			src.Pix[i] = 255
		}
	}
	want := reference(src, 64, 64)
	for i, sample := range Gray(src, 64, 64).Pix {
		if math.Abs(float64(sample)-want[i]) > 4 {
			t.Fatalf("sample %d is %d, want %.1f", i, sample, want[i])
		}
	}
}

func TestNeverEnlarged(t *testing.T) {
	src := photo(20, 30)
	tests := []struct {
		name          string
		width, height int
		want          image.Rectangle
	}{
		{"both", 40, 40, image.Rect(0, 0, 20, 30)},
		{"width", 21, 10, image.Rect(0, 0, 20, 10)},
		{"height", 5, 31, image.Rect(0, 0, 5, 30)},
		{"nothing", 0, 10, image.Rectangle{}},
		{"negative", -1, -1, image.Rectangle{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			ycbcr := image.NewYCbCr(src.Rect, image.YCbCrSubsampleRatio420)
			for _, got := range []image.Image{
				Gray(src, test.width, test.height),
				RGBA(image.NewRGBA(src.Rect), test.width, test.height),
				YCbCr(ycbcr, test.width, test.height),
			} {
				if got.Bounds().Size() != test.want.Size() {
					t.Errorf("%T is %v, want %v", got, got.Bounds(), test.want)
				}
			}
		})
	}
}

func TestSameSizeIsACopy(t *testing.T) {
	src := photo(37, 21)
	if diff := cmp.Diff(src.Pix, Gray(src, 37, 21).Pix); diff != "" {
		t.Error(diff)
	}
}

func TestSubImageReadsNothingOutside(t *testing.T) {
	part := image.Rect(13, 7, 90, 61)
	whole := photo(120, 80)
	alone := image.NewGray(part)
	draw.Draw(alone, part, whole, part.Min, draw.Src)
	want := Gray(alone, 31, 22)
	got := Gray(whole.SubImage(part).(*image.Gray), 31, 22)
	if diff := cmp.Diff(want.Pix, got.Pix); diff != "" {
		t.Error(diff)
	}
}

func TestRGBA(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	src := image.NewRGBA(image.Rect(0, 0, 101, 67))
	channels := [4]*image.Gray{}
	for c := range channels {
		channels[c] = image.NewGray(src.Rect)
	}
	for i := 0; i < len(src.Pix); i += 4 {
		alpha := random.IntN(256)
		for c, value := range []int{random.IntN(alpha + 1), random.IntN(alpha + 1), random.IntN(alpha + 1), alpha} {
			src.Pix[i+c] = uint8(value)
			channels[c].Pix[i/4] = uint8(value)
		}
	}
	want := image.NewRGBA(image.Rect(0, 0, 40, 41))
	for c := range channels {
		for i, sample := range Gray(channels[c], 40, 41).Pix {
			want.Pix[i*4+c] = sample
		}
	}
	for i := 0; i < len(want.Pix); i += 4 {
		for c := range 3 {
			want.Pix[i+c] = min(want.Pix[i+c], want.Pix[i+3])
		}
	}
	if diff := cmp.Diff(want.Pix, RGBA(src, 40, 41).Pix); diff != "" {
		t.Error(diff)
	}
}

var ratios = []image.YCbCrSubsampleRatio{
	image.YCbCrSubsampleRatio444, image.YCbCrSubsampleRatio422, image.YCbCrSubsampleRatio420,
	image.YCbCrSubsampleRatio440, image.YCbCrSubsampleRatio411, image.YCbCrSubsampleRatio410,
}

// slope is a picture whose blue chroma is x and whose red chroma is y, each at its centre.
func slope(bounds image.Rectangle, ratio image.YCbCrSubsampleRatio) *image.YCbCr {
	src := image.NewYCbCr(bounds, ratio)
	stepX, stepY := chromaSteps(ratio)
	for i := range src.Cb {
		src.Cb[i] = uint8(20 + i%src.CStride*stepX + (stepX-1)/2)
		src.Cr[i] = uint8(20 + i/src.CStride*stepY + (stepY-1)/2)
	}
	for i := range src.Y {
		src.Y[i] = uint8(20 + i%src.YStride)
	}
	return src
}

func TestYCbCrChromaIsCentred(t *testing.T) {
	parts := []image.Rectangle{image.Rect(0, 0, 203, 151), image.Rect(1, 3, 180, 150), image.Rect(22, 5, 103, 92)}
	for _, ratio := range ratios {
		for _, part := range parts {
			t.Run(fmt.Sprint(ratio, part), func(t *testing.T) {
				src := slope(image.Rect(0, 0, 203, 151), ratio).SubImage(part).(*image.YCbCr)
				width, height := part.Dx()*2/3, part.Dy()*2/3
				got := YCbCr(src, width, height)
				if got.SubsampleRatio != image.YCbCrSubsampleRatio420 || got.Rect != image.Rect(0, 0, width, height) {
					t.Fatalf("the result is %v, %v", got.SubsampleRatio, got.Rect)
				}
				stepX, stepY := chromaSteps(ratio)
				for y := 5; y < height/2-5; y++ {
					for x := 5; x < width/2-5; x++ {
						// The centre of the chroma sample, in pixels of the source.
						centreX := float64(part.Min.X) + float64(2*x+1)*float64(part.Dx())/float64(width)
						centreY := float64(part.Min.Y) + float64(2*y+1)*float64(part.Dy())/float64(height)
						wantX := 20 + centreX - float64(stepX)/2 + float64((stepX-1)/2)
						wantY := 20 + centreY - float64(stepY)/2 + float64((stepY-1)/2)
						i := y*got.CStride + x
						if math.Abs(float64(got.Cb[i])-wantX) > 1.3 || math.Abs(float64(got.Cr[i])-wantY) > 1.3 {
							t.Fatalf("chroma %d,%d is %d,%d, want %.2f,%.2f", x, y, got.Cb[i], got.Cr[i], wantX, wantY)
						}
					}
				}
			})
		}
	}
}

func TestYCbCrWithOriginElsewhere(t *testing.T) {
	for _, origin := range []image.Point{{0, 0}, {4, 3}, {9, 8}, {1, 7}} {
		src := image.NewYCbCr(image.Rect(0, 0, 60, 40).Add(origin), image.YCbCrSubsampleRatio420)
		drawn := func(p image.Point) color.YCbCr {
			return color.YCbCr{Y: uint8(3 * p.X), Cb: uint8(100 + p.X), Cr: uint8(200 - p.Y)}
		}
		for y := range 40 {
			for x := range 60 {
				c := drawn(image.Pt(x, y))
				p := origin.Add(image.Pt(x, y))
				src.Y[src.YOffset(p.X, p.Y)] = c.Y
				src.Cb[src.COffset(p.X, p.Y)] = c.Cb
				src.Cr[src.COffset(p.X, p.Y)] = c.Cr
			}
		}
		got := YCbCr(src, 30, 20)
		want := drawn(image.Pt(31, 21))
		c := got.YCbCrAt(15, 10)
		for _, pair := range [][2]uint8{{want.Y, c.Y}, {want.Cb, c.Cb}, {want.Cr, c.Cr}} {
			if math.Abs(float64(pair[0])-float64(pair[1])) > 2 {
				t.Errorf("%v: the middle is %v, want %v", origin, c, want)
			}
		}
	}
}

func TestYCbCrOfOnePixel(t *testing.T) {
	for _, ratio := range ratios {
		src := image.NewYCbCr(image.Rect(0, 0, 1, 1), ratio)
		src.Y[0], src.Cb[0], src.Cr[0] = 10, 20, 30
		got := YCbCr(src, 1, 1)
		if diff := cmp.Diff(color.YCbCr{Y: 10, Cb: 20, Cr: 30}, got.YCbCrAt(0, 0)); diff != "" {
			t.Errorf("%v: %s", ratio, diff)
		}
	}
}

func TestEmptySource(t *testing.T) {
	if got := YCbCr(&image.YCbCr{}, 10, 10); !got.Rect.Empty() {
		t.Errorf("the result is %v", got.Rect)
	}
}

func TestAllocations(t *testing.T) {
	src := photo(640, 480)
	if allocations := testing.AllocsPerRun(5, func() { Gray(src, 320, 240) }); allocations > 25 {
		t.Errorf("%.0f allocations", allocations)
	}
}
