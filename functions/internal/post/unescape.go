package post

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

var errSurrogate = errors.New(`has half a surrogate pair; write a character above U+FFFF as two \u escapes or in UTF-8`)

// unescape resolves the escapes of the inside of a string,
// https://www.rfc-editor.org/rfc/rfc8259#section-7. The first escape that is
// no JSON outweighs half a surrogate pair.
func unescape(value []byte) (string, error) {
	var result strings.Builder
	result.Grow(len(value))
	var half error
	for {
		at := bytes.IndexByte(value, '\\')
		if at < 0 {
			result.Write(value)
			return result.String(), half
		}
		result.Write(value[:at])
		r, size, err := escape(value[at:])
		if errors.Is(err, errSurrogate) {
			half = err
		} else if err != nil {
			return "", err
		}
		result.WriteRune(r)
		value = value[at+size:]
	}
}

// escape returns the character that the escape at the start of value stands
// for, and the bytes that the escape takes.
func escape(value []byte) (rune, int, error) {
	switch c := value[1]; c {
	case '"', '\\', '/':
		return rune(c), 2, nil
	case 'b':
		return '\b', 2, nil
	case 'f':
		return '\f', 2, nil
	case 'n':
		return '\n', 2, nil
	case 'r':
		return '\r', 2, nil
	case 't':
		return '\t', 2, nil
	}
	first, ok := hexadecimal(value)
	if !ok {
		return 0, 0, fmt.Errorf(`unknown escape %q; a string may have \" \\ \/ \b \f \n \r \t and \u0000 to \uffff`, value[:min(6, len(value))])
	}
	if !utf16.IsSurrogate(first) {
		return first, 6, nil
	}
	second, _ := hexadecimal(value[6:])
	r := utf16.DecodeRune(first, second)
	if r == utf8.RuneError {
		return r, 6, errSurrogate
	}
	return r, 12, nil
}

// hexadecimal reads an escape such as \u00e9 at the start of value.
func hexadecimal(value []byte) (rune, bool) {
	if len(value) < 6 || value[0] != '\\' || value[1] != 'u' {
		return 0, false
	}
	var digits [4]byte
	copy(digits[:], value[2:6])
	if bytes.ContainsAny(digits[:], "+-_") {
		return 0, false
	}
	n, err := strconv.ParseUint(string(digits[:]), 16, 16)
	return rune(n), err == nil
}
