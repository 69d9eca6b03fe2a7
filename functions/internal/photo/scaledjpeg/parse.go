package scaledjpeg

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// maxScans is how many scans a file may have. A progressive picture has about ten; one with
// very many costs much time for few bytes.
const maxScans = 100

// A parser walks over the segments of a file. It decodes nothing; it collects the
// header and where the scans are.
type parser struct {
	data       []byte
	headerOnly bool // stop at the first scan, once the height is known
	pos        int

	config      Config
	identifiers [4]byte
	quantizers  [4]byte // the destinations of the quantization tables
	jfif        bool
	adobe       bool
	transform   byte // the colour transform of the Adobe segment
	profiles    [][]byte

	// What the next scan will be decoded with.
	restart      int
	huffman      [2][4]int // by class and destination; see scan.huffman
	quantization [4]int    // see scan.quantization

	scans     []scan
	scanCount int
	complete  bool // the file has an end-of-image marker
}

// A scan is a pass over some components (T.81 section B.2.3).
type scan struct {
	components []scanComponent
	// The band of coefficients and the bit positions of successive approximation.
	first, last uint
	high, low   uint
	// restart is the number of MCUs between restart markers, or 0.
	restart int
	// huffman are the offsets of the table definitions in the file, of the counts of
	// the code lengths. 0 means that there is none.
	huffman [2][4]int
	// quantization are the offsets of the table definitions in the file, of the byte Pq Tq.
	quantization [4]int
	// start and end are the bounds of the entropy-coded data, restart markers included.
	start, end int
}

type scanComponent struct{ index, dc, ac int }

// parse walks to the end of the image or, for the header only, to the first scan.
func (p *parser) parse() error {
	if len(p.data) < 2 || p.data[0] != 0xff || p.data[1] != soi {
		return fmt.Errorf("%w: not a JPEG file: it does not begin with FF D8", ErrCorrupt)
	}
	p.pos = 2
	for !p.complete {
		marker, ok := p.nextMarker()
		if !ok {
			break
		}
		if err := p.segment(marker); err != nil {
			return err
		}
		if p.headerOnly && marker == sos && p.config.Height > 0 {
			break
		}
	}
	return p.checkHeader()
}

func (p *parser) checkHeader() error {
	switch {
	case p.scanCount == 0 && p.complete:
		return fmt.Errorf("%w: the file has no scan", ErrCorrupt)
	case p.scanCount == 0:
		return fmt.Errorf("%w: the file ends after %d bytes, before its first scan", ErrTruncated, len(p.data))
	case p.scanCount > maxScans:
		return fmt.Errorf("%w: %d scans, more than %d", ErrUnsupported, p.scanCount, maxScans)
	case p.config.Height == 0:
		return fmt.Errorf("%w: the height is 0", ErrCorrupt)
	}
	p.config.RGB = p.isRGB()
	return nil
}

// nextMarker goes to the next marker, over fill bytes and over bytes that belong nowhere.
func (p *parser) nextMarker() (byte, bool) {
	for {
		i := bytes.IndexByte(p.data[p.pos:], 0xff)
		if i < 0 {
			p.pos = len(p.data)
			return 0, false
		}
		p.pos += i + 1
		for p.pos < len(p.data) && p.data[p.pos] == 0xff {
			p.pos++
		}
		if p.pos == len(p.data) {
			return 0, false
		}
		marker := p.data[p.pos]
		p.pos++
		if marker != 0 {
			return marker, true
		}
	}
}

// segment reads the segment of a marker.
func (p *parser) segment(marker byte) error {
	switch {
	case marker == eoi:
		p.complete = true
		return nil
	case marker == tem, marker >= rst0 && marker <= rst7:
		return nil // markers without a segment
	case marker < sof0 || marker == soi:
		return fmt.Errorf("%w: marker FF %02X at byte %d", ErrCorrupt, marker, p.pos-2)
	case processes[marker] != "":
		return fmt.Errorf("%w: %s", ErrUnsupported, processes[marker])
	}
	body, err := p.body(marker)
	if err != nil {
		return err
	}
	switch marker {
	case sof0, sof1, sof2:
		return p.frame(marker, body)
	case dht:
		return p.huffmanTables(body)
	case dqt:
		return p.quantizationTables(body)
	case dri:
		return p.restartInterval(body)
	case dnl:
		return p.numberOfLines(body)
	case sos:
		return p.scan(body)
	case app0, app1, app2, app14:
		p.application(marker, body)
	}
	return nil
}

