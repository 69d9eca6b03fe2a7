package httpfn_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"github.com/noidle/noidle/functions/kit/httpfn"
)

func check(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func fixture(t testing.TB, name string) json.RawMessage {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// logged collects what is logged during a test.
func logged(t testing.TB) *bytes.Buffer {
	var b bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&b, nil)))
	t.Cleanup(func() { slog.SetDefault(before) })
	return &b
}

// view is what a handler sees of a request.
type view struct {
	Method, URI, Path, Query, Host, Remote, Body string
	Length                                       int64
	Header                                       http.Header
	Claims                                       map[string]string
}

func see(r *http.Request) view {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		body = []byte(err.Error())
	}
	return view{r.Method, r.RequestURI, r.URL.Path, r.URL.RawQuery, r.Host, r.RemoteAddr, string(body), r.ContentLength, r.Header, httpfn.Claims(r.Context())}
}

// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
// https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html
func TestRequest(t *testing.T) {
	const execute = ".execute-api.us-east-1.amazonaws.com"
	tests := []struct {
		name string
		want view
	}{
		{"http-api-2.0", view{
			"POST", "/photos/a%20b/%C3%A9?tag=a&tag=b%20c&empty=", "/photos/a b/é", "tag=a&tag=b%20c&empty=", "api1" + execute, "203.0.113.7:0", "hello", 5,
			http.Header{
				"Accept": {"text/html,application/json"}, "Content-Length": {"5"}, "Content-Type": {"text/plain"}, "Cookie": {"session=1; theme=dark"},
				"If-Modified-Since": {"Thu, 12 Mar 2026 19:03:58 GMT"}, "X-Forwarded-For": {"203.0.113.7"},
			},
			map[string]string{"sub": "u-1", "exp": "1773342238", "cognito:groups": "[a b]"},
		}},
		{"function-url", view{
			"PUT", "/photos/a%2Fb%20c", "/photos/a/b c", "", "u1.lambda-url.us-east-1.on.aws", "[2001:db8::1]:0", "\xff\x00", 2, http.Header{}, nil,
		}},
		{"http-api-1.0", view{
			"GET", "/photos?tag=a&tag=b+c", "/photos", "tag=a&tag=b+c", "api1" + execute, "203.0.113.7:0", "", 0,
			http.Header{"Cookie": {"session=1; theme=dark"}, "X-Tag": {"a", "b"}}, map[string]string{"sub": "u-1"},
		}},
		{"rest-api", view{"DELETE", "/prod/a%20b", "/prod/a b", "", "api2" + execute, "203.0.113.7:0", "", 0, http.Header{}, nil}},
		{"alb", view{
			"GET", "/a%20b?q=x%20y&tag=a", "/a b", "q=x%20y&tag=a", "www.example.com", "203.0.113.7:0", "", 0,
			http.Header{"Cookie": {"session=1"}, "X-Forwarded-For": {"198.51.100.1, 203.0.113.7"}}, nil,
		}},
		{"alb-multi-value", view{
			"GET", "/?tag=b&tag=a%26", "/", "tag=b&tag=a%26", "www.example.com", "203.0.113.7:0", "hello", 5,
			http.Header{"X-Forwarded-For": {"203.0.113.7"}, "X-Tag": {"a", "b"}}, nil,
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			raw := fixture(t, test.name)
			_, err := httpfn.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				check(t, "view", see(r), test.want)
				check(t, "event", httpfn.Event(r.Context()), raw)
				if cancel(); r.Context().Err() == nil {
					t.Error("the request's context does not end with Lambda's")
				}
			}))(ctx, raw)
			if err != nil {
				t.Error(err)
			}
		})
	}
}

