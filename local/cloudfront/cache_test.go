package cloudfront_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/noidle/noidle/local/cloudfront"
)

// For how long an object is cached: as CachingOptimized says, between 1 second and a
// year, a day by default
// (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/Expiration.html#ExpirationDownloadDist).
func TestExpiration(t *testing.T) {
	const day, year = 86_400, 31_536_000
	tests := []struct {
		name, control, expires string
		want                   int // seconds
	}{
		{"nothing", "", "", day},
		{"max-age", "max-age=60", "", 60},
		{"max-age of a long time", "max-age=40000000", "", year},
		{"max-age of more than there is", "max-age=99999999999999999999", "", day},
		{"max-age of no time", "max-age=0", "", 1},
		{"s-maxage", "max-age=60, s-maxage=120", "", 120},
		{"s-maxage first", "s-maxage=120, max-age=60", "", 120},
		{"s-maxage of no time", "s-maxage=0, max-age=60", "", 1},
		{"other directives", "public, immutable, max-age=60", "", 60},
		{"in other letters", `Public, Max-Age="60"`, "", 60},
		{"public", "public", "", day},
		{"no-store", "no-store", "", 1},
		{"no-cache", "no-cache, max-age=60", "", 1},
		{"private", "private, max-age=60", "", 1},
		{"expires", "", "Wed, 01 Jul 2026 12:02:00 GMT", 120},
		{"expires long ago", "", "Thu, 01 Jan 2026 00:00:00 GMT", 1},
		{"expires in a long time", "", "Tue, 01 Jul 2036 12:02:00 GMT", year},
		{"max-age before expires", "max-age=60", "Wed, 01 Jul 2026 12:02:00 GMT", 60},
		{"no date", "", "tomorrow", day},
	}
	w := open(t, nil)
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := fmt.Sprint("/cat", i)
			w.clock.Advance(start.Sub(w.clock.Now()))
			w.put(t, "/photos"+path, "meow", "Cache-Control", tt.control, "Expires", tt.expires)
			check(t, "first", "200 Miss meow", w.get(t, path).told())
			w.clock.Advance(time.Duration(tt.want)*time.Second - time.Millisecond)
			got := w.get(t, path)
			check(t, "before it expires", "200 Hit meow", got.told())
			check(t, "Age", strconv.Itoa(tt.want-1), got.Header.Get("Age"))
			check(t, "Cache-Control", tt.control, got.Header.Get("Cache-Control"))
			w.clock.Advance(time.Millisecond)
			check(t, "after it expired", "200 RefreshHit meow", w.get(t, path).told())
			got = w.get(t, path)
			check(t, "once more", "200 Hit meow", got.told())
			check(t, "Age", "0", got.Header.Get("Age"))
		})
	}
}

// What has expired is asked for with its ETag, and what has changed is seen then
// (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/RequestAndResponseBehaviorS3Origin.html#RequestS3ConditionalGETs).
func TestChangedObject(t *testing.T) {
	w := open(t, nil)
	w.put(t, "/photos/cat", "meow", "Cache-Control", "max-age=60")
	check(t, "first", "200 Miss meow", w.get(t, "/cat").told())
	w.put(t, "/photos/cat", "purr", "Cache-Control", "max-age=60")
	check(t, "until it expires", "200 Hit meow", w.get(t, "/cat").told())
	w.clock.Advance(time.Minute)
	check(t, "changed", "200 Miss purr", w.get(t, "/cat").told())
	if seen := w.seen[1]; seen.Get("If-None-Match") != `"4a4be40c96ac6314e91d93f38043a634"` || seen.Get("If-Modified-Since") != "Wed, 01 Jul 2026 12:00:00 GMT" {
		t.Errorf("the origin is asked with %v", seen)
	}
	w.clock.Advance(time.Minute)
	r := httptest.NewRequestWithContext(t.Context(), http.MethodDelete, "/photos/cat", nil)
	w.s3.ServeHTTP(httptest.NewRecorder(), r)
	if got := w.get(t, "/cat"); got.StatusCode != 403 || got.Header.Get("X-Cache") != "Error from cloudfront" {
		t.Errorf("deleted: %s", got.told())
	}
}

