package scaledjpeg

import (
	"image"
	"image/color"
)

// picture returns the planes as a picture.
func (d *decoder) picture() image.Image {
	bounds := image.Rect(0, 0, scaled(d.config.Width, d.n), scaled(d.config.Height, d.n))
	switch {
	case d.config.Components == 1:
		c := &d.components[0]
		return &image.Gray{Pix: c.plane, Stride: c.stride * d.n, Rect: bounds}
	case d.config.Components == 4:
		return d.cmyk(bounds)
	case d.config.RGB:
		return d.rgba(bounds)
	}
	return d.ycbcr(bounds)
}

func (d *decoder) ycbcr(bounds image.Rectangle) image.Image {
	ratio, ok := d.ratio()
	if !ok {
		return d.unusual(bounds)
	}
	y, cb, cr := &d.components[0], &d.components[1], &d.components[2]
	return &image.YCbCr{
		Y: y.plane, Cb: cb.plane, Cr: cr.plane,
		YStride: y.stride * d.n, CStride: cb.stride * d.n,
		SubsampleRatio: ratio, Rect: bounds,
	}
}

// unusual returns a picture with a subsampling that package image does not know.
func (d *decoder) unusual(bounds image.Rectangle) image.Image {
	img := image.NewYCbCr(bounds, image.YCbCrSubsampleRatio444)
	for i, plane := range [][]byte{img.Y, img.Cb, img.Cr} {
		for y := range bounds.Dy() {
			d.sampleRow(i, y, plane[y*img.YStride:][:bounds.Dx()])
		}
	}
	return img
}

// sampleRow fills dst with the samples of a component for a row of the picture. A subsampled
// component has its samples repeated.
func (d *decoder) sampleRow(index, y int, dst []byte) {
	c := &d.components[index]
	row := c.plane[y*c.V/d.maxV*c.stride*d.n:]
	if c.H == d.maxH {
		copy(dst, row)
		return
	}
	for x := range dst {
		dst[x] = row[x*c.H/d.maxH]
	}
}

// interleave fills the rows of pix, of four bytes for each pixel, with the samples of the components.
func (d *decoder) interleave(pix []byte, bounds image.Rectangle) {
	width := bounds.Dx()
	row := make([]byte, width)
	for y := range bounds.Dy() {
		for i := range d.components {
			d.sampleRow(i, y, row)
			to := pix[4*y*width+i:]
			for x, v := range row {
				to[4*x] = v
			}
		}
	}
}

func (d *decoder) rgba(bounds image.Rectangle) image.Image {
	img := image.NewRGBA(bounds)
	d.interleave(img.Pix, bounds)
	for i := 3; i < len(img.Pix); i += 4 {
		img.Pix[i] = 255
	}
	return img
}

// cmyk returns a picture of four components. Those with an Adobe segment are inverted: 255 means no
// ink. Unless its transform is 0 they are YCCK, the first three being the YCbCr of a picture whose
// red, green and blue are the inverted inks.
func (d *decoder) cmyk(bounds image.Rectangle) image.Image {
	img := image.NewCMYK(bounds)
	d.interleave(img.Pix, bounds)
	if !d.adobe {
		return img
	}
	for i := 0; i+3 < len(img.Pix); i += 4 {
		p := img.Pix[i : i+4]
		if d.transform == 0 {
			p[0], p[1], p[2] = 255-p[0], 255-p[1], 255-p[2]
		} else {
			p[0], p[1], p[2] = color.YCbCrToRGB(p[0], p[1], p[2])
		}
		p[3] = 255 - p[3]
	}
	return img
}
