package cloudfront_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/noidle/noidle/local/cloudfront"
)

const allViewerExceptHost = "b689b0a8-53d0-40ab-baf2-68738e2966ac"

// echo is an API that tells what it is asked.
var echo = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	w.Header().Set("Set-Cookie", "session=1")
	if strings.HasSuffix(r.URL.Path, "/missing") {
		w.WriteHeader(http.StatusNotFound)
	}
	_, _ = fmt.Fprint(w, r.Method, " ", r.Host, r.URL.RequestURI(), " ", string(body), " ", r.Header.Get("Authorization"), " ", r.Header.Get("Cookie"), " ", r.Header.Get("X-Own"))
})

func openAPI(t *testing.T, function string, change func(*cloudfront.Distribution)) *world {
	t.Helper()
	w := newWorld(t)
	d := cloudfront.Distribution{
		ID:      "EDFDVBD6EXAMPLE",
		Origins: []cloudfront.Origin{{ID: "api", API: echo, Domain: "a.execute-api.us-east-1.amazonaws.com", Path: "/v1"}},
		Behaviors: []cloudfront.Behavior{{
			PathPattern: "*", OriginID: "api", CachePolicyID: disabled, OriginRequestPolicyID: allViewerExceptHost,
			AllowedMethods: []string{"GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE"},
		}},
	}
	if function != "" {
		f, err := cloudfront.NewFunction("f", function, func(string) {})
		if err != nil {
			t.Fatal(err)
		}
		d.Behaviors[0].Function = f
	}
	if change != nil {
		change(&d)
	}
	w.serve(t, d, w)
	return w
}

func (w *world) send(t *testing.T, method, path, body string) response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, w.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header = http.Header{"Authorization": {"token"}, "Cookie": {"a=1; b=2"}, "X-Own": {"own"}}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	content, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response{answer, string(content)}
}

// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/RequestAndResponseBehaviorCustomOrigin.html,
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-origin-request-policies.html
func TestAPIOrigin(t *testing.T) {
	const host = "a.execute-api.us-east-1.amazonaws.com"
	tests := []struct{ name, policy, cache, method, body, want string }{
		{"get", allViewerExceptHost, disabled, "GET", "", "200 Miss GET " + host + "/v1/x?b=2&a=1  token a=1; b=2 own"},
		{"post", allViewerExceptHost, disabled, "POST", "hello", "200 Miss POST " + host + "/v1/x?b=2&a=1 hello token a=1; b=2 own"},
		{"delete", allViewerExceptHost, disabled, "DELETE", "", "200 Miss DELETE " + host + "/v1/x?b=2&a=1  token a=1; b=2 own"},
		{"get without policy", "", disabled, "GET", "", "200 Miss GET " + host + "/v1/x    "},
		{"post without policy", "", disabled, "POST", "hello", "200 Miss POST " + host + "/v1/x hello token  "},
		{"post is not cached", "", optimized, "POST", "hello", "200 Miss POST " + host + "/v1/x hello token  "},
		{"get with a body", "", optimized, "GET", "hello", "403 Error A request with a body is not allowed.\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := openAPI(t, "", func(d *cloudfront.Distribution) {
				d.Behaviors[0].OriginRequestPolicyID, d.Behaviors[0].CachePolicyID = tt.policy, tt.cache
			})
			for range 2 {
				got := w.send(t, tt.method, "/x?b=2&a=1", tt.body)
				check(t, "answer", tt.want, got.told())
				if cookie := got.Header.Get("Set-Cookie"); (cookie != "") != (tt.policy != "") {
					t.Errorf("Set-Cookie %q", cookie)
				}
			}
		})
	}
}

// Cached answers of an API are forgotten when they are invalidated
// (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/invalidation-specifying-objects.html).
func TestInvalidate(t *testing.T) {
	tests := []struct {
		name, path string
		want       string
	}{
		{"exact", "/in/a%20cat", "Miss"},
		{"other spelling", "/in/%61%20cat", "Miss"},
		{"prefix", "/in/*", "Miss"},
		{"all", "/*", "Miss"},
		{"another", "/in/a", "Hit"},
		{"asterisk inside", "/*/a%20cat", "Hit"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.allow(t, "photos", oac("s3:GetObject", "arn:aws:s3:::photos/*", arn))
			w.put(t, "/photos/in/a%20cat", "meow")
			h, err := cloudfront.New(w.plain(), cloudfront.Options{Clock: w.clock, S3: w})
			if err != nil {
				t.Fatal(err)
			}
			w.start(t, h)
			check(t, "first", "200 Miss meow", w.get(t, "/in/a%20cat").told())
			check(t, "second", "200 Hit meow", w.get(t, "/in/a%20cat").told())
			h.Invalidate(tt.path)
			check(t, "invalidated", "200 "+tt.want+" meow", w.get(t, "/in/a%20cat").told())
		})
	}
}

