package album_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/noidle/noidle/functions/internal/album"
)

func TestCheck(t *testing.T) {
	right := album.Draft{Name: "고양이 🐈.jpg", Type: "image/jpeg", Bytes: 1}
	named := func(name string) album.Draft {
		return album.Draft{Name: name, Type: "image/webp", Bytes: album.MaxBytes}
	}
	for _, tt := range []struct {
		name  string
		draft album.Draft
		want  []string
	}{
		{"right", right, nil},
		{"nothing", album.Draft{}, []string{"/bytes", "/name", "/type"}},
		{"longest name", named(strings.Repeat("사", 255)), nil},
		{"name too long", named(strings.Repeat("사", 256)), []string{"/name"}},
		{"name that looks like a path", named("../../etc/passwd"), nil}, // it is no part of the key
		{"name of two lines", named("a\nb"), []string{"/name"}},
		{"name with a C1 control character", named("a\u0085b"), []string{"/name"}},
		{"PNG", album.Draft{Name: "a", Type: "image/png", Bytes: 1}, nil},
		{"GIF", album.Draft{Name: "a", Type: "image/gif", Bytes: 1}, nil},
		{"another type", album.Draft{Name: "a", Type: "image/svg+xml", Bytes: 1}, []string{"/type"}},
		{"type in capitals", album.Draft{Name: "a", Type: "IMAGE/PNG", Bytes: 1}, []string{"/type"}},
		{"nothing in it", album.Draft{Name: "a", Type: "image/png"}, []string{"/bytes"}},
		{"less than nothing", album.Draft{Name: "a", Type: "image/png", Bytes: -1}, []string{"/bytes"}},
		{"too large", album.Draft{Name: "a", Type: "image/png", Bytes: album.MaxBytes + 1}, []string{"/bytes"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			wrong := tt.draft.Check()
			if diff := cmp.Diff(tt.want, slices.Sorted(maps.Keys(wrong))); diff != "" {
				t.Errorf("wrong is %v (-want +got):\n%s", wrong, diff)
			}
		})
	}
}

func TestKey(t *testing.T) {
	const id = "019ab000-0000-7000-8000-000000000001"
	for _, tt := range []struct{ owner, mediaType, want string }{
		{"5f2c6a4e-7c11-4c6b-9d6e-0d3a3e0b8f10", "image/jpeg", "photos/5f2c6a4e-7c11-4c6b-9d6e-0d3a3e0b8f10/" + id + ".jpg"},
		{"idp|ann", "image/png", "photos/idp%7Cann/" + id + ".png"},
		{"ann/bob", "image/gif", "photos/ann%2Fbob/" + id + ".gif"},
		{"..", "image/webp", "photos/%2E%2E/" + id + ".webp"},
	} {
		if got := (album.Entry{Owner: tt.owner, ID: id, Type: tt.mediaType}).Key(); got != tt.want {
			t.Errorf("key is %s, want %s", got, tt.want)
		}
	}
}

// FuzzKey: whoever owns a photo, its key is below a prefix that no other owner has.
func FuzzKey(f *testing.F) {
	for _, owners := range [][2]string{{"ann", "bob"}, {"ann", "ann/bob"}, {"ann/bob", "ann"}, {"..", "."}, {"a%2Fb", "a/b"}, {"한", "\xff"}, {"a?b#c", "a b+c"}} {
		f.Add(owners[0], owners[1])
	}
	f.Fuzz(func(t *testing.T, one, other string) {
		if one == "" || other == "" || one == other {
			return
		}
		of := func(owner string) string { return (album.Entry{Owner: owner, ID: "1", Type: "image/png"}).Key() }
		key := of(one)
		if path.Clean(key) != key || strings.Count(key, "/") != 2 || !strings.HasPrefix(key, "photos/") || !strings.HasSuffix(key, "/1.png") {
			t.Errorf("the key of %q is %q", one, key)
		}
		if strings.HasPrefix(key, path.Dir(of(other))+"/") {
			t.Errorf("the key of %q, %q, is below the prefix of %q", one, key, other)
		}
	})
}

// memory is an album's ports: it fails if told so, and notes what is done.
type memory struct {
	entries []album.Entry
	results map[string]album.Result
	fails   string // the step that fails
	done    []string
}

func (m *memory) step(name string) error {
	m.done = append(m.done, name)
	if m.fails == name {
		return errors.New(name + " failed")
	}
	return nil
}

func (m *memory) Put(_ context.Context, e album.Entry) error {
	m.entries = append(m.entries, e)
	return m.step("put")
}

func (m *memory) Newest(context.Context, string, int) ([]album.Entry, error) {
	return m.entries, m.step("newest")
}

func (m *memory) Get(context.Context, string, string) (album.Entry, error) {
	return m.entries[0], m.step("get")
}

func (m *memory) Delete(context.Context, string, string) error { return m.step("delete entry") }

func (m *memory) Results(context.Context, []string) (map[string]album.Result, error) {
	return m.results, m.step("results")
}

type files struct{ *memory }

func (f files) SignUpload(_ context.Context, e album.Entry) (string, error) {
	return "put:" + e.Key(), f.step("sign upload")
}

func (f files) SignThumbnail(_ context.Context, key string) (string, error) {
	return "get:" + key, f.step("sign thumbnail")
}

func (f files) Delete(context.Context, string) error { return f.step("delete file") }

