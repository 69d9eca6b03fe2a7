package scaledpng

import (
	"image"
	"math/bits"
)

// picture is the result while it is made.
type picture struct {
	layout        layout
	factor        int
	width, height int // of the file
	reduced       image.Rectangle
	pixels        []byte // of the result: gray, or red, green and blue times alpha, and alpha
	// sums has the sums of the pixels that make one of the result, as many for each as the
	// layout has samples: those of one row of the result, or if interlaced, of all.
	sums []uint64
}

func newPicture(f *file, factor int) *picture {
	width, height := f.size(factor)
	p := &picture{
		layout: f.layout(), factor: factor, width: f.Width, height: f.Height,
		reduced: image.Rect(0, 0, width, height),
	}
	p.pixels = make([]byte, width*height*p.channels())
	if factor > 1 {
		sums := width * int(p.layout)
		if f.Interlaced {
			sums *= height
		}
		p.sums = make([]uint64, sums)
	}
	return p
}

// channels returns how many samples a pixel of the result has.
func (p *picture) channels() int {
	if p.layout == layoutGray {
		return 1
	}
	return 4
}

func (p *picture) image() image.Image {
	stride := p.reduced.Dx() * p.channels()
	if p.layout == layoutGray {
		return &image.Gray{Pix: p.pixels, Stride: stride, Rect: p.reduced}
	}
	return &image.RGBA{Pix: p.pixels, Stride: stride, Rect: p.reduced}
}

// row returns the pixels of the result from row y on.
func (p *picture) row(y int) []byte {
	return p.pixels[y*p.reduced.Dx()*p.channels():]
}

// addRow adds row y of the file. Rows come in order.
func (p *picture) addRow(pixels []byte, y int) {
	if p.factor == 1 {
		p.store(p.row(y), pixels)
		return
	}
	p.add(p.sums, pixels)
	if rows := y%p.factor + 1; rows == p.factor || y == p.height-1 {
		p.average(p.row(y/p.factor), p.sums, rows)
		clear(p.sums)
	}
}

// addPass adds row y of the file, of which there are only the pixels at column start and
// every step more.
func (p *picture) addPass(pixels []byte, y, start, step int) {
	size, width := int(p.layout), p.reduced.Dx()
	for x := start; len(pixels) > 0; x += step {
		at := y/p.factor*width + x/p.factor
		if p.factor == 1 {
			p.store(p.pixels[at*p.channels():], pixels[:size])
		} else {
			p.add(p.sums[at*size:], pixels[:size])
		}
		pixels = pixels[size:]
	}
}

// averagePasses makes the result of an interlaced picture of its sums.
func (p *picture) averagePasses() {
	if p.factor == 1 {
		return
	}
	for y := range p.reduced.Dy() {
		size := p.reduced.Dx() * int(p.layout)
		rows := min(p.factor, p.height-y*p.factor)
		p.average(p.row(y), p.sums[y*size:(y+1)*size], rows)
	}
}

// store stores pixels of the file in the result.
func (p *picture) store(to, pixels []byte) {
	switch p.layout {
	case layoutGray:
		copy(to, pixels)
	case layoutRGB:
		for len(pixels) >= 3 && len(to) >= 4 {
			to[0], to[1], to[2], to[3] = pixels[0], pixels[1], pixels[2], 255
			pixels, to = pixels[3:], to[4:]
		}
	case layoutRGBA:
		for len(pixels) >= 4 && len(to) >= 4 {
			alpha := uint32(pixels[3])
			to[0] = premultiply(pixels[0], alpha)
			to[1] = premultiply(pixels[1], alpha)
			to[2] = premultiply(pixels[2], alpha)
			to[3] = pixels[3]
			pixels, to = pixels[4:], to[4:]
		}
	}
}

// premultiply returns color times alpha over 255, rounded.
func premultiply(color byte, alpha uint32) byte {
	product := uint32(color)*alpha + 128
	return byte((product + product>>8) >> 8)
}

// add adds pixels to sums, factor of them to each. Colours count as much as their alpha.
func (p *picture) add(sums []uint64, pixels []byte) {
	box := p.factor * int(p.layout)
	for len(pixels) > 0 {
		part := pixels[:min(box, len(pixels))]
		pixels = pixels[len(part):]
		switch p.layout {
		case layoutGray:
			var gray uint
			for _, sample := range part {
				gray += uint(sample)
			}
			sums[0] += uint64(gray)
			sums = sums[1:]
		case layoutRGB:
			var red, green, blue uint
			for ; len(part) >= 3; part = part[3:] {
				red, green, blue = red+uint(part[0]), green+uint(part[1]), blue+uint(part[2])
			}
			to := sums[:3]
			to[0], to[1], to[2] = to[0]+uint64(red), to[1]+uint64(green), to[2]+uint64(blue)
			sums = sums[3:]
		case layoutRGBA:
			var red, green, blue, alpha uint
			for ; len(part) >= 4; part = part[4:] {
				a := uint(part[3])
				red, green, blue, alpha = red+uint(part[0])*a, green+uint(part[1])*a, blue+uint(part[2])*a, alpha+a
			}
			to := sums[:4]
			to[0], to[1] = to[0]+uint64(red), to[1]+uint64(green)
			to[2], to[3] = to[2]+uint64(blue), to[3]+uint64(alpha)
			sums = sums[4:]
		}
	}
}

// average makes a row of the result of sums over the given rows.
func (p *picture) average(to []byte, sums []uint64, rows int) {
	width := p.reduced.Dx()
	last := p.width - (width-1)*p.factor
	p.averageBoxes(to, sums[:(width-1)*int(p.layout)], p.factor*rows)
	p.averageBoxes(to[(width-1)*p.channels():], sums[(width-1)*int(p.layout):], last*rows)
}

// averageBoxes makes pixels of the result of sums over count pixels each.
func (p *picture) averageBoxes(to []byte, sums []uint64, count int) {
	whole, colors := newDivisor(count), newDivisor(255*count)
	switch p.layout {
	case layoutGray:
		for i, sum := range sums {
			to[i] = whole.round(sum)
		}
	case layoutRGB:
		for len(sums) >= 3 && len(to) >= 4 {
			to[0], to[1], to[2], to[3] = whole.round(sums[0]), whole.round(sums[1]), whole.round(sums[2]), 255
			sums, to = sums[3:], to[4:]
		}
	case layoutRGBA:
		for len(sums) >= 4 && len(to) >= 4 {
			to[0], to[1], to[2] = colors.round(sums[0]), colors.round(sums[1]), colors.round(sums[2])
			to[3] = whole.round(sums[3])
			sums, to = sums[4:], to[4:]
		}
	}
}

// divisor divides sums of samples by the same number, by a multiplication.
type divisor struct {
	by, reciprocal uint64
}

// newDivisor returns a divisor of numbers up to 256 times it.
func newDivisor(by int) divisor {
	d := divisor{by: uint64(by)}
	// The reciprocal of 2^64/by, rounded up, is exact for numbers below 2^64/by. That of one
	// does not fit.
	if 1 < by && by < 1<<28 {
		d.reciprocal = (1<<64-1)/d.by + 1
	}
	return d
}

// round returns sum divided, rounded half up.
func (d divisor) round(sum uint64) byte {
	sum += d.by / 2
	if d.reciprocal == 0 {
		return byte(sum / d.by)
	}
	quotient, _ := bits.Mul64(sum, d.reciprocal)
	return byte(quotient)
}
