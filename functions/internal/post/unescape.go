package post

import (
	"bytes"
	"encoding/hex"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"
)

// text is a string of JSON whose escapes are known.
type text struct {
	// raw is what is between the quotes.
	raw []byte
	// plain counts the bytes before the first escape, length those without
	// escapes.
	plain, length int
	// half says that an escape is half a surrogate pair, seen that the text or
	// null is there.
	half, seen bool
}

// overwrite resolves the escapes in place,
// https://www.rfc-editor.org/rfc/rfc8259#section-7, and returns the start of raw
// that has the result.
func (t *text) overwrite() string {
	result, rest := t.raw[:t.plain], t.raw[t.plain:]
	for len(rest) > 0 {
		if rest[0] == '\\' {
			r, size := escape(rest)
			result = utf8.AppendRune(result, r)
			rest = rest[size:]
			continue
		}
		next := bytes.IndexByte(rest, '\\')
		if next < 0 {
			next = len(rest)
		}
		result = append(result, rest[:next]...)
		rest = rest[next:]
	}
	return unsafe.String(unsafe.SliceData(result), len(result))
}

// resolved returns the text without escapes and leaves raw as it is.
func (t *text) resolved() string {
	if t.plain == len(t.raw) {
		return unsafe.String(unsafe.SliceData(t.raw), len(t.raw))
	}
	own := *t
	own.raw = bytes.Clone(t.raw)
	return own.overwrite()
}

// escape returns the character that the escape at the start of data stands
// for, a surrogate for half a pair, and the bytes that the escape takes, 0 when
// it is unknown.
func escape(data []byte) (r rune, size int) {
	if len(data) < 2 {
		return 0, 0
	}
	first, ok := hexadecimal(data)
	if !ok {
		if i := strings.IndexByte(`"\/bfnrt`, data[1]); i >= 0 {
			return rune("\"\\/\b\f\n\r\t"[i]), 2
		}
		return 0, 0
	}
	if utf16.IsSurrogate(first) {
		second, ok := hexadecimal(data[6:])
		if r := utf16.DecodeRune(first, second); ok && r != utf8.RuneError {
			return r, 12
		}
	}
	return first, 6
}

// hexadecimal reads an escape such as \u00e9 at the start of data.
func hexadecimal(data []byte) (r rune, ok bool) {
	if len(data) < 6 || data[0] != '\\' || data[1] != 'u' {
		return 0, false
	}
	var code [2]byte
	_, err := hex.Decode(code[:], data[2:6])
	return rune(code[0])<<8 | rune(code[1]), err == nil
}