func (m *memory) album() album.Album {
	zone := time.FixedZone("KST", 9*60*60)
	now := func() time.Time { return time.Date(2026, 11, 23, 19, 0, 0, 123_999_999, zone) }
	return album.Album{Entries: m, Index: m, Files: files{m}, Now: now}
}

// TestAdd: later photos have greater IDs, also within one millisecond.
func TestAdd(t *testing.T) {
	m, last := &memory{}, ""
	for range 1000 {
		id, url, err := m.album().Add(t.Context(), "ann", album.Draft{Name: "a.gif", Type: "image/gif", Bytes: 7})
		if err != nil || id <= last || url != "put:photos/ann/"+id+".gif" {
			t.Fatalf("ID %s comes after %s, URL %s, %v", id, last, url, err)
		}
		last = id
	}
	want := album.Entry{Owner: "ann", ID: last, Name: "a.gif", Type: "image/gif", Bytes: 7, UploadedAt: time.Date(2026, 11, 23, 10, 0, 0, 123_000_000, time.UTC)}
	if diff := cmp.Diff(want, m.entries[999]); diff != "" {
		t.Errorf("entry (-want +got):\n%s", diff)
	}
}

func TestPhotos(t *testing.T) {
	const id = "019ab000-0000-7000-8000-00000000000"
	m := &memory{results: map[string]album.Result{
		"photos/ann/" + id + "1.gif": {Status: "READY", Thumbnails: []album.Thumbnail{{Name: "web", Key: "k", Width: 4, Height: 3}}},
		"photos/ann/" + id + "2.gif": {Status: "REJECTED", Reason: "no picture"},
	}}
	late := m.album().Now().Add(-album.Patience)
	almost := late.Add(time.Millisecond)
	for i, at := range []time.Time{late, late, almost, late} {
		m.entries = append(m.entries, album.Entry{Owner: "ann", ID: fmt.Sprint(id, i+1), Name: "a", Type: "image/gif", UploadedAt: at})
	}
	got, err := m.album().Newest(t.Context(), "ann")
	want := []album.Photo{
		{ID: id + "1", Name: "a", UploadedAt: late, Result: album.Result{Status: "READY", Thumbnails: []album.Thumbnail{{Name: "web", Key: "k", URL: "get:k", Width: 4, Height: 3}}}},
		{ID: id + "2", Name: "a", UploadedAt: late, Result: album.Result{Status: "REJECTED", Reason: "no picture", Thumbnails: []album.Thumbnail{}}},
		{ID: id + "3", Name: "a", UploadedAt: almost, Result: album.Result{Status: album.Waiting, Thumbnails: []album.Thumbnail{}}},
		{ID: id + "4", Name: "a", UploadedAt: late, Result: album.Result{Status: album.Rejected, Reason: "no photo came for 15 minutes", Thumbnails: []album.Thumbnail{}}},
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v, photos (-want +got):\n%s", err, diff)
	}
}

// TestNoID: what is no ID is not looked up.
func TestNoID(t *testing.T) {
	for _, id := range []string{"", "1", "../019ab000-0000-7000-8000-000000000001", "019ab000-0000-7000-8000-00000000000g"} {
		m := &memory{}
		_, err := m.album().Get(t.Context(), "ann", id)
		if deleted := m.album().Delete(t.Context(), "ann", id); !errors.Is(err, album.ErrNotFound) || !errors.Is(deleted, album.ErrNotFound) || m.done != nil {
			t.Errorf("%q: get %v, delete %v, done %q", id, err, deleted, m.done)
		}
	}
}

// TestFailures: nothing goes on after a failure. A photo that was deleted half way
// can be deleted again.
func TestFailures(t *testing.T) {
	const id = "019ab000-0000-7000-8000-000000000001"
	add := func(a album.Album) error {
		_, _, err := a.Add(t.Context(), "ann", album.Draft{Name: "a", Type: "image/gif", Bytes: 1})
		return err
	}
	get := func(a album.Album) error { _, err := a.Get(t.Context(), "ann", id); return err }
	list := func(a album.Album) error { _, err := a.Newest(t.Context(), "ann"); return err }
	remove := func(a album.Album) error { return a.Delete(t.Context(), "ann", id) }
	for _, tt := range []struct {
		do   func(album.Album) error
		done []string // the last of which fails
	}{
		{add, []string{"sign upload"}},
		{add, []string{"sign upload", "put"}},
		{get, []string{"get"}},
		{get, []string{"get", "results"}},
		{get, []string{"get", "results", "sign thumbnail"}},
		{list, []string{"newest"}},
		{list, []string{"newest", "results"}},
		{remove, []string{"get"}},
		{remove, []string{"get", "delete file"}},
		{remove, []string{"get", "delete file", "delete entry"}},
	} {
		m := &memory{fails: tt.done[len(tt.done)-1], entries: []album.Entry{{Owner: "ann", ID: id, Type: "image/gif"}}}
		m.results = map[string]album.Result{m.entries[0].Key(): {Thumbnails: []album.Thumbnail{{Key: "k"}}}}
		if err := tt.do(m.album()); err == nil || err.Error() != m.fails+" failed" {
			t.Errorf("%q: error is %v", tt.done, err)
		}
		if diff := cmp.Diff(tt.done, m.done); diff != "" {
			t.Errorf("what is done (-want +got):\n%s", diff)
		}
	}
}
