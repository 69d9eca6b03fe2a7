package guestbook_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/noidle/noidle/functions/internal/guestbook"
)

func TestNew(t *testing.T) {
	seoul := time.FixedZone("KST", 9*60*60)
	got, wrong := guestbook.New("\u3000 Ann Lee\n", "\t<b>안녕</b>\n👋 ", time.Date(2026, 11, 23, 19, 0, 0, 123_999_999, seoul))
	want := guestbook.Entry{Name: "Ann Lee", Message: "<b>안녕</b>\n👋", CreatedAt: time.Date(2026, 11, 23, 10, 0, 0, 123_000_000, time.UTC)}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(guestbook.Entry{}, "ID")); diff != "" || len(wrong) > 0 {
		t.Errorf("wrong is %v, the entry (-want +got):\n%s", wrong, diff)
	}
}

func TestNewChecks(t *testing.T) {
	name, message := []string{"/name"}, []string{"/message"}
	for _, tt := range []struct {
		about, name, message string
		want                 []string
	}{
		{"shortest", "a", "b", nil},
		{"longest, and space around", " " + strings.Repeat("이", 50) + " ", " " + strings.Repeat("글", 500) + " ", nil},
		{"letters that join", "👨‍👩‍👧", "👨‍👩‍👧", nil},
		{"right to left", "سارة", "سلام", nil},
		{"empty", "", "", []string{"/message", "/name"}},
		{"space alone", "\u00a0\u2003", "\n\n", []string{"/message", "/name"}},
		{"name too long", strings.Repeat("이", 51), "b", name},
		{"message too long", "a", strings.Repeat("글", 501), message},
		{"message of lines", "a", "b\n\u2028c", nil},
		{"name of two lines", "a\nb", "b", name},
		{"name with a line separator", "a\u2028b", "b", name},
		{"name with a paragraph separator", "a\u2029b", "b", name},
		{"name with a control character", "a\x00b", "b", name},
	} {
		t.Run(tt.about, func(t *testing.T) {
			_, wrong := guestbook.New(tt.name, tt.message, time.Time{})
			if diff := cmp.Diff(tt.want, slices.Sorted(maps.Keys(wrong))); diff != "" {
				t.Errorf("wrong is %v (-want +got):\n%s", wrong, diff)
			}
		})
	}
}

// TestIDs: later entries have greater IDs, also within one millisecond.
func TestIDs(t *testing.T) {
	last := ""
	for range 10_000 {
		e, _ := guestbook.New("a", "b", time.Time{})
		if e.ID <= last {
			t.Fatalf("ID %s comes after %s", e.ID, last)
		}
		last = e.ID
	}
}