// A load balancer may be told to add the client's port
// (https://docs.aws.amazon.com/elasticloadbalancing/latest/application/x-forwarded-headers.html).
func TestClientBehindLoadBalancer(t *testing.T) {
	for forwarded, want := range map[string]string{
		"":                                "",
		"203.0.113.7":                     "203.0.113.7",
		"203.0.113.7:4711":                "203.0.113.7",
		"spoofed, 2001:db8::1":            "2001:db8::1",
		"198.51.100.1,[2001:db8::1]:4711": "2001:db8::1",
	} {
		raw := fmt.Appendf(nil, `{"httpMethod":"GET","path":"/","headers":{"x-forwarded-for":%q},"requestContext":{"elb":{}}}`, forwarded)
		_, err := httpfn.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			check(t, "address of "+forwarded, r.RemoteAddr, net.JoinHostPort(want, "0"))
		}))(t.Context(), raw)
		if err != nil {
			t.Error(err)
		}
	}
}

// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-stages.html
func TestStageOfAnotherName(t *testing.T) {
	for path, want := range map[string]string{"/dev": "/", "/dev/": "/", "/device": "/device", "/a/dev": "/a/dev", "": "/", "/dev//a": "//a", "/dev/a%2Fb": "/a%2Fb"} {
		raw := fmt.Appendf(nil, `{"version":"2.0","rawPath":%q,"requestContext":{"stage":"dev","http":{"method":"GET"}}}`, path)
		_, err := httpfn.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			check(t, "path of "+path, r.URL.Path, want)
		}))(t.Context(), raw)
		if err != nil {
			t.Error(err)
		}
	}
}

func TestUnknownEvents(t *testing.T) {
	tests := []struct{ name, event, want string }{
		{"queue", `{"Records":[]}`, `the event with the members ["Records"] is not a request of an HTTP API, a REST API, a function URL or a load balancer: it has no known shape`},
		{"list", `[]`, `the event with the members [] is not a request`},
		{"another version", `{"version":"3.0","httpMethod":"GET","path":"/"}`, `the event with the members ["httpMethod" "path" "version"] is not`},
		{"another type", `{"version":"2.0","headers":[]}`, `the event with the members ["headers" "version"] is not`},
		{"body that is not base64", `{"version":"2.0","requestContext":{"http":{"method":"GET"}},"body":"%","isBase64Encoded":true}`, `the event says isBase64Encoded, but its body is not: `},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for _, f := range []func(http.Handler) func(context.Context, json.RawMessage) (any, error){httpfn.Handler, httpfn.Streaming} {
				if _, err := f(http.NotFoundHandler())(t.Context(), []byte(test.event)); err == nil || !strings.HasPrefix(err.Error(), test.want) {
					t.Errorf("error is %v, want %s", err, test.want)
				}
			}
		})
	}
}

