package thumbnail

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/noidle/noidle/functions/internal/photo"
)

// Maker makes thumbnails.
type Maker struct {
	Recipe  Recipe
	Uploads Uploads
	Store   Store
	Index   Index
	// Memory is how many bytes decoding a photo may take.
	Memory int64
	// NewOwner returns a name for the holder of a lease that nobody else has.
	NewOwner func() string
}

// Outcome is what [Maker.Update] did.
type Outcome string

// The outcomes.
const (
	// Unchanged means that there was nothing to do.
	Unchanged Outcome = "unchanged"
	// Made means that the photo's thumbnails were made.
	Made Outcome = "made"
	// Refused means that the photo was rejected.
	Refused Outcome = "rejected"
	// Removed means that the photo is gone, and its thumbnails with it.
	Removed Outcome = "removed"
	// Kept means that the photo is gone and its thumbnails stay.
	Kept Outcome = "kept"
)

const (
	// leaseTime is how long writing a photo's thumbnails may take. Reading the
	// photo may take longer: the lease is renewed.
	leaseTime = 10 * time.Second
	// clockSkew is how much clocks of functions may differ.
	clockSkew = time.Second
	// patience is how long to wait for another function to finish with the photo,
	// or, if it has been stopped, for its lease to run out.
	patience = leaseTime + 3*clockSkew
	// releaseTime is how long giving back a lease may take.
	releaseTime = time.Second
)

// Update brings the thumbnails of the photo with this key up to date, and returns
// what it did and the photo's entry. It may be repeated, and called for the same
// photo from several places at once: only one of them works on it at a time, and
// what it finds is what was there when its turn came or later.
//
// An error means that the work is not done and is to be tried again. A photo that
// cannot be read is not an error but an outcome.
//
// A key that ends in a slash is a folder of the S3 console, and never changes
// anything.
func (m *Maker) Update(ctx context.Context, key string) (Outcome, Entry, error) {
	if strings.HasSuffix(key, "/") {
		return Unchanged, Entry{Key: key}, nil
	}
	for begin := time.Now(); ; {
		outcome, entry, err := m.try(ctx, key)
		if errors.Is(err, ErrLeaseLost) {
			begin = time.Now() // Another took over just now.
		} else if !errors.Is(err, ErrBusy) || time.Since(begin) > patience {
			return outcome, entry, err
		}
		if err := pause(ctx); err != nil {
			return "", entry, err
		}
	}
}

// pause waits a moment, of which no two are alike.
func pause(ctx context.Context) error {
	timer := time.NewTimer(50*time.Millisecond + rand.N(100*time.Millisecond))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// try updates the photo unless another function is at work on it.
func (m *Maker) try(ctx context.Context, key string) (Outcome, Entry, error) {
	entry, known, err := m.Index.Get(ctx, key)
	if err != nil {
		return "", entry, fmt.Errorf("photo %q: get entry: %w", key, err)
	}
	if known && entry.Lease != nil && time.Now().Before(entry.Lease.Until) {
		return "", entry, fmt.Errorf("photo %q: %w", key, ErrBusy)
	}
	if known && m.settled(entry) {
		source, err := m.Uploads.Stat(ctx, key)
		if err == nil && source.ETag == entry.ETag || errors.Is(err, ErrNotFound) && m.Recipe.KeepDeleted {
			return Unchanged, entry, nil
		}
		if err != nil && !errors.Is(err, ErrNotFound) {
			return "", entry, fmt.Errorf("photo %q: stat: %w", key, err)
		}
	}
	return m.claim(ctx, key)
}

// settled says whether the entry is the end of what was to be done, and by this
// recipe.
func (m *Maker) settled(e Entry) bool {
	return e.Lease == nil && e.Recipe == m.Recipe.ID()
}

// claim takes the lease on the photo and updates it.
func (m *Maker) claim(ctx context.Context, key string) (Outcome, Entry, error) {
	now := time.Now()
	lease := Lease{Owner: m.NewOwner(), Until: now.Add(leaseTime + clockSkew)}
	objects, tooLong := m.Recipe.objects(key)
	entry, err := m.Index.Claim(ctx, key, lease, now, objects)
	if err != nil {
		return "", entry, fmt.Errorf("photo %q: claim: %w", key, err)
	}
	outcome, entry, err := m.update(ctx, entry, lease, tooLong)
	if err != nil {
		m.release(ctx, key, lease)
		return "", entry, fmt.Errorf("photo %q: %w", key, err)
	}
	return outcome, entry, nil
}

// release lets the next attempt begin at once. If it fails, the lease runs out.
func (m *Maker) release(ctx context.Context, key string, lease Lease) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTime)
	defer cancel()
	_ = m.Index.Release(ctx, key, lease)
}