// A HEAD request gets what a GET request left in the cache, not the other way round.
func TestHeadFromTheCache(t *testing.T) {
	w := open(t, nil)
	w.put(t, "/photos/cat", "meow")
	head := func() string { return w.do(t, http.MethodHead, "/cat").told() }
	check(t, "head", "200 Miss ", head())
	check(t, "head", "200 Hit ", head())
	check(t, "get", "200 Miss meow", w.get(t, "/cat").told())
	w.clock.Advance(23 * time.Hour)
	check(t, "get", "200 Hit meow", w.get(t, "/cat").told())
	w.put(t, "/photos/dog", "woof")
	check(t, "get", "200 Miss woof", w.get(t, "/dog").told())
	check(t, "head after get", "200 Hit ", w.do(t, http.MethodHead, "/dog").told())
	if got := w.do(t, http.MethodHead, "/dog"); got.ContentLength != 4 {
		t.Errorf("Content-Length %d, want 4", got.ContentLength)
	}
}

// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html#managed-cache-policy-caching-disabled
func TestCachingDisabled(t *testing.T) {
	w := open(t, func(d *cloudfront.Distribution) { d.Behaviors[0].CachePolicyID = disabled })
	w.put(t, "/photos/cat", "meow", "Cache-Control", "max-age=60")
	check(t, "first", "200 Miss meow", w.get(t, "/cat").told())
	w.put(t, "/photos/cat", "purr")
	got := w.get(t, "/cat")
	check(t, "second", "200 Miss purr", got.told())
	check(t, "Age", "", got.Header.Get("Age"))
	w.fails = 503
	check(t, "failed", "503 Error no\n", w.get(t, "/cat").told())
	w.fails = 0
	check(t, "after that", "200 Miss purr", w.get(t, "/cat").told())
}

// Which errors are cached, and for how long
// (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/HTTPStatusCodes.html#HTTPStatusCodes-cached-errors,
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/custom-error-pages-expiration.html).
func TestErrorsInTheCache(t *testing.T) {
	tests := []struct {
		status  int
		control string
		least   *time.Duration
		want    time.Duration
	}{
		{404, "", nil, 10 * time.Second},
		{414, "", nil, 10 * time.Second},
		{500, "", nil, 10 * time.Second},
		{501, "", nil, 10 * time.Second},
		{502, "", nil, 10 * time.Second},
		{503, "", nil, 10 * time.Second},
		{504, "", nil, 10 * time.Second},
		{404, "max-age=60", nil, time.Minute},
		{404, "max-age=5", nil, 10 * time.Second},
		{404, "no-store", nil, 10 * time.Second},
		{404, "", new(5 * time.Second), 5 * time.Second},
		{404, "", new(time.Minute), time.Minute},
		{404, "max-age=30", new(time.Minute), time.Minute},
		{404, "", new(time.Duration(0)), 0},
		{404, "max-age=40000000", nil, 365 * 24 * time.Hour},
		{400, "", nil, 0},
		{403, "", nil, 0},
		{403, "", new(time.Minute), 0},
		{403, "no-store", nil, 0},
		{403, "s-maxage=60", nil, time.Minute},
		{403, "max-age=5", nil, 10 * time.Second},
		{405, "", nil, 0},
		{412, "max-age=60", nil, time.Minute},
		{415, "max-age=60", nil, time.Minute},
		{416, "max-age=60", nil, 0},
		{429, "max-age=60", nil, 0},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.status, tt.control, tt.least), func(t *testing.T) {
			asked := 0
			origin := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				asked++
				w.Header().Set("Cache-Control", tt.control)
				w.WriteHeader(tt.status)
			})
			d := cloudfront.Distribution{
				Origins:   []cloudfront.Origin{{ID: "photos", Bucket: "photos", Principal: nobody}},
				Behaviors: []cloudfront.Behavior{{PathPattern: "*", OriginID: "photos", CachePolicyID: optimized}},
			}
			if tt.least != nil {
				d.ErrorResponses = []cloudfront.ErrorResponse{{Status: tt.status, MinTTL: tt.least}}
			}
			clock := clockwork.NewFakeClockAt(start)
			h, err := cloudfront.New(d, cloudfront.Options{Clock: clock, S3: origin})
			if err != nil {
				t.Fatal(err)
			}
			get := func() {
				t.Helper()
				w := httptest.NewRecorder()
				h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/cat", nil))
				if w.Code != tt.status || w.Header().Get("X-Cache") != "Error from cloudfront" {
					t.Errorf("status %d, X-Cache %s", w.Code, w.Header().Get("X-Cache"))
				}
			}
			get()
			if tt.want > 0 {
				clock.Advance(tt.want - 1)
				get()
				check(t, "asked before the error expires", 1, asked)
				clock.Advance(1)
			}
			get()
			check(t, "asked after it expired", 2, asked)
		})
	}
}

