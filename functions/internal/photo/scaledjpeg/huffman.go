package scaledjpeg

import "fmt"

// codeBits is how many bits are looked up at once for a code.
const codeBits = 12

// A code is a symbol << 8 | the length of its code.
type code uint16

func (c code) split() (symbol byte, length uint) { return byte(c >> 8), uint(c & 31) }

// A codeTable decodes the codes of a Huffman table (T.81 annex C).
type codeTable struct {
	offset int // where the table is defined in the file
	// lookup gives by the next bits the code that they begin with, or 0 if it is longer or invalid.
	lookup [1 << codeBits]code
	// limits are, by the length of a code, the 16 bits that follow its last code.
	limits [17]uint32
	// bases lead from a code of a length to its symbol.
	bases   [17]int32
	symbols [256]byte
}

// build reads the definition at an offset, which the parser has found to be whole.
func (t *codeTable) build(data []byte, offset int) error {
	counts := data[offset : offset+16]
	t.offset = offset
	t.symbols = [256]byte{}
	clear(t.lookup[:])
	symbol, next := int32(0), int32(0)
	for length := 1; length <= 16; length++ {
		count := int32(counts[length-1])
		t.bases[length] = symbol - next
		if next+count > 1<<length {
			return fmt.Errorf("%w: a Huffman table has too many codes of %d bits", ErrCorrupt, length)
		}
		for range count {
			t.symbols[symbol] = data[offset+16+int(symbol)]
			if length <= codeBits {
				first := next << (codeBits - length)
				for i := range int32(1) << (codeBits - length) {
					t.lookup[first+i] = code(t.symbols[symbol])<<8 | code(length)
				}
			}
			symbol++
			next++
		}
		t.limits[length] = uint32(next) << (16 - length)
		next <<= 1
	}
	return nil
}

// decode returns the symbol of the code that acc begins with and the length of the code, which is
// 0 if there is no such code.
func (t *codeTable) decode(acc uint64) (byte, uint) {
	if c := t.lookup[acc>>(64-codeBits)]; c != 0 {
		return c.split()
	}
	next := uint32(acc >> 48)
	for length := uint(codeBits + 1); length <= 16; length++ {
		if next < t.limits[length] {
			return t.symbols[byte(t.bases[length]+int32(next>>(16-length)))], length
		}
	}
	return 0, 0
}

const (
	// maxJump is how many bits a jump consumes at most, so that 56 bits are enough for three.
	maxJump = 18
	// endOfBlock, added to the place of a coefficient, says that the block ends. No number of
	// coefficients comes near to it.
	endOfBlock = 256
	// unknown, added to the place of a coefficient, says that the table does not know what the bits
	// stand for.
	unknown = 512
)

// An acTable decodes the AC coefficients of sequential scans (T.81 section F.2.2.2).
type acTable struct {
	*codeTable
	offset int // where the table is defined in the file
	// steps gives by the next bits what one code stands for, if its value is among these bits too.
	steps [1 << codeBits]step
	// jumps gives by the next bits what all codes stand for that are among them.
	jumps [1 << codeBits]jump
}

// A step is the coefficient that a code stands for and the zeros before it. The low 6 bits are how
// many bits it consumes, the next 10 by how many coefficients it goes on; then follows the
// coefficient.
type step uint32

// A jump is what several codes stand for: a step without a coefficient.
type jump uint16

func (s step) bits() uint    { return uint(s & 63) }
func (s step) advance() uint { return uint(s >> 6 & (1<<10 - 1)) }
func (s step) value() int32  { return int32(s) >> 16 }

func (j jump) bits() uint    { return uint(j & 63) }
func (j jump) advance() uint { return uint(j >> 6) }

// advance returns by how many coefficients a symbol goes on.
func advance(symbol byte) uint {
	if symbol&15 == 0 && symbol < 0xf0 {
		return endOfBlock
	}
	return uint(symbol>>4) + 1
}

// build builds the table from its codes.
func (t *acTable) build(codes *codeTable) {
	t.codeTable, t.offset = codes, codes.offset
	for i := range t.steps {
		t.steps[i] = t.step(uint64(i) << (64 - codeBits))
	}
	for i := range t.jumps {
		t.jumps[i] = t.jump(uint64(i) << (64 - codeBits))
	}
}

// step returns what the code stands for that some bits begin with.
func (t *acTable) step(bits uint64) step {
	symbol, length := t.lookup[bits>>(64-codeBits)].split()
	size := uint(symbol & 15)
	if length == 0 || length+size > codeBits {
		return unknown << 6
	}
	return step(length+size|advance(symbol)<<6) | step(extend(bits<<length, size))<<16
}

// jump returns what all codes stand for that are in some bits. The value of the last one may go
// beyond these.
func (t *acTable) jump(bits uint64) jump {
	total, forward := uint(0), uint(0)
	for total < codeBits && forward < 64 {
		symbol, length := t.lookup[bits<<total>>(64-codeBits)].split()
		sum := total + length + uint(symbol&15)
		if length == 0 || total+length > codeBits || sum > maxJump {
			break
		}
		total = sum
		forward += advance(symbol)
	}
	if total == 0 {
		forward = unknown
	}
	return jump(total | forward<<6)
}
