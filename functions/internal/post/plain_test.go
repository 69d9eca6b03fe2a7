package post

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestPlain(t *testing.T) {
	texts := []string{strings.Repeat("aé!한😀", 10), strings.Repeat("a", 100)}
	for c := range 256 {
		for _, length := range []int{7, 31, 40, 75} {
			for at := range length {
				data := []byte(texts[at%2][:length])
				data[at] = byte(c)
				checkPlain(t, data)
			}
		}
	}
}

func TestPlainMixed(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	pieces := []string{
		"a", "12345678", strings.Repeat("a", 24), strings.Repeat("b", 40), "é", "한", "\u0800", "\ud7ff", "\ue000", "\uffff", "😀", "\U00010000", "\U0010ffff", `"`, `\`, "\x1f",
		"\x80", "\xc1\x80", "\xe0\x9f\x80", "\xe1\x80", "\xec\x80\xc0", "\xed\xa0\x80", "\xf0\x8f\x80\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff",
	}
	seen := map[bool]int{}
	for range 50_000 {
		var data []byte
		for range random.IntN(6) {
			data = append(data, pieces[random.IntN(len(pieces))]...)
		}
		seen[checkPlain(t, data[:max(0, len(data)-random.IntN(2))])]++
	}
	if seen[true] < 1000 || seen[false] < 1000 {
		t.Errorf("tried %v, want 1000 of each", seen)
	}
}

func checkPlain(t *testing.T, data []byte) bool {
	t.Helper()
	want := bytes.IndexFunc(data, func(r rune) bool { return r < 0x20 || r == '"' || r == '\\' })
	if want < 0 {
		want = len(data)
	}
	wantValid := utf8.Valid(data[:want])
	for name, plain := range map[string]func([]byte) (int, bool){"one pass": plainInOne, "two passes": plainInTwo} {
		if got, valid := plain(data); got != want || valid != wantValid {
			t.Fatalf("in %s, plain(%q) = %d, %t; want %d, %t", name, data, got, valid, want, wantValid)
		}
	}
	return wantValid
}
