// Package hashtag finds the hashtags in the text of a post.
//
// A hashtag is a number sign and an identifier, after the extended syntax of
// https://www.unicode.org/reports/tr31/#hashtag_identifiers: letters, marks,
// numbers, underscores and emoji of any script, and between two of them a
// joiner or a middle dot. These rules make it one that people mean:
//
//   - It has a letter or an emoji: #2026 and #_ are none, #2026년 is one.
//   - It starts outside of a word: a#b has none, 🎉#b has one.
//   - It is no part of a link, such as https://example.com/?a=#b.
//   - A number sign that a mark changes, such as the keycap #️⃣, starts none.
//   - Signs that end words are no emoji here: © ® ™ ‼ ⁉ 〰.
//   - Its key has at most [MaxLength] characters.
//
// Hashtags with the same key are the same. The key is the identifier without
// case and in Unicode Normalization Form C, so that #Straße and #STRASSE are
// one. It has no variation selectors, so that ❤ and ❤️ are one.
package hashtag

import "bytes"

// MaxLength is the most characters (code points) that the key of a hashtag
// has. What is longer is no hashtag.
const MaxLength = 100

// Finder finds hashtags. It keeps its memory from one text to the next. The
// zero Finder is ready. A Finder serves one goroutine at a time.
type Finder struct {
	keys   [][]byte
	buffer []byte
	many   map[string]struct{}
	normal normalizer
}

// Find returns the keys of the hashtags in text, each once, in the order of
// their first place. The keys are valid until the next call.
func (f *Finder) Find(text string) [][]byte {
	f.keys, f.buffer = f.keys[:0], f.buffer[:0]
	clear(f.many)
	signs := newSigns(text)
	for {
		at, size := signs.next()
		if size == 0 {
			return f.keys
		}
		start := len(f.buffer)
		name, buffer := identify(f.buffer, text[at+size:])
		f.buffer = buffer[:start]
		if !name.named || !signs.starts(at) {
			continue
		}
		signs.pass(at + size + name.length)
		if !name.alone {
			buffer = f.normal.appendFolded(f.buffer, text[at+size:at+size+name.length])
		}
		key := buffer[start:len(buffer):len(buffer)]
		if fits(key) && !f.has(key) {
			f.keys, f.buffer = append(f.keys, key), buffer
		}
	}
}

// few is how many keys are compared one by one with a new one.
const few = 16

func (f *Finder) has(key []byte) bool {
	if len(f.keys) < few {
		for _, known := range f.keys {
			if bytes.Equal(known, key) {
				return true
			}
		}
		return false
	}
	if f.many == nil {
		f.many = map[string]struct{}{}
	}
	if len(f.many) == 0 {
		for _, known := range f.keys {
			f.many[string(known)] = struct{}{}
		}
	}
	_, known := f.many[string(key)]
	if !known {
		f.many[string(key)] = struct{}{}
	}
	return known
}

// Key returns the key of one hashtag, given with or without its number sign,
// and whether it is a hashtag.
func Key(tag string) (string, bool) {
	signs := newSigns(tag)
	if at, size := signs.next(); at == 0 {
		tag = tag[size:]
	}
	name, key := identify(nil, tag)
	if !name.named || name.length != len(tag) {
		return "", false
	}
	if !name.alone {
		var normal normalizer
		key = normal.appendFolded(nil, tag)
	}
	if !fits(key) {
		return "", false
	}
	return string(key), true
}
