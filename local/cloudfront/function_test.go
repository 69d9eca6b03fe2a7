package cloudfront_test

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
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
		{"prefix of the name", "/in/a%20c*", "Miss"},
		{"prefix of another name", "/in/a%20d*", "Hit"},
		{"another case", "/In/a%20cat", "Hit"},
		// The cache has no query strings.
		{"query string", "/in/a%20cat?size=2", "Hit"},
		{"any query string", "/in/a%20cat*", "Miss"},
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
			check(t, "second", "200 Hit meow", w.get(t, "/in/a%20cat?size=2").told())
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
	const refused = "502 Error The CloudFront function associated with the CloudFront distribution returned what it may not: "
	tests := []struct{ name, body, want string }{
		{"unchanged", "return event.request", "200 Miss GET " + host + "/v1/api/x?b=2&a=1&a=3  token a=1; b=2 own"},
		{"uri", "const r = event.request; r.uri = r.uri.replace(/^\\/api/, ''); return r", "200 Miss GET " + host + "/v1/x?b=2&a=1&a=3  token a=1; b=2 own"},
		{"query", "delete event.request.querystring.b; return event.request", "200 Miss GET " + host + "/v1/api/x?a=1&a=3  token"},
		{"header", "event.request.headers['x-own'] = {value: 'new'}; return event.request", "200 Miss GET " + host + "/v1/api/x?b=2&a=1&a=3  token a=1; b=2 new"},
		{"header that is not there", "event.request.headers['x-new'] = {value: 'new'}; delete event.request.headers['x-own']; return event.request", "200 Miss GET " + host + "/v1/api/x?b=2&a=1&a=3  token a=1; b=2 "},
		{"first of two values", "event.request.querystring.a.value = '9'; return event.request", "200 Miss GET " + host + "/v1/api/x?a=9&a=3&b=2  token"},
		{"second of two values", "event.request.querystring.a.value = '9'; event.request.querystring.a.multiValue[1].value = '8'; return event.request", "200 Miss GET " + host + "/v1/api/x?a=1&a=8&b=2  token"},
		{"cookie", "event.request.cookies.a.value = '5'; return event.request", "200 Miss GET " + host + "/v1/api/x?b=2&a=1&a=3  token a=5; b=2 own"},
		{"response", "return {statusCode: 302, statusDescription: 'Found', headers: {location: {value: '/login'}}}", "302 FunctionGeneratedResponse "},
		{"error response", "return {statusCode: 401, body: event.request.querystring.a.multiValue[1].value}", "401 FunctionGeneratedResponse 3"},
		{"base64", "return {statusCode: 200, body: {encoding: 'base64', data: 'aGk='}, cookies: {c: {value: '1', attributes: 'Secure'}}}", "200 FunctionGeneratedResponse hi"},
		{"context", "return {statusCode: 200, body: event.context.distributionId + event.context.eventType + event.viewer.ip}", "200 FunctionGeneratedResponse EDFDVBD6EXAMPLEviewer-request127.0.0.1"},
		{"promise", "return Promise.resolve(event.request)", "200 Miss GET " + host + "/v1/api/x"},
		{"throws", "throw new Error('no')", failed},
		{"endless", "for (;;) {}", failed},
		{"nothing", "", refused},
		{"number", "return 1", refused},
		{"uri without slash", "event.request.uri = 'x'; return event.request", refused + "the function returns the uri"},
		{"host", "event.request.headers.host.value = 'x'; return event.request", refused + "the function changes the header host"},
		{"content-length", "event.request.headers['content-length'] = {value: '5'}; return event.request", refused + "the function changes the header content-length"},
		{"via", "event.request.headers.via = {value: 'x'}; return event.request", refused + "the function changes the header via"},
		{"hidden header", "event.request.headers['x-real-ip'] = {value: 'x'}; return event.request", refused + "the function adds the header x-real-ip"},
		{"hidden prefix", "event.request.headers['x-edge-a'] = {value: 'x'}; return event.request", refused + "the function adds the header x-edge-a"},
		{"what it does not see", "return {statusCode: 200, body: Object.keys(event.request.headers).filter(n => n.startsWith('x-')).join()}", "200 FunctionGeneratedResponse x-own"},
		{"method", "event.request.method = 'POST'; return event.request", refused + "the function changes the method"},
		{"status", "return {statusCode: 99}", refused + "the function returns the status 99"},
		{"encoding", "return {statusCode: 200, body: {encoding: 'gzip', data: ''}}", refused + "the function returns a body"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := openAPI(t, "function handler(event) {"+tt.body+"}", nil)
			r, err := http.NewRequestWithContext(t.Context(), "GET", w.url+"/api/x?b=2&a=1&a=3", nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header = http.Header{"Authorization": {"token"}, "Cookie": {"a=1; b=2"}, "X-Own": {"own"}, "X-Forwarded-Proto": {"http"}}
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

// An error that has a page has it whichever origin it comes from, as custom error
// responses are of the whole distribution; any other error of an API stays as it is, and
// so does that of a function
// (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/GeneratingCustomErrorResponses.html,
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/functions-event-structure.html#functions-event-structure-status-body).
func TestErrorPageOfAPI(t *testing.T) {
	problem := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/problem+json")
		status, _ := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/api/"))
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, `{"status":%d}`, status)
	})
	page := cloudfront.ErrorResponse{Status: 403, PagePath: "/404.html", PageStatus: 404}
	const function = `function handler(event) { return event.request.uri == '/api/own' ? {statusCode: 403, body: 'own'} : event.request; }`
	tests := []struct{ name, method, path, want, kind string }{
		{"missing file", "GET", "/missing", "404 Error <missing>", "text/html"},
		{"missing item", "GET", "/api/404", `404 Error {"status":404}`, "application/problem+json"},
		{"invalid item", "POST", "/api/422", `422 Error {"status":422}`, "application/problem+json"},
		{"failure", "GET", "/api/500", `500 Error {"status":500}`, "application/problem+json"},
		{"forbidden item", "GET", "/api/403", "404 Error <missing>", "text/html"},
		{"forbidden change", "POST", "/api/403", "404 Error <missing>", "text/html"},
		{"answer of a function", "GET", "/api/own", "403 FunctionGeneratedResponse own", ""},
	}
	f, err := cloudfront.NewFunction("f", function, nil)
	if err != nil {
		t.Fatal(err)
	}
	w := open(t, func(d *cloudfront.Distribution) {
		d.Origins = append(d.Origins, cloudfront.Origin{ID: "api", API: problem, Domain: "a"})
		d.Behaviors = append([]cloudfront.Behavior{{
			PathPattern: "/api/*", OriginID: "api", CachePolicyID: disabled, OriginRequestPolicyID: allViewerExceptHost,
			AllowedMethods: []string{"GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE"}, Function: f,
		}}, d.Behaviors...)
		d.ErrorResponses = []cloudfront.ErrorResponse{page}
	})
	w.put(t, "/photos/404.html", "<missing>", "Content-Type", "text/html")
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := w.do(t, tt.method, tt.path)
			check(t, "answer", tt.want, got.told())
			check(t, "type", tt.kind, got.Header.Get("Content-Type"))
		})
	}
}

