package hashtag

import (
	"unicode"
	"unicode/utf8"
)

// identifier is what follows a number sign.
type identifier struct {
	// length in bytes, 0 for none.
	length int
	// named says that there is a letter or an emoji.
	named bool
	// lower says that the identifier is its own key once its ASCII letters are
	// lower case.
	lower bool
}

// identify reads the identifier at the start of text: one character that is no
// mark, then any number of characters, with a medial between two of them.
func identify(text string) identifier {
	name := identifier{lower: true}
	for at := 0; at < len(text); {
		r, size := rune(text[at]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(text[at:])
		}
		afterMedial := at > name.length
		switch simple := isSimple(r); {
		case simple:
			name.named = name.named || r >= utf8.RuneSelf || isLetter(byte(r))
		case at > 0 && !afterMedial && isMedial(r):
			name.lower = false
			at += size
			continue
		case !isContinue(r) || at == 0 && isMark(r) || afterMedial && isSelector(r):
			return name
		default:
			name.lower = false
			name.named = name.named || r == keycap || !isMark(r) && !unicode.In(r, unicode.Nd, unicode.Pc)
		}
		at += size
		name.length = at
	}
	return name
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// isSimple says whether r is a common character of identifiers that has
// neither case, other than in ASCII, nor another form.
func isSimple(r rune) bool {
	switch {
	case r < utf8.RuneSelf:
		return isLetter(byte(r)) || '0' <= r && r <= '9' || r == '_'
	case r < 0x3041:
		return false
	case r <= 0x3096, 0x30a1 <= r && r <= 0x30fa, r == 0x30fc: // kana
		return true
	case 0x4e00 <= r && r <= 0x9fff: // unified ideographs
		return true
	}
	return 0xac00 <= r && r <= 0xd7a3 // syllables of Hangul
}

// isWord says whether r is a letter, mark, number or underscore: XID_Continue
// of https://www.unicode.org/reports/tr31/#Default_Identifier_Syntax, but for
// middle dots.
func isWord(r rune) bool {
	return isSimple(r) || r >= utf8.RuneSelf && !isMedial(r) && !unicode.Is(notExtended, r) &&
		unicode.In(r, unicode.L, unicode.Mn, unicode.Mc, unicode.Nd, unicode.Nl, unicode.Pc,
			unicode.Other_ID_Start, unicode.Other_ID_Continue)
}

func isContinue(r rune) bool {
	return isWord(r) || r == keycap || unicode.In(r, emoji, emojiTags)
}

// isMedial says whether r may stand between two characters of an identifier:
// a zero-width joiner or non-joiner, the middle dots of Catalan and of
// Katakana.
func isMedial(r rune) bool {
	switch r {
	case 0x200c, 0x200d, 0x00b7, 0x0387, 0x30fb, 0xff65:
		return true
	}
	return false
}

// isMark says whether r changes the character before it.
func isMark(r rune) bool {
	return unicode.In(r, unicode.M, emojiTags)
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
