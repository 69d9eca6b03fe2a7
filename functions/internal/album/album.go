package album

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// ErrNotFound says that the owner has no such photo.
var ErrNotFound = errors.New("no such photo")

// Entries is where the photos that were announced are noted.
type Entries interface {
	Put(ctx context.Context, e Entry) error
	// Newest returns the latest entries of an owner, the latest first.
	Newest(ctx context.Context, owner string, limit int) ([]Entry, error)
	// Get returns [ErrNotFound] for an entry that is not there.
	Get(ctx context.Context, owner, id string) (Entry, error)
	// Delete removes an entry. One that is not there is no error.
	Delete(ctx context.Context, owner, id string) error
}

// Index is what the pipeline has on record.
type Index interface {
	// Results returns the results by the keys of the photos, up to 100. Photos that
	// the pipeline does not know are missing.
	Results(ctx context.Context, keys []string) (map[string]Result, error)
}

// Files are the photos and thumbnails themselves.
type Files interface {
	// SignUpload returns a URL that takes the photo, with just its type and size.
	SignUpload(ctx context.Context, e Entry) (url string, err error)
	// SignThumbnail returns a URL that opens a thumbnail.
	SignThumbnail(ctx context.Context, key string) (url string, err error)
	// Delete removes a photo. One that is not there is no error.
	Delete(ctx context.Context, key string) error
}

// Album is the photos of all owners. Each owner sees only their own.
type Album struct {
	Entries Entries
	Index   Index
	Files   Files
	Now     func() time.Time
}

// Add notes a photo, and returns its ID and the URL to put its file to. The draft
// must be right.
func (a Album) Add(ctx context.Context, owner string, d Draft) (id, url string, err error) {
	e := Entry{
		Owner: owner, ID: uuid.Must(uuid.NewV7()).String(), // version 7 starts with the time
		Name: d.Name, Type: d.Type, Bytes: d.Bytes,
		UploadedAt: a.Now().UTC().Truncate(time.Millisecond),
	}
	if url, err = a.Files.SignUpload(ctx, e); err != nil {
		return "", "", err
	}
	return e.ID, url, a.Entries.Put(ctx, e)
}

// Newest returns the latest photos of an owner, the latest first.
func (a Album) Newest(ctx context.Context, owner string) ([]Photo, error) {
	entries, err := a.Entries.Newest(ctx, owner, Newest)
	if err != nil {
		return nil, err
	}
	return a.photos(ctx, entries...)
}

// Get returns a photo of an owner, or [ErrNotFound].
func (a Album) Get(ctx context.Context, owner, id string) (Photo, error) {
	e, err := a.entry(ctx, owner, id)
	if err != nil {
		return Photo{}, err
	}
	photos, err := a.photos(ctx, e)
	if err != nil {
		return Photo{}, err
	}
	return photos[0], nil
}

// Delete removes a photo of an owner; its thumbnails follow. It returns
// [ErrNotFound] if there is none. The file goes first, so that what fails half way
// can be tried again.
func (a Album) Delete(ctx context.Context, owner, id string) error {
	e, err := a.entry(ctx, owner, id)
	if err != nil {
		return err
	}
	if err := a.Files.Delete(ctx, e.Key()); err != nil {
		return err
	}
	return a.Entries.Delete(ctx, owner, id)
}

func (a Album) entry(ctx context.Context, owner, id string) (Entry, error) {
	if uuid.Validate(id) != nil {
		return Entry{}, ErrNotFound
	}
	return a.Entries.Get(ctx, owner, id)
}

// photos joins entries with what the pipeline has on record for them.
func (a Album) photos(ctx context.Context, entries ...Entry) ([]Photo, error) {
	photos := make([]Photo, len(entries))
	if len(entries) == 0 {
		return photos, nil
	}
	keys := make([]string, len(entries))
	for i, e := range entries {
		keys[i] = e.Key()
	}
	results, err := a.Index.Results(ctx, keys)
	if err != nil {
		return nil, err
	}
	for i, e := range entries {
		result, known := results[keys[i]]
		if !known {
			result = a.unknown(e)
		}
		if result.Thumbnails, err = a.sign(ctx, result.Thumbnails); err != nil {
			return nil, err
		}
		photos[i] = Photo{ID: e.ID, Name: e.Name, UploadedAt: e.UploadedAt, Result: result}
	}
	return photos, nil
}

// unknown is the result of a photo that the pipeline knows nothing of.
func (a Album) unknown(e Entry) Result {
	if a.Now().Sub(e.UploadedAt) < Patience {
		return Result{Status: Waiting}
	}
	return Result{Status: Rejected, Reason: fmt.Sprintf("no photo came for %.0f minutes", Patience.Minutes())}
}

func (a Album) sign(ctx context.Context, thumbnails []Thumbnail) ([]Thumbnail, error) {
	signed := make([]Thumbnail, len(thumbnails))
	for i, t := range thumbnails {
		url, err := a.Files.SignThumbnail(ctx, t.Key)
		if err != nil {
			return nil, err
		}
		t.URL = url
		signed[i] = t
	}
	return signed, nil
}
