package scaledpng

import (
	"encoding/binary"
	"fmt"
)

// layout is how the pixels of a converted row are stored, in samples of 8 bits.
type layout int

const (
	layoutGray layout = 1 // gray
	layoutRGB  layout = 3 // red, green, blue
	layoutRGBA layout = 4 // red, green, blue, alpha; the colour is not times alpha
)

// converter makes rows of 8-bit samples of the rows of a file.
type converter struct {
	layout  layout
	convert conversion
	pixels  []byte
}

// conversion fills pixels, of the layout, from samples of the file.
type conversion func(pixels, samples []byte) error

func newConverter(f *file) *converter {
	c := &converter{layout: f.layout(), convert: f.conversion()}
	if c.convert != nil {
		c.pixels = make([]byte, f.Width*int(c.layout))
	}
	return c
}

// row returns the pixels of a row of width pixels. They are good until the next call.
func (c *converter) row(samples []byte, width int) ([]byte, error) {
	if c.convert == nil {
		return samples, nil
	}
	pixels := c.pixels[:width*int(c.layout)]
	return pixels, c.convert(pixels, samples)
}

func (c Config) layout() layout {
	switch {
	case c.gray():
		return layoutGray
	case !c.Transparent && (c.ColorType == TrueColor || c.ColorType == Indexed):
		return layoutRGB
	}
	return layoutRGBA
}

// conversion returns how rows are converted, or nil if the samples of the file are of the
// layout already.
func (f *file) conversion() conversion {
	switch {
	case f.ColorType == Indexed:
		return f.convertIndexed()
	case f.ColorType == Grayscale && f.Transparent:
		return f.convertGrayKey
	case f.ColorType == TrueColor && f.Transparent:
		return f.convertColorKey
	case f.ColorType == GrayscaleAlpha && f.BitDepth == 16:
		return convertGrayAlpha16
	case f.ColorType == GrayscaleAlpha:
		return convertGrayAlpha
	case f.BitDepth == 16:
		return convert16
	case f.BitDepth < 8:
		return f.convertGray
	}
	return nil
}

// convertIndexed looks colours up in the palette, section 11.2.2, whose first ones may have
// an alpha in tRNS.
func (f *file) convertIndexed() conversion {
	colors := len(f.palette) / 3
	var palette [256][4]byte
	for i := range colors {
		palette[i] = [4]byte{f.palette[3*i], f.palette[3*i+1], f.palette[3*i+2], 255}
		if i < len(f.transparency) {
			palette[i][3] = f.transparency[i]
		}
	}
	size := int(f.layout())
	return func(pixels, samples []byte) error {
		highest := 0
		for i := range len(pixels) / size {
			index := f.packed(samples, i)
			highest = max(highest, index)
			copy(pixels[i*size:(i+1)*size], palette[index&0xff][:])
		}
		if highest >= colors {
			return fmt.Errorf("png: a pixel has colour %d of a palette of %d", highest, colors)
		}
		return nil
	}
}

// round16 returns the 8-bit sample nearest to a 16-bit one.
func round16(sample []byte) byte {
	return byte((uint32(binary.BigEndian.Uint16(sample))*255 + 32767) / 65535)
}

func convert16(pixels, samples []byte) error {
	for i := range pixels {
		pixels[i] = round16(samples[2*i:])
	}
	return nil
}

func convertGrayAlpha(pixels, samples []byte) error {
	for len(pixels) >= 4 && len(samples) >= 2 {
		gray := samples[0]
		pixels[0], pixels[1], pixels[2], pixels[3] = gray, gray, gray, samples[1]
		pixels, samples = pixels[4:], samples[2:]
	}
	return nil
}

func convertGrayAlpha16(pixels, samples []byte) error {
	for len(pixels) >= 4 && len(samples) >= 4 {
		gray := round16(samples)
		pixels[0], pixels[1], pixels[2], pixels[3] = gray, gray, gray, round16(samples[2:])
		pixels, samples = pixels[4:], samples[4:]
	}
	return nil
}

// packed returns sample i of a row of samples of up to 8 bits, from the highest bits on.
func (f *file) packed(samples []byte, i int) int {
	bit := i * f.BitDepth
	return int(samples[bit/8]) >> (8 - f.BitDepth - bit%8) & (1<<f.BitDepth - 1)
}

func (f *file) convertGray(pixels, samples []byte) error {
	scale := 255 / (1<<f.BitDepth - 1)
	for i := range pixels {
		pixels[i] = byte(f.packed(samples, i) * scale)
	}
	return nil
}

// convertGrayKey makes the gray of tRNS transparent.
func (f *file) convertGrayKey(pixels, samples []byte) error {
	key := int(binary.BigEndian.Uint16(f.transparency))
	if f.BitDepth < 16 {
		// Only the lower bits count.
		key &= 1<<f.BitDepth - 1
	}
	for i := range len(pixels) / 4 {
		var gray byte
		var same bool
		if f.BitDepth == 16 {
			gray, same = round16(samples[2*i:]), int(binary.BigEndian.Uint16(samples[2*i:])) == key
		} else {
			sample := f.packed(samples, i)
			gray, same = byte(sample*255/(1<<f.BitDepth-1)), sample == key
		}
		*(*[4]byte)(pixels[4*i:]) = [4]byte{gray, gray, gray, alphaOf(same)}
	}
	return nil
}

// convertColorKey makes the colour of tRNS transparent.
func (f *file) convertColorKey(pixels, samples []byte) error {
	if f.BitDepth == 16 {
		key := [6]byte(f.transparency)
		for i := range len(pixels) / 4 {
			color := samples[6*i : 6*i+6]
			*(*[4]byte)(pixels[4*i:]) = [4]byte{
				round16(color), round16(color[2:]), round16(color[4:]), alphaOf([6]byte(color) == key),
			}
		}
		return nil
	}
	key := [3]byte{f.transparency[1], f.transparency[3], f.transparency[5]}
	for i := range len(pixels) / 4 {
		color := [3]byte(samples[3*i:])
		*(*[4]byte)(pixels[4*i:]) = [4]byte{color[0], color[1], color[2], alphaOf(color == key)}
	}
	return nil
}

// alphaOf is the alpha of a pixel that is the transparent colour, or is not.
func alphaOf(key bool) byte {
	if key {
		return 0
	}
	return 255
}