// body returns what is behind the two bytes of the length of a segment.
func (p *parser) body(marker byte) ([]byte, error) {
	rest := p.data[p.pos:]
	if len(rest) < 2 {
		return nil, fmt.Errorf("%w: the file ends after %d bytes, in segment FF %02X", ErrTruncated, len(p.data), marker)
	}
	length := int(binary.BigEndian.Uint16(rest))
	switch {
	case length < 2:
		return nil, fmt.Errorf("%w: segment FF %02X has a length of %d", ErrCorrupt, marker, length)
	case length > len(rest):
		return nil, fmt.Errorf("%w: segment FF %02X needs %d bytes, the file has %d left", ErrTruncated, marker, length, len(rest))
	}
	p.pos += length
	return rest[2:length:length], nil
}

// huffmanTables notes where tables are defined (T.81 section B.2.4.2).
func (p *parser) huffmanTables(body []byte) error {
	offset := p.pos - len(body)
	for len(body) > 0 {
		if len(body) < 17 {
			return fmt.Errorf("%w: a Huffman table is cut off", ErrCorrupt)
		}
		class, destination := body[0]>>4, body[0]&15
		if class > 1 || destination > 3 {
			return fmt.Errorf("%w: Huffman table of class %d, destination %d", ErrCorrupt, class, destination)
		}
		n := 17
		for _, count := range body[1:17] {
			n += int(count)
		}
		if n > len(body) || n > 17+256 {
			return fmt.Errorf("%w: a Huffman table has %d codes", ErrCorrupt, n-17)
		}
		p.huffman[class][destination] = offset + 1
		body, offset = body[n:], offset+n
	}
	return nil
}

// quantizationTables notes where tables are defined (T.81 section B.2.4.1).
func (p *parser) quantizationTables(body []byte) error {
	offset := p.pos - len(body)
	for len(body) > 0 {
		precision, destination := body[0]>>4, body[0]&15
		n := 1 + 64*(1+int(precision))
		if precision > 1 || destination > 3 || n > len(body) {
			return fmt.Errorf("%w: quantization table of precision %d, destination %d in %d bytes",
				ErrCorrupt, precision, destination, len(body))
		}
		p.quantization[destination] = offset
		body, offset = body[n:], offset+n
	}
	return nil
}

func (p *parser) restartInterval(body []byte) error {
	if len(body) != 2 {
		return fmt.Errorf("%w: the restart interval has %d bytes", ErrCorrupt, len(body))
	}
	p.restart = int(binary.BigEndian.Uint16(body))
	return nil
}

// numberOfLines takes the height from a DNL segment, if the frame left it open (T.81
// section B.2.5).
func (p *parser) numberOfLines(body []byte) error {
	if len(body) != 2 {
		return fmt.Errorf("%w: the number of lines has %d bytes", ErrCorrupt, len(body))
	}
	if p.config.Height == 0 && p.scanCount == 1 {
		p.config.Height = int(binary.BigEndian.Uint16(body))
	}
	return nil
}