// While the origin fails, what has expired is served, and the origin is left alone
// for the error caching minimum TTL
// (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/HTTPStatusCodes.html#HTTPStatusCodes-no-custom-error-pages-in-cache).
func TestOriginFails(t *testing.T) {
	w := open(t, nil)
	w.put(t, "/photos/cat", "meow", "Cache-Control", "max-age=60")
	check(t, "first", "200 Miss meow", w.get(t, "/cat").told())
	w.fails = 503
	w.clock.Advance(time.Minute)
	check(t, "expired", "200 Hit meow", w.get(t, "/cat").told())
	w.clock.Advance(9 * time.Second)
	check(t, "expired", "200 Hit meow", w.get(t, "/cat").told())
	check(t, "asks", 2, w.asks())
	check(t, "another", "503 Error no\n", w.get(t, "/dog").told())
	w.fails = 0
	w.put(t, "/photos/dog", "woof")
	w.clock.Advance(time.Second)
	check(t, "works again", "200 RefreshHit meow", w.get(t, "/cat").told())
	check(t, "another's error", "503 Error no\n", w.get(t, "/dog").told())
	w.clock.Advance(9 * time.Second)
	check(t, "another works again", "200 Miss woof", w.get(t, "/dog").told())
}

// An origin that breaks off leaves nothing in the cache.
func TestOriginBreaksOff(t *testing.T) {
	w := newWorld(t)
	w.serve(t, w.plain(), http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "10")
		_, _ = w.Write([]byte("0123"))
	}))
	check(t, "answer", "502 Error ", w.get(t, "/cat").told())
}

// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/GeneratingCustomErrorResponses.html
func TestErrorPages(t *testing.T) {
	pages := []cloudfront.ErrorResponse{
		{Status: 403, PagePath: "/index.html", PageStatus: 200},
		{Status: 404, PagePath: "/errors/404.html", PageStatus: 404},
		{Status: 416, PagePath: "/errors/416.html", PageStatus: 400},
		{Status: 503, PagePath: "/errors/gone.html", PageStatus: 200},
	}
	for name, policy := range map[string]string{"cached": optimized, "not cached": disabled} {
		t.Run(name, func(t *testing.T) {
			w := open(t, func(d *cloudfront.Distribution) {
				d.ErrorResponses = pages
				d.Behaviors[0].CachePolicyID, d.Behaviors[0].ResponseHeadersPolicyID = policy, security
			})
			w.put(t, "/photos/index.html", "<app>", "Content-Type", "text/html")
			w.put(t, "/photos/errors/404.html", "<missing>")
			w.put(t, "/photos/errors/416.html", "<beyond>")
			w.put(t, "/photos/cat", "meow")
			for range 2 {
				got := w.get(t, "/some/route?page=1", "Range", "bytes=0-1", "If-None-Match", "*")
				check(t, "403", "200 Error <app>", got.told())
				if got.Header.Get("Content-Type") != "text/html" || got.ContentLength != 5 || got.Header.Get("X-Content-Type-Options") != "nosniff" {
					t.Errorf("headers %v", got.Header)
				}
				got = w.do(t, http.MethodHead, "/some/route")
				check(t, "head", "200 Error ", got.told())
				check(t, "416", "400 Error <beyond>", w.get(t, "/cat", "Range", "bytes=9-").told())
				check(t, "refused by the distribution", "403 Error This distribution is not configured to allow the HTTP request method that was used for this request.\n",
					w.do(t, http.MethodPut, "/cat").told())
			}
			w.allow(t, "photos", oac("s3:ListBucket", "arn:aws:s3:::photos", arn))
			check(t, "404", "404 Error <missing>", w.get(t, "/dog").told())
			w.fails = 503
			check(t, "page that fails", "503 Error no\n", w.get(t, "/bird").told())
		})
	}
}

