package hashtag

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// numberSigns are the characters that start a hashtag: U+0023, U+FF03 (full
// width) and U+FE5F (small).
var numberSigns = [...]string{"#", "＃", "﹟"}

// signs finds the number signs in a text.
type signs struct {
	text string
	from int
	// places has for each number sign the next place at or after from, or the
	// length of the text.
	places [len(numberSigns)]int
	// checked is the last place that starts looked at, link its answer there.
	checked int
	link    bool
}

func newSigns(text string) signs {
	s := signs{text: text}
	for i := range s.places {
		s.places[i] = s.find(i)
	}
	return s
}

func (s *signs) find(i int) int {
	if at := strings.Index(s.text[s.from:], numberSigns[i]); at >= 0 {
		return s.from + at
	}
	return len(s.text)
}

// next returns the place of the next number sign and its size in bytes, which
// is 0 at the end of the text.
func (s *signs) next() (at, size int) {
	first := 0
	for i, place := range s.places {
		if place < s.from {
			s.places[i] = s.find(i)
		}
		if s.places[i] < s.places[first] {
			first = i
		}
	}
	at = s.places[first]
	if at == len(s.text) {
		return at, 0
	}
	s.from = at + len(numberSigns[first])
	return at, len(numberSigns[first])
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
	case isWord(before) && !isSelector(before):
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
		return isWord(r)
	}
	return r > ' ' && r != unicode.MaxASCII && !strings.ContainsRune("\"<>\\^`{|}", r)
}