// frame reads a frame header (T.81 section B.2.2).
func (p *parser) frame(marker byte, body []byte) error {
	c := &p.config
	if c.Components != 0 {
		return fmt.Errorf("%w: a second frame header", ErrCorrupt)
	}
	if len(body) < 6 || len(body) != 6+3*int(body[5]) {
		return fmt.Errorf("%w: the frame header has %d bytes", ErrCorrupt, len(body))
	}
	if body[0] != 8 {
		return fmt.Errorf("%w: %d-bit samples", ErrUnsupported, body[0])
	}
	if n := body[5]; n != 1 && n != 3 && n != 4 {
		return fmt.Errorf("%w: %d components", ErrUnsupported, n)
	}
	c.Height = int(binary.BigEndian.Uint16(body[1:]))
	c.Width = int(binary.BigEndian.Uint16(body[3:]))
	if c.Width == 0 {
		return fmt.Errorf("%w: the width is 0", ErrCorrupt)
	}
	c.Components = int(body[5])
	c.Progressive = marker == sof2
	for i := range c.Components {
		b := body[6+3*i:]
		h, v := int(b[1]>>4), int(b[1]&15)
		switch {
		case h < 1 || h > 4 || v < 1 || v > 4:
			return fmt.Errorf("%w: sampling factors %dx%d", ErrCorrupt, h, v)
		case b[2] > 3:
			return fmt.Errorf("%w: quantization table %d", ErrCorrupt, b[2])
		case bytes.IndexByte(p.identifiers[:i], b[0]) >= 0:
			return fmt.Errorf("%w: two components have the identifier %d", ErrCorrupt, b[0])
		}
		p.identifiers[i], p.quantizers[i] = b[0], b[2]
		c.Sampling[i] = Sampling{H: h, V: v}
	}
	if c.Components == 1 {
		// The factors are relative, so those of a single component say nothing (T.81 section A.2.2).
		c.Sampling[0] = Sampling{H: 1, V: 1}
	}
	return nil
}

// scan reads a scan header (T.81 section B.2.3) and finds the end of the scan.
func (p *parser) scan(body []byte) error {
	s, err := p.scanHeader(body)
	if err != nil {
		return err
	}
	p.scanCount++
	if p.headerOnly && p.config.Height > 0 {
		return nil
	}
	s.start = p.pos
	s.end = p.skipEntropyCodedData()
	if p.scanCount <= maxScans {
		p.scans = append(p.scans, s)
	}
	return nil
}

func (p *parser) scanHeader(body []byte) (scan, error) {
	s := scan{restart: p.restart, huffman: p.huffman, quantization: p.quantization}
	if p.config.Components == 0 {
		return s, fmt.Errorf("%w: a scan before the frame header", ErrCorrupt)
	}
	if len(body) < 1 || len(body) != 4+2*int(body[0]) || body[0] < 1 || body[0] > 4 {
		return s, fmt.Errorf("%w: a scan header has %d bytes", ErrCorrupt, len(body))
	}
	n := int(body[0])
	used := [4]bool{}
	for i := range n {
		identifier, tables := body[1+2*i], body[2+2*i]
		index := bytes.IndexByte(p.identifiers[:p.config.Components], identifier)
		if index < 0 || used[index] || tables>>4 > 3 || tables&15 > 3 {
			return s, fmt.Errorf("%w: a scan has component %d with the tables %02X", ErrCorrupt, identifier, tables)
		}
		used[index] = true
		s.components = append(s.components, scanComponent{index: index, dc: int(tables >> 4), ac: int(tables & 15)})
	}
	s.last = 63
	if !p.config.Progressive {
		return s, nil
	}
	end := body[1+2*n:]
	s.first, s.last, s.high, s.low = uint(end[0]), uint(end[1]), uint(end[2]>>4), uint(end[2]&15)
	// T.81 sections G.1.1.1.1 and G.1.1.1.2.
	switch {
	case s.first > s.last, s.last > 63, s.first == 0 && s.last != 0, s.first > 0 && n > 1,
		s.low > 13, s.high > 0 && s.high != s.low+1:
		return s, fmt.Errorf("%w: a scan has the coefficients %d to %d, the bits %d to %d",
			ErrCorrupt, s.first, s.last, s.high, s.low)
	}
	return s, nil
}

// skipEntropyCodedData goes to the marker behind the data of a scan and returns where it is.
func (p *parser) skipEntropyCodedData() int {
	for {
		i := bytes.IndexByte(p.data[p.pos:], 0xff)
		if i < 0 || p.pos+i+1 == len(p.data) {
			end := len(p.data)
			if i >= 0 {
				end--
			}
			p.pos = len(p.data)
			return end
		}
		p.pos += i
		switch next := p.data[p.pos+1]; {
		case next == 0, next >= rst0 && next <= rst7:
			p.pos += 2
		case next == 0xff:
			p.pos++ // a fill byte
		default:
			return p.pos
		}
	}
}
