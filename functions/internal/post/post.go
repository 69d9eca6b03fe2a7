// Package post is a post of a social network as it travels through a stream:
// one JSON object in UTF-8.
package post

import (
	"fmt"
	"time"
)

// Largest sizes in bytes. Those of fields count the value, without quotes and
// escapes.
const (
	// MaxSize is the largest JSON text of a post: a record of Kinesis Data
	// Streams of the default size,
	// https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html.
	MaxSize = 1 << 20
	// MaxID is the longest identifier of a post or user.
	MaxID = 128
	// MaxText is the longest text.
	MaxText = 64 << 10
	// MaxLang is the longest language tag,
	// https://www.rfc-editor.org/rfc/rfc5646#section-4.4.1.
	MaxLang = 35
)

// Post is what a user published. [Parse] says how long its strings are valid.
type Post struct {
	// ID tells the post from all others. It is never empty.
	ID string `json:"id"`
	// User identifies the author. It is empty when the author is unknown.
	User string `json:"user,omitempty"`
	// Text is what the user wrote. It is never empty.
	Text string `json:"text"`
	// Lang is the language of the text, a BCP 47 tag such as ko or pt-BR, as the
	// client wrote it. It is empty when the language is unknown.
	Lang string `json:"lang,omitempty"`
	// CreatedAt is when the post was published, in UTC. It is zero when the
	// client did not say so.
	CreatedAt time.Time `json:"createdAt,omitzero"`
}

// Invalid is the error of JSON that is no valid post. Trying again gets the
// same answer.
type Invalid struct {
	// Field is the name of the wrong field in JSON. It is empty when the JSON
	// as a whole is wrong.
	Field string
	// Reason says what is wrong and what would be right.
	Reason string
}

// Error returns the field and the reason.
func (e *Invalid) Error() string {
	if e.Field == "" {
		return "post: " + e.Reason
	}
	return "post: field " + e.Field + " " + e.Reason
}

func invalid(field, format string, arguments ...any) error {
	return &Invalid{Field: field, Reason: fmt.Sprintf(format, arguments...)}
}

// Parse reads the JSON object of one post into p and checks it. Names of
// fields count by their exact letters. Fields that a post does not have are
// ignored, and a field that is null counts as absent. JSON is as in
// https://www.rfc-editor.org/rfc/rfc8259, text as in
// https://www.rfc-editor.org/rfc/rfc7493#section-2: a field of a post is there
// once at most, and no text holds invalid UTF-8 or half a surrogate pair.
//
// Parse overwrites data: the strings of p are parts of it, and escapes are
// resolved in place. They are valid only while data is unchanged; clone what is
// to be kept, with [strings.Clone].
//
// The error is always an [*Invalid]; p is zero and data as it was then.
func Parse(data []byte, p *Post) error {
	*p = Post{}
	if len(data) > MaxSize {
		return invalid("", "has %d bytes, more than the %d allowed", len(data), MaxSize)
	}
	m := members{scanner: scanner{data: data}}
	createdAt, err := m.read()
	if err != nil {
		return m.explained(err)
	}
	*p = Post{m.id.overwrite(), m.user.overwrite(), m.text.overwrite(), m.lang.overwrite(), createdAt}
	return nil
}
