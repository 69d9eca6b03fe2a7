package post

import (
	"errors"
	"strings"
	"time"
	"unicode/utf8"
)

// members reads the members of the JSON object of a post. It changes none of
// the JSON text.
type members struct {
	scanner
	id, user, text, lang, createdAt text
}

// read returns the time of the post. All else is in m then.
func (m *members) read() (createdAt time.Time, err error) {
	switch err := m.object(); {
	case err != nil:
		return createdAt, err
	case len(m.id.raw) == 0:
		return createdAt, invalid("id", "is missing; give it as a string of 1 to %d bytes", MaxID)
	case len(m.text.raw) == 0:
		return createdAt, invalid("text", "is missing; give it as a string of 1 to %d bytes", MaxText)
	}
	if err := checkLang(m.lang.resolved()); err != nil || m.createdAt.raw == nil {
		return createdAt, err
	}
	return parseTime(m.createdAt.resolved())
}

// explained makes an error an [*Invalid]. Invalid UTF-8 outweighs all else.
func (m *members) explained(err error) error {
	if !utf8.Valid(m.data) {
		return invalid("", "%v", errUTF8)
	}
	if known, ok := errors.AsType[*Invalid](err); ok {
		return known
	}
	return invalid("", "is not valid JSON at byte %d: %v", m.at, err)
}

func (m *members) object() error {
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
	var name text
	if err := m.quoted(&name); err != nil {
		return err
	}
	if !m.take(':') {
		return errors.New("expected : after a name")
	}
	m.space()
	switch name.resolved() {
	case "id":
		return m.field("id", MaxID, &m.id)
	case "user":
		return m.field("user", MaxID, &m.user)
	case "text":
		return m.field("text", MaxText, &m.text)
	case "lang":
		return m.field("lang", MaxLang, &m.lang)
	case "createdAt":
		return m.field("createdAt", len("2006-01-02T15:04:05.000000000+00:00"), &m.createdAt)
	}
	return m.skip()
}

func (m *members) field(name string, limit int, value *text) error {
	if value.seen {
		return invalid(name, "is there twice")
	}
	value.seen = true
	if m.at < len(m.data) && m.data[m.at] != '"' {
		if m.literal("null") {
			return nil
		}
		if err := m.skip(); err != nil {
			return err
		}
		return invalid(name, "is no string")
	}
	if err := m.quoted(value); err != nil {
		return err
	}
	if value.half {
		return invalid(name, `has half a surrogate pair; write a character above U+FFFF as two \u escapes or in UTF-8`)
	}
	if value.length > limit {
		return invalid(name, "has %d bytes, more than the %d allowed", value.length, limit)
	}
	return nil
}

// checkLang checks a language tag of the shape that
// https://www.rfc-editor.org/rfc/rfc5646#section-2.1 gives: a language of 2 to
// 8 letters, then subtags of 1 to 8 letters and digits.
func checkLang(lang string) error {
	language, _, _ := strings.Cut(lang, "-")
	good := len(language) != 1 && !strings.ContainsAny(language, "0123456789")
	for part := range strings.SplitSeq(lang, "-") {
		good = good && subtag(part)
	}
	if lang != "" && !good {
		return invalid("lang", "is %q; give a tag of BCP 47 such as ko or pt-BR, or leave it out", lang)
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
