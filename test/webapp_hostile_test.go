package test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/google/go-cmp/cmp"
)

// hostilePaths are those that look for a way around.
var hostilePaths = []string{
	"/..", "/../", "/../../etc/passwd", "/..%2f..%2fetc%2fpasswd", "/%2e%2e/%2e%2e/etc/passwd", "/%2e%2e%2f", "/.%2e/", "/a/../../etc/passwd",
	"/%252e%252e/etc/passwd", "//etc/passwd", "//", "///", "/%2f", "/%2F%2Fetc", `/..\..\etc\passwd`, "/..%5c..%5cetc%5cpasswd", "/%5c",
	"/%00", "/config.json%00.html", "/photos%00", "/%0d%0aX-Injected:%20yes", "/\xff\xfe", "/%ff%fe", "/%c0%ae%c0%ae/", "/%zz", "/%", "/;a=b",
	"//photos", "/./photos", "/x/../photos", "/photos/..", "/photos/%2e%2e", "/photos/%2e%2e%2fposts", "/photos/../posts", "/photos//", "/photos/.",
	"//api/photos", "/../api/photos", "/./api/photos", "/x/../api/photos", "/abcd/../api/photos", "/%61pi/photos", "/%2fapi/photos", "/API/photos", "/api", "/api//photos",
	"/api/../config.json", "/api/..", "/api/%2e%2e/config.json", "/api/orders/../photos", "/api/orders%2f..%2fphotos", "//api/orders", "/x/../api/orders",
	"/entries/..", "//entries", "/%2e/entries", "/" + strings.Repeat("../", 1000), "/" + strings.Repeat("a", 9000), "/" + strings.Repeat("%2e%2e%2f", 500),
}

// TestHostilePaths: such a path leads nowhere: nothing but the page and open APIs is
// to be had, and nothing fails.
func TestHostilePaths(t *testing.T) {
	a := openWebApp(t)
	addresses := append(a.addresses(), a.outputs["SiteUrl"], a.Outputs()["HelloServerless"]["Url"], a.Outputs()["HelloServerless"]["Url"]+"/api", a.Outputs()["HelloLambda"]["Url"])
	for _, address := range addresses {
		a.elapse() // so that there are requests left
		for _, path := range hostilePaths {
			for _, method := range []string{"GET", "DELETE"} {
				got := ask(t, method, address, path, "")
				if got.status < 400 || got.status >= 500 || strings.Contains(got.body, "root:") || got.header.Get("X-Injected") != "" {
					t.Errorf("%s %s %.60q: status %d, %.300s", method, address, path, got.status, got.body)
				}
			}
		}
	}
}

