package post

import (
	"math/rand/v2"
	"testing"
	"unicode/utf8"
)

func TestValid(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	pieces := []string{
		"a", "12345678", "é", "한", "\u0800", "\ud7ff", "\ue000", "\uffff", "😀", "\U0010ffff",
		"\x80", "\xc1\x80", "\xe0\x80\x80", "\xe1\x80", "\xec\x80\xc0", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xff",
	}
	seen := map[bool]int{}
	for range 50_000 {
		var data []byte
		for range random.IntN(6) {
			data = append(data, pieces[random.IntN(len(pieces))]...)
		}
		data = data[:max(0, len(data)-random.IntN(2))]
		want := utf8.Valid(data)
		if got := valid(data); got != want {
			t.Fatalf("valid(%q) = %t, want %t", data, got, want)
		}
		seen[want]++
	}
	if seen[true] < 1000 || seen[false] < 1000 {
		t.Errorf("tried %v, want 1000 of each", seen)
	}
}
