package scaledjpeg

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

// photograph returns a picture with what photographs have: smooth parts, textures of all sizes,
// edges and noise.
func photograph(width, height int) *image.RGBA {
	random := rand.New(rand.NewPCG(3, 4))
	grid := [64 * 64]float64{}
	for i := range grid {
		grid[i] = random.Float64()*2 - 1
	}
	texture := func(x, y float64) float64 {
		column, row := int(x), int(y)
		fx, fy := x-float64(column), y-float64(row)
		at := func(dx, dy int) float64 { return grid[(row+dy)%64*64+(column+dx)%64] }
		top := at(0, 0) + (at(1, 0)-at(0, 0))*fx
		bottom := at(0, 1) + (at(1, 1)-at(0, 1))*fx
		return top + (bottom-top)*fy
	}
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			u, v := float64(x), float64(y)
			light, amplitude, frequency := 0., 30., 4/float64(width)
			for range 7 {
				light += amplitude * texture(u*frequency, v*frequency)
				amplitude, frequency = amplitude*0.75, frequency*2.1
			}
			if math.Mod(u+2*v, 61) < 20 {
				light += 40 // an edge
			}
			red, blue := 30*texture(u/19, v/19+7), 30*texture(u/23, v/23+23)
			noise := random.NormFloat64() * 2
			img.SetRGBA(x, y, color.RGBA{level(light + red + noise), level(light + noise), level(light + blue + noise), 255})
		}
	}
	return img
}

func level(v float64) byte { return byte(min(255, max(0, 110+v))) }

func encode(t testing.TB, img image.Image, quality int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: quality}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func read(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func files(t testing.TB) []string {
	t.Helper()
	paths, err := filepath.Glob("testdata/*.jpg")
	if err != nil || len(paths) == 0 {
		t.Fatal("no files in testdata: ", err)
	}
	for i, path := range paths {
		paths[i] = filepath.Base(path)
	}
	return paths
}

func library(t testing.TB, data []byte) image.Image {
	t.Helper()
	img, err := jpeg.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal("the standard library: ", err)
	}
	return img
}

// A samples is one colour of a picture.
type samples struct {
	pix                         []byte
	stride, step, width, height int
}

func (s samples) at(x, y int) float64 { return float64(s.pix[y*s.stride+x*s.step]) }

// colours takes a picture apart.
func colours(img image.Image) []samples {
	width, height := img.Bounds().Dx(), img.Bounds().Dy()
	interleaved := func(pix []byte, stride int) (all []samples) {
		for i := range 4 {
			all = append(all, samples{pix[i:], stride, 4, width, height})
		}
		return all
	}
	switch img := img.(type) {
	case *image.Gray:
		return []samples{{img.Pix, img.Stride, 1, width, height}}
	case *image.RGBA:
		return interleaved(img.Pix, img.Stride)
	case *image.CMYK:
		return interleaved(img.Pix, img.Stride)
	case *image.YCbCr:
		w, h := img.COffset(width-1, 0)+1, img.COffset(0, height-1)/img.CStride+1
		return []samples{
			{img.Y, img.YStride, 1, width, height},
			{img.Cb, img.CStride, 1, w, h},
			{img.Cr, img.CStride, 1, w, h},
		}
	}
	return nil
}

// same is the psnr of equal pictures.
const same = 99

// psnr compares a picture with the mean of factor x factor pixels of another, in decibels. It
// leaves out pixels at the edges that stand for less, as the coded picture goes on behind these. It
// returns 0 for pictures of different kinds.
func psnr(got, full image.Image, factor int) float64 {
	a, b := colours(got), colours(full)
	if len(a) != len(b) {
		return 0
	}
	sum, count := 0., 0
	for i := range a {
		for y := range min(a[i].height, b[i].height/factor) {
			for x := range min(a[i].width, b[i].width/factor) {
				mean := 0.
				for dy := range factor {
					for dx := range factor {
						mean += b[i].at(x*factor+dx, y*factor+dy)
					}
				}
				difference := a[i].at(x, y) - mean/float64(factor*factor)
				sum += difference * difference
				count++
			}
		}
	}
	if sum == 0 {
		return same
	}
	return 10 * math.Log10(255*255*float64(count)/sum)
}

// rgba returns a picture in red, green and blue.
func rgba(img image.Image) *image.RGBA {
	to := image.NewRGBA(img.Bounds())
	for y := range img.Bounds().Dy() {
		for x := range img.Bounds().Dx() {
			to.Set(x, y, img.At(x, y))
		}
	}
	return to
}

// insert puts a segment before the first marker of a kind.
func insert(data []byte, before byte, segments ...[]byte) []byte {
	i := bytes.Index(data, []byte{0xff, before})
	return bytes.Join([][]byte{data[:i], bytes.Join(segments, nil), data[i:]}, nil)
}

func segment(marker byte, parts ...string) []byte {
	body := []byte{}
	for _, part := range parts {
		body = append(body, part...)
	}
	return append(binary.BigEndian.AppendUint16([]byte{0xff, marker}, uint16(len(body)+2)), body...)
}

// patch returns a copy with other bytes at an offset behind the first occurrence of a marker.
func patch(data []byte, marker byte, offset int, values ...byte) []byte {
	to := bytes.Clone(data)
	copy(to[bytes.Index(data, []byte{0xff, marker})+offset:], values)
	return to
}
