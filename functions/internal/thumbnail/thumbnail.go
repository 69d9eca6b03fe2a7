// Package thumbnail keeps the thumbnails of a bucket's photos up to date: for each
// photo that is there, exactly the thumbnails of its current content; for each
// that cannot be read, the reason; for each that is gone, nothing.
//
// It does not trust events, which come late, twice and out of order. An event
// only says where to look: [Maker.Update] compares what is there with what the
// index says was made of it, and makes up the difference.
package thumbnail

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/noidle/noidle/functions/internal/photo"
)

var (
	// ErrNotFound means that there is no such photo.
	ErrNotFound = errors.New("thumbnail: photo not found")
	// ErrBusy means that another function is at work on the same photo.
	ErrBusy = errors.New("thumbnail: photo is being worked on")
	// ErrLeaseLost means that the work took longer than its lease, and that
	// another function may have taken over.
	ErrLeaseLost = errors.New("thumbnail: lease lost")
)

// Source is the photo that thumbnails are made of.
type Source struct {
	// ETag changes with the photo's content.
	ETag string
	// VersionID is the version in a versioned bucket; empty in others.
	VersionID string
	// Bytes is the size of the file.
	Bytes int64
}

// Uploads are the photos, by key.
type Uploads interface {
	// Stat returns what is there now. It returns ErrNotFound if there is nothing.
	Stat(ctx context.Context, key string) (Source, error)
	// Open returns what is there now and its content, which the caller closes. It
	// returns ErrNotFound if there is nothing, and a [*photo.Rejected] if what is
	// there cannot be read by anybody at present.
	Open(ctx context.Context, key string) (Source, io.ReadCloser, error)
}

// Store takes the thumbnails.
type Store interface {
	// Put writes an object, over one that is there.
	Put(ctx context.Context, key, contentType, cacheControl string, data []byte) error
	// Delete removes objects. It returns nil for those that are not there.
	Delete(ctx context.Context, keys []string) error
}

// Index records what became of each photo.
type Index interface {
	// Get returns the entry of a photo, and false if there is none. It sees every
	// write before it.
	Get(ctx context.Context, key string) (Entry, bool, error)
	// Claim takes the lease on a photo, unless another holds one that has not run
	// out at now: then it returns ErrBusy. It adds objects to those of the entry,
	// makes an entry where there is none, and returns it.
	Claim(ctx context.Context, key string, lease Lease, now time.Time, objects []string) (Entry, error)
	// Renew makes the lease last until its new time. It returns ErrLeaseLost if
	// another has taken over.
	Renew(ctx context.Context, key string, lease Lease) error
	// Release ends the lease before its time, so that the next one can take
	// over. The work is not done.
	Release(ctx context.Context, key string, lease Lease) error
	// Commit replaces the entry and ends the lease. It returns ErrLeaseLost if
	// another has taken over.
	Commit(ctx context.Context, entry Entry, lease Lease) error
	// Remove removes the entry. It returns ErrLeaseLost if another has taken over.
	Remove(ctx context.Context, key string, lease Lease) error
}

// Status is what became of a photo.
type Status string

// The statuses of a photo.
const (
	// Processing means that the photo's first thumbnails are being made.
	Processing Status = "PROCESSING"
	// Ready means that the photo's thumbnails are there.
	Ready Status = "READY"
	// Rejected means that no thumbnails can be made, for the entry's reason.
	Rejected Status = "REJECTED"
)

// The codes of rejections that are not about what is in the file.
const (
	// TooManyBytes means that the file is larger than [Recipe.MaxBytes].
	TooManyBytes = "too-many-bytes"
	// KeyTooLong means that the keys of thumbnails would be longer than S3 allows.
	KeyTooLong = "key-too-long"
	// Archived means that the file cannot be read before it is restored.
	Archived = "archived"
)

// Lease is the right to work on a photo, until a time.
type Lease struct {
	Owner string
	Until time.Time
}