// A page comes from the behavior that its path has, and OPTIONS requests get it, too.
func TestErrorPageOfAnotherOrigin(t *testing.T) {
	w := open(t, func(d *cloudfront.Distribution) {
		pages := d.Origins[0]
		pages.ID, pages.Path = "pages", "/site"
		d.Origins = append(d.Origins, pages)
		d.Behaviors[0].AllowedMethods = []string{"GET", "HEAD", "OPTIONS"}
		d.Behaviors = append([]cloudfront.Behavior{{PathPattern: "errors/*", OriginID: "pages", CachePolicyID: disabled}}, d.Behaviors...)
		d.ErrorResponses = []cloudfront.ErrorResponse{{Status: 403, PagePath: "/errors/403.html", PageStatus: 404}, {Status: 400, PagePath: "/errors/403.html", PageStatus: 400}}
	})
	w.put(t, "/photos/site/errors/403.html", "<no>")
	check(t, "get", "404 Error <no>", w.get(t, "/dog").told())
	if got := w.do(t, http.MethodOptions, "/dog").told(); !strings.HasSuffix(got, " Error <no>") {
		t.Errorf("options: %s", got)
	}
}

// The first behavior whose pattern matches serves
// (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/DownloadDistValuesCacheBehavior.html#DownloadDistValuesPathPattern).
func TestPathPatterns(t *testing.T) {
	tests := []struct {
		pattern, path string
		want          bool
	}{
		{"images/*", "/images/cat.jpg", true},
		{"/images/*", "/images/a/cat.jpg", true},
		{"images/*", "/images/", true},
		{"images/*", "/images", false},
		{"images/*", "/a/images/cat", false},
		{"*.jpg", "/a/b/cat.jpg", true},
		{"*.jpg", "/cat.jpeg", false},
		{"*.jpg", "/catxjpg", false},
		{"*.jp?g", "/cat.jpeg", true},
		{"*.jp?g", "/cat.jpg", false},
		{"*", "/anything", true},
		{"cat?", "/cat", false},
		{"cat?", "/cat%C3%BC", true},
		{"images/*", "/Images/cat", false},
		{"a+(b)*", "/a+(b)c", true},
		{"images/*", "//images///cat", true},
		{"images/*", "/a/../images/cat", true},
		{"images/*", "/images/../cat", false},
		{"a*b*c", "/axxbyyc", true},
		{"a*b*c", "/axxcyyb", false},
		{"a%20b", "/a%20b", false},
		{"cat", "/cat", true},
		{"cat", "/cat/", false},
		{"images/*", "/images/x%0Ay", true},
	}
	for _, tt := range tests {
		t.Run(tt.pattern+" "+tt.path, func(t *testing.T) {
			var got string
			origin := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.URL.EscapedPath() })
			h, err := cloudfront.New(cloudfront.Distribution{
				Origins: []cloudfront.Origin{{ID: "one", Bucket: "one", Path: "/a b", Principal: nobody}, {ID: "rest", Bucket: "rest", Principal: nobody}},
				Behaviors: []cloudfront.Behavior{
					{PathPattern: tt.pattern, OriginID: "one", CachePolicyID: optimized},
					{PathPattern: "*", OriginID: "rest", CachePolicyID: optimized},
				},
			}, cloudfront.Options{Clock: clockwork.NewFakeClock(), S3: origin})
			if err != nil {
				t.Fatal(err)
			}
			h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://x"+tt.path, nil))
			want := "/rest" + tt.path
			if tt.want {
				want = "/one/a%20b" + tt.path
			}
			check(t, "the origin's path", want, got)
		})
	}
}

