package local

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/noidle/noidle/local/api"
	"github.com/noidle/noidle/local/assembly"
	"github.com/noidle/noidle/local/s3"
)

// collectAssets notes the assets that a resource refers to by their keys, but for
// the code of functions, which runs where it is.
func (c *Cloud) collectAssets(r *assembly.Resource) {
	properties := maps.Clone(r.Properties)
	if r.Type == "AWS::Lambda::Function" {
		delete(properties, "Code")
	}
	for key, asset := range r.Stack.Assets() {
		if !mentions(properties, key) {
			continue
		}
		if c.assets[asset.Bucket] == nil {
			c.assets[asset.Bucket] = map[string]assembly.Asset{}
		}
		c.assets[asset.Bucket][key] = asset
	}
}

// mentions says whether a text is part of one in the value of a property.
func mentions(value any, text string) bool {
	switch v := value.(type) {
	case string:
		return strings.Contains(v, text)
	case []any:
		return slices.ContainsFunc(v, func(element any) bool { return mentions(element, text) })
	case map[string]any:
		return slices.ContainsFunc(slices.Collect(maps.Values(v)), func(element any) bool { return mentions(element, text) })
	}
	return false
}

// putAssets creates the buckets of the assets that were collected, and uploads
// these, as a deployment does before it creates anything.
func (c *Cloud) putAssets() error {
	for _, bucket := range slices.Sorted(maps.Keys(c.assets)) {
		if err := c.s3.CreateBucket(s3.Bucket{Name: bucket}); err != nil {
			return err
		}
		for _, key := range slices.Sorted(maps.Keys(c.assets[bucket])) {
			if err := c.putAsset(bucket, key, c.assets[bucket][key]); err != nil {
				return fmt.Errorf("asset %s: %w", key, err)
			}
		}
	}
	return nil
}

func (c *Cloud) putAsset(bucket, key string, asset assembly.Asset) error {
	read := os.ReadFile
	if asset.Zip {
		read = zipped
	}
	content, err := read(asset.Path)
	if err != nil {
		return err
	}
	call := &api.Call{Context: context.Background(), RequestID: uuid.NewString()}
	return c.putObject(call, bucket, key, http.Header{}, content)
}

// zipped returns the files in a directory as a zip file, the same for the same
// files.
func zipped(dir string) ([]byte, error) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		header := &zip.FileHeader{Name: filepath.ToSlash(name), Method: zip.Deflate, Modified: time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)}
		file, err := w.CreateHeader(header)
		if err != nil {
			return err
		}
		_, err = file.Write(content)
		return err
	})
	if err = errors.Join(err, w.Close()); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
