package site

import (
	"archive/zip"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"
)

// The limits of a site.
const (
	MaxFiles = 10_000
	MaxBytes = 512 << 20
)

// File is a file of a site.
type File struct {
	// Key is its path in the site, without a slash at its start.
	Key string
	// ContentType and CacheControl are its headers.
	ContentType, CacheControl string
	// MD5 is the MD5 of its content in hexadecimal digits, which is the ETag that
	// S3 gives it
	// (https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html).
	MD5 string
	// Open returns its content.
	Open func() (io.ReadCloser, error)
}

// Read returns the files in a zip file of size bytes, in the order of their keys,
// and besides, or in place of those, texts by key, which browsers ask for each
// time. Immutable are the patterns that [CacheControl] takes. Names that lead
// elsewhere, links, and more than [MaxFiles] or [MaxBytes] are an error.
func Read(archive io.ReaderAt, size int64, texts map[string]string, immutable []string) ([]File, error) {
	if err := checkPatterns(immutable); err != nil {
		return nil, err
	}
	r, err := zip.NewReader(archive, size)
	if err != nil {
		return nil, fmt.Errorf("site: %w", err)
	}
	files := map[string]File{}
	var bytes uint64
	for _, entry := range r.File {
		if strings.HasSuffix(entry.Name, "/") {
			continue
		}
		_, twice := files[entry.Name]
		bytes += min(entry.UncompressedSize64, MaxBytes+1)
		switch {
		case !entry.Mode().IsRegular():
			return nil, fmt.Errorf("site: %q is not a regular file: links are not published", entry.Name)
		case twice:
			return nil, fmt.Errorf("site: %q is in the zip file twice", entry.Name)
		case bytes > MaxBytes:
			return nil, fmt.Errorf("site: the files have more than %d bytes", MaxBytes)
		}
		files[entry.Name] = File{Key: entry.Name, CacheControl: CacheControl(entry.Name, immutable), Open: entry.Open}
	}
	for key, text := range texts {
		files[key] = File{Key: key, CacheControl: Ask, Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil }}
	}
	return complete(files)
}

// complete checks the files' names and adds what follows from name and content.
func complete(files map[string]File) ([]File, error) {
	if len(files) > MaxFiles {
		return nil, fmt.Errorf("site: %d files are more than %d", len(files), MaxFiles)
	}
	var sorted []File
	for _, key := range slices.Sorted(maps.Keys(files)) {
		if !fs.ValidPath(key) || key == "." || key == Unfinished || strings.Contains(key, `\`) {
			return nil, fmt.Errorf(`site: %q is no name of a file: want a relative path without "..", "//" and backslashes, other than %s`, key, Unfinished)
		}
		file := files[key]
		file.ContentType = ContentType(key)
		var err error
		if file.MD5, err = sum(file); err != nil {
			return nil, fmt.Errorf("site: %q: %w", key, err)
		}
		sorted = append(sorted, file)
	}
	return sorted, nil
}

func sum(file File) (string, error) {
	content, err := file.Open()
	if err != nil {
		return "", err
	}
	defer func() { _ = content.Close() }()
	h := md5.New()
	if _, err := io.Copy(h, content); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
