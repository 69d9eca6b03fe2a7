package cloudfront_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jonboulle/clockwork"

	"github.com/noidle/noidle/local/api"
	"github.com/noidle/noidle/local/cloudfront"
	"github.com/noidle/noidle/local/iam"
	"github.com/noidle/noidle/local/s3"
)

const (
	optimized = "658327ea-f89d-4fab-a63d-7e88639e58f6"
	disabled  = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
	security  = "67f7725c-6f97-4210-82d7-5512b31e9d03"

	arn = "arn:aws:cloudfront::000000000000:distribution/EDFDVBD6EXAMPLE"
)

var start = time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)

// world is S3 and, once there is one, a distribution in front of it.
type world struct {
	s3        *s3.Service
	authority *iam.Authority
	clock     *clockwork.FakeClock
	url       string

	mu    sync.Mutex
	asked []string // what the distribution asked S3 for
	seen  []http.Header
	fails int // the status that S3 answers with, if it fails
}

func newWorld(t *testing.T, buckets ...s3.Bucket) *world {
	t.Helper()
	w := &world{clock: clockwork.NewFakeClockAt(start)}
	w.authority = iam.New(w.clock)
	w.s3 = s3.New(s3.Options{Clock: w.clock, Publish: func(s3.Event) {}, Secret: func(key string) (string, bool) { return key, true }})
	t.Cleanup(w.s3.Close)
	for _, b := range append(buckets, s3.Bucket{Name: "photos"}) {
		if err := w.s3.CreateBucket(b); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

// allow gives a bucket a policy with one statement more.
func (w *world) allow(t *testing.T, bucket, statement string) {
	t.Helper()
	policy, err := iam.ParsePolicy([]byte(`{"Statement": [` + statement + `]}`))
	if err != nil {
		t.Fatal(err)
	}
	w.authority.AddResourcePolicy(s3.ARN(bucket), policy)
}

// oac is the statement that the CDK adds to a bucket's policy for a distribution
// with an origin access control
// (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-restricting-access-to-s3.html).
func oac(action, resource, source string) string {
	return fmt.Sprintf(`{"Action": %q, "Condition": {"StringEquals": {"AWS:SourceArn": %q}}, "Effect": "Allow", "Principal": {"Service": "cloudfront.amazonaws.com"}, "Resource": %q}`,
		action, source, resource)
}

// put puts an object as the administrator.
func (w *world) put(t *testing.T, path, content string, header ...string) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPut, path, strings.NewReader(content))
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	answer := httptest.NewRecorder()
	if w.s3.ServeHTTP(answer, r); answer.Code != http.StatusOK {
		t.Fatalf("put %s: %d %s", path, answer.Code, answer.Body)
	}
}

// ServeHTTP is S3, as far as it does not fail.
func (w *world) ServeHTTP(answer http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	w.asked = append(w.asked, r.Method+" "+r.URL.RequestURI())
	w.seen = append(w.seen, r.Header.Clone())
	fails := w.fails
	w.mu.Unlock()
	if fails != 0 {
		http.Error(answer, "no", fails)
		return
	}
	w.s3.ServeHTTP(answer, r)
}

func (w *world) asks() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.asked)
}

// plain is a distribution of the bucket photos.
func (w *world) plain() cloudfront.Distribution {
	return cloudfront.Distribution{
		ID:        "EDFDVBD6EXAMPLE",
		Origins:   []cloudfront.Origin{{ID: "photos", Bucket: "photos", Principal: w.authority.Service("cloudfront.amazonaws.com", arn)}},
		Behaviors: []cloudfront.Behavior{{PathPattern: "*", OriginID: "photos", CachePolicyID: optimized}},
	}
}

// serve starts a distribution.
func (w *world) serve(t *testing.T, d cloudfront.Distribution, origin http.Handler) {
	t.Helper()
	h, err := cloudfront.New(d, cloudfront.Options{Clock: w.clock, S3: origin})
	if err != nil {
		t.Fatal(err)
	}
	w.start(t, h)
}

func (w *world) start(t *testing.T, h http.Handler) {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	w.url = server.URL
}

