package photo

import (
	"image"
	"image/draw"
)

// apply converts the colours of a reduced picture. The picture may be overwritten. A profile of
// gray says nothing about colours, nor the other way round.
func (c *conversion) apply(m image.Image) image.Image {
	if c == nil {
		return m
	}
	gray, ok := m.(*image.Gray)
	if ok != (c.gray != nil) {
		return m
	}
	if ok {
		for i, value := range gray.Pix {
			gray.Pix[i] = c.gray[value]
		}
		return gray
	}
	rgba := toRGBA(m)
	for pixel := rgba.Pix; len(pixel) >= 4; pixel = pixel[4:] {
		c.convertPixel(pixel[:4])
	}
	return rgba
}

// convertPixel converts a pixel whose colour is premultiplied.
func (c *conversion) convertPixel(pixel []byte) {
	switch a := uint32(pixel[3]); a {
	case 0:
	case 255:
		pixel[0], pixel[1], pixel[2] = c.convert(pixel[0], pixel[1], pixel[2])
	default:
		r, g, b := c.convert(divided(pixel[0], a), divided(pixel[1], a), divided(pixel[2], a))
		pixel[0], pixel[1], pixel[2] = multiplied(r, a), multiplied(g, a), multiplied(b, a)
	}
}

// multiplied returns a value times alpha, divided one without alpha. Alpha is not zero.
func multiplied(value uint8, alpha uint32) uint8 {
	return uint8((uint32(value)*alpha + 127) / 255)
}

func divided(value uint8, alpha uint32) uint8 {
	return uint8(min((uint32(value)*255+alpha/2)/alpha, 255))
}

// toRGBA returns the picture as *image.RGBA, which it may be already.
func toRGBA(m image.Image) *image.RGBA {
	if rgba, ok := m.(*image.RGBA); ok {
		return rgba
	}
	rgba := image.NewRGBA(image.Rect(0, 0, m.Bounds().Dx(), m.Bounds().Dy()))
	draw.Draw(rgba, rgba.Rect, m, m.Bounds().Min, draw.Src)
	return rgba
}

// toNRGBA returns a copy of which the colours are not premultiplied.
func toNRGBA(m *image.RGBA) *image.NRGBA {
	result := image.NewNRGBA(m.Rect)
	for src, dst := m.Pix, result.Pix; len(src) >= 4 && len(dst) >= 4; src, dst = src[4:], dst[4:] {
		a := uint32(src[3])
		if a == 0 {
			continue
		}
		dst[0], dst[1], dst[2], dst[3] = divided(src[0], a), divided(src[1], a), divided(src[2], a), uint8(a)
	}
	return result
}

// flatten puts the picture on white.
func flatten(m *image.RGBA) {
	for pixel := m.Pix; len(pixel) >= 4; pixel = pixel[4:] {
		white := 255 - pixel[3]
		pixel[0] += white
		pixel[1] += white
		pixel[2] += white
		pixel[3] = 255
	}
}

// studioLuma and studioChroma expand the ranges of BT.601 to those of JFIF, in which the
// whole byte counts.
var studioLuma, studioChroma = func() (luma, chroma [256]uint8) {
	for i := range 256 {
		luma[i] = uint8(min(max(((i-16)*255+109)/219, 0), 255))
		chroma[i] = uint8(min(max(((i-128)*255+128*224+112)/224, 0), 255))
	}
	return luma, chroma
}()

// expandStudioRange expands luma of 16..235 and chroma of 16..240 in place.
func expandStudioRange(m *image.YCbCr) {
	for i, value := range m.Y {
		m.Y[i] = studioLuma[value]
	}
	for i, value := range m.Cb {
		m.Cb[i] = studioChroma[value]
	}
	for i, value := range m.Cr {
		m.Cr[i] = studioChroma[value]
	}
}
