package scaledpng

import (
	"bytes"
	"fmt"
	"io"
	"math"

	"github.com/klauspost/compress/zlib"
)

// The colour types of section 11.2.1.
const (
	Grayscale      = 0
	TrueColor      = 2
	Indexed        = 3
	GrayscaleAlpha = 4
	TrueColorAlpha = 6
)

// MaxICC is the most bytes of an ICC profile that are read.
const MaxICC = 1 << 20

// Config is what the chunks before the pixel data say.
type Config struct {
	// Width and Height are in pixels, at least one.
	Width, Height int
	// BitDepth is 1, 2, 4, 8 or 16 bits per sample, or per palette index.
	BitDepth int
	// ColorType is one of the constants.
	ColorType int
	// Transparent tells that a tRNS chunk names transparent colours.
	Transparent bool
	// Interlaced tells that the rows are in the seven passes of Adam7.
	Interlaced bool
	// ICC is the colour profile of the iCCP chunk; nil without one, or if it is damaged or
	// longer than MaxICC.
	ICC []byte
	// EXIF is the content of the eXIf chunk, from the byte order mark on. It is a part of
	// the data that was read; nil without one or if it is damaged.
	EXIF []byte
}

// DecodeConfig reads the chunks before the pixel data, and an eXIf chunk after it. It
// allocates nothing for pixels.
func DecodeConfig(data []byte) (Config, error) {
	f, err := readHeader(data)
	if err != nil {
		return Config{}, err
	}
	c := f.Config
	c.ICC = inflateProfile(f.profile)
	// What comes after the pixel data may be damaged: Decode tells.
	for at := f.firstIDAT; c.EXIF == nil; {
		next, err := readChunk(data, at)
		if err != nil || next.kind() == "IEND" {
			break
		}
		if next.kind() == "eXIf" && next.intact() {
			c.EXIF = next.content
		}
		at = next.end
	}
	return c, nil
}

// inflateProfile returns the profile of an iCCP chunk, section 11.3.2.3: a name, a zero,
// the compression method and the compressed profile.
func inflateProfile(content []byte) []byte {
	name, rest, found := bytes.Cut(content, []byte{0})
	if !found || len(name) == 0 || len(name) > 79 || len(rest) == 0 || rest[0] != 0 {
		return nil
	}
	inflater, err := zlib.NewReader(bytes.NewReader(rest[1:]))
	if err != nil {
		return nil
	}
	profile, err := io.ReadAll(io.LimitReader(inflater, MaxICC+1))
	if err != nil || len(profile) == 0 || len(profile) > MaxICC {
		return nil
	}
	return profile
}

// channels returns how many samples a pixel of the file has.
func (c Config) channels() int {
	switch c.ColorType {
	case TrueColor:
		return 3
	case GrayscaleAlpha:
		return 2
	case TrueColorAlpha:
		return 4
	}
	return 1
}

// gray tells that the result has neither colour nor alpha.
func (c Config) gray() bool {
	return c.ColorType == Grayscale && !c.Transparent
}

// rowBytes returns the bytes of a row of width pixels, without its filter type.
func (c Config) rowBytes(width int) int {
	return (width*c.channels()*c.BitDepth + 7) / 8
}

// factor returns by how much the picture is reduced to still cover width x height.
func (c Config) factor(width, height int) int {
	return max(min(c.Width/max(width, 1), c.Height/max(height, 1)), 1)
}

// size returns the width and height of the picture reduced by factor.
func (c Config) size(factor int) (width, height int) {
	return (c.Width + factor - 1) / factor, (c.Height + factor - 1) / factor
}

// inflaterMemory is what decompression needs, whatever the picture: the window of 32 kB,
// its Huffman tables and the read buffer.
const inflaterMemory = 160 << 10

// Memory returns the bytes that Decode allocates at most for a picture of the given
// Config, which it does not read: check it before, for the size is only what the file
// declares. It is math.MaxInt64 where that is more than can be counted.
func Memory(c Config, width, height int) int64 {
	factor := c.factor(width, height)
	reducedWidth, reducedHeight := c.size(factor)
	if int64(reducedWidth) > math.MaxInt64/64/int64(reducedHeight) {
		return math.MaxInt64
	}
	pixels := int64(reducedWidth) * int64(reducedHeight)
	result, sums := 4*pixels, int64(0)
	if c.gray() {
		result = pixels
	}
	if factor > 1 {
		sums = 8 * int64(c.layout()) * int64(reducedWidth)
		if c.Interlaced {
			sums *= int64(reducedHeight)
		}
	}
	rows := 2*int64(c.rowBytes(c.Width)+1) + 4*int64(c.Width)
	// Allocations are rounded up to size classes, by an eighth at most.
	return (result+sums+rows)*9/8 + inflaterMemory
}

// check checks IHDR, section 11.2.1.
func (c Config) check() error {
	if c.Width < 1 || c.Height < 1 || c.Width > math.MaxInt32 || c.Height > math.MaxInt32 {
		return fmt.Errorf("png: a picture of %d x %d pixels: each side has from 1 to %d", c.Width, c.Height, math.MaxInt32)
	}
	allowed := map[int][]int{
		Grayscale:      {1, 2, 4, 8, 16},
		TrueColor:      {8, 16},
		Indexed:        {1, 2, 4, 8},
		GrayscaleAlpha: {8, 16},
		TrueColorAlpha: {8, 16},
	}
	for _, depth := range allowed[c.ColorType] {
		if depth == c.BitDepth {
			return nil
		}
	}
	return fmt.Errorf("png: colour type %d with %d bits: there is no such format", c.ColorType, c.BitDepth)
}
