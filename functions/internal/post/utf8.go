package post

import (
	"encoding/binary"
	"unicode/utf8"
)

// valid says whether data is valid UTF-8, like [utf8.Valid]. It is faster than
// that for text of three bytes a character, such as Korean and Japanese.
func valid(data []byte) bool {
	const highs = 0x8080808080808080
	for at := 0; at < len(data); {
		switch c := data[at]; {
		case c < utf8.RuneSelf:
			at++
			for at+8 <= len(data) && binary.LittleEndian.Uint64(data[at:])&highs == 0 {
				at += 8
			}
		case 0xe1 <= c && c <= 0xec && at+2 < len(data) && data[at+1]&0xc0 == 0x80 && data[at+2]&0xc0 == 0x80:
			at += 3
		default:
			r, size := utf8.DecodeRune(data[at:])
			if r == utf8.RuneError && size == 1 {
				return false
			}
			at += size
		}
	}
	return true
}
