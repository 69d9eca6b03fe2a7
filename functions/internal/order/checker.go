package order

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// checker reads a JSON text field by field and collects what is wrong with it.
// What is wrong reads as zero.
type checker struct{ failures []FieldError }

// value is a JSON value and its place. A raw of nil means that it is missing,
// which has been reported, or that what it would be in is wrong.
type value struct {
	pointer string
	raw     json.RawMessage
}

// object has the fields of a JSON object and its place.
type object struct {
	pointer string
	fields  map[string]json.RawMessage
}

func (o object) at(name string) value {
	return value{o.pointer + "/" + name, o.fields[name]}
}

func (c *checker) fail(pointer, format string, args ...any) {
	c.failures = append(c.failures, FieldError{Pointer: pointer, Detail: fmt.Sprintf(format, args...)})
}

func (c *checker) err() error {
	if len(c.failures) == 0 {
		return nil
	}
	return &ValidationError{Fields: c.failures}
}

// whole checks that body is one JSON text in UTF-8 and returns it, or nil.
func (c *checker) whole(body []byte) json.RawMessage {
	if i := invalidUTF8(body); i >= 0 {
		c.fail("", "not UTF-8 at byte %d", i)
		return nil
	}
	var raw json.RawMessage
	err := json.Unmarshal(body, &raw)
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		c.fail("", "not JSON at byte %d: %v", syntax.Offset, err)
		return nil
	}
	if err != nil {
		c.fail("", "not JSON: %v", err)
		return nil
	}
	return raw
}

// invalidUTF8 returns the offset of the first byte that is not UTF-8, or -1.
func invalidUTF8(b []byte) int {
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return -1
}

// object reads an object that has exactly the named fields, each once. Of a
// repeated field it keeps the first.
func (c *checker) object(pointer string, raw json.RawMessage, names ...string) object {
	o := object{pointer: pointer, fields: map[string]json.RawMessage{}}
	if raw == nil {
		return o
	}
	if raw[0] != '{' {
		c.fail(pointer, "want an object, got %s", show(raw))
		return o
	}
	for name, raw := range members(raw) {
		at := pointer + "/" + escape(name)
		switch _, repeated := o.fields[name]; {
		case !slices.Contains(names, name):
			c.fail(at, "unknown field")
		case repeated:
			c.fail(at, "duplicate field")
		default:
			o.fields[name] = raw
		}
	}
	for _, name := range names {
		if o.fields[name] == nil {
			c.fail(pointer+"/"+name, "missing")
		}
	}
	return o
}

// members yields the members of a valid JSON object in their order.
func members(raw json.RawMessage) iter.Seq2[string, json.RawMessage] {
	return func(yield func(string, json.RawMessage) bool) {
		decoder := json.NewDecoder(bytes.NewReader(raw))
		must(decoder.Token()) // {
		for decoder.More() {
			name := must(decoder.Token()).(string)
			if !yield(name, next(decoder)) {
				return
			}
		}
	}
}

// list reads an array.
func (c *checker) list(v value) ([]value, bool) {
	if v.raw == nil {
		return nil, false
	}
	if v.raw[0] != '[' {
		c.fail(v.pointer, "want an array, got %s", show(v.raw))
		return nil, false
	}
	var elements []value
	decoder := json.NewDecoder(bytes.NewReader(v.raw))
	must(decoder.Token()) // [
	for decoder.More() {
		elements = append(elements, value{v.pointer + "/" + strconv.Itoa(len(elements)), next(decoder)})
	}
	return elements, true
}

// text reads a string that is valid; want describes what is.
func (c *checker) text(v value, want string, valid func(string) bool) string {
	if v.raw == nil {
		return ""
	}
	s, ok := decodeString(v)
	if !ok {
		c.fail(v.pointer, "want a string of %s, got %s", want, show(v.raw))
		return ""
	}
	if !valid(s) {
		c.fail(v.pointer, "want %s, got %s", want, quote(s))
	}
	return s
}

// integer reads a number from least to most, written without fraction or exponent.
func (c *checker) integer(v value, least, most int64) int64 {
	if v.raw == nil {
		return 0
	}
	n, err := strconv.ParseInt(string(v.raw), 10, 64)
	if err != nil || n < least || n > most {
		c.fail(v.pointer, "want an integer from %d to %d, got %s", least, most, show(v.raw))
		return 0
	}
	return n
}

func decodeString(v value) (string, bool) {
	if v.raw == nil || v.raw[0] != '"' {
		return "", false
	}
	var s string
	return s, json.Unmarshal(v.raw, &s) == nil
}

func next(decoder *json.Decoder) json.RawMessage {
	var raw json.RawMessage
	if err := decoder.Decode(&raw); err != nil {
		panic(err)
	}
	return raw
}

// must is for reading JSON that is known to be valid.
func must(token json.Token, err error) json.Token {
	if err != nil {
		panic(err)
	}
	return token
}

// escape writes a field's name as a part of a JSON pointer (RFC 6901, section 3),
// shortened.
func escape(name string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(shorten(name))
}
