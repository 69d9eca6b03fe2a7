package scaledjpeg

import "fmt"

// A unit is a block in the MCUs of a scan (T.81 section A.2).
type unit struct {
	component  *component
	prediction *int32
	dc         *codeTable // nil if the scan refines
	ac         *acTable   // nil if the scan is progressive
	// width and height are the blocks of the component in an MCU, x and y is the place among these.
	width, height, x, y int
	// offset is where the next block of this unit goes, step how far the one after it is.
	offset, step int
}

// block returns the place of a block of the component, in blocks.
func (u *unit) block(row, column int) int {
	return (row*u.height+u.y)*u.component.stride + column*u.width + u.x
}

// units returns the blocks of an MCU.
func (d *decoder) units(s *scan) ([]unit, error) {
	var units []unit
	for _, sc := range s.components {
		u := unit{component: &d.components[sc.index], prediction: &d.predictions[sc.index], width: 1, height: 1}
		if len(s.components) > 1 {
			u.width, u.height = u.component.H, u.component.V
		}
		var err error
		if s.high == 0 {
			if u.dc, err = d.table(s, 0, sc.dc); err != nil {
				return nil, err
			}
		}
		if !d.config.Progressive {
			if u.ac, err = d.stepTable(s, sc.ac); err != nil {
				return nil, err
			}
		}
		for u.y = range u.height {
			for u.x = range u.width {
				units = append(units, u)
			}
		}
	}
	return units, nil
}

// eachRun calls run for the MCUs of a scan, for as many at once as are in a row and before a
// restart marker.
func (d *decoder) eachRun(s *scan, run func(row, column, count int) error) error {
	columns, rows := d.columns, d.rows
	if len(s.components) == 1 {
		c := &d.components[s.components[0].index]
		columns, rows = c.columns, c.rows
	}
	d.predictions, d.endRun = [4]int32{}, 0
	left, number := s.restart, 0
	for row := range rows {
		for column := 0; column < columns; {
			count := columns - column
			if s.restart > 0 {
				if left == 0 {
					if err := d.reader.restart(number); err != nil {
						return err
					}
					d.predictions, d.endRun = [4]int32{}, 0
					left, number = s.restart, (number+1)%8
				}
				count = min(count, left)
				left -= count
			}
			err := run(row, column, count)
			if d.reader.overrun() {
				err = fmt.Errorf("%w: the data ends in MCU row %d of %d", ErrTruncated, row+1, rows)
			}
			if err != nil {
				return err
			}
			column += count
		}
	}
	return nil
}

// sequentialScan decodes a scan of whole blocks and transforms these at once.
func (d *decoder) sequentialScan(s *scan) error {
	units, err := d.units(s)
	if err != nil {
		return err
	}
	return d.eachRun(s, func(row, column, count int) error {
		for i := range units {
			u := &units[i]
			block := u.block(row, column)
			stride := u.component.stride
			u.step = u.width * d.n
			u.offset = (block/stride*stride*d.n + block%stride) * d.n
		}
		if d.n == 1 {
			return d.means(units, count)
		}
		return d.blocks(units, count)
	})
}

// errCode is the error of invalid entropy-coded data.
var errCode = fmt.Errorf("%w: invalid Huffman code, or more than 64 coefficients in a block", ErrCorrupt)

// fail returns errCode and keeps where it happened.
func (r *bitReader) fail(acc uint64, n uint, pos int) error {
	r.acc, r.n, r.pos = acc, n, pos
	return errCode
}

// means decodes MCUs to a sample for each block, its mean, which the DC coefficient alone
// gives. It passes over the AC coefficients.
func (d *decoder) means(units []unit, count int) error {
	r := &d.reader
	acc, n, pos := r.acc, r.n, r.pos
	for range count {
		for i := range units {
			u := &units[i]
			var ok bool
			if acc, n, pos, ok = r.readDC(u.dc, u.prediction, acc, n, pos); !ok {
				return r.fail(acc, n, pos)
			}
			if acc, n, pos, ok = r.skipAC(u.ac, 1, acc, n, pos); !ok {
				return r.fail(acc, n, pos)
			}
			u.component.plane[u.offset] = clamp(int(*u.prediction)*int(u.component.places[0].multiplier) + bias)
			u.offset += u.step
		}
	}
	r.acc, r.n, r.pos = acc, n, pos
	return nil
}

// blocks decodes MCUs.
func (d *decoder) blocks(units []unit, count int) error {
	r := &d.reader
	acc, n, pos := r.acc, r.n, r.pos
	for range count {
		for i := range units {
			u := &units[i]
			var ok bool
			if acc, n, pos, ok = r.readDC(u.dc, u.prediction, acc, n, pos); !ok {
				return r.fail(acc, n, pos)
			}
			var k uint
			if acc, n, pos, k = d.readAC(u, acc, n, pos); k == 0 {
				return r.fail(acc, n, pos)
			}
			d.block[0] = *u.prediction * u.component.places[0].multiplier
			d.inverse(k, u.component.plane[u.offset:], u.component.stride*d.n)
			u.offset += u.step
		}
	}
	r.acc, r.n, r.pos = acc, n, pos
	return nil
}