// TestInjectedLines: what users say breaks neither an answer's header nor a log's line.
func TestInjectedLines(t *testing.T) {
	a := openWebApp(t)
	ann := a.signIn(t, a.client, "ann@example.com")
	const lines = `\r\nX-Injected: yes\r\n\r\n{\"level\":\"FORGED\"}`
	for _, tt := range []struct {
		name, method, path, body string
		header                   []string
		want                     int
	}{
		{"name of a photo", "POST", "/photos", `{"name":"a` + lines + `","type":"image/png","bytes":4}`, nil, 400},
		{"escaped name", "POST", "/photos", `{"name":"a%0d%0aX-Injected: yes","type":"image/png","bytes":4}`, nil, 201},
		{"lines of Unicode", "POST", "/photos", `{"name":"a\u2028\u2029\u202eb","type":"image/png","bytes":4}`, nil, 201},
		{"next line", "POST", "/photos", `{"name":"a\u0085X-Injected: yes","type":"image/png","bytes":4}`, nil, 400},
		{"type of a photo", "POST", "/photos", `{"name":"a","type":"image/png` + lines + `","bytes":4}`, nil, 400},
		{"field", "POST", "/photos", `{"a` + lines + `":1}`, nil, 400},
		{"language of a post", "POST", "/posts", `{"posts":[{"text":"a","lang":"en` + lines + `"}]}`, nil, 400},
		{"text of a post", "POST", "/posts", `{"posts":[{"text":"a` + lines + `","lang":"en"}]}`, nil, 202},
		{"ID of a photo", "GET", "/photos/a%0d%0aX-Injected:%20yes%0d%0a%0d%0a%7b%22level%22:%22FORGED%22%7d", "", nil, 404},
		{"query", "GET", "/photos?a=%0d%0aX-Injected:%20yes%0d%0a", "", nil, 200},
		{"user agent", "GET", "/photos", "", []string{`User-Agent: a","level":"FORGED` + "\u0085\x80"}, 200},
		{"trace", "GET", "/photos", "", []string{`X-Amzn-Trace-Id: a","level":"FORGED`}, 200},
		{"content type", "POST", "/photos", "{}", []string{`Content-Type: a","level":"FORGED`}, 415},
		{"line that goes on", "GET", "/photos", "", []string{"X-A: b\rX-Injected: yes"}, 400},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, address := range a.addresses() {
				header := append([]string{bearer(ann.access)}, tt.header...)
				if tt.body != "" && tt.header == nil {
					header = append(header, asJSON)
				}
				got := ask(t, tt.method, address, tt.path, tt.body, header...)
				if got.status != tt.want || got.header.Get("X-Injected") != "" {
					t.Errorf("status %d, want %d; header %v; %s", got.status, tt.want, got.header, got.body)
				}
			}
		})
	}
	for _, group := range []string{"AppAPIFunctionLogGroup", "AppAPIAccessLog"} {
		logged := a.logs(t, group)
		if len(logged) == 0 {
			t.Errorf("%s is empty", group)
		}
		for _, line := range logged {
			var parsed map[string]any
			if err := json.Unmarshal([]byte(line), &parsed); err != nil || parsed["level"] == "FORGED" {
				t.Errorf("%s has the line %q: %v", group, line, err)
			}
		}
	}
}

// TestBodies: what is too large, of another type or not JSON is refused by whoever
// notices first. API Gateway takes 10 MB
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html),
// Lambda 6 MB (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html).
func TestBodies(t *testing.T) {
	a := openWebApp(t)
	ann := a.signIn(t, a.client, "ann@example.com")
	site, guestbook := a.outputs["SiteUrl"], a.Outputs()["HelloServerless"]["Url"]
	targets := []struct{ address, path string }{
		{site + "/api", "/photos"}, {a.outputs["ApiUrl"], "/photos"}, {site + "/api", "/posts"}, {a.outputs["ApiUrl"], "/posts"},
		{site + "/api", "/orders"}, {guestbook + "/api", "/entries"},
	}
	deep := strings.Repeat("[", 30_000)
	for _, tt := range []struct {
		name, contentType, body string
		want                    int
	}{
		{"more than API Gateway takes", "application/json", strings.Repeat(" ", 10<<20+1), 413},
		{"all that API Gateway takes", "application/json", strings.Repeat(" ", 10<<20), 413},
		{"more than Lambda takes", "application/json", strings.Repeat(" ", 7<<20), 413},
		{"more than the function takes", "application/json", strings.Repeat(" ", 64<<10+1), 413},
		{"all that the function takes", "application/json", strings.Repeat(" ", 64<<10), 400},
		{"no type", "", goodPhoto, 415},
		{"text", "text/plain", goodPhoto, 415},
		{"form", "application/x-www-form-urlencoded", "name=a&type=image/png&bytes=4", 415},
		{"parts", "multipart/form-data; boundary=a", "--a--", 415},
		{"no type at all", ";;;", goodPhoto, 415},
		{"nothing", "application/json", "", 400},
		{"deep arrays", "application/json", deep, 400},
		{"deep and whole", "application/json", deep + strings.Repeat("]", 30_000), 400},
		{"deep objects", "application/json", strings.Repeat(`{"posts":`, 7000), 400},
		{"not UTF-8", "application/json", "{\"name\":\"\xff\xfe\"}", 400},
		{"half a character", "application/json", "{\"name\":\"\xed\x95\"}", 400},
		{"bytes", "application/json", "\x00\x01\x02", 400},
		{"UTF-16", "application/json", "\xff\xfe{\x00}\x00", 400},
		{"two values", "application/json", "{}{}", 400},
		{"large number", "application/json", `{"bytes":1e999999}`, 400},
		{"list", "application/json", "[]", 400},
		{"prototype", "application/json", `{"__proto__":{"sub":"x"}}`, 400},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, target := range targets {
				a.elapse()
				header := []string{bearer(ann.access), "Idempotency-Key: key-0123456789"}
				if tt.contentType != "" {
					header = append(header, "Content-Type: "+tt.contentType)
				}
				if got := ask(t, "POST", target.address, target.path, tt.body, header...); got.status != tt.want {
					t.Errorf("%s%s: status %d, want %d: %.300s", target.address, target.path, got.status, tt.want, got.body)
				}
			}
		})
	}
}

