package photo

import "image"

// apply returns an upright copy of a reduced picture, or the picture itself if it is upright.
func (o orientation) apply(m image.Image) image.Image {
	if o == (orientation{}) {
		return m
	}
	width, height := o.swapped(m.Bounds().Dx(), m.Bounds().Dy())
	bounds := image.Rect(0, 0, width, height)
	switch m := m.(type) {
	case *image.Gray:
		dst := image.NewGray(bounds)
		o.turn(dst.Pix, dst.Stride, m.Pix, m.Stride, m.Rect, 1)
		return dst
	case *image.YCbCr:
		dst := image.NewYCbCr(bounds, m.SubsampleRatio)
		o.turn(dst.Y, dst.YStride, m.Y, m.YStride, m.Rect, 1)
		o.turn(dst.Cb, dst.CStride, m.Cb, m.CStride, chromaBounds(m), 1)
		o.turn(dst.Cr, dst.CStride, m.Cr, m.CStride, chromaBounds(m), 1)
		return dst
	default:
		src, dst := m.(*image.RGBA), image.NewRGBA(bounds)
		o.turn(dst.Pix, dst.Stride, src.Pix, src.Stride, src.Rect, 4)
		return dst
	}
}

// turn copies a plane of samples of the given bytes.
func (o orientation) turn(dst []byte, dstStride int, src []byte, srcStride int, bounds image.Rectangle, bytes int) {
	width, height := bounds.Dx(), bounds.Dy()
	// Where the pixel in the upper left comes from, and how far its neighbours are from there.
	start, right, down := 0, bytes, srcStride
	if o.mirrorX {
		start, right = start+(width-1)*bytes, -right
	}
	if o.mirrorY {
		start, down = start+(height-1)*srcStride, -down
	}
	if o.swap {
		width, height, right, down = height, width, down, right
	}
	for y := range height {
		line := dst[y*dstStride:]
		for x := range width {
			from := start + y*down + x*right
			copy(line[x*bytes:(x+1)*bytes], src[from:from+bytes])
		}
	}
}

// splitsChroma reports whether a stored picture of width x height cannot be turned with the
// chroma of 4:2:0: mirrored along a side of odd length, pixels get other partners.
func (o orientation) splitsChroma(width, height int) bool {
	return o.mirrorX && width%2 == 1 || o.mirrorY && height%2 == 1
}
