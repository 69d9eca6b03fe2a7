package site

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"slices"

	"golang.org/x/sync/errgroup"
)

// Bucket is where a site's files are.
type Bucket interface {
	// List returns the ETags of all objects by key, without quotes.
	List(ctx context.Context) (map[string]string, error)
	// Put writes a file with its headers.
	Put(ctx context.Context, f File, content io.ReadSeeker) error
	// Delete removes objects. What is not there is no error.
	Delete(ctx context.Context, keys []string) error
}

// uploads is how many files are uploaded at the same time.
const uploads = 16

// Changes are the keys of files that were uploaded, and deleted.
type Changes struct {
	Uploaded, Deleted []string
}

// Unfinished is the key of an empty object that is in a bucket from before the
// first change until caches were told of all of them.
const Unfinished = ".unfinished"

// Publish makes a bucket hold the files and nothing else. It uploads those that
// are not there as they are, or all of them, as their headers may differ: pages
// last, so that none refers to what is not there yet. Only then it deletes what is
// gone, pages first, and has caches forget the paths of what changed.
//
// One that ends half way leaves [Unfinished]. The next cannot know then what
// caches hold, and has them forget everything, as it does after uploading all.
func Publish(ctx context.Context, bucket Bucket, files []File, all bool, forget func(ctx context.Context, paths []string) error) (Changes, error) {
	present, err := bucket.List(ctx)
	if err != nil {
		return Changes{}, err
	}
	_, unfinished := present[Unfinished]
	delete(present, Unfinished)
	assets, pages, changes := compare(present, files, all)
	if len(changes.Uploaded)+len(changes.Deleted) == 0 && !unfinished {
		return changes, nil
	}
	for _, some := range [][]File{{mark}, assets, pages} {
		if err := upload(ctx, bucket, some); err != nil {
			return Changes{}, err
		}
	}
	if err := Remove(ctx, bucket, changes.Deleted); err != nil {
		return Changes{}, err
	}
	forgotten := paths(changes)
	if all || unfinished {
		forgotten = everything
	}
	if err := forget(ctx, forgotten); err != nil {
		return Changes{}, err
	}
	return changes, bucket.Delete(ctx, []string{Unfinished})
}

var mark = File{
	Key: Unfinished, ContentType: ContentType(Unfinished), CacheControl: Ask,
	Open: func() (io.ReadCloser, error) { return http.NoBody, nil },
}

// compare returns the files to upload, and the keys of all that has to change.
func compare(present map[string]string, files []File, all bool) (assets, pages []File, changes Changes) {
	gone := maps.Clone(present)
	for _, file := range files {
		delete(gone, file.Key)
		if etag, there := present[file.Key]; there && etag == file.MD5 && !all {
			continue
		}
		changes.Uploaded = append(changes.Uploaded, file.Key)
		if isPage(file.Key) {
			pages = append(pages, file)
		} else {
			assets = append(assets, file)
		}
	}
	changes.Deleted = slices.Sorted(maps.Keys(gone))
	return assets, pages, changes
}

// Remove removes files from a bucket, pages first.
func Remove(ctx context.Context, bucket Bucket, keys []string) error {
	isAsset := func(key string) bool { return !isPage(key) }
	for _, some := range [][]string{slices.DeleteFunc(slices.Clone(keys), isAsset), slices.DeleteFunc(slices.Clone(keys), isPage)} {
		if len(some) == 0 {
			continue
		}
		if err := bucket.Delete(ctx, some); err != nil {
			return err
		}
	}
	return nil
}

func upload(ctx context.Context, bucket Bucket, files []File) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(uploads)
	for _, file := range files {
		group.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := uploadOne(ctx, bucket, file); err != nil {
				return fmt.Errorf("%q: %w", file.Key, err)
			}
			return nil
		})
	}
	return group.Wait()
}

// uploadOne goes by a temporary file, as a large one may not fit into memory.
func uploadOne(ctx context.Context, bucket Bucket, file File) error {
	content, err := file.Open()
	if err != nil {
		return err
	}
	defer func() { _ = content.Close() }()
	temporary, err := os.CreateTemp("", "site-")
	if err != nil {
		return err
	}
	defer func() {
		_ = temporary.Close()
		_ = os.Remove(temporary.Name())
	}()
	if _, err := io.Copy(temporary, content); err != nil {
		return err
	}
	if _, err := temporary.Seek(0, io.SeekStart); err != nil {
		return err
	}
	return bucket.Put(ctx, file, temporary)
}
