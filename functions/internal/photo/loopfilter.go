package photo

import "bytes"

// unfiltered is how many pixels of a lossy WebP become one, along each side, before its loop
// filter is left out. It smooths the edges of blocks of 4x4 pixels, which are gone
// then anyway, and takes half of the time of decoding.
const unfiltered = 3

// withoutLoopFilter returns a copy of a VP8 key frame with a loop filter level of zero, which
// RFC 6386 section 9.6 says turns the filter off. No other pixel depends on filtered ones
// in a picture of one frame, section 15.
//
// The level is coded arithmetically, section 7. But if the first bit, the colour space, is
// zero, the range of the coder is 128 behind it, and stays that for as long as bits are as
// likely zero as one, which all are up to the level: each takes exactly one bit of the
// file, as it is. A frame of another colour space is returned unchanged.
func withoutLoopFilter(frame []byte) []byte {
	const tag = 10
	bits := bitReader{data: frame[min(tag, len(frame)):]}
	if bits.read(1) != 0 {
		return frame
	}
	bits.read(1) // clamping
	skipSegments(&bits)
	bits.read(1) // filter type
	level := bits.position
	const levelBits = 6
	if bits.read(levelBits) == 0 || bits.position > 8*len(bits.data) {
		return frame
	}
	frame = bytes.Clone(frame)
	for i := level; i < level+levelBits; i++ {
		frame[tag+i/8] &^= 0x80 >> (i % 8)
	}
	return frame
}

// skipSegments reads the segment header, RFC 6386 section 9.3.
func skipSegments(bits *bitReader) {
	if bits.read(1) == 0 {
		return
	}
	updateMap, updateData := bits.read(1), bits.read(1)
	if updateData == 1 {
		bits.read(1) // absolute or relative
		for range 4 {
			bits.optional(7 + 1) // quantizer and sign
		}
		for range 4 {
			bits.optional(6 + 1) // filter level and sign
		}
	}
	if updateMap == 1 {
		for range 3 {
			bits.optional(8) // probability
		}
	}
}

// bitReader reads bits from the highest to the lowest. Behind the end they are zero.
type bitReader struct {
	data     []byte
	position int
}

func (b *bitReader) read(count int) int {
	value := 0
	for range count {
		value <<= 1
		if i := b.position / 8; i < len(b.data) {
			value |= int(b.data[i]>>(7-b.position%8)) & 1
		}
		b.position++
	}
	return value
}

// optional reads a value behind the bit that says whether there is one.
func (b *bitReader) optional(count int) {
	if b.read(1) == 1 {
		b.read(count)
	}
}
