package scaledjpeg

import (
	"fmt"
	"math"
)

// A decoder decodes the scans of a file at the scale n/8.
type decoder struct {
	*parser
	frame
	n      int
	slots  *[64]uint8
	last   uint // the last coefficient in zig-zag order that the scale needs
	reader bitReader

	// The tables in use, by class and destination. They are built anew when a scan has other
	// definitions.
	tables   [2][4]*codeTable
	acTables [4]*acTable

	predictions [4]int32 // the last DC coefficients of the components
	endRun      int      // for how many blocks more the band of a progressive scan has ended
	stored      uint64   // the coefficients that the scale needs, a bit for each
	block       block
}

func newDecoder(p *parser, n int) *decoder {
	d := &decoder{parser: p, frame: newFrame(&p.config), n: n, slots: slots(n)}
	for k, slot := range d.slots {
		if int(slot) < n*n {
			d.last = uint(k)
			d.stored |= 1 << k
		}
	}
	return d
}

// check refuses what cannot be whole, before anything of the size of the picture is
// allocated: a component without a scan, and data that is too short for the blocks, each of which
// takes a bit or more.
func (d *decoder) check() error {
	var seen [4]bool
	for _, s := range d.scans {
		if s.first > 0 || s.high > 0 {
			continue
		}
		blocks := 0
		for _, sc := range s.components {
			if seen[sc.index] && !d.config.Progressive {
				return fmt.Errorf("%w: component %d has two scans", ErrCorrupt, sc.index)
			}
			seen[sc.index] = true
			c := &d.components[sc.index]
			if len(s.components) == 1 {
				blocks += c.columns * c.rows
			} else {
				blocks += c.stride * c.paddedRows
			}
		}
		if length := s.end - s.start; blocks > 8*length {
			return fmt.Errorf("%w: a scan of %d blocks has %d bytes", ErrTruncated, blocks, length)
		}
	}
	for i := range d.components {
		if !seen[i] {
			return fmt.Errorf("%w: component %d has no scan", ErrTruncated, i)
		}
	}
	return d.checkEnd()
}

// checkEnd refuses a progressive file that has neither an end-of-image marker nor all bits of
// all coefficients. It may have been cut off between two scans.
func (d *decoder) checkEnd() error {
	if d.complete || !d.config.Progressive {
		return nil
	}
	var exact [4]uint64
	for _, s := range d.scans {
		for _, sc := range s.components {
			if s.low == 0 {
				exact[sc.index] |= s.band()
			}
		}
	}
	for i := range d.components {
		if exact[i] != math.MaxUint64 {
			return fmt.Errorf("%w: neither an end-of-image marker nor the last scan of component %d", ErrTruncated, i)
		}
	}
	return nil
}

// band returns the coefficients of a scan, a bit for each.
func (s *scan) band() uint64 {
	return math.MaxUint64 << s.first & (math.MaxUint64 >> (63 - s.last))
}

// needed returns which scans have to be decoded: those with coefficients that the scale needs, and
// before a refinement those that tell it which coefficients are not zero. In a file without its end
// all scans are, to see that they are whole. refined are the components with a needed refinement of
// AC coefficients.
func (d *decoder) needed() (decode []bool, refined [4]bool) {
	all := uint64(math.MaxUint64)
	if d.complete {
		all = d.stored
	}
	wanted := [4]uint64{all, all, all, all}
	decode = make([]bool, len(d.scans))
	for i := len(d.scans) - 1; i >= 0; i-- {
		s := &d.scans[i]
		for _, sc := range s.components {
			if wanted[sc.index]&s.band() == 0 {
				continue
			}
			decode[i] = true
			if s.high > 0 && s.first > 0 {
				wanted[sc.index] |= s.band()
				refined[sc.index] = true
			}
		}
	}
	return decode, refined
}

// decode decodes all scans into the planes of the components.
func (d *decoder) decode() error {
	decode, refined := d.needed()
	for i := range d.components {
		c := &d.components[i]
		blocks := c.stride * c.paddedRows
		if d.config.Progressive {
			c.coefficients = make([]int16, blocks*d.n*d.n)
		}
		if refined[i] {
			c.nonZero = make([]uint64, blocks)
		}
		c.plane = make([]byte, blocks*d.n*d.n)
	}
	for i := range d.scans {
		if !decode[i] {
			continue
		}
		if err := d.decodeScan(&d.scans[i]); err != nil {
			return fmt.Errorf("%w (scan %d of %d)", err, i+1, len(d.scans))
		}
	}
	if d.config.Progressive {
		d.inverseAll()
	}
	return nil
}

func (d *decoder) decodeScan(s *scan) error {
	if err := d.latchQuantization(s); err != nil {
		return err
	}
	d.reader.start(d.data[:s.end], s.start)
	var err error
	switch {
	case !d.config.Progressive:
		err = d.sequentialScan(s)
	case s.first == 0:
		err = d.progressiveDC(s)
	default:
		err = d.progressiveAC(s)
	}
	if err != nil {
		return err
	}
	if left := d.reader.unread(); !d.complete && s.end >= len(d.data)-1 && left > 0 {
		return fmt.Errorf("%w: no end-of-image marker, but %d bytes after the last block", ErrTruncated, left)
	}
	return nil
}

// latchQuantization takes the quantization tables for components that have their first scan.
func (d *decoder) latchQuantization(s *scan) error {
	for _, sc := range s.components {
		c := &d.components[sc.index]
		if c.places != nil {
			continue
		}
		offset := s.quantization[d.quantizers[sc.index]]
		if offset == 0 {
			return fmt.Errorf("%w: quantization table %d is not defined", ErrCorrupt, d.quantizers[sc.index])
		}
		c.places = d.places(offset)
	}
	return nil
}

// places returns where coefficients go and the quantization table at an offset times the factors of
// the inverse transform.
func (d *decoder) places(offset int) *[64]place {
	wide := d.data[offset]>>4 == 1
	factors := scaleFactors(d.n)
	places := new([64]place)
	for k, slot := range d.slots {
		places[k].slot = int32(slot)
		if int(slot) >= d.n*d.n {
			continue
		}
		q := int(d.data[offset+1+k])
		if wide {
			q = int(d.data[offset+1+2*k])<<8 | int(d.data[offset+2+2*k])
		}
		f := factors[int(slot)%d.n] * factors[int(slot)/d.n]
		places[k].multiplier = int32(math.Round(float64(q) * f * (1 << fraction)))
	}
	return places
}

// table returns the table of a class and a destination as a scan has it.
func (d *decoder) table(s *scan, class, destination int) (*codeTable, error) {
	offset := s.huffman[class][destination]
	if offset == 0 {
		return nil, fmt.Errorf("%w: Huffman table %d of class %d is not defined", ErrCorrupt, destination, class)
	}
	t := d.tables[class][destination]
	if t != nil && t.offset == offset {
		return t, nil
	}
	if t == nil {
		t = new(codeTable)
		d.tables[class][destination] = t
	}
	return t, t.build(d.data, offset)
}

// stepTable returns the table for the AC coefficients of a sequential scan.
func (d *decoder) stepTable(s *scan, destination int) (*acTable, error) {
	codes, err := d.table(s, 1, destination)
	if err != nil {
		return nil, err
	}
	t := d.acTables[destination]
	if t != nil && t.offset == codes.offset {
		return t, nil
	}
	if t == nil {
		t = new(acTable)
		d.acTables[destination] = t
	}
	t.build(codes)
	return t, nil
}