// open is a world with a plain distribution that may read photos.
func open(t *testing.T, change func(*cloudfront.Distribution)) *world {
	t.Helper()
	w := newWorld(t)
	w.allow(t, "photos", oac("s3:GetObject", "arn:aws:s3:::photos/*", arn))
	d := w.plain()
	if change != nil {
		change(&d)
	}
	w.serve(t, d, w)
	return w
}

type response struct {
	*http.Response
	body string
}

func (w *world) do(t *testing.T, method, path string, header ...string) response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, w.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	answer, err := (&http.Transport{DisableCompression: true, DisableKeepAlives: true}).RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response{answer, string(body)}
}

func (w *world) get(t *testing.T, path string, header ...string) response {
	t.Helper()
	return w.do(t, http.MethodGet, path, header...)
}

// told is an answer's status, X-Cache and body.
func (r response) told() string {
	return fmt.Sprint(r.StatusCode, " ", strings.TrimSuffix(r.Header.Get("X-Cache"), " from cloudfront"), " ", r.body)
}

func check(t *testing.T, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// The policy of the bucket decides what a distribution may read
// (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-restricting-access-to-s3.html).
// Of a missing key it learns if it may list the bucket
// (https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html).
func TestAccess(t *testing.T) {
	const (
		objects = "arn:aws:s3:::photos/*"
		anybody = `{"Effect": "Allow", "Action": "s3:GetObject", "Principal": "*", "Resource": "arn:aws:s3:::web/*"}`
	)
	other := strings.Replace(arn, "EDF", "EXY", 1)
	tests := []struct {
		name, bucket, path string
		anonymous          bool
		statements         []string
		want               int
	}{
		{"as the CDK allows it", "photos", "/cat", false, []string{oac("s3:GetObject", objects, arn)}, 200},
		{"no policy", "photos", "/cat", false, nil, 403},
		{"another distribution", "photos", "/cat", false, []string{oac("s3:GetObject", objects, other)}, 403},
		{"another action", "photos", "/cat", false, []string{oac("s3:PutObject", objects, arn)}, 403},
		{"missing", "photos", "/dog", false, []string{oac("s3:GetObject", objects, arn)}, 403},
		{"missing, and may list", "photos", "/dog", false, []string{oac("s3:GetObject", objects, arn), oac("s3:ListBucket", "arn:aws:s3:::photos", arn)}, 404},
		{"root, and may not list", "photos", "/", false, []string{oac("s3:GetObject", objects, arn)}, 403},
		{"root, and may list", "photos", "/", false, []string{oac("s3:ListBucket", "arn:aws:s3:::photos", arn)}, 200},
		{"without access control", "photos", "/cat", true, []string{oac("s3:GetObject", objects, arn)}, 403},
		{"anybody, in a bucket that blocks", "blocked", "/cat", true, []string{strings.Replace(anybody, "web", "blocked", 1)}, 403},
		{"anybody, in a public bucket", "web", "/cat", true, []string{anybody}, 200},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, s3.Bucket{Name: "web", Public: true}, s3.Bucket{Name: "blocked"})
			w.put(t, "/"+tt.bucket+"/cat", "meow")
			for _, statement := range tt.statements {
				w.allow(t, tt.bucket, statement)
			}
			d := w.plain()
			d.Origins[0].Bucket = tt.bucket
			if tt.anonymous {
				d.Origins[0].Principal = w.authority.Anonymous()
			}
			w.serve(t, d, w)
			if got := w.get(t, tt.path); got.StatusCode != tt.want {
				t.Errorf("status %d, want %d: %s", got.StatusCode, tt.want, got.body)
			}
		})
	}
}

