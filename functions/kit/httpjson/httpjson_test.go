package httpjson_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/noidle/noidle/functions/kit/httpjson"
)

type body struct {
	Name  string  `json:"name"`
	Count int     `json:"count"`
	Items []inner `json:"items"`
	Rest  *rest   `json:"rest,omitempty"`
}

type rest struct {
	Small uint8   `json:"small"`
	Share float32 `json:"share"`
	Fixed [2]int  `json:"fixed"`
	Sure  bool    `json:"sure"`
}

type inner struct {
	Text string `json:"text"`
}

var routes = httpjson.Routes{
	"/things": {"POST": func(w http.ResponseWriter, r *http.Request) {
		var b body
		if httpjson.Read(w, r, &b) {
			httpjson.Write(w, http.StatusCreated, b)
		}
	}},
	"/things/{id}": {"GET": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "max-age=5")
		httpjson.Write(w, http.StatusOK, r.PathValue("id"))
	}},
}.Handler()

func call(method, path, contentType, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	answer := httptest.NewRecorder()
	routes.ServeHTTP(answer, r)
	return answer
}

func TestRead(t *testing.T) {
	const invalid = `{"type":"about:blank","title":"Bad Request","status":400,"detail":"the request is not valid","errors":[`
	for _, tt := range []struct {
		name, contentType, body string
		status                  int
		want                    string
	}{
		{"right", "application/json; charset=utf-8", ` {"name":"é"} `, 201, `{"name":"é","count":0,"items":null}`},
		{"64 KiB", "application/json", `{}` + strings.Repeat(" ", 65534), 201, `{"name":"","count":0,"items":null}`},
		{"larger", "application/json", `{}` + strings.Repeat(" ", 65535), 413, `{"type":"about:blank","title":"Request Entity Too Large","status":413,"detail":"the body has more than the 65536 bytes that are taken"}`},
		{"a form", "application/x-www-form-urlencoded", `{}`, 415, `{"type":"about:blank","title":"Unsupported Media Type","status":415,"detail":"the body has to be sent as application/json","errors":[{"header":"content-type","detail":"want application/json, got \"application/x-www-form-urlencoded\""}]}`},
		{"no type", "", `{}`, 415, `{"type":"about:blank","title":"Unsupported Media Type","status":415,"detail":"the body has to be sent as application/json","errors":[{"header":"content-type","detail":"want application/json, got \"\""}]}`},
		{"empty", "application/json", ``, 400, invalid + `{"pointer":"","detail":"not JSON: it ends too early"}]}`},
		{"cut off", "application/json", `{"name":`, 400, invalid + `{"pointer":"","detail":"not JSON: it ends too early"}]}`},
		{"not JSON", "application/json", `{name}`, 400, invalid + `{"pointer":"","detail":"not JSON at byte 2: invalid character 'n' looking for beginning of object key string"}]}`},
		{"two values", "application/json", `{} {}`, 400, invalid + `{"pointer":"","detail":"want nothing after the JSON value"}]}`},
		{"rubbish after it", "application/json", `{} x`, 400, invalid + `{"pointer":"","detail":"want nothing after the JSON value"}]}`},
		{"not UTF-8", "application/json", "{\"name\":\"\xe9\"}", 400, invalid + `{"pointer":"","detail":"not UTF-8"}]}`},
		{"array", "application/json", `[]`, 400, invalid + `{"pointer":"","detail":"want an object, got array"}]}`},
		{"field of a wrong type", "application/json", `{"count":"1"}`, 400, invalid + `{"pointer":"/count","detail":"want a whole number, got string"}]}`},
		{"no array", "application/json", `{"items":{}}`, 400, invalid + `{"pointer":"/items","detail":"want an array, got object"}]}`},
		{"inner field", "application/json", `{"items":[{"text":1}]}`, 400, invalid + `{"pointer":"","detail":"items.text: want a string, got number"}]}`},
		{"no small number", "application/json", `{"rest":{"small":256}}`, 400, invalid + `{"pointer":"","detail":"rest.small: want a whole number, got number 256"}]}`},
		{"no number", "application/json", `{"rest":{"share":"1"}}`, 400, invalid + `{"pointer":"","detail":"rest.share: want a number, got string"}]}`},
		{"no fixed array", "application/json", `{"rest":{"fixed":true}}`, 400, invalid + `{"pointer":"","detail":"rest.fixed: want an array, got bool"}]}`},
		{"no bool", "application/json", `{"rest":{"sure":1}}`, 400, invalid + `{"pointer":"","detail":"rest.sure: want true or false, got number"}]}`},
		{"unknown field", "application/json", `{"nam":1}`, 400, invalid + `{"pointer":"","detail":"unknown field \"nam\""}]}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := call("POST", "/things", tt.contentType, tt.body)
			if got.Code != tt.status || got.Body.String() != tt.want {
				t.Errorf("got %d %s\nwant %d %s", got.Code, got.Body, tt.status, tt.want)
			}
			if accept := got.Header().Get("Accept"); (tt.status == 415) != (accept == "application/json") {
				t.Errorf("Accept is %q", accept)
			}
		})
	}
}

func TestRoutes(t *testing.T) {
	for _, tt := range []struct {
		method, path              string
		status                    int
		contentType, allow, cache string
	}{
		{"GET", "/things/7", 200, "application/json", "", "max-age=5"},
		{"HEAD", "/things/7", 200, "application/json", "", "max-age=5"},
		{"DELETE", "/things/7", 405, "application/problem+json", "GET, HEAD", "no-store"},
		{"GET", "/things", 405, "application/problem+json", "POST", "no-store"},
		{"GET", "/", 404, "application/problem+json", "", "no-store"},
		{"GET", "/things/", 404, "application/problem+json", "", "no-store"},
		{"GET", "/things/../things/7", 404, "application/problem+json", "", "no-store"},
		{"GET", "//things/7", 404, "application/problem+json", "", "no-store"},
	} {
		got := call(tt.method, tt.path, "", "")
		header := got.Header()
		if got.Code != tt.status || header.Get("Content-Type") != tt.contentType || header.Get("Allow") != tt.allow || header.Get("Cache-Control") != tt.cache {
			t.Errorf("%s %s: %d %v", tt.method, tt.path, got.Code, header)
		}
	}
}