// Entry is what the index says of a photo.
type Entry struct {
	// Key is the photo's.
	Key    string
	Status Status
	// Code and Reason say why the photo was rejected: for programs, one of the codes
	// of package photo or of this one, and for people.
	Code, Reason string
	// Source is the photo that the thumbnails were made of.
	Source
	// Format is what the photo was found to be, such as jpeg. It is empty if that
	// could not be told.
	Format string
	// Width and Height are those of the upright photo; zero if they are not known.
	Width, Height int
	Thumbnails    []Thumbnail
	// Recipe is the [Recipe.ID] by which the thumbnails were made.
	Recipe    string
	UpdatedAt time.Time
	// Objects are the keys of all thumbnails that may be in the store, those of
	// interrupted attempts included.
	Objects []string
	// Lease is whose work is not done; nil means that it is.
	Lease *Lease
}

// Thumbnail is one of a photo's thumbnails.
type Thumbnail struct {
	// Name is the size's, such as web.
	Name string
	// Key is the object's in the store.
	Key           string
	Width, Height int
	Bytes         int
}

// Recipe says what thumbnails to make, and of what.
type Recipe struct {
	// Sizes are the thumbnails.
	Sizes []Size `json:"sizes"`
	// Format is what they are: jpeg, png or webp.
	Format photo.Format `json:"format"`
	// Quality is that of JPEG and WebP, 1 to 100.
	Quality int `json:"quality"`
	// MaxBytes is how large a file may be.
	MaxBytes int64 `json:"maxBytes"`
	// MaxPixels is how many pixels a photo may have.
	MaxPixels int `json:"maxPixels"`
	// MaxProgressivePixels is how many a progressive JPEG may have.
	MaxProgressivePixels int `json:"maxProgressivePixels"`
	// CacheControl is what readers of the thumbnails are told of caching.
	CacheControl string `json:"cacheControl"`
	// KeepDeleted says that the thumbnails of a deleted photo stay.
	KeepDeleted bool `json:"keepDeleted"`
}

// Size is one of the thumbnails of each photo.
type Size struct {
	// Name tells the sizes apart, and ends the keys of thumbnails.
	Name string `json:"name"`
	// Width and Height are the box that a thumbnail fits into, in pixels. One of
	// them may be zero: then only the other counts.
	Width  int `json:"width"`
	Height int `json:"height"`
	// Cover says that the thumbnail covers the box and is cut to it.
	Cover bool `json:"cover"`
}

// ParseRecipe reads a recipe in JSON. It returns an error for one that nothing
// could be made by.
func ParseRecipe(text string) (Recipe, error) {
	var r Recipe
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&r); err != nil {
		return Recipe{}, fmt.Errorf("recipe: %w", err)
	}
	if len(r.Sizes) == 0 {
		return Recipe{}, errors.New("recipe: no sizes")
	}
	switch r.Format {
	case photo.JPEG, photo.PNG, photo.WebP:
	default:
		return Recipe{}, fmt.Errorf("recipe: format is %q: want jpeg, png or webp", r.Format)
	}
	return r, nil
}

// edition stands for how thumbnails are made. Another edition makes those of
// photos that come by again anew.
const edition = "1"

// ID tells this recipe from others.
func (r Recipe) ID() string {
	text, err := json.Marshal(r)
	if err != nil {
		panic(err) // of plain fields
	}
	sum := sha256.Sum256(append(text, edition...))
	return hex.EncodeToString(sum[:8])
}

// maxKeyBytes is how long an object's key may be, in bytes
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html).
const maxKeyBytes = 1024

// objects returns the keys of a photo's thumbnails, which follow from its own:
// photos/cat.jpg/web.jpg. It returns a rejection if one is too long.
func (r Recipe) objects(key string) ([]string, error) {
	var keys []string
	for _, size := range r.Sizes {
		object := r.object(key, size.Name)
		if len(object) > maxKeyBytes {
			return nil, &photo.Rejected{Code: KeyTooLong, Reason: fmt.Sprintf("the key is %d bytes long, which leaves no room for the names of thumbnails: shorten it by %d", len(key), len(object)-maxKeyBytes)}
		}
		keys = append(keys, object)
	}
	return keys, nil
}

func (r Recipe) object(key, size string) string {
	return key + "/" + size + r.Format.Extension()
}