// What functions make of requests
// (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/functions-event-structure.html).
func TestFunction(t *testing.T) {
	const host = "a.execute-api.us-east-1.amazonaws.com"
	const failed = "503 FunctionExecutionError The CloudFront function associated"
	tests := []struct{ name, body, want string }{
		{"unchanged", "return event.request", "200 Miss GET " + host + "/v1/api/x?b=2&a=1&a=3  token a=1; b=2 own"},
		{"uri", "const r = event.request; r.uri = r.uri.replace(/^\\/api/, ''); return r", "200 Miss GET " + host + "/v1/x?b=2&a=1&a=3  token a=1; b=2 own"},
		{"query", "delete event.request.querystring.b; return event.request", "200 Miss GET " + host + "/v1/api/x?a=1&a=3  token"},
		{"header", "event.request.headers['x-own'] = {value: 'new'}; return event.request", "200 Miss GET " + host + "/v1/api/x?b=2&a=1&a=3  token a=1; b=2 new"},
		{"cookie", "event.request.cookies.a.value = '5'; return event.request", "200 Miss GET " + host + "/v1/api/x?b=2&a=1&a=3  token a=5; b=2 own"},
		{"response", "return {statusCode: 302, statusDescription: 'Found', headers: {location: {value: '/login'}}}", "302 FunctionGeneratedResponse "},
		{"error response", "return {statusCode: 401, body: event.request.querystring.a.multiValue[1].value}", "401 FunctionGeneratedResponse 3"},
		{"base64", "return {statusCode: 200, body: {encoding: 'base64', data: 'aGk='}, cookies: {c: {value: '1', attributes: 'Secure'}}}", "200 FunctionGeneratedResponse hi"},
		{"context", "return {statusCode: 200, body: event.context.distributionId + event.context.eventType + event.viewer.ip}", "200 FunctionGeneratedResponse EDFDVBD6EXAMPLEviewer-request127.0.0.1"},
		{"promise", "return Promise.resolve(event.request)", "200 Miss GET " + host + "/v1/api/x"},
		{"throws", "throw new Error('no')", failed},
		{"endless", "for (;;) {}", failed},
		{"nothing", "", failed},
		{"number", "return 1", failed},
		{"uri without slash", "event.request.uri = 'x'; return event.request", failed},
		{"host", "event.request.headers.host.value = 'x'; return event.request", failed},
		{"method", "event.request.method = 'POST'; return event.request", failed},
		{"status", "return {statusCode: 99}", failed},
		{"encoding", "return {statusCode: 200, body: {encoding: 'gzip', data: ''}}", failed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := openAPI(t, "function handler(event) {"+tt.body+"}", nil)
			r, err := http.NewRequestWithContext(t.Context(), "GET", w.url+"/api/x?b=2&a=1&a=3", nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header = http.Header{"Authorization": {"token"}, "Cookie": {"a=1; b=2"}, "X-Own": {"own"}}
			answer, err := http.DefaultTransport.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = answer.Body.Close() }()
			body, err := io.ReadAll(answer.Body)
			if err != nil {
				t.Fatal(err)
			}
			if got := (response{answer, string(body)}).told(); !strings.HasPrefix(got, tt.want) {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
}

// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html#limits-functions
func TestNewFunctionRefuses(t *testing.T) {
	for code, want := range map[string]string{
		"function handler( {":       "function f: SyntaxError",
		"with (a) {}":               "function f: SyntaxError",
		strings.Repeat(" ", 10_241): "function f: the code has 10241 bytes",
	} {
		if _, err := cloudfront.NewFunction("f", code, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("NewFunction = %v, want %s", err, want)
		}
	}
}

// Errors of APIs have pages, too
// (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/GeneratingCustomErrorResponses.html).
func TestErrorPageOfAPI(t *testing.T) {
	w := openAPI(t, "", func(d *cloudfront.Distribution) {
		d.ErrorResponses = []cloudfront.ErrorResponse{{Status: 404, PagePath: "/page", PageStatus: 200}}
	})
	got := w.send(t, "POST", "/missing", "x").told()
	if !strings.HasPrefix(got, "200 Error GET a.execute-api.us-east-1.amazonaws.com/v1/page ") {
		t.Error(got)
	}
}
