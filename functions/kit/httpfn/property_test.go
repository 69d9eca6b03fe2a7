package httpfn_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/jonboulle/clockwork"

	"github.com/noidle/noidle/functions/kit/httpfn"
	"github.com/noidle/noidle/local/apigateway"
)

// behindHTTPAPI serves a handler as a function behind an HTTP API.
func behindHTTPAPI(t *testing.T, h http.Handler) http.Handler {
	t.Helper()
	const arn = "arn:aws:lambda:us-east-1:000000000000:function:f"
	function := httpfn.Handler(h)
	gateway, err := apigateway.New(apigateway.API{Routes: []apigateway.Route{
		{Key: "$default", Integration: apigateway.Integration{Function: arn, PayloadFormatVersion: "2.0"}},
	}}, apigateway.Options{
		Clock: clockwork.NewFakeClock(),
		Invoke: func(ctx context.Context, _, _ string, payload []byte) ([]byte, error) {
			answer, err := function(ctx, payload)
			if err != nil {
				return nil, err
			}
			return json.Marshal(answer)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return gateway
}

// exchange is a request as a handler sees it, and its answer.
type exchange struct {
	Seen   view
	Status int
	Header http.Header
	Body   string
}

func serve(t *testing.T, behind func(*testing.T, http.Handler) http.Handler) func(r *http.Request) exchange {
	t.Helper()
	var seen view
	server := httptest.NewServer(behind(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen = see(r)
		for _, cookie := range r.Cookies() {
			http.SetCookie(w, cookie)
		}
		w.Header().Set("X-Kind", r.Header.Get("X-Kind"))
		w.WriteHeader(200 + len(seen.Body)%3)
		_, _ = io.WriteString(w, seen.Body+seen.Query)
	})))
	t.Cleanup(server.Close)
	return func(r *http.Request) exchange {
		r = r.Clone(r.Context())
		address, err := url.Parse(server.URL)
		if err != nil {
			t.Fatal(err)
		}
		r.URL.Scheme, r.URL.Host, r.Host = address.Scheme, address.Host, "example.com"
		if r.Body, err = r.GetBody(); err != nil {
			t.Fatal(err)
		}
		response, err := server.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = response.Body.Close() }()
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"X-Amzn-Trace-Id", "X-Forwarded-For", "X-Forwarded-Port", "X-Forwarded-Proto", "Content-Length"} {
			seen.Header.Del(name) // what a gateway adds
		}
		for name, values := range seen.Header { // repeated headers are one
			seen.Header[name] = []string{strings.Join(values, ",")}
		}
		for _, name := range []string{"Apigw-Requestid", "Date", "Content-Length"} {
			response.Header.Del(name)
		}
		if len(body) == 0 {
			response.Header.Del("Content-Type") // a gateway always has one
		}
		seen.Remote = seen.Remote[:strings.LastIndex(seen.Remote, ":")]
		return exchange{seen, response.StatusCode, response.Header, string(body)}
	}
}

// A request through net/http's own server and one through an HTTP API are the
// same to a handler, and so are the answers to the client.
func TestSameAsServer(t *testing.T) {
	direct := serve(t, func(_ *testing.T, h http.Handler) http.Handler { return h })
	gateway := serve(t, behindHTTPAPI)
	random := rand.New(rand.NewPCG(1, 2))
	for i := range 300 {
		r := randomRequest(t, random)
		if check(t, fmt.Sprintf("request %d: %s %s", i, r.Method, r.URL), gateway(r), direct(r)); t.Failed() {
			return
		}
	}
}

func randomRequest(t *testing.T, random *rand.Rand) *http.Request {
	text := func(alphabet string, length int) string {
		runes, b := []rune(alphabet), strings.Builder{}
		for range random.IntN(length) {
			b.WriteRune(runes[random.IntN(len(runes))])
		}
		return b.String()
	}
	body := make([]byte, random.IntN(3)*random.IntN(3000))
	for i := range body {
		body[i] = byte(random.Uint32())
	}
	if random.IntN(2) == 0 {
		body = []byte(text("aé<&\"\n\x01", 2000))
	}
	query := url.Values{}
	for range random.IntN(4) {
		query.Add(text("ab é&=", 4), text("ab é&=+%", 9))
	}
	u := url.URL{Path: "/" + text("abé ?#&=,@", 12), RawQuery: query.Encode()}
	method := []string{"GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"}[random.IntN(7)]
	r, err := http.NewRequestWithContext(t.Context(), method, u.String(), bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for range random.IntN(4) {
		r.Header.Add("X-"+text("Kind", 3)+"K", text("ab ,;\"=", 12)+"a")
		r.AddCookie(&http.Cookie{Name: "c" + text("abc", 3), Value: text("abc=/", 9)})
	}
	if kind := []string{"", "text/plain", "application/json", "image/png"}[random.IntN(4)]; kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	return r
}