// TestUploadsAsSigned: the URL of an upload takes the file that was announced, for a
// while, and nothing else.
func TestUploadsAsSigned(t *testing.T) {
	a := openWebApp(t)
	ann := a.signIn(t, a.client, "ann@example.com")
	signed := a.announce(t, ann, goodPhoto).Upload.URL
	change := func(from, to string) string {
		changed := strings.Replace(signed, from, to, 1)
		if changed == signed {
			t.Fatalf("there is no %s in %s", from, signed)
		}
		return changed
	}
	const png = "Content-Type: image/png"
	for _, tt := range []struct {
		name, method, url, body string
		header                  []string
		want                    int
	}{
		{"another length", "PUT", signed, "12345", []string{png}, 403},
		{"nothing", "PUT", signed, "", []string{png}, 403},
		{"another type", "PUT", signed, "1234", []string{"Content-Type: text/html"}, 403},
		{"no type", "PUT", signed, "1234", nil, 403},
		{"another key", "PUT", change(".png", ".jpg"), "1234", []string{png}, 403},
		{"another user's folder", "PUT", change("/photos/", "/photos/x"), "1234", []string{png}, 403},
		{"way up", "PUT", change("/photos/", "/photos/../"), "1234", []string{png}, 403},
		{"another time", "PUT", change("X-Amz-Expires=300", "X-Amz-Expires=3000"), "1234", []string{png}, 403},
		{"fewer signed headers", "PUT", change("content-length%3B", ""), "1234", []string{png}, 403},
		{"another signature", "PUT", change("X-Amz-Signature=", "X-Amz-Signature=0"), "1234", []string{png}, 403},
		{"no signature", "PUT", strings.Split(signed, "?")[0], "1234", []string{png}, 403},
		{"reading", "GET", signed, "", nil, 403},
		{"deletion", "DELETE", signed, "", nil, 403},
		{"as announced", "PUT", signed, "1234", []string{png}, 200},
	} {
		t.Run(tt.name, func(t *testing.T) {
			to, err := url.Parse(tt.url)
			if err != nil {
				t.Fatal(err)
			}
			if got := ask(t, tt.method, "http://"+to.Host, to.RequestURI(), tt.body, tt.header...); got.status != tt.want {
				t.Errorf("status %d, want %d: %s", got.status, tt.want, got.body)
			}
		})
	}
	for expired, want := range map[bool]int{false: 200, true: 403} {
		to := a.signAgain(t, signed, expired)
		if got := ask(t, "PUT", "http://"+to.Host, to.RequestURI(), "1234", png); got.status != want {
			t.Errorf("status of a URL that has expired (%v) is %d, want %d: %s", expired, got.status, want, got.body)
		}
	}
}

// signAgain returns the URL of an upload as the administrator signs it, now or so long
// ago that it has expired.
func (a *webApp) signAgain(t testing.TB, signed string, expired bool) *url.URL {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, strings.Split(signed, "?")[0]+"?X-Amz-Expires=300", nil)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Now()
	if expired {
		at = at.Add(-301 * time.Second)
	}
	key, err := anybody.Retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	signer := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
	again, _, err := signer.PresignHTTP(t.Context(), aws.Credentials{AccessKeyID: key.AccessKeyID, SecretAccessKey: key.SecretAccessKey}, r, "UNSIGNED-PAYLOAD", "s3", "us-east-1", at)
	if err != nil {
		t.Fatal(err)
	}
	to, err := url.Parse(again)
	if err != nil {
		t.Fatal(err)
	}
	return to
}

