package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/noidle/noidle/functions/internal/album"
)

var now = time.Date(2026, 11, 23, 10, 0, 0, 120e6, time.UTC)

// world is everything that the API talks to, in memory.
type world struct {
	entries []album.Entry
	results map[string]album.Result
	deleted []string
	records [][]byte
	key     string // the partition key of the records
	left    []int  // the records that the stream refuses
	down    error
	user    string
}

func (w *world) Put(_ context.Context, e album.Entry) error {
	w.entries = append(w.entries, e)
	return w.down
}

func (w *world) Newest(_ context.Context, owner string, limit int) ([]album.Entry, error) {
	found := slices.DeleteFunc(slices.Clone(w.entries), func(e album.Entry) bool { return e.Owner != owner })
	slices.SortFunc(found, func(a, b album.Entry) int { return cmp.Compare(b.ID, a.ID) })
	return found[:min(limit, len(found))], w.down
}

func (w *world) Get(_ context.Context, owner, id string) (album.Entry, error) {
	for _, e := range w.entries {
		if e.Owner == owner && e.ID == id {
			return e, w.down
		}
	}
	return album.Entry{}, cmp.Or(w.down, album.ErrNotFound)
}

func (w *world) Delete(_ context.Context, owner, id string) error {
	w.entries = slices.DeleteFunc(w.entries, func(e album.Entry) bool { return e.Owner == owner && e.ID == id })
	return w.down
}

func (w *world) Results(context.Context, []string) (map[string]album.Result, error) {
	return w.results, w.down
}

type files struct{ *world }

func (f files) SignUpload(_ context.Context, e album.Entry) (string, error) {
	return fmt.Sprintf("put:%s:%s:%d", e.Key(), e.Type, e.Bytes), nil
}

func (f files) SignThumbnail(_ context.Context, key string) (string, error) { return "get:" + key, nil }

func (f files) Delete(_ context.Context, key string) error {
	f.deleted = append(f.deleted, key)
	return f.down
}

type posts struct{ *world }

func (p posts) Put(_ context.Context, key string, records [][]byte) ([]int, error) {
	p.key, p.records = key, append(p.records, records...)
	if p.left != nil {
		return p.left, errors.New("refused")
	}
	return nil, p.down
}

func (w *world) handler() http.Handler {
	return api{
		album:  album.Album{Entries: w, Index: w, Files: files{w}, Now: func() time.Time { return now }},
		stream: posts{w},
		claims: func(context.Context) map[string]string { return map[string]string{"sub": w.user} },
		now:    func() time.Time { return now },
	}.handler()
}

func (w *world) call(method, path, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	answer := httptest.NewRecorder()
	w.handler().ServeHTTP(answer, r)
	return answer
}

func check(t *testing.T, got *httptest.ResponseRecorder, status int, body string) {
	t.Helper()
	if got.Code != status || got.Body.String() != body {
		t.Errorf("got %d %s\nwant %d %s", got.Code, got.Body, status, body)
	}
	if cache := got.Header().Get("Cache-Control"); cache != "no-store" {
		t.Errorf("Cache-Control is %q", cache)
	}
	want := "application/json"
	if status >= 400 {
		want = "application/problem+json"
	}
	if got := got.Header().Get("Content-Type"); body != "" && got != want {
		t.Errorf("Content-Type is %q, want %q", got, want)
	}
}

func TestAddPhoto(t *testing.T) {
	w := &world{user: "ann"}
	got := w.call("POST", "/photos", `{"name":"cat.jpg","type":"image/jpeg","bytes":12345}`)
	if len(w.entries) != 1 {
		t.Fatalf("entries are %v", w.entries)
	}
	id := w.entries[0].ID
	check(t, got, 201, `{"id":"`+id+`","upload":{"method":"PUT","url":"put:photos/ann/`+id+`.jpg:image/jpeg:12345","headers":{"Content-Type":"image/jpeg"}}}`)
	want := []album.Entry{{Owner: "ann", ID: id, Name: "cat.jpg", Type: "image/jpeg", Bytes: 12345, UploadedAt: now}}
	if diff := gocmp.Diff(want, w.entries); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
}

