// Package album is the photos that an owner has put into the thumbnail pipeline:
// what was announced, and what became of it.
package album

import (
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// The limits of a photo.
const (
	// MaxName is the longest name of a file, in characters.
	MaxName = 255
	// MaxBytes is the largest file, in bytes.
	MaxBytes = 20 << 20
	// Newest is how many photos [Album.Newest] returns at most.
	Newest = 24
)

// extensions are the types of photos, and what their keys end in.
var extensions = map[string]string{"image/jpeg": "jpg", "image/png": "png", "image/gif": "gif", "image/webp": "webp"}

// Draft is a photo that its owner wants to put in.
type Draft struct {
	// Name is the file's, 1 to 255 characters without control characters.
	Name string `json:"name"`
	// Type is image/jpeg, image/png, image/gif or image/webp.
	Type string `json:"type"`
	// Bytes is the size of the file, 1 byte to 20 MiB.
	Bytes int64 `json:"bytes"`
}

// Check returns what is wrong by JSON pointer. A draft that is right has nothing.
func (d Draft) Check() map[string]string {
	wrong := map[string]string{}
	if n := utf8.RuneCountInString(d.Name); n < 1 || n > MaxName || strings.ContainsFunc(d.Name, unicode.IsControl) {
		wrong["/name"] = fmt.Sprintf("want 1 to %d characters, none of them a control character, got %.40q", MaxName, d.Name)
	}
	if extensions[d.Type] == "" {
		wrong["/type"] = fmt.Sprintf("want image/jpeg, image/png, image/gif or image/webp, got %.40q", d.Type)
	}
	if d.Bytes < 1 || d.Bytes > MaxBytes {
		wrong["/bytes"] = fmt.Sprintf("want 1 to %d, got %d", MaxBytes, d.Bytes)
	}
	return wrong
}

// Entry is a photo that was announced.
type Entry struct {
	// Owner and ID identify the photo. IDs of later photos sort after those of
	// earlier ones.
	Owner, ID string
	// Name, Type and Bytes are those of the draft.
	Name, Type string
	Bytes      int64
	// UploadedAt is when the photo was announced, in UTC and whole milliseconds.
	UploadedAt time.Time
}

// Key is the key of the photo's file, such as photos/<owner>/<id>.jpg. Slashes, dots
// and the like in the owner are escaped, so that none gets below another's prefix.
func (e Entry) Key() string {
	owner := strings.ReplaceAll(url.PathEscape(e.Owner), ".", "%2E")
	return "photos/" + owner + "/" + e.ID + "." + extensions[e.Type]
}

// Status says what became of a photo.
type Status string

// The statuses of photos that the pipeline knows nothing of, yet. READY and
// PROCESSING are the pipeline's alone.
const (
	Waiting  Status = "WAITING"
	Rejected Status = "REJECTED" // nothing came for as long as Patience
)

// Patience is how long a photo may be on its way. One that comes later all the same
// is no longer rejected.
const Patience = 15 * time.Minute

// Result is what the pipeline has on record for a photo.
type Result struct {
	// Status is Waiting, Rejected or what the pipeline says.
	Status Status `json:"status"`
	// Reason is why the photo was rejected, for people.
	Reason string `json:"reason,omitempty"`
	// Thumbnails is never nil in the answers of [Album].
	Thumbnails []Thumbnail `json:"thumbnails"`
}

// Thumbnail is a small picture of a photo.
type Thumbnail struct {
	// Name is that of its size, such as web.
	Name string `json:"name"`
	// Key is that of its file.
	Key string `json:"-"`
	// URL opens it for a while.
	URL string `json:"url"`
	// Width and Height are in pixels.
	Width  int `json:"width"`
	Height int `json:"height"`
}

// Photo is a photo as its owner sees it.
type Photo struct {
	ID         string    `json:"id"`
	Name       string    `json:"name"`
	UploadedAt time.Time `json:"uploadedAt"`
	Result
}