// TestRenderRefuses: what is no page of at most 6,000 bytes is not shown, and what is
// cannot leave its sandbox.
func TestRenderRefuses(t *testing.T) {
	a := openWebApp(t)
	page := func(size int) string { return "?q=" + base64.RawURLEncoding.EncodeToString(make([]byte, size)) }
	for _, tt := range []struct {
		name, query string
		want        int
	}{
		{"the largest", page(6000), 200},
		{"one byte more", page(6001), 400},
		{"more than API Gateway takes", page(8000), 431},
		{"no Base64", "?q=<script>", 400},
		{"escaped Base64", "?q=%3Cscript%3E", 400},
		{"cut off", "?q=YWFhY", 400},
		{"many", "?" + strings.Repeat("q=YQ&", 1000), 400},
		{"not UTF-8", "?q=_w", 400},
		{"bytes", "?q=%ff", 400},
		{"not escaped", "?q=%zz", 400},
		{"line", "?q=YQ%0d%0aX-Injected:%20yes", 400},
		{"script", "?q=" + base64.RawURLEncoding.EncodeToString([]byte("<script>fetch('/')</script>")), 200},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := ask(t, "GET", a.Outputs()["HelloLambda"]["Url"], "/"+tt.query, "")
			if got.status != tt.want || got.header.Get("X-Injected") != "" {
				t.Errorf("status %d, want %d: %.300s", got.status, tt.want, got.body)
			}
			if policy := got.header.Get("Content-Security-Policy"); got.status == 200 && !strings.HasPrefix(policy, "sandbox allow-scripts; default-src 'none'; ") {
				t.Errorf("the policy is %q", policy)
			}
		})
	}
}

// TestSecurityHeaders: whatever the site answers, a browser is told to be careful.
func TestSecurityHeaders(t *testing.T) {
	a := openWebApp(t)
	ann := a.signIn(t, a.client, "ann@example.com")
	for _, tt := range []struct {
		path   string
		status int
	}{
		{"/", 200}, {"/app.js", 200}, {"/config.json", 200}, {"/nothing", 404}, {"/api/photos", 200}, {"/api/photos/x", 404}, {"/api/nothing", 404},
		{"/api/orders/x", 404}, {"/api/trends", 200}, {"/api//photos", 404},
	} {
		t.Run(tt.path, func(t *testing.T) {
			got := ask(t, "GET", a.outputs["SiteUrl"], tt.path, "", bearer(ann.access))
			if got.status != tt.status {
				t.Errorf("status %d, want %d: %s", got.status, tt.status, got.body)
			}
			checkSecurityHeaders(t, got)
		})
	}
	got := ask(t, "GET", a.outputs["SiteUrl"], "/api/photos", "")
	if got.status != http.StatusUnauthorized {
		t.Errorf("status %d without a token", got.status)
	}
	checkSecurityHeaders(t, got)
}

func checkSecurityHeaders(t *testing.T, got reply) {
	t.Helper()
	want := map[string]string{
		"Referrer-Policy":           "strict-origin-when-cross-origin",
		"Strict-Transport-Security": "max-age=31536000",
		"X-Content-Type-Options":    "nosniff",
		"X-Frame-Options":           "DENY",
	}
	have := map[string]string{}
	for name := range want {
		have[name] = got.header.Get(name)
	}
	if diff := cmp.Diff(want, have); diff != "" {
		t.Errorf("headers (-want +got):\n%s", diff)
	}
	policy := got.header.Get("Content-Security-Policy")
	for _, part := range []string{"default-src 'self'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"} {
		if !strings.Contains(policy, part) {
			t.Errorf("the policy is %q, want %s in it", policy, part)
		}
	}
	if strings.Contains(policy, "unsafe") || len(got.header["Content-Security-Policy"]) != 1 || got.header.Get("Access-Control-Allow-Origin") != "" || got.header.Get("Set-Cookie") != "" {
		t.Errorf("header is %v", got.header)
	}
}