// update does the work on a photo whose lease is held. tooLong is a rejection that
// is known before the photo is read.
func (m *Maker) update(ctx context.Context, entry Entry, lease Lease, tooLong error) (Outcome, Entry, error) {
	made := Entry{Key: entry.Key, Recipe: m.Recipe.ID(), UpdatedAt: time.Now().UTC()}
	thumbnails, unreadable := m.resize(ctx, &made, tooLong)
	ctx, cancel, err := m.hold(ctx, entry.Key, &lease)
	if err != nil {
		return "", entry, err
	}
	defer cancel()
	if errors.Is(unreadable, ErrNotFound) {
		return m.forget(ctx, entry, lease)
	}
	if rejection, ok := errors.AsType[*photo.Rejected](unreadable); ok {
		made.Status, made.Code, made.Reason = Rejected, rejection.Code, rejection.Reason
		return m.finish(ctx, Refused, made, entry.Objects, lease)
	}
	if unreadable != nil {
		return "", entry, unreadable
	}
	if err := m.write(ctx, &made, thumbnails); err != nil {
		return "", entry, err
	}
	made.Status = Ready
	return m.finish(ctx, Made, made, entry.Objects, lease)
}

// hold makes sure that the lease is good for some time, and returns a context that
// ends before it does: nothing is written by one whose lease has run out.
func (m *Maker) hold(ctx context.Context, key string, lease *Lease) (context.Context, context.CancelFunc, error) {
	if time.Until(lease.Until) < leaseTime/2 {
		lease.Until = time.Now().Add(leaseTime + clockSkew)
		if err := m.Index.Renew(ctx, key, *lease); err != nil {
			return nil, nil, fmt.Errorf("renew: %w", err)
		}
	}
	ctx, cancel := context.WithDeadline(ctx, lease.Until.Add(-clockSkew))
	return ctx, cancel, nil
}

// resize reads the photo and makes its thumbnails, and notes in made what it found.
func (m *Maker) resize(ctx context.Context, made *Entry, tooLong error) ([]photo.Thumbnail, error) {
	source, content, err := m.Uploads.Open(ctx, made.Key)
	made.Source = source
	if err != nil {
		return nil, fmt.Errorf("open: %w", err)
	}
	defer func() { _ = content.Close() }()
	if tooLong != nil {
		return nil, tooLong
	}
	if source.Bytes > m.Recipe.MaxBytes {
		return nil, &photo.Rejected{Code: TooManyBytes, Reason: fmt.Sprintf("the file has %d bytes, at most %d are allowed", source.Bytes, m.Recipe.MaxBytes)}
	}
	data := make([]byte, source.Bytes)
	if _, err := io.ReadFull(content, data); err != nil {
		return nil, fmt.Errorf("read: %w", err)
	}
	var sizes []photo.Size
	for _, s := range m.Recipe.Sizes {
		sizes = append(sizes, photo.Size{Name: s.Name, Width: s.Width, Height: s.Height, Cover: s.Cover})
	}
	found, thumbnails, err := photo.Make(data, sizes,
		photo.Output{Format: m.Recipe.Format, Quality: m.Recipe.Quality},
		photo.Limits{Pixels: m.Recipe.MaxPixels, ProgressivePixels: m.Recipe.MaxProgressivePixels, Memory: m.Memory})
	made.Format, made.Width, made.Height = found.Format, found.Width, found.Height
	return thumbnails, err
}

// write puts the thumbnails into the store, all at the same time.
func (m *Maker) write(ctx context.Context, made *Entry, thumbnails []photo.Thumbnail) error {
	problems := make([]error, len(thumbnails))
	var all sync.WaitGroup
	for i, t := range thumbnails {
		object := m.Recipe.object(made.Key, t.Name)
		made.Thumbnails = append(made.Thumbnails, Thumbnail{Name: t.Name, Key: object, Width: t.Width, Height: t.Height, Bytes: len(t.Data)})
		made.Objects = append(made.Objects, object)
		all.Go(func() {
			problems[i] = m.Store.Put(ctx, object, m.Recipe.Format.ContentType(), m.Recipe.CacheControl, t.Data)
		})
	}
	all.Wait()
	if err := errors.Join(problems...); err != nil {
		return fmt.Errorf("put: %w", err)
	}
	return nil
}

// finish deletes what was made before and is no more, and records the outcome.
func (m *Maker) finish(ctx context.Context, outcome Outcome, made Entry, before []string, lease Lease) (Outcome, Entry, error) {
	if err := m.delete(ctx, before, made.Objects); err != nil {
		return "", made, err
	}
	if err := m.Index.Commit(ctx, made, lease); err != nil {
		return "", made, fmt.Errorf("commit: %w", err)
	}
	return outcome, made, nil
}

// forget is for a photo that is gone.
func (m *Maker) forget(ctx context.Context, entry Entry, lease Lease) (Outcome, Entry, error) {
	if m.Recipe.KeepDeleted && entry.Status != Processing {
		return m.finish(ctx, Kept, entry, nil, lease)
	}
	if err := m.delete(ctx, entry.Objects, nil); err != nil {
		return "", entry, err
	}
	if err := m.Index.Remove(ctx, entry.Key, lease); err != nil {
		return "", entry, fmt.Errorf("remove: %w", err)
	}
	return Removed, entry, nil
}

// delete removes objects but those that are to stay.
func (m *Maker) delete(ctx context.Context, objects, stay []string) error {
	obsolete := slices.DeleteFunc(slices.Clone(objects), func(object string) bool { return slices.Contains(stay, object) })
	if len(obsolete) == 0 {
		return nil
	}
	if err := m.Store.Delete(ctx, obsolete); err != nil {
		return fmt.Errorf("delete: %w", err)
	}
	return nil
}
