package kinesis

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"unicode/utf8"
)

// UnmarshalJSON implements json.Unmarshaler. Reading what SDKs send is most of
// the work of PutRecords, so it is read in one pass; anything else, such as
// escapes, null or unknown members, is left to package json.
func (in *putRecordsInput) UnmarshalJSON(data []byte) error {
	p := parser{rest: data}
	if read, ok := p.putRecords(); ok {
		*in = read
		return nil
	}
	type plain putRecordsInput
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	return decoder.Decode((*plain)(in))
}

// parser reads JSON from the start of rest. Its methods return false at what they
// leave to package json.
type parser struct{ rest []byte }

func (p *parser) putRecords() (in putRecordsInput, ok bool) {
	ok = p.list('{', '}', func() bool {
		switch p.name() {
		case "StreamName":
			return p.text(&in.StreamName)
		case "StreamARN":
			return p.text(&in.StreamARN)
		case "Records":
			return in.Records == nil && p.list('[', ']', func() bool {
				entry, ok := p.entry()
				in.Records = append(in.Records, entry)
				return ok
			})
		}
		return false
	})
	return in, ok && len(bytes.TrimSpace(p.rest)) == 0
}

func (p *parser) entry() (entry putEntry, ok bool) {
	ok = p.list('{', '}', func() bool {
		switch p.name() {
		case "Data":
			return p.binary(&entry.Data)
		case "PartitionKey":
			return p.text(&entry.PartitionKey)
		case "ExplicitHashKey":
			return p.text(&entry.ExplicitHashKey)
		}
		return false
	})
	return entry, ok
}

// list reads elements between two brackets, with commas between them. There must
// be one.
func (p *parser) list(open, end byte, element func() bool) bool {
	if !p.next(open) || !element() {
		return false
	}
	for p.next(',') {
		if !element() {
			return false
		}
	}
	return p.next(end)
}

// next skips white space, and a character if it follows.
func (p *parser) next(character byte) bool {
	p.rest = bytes.TrimLeft(p.rest, " \t\r\n")
	if len(p.rest) == 0 || p.rest[0] != character {
		return false
	}
	p.rest = p.rest[1:]
	return true
}

// name reads the name of a member and the colon, or returns an empty one.
func (p *parser) name() string {
	content, ok := p.quoted()
	if !ok || !p.next(':') {
		return ""
	}
	return string(content)
}

// quoted reads a string, which is wrong if it has escapes.
func (p *parser) quoted() (content []byte, ok bool) {
	if !p.next('"') {
		return nil, false
	}
	content, p.rest, ok = bytes.Cut(p.rest, []byte{'"'})
	return content, ok
}

// text reads a string into a member that has no value yet.
func (p *parser) text(value *string) bool {
	content, ok := p.quoted()
	special := func(r rune) bool { return r < ' ' || r == '\\' }
	if !ok || *value != "" || !utf8.Valid(content) || bytes.ContainsFunc(content, special) {
		return false
	}
	*value = string(content)
	return true
}

// binary reads a string in Base64 into a member that has no value yet. It takes
// no more memory than the bytes need.
func (p *parser) binary(value *[]byte) bool {
	content, ok := p.quoted()
	if !ok || *value != nil || bytes.IndexByte(content, '\n') >= 0 || bytes.IndexByte(content, '\r') >= 0 {
		return false
	}
	length := base64.RawStdEncoding.DecodedLen(len(bytes.TrimRight(content, "=")))
	*value = make([]byte, length)
	n, err := base64.StdEncoding.Decode(*value, content)
	return err == nil && n == length
}
