package hashtag

import (
	"sync/atomic"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// character is what identifiers need to know of a code point: flags, and in
// the lowest bits its key, which is 0 when the key depends on its neighbours or
// has several code points.
type character uint32

const (
	word      character = 1 << (31 - iota) // a letter, mark, number or underscore
	continues                              // stands in an identifier
	medial                                 // stands between two of an identifier
	mark                                   // changes the character before it
	naming                                 // a letter or emoji, of which an identifier needs one
	free                                   // starts or continues an identifier, and has a key

	keyBits character = 1<<21 - 1
)

// characters remembers those that classify has seen.
var characters [0x20000]atomic.Uint32

func lookup(r rune) character {
	if isSimple(r) {
		return word | continues | naming | free | character(r)
	}
	if int(r) >= len(characters) {
		return classify(r)
	}
	c := character(characters[r].Load())
	if c == 0 {
		c = classify(r) | ownKey(r)
		if c&(continues|mark) == continues && c&keyBits != 0 {
			c |= free
		}
		characters[r].Store(uint32(c))
	}
	return c
}

// isSimple says whether r is a common letter that has neither case nor another
// form.
func isSimple(r rune) bool {
	switch {
	case r < 0x3041:
		return false
	case r <= 0x3096, 0x30a1 <= r && r <= 0x30fa, r == 0x30fc: // kana
		return true
	case 0x4e00 <= r && r <= 0x9fff: // unified ideographs
		return true
	}
	return 0xac00 <= r && r <= 0xd7a3 // syllables of Hangul
}

func classify(r rune) (c character) {
	if isWord(r) {
		c |= word | continues
	}
	if r == keycap || unicode.In(r, emoji, emojiTags) {
		c |= continues
	}
	if isMedial(r) {
		c |= medial
	}
	if unicode.In(r, unicode.M, emojiTags) {
		c |= mark
	}
	if r == keycap || c&(continues|mark) == continues && !unicode.In(r, unicode.Nd, unicode.Pc) {
		c |= naming
	}
	return c
}

// ownKey returns the key of r if it is one code point whatever stands before
// and after. A variation selector has itself, which no key keeps.
func ownKey(r rune) character {
	if isSelector(r) {
		return character(r)
	}
	var normal normalizer
	key := normal.appendFolded(nil, string(r))
	folded, size := utf8.DecodeRune(key)
	if size < len(key) || !norm.NFD.PropertiesString(string(r)).BoundaryBefore() {
		return 0
	}
	return character(folded)
}

// isWord says whether r is in XID_Continue of
// https://www.unicode.org/reports/tr31/#Default_Identifier_Syntax, but for
// middle dots.
func isWord(r rune) bool {
	return !isMedial(r) && !unicode.Is(notExtended, r) &&
		unicode.In(r, unicode.L, unicode.Mn, unicode.Mc, unicode.Nd, unicode.Nl, unicode.Pc,
			unicode.Other_ID_Start, unicode.Other_ID_Continue)
}

// isMedial says whether r is a zero-width joiner or non-joiner, or a middle dot
// of Catalan or Katakana.
func isMedial(r rune) bool {
	switch r {
	case 0x200c, 0x200d, 0x00b7, 0x0387, 0x30fb, 0xff65:
		return true
	}
	return false
}

// isSelector says whether r selects how the character before it looks, as text
// or as emoji, https://www.unicode.org/reports/tr51/#Emoji_Variation_Sequences.
func isSelector(r rune) bool { return r == 0xfe0e || r == 0xfe0f }

// notExtended are characters of the categories of isWord that are not in
// XID_Continue.
var notExtended = &unicode.RangeTable{
	R16: []unicode.Range16{
		{0x037a, 0x037a, 1}, {0x2e2f, 0x2e2f, 1}, {0x309b, 0x309c, 1}, {0xfc5e, 0xfc63, 1},
		{0xfdfa, 0xfdfb, 1}, {0xfe70, 0xfe7e, 2},
	},
}
