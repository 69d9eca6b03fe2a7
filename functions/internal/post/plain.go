package post

import (
	"encoding/binary"
	"math/bits"
	"runtime"

	"github.com/segmentio/asm/utf8"
)

const ones, highs = 0x0101010101010101, 0x8080808080808080

// vectorized says whether package utf8 has vector instructions for this processor.
const vectorized = runtime.GOARCH == "amd64"

// plain counts the bytes before the first quote, backslash or control
// character, and says whether they are valid UTF-8.
func plain(data []byte) (length int, valid bool) {
	if vectorized {
		return plainInTwo(data)
	}
	return plainInOne(data)
}

// plainInTwo is plain in two passes, the second one only for what is not of ASCII.
func plainInTwo(data []byte) (length int, valid bool) {
	length, ascii := count(data)
	return length, ascii || utf8.Valid(data[:length])
}

// count counts the bytes before the first quote, backslash or control character,
// and says whether they are all of ASCII.
func count(data []byte) (length int, ascii bool) {
	at, seen := 0, uint64(0)
	for ; at+32 <= len(data); at += 32 {
		block := (*[32]byte)(data[at:])
		a, b := binary.LittleEndian.Uint64(block[0:]), binary.LittleEndian.Uint64(block[8:])
		c, d := binary.LittleEndian.Uint64(block[16:]), binary.LittleEndian.Uint64(block[24:])
		if (special(a)&^a|special(b)&^b|special(c)&^c|special(d)&^d)&highs != 0 {
			break
		}
		seen |= a | b | c | d
	}
	for ; at+8 <= len(data); at += 8 {
		word := binary.LittleEndian.Uint64(data[at:])
		if stop := special(word) &^ word & highs; stop != 0 {
			before := bits.TrailingZeros64(stop) / 8
			return at + before, (seen|word&(1<<(8*before)-1))&highs == 0
		}
		seen |= word
	}
	for ; at < len(data) && data[at] >= 0x20 && data[at] != '"' && data[at] != '\\'; at++ {
		seen |= uint64(data[at])
	}
	return at, seen&highs == 0
}

// plainInOne is plain in one pass.
func plainInOne(data []byte) (length int, valid bool) {
	at, state := 0, uint64(wholeText)
	for ; at+8 <= len(data); at += 8 {
		word := binary.LittleEndian.Uint64(data[at:])
		stop := special(word) &^ word & highs
		below := (stop - 1) &^ stop // its lowest bit, all bits for 0
		if word&highs&below == 0 && state&63 == wholeText {
			if stop != 0 {
				return at + bits.TrailingZeros64(stop)/8, true
			}
			if at == 0 {
				at = plainASCII(data[8:])
			}
			continue
		}
		if stop != 0 {
			break
		}
		b := (*[8]byte)(data[at:])
		state = transitions[b[0]] >> (state & 63)
		state = transitions[b[1]] >> (state & 63)
		state = transitions[b[2]] >> (state & 63)
		state = transitions[b[3]] >> (state & 63)
		state = transitions[b[4]] >> (state & 63)
		state = transitions[b[5]] >> (state & 63)
		state = transitions[b[6]] >> (state & 63)
		state = transitions[b[7]] >> (state & 63)
	}
	for ; at < len(data); at++ {
		c := data[at]
		if c < 0x20 || c == '"' || c == '\\' {
			break
		}
		state = transitions[c] >> (state & 63)
	}
	return at, state&63 == wholeText
}

// plainASCII counts the bytes at the start, by 32, that are of ASCII and plain.
func plainASCII(data []byte) int {
	at := 0
	for ; at+32 <= len(data); at += 32 {
		block := (*[32]byte)(data[at:])
		a, b := binary.LittleEndian.Uint64(block[0:]), binary.LittleEndian.Uint64(block[8:])
		c, d := binary.LittleEndian.Uint64(block[16:]), binary.LittleEndian.Uint64(block[24:])
		if (special(a)|special(b)|special(c)|special(d))&highs != 0 {
			break
		}
	}
	return at
}

// special turns on the highest bit of bytes that are a quote, a backslash, a
// control character or not of ASCII. A byte b of ASCII is below n when b-n has
// the highest bit; with its second bit turned, a quote is just above the control
// characters. A borrow may spoil bytes above the lowest that is on, which is
// always right.
func special(word uint64) uint64 {
	quoteOrControl, backslash := (word^ones*0x02)-ones*0x21, (word^ones*'\\')-ones
	return quoteOrControl | backslash
}
