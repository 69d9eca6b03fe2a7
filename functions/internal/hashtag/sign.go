package hashtag

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// signs finds the number signs in a text: U+0023, U+FF03 (full width) and
// U+FE5F (small).
type signs struct {
	text string
	from int
	// number is the next place of # at or after from, wide that of the others,
	// or the length of the text.
	number, wide int
	// checked is the last place that starts looked at, link its answer there.
	checked int
	link    bool
}

func newSigns(text string) signs {
	return signs{text: text, number: index(text, '#'), wide: indexWide(text)}
}

// next returns the place of the next number sign and its size in bytes, which
// is 0 at the end of the text.
func (s *signs) next() (at, size int) {
	if s.number < s.from {
		s.number = s.from + index(s.text[s.from:], '#')
	}
	if s.wide < s.from {
		s.wide = s.from + indexWide(s.text[s.from:])
	}
	at = min(s.number, s.wide)
	if at < len(s.text) {
		_, size = utf8.DecodeRuneInString(s.text[at:])
	}
	s.from = at + size
	return at, size
}

// index returns the first place of c, or the length of the text.
func index(text string, c byte) int {
	if at := strings.IndexByte(text, c); at >= 0 {
		return at
	}
	return len(text)
}

// indexWide returns the first place of ＃ or ﹟, which start with the same byte,
// or the length of the text.
func indexWide(text string) int {
	for at := 0; ; at++ {
		at += index(text[at:], "＃"[0])
		if rest := text[at:]; rest == "" || strings.HasPrefix(rest, "＃") || strings.HasPrefix(rest, "﹟") {
			return at
		}
	}
}

// pass makes next look from at on.
func (s *signs) pass(at int) { s.from = at }

// starts says whether a hashtag may start at a place: not within a word, a
// link, or a character reference such as &#x27;.
func (s *signs) starts(at int) bool {
	before, _ := utf8.DecodeLastRuneInString(s.text[:at])
	switch {
	case at == 0 || before == ' ' || before == '\n':
		return true
	case strings.ContainsRune("/&#＃﹟", before):
		return false
	case lookup(before)&word != 0 && !isSelector(before):
		return false
	}
	return !s.within(at)
}

// within says whether a place belongs to a link. It looks back to the last
// place that it looked at, or to the start of the link.
func (s *signs) within(at int) bool {
	start := at
	for start > s.checked {
		r, size := utf8.DecodeLastRuneInString(s.text[:start])
		if !inLink(r) {
			break
		}
		start -= size
	}
	stretch := s.text[start:at]
	inherited := s.link && start <= s.checked
	s.checked = at
	s.link = inherited || strings.Contains(stretch, "://") || strings.HasPrefix(stretch, "www.")
	return s.link
}

// inLink says whether r is one of the characters of an address,
// https://www.rfc-editor.org/rfc/rfc3986#section-2 and
// https://www.rfc-editor.org/rfc/rfc3987#section-2.2.
func inLink(r rune) bool {
	if r >= utf8.RuneSelf {
		return lookup(r)&word != 0
	}
	return r > ' ' && r != unicode.MaxASCII && !strings.ContainsRune("\"<>\\^`{|}", r)
}