// answer gives a fixture's event to a handler, and returns its answer as the
// sender of the event gets it.
func answer(t *testing.T, name string, h http.HandlerFunc) any {
	t.Helper()
	got, err := httpfn.Handler(h)(t.Context(), fixture(t, name))
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// Cookies and repeated headers in each form:
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
// https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
// https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html
func TestAnswerForms(t *testing.T) {
	log := logged(t)
	h := func(w http.ResponseWriter, _ *http.Request) {
		for _, value := range []string{"a", "b"} {
			w.Header().Add("X-Tag", value)
			w.Header().Add("Set-Cookie", value+"=1")
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, "{}")
	}
	joined := map[string]string{"Content-Type": "application/json", "X-Tag": "a, b"}
	lists := map[string][]string{"Content-Type": {"application/json"}, "X-Tag": {"a", "b"}, "Set-Cookie": {"a=1", "b=1"}}
	version2 := events.APIGatewayV2HTTPResponse{StatusCode: 201, Headers: joined, Cookies: []string{"a=1", "b=1"}, Body: "{}"}
	version1 := events.APIGatewayProxyResponse{StatusCode: 201, MultiValueHeaders: lists, Body: "{}"}
	for _, test := range []struct {
		name string
		want any
	}{
		{"http-api-2.0", version2},
		{"function-url", version2},
		{"http-api-1.0", version1},
		{"rest-api", version1},
		{"alb", events.ALBTargetGroupResponse{
			StatusCode: 201, StatusDescription: "201 Created", Body: "{}",
			Headers: map[string]string{"Content-Type": "application/json", "X-Tag": "a, b", "Set-Cookie": "a=1"},
		}},
		{"alb-multi-value", events.ALBTargetGroupResponse{StatusCode: 201, StatusDescription: "201 Created", MultiValueHeaders: lists, Body: "{}"}},
	} {
		t.Run(test.name, func(t *testing.T) { check(t, "answer", answer(t, test.name, h), test.want) })
	}
	if !strings.Contains(log.String(), "only the first cookie is sent") {
		t.Errorf("log is %s", log)
	}
}

// What is text, what is base64, and what comes of a panic. Where bodies are decoded:
// https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
func TestAnswers(t *testing.T) {
	write := func(contentType, encoding, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			for name, value := range map[string]string{"Content-Type": contentType, "Content-Encoding": encoding} {
				if value != "" {
					w.Header().Set(name, value)
				}
			}
			_, _ = io.WriteString(w, body)
		}
	}
	typed := func(contentType string) map[string]string { return map[string]string{"Content-Type": contentType} }
	text := func(contentType string) events.APIGatewayV2HTTPResponse {
		return events.APIGatewayV2HTTPResponse{StatusCode: 200, Headers: typed(contentType), Body: "é"}
	}
	binary := func(contentType, body string) events.APIGatewayV2HTTPResponse {
		return events.APIGatewayV2HTTPResponse{
			StatusCode: 200, Headers: typed(contentType), Body: base64.StdEncoding.EncodeToString([]byte(body)), IsBase64Encoded: true,
		}
	}
	gzip := binary("text/plain", "é")
	gzip.Headers["Content-Encoding"] = "gzip"
	failed := events.APIGatewayV2HTTPResponse{
		StatusCode: 500, Headers: typed("application/problem+json"), Body: `{"type":"about:blank","title":"Internal Server Error","status":500}`,
	}
	tests := []struct {
		name string
		h    http.HandlerFunc
		want events.APIGatewayV2HTTPResponse
	}{
		{"nothing", func(http.ResponseWriter, *http.Request) {}, events.APIGatewayV2HTTPResponse{StatusCode: 200, Headers: map[string]string{}}},
		{"text", write("Text/CSS; charset=utf-8", "", "é"), text("Text/CSS; charset=utf-8")},
		{"JSON", write("application/json", "", "é"), text("application/json")},
		{"XML", write("application/xml", "", "é"), text("application/xml")},
		{"JavaScript", write("application/javascript", "", "é"), text("application/javascript")},
		{"SVG", write("image/svg+xml", "", "é"), text("image/svg+xml")},
		{"problem", write("application/problem+json", "", "é"), text("application/problem+json")},
		{"detected", write("", "", "<html>"), events.APIGatewayV2HTTPResponse{StatusCode: 200, Headers: typed("text/html; charset=utf-8"), Body: "<html>"}},
		{"image", write("image/png", "", "é"), binary("image/png", "é")},
		{"text that is not UTF-8", write("text/plain", "", "\xff"), binary("text/plain", "\xff")},
		{"encoded, of an unknown type", write("", "gzip", "é"), events.APIGatewayV2HTTPResponse{
			StatusCode: 200, Headers: map[string]string{"Content-Encoding": "gzip"}, Body: "w6k=", IsBase64Encoded: true,
		}},
		{"trailer", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set(http.TrailerPrefix+"A", "b") },
			events.APIGatewayV2HTTPResponse{StatusCode: 200, Headers: map[string]string{}}},
		{"much that HTML escapes", write("text/plain", "", strings.Repeat("<", 2<<20)), events.APIGatewayV2HTTPResponse{
			StatusCode: 200, Headers: typed("text/plain"), Body: strings.Repeat("<", 2<<20),
		}},
		{"encoded text", write("text/plain", "gzip", "é"), gzip},
		{"later headers and statuses", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusEarlyHints)
			w.WriteHeader(http.StatusAccepted)
			w.WriteHeader(http.StatusTeapot)
			w.Header().Set("X-Late", "1")
		}, events.APIGatewayV2HTTPResponse{StatusCode: 202, Headers: map[string]string{}}},
		{"flushed", func(w http.ResponseWriter, _ *http.Request) {
			w.(http.Flusher).Flush()
			w.Header().Set("X-Late", "1")
			if err := http.NewResponseController(w).Flush(); err != nil {
				t.Error(err)
			}
		}, events.APIGatewayV2HTTPResponse{StatusCode: 200, Headers: map[string]string{}}},
		{"no content", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusNoContent)
			if _, err := w.Write([]byte("a")); err != http.ErrBodyNotAllowed {
				t.Errorf("error is %v", err)
			}
		}, events.APIGatewayV2HTTPResponse{StatusCode: 204, Headers: map[string]string{}}},
		{"lines in a header", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("A", "b\r\nC: d") },
			events.APIGatewayV2HTTPResponse{StatusCode: 200, Headers: map[string]string{"A": "b  C: d"}}},
		{"panic", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("A", "b")
			_, _ = io.WriteString(w, "half")
			panic("oh")
		}, failed},
		{"abort", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, failed},
		{"status of no kind", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(42) }, failed},
		{"too large", write("text/plain", "", strings.Repeat("a", 6<<20)), failed},
		{"too large in base64", write("image/png", "", strings.Repeat("a", 5<<20)), failed},
		{"too large in JSON", write("text/plain", "", strings.Repeat("\x01", 2<<20)), failed},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			log := logged(t)
			check(t, "answer", answer(t, "http-api-2.0", test.h), any(test.want))
			if (test.want.StatusCode == 500) != strings.Contains(log.String(), "level=ERROR") {
				t.Errorf("log is %q", log)
			}
		})
	}
}