// What the origin gets of a request: neither query, nor cookies, nor other headers,
// and not the path's other spellings
// (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html).
func TestWhatIsForwarded(t *testing.T) {
	for name, policy := range map[string]string{"cached": optimized, "not cached": disabled} {
		t.Run(name, func(t *testing.T) {
			w := open(t, func(d *cloudfront.Distribution) { d.Behaviors[0].CachePolicyID = policy })
			w.put(t, "/photos/cat", "meow")
			for _, query := range []string{"", "?versions", "?X-Amz-Credential=x/20260701/us-east-1/s3/aws4_request", "?a=b"} {
				got := w.get(t, "/cat"+query, "Cookie", "a=b", "Origin", "https://example.com", "Authorization", "Bearer x", "X-Amz-Copy-Source", "photos/cat", "Cache-Control", "no-cache")
				if got.StatusCode != 200 || got.body != "meow" {
					t.Errorf("%s: %s", query, got.told())
				}
			}
			for i, header := range w.seen {
				header.Del("Noidle-Call")
				if w.asked[i] != "GET /photos/cat" || len(header) > 0 {
					t.Errorf("the origin gets %s with %v", w.asked[i], header)
				}
			}
			if want := map[string]int{optimized: 1, disabled: 4}[policy]; w.asks() != want {
				t.Errorf("the origin is asked %d times, want %d", w.asks(), want)
			}
		})
	}
}

// What S3 says of itself does not reach viewers
// (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/RequestAndResponseBehaviorS3Origin.html#response-s3-removed-headers).
func TestRemovedHeaders(t *testing.T) {
	w := open(t, nil)
	w.put(t, "/photos/cat", "meow")
	for _, path := range []string{"/cat", "/cat", "/missing"} {
		header := w.get(t, path).Header
		for _, name := range []string{"X-Amz-Id-2", "X-Amz-Request-Id"} {
			if values := header.Values(name); values != nil {
				t.Errorf("%s: %s %q", path, name, values)
			}
		}
		for name, values := range header {
			if len(values) > 1 {
				t.Errorf("%s: %s %q", path, name, values)
			}
		}
	}
}

// Keys of all characters have paths, which the origin gets as they are.
func TestPaths(t *testing.T) {
	tests := []struct{ name, key, path string }{
		{"plain", "/a/cat.jpg", "/a/cat.jpg"},
		{"space", "/a%20cat.jpg", "/a%20cat.jpg"},
		{"plus", "/b%2Bcat.jpg", "/b+cat.jpg"},
		{"encoded plus", "/c%2Bcat.jpg", "/c%2Bcat.jpg"},
		{"encoded slash", "/d/cat", "/d%2Fcat"},
		{"encoded letters", "/e/cat", "/e/%63%61t"},
		{"percent", "/100%25", "/100%25"},
		{"twice encoded", "/a%2520b", "/a%2520b"},
		{"unicode", "/%EA%B3%A0%EC%96%91%EC%9D%B4/%F0%9F%90%88.jpg", "/%EA%B3%A0%EC%96%91%EC%9D%B4/%F0%9F%90%88.jpg"},
		{"question mark", "/who%3F", "/who%3F"},
		{"reserved", "/a;b=c,d@e:f!$&'()*~", "/a;b=c,d@e:f!$&'()*~"},
		{"double slash", "//a//b", "//a//b"},
	}
	w := open(t, nil)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w.put(t, "/photos"+tt.key, "meow")
			check(t, "first", "200 Miss meow", w.get(t, tt.path).told())
			check(t, "second", "200 Hit meow", w.get(t, tt.path).told())
		})
	}
}

// A path does not lead out of the origin.
func TestPathsStayInTheBucket(t *testing.T) {
	w := newWorld(t, s3.Bucket{Name: "secret", Public: true})
	w.put(t, "/secret/cat", "secret")
	w.allow(t, "photos", oac("s3:GetObject", "*", arn))
	w.allow(t, "secret", oac("s3:GetObject", "*", arn))
	w.serve(t, w.plain(), w)
	for _, path := range []string{"/../secret/cat", "/..%2Fsecret/cat", "/%2e%2e/secret/cat", "/a/../../secret/cat"} {
		if got := w.get(t, path); got.StatusCode < 400 {
			t.Errorf("%s: %s", path, got.told())
		}
	}
}

// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/RangeGETs.html,
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/RequestAndResponseBehaviorCustomOrigin.html#request-custom-conditional-requests
func TestRangesAndConditions(t *testing.T) {
	const etag = `"781e5e245d69b566979b86e28d23f2c7"` // MD5 of 0123456789
	modified, before := start.Format(http.TimeFormat), start.Add(-time.Second).Format(http.TimeFormat)
	tests := []struct {
		name, method string
		header       []string
		want         string // status and body
		wantRange    string
		wantLength   int64
	}{
		{"all", "GET", nil, "200 0123456789", "", 10},
		{"head", "HEAD", nil, "200 ", "", 10},
		{"first bytes", "GET", []string{"Range", "bytes=0-3"}, "206 0123", "bytes 0-3/10", 4},
		{"from a byte", "GET", []string{"Range", "bytes=8-"}, "206 89", "bytes 8-9/10", 2},
		{"last bytes", "GET", []string{"Range", "bytes=-3"}, "206 789", "bytes 7-9/10", 3},
		{"head of a range", "HEAD", []string{"Range", "bytes=0-3"}, "206 ", "bytes 0-3/10", 4},
		{"head of ranges", "HEAD", []string{"Range", "bytes=0-1,4-5"}, "200 ", "", 10},
		{"beyond the end", "GET", []string{"Range", "bytes=10-"}, "416", "bytes */10", -2},
		{"overlapping", "GET", []string{"Range", "bytes=0-3,2-5"}, "200 0123456789", "", 10},
		{"descending", "GET", []string{"Range", "bytes=4-5,0-1"}, "200 0123456789", "", 10},
		{"backwards", "GET", []string{"Range", "bytes=5-2"}, "200 0123456789", "", 10},
		{"negative", "GET", []string{"Range", "bytes=0-1,-2"}, "200 0123456789", "", 10},
		{"one byte", "GET", []string{"Range", "bytes=4"}, "200 0123456789", "", 10},
		{"no range", "GET", []string{"Range", "lines=1-2"}, "200 0123456789", "", 10},
		{"same range", "GET", []string{"Range", "bytes=0-3", "If-Range", etag}, "206 0123", "bytes 0-3/10", 4},
		{"changed range", "GET", []string{"Range", "bytes=0-3", "If-Range", `"x"`}, "200 0123456789", "", 10},
		{"same", "GET", []string{"If-None-Match", etag}, "304 ", "", -2},
		{"same, head", "HEAD", []string{"If-None-Match", etag}, "304 ", "", -2},
		{"changed", "GET", []string{"If-None-Match", `"x"`}, "200 0123456789", "", 10},
		{"not modified", "GET", []string{"If-Modified-Since", modified}, "304 ", "", -2},
		{"modified", "GET", []string{"If-Modified-Since", before}, "200 0123456789", "", 10},
		{"match", "GET", []string{"If-Match", etag}, "200 0123456789", "", 10},
		{"no match", "GET", []string{"If-Match", `"x"`}, "412", "", -2},
		{"modified after all", "GET", []string{"If-Unmodified-Since", before}, "412", "", -2},
	}
	for _, policy := range []string{optimized, disabled} {
		w := open(t, func(d *cloudfront.Distribution) { d.Behaviors[0].CachePolicyID = policy })
		for i, tt := range tests {
			t.Run(tt.name+" "+policy, func(t *testing.T) {
				path := fmt.Sprint("/digits", i)
				w.put(t, "/photos"+path, "0123456789", "Content-Type", "text/plain")
				for _, state := range []string{"Miss", "Hit"} {
					got := w.do(t, tt.method, path, tt.header...)
					told := fmt.Sprint(got.StatusCode, " ", got.body)
					if got.StatusCode >= 400 {
						told, state = fmt.Sprint(got.StatusCode), "Error"
					}
					if policy == disabled && state == "Hit" {
						state = "Miss"
					}
					check(t, "answer", tt.want, told)
					check(t, "Content-Range", tt.wantRange, got.Header.Get("Content-Range"))
					check(t, "X-Cache", state+" from cloudfront", got.Header.Get("X-Cache"))
					if tt.wantLength != -2 && got.ContentLength != tt.wantLength {
						t.Errorf("Content-Length %d, want %d", got.ContentLength, tt.wantLength)
					}
					if got.StatusCode < 300 && (got.Header.Get("Etag") != etag || got.Header.Get("Content-Type") != "text/plain" || got.Header.Get("Last-Modified") != modified) {
						t.Errorf("headers %v", got.Header)
					}
				}
			})
		}
	}
}

