package hashtag

import (
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

func FuzzFind(f *testing.F) {
	for _, seed := range []string{
		"#Go #STRASSE ＃東京 #2026년", "https://example.com/?a=#b.#c", "#👨‍👩‍👧‍👦❤\ufe0f", "#a\u200d\ufe0f\u200db", "#Ⓜ", "#ꭰᎠ",
		"#\u0390\u0345\u1fbe\u0149", "#한\u11ab\u1112\u1161", "a#b &#c ##d",
		"#a" + strings.Repeat("\u0301\u0323", 40),
	} {
		f.Add(seed)
	}
	f.Fuzz(check)
}

func TestFindProperties(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	pieces := []string{
		"#", "＃", "﹟", " ", "/", "://", "a", "B", "1", "_", "ß", "ẞ", "é", "e\u0301", "\u0345", "ᾳ", "Σ", "ς", "İ", "ŉ",
		"\u1112", "\u1161", "\u11ab", "한", "が", "か\u3099", "ー", "・", "·", "\u0387", "\u200d", "\u200c", "\ufe0f", "\u20e3",
		"😀", "🇰", "👍🏽", "\U000E0067", "ꭰ", "Ω", "\u2126", "ﬃ", "\u0f73", "\u0344", "\u034f", "\xff", "\u037a", "\ufdfa", "Й", "أ", "\u0627", "\u0654", "ไ", "\u0e31", "हि", "\u093c", "\u0958", "İ", "\u1ea0",
	}
	for range 20_000 {
		var text strings.Builder
		for range random.IntN(24) {
			text.WriteString(pieces[random.IntN(len(pieces))])
		}
		check(t, text.String())
	}
}

// TestEveryCharacter checks each character as a hashtag of its own and within
// one.
func TestEveryCharacter(t *testing.T) {
	for r := rune(1); r < 0xe1000; r++ {
		if r == 0x40000 {
			r = 0xe0000 // no character has been between
		}
		check(t, "#"+string(r))
		check(t, "#a"+string(r)+"b")
	}
}

// TestComposing checks each pair of characters that is another form of a
// letter, mark or number.
func TestComposing(t *testing.T) {
	for r := rune(1); r < 0x40000; r++ {
		if whole := norm.NFD.String(string(r)); isWord(r) && utf8.RuneCountInString(whole) > 1 {
			check(t, "#"+whole)
			check(t, "#"+strings.ToUpper(whole)+"b")
		}
	}
}

// check checks that every key is folded, in form C, and its own key, and that
// the keys of characters that stand alone make the key of the identifier.
func check(t *testing.T, text string) {
	_, rest, _ := strings.Cut(text, "#")
	if name, key := identify(nil, rest); name.alone {
		var normal normalizer
		if want := normal.appendFolded(nil, rest[:name.length]); string(key) != string(want) {
			t.Errorf("%+q: %+q one by one, %+q as a whole", text, key, want)
		}
	}
	var finder Finder
	seen := map[string]bool{}
	for _, found := range finder.Find(text) {
		key := string(found)
		if seen[key] {
			t.Errorf("%+q: %+q is there twice", text, key)
		}
		seen[key] = true
		if again, ok := Key(key); !ok || again != key {
			t.Errorf("%+q: the key of %+q is %+q, %t", text, key, again, ok)
		}
		if again := find("#" + key); len(again) != 1 || again[0] != key {
			t.Errorf("%+q: %+q is found as %+q", text, key, again)
		}
		if !utf8.ValidString(key) || !norm.NFC.IsNormalString(key) {
			t.Errorf("%+q: %+q is not in form C", text, key)
		}
		if strings.ContainsFunc(key, func(r rune) bool { return !isFolded(r) }) {
			t.Errorf("%+q: %+q is not folded", text, key)
		}
		if length := utf8.RuneCountInString(key); length > MaxLength {
			t.Errorf("%+q: %+q has %d characters", text, key, length)
		}
	}
}

// isFolded says whether full case folding leaves the parts of r alone. Cherokee
// folds to its capitals.
func isFolded(r rune) bool {
	if 0x13a0 <= r && r <= 0x13f5 {
		return true
	}
	for _, part := range norm.NFD.String(string(r)) {
		if cases.Fold().String(string(part)) != string(part) {
			return false
		}
	}
	return true
}