// https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html
func TestLimits(t *testing.T) {
	for name, limit := range map[string]int{"http-api-2.0": 6 << 20, "rest-api": 6 << 20, "alb": 1 << 20} {
		status := func(length int) (status int, size int) {
			got := answer(t, name, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "text/plain")
				_, _ = io.WriteString(w, strings.Repeat("a", length))
			})
			text, err := json.Marshal(got)
			if err != nil {
				t.Fatal(err)
			}
			var read struct{ StatusCode int }
			if err := json.Unmarshal(text, &read); err != nil {
				t.Fatal(err)
			}
			return read.StatusCode, len(text)
		}
		logged(t)
		_, size := status(1000)
		fits := limit - size + 1000
		if got, size := status(fits); got != 200 || size != limit {
			t.Errorf("%s: status %d of %d bytes, want 200", name, got, size)
		}
		if got, _ := status(fits + 1); got != 500 {
			t.Errorf("%s: status %d of an answer over the limit, want 500", name, got)
		}
	}
}

func TestHead(t *testing.T) {
	raw := bytes.Replace(fixture(t, "http-api-2.0"), []byte(`"POST"`), []byte(`"HEAD"`), 1)
	got, err := httpfn.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }))(t.Context(), raw)
	if err != nil {
		t.Fatal(err)
	}
	check(t, "answer", got, any(events.APIGatewayV2HTTPResponse{
		StatusCode: 200, Headers: map[string]string{"Content-Type": "text/plain; charset=utf-8", "Content-Length": "5"},
	}))
}

func FuzzEvent(f *testing.F) {
	for _, name := range []string{"http-api-2.0", "function-url", "http-api-1.0", "rest-api", "alb", "alb-multi-value"} {
		f.Add([]byte(fixture(f, name)))
	}
	f.Add([]byte(`{"version":"2.0","rawPath":"//%zz\u0000","rawQueryString":"%","requestContext":{"http":{"method":" "},"authorizer":7}}`))
	logged(f)
	f.Fuzz(func(t *testing.T, raw []byte) {
		h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			seen := see(r)
			_ = r.ParseForm()
			_, _ = io.WriteString(w, seen.Path+seen.Query+seen.Host+seen.Remote+seen.Body)
			http.Redirect(w, r, seen.URI, http.StatusFound)
		})
		got, err := httpfn.Handler(h)(t.Context(), raw)
		if text, invalid := json.Marshal(got); invalid != nil || (err == nil) == (string(text) == "null") {
			t.Errorf("answer %s, %v, %v", text, invalid, err)
		}
		streamed, err := httpfn.Streaming(h)(t.Context(), raw)
		if err == nil {
			if _, err := io.ReadAll(streamed.(io.Reader)); err != nil {
				t.Error(err)
			}
		}
	})
}
