package hashtag

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func find(text string) []string {
	var finder Finder
	var keys []string
	for _, key := range finder.Find(text) {
		keys = append(keys, string(key))
	}
	return keys
}

func TestFind(t *testing.T) {
	tests := []struct {
		name, text string
		want       []string
	}{
		{"none", "no tag here", nil},
		{"empty", "", nil},
		{"sign alone", "# #", nil},
		{"latin", "I like #Go and #rust.", []string{"go", "rust"}},
		{"once per post", "#Go #go #GO #gO", []string{"go"}},
		{"order of the first place", "#b #a #b", []string{"b", "a"}},
		{"korean", "오늘은 #서울 에서 #한국어", []string{"서울", "한국어"}},
		{"korean jamo", "#\u1112\u1161\u11ab\u1100\u116e\u11a8", []string{"한국"}},
		{"korean syllable and final jamo", "#하\u11ab", []string{"한"}},
		{"korean final jamo after a syllable", "#하 #\u11ab", []string{"하", "\u11ab"}},
		{"japanese", "今日は #東京タワー と #ひらがな。", []string{"東京タワー", "ひらがな"}},
		{"japanese voice mark", "#か\u3099", []string{"が"}},
		{"katakana middle dot within", "#スター・ウォーズ #半角\uff65ｱ", []string{"スター・ウォーズ", "半角\uff65ｱ"}},
		{"katakana middle dot between", "#東京・#大阪", []string{"東京", "大阪"}},
		{"full-width sign", "＃東京 ＃Go", []string{"東京", "go"}},
		{"small sign", "﹟Go", []string{"go"}},
		{"all signs in turn", "＃a #b ﹟c #d ＃e", []string{"a", "b", "c", "d", "e"}},
		{"chinese", "#北京，#上海！", []string{"北京", "上海"}},
		{"compatibility ideograph", "#\uf900", []string{"\u8c48"}},
		{"arabic", "#العربية", []string{"العربية"}},
		{"two middle dots", "#a··b #c\u200d\u200cd", []string{"a", "c"}},
		{"persian non-joiner", "#می\u200cخواهم", []string{"می\u200cخواهم"}},
		{"hindi marks", "#हिन्दी", []string{"हिन्दी"}},
		{"thai", "#ภาษาไทย", []string{"ภาษาไทย"}},
		{"hebrew points", "#שָׁלוֹם", []string{"שָׁלוֹם"}},
		{"catalan middle dot", "#col·lecció·", []string{"col·lecció"}},
		{"composed and decomposed", "#Café #cafe\u0301", []string{"café"}},
		{"marks in another order", "#a\u0323\u0307 #a\u0307\u0323", []string{"ạ\u0307"}},
		{"german sharp s", "#straße #STRASSE #STRAẞE", []string{"strasse"}},
		{"greek final sigma", "#ΣΊΣΥΦΟΣ #σίσυφος", []string{"σίσυφοσ"}},
		{"greek iota subscript", "#ᾳ #αι #ΑΙ", []string{"αι"}},
		{"turkish dotted capital", "#İ", []string{"i\u0307"}},
		{"kelvin sign", "#\u212aelvin", []string{"kelvin"}},
		{"cherokee", "#ꭰ #Ꭰ", []string{"Ꭰ"}},
		{"emoji", "#🎉 #😀party", []string{"🎉", "😀party"}},
		{"emoji family", "#👨‍👩‍👧‍👦", []string{"👨‍👩‍👧‍👦"}},
		{"emoji skin", "#👍🏽", []string{"👍🏽"}},
		{"emoji flag", "#🇰🇷", []string{"🇰🇷"}},
		{"emoji flag with tags", "#\U0001F3F4\U000E0067\U000E0062\U000E0065\U000E006E\U000E0067\U000E007F", []string{"\U0001F3F4\U000E0067\U000E0062\U000E0065\U000E006E\U000E0067\U000E007F"}},
		{"emoji keycap", "#1\ufe0f\u20e3", []string{"1\u20e3"}},
		{"emoji selector", "#❤ #❤\ufe0f", []string{"❤"}},
		{"keycap of the sign", "#\ufe0f\u20e3go", nil},
		{"mark on the sign", "#\u0301go", nil},
		{"digit and selector", "#1\ufe0f", nil},
		{"joiner at the end", "#go\u200d #go\u200c", []string{"go"}},
		{"joiner and selector at the end", "#go\u200d\ufe0f", []string{"go"}},
		{"after emoji", "🎉#party ❤\ufe0f#love", []string{"party", "love"}},
		{"after punctuation", "(#go) \"#rust\" .#c", []string{"go", "rust", "c"}},
		{"in a word", "a#b é#b e\u0301#b 한#국 1#b _#b", nil},
		{"tag on tag", "#go#rust", []string{"go"}},
		{"twice the sign", "##go ＃＃go #＃go", nil},
		{"only digits", "#2026 #٢٠٢٦ #２０２６ #1_000 #_", nil},
		{"digits and a letter", "#2026년 #1a #_a", []string{"2026년", "1a", "_a"}},
		{"full-width punctuation", "（＃東京、ＡＢ！）﹟Ｇo＃\xef", []string{"東京", "ｇo"}},
		{"digit with a mark", "#1\u0301", nil},
		{"number letter", "#Ⅷ", []string{"ⅷ"}},
		{"no identifier", "#½ #$ #- #©", nil},
		{"up to punctuation", "#go-lang #c++ #it's #acme™", []string{"go", "c", "it", "acme"}},
		{"fragment after slash", "example.com/#x", nil},
		{"fragment after a query", "see https://example.com/?a=#x.#y #z", []string{"z"}},
		{"fragment in korean", "https://ko.example.org/wiki/한글(문자)#역사", nil},
		{"fragment without scheme", "www.example.com/?a=#x", nil},
		{"after a link", "https://example.com/a #x", []string{"x"}},
		{"after a link in japanese", "見てhttps://example.com/a。#タグ", []string{"タグ"}},
		{"character reference", "it&#x27;s", nil},
		{"invalid utf-8", "#a\xff#b \xf0#c", []string{"a", "b", "c"}},
		{"longest", "#" + strings.Repeat("가", MaxLength), []string{strings.Repeat("가", MaxLength)}},
		{"too long", "#" + strings.Repeat("a", MaxLength+1) + " #b", []string{"b"}},
		{"too long when folded", "#" + strings.Repeat("ß", MaxLength/2+1), nil},
		{"longest when composed", "#" + strings.Repeat("e\u0301", MaxLength), []string{strings.Repeat("é", MaxLength)}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, find(test.text)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestFindMany(t *testing.T) {
	var text strings.Builder
	var want []string
	for i := range 100 {
		fmt.Fprintf(&text, "#Tag%d #tag%d ", i, i/2)
		want = append(want, fmt.Sprintf("tag%d", i))
	}
	if diff := cmp.Diff(want, find(text.String())); diff != "" {
		t.Error(diff)
	}
}

func TestFinderForgets(t *testing.T) {
	var finder Finder
	long := strings.Repeat("#a #b #c #d #e #f #g #h #i #j #k #l #m #n #o #p #q #r ", 2)
	for range 2 {
		if got := len(finder.Find(long)); got != 18 {
			t.Fatalf("found %d keys, want 18", got)
		}
		if got := finder.Find("#r"); len(got) != 1 || string(got[0]) != "r" {
			t.Fatalf("found %q, want r", got)
		}
	}
}

func TestKey(t *testing.T) {
	tests := []struct {
		name, tag, want string
		ok              bool
	}{
		{"bare", "Go", "go", true},
		{"sign", "#Go", "go", true},
		{"full-width sign", "＃Straße", "strasse", true},
		{"empty", "", "", false},
		{"sign alone", "#", "", false},
		{"digits", "#2026", "", false},
		{"two words", "#go lang", "", false},
		{"two signs", "##go", "", false},
		{"joiner at the end", "go\u200d", "", false},
		{"too long", strings.Repeat("a", MaxLength+1), "", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, ok := Key(test.tag)
			if got != test.want || ok != test.ok {
				t.Errorf("Key(%q) = %q, %t; want %q, %t", test.tag, got, ok, test.want, test.ok)
			}
		})
	}
}

func TestFindDoesNotAllocate(t *testing.T) {
	var finder Finder
	text := "오늘 #서울 #Go 날씨 #東京タワー https://example.com/#x #한국어 #CAFÉ #العربية #ภาษา #2026 (#Привет❤\ufe0f) #🎉"
	finder.Find(text)
	if got := testing.AllocsPerRun(100, func() { finder.Find(text) }); got != 0 {
		t.Errorf("%v allocations, want 0", got)
	}
	var other Finder
	if got := testing.AllocsPerRun(100, func() { other.Find("#2026") }); got != 0 {
		t.Errorf("%v allocations for no hashtag, want 0", got)
	}
}