// add announces a photo and returns its ID.
func (w *world) add(t *testing.T, user, name, contentType string) string {
	t.Helper()
	w.user = user
	if got := w.call("POST", "/photos", fmt.Sprintf(`{"name":%q,"type":%q,"bytes":1}`, name, contentType)); got.Code != 201 {
		t.Fatal(got.Body)
	}
	return w.entries[len(w.entries)-1].ID
}

func TestPhotos(t *testing.T) {
	w := &world{}
	first, second, third := w.add(t, "ann", "a.png", "image/png"), w.add(t, "ann", "b.gif", "image/gif"), w.add(t, "ann", "c.webp", "image/webp")
	other := w.add(t, "bob", "d.jpg", "image/jpeg")
	w.results = map[string]album.Result{
		"photos/ann/" + first + ".png":  {Status: "READY", Thumbnails: []album.Thumbnail{{Name: "web", Key: "k/web.jpg", Width: 4, Height: 3}}},
		"photos/ann/" + second + ".gif": {Status: "REJECTED", Reason: "text, not a picture"},
	}
	const at = `","uploadedAt":"2026-11-23T10:00:00.12Z","status":"`
	ready := `{"id":"` + first + `","name":"a.png` + at + `READY","thumbnails":[{"name":"web","url":"get:k/web.jpg","width":4,"height":3}]}`
	rejected := `{"id":"` + second + `","name":"b.gif` + at + `REJECTED","reason":"text, not a picture","thumbnails":[]}`
	waiting := `{"id":"` + third + `","name":"c.webp` + at + `WAITING","thumbnails":[]}`
	const missing = `{"type":"about:blank","title":"Not Found","status":404,"detail":"you have no such photo"}`

	w.user = "ann"
	check(t, w.call("GET", "/photos", ""), 200, `{"photos":[`+waiting+`,`+rejected+`,`+ready+`]}`)
	check(t, w.call("GET", "/photos/"+first, ""), 200, ready)
	for _, id := range []string{other, "1", "ffffffff-ffff-ffff-ffff-ffffffffffff"} {
		check(t, w.call("GET", "/photos/"+id, ""), 404, missing)
		check(t, w.call("DELETE", "/photos/"+id, ""), 404, missing)
	}
	check(t, w.call("DELETE", "/photos/"+second, ""), 204, "")
	check(t, w.call("DELETE", "/photos/"+second, ""), 404, missing)
	if diff := gocmp.Diff([]string{"photos/ann/" + second + ".gif"}, w.deleted); diff != "" {
		t.Errorf("deleted files (-want +got):\n%s", diff)
	}
	check(t, w.call("GET", "/photos", ""), 200, `{"photos":[`+waiting+`,`+ready+`]}`)
	w.user = "eve"
	check(t, w.call("GET", "/photos", ""), 200, `{"photos":[]}`)
}

func TestNewest(t *testing.T) {
	w := &world{}
	var ids []string
	for range 30 {
		ids = append(ids, w.add(t, "ann", "a.png", "image/png"))
	}
	var got struct{ Photos []album.Photo }
	if err := json.Unmarshal(w.call("GET", "/photos", "").Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	slices.Reverse(ids)
	if !slices.EqualFunc(ids[:24], got.Photos, func(id string, p album.Photo) bool { return id == p.ID }) {
		t.Errorf("got %v, want the last 24 of %v", got.Photos, ids)
	}
}

func TestAddPosts(t *testing.T) {
	w := &world{user: "ann"}
	check(t, w.call("POST", "/posts", `{"posts":[{"text":"hi <#go>","lang":"en"},{"text":"안녕"}]}`), 202, `{"accepted":2}`)
	ids := map[string]bool{}
	for i, want := range []map[string]string{{"text": "hi <#go>", "lang": "en"}, {"text": "안녕"}} {
		var got map[string]string
		if err := json.Unmarshal(w.records[i], &got); err != nil {
			t.Fatal(err)
		}
		ids[got["id"]] = len(got["id"]) == 36
		delete(got, "id")
		want["createdAt"] = "2026-11-23T10:00:00.12Z"
		want["user"] = w.key
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Errorf("record (-want +got):\n%s", diff)
		}
	}
	if len(ids) != 2 || len(w.key) != 16 {
		t.Errorf("IDs are %v, the key %q", ids, w.key)
	}
}

