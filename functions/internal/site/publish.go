package site

import (
	"context"
	"fmt"
	"io"
	"maps"
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

// Publish makes a bucket hold the files and nothing else. It uploads those that
// are not there as they are, or all of them, as their headers may differ: pages
// last, so that none refers to what is not there yet. Only then it deletes what is
// gone, pages first.
func Publish(ctx context.Context, bucket Bucket, files []File, all bool) (Changes, error) {
	present, err := bucket.List(ctx)
	if err != nil {
		return Changes{}, err
	}
	var changes Changes
	var pages, assets []File
	for _, file := range files {
		etag, there := present[file.Key]
		delete(present, file.Key)
		if there && etag == file.MD5 && !all {
			continue
		}
		changes.Uploaded = append(changes.Uploaded, file.Key)
		if isPage(file.Key) {
			pages = append(pages, file)
		} else {
			assets = append(assets, file)
		}
	}
	changes.Deleted = slices.Sorted(maps.Keys(present))
	for _, some := range [][]File{assets, pages} {
		if err := upload(ctx, bucket, some); err != nil {
			return Changes{}, err
		}
	}
	return changes, Remove(ctx, bucket, changes.Deleted)
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
