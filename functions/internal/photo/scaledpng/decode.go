package scaledpng

import "image"

// Decode decodes a picture, reduced by the largest whole factor at which it still covers
// width x height, or at its full size if it is smaller. It returns an *image.Gray of a
// picture of grays without transparency, and an *image.RGBA of any other, at 0,0.
// Samples of 16 bits are rounded to 8.
func Decode(data []byte, width, height int) (image.Image, error) {
	f, err := readHeader(data)
	if err != nil {
		return nil, err
	}
	compressed, err := f.checkRest()
	if err != nil {
		return nil, err
	}
	if !f.plausible(compressed) {
		return nil, errLess
	}
	rows, err := newRowReader(f)
	if err != nil {
		return nil, err
	}
	p := newPicture(f, f.factor(width, height))
	read := p.readRows
	if f.Interlaced {
		read = p.readPasses
	}
	if err := read(f, rows, newConverter(f)); err != nil {
		return nil, err
	}
	if err := rows.finish(); err != nil {
		return nil, err
	}
	return p.image(), nil
}

// plausible tells whether the compressed bytes can hold the picture. Deflate has at least
// two bits for 258 bytes: RFC 1951, https://www.rfc-editor.org/rfc/rfc1951, section 3.2.5.
func (f *file) plausible(compressed int) bool {
	const ratio = 258 * 8 / 2
	return f.Width*f.channels()*f.BitDepth/8 <= compressed*ratio/f.Height
}

func (p *picture) readRows(f *file, rows *rowReader, converter *converter) error {
	rows.restart(f.rowBytes(f.Width))
	for y := range f.Height {
		samples, err := rows.next()
		if err != nil {
			return err
		}
		pixels, err := converter.row(samples, f.Width)
		if err != nil {
			return err
		}
		p.addRow(pixels, y)
	}
	return nil
}

// passes are those of Adam7, section 8.1: the first column and row of a pass, and the
// steps to the next ones.
var passes = []struct{ x, y, stepX, stepY int }{
	{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4}, {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2},
}

func (p *picture) readPasses(f *file, rows *rowReader, converter *converter) error {
	for _, pass := range passes {
		width := (f.Width - pass.x + pass.stepX - 1) / pass.stepX
		if width <= 0 {
			continue
		}
		rows.restart(f.rowBytes(width))
		for y := pass.y; y < f.Height; y += pass.stepY {
			samples, err := rows.next()
			if err != nil {
				return err
			}
			pixels, err := converter.row(samples, width)
			if err != nil {
				return err
			}
			p.addPass(pixels, y, pass.x, pass.stepX)
		}
	}
	p.averagePasses()
	return nil
}