func TestRefused(t *testing.T) {
	invalid := func(errors string) string {
		return `{"type":"about:blank","title":"Bad Request","status":400,"detail":"the request is not valid","errors":[` + errors + `]}`
	}
	many := `{"posts":[` + strings.Repeat(`{"text":"a","lang":""},`, 100) + `{"text":"a","lang":""}]}`
	for _, tt := range []struct {
		name, method, path, body string
		status                   int
		want                     string
	}{
		{"no photo", "POST", "/photos", `{}`, 400, invalid(
			`{"pointer":"/bytes","detail":"want 1 to 20971520, got 0"},` +
				`{"pointer":"/name","detail":"want 1 to 255 characters, none of them a control character, got \"\""},` +
				`{"pointer":"/type","detail":"want image/jpeg, image/png, image/gif or image/webp, got \"\""}`)},
		{"large photo", "POST", "/photos", `{"name":"a","type":"image/gif","bytes":20971521}`, 400, invalid(`{"pointer":"/bytes","detail":"want 1 to 20971520, got 20971521"}`)},
		{"control character", "POST", "/photos", `{"name":"a\n","type":"image/gif","bytes":1}`, 400, invalid(`{"pointer":"/name","detail":"want 1 to 255 characters, none of them a control character, got \"a\\n\""}`)},
		{"part of a byte", "POST", "/photos", `{"bytes":1.5}`, 400, invalid(`{"pointer":"/bytes","detail":"want a whole number, got number 1.5"}`)},
		{"unknown field", "POST", "/photos", `{"size":1}`, 400, invalid(`{"pointer":"","detail":"unknown field \"size\""}`)},
		{"no posts", "POST", "/posts", `{}`, 400, invalid(`{"pointer":"/posts","detail":"want 1 to 100 posts, got 0"}`)},
		{"many posts", "POST", "/posts", many, 400, invalid(`{"pointer":"/posts","detail":"want 1 to 100 posts, got 101"}`)},
		{"posts with wrong fields", "POST", "/posts", `{"posts":[{"text":""},{"text":"a"},{"text":"a","lang":"k"}]}`, 400, invalid(
			`{"pointer":"/posts/0/text","detail":"is missing; give it as a string of 1 to 65536 bytes"},` +
				`{"pointer":"/posts/2/lang","detail":"is \"k\"; give a tag of BCP 47 such as ko or pt-BR, or leave it out"}`)},
		{"user given", "POST", "/posts", `{"posts":[{"text":"a","user":"bob"}]}`, 400, invalid(`{"pointer":"","detail":"unknown field \"user\""}`)},
		{"another path", "GET", "/", "", 404, `{"type":"about:blank","title":"Not Found","status":404,"detail":"there is nothing at this path"}`},
		{"another method", "PUT", "/photos", "", 405, `{"type":"about:blank","title":"Method Not Allowed","status":405,"detail":"want GET, HEAD, POST, got PUT"}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := &world{user: "ann"}
			check(t, w.call(tt.method, tt.path, tt.body), tt.status, tt.want)
			if len(w.entries)+len(w.records) > 0 {
				t.Error("a request that was refused left traces")
			}
		})
	}
}

func TestLimits(t *testing.T) {
	w := &world{user: "ann"}
	if got := w.call("POST", "/photos", `{"name":"`+strings.Repeat("사", 255)+`","type":"image/gif","bytes":20971520}`); got.Code != 201 {
		t.Errorf("the largest photo: %d %s", got.Code, got.Body)
	}
	if got := w.call("POST", "/photos", `{"name":"`+strings.Repeat("사", 256)+`","type":"image/gif","bytes":1}`); got.Code != 400 {
		t.Errorf("a name of 256 characters: %d %s", got.Code, got.Body)
	}
	check(t, w.call("POST", "/posts", `{"posts":[`+strings.Repeat(`{"text":"a"},`, 99)+`{"text":"a"}]}`), 202, `{"accepted":100}`)
}

func TestSignedOut(t *testing.T) {
	for _, route := range []string{"GET /photos", "POST /photos", "GET /photos/1", "DELETE /photos/1", "POST /posts"} {
		method, path, _ := strings.Cut(route, " ")
		got := (&world{}).call(method, path, "")
		check(t, got, 401, `{"type":"about:blank","title":"Unauthorized","status":401,"detail":"sign in first"}`)
		if got.Header().Get("WWW-Authenticate") != "Bearer" {
			t.Errorf("%s: no WWW-Authenticate", route)
		}
	}
}

// TestUnavailable: what failed is in the log and not in the answer, and what users
// wrote is in neither.
func TestUnavailable(t *testing.T) {
	var log bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewJSONHandler(&log, nil)))
	t.Cleanup(func() { slog.SetDefault(before) })
	w := &world{}
	id := w.add(t, "ann", "a.png", "image/png")
	w.down = errors.New("AccessDenied: internal")
	const photos = `{"type":"about:blank","title":"Service Unavailable","status":503,"detail":"the photos cannot be reached now"}`
	check(t, w.call("GET", "/photos", ""), 503, photos)
	check(t, w.call("GET", "/photos/"+id, ""), 503, photos)
	check(t, w.call("DELETE", "/photos/"+id, ""), 503, photos)
	check(t, w.call("POST", "/photos", `{"name":"cat.jpg","type":"image/jpeg","bytes":12345}`), 503, photos)
	if strings.Count(log.String(), "AccessDenied: internal") != 4 {
		t.Errorf("the log lacks errors: %s", log.String())
	}
	w.left = []int{1}
	got := w.call("POST", "/posts", `{"posts":[{"text":"secret"},{"text":"secret"}]}`)
	check(t, got, 503, `{"type":"about:blank","title":"Service Unavailable","status":503,"detail":"not all posts can be taken now","errors":[{"pointer":"/posts/1","detail":"not taken; send it again"}]}`)
	if got.Header().Get("Retry-After") != "1" || strings.Contains(log.String(), "secret") {
		t.Errorf("headers %v, log %s", got.Header(), log.String())
	}
}

// TestRandomRequests: whatever comes, the answer is one that the client can act on.
func TestRandomRequests(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	pick := func(from ...string) string { return from[random.IntN(len(from))] }
	w := &world{user: "ann"}
	h := w.handler()
	seen := map[int]int{}
	for range 10_000 {
		w.user = pick("ann", "ann", "ann", "bob", "")
		id := "x"
		w.entries = w.entries[:min(50, len(w.entries))]
		if n := len(w.entries); n > 0 {
			id = w.entries[random.IntN(n)].ID
		}
		path := pick("/photos", "/photos", "/posts", "/posts", "/photos/"+id, "/photos/"+id+pick("", "", "%2F", "/", "%00", "%zz"), "/", "//photos", "/photos/../posts", "/posts/", "/config.json")
		body := pick(
			`{"name":"cat.jpg","type":"image/png","bytes":7}`, `{"posts":[{"text":"hi","lang":"ko"}]}`, `{"posts":[null,{}]}`, `null`, `[]`, `{"posts":{}}`,
			`{"name":1e999}`, "\xff", `"`, "", strings.Repeat(" ", 70_000))
		for range random.IntN(3) {
			at := random.IntN(len(body) + 1)
			body = body[:at] + pick("", `"`, "{", "}", "[", ",", "0", "-", "null", "\x00", "é", `\ud800`) + body[min(len(body), at+random.IntN(3)):]
		}
		r := httptest.NewRequest("GET", "/", strings.NewReader(body))
		r.Method = pick("GET", "POST", "POST", "DELETE", "HEAD", "PUT", "OPTIONS", "get", "CONNECT")
		if url, err := r.URL.Parse("http://example.com" + path); err == nil {
			r.URL = url
		}
		if random.IntN(10) > 0 {
			r.Header.Set("Content-Type", pick("application/json", "application/json; charset=utf-8", "text/plain", ";"))
		}
		answer := httptest.NewRecorder()
		h.ServeHTTP(answer, r)
		if c := answer.Code / 100; c != 2 && c != 4 || answer.Code != 204 && !json.Valid(answer.Body.Bytes()) {
			t.Fatalf("%s %s %.200q: %d %s", r.Method, path, body, answer.Code, answer.Body)
		}
		seen[answer.Code]++
	}
	for _, status := range []int{200, 201, 202, 204, 400, 401, 404, 405, 413, 415} {
		if seen[status] == 0 {
			t.Errorf("no answer was %d: %v", status, seen)
		}
	}
}
