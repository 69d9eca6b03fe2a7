package hashtag

import "unicode/utf8"

// identifier is what follows a number sign.
type identifier struct {
	// length in bytes, 0 for none.
	length int
	// named says that there is a letter or an emoji.
	named bool
	// alone says that each character has a key of its own.
	alone bool
}

// identify reads the identifier at the start of text: one character that is no
// mark, then any number of characters, with a medial between two of them. It
// appends the keys of the characters to key.
func identify(key []byte, text string) (identifier, []byte) {
	name, end := identifier{alone: true}, len(key)
	for at := 0; at < len(text); {
		r, size := rune(text[at]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(text[at:])
		}
		c := lookup(r)
		if c&free == 0 {
			afterMedial := at > name.length
			switch {
			case c&medial != 0 && at > 0 && !afterMedial:
				key = utf8.AppendRune(key, rune(c&keyBits))
				at += size
				continue
			case c&continues == 0, at == 0 && c&mark != 0, afterMedial && isSelector(r):
				return name, key[:end]
			}
			name.alone = name.alone && c&keyBits != 0
		}
		if !isSelector(r) {
			key = utf8.AppendRune(key, rune(c&keyBits))
		}
		at += size
		name.length, end = at, len(key)
		name.named = name.named || c&naming != 0
	}
	return name, key[:end]
}
