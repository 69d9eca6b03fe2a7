package post

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf16"
	"unicode/utf8"
)

var errUTF8 = errors.New("is not valid UTF-8")

// scanner walks once through a JSON text.
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

// quoted passes a string and puts it into t.
func (s *scanner) quoted(t *text) error {
	if s.at == len(s.data) || s.data[s.at] != '"' {
		return errors.New("expected a string")
	}
	s.at++
	start, escaped := s.at, false
	for {
		length, valid := plain(s.data[s.at:])
		s.at += length
		t.length += length
		switch {
		case !valid:
			return errUTF8
		case s.at == len(s.data):
			return errors.New("a string has no end")
		case s.data[s.at] < ' ':
			return errors.New("a string holds a control character; write it as an escape")
		}
		if !escaped {
			t.plain = t.length
		}
		if s.data[s.at] == '"' {
			t.raw = s.data[start:s.at]
			s.at++
			return nil
		}
		escaped = true
		if err := s.escapes(t); err != nil {
			return err
		}
	}
}

// escapes passes the escapes up to the next other character of a string.
func (s *scanner) escapes(t *text) error {
	for s.at < len(s.data) && s.data[s.at] == '\\' {
		r, size := escape(s.data[s.at:])
		if size == 0 {
			start, _, _ := bytes.Cut(s.data[s.at:min(s.at+6, len(s.data))], []byte{'"'})
			return fmt.Errorf(`unknown escape %q; a string may have \" \\ \/ \b \f \n \r \t and \u0000 to \uffff`, start)
		}
		t.half = t.half || utf16.IsSurrogate(r)
		t.length += utf8.RuneLen(r)
		s.at += size
	}
	return nil
}

// skip passes one value.
func (s *scanner) skip() error {
	if s.at == len(s.data) {
		return errors.New("expected a value")
	}
	switch s.data[s.at] {
	case '"':
		return s.quoted(new(text))
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
	if !utf8.Valid(value) {
		return errUTF8
	}
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
