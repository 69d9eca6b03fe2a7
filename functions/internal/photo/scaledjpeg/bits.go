package scaledjpeg

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

const (
	// windowSize is how many bytes of entropy-coded data are laid ready at once.
	windowSize = 16 << 10
	// windowMargin are the bytes around the data of the window: zeros behind its end.
	windowMargin = 32
)

// A bitReader reads the bits of entropy-coded data.
//
// The data is copied to a window without its stuffed bytes, so that the next eight bytes
// always are the next 64 bits. Behind the end of a segment, which is the end of the scan or
// a restart marker, it gives zeros.
//
// The loops that take the bits keep acc, n and pos in variables of their own, which the compiler
// keeps in registers:
//
//	if pos > r.limit {
//		pos = r.fill(pos)
//	}
//	acc, n, pos = r.load(acc, n, pos)
//
// gives them at least 56 bits.
type bitReader struct {
	data []byte // up to the end of the scan
	next int    // the place in data of what is not in the window yet

	window [windowSize + 2*windowMargin]byte
	filled int // the end of the data in the window
	limit  int // up to where 8 bytes may be read
	ended  bool
	// exhausted means that more was read than there is.
	exhausted bool

	acc uint64 // the next bits, from the highest one
	n   uint   // the number of bits in acc that count, below 64
	pos int    // the place in the window of what is not in acc yet
}

// start begins with the scan from next to the end of the data.
func (r *bitReader) start(data []byte, next int) {
	r.data, r.next = data, next
	r.begin()
}

// begin begins with a segment of the data, at next.
func (r *bitReader) begin() {
	r.filled, r.ended, r.exhausted = 0, false, false
	r.acc, r.n = 0, 0
	r.pos = r.fill(0)
}

// fill fills the window from pos and returns where pos is now.
func (r *bitReader) fill(pos int) int {
	if r.ended {
		// More than eight zeros were read.
		r.exhausted = true
		return r.filled
	}
	r.filled = copy(r.window[:], r.window[pos:r.filled])
	for r.filled < windowSize && !r.ended {
		r.copyRun()
	}
	r.limit = r.filled - 8
	if r.ended {
		clear(r.window[r.filled : r.filled+windowMargin])
		r.limit = r.filled + 8
	}
	return 0
}

// copyRun copies the data up to the next byte FF, and this if it is not part of a marker.
func (r *bitReader) copyRun() {
	rest := r.data[r.next:]
	rest = rest[:min(len(rest), windowSize-r.filled)]
	i := bytes.IndexByte(rest, 0xff)
	if i < 0 {
		r.filled += copy(r.window[r.filled:], rest)
		r.next += len(rest)
		r.ended = r.next == len(r.data)
		return
	}
	r.filled += copy(r.window[r.filled:], rest[:i])
	r.next += i
	if r.next+1 == len(r.data) || r.data[r.next+1] != 0 {
		r.ended = true
		return
	}
	r.window[r.filled] = 0xff
	r.filled++
	r.next += 2
}

// overrun tells whether more bits were taken than the segment has.
func (r *bitReader) overrun() bool {
	return r.ended && (r.exhausted || 8*r.pos-int(r.n) > 8*r.filled)
}

// unread is how many whole bytes of the scan were not taken.
func (r *bitReader) unread() int {
	return max(0, r.filled-r.pos+int(r.n)/8) + len(r.data) - r.next
}

// restart goes on behind the next restart marker, which has to be the one of this number.
func (r *bitReader) restart(number int) error {
	for {
		i := bytes.IndexByte(r.data[r.next:], 0xff)
		if i < 0 || r.next+i+1 >= len(r.data) {
			return fmt.Errorf("%w: the data ends before the restart marker %d", ErrTruncated, number)
		}
		r.next += i + 1
		marker := r.data[r.next]
		if marker == 0 || marker == 0xff {
			continue
		}
		if int(marker) != rst0+number {
			return fmt.Errorf("%w: FF %02X stands where the restart marker %d is expected", ErrCorrupt, marker, number)
		}
		r.next++
		r.begin()
		return nil
	}
}

// load fills acc from the window, in which pos is not above limit.
func (r *bitReader) load(acc uint64, n uint, pos int) (uint64, uint, int) {
	// All 64 bits are joined, but only whole bytes counted; the bits that do not count come again.
	return acc | binary.BigEndian.Uint64(r.window[pos:])>>(n&63), n | 56, pos + int((63-n)>>3)
}

// refill makes sure that acc has at least 56 bits.
func (r *bitReader) refill() {
	if r.pos > r.limit {
		r.pos = r.fill(r.pos)
	}
	r.acc, r.n, r.pos = r.load(r.acc, r.n, r.pos)
}

// take takes up to 32 bits. There must be as many in acc.
func (r *bitReader) take(count uint) uint32 {
	v := r.acc >> 1 >> ((63 - count) & 63)
	r.acc <<= count & 63
	r.n -= count
	return uint32(v)
}

// extend makes a signed value of the first size bits of acc (T.81 section F.2.2.1).
func extend(acc uint64, size uint) int32 {
	v := int32(acc >> 1 >> ((63 - size) & 63))
	// A value that begins with a 0 is negative.
	return v + int32(int64(^acc)>>63)&(1-int32(1)<<(size&31))
}