// What is stored encoded goes out so, with its length.
func TestEncodedContent(t *testing.T) {
	w := open(t, nil)
	w.put(t, "/photos/cat", "compressed", "Content-Encoding", "gzip", "Content-Type", "text/plain", "X-Amz-Meta-Name", "Tom")
	for range 2 {
		got := w.get(t, "/cat")
		if got.body != "compressed" || got.ContentLength != 10 || got.Header.Get("Content-Encoding") != "gzip" || got.Header.Get("X-Amz-Meta-Name") != "Tom" {
			t.Errorf("%s, %d bytes, %v", got.told(), got.ContentLength, got.Header)
		}
	}
}

// multipart/byteranges is the one form of an answer with a body of its own.
func TestSeveralRanges(t *testing.T) {
	w := open(t, nil)
	w.put(t, "/photos/digits", "0123456789")
	got := w.get(t, "/digits", "Range", "bytes=0-1, 8-9")
	if got.StatusCode != 206 || !strings.HasPrefix(got.Header.Get("Content-Type"), "multipart/byteranges") || !strings.Contains(got.body, "bytes 8-9/10\r\n") {
		t.Errorf("%s, %v", got.told(), got.Header)
	}
}

// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/DefaultRootObject.html
func TestRootObject(t *testing.T) {
	w := open(t, func(d *cloudfront.Distribution) { d.RootObject = "home/index.html" })
	w.put(t, "/photos/home/index.html", "welcome")
	check(t, "root", "200 Miss welcome", w.get(t, "/").told())
	check(t, "root object", "200 Hit welcome", w.get(t, "/home/index.html").told())
	check(t, "root without slash", "200 Hit welcome", w.get(t, "").told())
	if got := w.get(t, "/home/"); got.StatusCode != 403 {
		t.Errorf("a directory: %s", got.told())
	}
}

// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/DownloadDistValuesCacheBehavior.html#DownloadDistValuesAllowedHTTPMethods
func TestMethods(t *testing.T) {
	tests := []struct {
		method  string
		allowed []string
		want    string
	}{
		{"GET", nil, "200 Miss meow"},
		{"HEAD", nil, "200 Miss "},
		{"OPTIONS", nil, "403 Error This distribution is not configured"},
		{"PUT", nil, "403 Error This distribution is not configured"},
		{"DELETE", nil, "403 Error This distribution is not configured"},
		// S3 wants an Origin, which is not forwarded.
		{"OPTIONS", []string{"GET", "HEAD", "OPTIONS"}, "40"},
		{"POST", []string{"GET", "HEAD", "OPTIONS"}, "403 Error This distribution is not configured"},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.method, tt.allowed), func(t *testing.T) {
			w := open(t, func(d *cloudfront.Distribution) { d.Behaviors[0].AllowedMethods = tt.allowed })
			w.put(t, "/photos/cat", "meow")
			if got := w.do(t, tt.method, "/cat").told(); !strings.HasPrefix(got, tt.want) {
				t.Errorf("%s, want %s", got, tt.want)
			}
			if asked := w.asks() > 0; asked != (tt.allowed != nil && tt.method == "OPTIONS" || tt.method == "GET" || tt.method == "HEAD") {
				t.Errorf("the origin is asked: %v", w.asked)
			}
		})
	}
}

// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/RequestAndResponseBehaviorS3Origin.html#RequestS3-get-body
func TestBodyIsRefused(t *testing.T) {
	w := open(t, nil)
	w.put(t, "/photos/cat", "meow")
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.url+"/cat", strings.NewReader("body"))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode != 403 || w.asks() > 0 {
		t.Errorf("status %d, the origin is asked %v", answer.StatusCode, w.asked)
	}
}

func TestDisabled(t *testing.T) {
	w := open(t, func(d *cloudfront.Distribution) { d.Disabled = true })
	w.put(t, "/photos/cat", "meow")
	check(t, "answer", "403 Error The distribution is disabled.\n", w.get(t, "/cat").told())
}

// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-response-headers-policies.html#managed-response-headers-policies-security
func TestSecurityHeaders(t *testing.T) {
	own := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, name := range []string{"Referrer-Policy", "Strict-Transport-Security", "X-Content-Type-Options", "X-Frame-Options", "X-Xss-Protection"} {
			if r.URL.Path == "/photos/own" {
				w.Header().Set(name, "own")
			}
		}
		if r.URL.Path == "/photos/missing" {
			http.Error(w, "no", http.StatusNotFound)
		}
	})
	added := []string{"strict-origin-when-cross-origin", "max-age=31536000", "nosniff", "SAMEORIGIN", "1; mode=block"}
	tests := []struct {
		name, policy, method, path string
		want                       []string
	}{
		{"no policy", "", "GET", "/cat", []string{"", "", "", "", ""}},
		{"object", security, "GET", "/cat", added},
		{"head", security, "HEAD", "/cat", added},
		{"error", security, "GET", "/missing", added},
		{"refused", security, "PUT", "/cat", added},
		{"the origin's own", security, "GET", "/own", []string{"own", "own", "nosniff", "own", "own"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			d := w.plain()
			d.Behaviors[0].ResponseHeadersPolicyID = tt.policy
			w.serve(t, d, own)
			for range 2 {
				header := w.do(t, tt.method, tt.path).Header
				check(t, "headers", tt.want, []string{header.Get("Referrer-Policy"), header.Get("Strict-Transport-Security"),
					header.Get("X-Content-Type-Options"), header.Get("X-Frame-Options"), header.Get("X-XSS-Protection")})
				if header.Get("Via") != "1.1 edfdvbd6example.cloudfront.net (CloudFront)" || header.Get("X-Amz-Cf-Id") == "" {
					t.Errorf("headers %v", header)
				}
			}
		})
	}
}

// Who asks, and for what, in tests without S3.
var nobody = &api.Principal{ARN: "nobody"}

func TestNewRefuses(t *testing.T) {
	tests := []struct {
		name   string
		change func(*cloudfront.Distribution)
		want   string
	}{
		{"cache policy", func(d *cloudfront.Distribution) { d.Behaviors[0].CachePolicyID = "mine" }, `cache behavior "*": cache policy "mine" is not supported locally`},
		{"response headers policy", func(d *cloudfront.Distribution) { d.Behaviors[0].ResponseHeadersPolicyID = "mine" }, `cache behavior "*": response headers policy "mine" is not supported locally`},
		{"method", func(d *cloudfront.Distribution) { d.Behaviors[0].AllowedMethods = []string{"GET", "PUT"} }, `cache behavior "*": allowed method PUT is not supported locally`},
		{"origin", func(d *cloudfront.Distribution) { d.Behaviors[0].OriginID = "other" }, `cache behavior "*": origin "other" is not one of the distribution`},
		{"pattern", func(d *cloudfront.Distribution) { d.Behaviors[0].PathPattern = "" }, `cache behavior "": want a path pattern`},
		{"root object", func(d *cloudfront.Distribution) { d.RootObject = "/index.html" }, `default root object "/index.html": leave out the slash`},
		{"status of an error", func(d *cloudfront.Distribution) { d.ErrorResponses = []cloudfront.ErrorResponse{{Status: 418}} }, "custom error response 418: want a status of"},
		{"page without status", func(d *cloudfront.Distribution) {
			d.ErrorResponses = []cloudfront.ErrorResponse{{Status: 404, PagePath: "/404.html"}}
		}, "custom error response 404: want both or none"},
		{"page without slash", func(d *cloudfront.Distribution) {
			d.ErrorResponses = []cloudfront.ErrorResponse{{Status: 404, PagePath: "404.html", PageStatus: 404}}
		}, `custom error response 404: page "404.html": want a path that starts with a slash`},
		{"status of a page", func(d *cloudfront.Distribution) {
			d.ErrorResponses = []cloudfront.ErrorResponse{{Status: 404, PagePath: "/404.html", PageStatus: 301}}
		}, "custom error response 404: status 301 of its page"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := cloudfront.Distribution{
				Origins:   []cloudfront.Origin{{ID: "photos", Bucket: "photos", Principal: nobody}},
				Behaviors: []cloudfront.Behavior{{PathPattern: "*", OriginID: "photos", CachePolicyID: optimized}},
			}
			if _, err := cloudfront.New(d, cloudfront.Options{}); err != nil {
				t.Fatal(err)
			}
			tt.change(&d)
			if _, err := cloudfront.New(d, cloudfront.Options{}); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("New = %v, want %s", err, tt.want)
			}
		})
	}
}
