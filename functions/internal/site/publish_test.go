package site_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/noidle/noidle/functions/internal/site"
)

// fake is a bucket with a distribution, whose viewers ask for everything whenever
// it may have changed. It notes what is done to it.
type fake struct {
	mu      sync.Mutex
	present map[string]string // ETags
	cached  map[string]string // ETags by path
	broken  string            // the key that cannot be written
	steps   int               // the step that fails, counted from 1; 0 is none
	done    []string
}

var errBroken = errors.New("broken")

// step notes a step, or fails.
func (f *fake) step(note string) error {
	if f.steps--; f.steps == 0 {
		return errBroken
	}
	f.steps = max(f.steps, -1)
	f.done = append(f.done, note)
	return nil
}

// view has viewers ask for all that is there.
func (f *fake) view() {
	for key, etag := range f.present {
		if _, ok := f.cached["/"+key]; !ok && f.cached != nil {
			f.cached["/"+key] = etag
		}
	}
}

func (f *fake) List(context.Context) (map[string]string, error) { return maps.Clone(f.present), nil }

func (f *fake) Put(_ context.Context, file site.File, content io.ReadSeeker) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	text, err := io.ReadAll(content)
	if err == nil && file.Key == f.broken {
		err = errBroken
	}
	if err == nil {
		err = f.step("put " + file.Key + " " + string(text))
	}
	if err == nil && f.present != nil {
		f.present[file.Key] = file.MD5
		f.view()
	}
	return err
}

func (f *fake) Delete(_ context.Context, keys []string) error {
	if err := f.step("delete " + strings.Join(keys, " ")); err != nil {
		return err
	}
	for _, key := range keys {
		delete(f.present, key)
	}
	return nil
}

func (f *fake) forget(_ context.Context, paths []string) error {
	if err := f.step("forget " + strings.Join(paths, " ")); err != nil {
		return err
	}
	for _, path := range paths {
		delete(f.cached, path)
	}
	if slices.Equal(paths, []string{"/*"}) {
		clear(f.cached)
	}
	f.view()
	return nil
}

const hello = "5d41402abc4b2a76b9719d911017c592" // of "hello"

func read(t *testing.T, entries ...entry) []site.File {
	t.Helper()
	archive := pack(t, entries...)
	files, err := site.Read(archive, archive.Size(), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestPublish(t *testing.T) {
	files := read(t, entry{name: "index.html", text: "new"}, entry{name: "z.css", text: "hello"}, entry{name: "z.js", text: "hello"})
	const begin, end = "put .unfinished ", "delete .unfinished"
	old := map[string]string{"index.html": "x", "z.css": hello, "old.html": "y", "a.css": "z"}
	same := map[string]string{"index.html": "22af645d1859cb5ca6da0c484f1f37ea", "z.css": hello, "z.js": hello}
	unfinished := maps.Clone(same)
	unfinished[site.Unfinished] = "x"
	tests := []struct {
		name    string
		present map[string]string
		all     bool
		broken  string
		want    []string
		changes site.Changes
	}{
		{"what changed", old, false, "",
			[]string{begin, "put z.js hello", "put index.html new", "delete old.html", "delete a.css", "forget /index.html / /z.js /a.css /old.html", end},
			site.Changes{Uploaded: []string{"index.html", "z.js"}, Deleted: []string{"a.css", "old.html"}}},
		{"all", old, true, "",
			[]string{begin, "put z.css hello", "put z.js hello", "put index.html new", "delete old.html", "delete a.css", "forget /*", end},
			site.Changes{Uploaded: []string{"index.html", "z.css", "z.js"}, Deleted: []string{"a.css", "old.html"}}},
		{"nothing", same, false, "", nil, site.Changes{}},
		{"after an unfinished one", unfinished, false, "", []string{begin, "forget /*", end}, site.Changes{}},
		{"an asset fails", old, false, "z.js", []string{begin}, site.Changes{}},
		{"a page fails", old, false, "index.html", []string{begin, "put z.js hello"}, site.Changes{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := &fake{broken: tt.broken, present: maps.Clone(tt.present)}
			changes, err := site.Publish(t.Context(), b, files, tt.all, b.forget)
			if (err != nil) != (tt.broken != "") {
				t.Errorf("error is %v", err)
			}
			if tt.all {
				slices.Sort(b.done[1:3]) // They go at the same time.
			}
			if diff := cmp.Diff(tt.want, b.done); diff != "" {
				t.Errorf("what is done (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.changes, changes); diff != "" {
				t.Errorf("changes (-want +got):\n%s", diff)
			}
		})
	}
}

// TestPublishInterrupted: wherever an attempt ends, after the next nothing that is
// cached differs from what is in the bucket.
func TestPublishInterrupted(t *testing.T) {
	files := read(t, entry{name: "index.html", text: "new"}, entry{name: "same.css", text: "hello"}, entry{name: "a.js", text: "new"}, entry{name: "b.js", text: "new"})
	want := map[string]string{}
	for _, file := range files {
		want["/"+file.Key] = file.MD5
	}
	const steps = 8 // the object Unfinished, three files, two deletions, the caches, Unfinished again
	for step := 1; step <= steps+1; step++ {
		b := &fake{steps: step, cached: map[string]string{}, present: map[string]string{"index.html": "old", "same.css": hello, "a.js": "old", "old.js": "old", "old.html": "old"}}
		b.view()
		_, err := site.Publish(t.Context(), b, files, false, b.forget)
		if (err != nil) != (step <= steps) {
			t.Errorf("broken after step %d: error is %v", step, err)
		}
		b.steps = 0
		if _, err := site.Publish(t.Context(), b, files, false, b.forget); err != nil {
			t.Error(err)
		}
		delete(b.cached, "/"+site.Unfinished)
		if diff := cmp.Diff(want, b.cached); diff != "" {
			t.Errorf("broken after step %d, what is cached (-want +got):\n%s\n%q", step, diff, b.done)
		}
		if _, ok := b.present[site.Unfinished]; ok {
			t.Errorf("broken after step %d, it is still unfinished", step)
		}
	}
}

// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/invalidation-specifying-objects.html
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/InvalidationLimits.html
func TestPaths(t *testing.T) {
	numbered := func(count int) []string {
		keys := make([]string, count)
		for i := range keys {
			keys[i] = fmt.Sprintf("%04d", i)
		}
		return keys
	}
	tests := []struct {
		name string
		keys []string
		want string
	}{
		{"index", []string{"index.html", "ko/index.html", "a.js", "myindex.html"}, "/index.html / /ko/index.html /ko/ /a.js /myindex.html"},
		{"encoded", []string{"a b~?/é(1)+@.js"}, "/a%20b%7E%3F/%C3%A9(1)+@.js"},
		{"many", numbered(1000), "/" + strings.Join(numbered(1000), " /")},
		{"too many", numbered(1001), "/*"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var files []site.File
			for _, key := range tt.keys {
				files = append(files, site.File{Key: key, Open: func() (io.ReadCloser, error) { return http.NoBody, nil }})
			}
			_, err := site.Publish(t.Context(), &fake{}, files, false, func(_ context.Context, paths []string) error {
				if diff := cmp.Diff(tt.want, strings.Join(paths, " ")); diff != "" {
					t.Errorf("paths (-want +got):\n%s", diff)
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
}
