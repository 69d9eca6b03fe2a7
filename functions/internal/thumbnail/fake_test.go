package thumbnail_test

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/noidle/noidle/functions/internal/photo"
	"github.com/noidle/noidle/functions/internal/thumbnail"
)

// picture returns a JPEG of one colour.
func picture(t testing.TB, width, height int, shade uint8) []byte {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, width, height))
	for i := range img.Pix {
		img.Pix[i] = shade
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// shade is the colour of a picture of one colour.
func shade(t testing.TB, data []byte) uint8 {
	t.Helper()
	img, err := jpeg.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return color.GrayModel.Convert(img.At(0, 0)).(color.Gray).Y
}

// cloud is the two buckets and the table. Before each operation it calls fault.
type cloud struct {
	mu         sync.Mutex
	photos     map[string][]byte
	thumbnails map[string][]byte
	entries    map[string]thumbnail.Entry
	writes     int // to thumbnails and entries
	fault      func(operation string) error
}

func newCloud() *cloud {
	return &cloud{
		photos:     map[string][]byte{},
		thumbnails: map[string][]byte{},
		entries:    map[string]thumbnail.Entry{},
		fault:      func(string) error { return nil },
	}
}

func eTag(data []byte) string {
	sum := md5.Sum(data)
	return hex.EncodeToString(sum[:])
}

// begin begins an operation: it may fail, or take a while.
func (c *cloud) begin(operation string) error {
	if err := c.fault(operation); err != nil {
		return err
	}
	c.mu.Lock()
	return nil
}

type uploads struct{ *cloud }

func (c uploads) Stat(_ context.Context, key string) (thumbnail.Source, error) {
	if err := c.begin("stat"); err != nil {
		return thumbnail.Source{}, err
	}
	defer c.mu.Unlock()
	data, ok := c.photos[key]
	if !ok {
		return thumbnail.Source{}, thumbnail.ErrNotFound
	}
	return thumbnail.Source{ETag: eTag(data), VersionID: "v", Bytes: int64(len(data))}, nil
}

func (c uploads) Open(ctx context.Context, key string) (thumbnail.Source, io.ReadCloser, error) {
	if err := c.fault("open"); err != nil {
		return thumbnail.Source{}, nil, err
	}
	source, err := c.Stat(ctx, key)
	if err != nil {
		return source, nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.photos[key]; !ok {
		return source, nil, thumbnail.ErrNotFound
	}
	data := c.photos[key]
	return thumbnail.Source{ETag: eTag(data), VersionID: "v", Bytes: int64(len(data))}, io.NopCloser(bytes.NewReader(data)), nil
}

type store struct{ *cloud }

func (c store) Put(ctx context.Context, key, contentType, cacheControl string, data []byte) error {
	if contentType != "image/jpeg" || cacheControl != "public, max-age=60" {
		return errors.New("put as " + contentType + ", " + cacheControl)
	}
	if err := c.begin("put"); err != nil {
		return err
	}
	defer c.mu.Unlock()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	c.thumbnails[key] = data
	c.writes++
	return nil
}

func (c store) Delete(_ context.Context, keys []string) error {
	if err := c.begin("delete"); err != nil {
		return err
	}
	defer c.mu.Unlock()
	for _, key := range keys {
		delete(c.thumbnails, key)
	}
	c.writes++
	return nil
}

type index struct{ *cloud }

func (c index) Get(_ context.Context, key string) (thumbnail.Entry, bool, error) {
	if err := c.begin("get"); err != nil {
		return thumbnail.Entry{}, false, err
	}
	defer c.mu.Unlock()
	entry, ok := c.entries[key]
	return entry, ok, nil
}

func (c index) Claim(_ context.Context, key string, lease thumbnail.Lease, now time.Time, objects []string) (thumbnail.Entry, error) {
	if err := c.begin("claim"); err != nil {
		return thumbnail.Entry{}, err
	}
	defer c.mu.Unlock()
	entry, ok := c.entries[key]
	if ok && entry.Lease != nil && now.Before(entry.Lease.Until) {
		return entry, thumbnail.ErrBusy
	}
	if !ok {
		entry = thumbnail.Entry{Key: key, Status: thumbnail.Processing}
	}
	all := map[string]bool{}
	for _, object := range slices.Concat(entry.Objects, objects) {
		all[object] = true
	}
	entry.Objects, entry.Lease = slices.Sorted(maps.Keys(all)), &lease
	c.entries[key] = entry
	c.writes++
	return entry, nil
}

// held holds an entry's lease against the one that somebody has.
func (c index) held(key string, lease thumbnail.Lease) error {
	if held := c.entries[key].Lease; held == nil || held.Owner != lease.Owner {
		return thumbnail.ErrLeaseLost
	}
	return nil
}

func (c index) Release(_ context.Context, key string, lease thumbnail.Lease) error {
	return c.extend("release", key, thumbnail.Lease{Owner: lease.Owner})
}

func (c index) Renew(_ context.Context, key string, lease thumbnail.Lease) error {
	return c.extend("renew", key, lease)
}

func (c index) extend(operation, key string, lease thumbnail.Lease) error {
	if err := c.begin(operation); err != nil {
		return err
	}
	defer c.mu.Unlock()
	if err := c.held(key, lease); err != nil {
		return err
	}
	entry := c.entries[key]
	entry.Lease = &lease
	c.entries[key] = entry
	return nil
}

func (c index) Commit(_ context.Context, entry thumbnail.Entry, lease thumbnail.Lease) error {
	if err := c.begin("commit"); err != nil {
		return err
	}
	defer c.mu.Unlock()
	if err := c.held(entry.Key, lease); err != nil {
		return err
	}
	entry.Lease = nil
	c.entries[entry.Key] = entry
	c.writes++
	return nil
}

func (c index) Remove(_ context.Context, key string, lease thumbnail.Lease) error {
	if err := c.begin("remove"); err != nil {
		return err
	}
	defer c.mu.Unlock()
	if err := c.held(key, lease); err != nil {
		return err
	}
	delete(c.entries, key)
	c.writes++
	return nil
}

// recipe makes two thumbnails of each photo.
func recipe() thumbnail.Recipe {
	return thumbnail.Recipe{
		Sizes:  []thumbnail.Size{{Name: "large", Width: 32, Height: 32}, {Name: "small", Width: 8, Height: 8}},
		Format: photo.JPEG, Quality: 80, MaxBytes: 10_000, MaxPixels: 10_000, MaxProgressivePixels: 10_000,
		CacheControl: "public, max-age=60",
	}
}

func (c *cloud) maker(r thumbnail.Recipe) *thumbnail.Maker {
	var mu sync.Mutex
	owners := 0
	return &thumbnail.Maker{
		Recipe: r, Uploads: uploads{c}, Store: store{c}, Index: index{c}, Memory: 1 << 20,
		NewOwner: func() string {
			mu.Lock()
			defer mu.Unlock()
			owners++
			return string(rune('a' + owners))
		},
	}
}
