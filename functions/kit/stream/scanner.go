package stream

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"iter"
	"math/bits"
)

// scanner reads JSON once, from the start to the end. An error puts it at the
// end, where there is nothing more to read.
type scanner struct {
	json      []byte
	at, depth int
	err       error
}

// fail keeps the first error.
func (s *scanner) fail(at int, format string, args ...any) {
	if s.err == nil {
		s.err = fmt.Errorf("byte %d of the payload: %w", at, fmt.Errorf(format, args...))
	}
	s.at = len(s.json)
}

func (s *scanner) unexpected(want string) {
	s.fail(s.at, "want %s, have %.20q", want, s.json[s.at:])
}

// peek returns the next byte. At the end it returns 0, which no JSON has.
func (s *scanner) peek() byte {
	if s.at < len(s.json) {
		return s.json[s.at]
	}
	return 0
}

// next returns the next byte that is not white space.
func (s *scanner) next() byte {
	for {
		c := s.peek()
		if c != ' ' && c != '\n' && c != '\t' && c != '\r' {
			return c
		}
		s.at++
	}
}

func (s *scanner) accept(c byte) bool {
	if s.next() != c {
		return false
	}
	s.at++
	return true
}

func (s *scanner) expect(c byte) {
	if !s.accept(c) {
		s.unexpected(string(c))
	}
}

// maximumDepth is how deep values may nest, the same as for [json.Unmarshal].
const maximumDepth = 10000

// values yields for each value of an object or array, with the value's name if
// opening is a brace. The loop reads the value. Null has none.
func (s *scanner) values(opening byte) iter.Seq[[]byte] {
	return func(yield func(name []byte) bool) {
		if s.next() == 'n' {
			s.word()
			return
		}
		if s.depth++; s.depth > maximumDepth {
			s.fail(s.at, "want at most %d levels", maximumDepth)
		}
		closing := opening + '}' - '{' // or ']' - '[', which is the same
		s.expect(opening)
		for more := s.next() != closing; more; more = s.accept(',') {
			var name []byte
			if opening == '{' {
				name = s.quoted()
				s.expect(':')
			}
			if s.err != nil || !yield(name) {
				return
			}
		}
		s.expect(closing)
		s.depth--
	}
}

// raw reads any value and returns its text.
func (s *scanner) raw() []byte {
	c := s.next()
	start := s.at
	switch c {
	case '"':
		s.quoted()
	case '{', '[':
		for range s.values(c) {
			s.raw()
		}
	case 't', 'f', 'n':
		s.word()
	default:
		s.number()
	}
	return s.json[start:s.at:s.at]
}

func (s *scanner) word() {
	for _, word := range []string{"true", "false", "null"} {
		if bytes.HasPrefix(s.json[s.at:], []byte(word)) {
			s.at += len(word)
			return
		}
	}
	s.unexpected("true, false or null")
}

func (s *scanner) number() {
	s.optional('-', '-')
	if !s.optional('0', '0') {
		s.digits()
	}
	if s.optional('.', '.') {
		s.digits()
	}
	if s.optional('e', 'E') {
		s.optional('+', '-')
		s.digits()
	}
}

func (s *scanner) optional(a, b byte) bool {
	c := s.peek()
	if c != a && c != b {
		return false
	}
	s.at++
	return true
}

func (s *scanner) digits() {
	start := s.at
	for c := s.peek(); '0' <= c && c <= '9'; c = s.peek() {
		s.at++
	}
	if s.at == start {
		s.unexpected("a JSON value")
	}
}

// text reads a string, or null as none, and returns what it stands for: a copy,
// if there are escapes in it.
func (s *scanner) text() []byte {
	if s.next() == 'n' {
		s.word()
		return nil
	}
	return s.quoted()
}

func (s *scanner) quoted() []byte {
	if s.expect('"'); s.err != nil {
		return nil
	}
	start := s.at
	end := start + plain(s.json[start:])
	if end < len(s.json) && s.json[end] == '"' {
		s.at = end + 1
		return s.json[start:end]
	}
	for end < len(s.json)-1 && s.json[end] == '\\' {
		end += len(`\"`)
		end += plain(s.json[end:])
	}
	s.at = min(end+1, len(s.json))
	var text string
	if err := json.Unmarshal(s.json[start-1:s.at], &text); err != nil {
		s.fail(start, "%w", err)
	}
	return []byte(text)
}

// plain returns how many bytes come before a quote, backslash or control
// character. It looks at eight of them at a time.
func plain(text []byte) int {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	i := 0
	for ; i+8 <= len(text); i += 8 {
		// A subtraction sets the high bit of a byte that is less than what it
		// takes away. It may borrow from the bytes that come later in the text,
		// never from those before. With its second bit flipped, a quote is the
		// character after the control characters.
		word := binary.LittleEndian.Uint64(text[i:])
		quote, backslash := word^2*ones, word^'\\'*ones
		found := ((quote-('"'-1)*ones)&^quote | (backslash-ones)&^backslash) & highs
		if found != 0 {
			return i + bits.TrailingZeros64(found)/8
		}
	}
	for i < len(text) && text[i] >= ' ' && text[i] != '"' && text[i] != '\\' {
		i++
	}
	return i
}
