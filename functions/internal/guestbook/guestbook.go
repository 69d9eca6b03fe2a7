// Package guestbook is a book in which anybody may leave a message.
package guestbook

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"
)

// The longest name and message, in characters.
const (
	MaxName    = 50
	MaxMessage = 500
)

// Entry is a message in the book.
type Entry struct {
	// ID is unlike that of any other entry. Later entries have greater IDs.
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	Message   string    `json:"message"`
	CreatedAt time.Time `json:"createdAt"`
}

// Book is where the entries are kept.
type Book interface {
	Add(ctx context.Context, e Entry) error
	// Newest returns the latest 50 entries, the latest first.
	Newest(ctx context.Context) ([]Entry, error)
}

// New returns an entry with a new ID, and what is wrong with it by JSON pointer.
func New(name, message string, now time.Time) (e Entry, wrong map[string]string) {
	e = Entry{
		ID:        uuid.Must(uuid.NewV7()).String(), // version 7 starts with the time
		Name:      strings.TrimSpace(name),
		Message:   strings.TrimSpace(message),
		CreatedAt: now.UTC().Truncate(time.Millisecond),
	}
	wrong = map[string]string{}
	if n := utf8.RuneCountInString(e.Name); n < 1 || n > MaxName || strings.ContainsFunc(e.Name, endsLine) {
		wrong["/name"] = fmt.Sprintf("want 1 to %d characters on one line, got %d", MaxName, n)
	}
	if n := utf8.RuneCountInString(e.Message); n < 1 || n > MaxMessage {
		wrong["/message"] = fmt.Sprintf("want 1 to %d characters, got %d", MaxMessage, n)
	}
	return e, wrong
}

// endsLine says whether a character may end a line, or is a control character.
func endsLine(r rune) bool { return unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp) }
