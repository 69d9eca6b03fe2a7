package hashtag

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// normalizer makes keys. It keeps its memory from one to the next.
type normalizer struct{ decomposed, folded, composed []byte }

// appendFolded appends text without variation selectors and without case:
// decomposed, folded and composed, as a canonical caseless match needs it
// (The Unicode Standard, section 3.13, definition D145).
func (n *normalizer) appendFolded(key []byte, text string) []byte {
	n.decomposed = norm.NFD.AppendString(n.decomposed[:0], strings.Map(foldable, text))
	n.folded = fold(n.folded[:0], n.decomposed)
	n.composed = norm.NFC.Append(n.composed[:0], n.folded...) // not with the end of key
	return append(key, n.composed...)
}

// foldable drops variation selectors and makes Cherokee lower case: its letters
// fold to capitals, and package cases takes a capital for a small letter there.
func foldable(r rune) rune {
	switch {
	case isSelector(r):
		return -1
	case 0x13a0 <= r && r <= 0x13f5:
		return unicode.ToLower(r)
	}
	return r
}

// fold appends text under full case folding. No character grows to more than
// three times its bytes.
func fold(folded, text []byte) []byte {
	folded = slices.Grow(folded, 3*len(text))
	size, _, err := cases.Fold().Transform(folded[:3*len(text)], text, true)
	if err != nil {
		panic("hashtag: folding " + string(text) + ": " + err.Error())
	}
	return folded[:size]
}

func fits(key []byte) bool {
	return len(key) <= MaxLength || utf8.RuneCount(key) <= MaxLength
}
