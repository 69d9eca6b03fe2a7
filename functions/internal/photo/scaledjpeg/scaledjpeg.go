// Package scaledjpeg decodes JPEG pictures at an eighth, a quarter, a half or the whole
// of their size.
//
// A picture that is needed small is decoded small: only the low frequencies of each
// 8x8 block are read into memory and transformed, the others are passed over. The pixels
// are the mean of those that they stand for, so a scaled picture is a good start for
// a reduction to an exact size.
//
// It reads what ITU-T T.81 (https://www.w3.org/Graphics/JPEG/itu-t81.pdf) calls
// baseline, extended sequential and progressive DCT with Huffman coding and 8-bit
// samples, with one, three or four components.
package scaledjpeg

import (
	"errors"
	"image"
)

var (
	// ErrUnsupported means that the picture is coded in a way that this package does
	// not read, such as arithmetic coding, lossless or 12-bit samples.
	ErrUnsupported = errors.New("jpeg: unsupported")
	// ErrTruncated means that the picture ends before its last block.
	ErrTruncated = errors.New("jpeg: truncated")
	// ErrCorrupt means that the data breaks the rules of the format.
	ErrCorrupt = errors.New("jpeg: corrupt")
)

// Sampling are the relative horizontal and vertical sampling factors of a component, 1 to 4,
// as in T.81 section A.1.1.
type Sampling struct{ H, V int }

// Config is what the header of a JPEG file says.
type Config struct {
	// Width and Height are the size of the coded picture in pixels, before any
	// orientation of the EXIF data is applied. Neither is 0.
	Width, Height int
	// Components is 1 (gray), 3 (colour) or 4 (CMYK).
	Components int
	// Sampling are the sampling factors of the components.
	Sampling [4]Sampling
	// Progressive means that the picture comes in several scans of rising quality.
	Progressive bool
	// RGB means that the three components are red, green and blue instead of
	// luminance and chrominance.
	RGB bool
	// EXIF is the body of the EXIF segment, which begins with a TIFF header, or nil. It is
	// a part of the data, not a copy.
	EXIF []byte
	// ICC is the ICC colour profile, or nil if there is none or a chunk of it is missing.
	// It is a part of the data where the profile is in one piece.
	ICC []byte
}

// DecodeConfig reads the header of a JPEG file. It decodes no pixel.
func DecodeConfig(data []byte) (Config, error) {
	p := parser{data: data, headerOnly: true}
	if err := p.parse(); err != nil {
		return Config{}, err
	}
	p.config.ICC = p.profile()
	return p.config, nil
}

// Decode decodes a JPEG file at the smallest scale, of 1/8, 1/4, 1/2 and 1, at which it is at
// least width x height pixels large, or in full if it never is. The scaled size is rounded up.
//
// The picture is an *image.Gray, an *image.YCbCr with the subsampling of the file
// (4:4:4 where package image does not know it), an *image.RGBA for RGB components, or an
// *image.CMYK. A file that ends early or has invalid data is an error; only
// the end-of-image marker may be missing.
//
// It allocates up to what [Memory] says, whatever the data is.
func Decode(data []byte, width, height int) (image.Image, error) {
	p := parser{data: data}
	if err := p.parse(); err != nil {
		return nil, err
	}
	d := newDecoder(&p, scaleFor(p.config.Width, p.config.Height, width, height))
	if err := d.check(); err != nil {
		return nil, err
	}
	if err := d.decode(); err != nil {
		return nil, err
	}
	return d.picture(), nil
}

// tableMemory bounds in bytes what a decoder needs apart from pixels and coefficients:
// its Huffman tables, its window on the data and the list of scans.
const tableMemory = 512 << 10

// Memory returns how many bytes [Decode] allocates at most for a picture whose header is c,
// the pixels that it returns included.
func Memory(c Config, width, height int) int64 {
	n := scaleFor(c.Width, c.Height, width, height)
	f := newFrame(&c)
	sum := int64(tableMemory)
	for i := range c.Components {
		blocks := int64(f.components[i].stride) * int64(f.components[i].paddedRows)
		sum += blocks * int64(n*n)
		if c.Progressive {
			sum += blocks * int64(2*n*n+8)
		}
	}
	pixels := int64(scaled(c.Width, n)) * int64(scaled(c.Height, n))
	switch {
	case c.Components == 4, c.RGB:
		sum += 4*pixels + 4*int64(scaled(c.Width, n))
	case c.Components == 3 && !f.subsampled():
		sum += 3 * pixels
	}
	return sum
}
