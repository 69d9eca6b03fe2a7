package post

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"math/bits"
)

// scanner walks once through a JSON text that is valid UTF-8.
type scanner struct {
	data []byte
	at   int
}

func (s *scanner) space() {
	for s.at < len(s.data) {
		switch s.data[s.at] {
		case ' ', '\t', '\n', '\r':
			s.at++
		default:
			return
		}
	}
}

// take passes white space and then c, and says whether c was there.
func (s *scanner) take(c byte) bool {
	s.space()
	if s.at == len(s.data) || s.data[s.at] != c {
		return false
	}
	s.at++
	return true
}

func (s *scanner) literal(word string) bool {
	if !bytes.HasPrefix(s.data[s.at:], []byte(word)) {
		return false
	}
	s.at += len(word)
	return true
}

// quoted passes a string and returns what is between its quotes, and whether
// that has escapes.
func (s *scanner) quoted() (value []byte, escaped bool, err error) {
	if s.at == len(s.data) || s.data[s.at] != '"' {
		return nil, false, errors.New("expected a string")
	}
	s.at++
	start := s.at
	for {
		s.at += plain(s.data[s.at:])
		if s.at == len(s.data) {
			return nil, false, errors.New("a string has no end")
		}
		switch s.data[s.at] {
		case '"':
			s.at++
			return s.data[start : s.at-1], escaped, nil
		case '\\':
			escaped = true
			s.at = min(s.at+2, len(s.data))
		default:
			return nil, false, errors.New("a string holds a control character; write it as an escape")
		}
	}
}

// text reads a string.
func (s *scanner) text() (string, error) {
	value, escaped, err := s.quoted()
	if err == nil && escaped {
		return unescape(value)
	}
	return string(value), err
}

// plain counts the bytes before the first quote, backslash or control
// character, sixteen at a time.
func plain(data []byte) int {
	at := 0
	for ; at+16 <= len(data); at += 16 {
		first := special(binary.LittleEndian.Uint64(data[at:]))
		second := special(binary.LittleEndian.Uint64(data[at+8:]))
		if first != 0 {
			return at + bits.TrailingZeros64(first)/8
		}
		if second != 0 {
			return at + 8 + bits.TrailingZeros64(second)/8
		}
	}
	for ; at < len(data); at++ {
		if c := data[at]; c < 0x20 || c == '"' || c == '\\' {
			break
		}
	}
	return at
}

// special turns on the highest bit of bytes that are a quote, a backslash or a
// control character. A byte b of ASCII is below n when b-n has the highest bit.
// A borrow may spoil bytes above the lowest that is on, which is always right.
func special(word uint64) uint64 {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	control, quote, backslash := word-ones*0x20, (word^ones*'"')-ones, (word^ones*'\\')-ones
	return (control | quote | backslash) &^ word & highs
}

// skip passes one value.
func (s *scanner) skip() error {
	if s.at == len(s.data) {
		return errors.New("expected a value")
	}
	switch s.data[s.at] {
	case '"':
		_, err := s.text()
		if errors.Is(err, errSurrogate) {
			return nil
		}
		return err
	case '{', '[':
		return s.nested()
	}
	if s.literal("null") || s.literal("true") || s.literal("false") || s.number() {
		return nil
	}
	return errors.New("expected a value")
}

// nested passes an object or array. Posts seldom have any.
func (s *scanner) nested() error {
	decoder := json.NewDecoder(bytes.NewReader(s.data[s.at:]))
	var value json.RawMessage
	if err := decoder.Decode(&value); err != nil {
		return err
	}
	s.at += int(decoder.InputOffset())
	return nil
}

func (s *scanner) number() bool {
	s.sign("-")
	if s.at < len(s.data) && s.data[s.at] == '0' {
		s.at++
	} else if !s.digits() {
		return false
	}
	if s.literal(".") && !s.digits() {
		return false
	}
	if s.literal("e") || s.literal("E") {
		s.sign("+-")
		return s.digits()
	}
	return true
}

func (s *scanner) sign(signs string) {
	if s.at < len(s.data) && bytes.IndexByte([]byte(signs), s.data[s.at]) >= 0 {
		s.at++
	}
}

func (s *scanner) digits() bool {
	start := s.at
	for s.at < len(s.data) && '0' <= s.data[s.at] && s.data[s.at] <= '9' {
		s.at++
	}
	return s.at > start
}
