package post

import (
	"errors"
	"strings"
)

// members reads the members of the JSON object of a post.
type members struct {
	scanner
	post *Post
	seen [len(fields)]bool
}

// field is a member of the object that a post has.
type field struct {
	name  string
	limit int
	set   func(*Post, string) error
}

var fields = [...]field{
	{"id", MaxID, func(p *Post, value string) error { p.ID = value; return nil }},
	{"user", MaxID, func(p *Post, value string) error { p.User = value; return nil }},
	{"text", MaxText, func(p *Post, value string) error { p.Text = value; return nil }},
	{"lang", MaxLang, setLang},
	{"createdAt", len("2006-01-02T15:04:05.000000000+00:00"), setCreatedAt},
}

func (m *members) read() error {
	if !m.take('{') {
		return errors.New("a post is an object that starts with {")
	}
	if !m.take('}') {
		for more := true; more; more = m.take(',') {
			if err := m.member(); err != nil {
				return err
			}
		}
		if !m.take('}') {
			return errors.New("expected , or } after a member")
		}
	}
	if m.space(); m.at < len(m.data) {
		return errors.New("expected nothing after the object")
	}
	return nil
}

func (m *members) member() error {
	m.space()
	name, escaped, err := m.quoted()
	if err == nil && escaped {
		var whole string
		whole, err = unescape(name)
		name = []byte(whole)
	}
	if err != nil && !errors.Is(err, errSurrogate) { // no field has such a name
		return err
	}
	if !m.take(':') {
		return errors.New("expected : after a name")
	}
	m.space()
	for i := range fields {
		if string(name) == fields[i].name {
			return m.field(i)
		}
	}
	return m.skip()
}

func (m *members) field(i int) error {
	f := &fields[i]
	if m.seen[i] {
		return invalid(f.name, "is there twice")
	}
	m.seen[i] = true
	if m.at < len(m.data) && m.data[m.at] != '"' {
		if m.literal("null") {
			return nil
		}
		if err := m.skip(); err != nil {
			return err
		}
		return invalid(f.name, "is no string")
	}
	value, err := m.text()
	if errors.Is(err, errSurrogate) {
		return invalid(f.name, "%v", err)
	}
	if err != nil {
		return err
	}
	if len(value) > f.limit {
		return invalid(f.name, "has %d bytes, more than the %d allowed", len(value), f.limit)
	}
	return f.set(m.post, value)
}

// setCreatedAt reads a time as of https://www.rfc-editor.org/rfc/rfc3339.
func setCreatedAt(p *Post, value string) error {
	if err := p.CreatedAt.UnmarshalText([]byte(value)); err != nil {
		return invalid("createdAt", "is %q; give a time of RFC 3339 such as 2026-01-31T09:30:00Z", value)
	}
	p.CreatedAt = p.CreatedAt.UTC()
	return nil
}

// setLang reads a language tag of the shape that
// https://www.rfc-editor.org/rfc/rfc5646#section-2.1 gives: a language of 2 to
// 8 letters, then subtags of 1 to 8 letters and digits.
func setLang(p *Post, value string) error {
	p.Lang = value
	if p.Lang == "" {
		return nil
	}
	language, rest, more := strings.Cut(p.Lang, "-")
	good := len(language) > 1 && subtag(language) && !strings.ContainsAny(language, "0123456789")
	for good && more {
		var next string
		next, rest, more = strings.Cut(rest, "-")
		good = subtag(next)
	}
	if !good {
		return invalid("lang", "is %q; give a tag of BCP 47 such as ko or pt-BR, or leave it out", value)
	}
	return nil
}

func subtag(s string) bool {
	for _, c := range []byte(s) {
		letter := 'a' <= c|0x20 && c|0x20 <= 'z'
		if !letter && (c < '0' || c > '9') {
			return false
		}
	}
	return 1 <= len(s) && len(s) <= 8
}
