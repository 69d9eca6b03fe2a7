package scaledjpeg

import "image"

// A frame is the geometry of a picture: its components in blocks of 8x8 samples.
type frame struct {
	components []component
	// columns and rows are the picture in MCUs, as scans of several components have them.
	columns, rows int
	// maxH and maxV are the largest sampling factors.
	maxH, maxV int
}

// A component is one colour of a picture.
type component struct {
	Sampling
	// columns and rows are the blocks that hold samples of the picture. A scan of this component
	// alone has just these.
	columns, rows int
	// stride and paddedRows are the blocks of all MCUs.
	stride, paddedRows int

	// plane are the decoded samples, of padded size.
	plane []byte
	// places are, in zig-zag order, where coefficients go. They are those of the first scan of the
	// component.
	places *[64]place
	// coefficients are those of a progressive picture which the scale needs, n x n for each
	// block, row by row.
	coefficients []int16
	// nonZero has a bit for each coefficient in zig-zag order that was not zero so far. There is a
	// mask for each block, if a scan refines this component.
	nonZero []uint64
}

// A place is where a coefficient goes in the block of the inverse transform, and what turns it into
// the input of this.
type place struct{ slot, multiplier int32 }

// newFrame returns the geometry of a picture.
func newFrame(c *Config) frame {
	f := frame{components: make([]component, c.Components), maxH: 1, maxV: 1}
	for _, s := range c.Sampling[:c.Components] {
		f.maxH, f.maxV = max(f.maxH, s.H), max(f.maxV, s.V)
	}
	f.columns = divideUp(c.Width, 8*f.maxH)
	f.rows = divideUp(c.Height, 8*f.maxV)
	for i := range f.components {
		s := c.Sampling[i]
		f.components[i] = component{
			Sampling:   s,
			columns:    divideUp(divideUp(c.Width*s.H, f.maxH), 8),
			rows:       divideUp(divideUp(c.Height*s.V, f.maxV), 8),
			stride:     f.columns * s.H,
			paddedRows: f.rows * s.V,
		}
	}
	return f
}

// subsampled tells whether package image knows the subsampling of the three components.
func (f *frame) subsampled() bool {
	_, ok := f.ratio()
	return ok
}

// ratio returns the subsampling of a YCbCr picture in the terms of package image.
func (f *frame) ratio() (image.YCbCrSubsampleRatio, bool) {
	y, cb, cr := f.components[0], f.components[1], f.components[2]
	if y.H != f.maxH || y.V != f.maxV || cb.Sampling != cr.Sampling || y.H%cb.H != 0 || y.V%cb.V != 0 {
		return 0, false
	}
	switch [2]int{y.H / cb.H, y.V / cb.V} {
	case [2]int{1, 1}:
		return image.YCbCrSubsampleRatio444, true
	case [2]int{2, 1}:
		return image.YCbCrSubsampleRatio422, true
	case [2]int{2, 2}:
		return image.YCbCrSubsampleRatio420, true
	case [2]int{1, 2}:
		return image.YCbCrSubsampleRatio440, true
	case [2]int{4, 1}:
		return image.YCbCrSubsampleRatio411, true
	case [2]int{4, 2}:
		return image.YCbCrSubsampleRatio410, true
	}
	return 0, false
}

// scaleFor returns the smallest n of 1, 2, 4 and 8 at which n/8 of a picture is at least
// width x height, or else 8.
func scaleFor(pictureWidth, pictureHeight, width, height int) int {
	n := 1
	for n < 8 && (scaled(pictureWidth, n) < width || scaled(pictureHeight, n) < height) {
		n *= 2
	}
	return n
}

// scaled returns n/8 of a length, rounded up.
func scaled(length, n int) int { return divideUp(length*n, 8) }

func divideUp(a, b int) int { return (a + b - 1) / b }
