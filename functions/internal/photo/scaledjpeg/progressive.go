package scaledjpeg

import (
	"math"
	"math/bits"
)

// progressiveDC decodes the DC coefficients, or one more bit of them (T.81 section G.1.2.1).
func (d *decoder) progressiveDC(s *scan) error {
	units, err := d.units(s)
	if err != nil {
		return err
	}
	r := &d.reader
	return d.eachRun(s, func(row, column, count int) error {
		for i := range units {
			u := &units[i]
			u.step = u.width * d.n * d.n
			u.offset = u.block(row, column) * d.n * d.n
		}
		for range count {
			for i := range units {
				u := &units[i]
				c := &u.component.coefficients[u.offset]
				u.offset += u.step
				if s.high > 0 {
					r.refill()
					*c |= int16(r.take(1) << s.low)
					continue
				}
				var ok bool
				if r.acc, r.n, r.pos, ok = r.readDC(u.dc, u.prediction, r.acc, r.n, r.pos); !ok {
					return errCode
				}
				*c = int16(*u.prediction << s.low)
			}
		}
		return nil
	})
}

// progressiveAC decodes a band of AC coefficients of one component, or one more bit of them.
func (d *decoder) progressiveAC(s *scan) error {
	t, err := d.table(s, 1, s.components[0].ac)
	if err != nil {
		return err
	}
	c := &d.components[s.components[0].index]
	d.endRun = 0
	return d.eachRun(s, func(row, column, count int) error {
		first := row*c.stride + column
		if s.high > 0 {
			return d.refineAC(s, c, t, first, first+count)
		}
		return d.firstAC(s, c, t, first, first+count)
	})
}

// firstAC decodes the band of the blocks from first to before end (T.81 section G.1.2.2).
func (d *decoder) firstAC(s *scan, c *component, t *codeTable, first, end int) error {
	r, size := &d.reader, d.n*d.n
	for i := first; i < end; i++ {
		if d.endRun > 0 {
			skipped := min(d.endRun, end-i)
			d.endRun -= skipped
			i += skipped - 1
			continue
		}
		coefficients := c.coefficients[i*size : (i+1)*size]
		mask := uint64(0)
		for k := s.first; k <= s.last; k++ {
			r.refill()
			symbol, length := t.decode(r.acc)
			if length == 0 {
				return errCode
			}
			r.take(length)
			zeros, bits := uint(symbol>>4), uint(symbol&15)
			if bits == 0 && zeros < 15 {
				d.endRun = 1<<zeros + int(r.take(zeros)) - 1
				break
			}
			k += zeros
			if bits == 0 {
				continue
			}
			if k > s.last {
				return errCode
			}
			v := extend(r.acc, bits) << s.low
			r.take(bits)
			if slot := int(d.slots[k&63]); slot < len(coefficients) {
				coefficients[slot] = int16(v)
			}
			mask |= 1 << (k & 63)
		}
		if c.nonZero != nil {
			c.nonZero[i] |= mask
		}
	}
	return nil
}

// refineAC decodes one more bit for the band of the blocks from first to before end (T.81 section
// G.1.2.3).
func (d *decoder) refineAC(s *scan, c *component, t *codeTable, first, end int) error {
	size := d.n * d.n
	for i := first; i < end; i++ {
		coefficients := c.coefficients[i*size : (i+1)*size]
		mask := c.nonZero[i] & s.band()
		if d.endRun > 0 {
			d.endRun--
			d.correct(coefficients, mask, s.low)
			continue
		}
		added, ok := d.refineBlock(s, t, coefficients, mask)
		if !ok {
			return errCode
		}
		c.nonZero[i] |= added
	}
	return nil
}

// refineBlock refines the coefficients of the mask and returns those that are not zero from now on.
func (d *decoder) refineBlock(s *scan, t *codeTable, coefficients []int16, mask uint64) (added uint64, ok bool) {
	r := &d.reader
	zeros := s.band() &^ mask // the coefficients from k on that have been zero so far
	for k := s.first; k <= s.last; {
		r.refill()
		symbol, length := t.decode(r.acc)
		if length == 0 {
			return added, false
		}
		r.take(length)
		run, size := uint(symbol>>4), uint(symbol&15)
		if size == 0 && run < 15 {
			d.endRun = 1<<run + int(r.take(run)) - 1
			d.correct(coefficients, mask, s.low)
			return added, true
		}
		value := int16(0)
		if size > 0 {
			value = int16(-1) << s.low
			if r.take(1) == 1 {
				value = 1 << s.low
			}
		}
		for range run {
			zeros &= zeros - 1
		}
		if zeros == 0 {
			return added, false
		}
		k = uint(bits.TrailingZeros64(zeros))
		zeros &= zeros - 1
		passed := mask & (1<<k - 1)
		mask &^= passed
		d.correct(coefficients, passed, s.low)
		if value != 0 {
			added |= 1 << k
			if slot := int(d.slots[k&63]); slot < len(coefficients) {
				coefficients[slot] = value
			}
		}
		k++
	}
	return added, true
}

// correct reads a correction bit for each coefficient of the mask.
func (d *decoder) correct(coefficients []int16, mask uint64, low uint) {
	r := &d.reader
	for _, half := range [2]uint64{mask & math.MaxUint32, mask &^ math.MaxUint32} {
		if half == 0 {
			continue
		}
		r.refill()
		for needed := half & d.stored; needed != 0; needed &= needed - 1 {
			k := uint(bits.TrailingZeros64(needed))
			before := uint(bits.OnesCount64(half & (1<<k - 1)))
			if r.acc<<before>>63 == 0 {
				continue
			}
			c := &coefficients[d.slots[k&63]]
			if *c < 0 {
				*c -= 1 << low
			} else {
				*c += 1 << low
			}
		}
		r.take(uint(bits.OnesCount64(half)))
	}
}

// inverseAll gives the samples of all blocks from the coefficients.
func (d *decoder) inverseAll() {
	n := d.n
	size := n * n
	for i := range d.components {
		c := &d.components[i]
		var multipliers [64]int32
		for _, p := range c.places {
			if int(p.slot) < size {
				multipliers[p.slot] = p.multiplier
			}
		}
		for row := range c.paddedRows {
			for column := range c.stride {
				first := (row*c.stride + column) * size
				k := d.dequantize(c.coefficients[first:first+size], &multipliers)
				d.inverse(k, c.plane[(row*c.stride*n+column)*n:], c.stride*n)
			}
		}
	}
}

// dequantize fills the block and returns 1 if there is only a DC coefficient, otherwise 64.
func (d *decoder) dequantize(coefficients []int16, multipliers *[64]int32) uint {
	seen := int16(0)
	for i, v := range coefficients[1:] {
		seen |= v
		d.block[(i+1)&63] = int32(v) * multipliers[(i+1)&63]
	}
	d.block[0] = int32(coefficients[0]) * multipliers[0]
	if seen == 0 {
		return 1
	}
	return 64
}