// Requests for one object at once are one request to the origin, and all but the
// first are hits
// (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/RequestAndResponseBehaviorS3Origin.html#request-s3-traffic-spikes).
func TestRequestsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		var asks, misses atomic.Int32
		origin := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			asks.Add(1)
			<-release
			w.Header().Set("Cache-Control", "no-cache")
			_, _ = w.Write([]byte("meow"))
		})
		h, err := cloudfront.New(cloudfront.Distribution{
			Origins:   []cloudfront.Origin{{ID: "photos", Bucket: "photos", Principal: nobody}},
			Behaviors: []cloudfront.Behavior{{PathPattern: "*", OriginID: "photos", CachePolicyID: optimized}},
		}, cloudfront.Options{Clock: clockwork.NewRealClock(), S3: origin})
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				w := httptest.NewRecorder()
				h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/cat", nil))
				if w.Header().Get("X-Cache") == "Miss from cloudfront" {
					misses.Add(1)
				}
				if w.Body.String() != "meow" {
					t.Errorf("%d %s", w.Code, w.Body)
				}
			})
		}
		synctest.Wait()
		close(release)
		wg.Wait()
		if asks.Load() != 1 || misses.Load() != 1 {
			t.Errorf("the origin is asked %d times, %d misses, want 1", asks.Load(), misses.Load())
		}
	})
}

// The cache is bounded: what nobody asked for for the longest time goes first, and
// what is very large is not kept.
func TestBounds(t *testing.T) {
	contents := map[string]string{"/large": strings.Repeat("0123456789", 1<<20)}
	for i := range 5 {
		contents[fmt.Sprint("/", i)] = strings.Repeat("x", 8<<20-i)
	}
	w := open(t, nil)
	for path, content := range contents {
		w.put(t, "/photos"+path, content)
	}
	state := func(path string) string {
		got := w.get(t, path)
		if got.body != contents[path] {
			t.Errorf("%s: %d bytes, want %d", path, len(got.body), len(contents[path]))
		}
		return strings.TrimSuffix(got.Header.Get("X-Cache"), " from cloudfront")
	}
	var got []string
	for _, path := range []string{"/0", "/1", "/2", "/0", "/3", "/0", "/1", "/large", "/large", "/0"} {
		got = append(got, path+" "+state(path))
	}
	check(t, "X-Cache", []string{"/0 Miss", "/1 Miss", "/2 Miss", "/0 Hit", "/3 Miss", "/0 Hit", "/1 Miss", "/large Miss", "/large Miss", "/0 Hit"}, got)

	etag := w.do(t, http.MethodHead, "/large").Header.Get("Etag")
	tests := []struct {
		name   string
		header []string
		want   string
	}{
		{"range", []string{"Range", "bytes=10-13"}, "206 Miss 0123"},
		{"same range", []string{"Range", "bytes=10-13", "If-Range", etag}, "206 Miss 0123"},
		{"same", []string{"If-None-Match", etag}, "304 Miss "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { check(t, "answer", tt.want, w.get(t, "/large", tt.header...).told()) })
	}
	t.Run("changed range", func(t *testing.T) {
		if got := w.get(t, "/large", "Range", "bytes=10-13", "If-Range", `"x"`); got.StatusCode != 200 || got.body != contents["/large"] {
			t.Errorf("status %d, %d bytes", got.StatusCode, len(got.body))
		}
	})
	t.Run("head", func(t *testing.T) {
		got := w.do(t, http.MethodHead, "/large")
		if got.ContentLength != 10<<20 || got.told() != "200 Hit " {
			t.Errorf("%s, %d bytes", got.told(), got.ContentLength)
		}
	})
}
