package site_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/noidle/noidle/functions/internal/site"
)

func TestHeaders(t *testing.T) {
	tests := []struct{ key, contentType, cacheControl string }{
		{"index.html", "text/html; charset=utf-8", site.Ask},
		{"fixed/a.html", "text/html; charset=utf-8", site.Ask}, // although a pattern matches
		{"app.3f2a9c1b.js", "text/javascript; charset=utf-8", site.Forever},
		{"app-3F2A9C1B.CSS", "text/css; charset=utf-8", site.Forever},
		{"app.3f2a9c1.js", "text/javascript; charset=utf-8", site.Shared},     // 7 digits
		{"app.20260131.js", "text/javascript; charset=utf-8", site.Shared},    // a date
		{"app.deadbeef.js", "text/javascript; charset=utf-8", site.Shared},    // a word
		{"3f2a9c1b.js", "text/javascript; charset=utf-8", site.Shared},        // no name before
		{"app.3f2a9c1b/x.mjs", "text/javascript; charset=utf-8", site.Shared}, // a directory
		{"fixed/deep/logo.svg", "image/svg+xml; charset=utf-8", site.Forever},
		{"v1/font.woff2", "font/woff2", site.Forever},
		{"v1/deep/font.woff2", "font/woff2", site.Shared}, // * within a pattern stops at slashes
		{"x/v1/all/photo.avif", "image/avif", site.Forever},
		{"data.bin", "application/octet-stream", site.Shared},
		{"app.webmanifest", "application/manifest+json; charset=utf-8", site.Shared},
	}
	for _, tt := range tests {
		t.Run(tt.key, func(t *testing.T) {
			got := [2]string{site.ContentType(tt.key), site.CacheControl(tt.key, []string{"fixed/*", "v1/*.woff2", "*/v?/*"})}
			if diff := cmp.Diff([2]string{tt.contentType, tt.cacheControl}, got); diff != "" {
				t.Errorf("headers (-want +got):\n%s", diff)
			}
		})
	}
}

// entry is a file in a zip file.
type entry struct {
	name, text string
	mode       fs.FileMode
}

func pack(t *testing.T, entries ...entry) *bytes.Reader {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, e := range entries {
		header := &zip.FileHeader{Name: e.name}
		header.SetMode(e.mode | 0o644)
		file, err := w.CreateHeader(header)
		if err == nil && e.text != "" {
			_, err = io.WriteString(file, e.text)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return bytes.NewReader(b.Bytes())
}

func TestRead(t *testing.T) {
	archive := pack(t, entry{name: "js/", mode: fs.ModeDir}, entry{name: "js/app.js", text: "go()"}, entry{name: "config.json", text: "{}"})
	files, err := site.Read(archive, archive.Size(), map[string]string{"config.json": "hello"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range files {
		got = append(got, f.Key+" "+f.MD5+" "+f.CacheControl)
	}
	want := []string{"config.json 5d41402abc4b2a76b9719d911017c592 " + site.Ask, "js/app.js ee8dc434b7827d959d898fb5fe7bcece " + site.Shared}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

func TestReadRefuses(t *testing.T) {
	many := make([]entry, site.MaxFiles+1)
	for i := range many {
		many[i].name = fmt.Sprint(i)
	}
	huge := pack(t, entry{name: "a", text: "x"})
	content, _ := io.ReadAll(huge)
	// The size that the directory of the zip file claims.
	at := bytes.LastIndex(content, []byte("PK\x01\x02")) + 24
	copy(content[at:], []byte{1, 0, 0, 0x20})
	tests := []struct {
		name    string
		archive *bytes.Reader
		texts   map[string]string
		pattern string
		want    string
	}{
		{"parent", pack(t, entry{name: "a/../../b"}), nil, "", `"a/../../b" is no name of a file`},
		{"absolute", pack(t, entry{name: "/etc/x"}), nil, "", `"/etc/x" is no name of a file`},
		{"backslash", pack(t, entry{name: `a\b`}), nil, "", `is no name of a file`},
		{"text", pack(t), map[string]string{"../x": ""}, "", `"../x" is no name of a file`},
		{"reserved", pack(t, entry{name: site.Unfinished}), nil, "", `".unfinished" is no name of a file`},
		{"link", pack(t, entry{name: "a", text: "/etc/passwd", mode: fs.ModeSymlink}), nil, "", `"a" is not a regular file`},
		{"twice", pack(t, entry{name: "a"}, entry{name: "a"}), nil, "", `"a" is in the zip file twice`},
		{"too many", pack(t, many...), nil, "", "10001 files are more than 10000"},
		{"too large", bytes.NewReader(content), nil, "", "the files have more than 536870912 bytes"},
		{"no zip", bytes.NewReader([]byte("hello")), nil, "", "not a valid zip file"},
		{"pattern", pack(t), nil, "a[", `pattern "a[": syntax error in pattern`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := site.Read(tt.archive, tt.archive.Size(), tt.texts, []string{tt.pattern})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Read = %v, want an error with %q", err, tt.want)
			}
		})
	}
}