// The functions below take the bits of the reader as arguments and return them, which keeps them in
// registers from block to block.

// readDC reads a DC coefficient (T.81 section F.2.2.1).
func (r *bitReader) readDC(t *codeTable, prediction *int32, acc uint64, n uint, pos int) (uint64, uint, int, bool) {
	if pos > r.limit {
		pos = r.fill(pos)
	}
	acc, n, pos = r.load(acc, n, pos)

	size, length := t.decode(acc)
	if length == 0 || size > 15 {
		return acc, n, pos, false
	}
	acc <<= length & 63
	*prediction += extend(acc, uint(size))
	return acc << (size & 63), n - length - uint(size), pos, true
}

// skipAC passes over the coefficients of a block from k on.
func (r *bitReader) skipAC(t *acTable, k uint, acc uint64, n uint, pos int) (uint64, uint, int, bool) {
	for {
		if pos > r.limit {
			pos = r.fill(pos)
		}
		acc, n, pos = r.load(acc, n, pos)

		j, before, from := t.jumps[acc>>(64-codeBits)], acc, k
		acc, n, k = acc<<j.bits(), n-j.bits(), k+j.advance()
		if k < 64 {
			j, before, from = t.jumps[acc>>(64-codeBits)], acc, k
			acc, n, k = acc<<j.bits(), n-j.bits(), k+j.advance()
			if k < 64 {
				j, before, from = t.jumps[acc>>(64-codeBits)], acc, k
				acc, n, k = acc<<j.bits(), n-j.bits(), k+j.advance()
				if k < 64 {
					continue
				}
			}
		}
		if k == 64 || k >= endOfBlock && k < endOfBlock+64 {
			return acc, n, pos, true
		}
		// The jump goes beyond the block, or the table does not know it.
		var symbol byte
		var ok bool
		if symbol, ok, acc, n, pos = r.readSymbol(t.codeTable, before, n+j.bits(), pos); !ok {
			return acc, n, pos, false
		}
		size := uint(symbol & 15)
		acc, n, k = acc<<size, n-size, from+advance(symbol)
		if k >= 64 {
			return acc, n, pos, k == 64 || k >= endOfBlock
		}
	}
}

// readSymbol reads a code of any length. The bits of its value are in acc then.
func (r *bitReader) readSymbol(t *codeTable, acc uint64, n uint, pos int) (byte, bool, uint64, uint, int) {
	if pos > r.limit {
		pos = r.fill(pos)
	}
	acc, n, pos = r.load(acc, n, pos)

	symbol, length := t.decode(acc)
	return symbol, length > 0, acc << (length & 63), n - length, pos
}

// readAC reads the coefficients of a block that the scale needs (T.81 section F.2.2.2), multiplies
// them and passes over the others. It returns what follows the last one that it read, or 0 if the
// data is invalid.
func (d *decoder) readAC(u *unit, acc uint64, n uint, pos int) (uint64, uint, int, uint) {
	r, t, b, places := &d.reader, u.ac, &d.block, u.component.places
	last := d.last
	k := uint(1)
	for k <= last {
		if pos > r.limit {
			pos = r.fill(pos)
		}
		acc, n, pos = r.load(acc, n, pos)

		s := t.steps[acc>>(64-codeBits)]
		to := k + s.advance()
		if to <= 64 {
			acc, n, k = acc<<s.bits(), n-s.bits(), to
			p := places[(to-1)&63]
			b[p.slot&63] = s.value() * p.multiplier
			continue
		}
		if s.advance() == endOfBlock {
			return acc << s.bits(), n - s.bits(), pos, k
		}
		// The table does not know the code, or it goes beyond the block.
		var symbol byte
		var ok bool
		if symbol, ok, acc, n, pos = r.readSymbol(t.codeTable, acc, n, pos); !ok {
			return acc, n, pos, 0
		}
		to = k + advance(symbol)
		switch {
		case to > endOfBlock:
			return acc, n, pos, k
		case to > 64:
			return acc, n, pos, 0
		}
		size := uint(symbol & 15)
		p := places[(to-1)&63]
		b[p.slot&63] = extend(acc, size) * p.multiplier
		acc, n, k = acc<<size, n-size, to
	}
	if k == 64 {
		return acc, n, pos, k
	}
	var ok bool
	if acc, n, pos, ok = r.skipAC(t, k, acc, n, pos); !ok {
		return acc, n, pos, 0
	}
	return acc, n, pos, k
}

// inverse gives the samples of the block, in which the coefficients from k on, in zig-zag order,
// are 0. It clears the block.
func (d *decoder) inverse(k uint, dst []byte, stride int) {
	b := &d.block
	if k == 1 {
		flat(b[0], d.n, dst, stride)
		b[0] = 0
		return
	}
	switch d.n {
	case 2:
		transform2(b, dst, stride)
		*(*[4]int32)(b[:]) = [4]int32{}
	case 4:
		transform4(b, dst, stride)
		*(*[16]int32)(b[:]) = [16]int32{}
	case 8:
		width := 8
		if k <= 10 {
			width = 4 // the first ten coefficients are in four columns
		}
		transform8(b, width, dst, stride)
		*b = block{}
	}
}