// Which of a viewer's headers an API gets, without an origin request policy and with
// one
// (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/RequestAndResponseBehaviorCustomOrigin.html#request-custom-headers-behavior).
func TestHeadersOfAPI(t *testing.T) {
	const all = allViewerExceptHost
	tests := []struct{ name, value, policy, method, want string }{
		{"Accept", "text/html", "", "GET", ""},
		{"Accept", "text/html", all, "GET", "text/html"},
		{"Accept-Language", "ko", "", "GET", ""},
		{"Authorization", "token", "", "GET", ""},
		{"Authorization", "token", "", "HEAD", ""},
		{"Authorization", "token", "", "OPTIONS", "token"},
		{"Authorization", "token", "", "DELETE", "token"},
		{"Authorization", "token", all, "GET", "token"},
		{"Cache-Control", "no-cache", "", "GET", "no-cache"},
		{"Content-Type", "text/plain", "", "POST", "text/plain"},
		{"Cookie", "a=b", "", "GET", ""},
		{"Cookie", "a=b", all, "GET", "a=b"},
		{"Expect", "100-continue", all, "GET", ""},
		{"If-None-Match", `"a"`, "", "GET", `"a"`},
		{"Max-Forwards", "1", "", "GET", "1"},
		{"Origin", "https://a.example", "", "GET", "https://a.example"},
		{"Proxy-Authorization", "token", all, "GET", ""},
		{"Referer", "https://a.example", "", "GET", ""},
		{"Te", "trailers", all, "GET", ""},
		{"User-Agent", "browser", "", "GET", "Amazon CloudFront"},
		{"User-Agent", "browser", all, "GET", "browser"},
		{"Via", "1.0 proxy", "", "GET", "1.0 proxy, 1.1 edfdvbd6example.cloudfront.net (CloudFront)"},
		{"X-Edge-Location", "here", all, "GET", ""},
		{"X-Forwarded-For", "192.0.2.1", "", "GET", "192.0.2.1, 127.0.0.1"},
		{"X-Own", "own", "", "GET", ""},
		{"X-Own", "own", all, "GET", "own"},
	}
	for _, tt := range tests {
		t.Run(tt.name+" "+tt.method+" "+tt.policy, func(t *testing.T) {
			var got string
			w := openAPI(t, "", func(d *cloudfront.Distribution) {
				d.Behaviors[0].OriginRequestPolicyID = tt.policy
				d.Origins[0].API = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.Header.Get(tt.name) })
			})
			w.do(t, tt.method, "/", tt.name, tt.value)
			check(t, "header", tt.want, got)
		})
	}
}
