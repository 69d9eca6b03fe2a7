package photo

import (
	"errors"
	"io"
	"strings"

	"github.com/noidle/noidle/functions/internal/photo/scaledjpeg"
)

// Rejected is the error about a photo of which no thumbnails can be made. Trying again is of
// no use.
type Rejected struct {
	// Code is the kind of reason, one of the constants.
	Code string
	// Reason says in words what is wrong with the photo.
	Reason string

	panicked bool // a decoder panicked
}

// The codes of Rejected.
const (
	Empty         = "empty"           // no bytes
	UnknownFormat = "unknown-format"  // not a picture, or none that is known
	Unsupported   = "unsupported"     // a format, or a kind of a format, that is known and not read
	Truncated     = "truncated"       // the end is missing
	Corrupt       = "corrupt"         // against the format's rules
	TooManyPixels = "too-many-pixels" // more than Limits.Pixels or Limits.ProgressivePixels
	TooMuchMemory = "too-much-memory" // more than Limits.Memory
)

// Error returns the reason.
func (r *Rejected) Error() string {
	return r.Reason
}

// reject returns a decoder's error as Rejected.
func reject(format string, err error) error {
	detail := describe(err)
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return &Rejected{Code: Truncated, Reason: "truncated " + title(format)}
	case errors.Is(err, scaledjpeg.ErrTruncated), strings.HasPrefix(detail, "the file ends"):
		return &Rejected{Code: Truncated, Reason: "truncated " + title(format) + ": " + detail}
	case errors.Is(err, scaledjpeg.ErrUnsupported):
		return &Rejected{Code: Unsupported, Reason: "this kind of " + title(format) + " is not supported: " + detail}
	}
	return &Rejected{Code: Corrupt, Reason: "corrupt " + title(format) + ": " + detail}
}

// describe returns a decoder's error without the names of the package and of the kind of error.
func describe(err error) string {
	text := err.Error()
	for _, prefix := range []string{"gif: ", "png: ", "jpeg: ", "webp: ", "vp8: ", "vp8l: ", "riff: ", "truncated: ", "corrupt: ", "unsupported: "} {
		text = strings.TrimPrefix(text, prefix)
	}
	return text
}

// title writes the name of a format as people do.
func title(format string) string {
	if format == "webp" {
		return "WebP"
	}
	return strings.ToUpper(format)
}
