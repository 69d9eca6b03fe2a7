package main

import (
	"encoding/base64"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"
)

func get(query string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", "/", nil)
	r.URL.RawQuery = query
	answer := httptest.NewRecorder()
	handler().ServeHTTP(answer, r)
	return answer
}

func TestRender(t *testing.T) {
	large := strings.Repeat("a", maxHTML)
	for _, tt := range []struct{ name, query, want string }{
		{"padded", "q=PHA%2BaGk8L3A%2BPw==", "<p>hi</p>?"},
		{"not padded", "q=PHA%2BaGk8L3A%2BPw", "<p>hi</p>?"},
		{"URL alphabet", "q=PHA-aGk8L3A-Pw", "<p>hi</p>?"},
		{"plus signs not escaped", "q=PHA+aGk8L3A+Pw", "<p>hi</p>?"},
		{"slash", "q=Pz8/", "???"},
		{"underscore", "q=Pz8_", "???"},
		{"Korean", "q=" + base64.RawURLEncoding.EncodeToString([]byte("<b>안녕</b>")), "<b>안녕</b>"},
		{"another parameter", "utm=1&q=YQ", "a"},
		{"the largest", "q=" + base64.RawURLEncoding.EncodeToString([]byte(large)), large},
		{"help", "", string(help)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := get(tt.query)
			if got.Code != 200 || got.Body.String() != tt.want {
				t.Errorf("got %d %.200s, want %.200s", got.Code, got.Body, tt.want)
			}
			for name, want := range map[string]string{
				"Content-Type": "text/html; charset=utf-8", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store",
				"Content-Security-Policy": "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
			} {
				if got := got.Header().Get(name); got != want {
					t.Errorf("%s is %q, want %q", name, got, want)
				}
			}
		})
	}
}

// A request line with the largest page fits API Gateway's 10,240 bytes for line and
// headers (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html).
func TestLargestFits(t *testing.T) {
	line := "GET /?q=" + base64.StdEncoding.EncodeToString(make([]byte, maxHTML)) + " HTTP/1.1\r\n"
	if len(line) > 8192 {
		t.Errorf("the line has %d bytes", len(line))
	}
}

func TestRefused(t *testing.T) {
	for _, tt := range []struct{ name, query, want string }{
		{"character", "q=YW.h", "character 3 is '.', which is not of Base64"},
		{"character of more bytes", "q=YW%ED%95%9C", "character 3 is '한', which is not of Base64"},
		{"line break", "q=YWFh%0AYWFh", `character 5 is '\\n', which is not of Base64`},
		{"padding within", "q=YQ==YQ==", "character 3 is '=', which is not of Base64"},
		{"some padding", "q=YQ=", "2 characters and 1 of padding are not Base64: take the padding away, it is optional"},
		{"much padding", "q=YWFhY===", "5 characters and 3 of padding are not Base64: take the padding away, it is optional"},
		{"cut off", "q=YWFhY", "its 5 characters do not end in a whole byte: is the end missing?"},
		{"bits left over", "q=YR", "its 2 characters do not end in a whole byte: is the end missing?"},
		{"empty", "q=", "it is empty"},
		{"too long", "q=" + strings.Repeat("YWFh", 2001), "it holds 6003 bytes, want at most 6000"},
		{"Latin-1", "q=" + base64.RawURLEncoding.EncodeToString([]byte("caf\xe9")), "what it holds is not UTF-8"},
		{"twice", "q=YQ&q=YQ", "it is there 2 times, want once"},
		{"not escaped", "q=%zz", "the query is not escaped as it should be"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := get(tt.query)
			want := `{"type":"about:blank","title":"Bad Request","status":400,"detail":"the request is not valid","errors":[{"parameter":"q","detail":"` + tt.want + `"}]}`
			if got.Code != 400 || got.Body.String() != want {
				t.Errorf("got %d %s\nwant %s", got.Code, got.Body, want)
			}
		})
	}
}

// TestExample follows the link on the help page.
func TestExample(t *testing.T) {
	_, link, _ := strings.Cut(string(help), `<a href="?`)
	query, _, _ := strings.Cut(link, `"`)
	const want = "<!doctype html><title>Hello</title><h1>Hello, world!</h1>"
	if got := get(query); got.Body.String() != want {
		t.Errorf("got %s, want %s", got.Body, want)
	}
}

func TestOtherRequests(t *testing.T) {
	for _, tt := range []struct {
		method, path string
		status       int
	}{{"GET", "/index.html", 404}, {"POST", "/", 405}, {"HEAD", "/", 200}} {
		answer := httptest.NewRecorder()
		handler().ServeHTTP(answer, httptest.NewRequest(tt.method, tt.path, nil))
		if answer.Code != tt.status {
			t.Errorf("%s %s: %d, want %d", tt.method, tt.path, answer.Code, tt.status)
		}
	}
}

// FuzzDecode: what is decoded is what the standard library makes of it, and every
// text comes back.
func FuzzDecode(f *testing.F) {
	for _, q := range []string{"YQ", "YQ==", "PHA-aGk8L3A-Pw", "Pz8/", "a b", "=", "YR", "\xff", "6Ze0"} {
		f.Add(q)
	}
	f.Fuzz(func(t *testing.T, q string) {
		html, err := decode(q)
		if err == nil {
			plain := strings.TrimRight(alphabet.Replace(q), "=")
			if got := base64.RawStdEncoding.EncodeToString(html); got != plain || !utf8.Valid(html) || len(html) > maxHTML {
				t.Errorf("%q holds %q, which is %q", q, html, got)
			}
		}
		if !utf8.ValidString(q) || q == "" || len(q) > maxHTML {
			return
		}
		for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
			values, _ := url.ParseQuery("q=" + encoding.EncodeToString([]byte(q)))
			if html, err := decode(values.Get("q")); err != nil || string(html) != q {
				t.Errorf("%q came back as %q, %v", q, html, err)
			}
		}
	})
}
