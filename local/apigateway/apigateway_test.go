package apigateway_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"
	"github.com/jonboulle/clockwork"

	"github.com/noidle/noidle/local/apigateway"
)

const function = "arn:aws:lambda:us-east-1:000000000000:function:f"

var start = time.Date(2026, 3, 12, 19, 3, 58, 390_000_000, time.UTC)

// gateway is a served API whose function answers with output and err after a
// delay.
type gateway struct {
	t       *testing.T
	clock   *clockwork.FakeClock
	handler *apigateway.Handler
	server  *httptest.Server
	output  string
	err     error
	delay   time.Duration

	mu         sync.Mutex
	payload    []byte
	sourceARNs []string
	lines      []string
}

func route(key string) apigateway.Route {
	return apigateway.Route{Key: key, Integration: apigateway.Integration{Function: function, PayloadFormatVersion: "2.0"}}
}

func serve(t *testing.T, api apigateway.API) *gateway {
	t.Helper()
	g := &gateway{t: t, clock: clockwork.NewFakeClockAt(start), output: `{"statusCode":200}`}
	api.ID = "api1"
	var err error
	g.handler, err = apigateway.New(api, apigateway.Options{Clock: g.clock, Invoke: g.invoke, Keys: keys, Log: g.log})
	if err != nil {
		t.Fatal(err)
	}
	g.server = httptest.NewServer(g.handler)
	t.Cleanup(g.server.Close)
	return g
}

func (g *gateway) invoke(_ context.Context, functionARN, sourceARN string, payload []byte) ([]byte, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if functionARN != function {
		g.t.Errorf("invoked %q", functionARN)
	}
	g.sourceARNs = append(g.sourceARNs, sourceARN)
	g.payload = payload
	g.clock.Advance(g.delay)
	return []byte(g.output), g.err
}

func (g *gateway) log(group, line string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.lines = append(g.lines, group+" "+line)
}

func (g *gateway) event() *events.APIGatewayV2HTTPRequest {
	g.t.Helper()
	g.mu.Lock()
	defer g.mu.Unlock()
	event := new(events.APIGatewayV2HTTPRequest)
	if err := json.Unmarshal(g.payload, event); err != nil {
		g.t.Fatalf("payload %q: %v", g.payload, err)
	}
	return event
}

// do sends a request with headers in pairs, and returns the answer and its body.
func (g *gateway) do(method, path, body string, headers ...string) (*http.Response, string) {
	g.t.Helper()
	r, err := http.NewRequestWithContext(g.t.Context(), method, g.server.URL+path, strings.NewReader(body))
	if err != nil {
		g.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(r)
	if err != nil {
		g.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	read, err := io.ReadAll(response.Body)
	if err != nil {
		g.t.Fatal(err)
	}
	if response.Header.Get("Apigw-Requestid") == "" {
		g.t.Error("no apigw-requestid in the answer")
	}
	return response, string(read)
}

func check(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func gatewayError(status int) string { return `{"message":"` + http.StatusText(status) + `"}` }

func TestNewRefuses(t *testing.T) {
	long := route("GET /a")
	long.Integration.Timeout = 31 * time.Second
	old := route("GET /a")
	old.Integration.PayloadFormatVersion = "1.0"
	tests := []struct {
		name string
		api  apigateway.API
		want string
	}{
		{"payload format", apigateway.API{Routes: []apigateway.Route{old}}, `route "GET /a": payload format version "1.0" is not supported locally: use 2.0`},
		// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
		{"timeout", apigateway.API{Routes: []apigateway.Route{long}}, `route "GET /a": timeout 31s: use 50ms to 30s`},
		{"twice", apigateway.API{Routes: []apigateway.Route{route("GET /a"), route("GET /a")}}, `route "GET /a": name each route once`},
		{"method", apigateway.API{Routes: []apigateway.Route{route("TRACE /a")}}, `route "TRACE /a": use a method or ANY and a path`},
		{"no path", apigateway.API{Routes: []apigateway.Route{route("GET ")}}, `route "GET ": use a method or ANY and a path`},
		{"part of a segment", apigateway.API{Routes: []apigateway.Route{route("GET /a-{id}")}}, `route "GET /a-{id}": use a method or ANY and a path`},
		{"greedy in the middle", apigateway.API{Routes: []apigateway.Route{route("GET /{a+}/b")}}, `route "GET /{a+}/b": use a method or ANY and a path`},
		{"settings of no route", apigateway.API{Stage: apigateway.Stage{Routes: map[string]apigateway.Throttle{"GET /b": {}}}}, `stage "$default": no route has the key "GET /b" of its route settings`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := apigateway.New(test.api, apigateway.Options{})
			if err == nil || !strings.HasPrefix(err.Error(), test.want) {
				t.Errorf("got error %v, want %s", err, test.want)
			}
		})
	}
}

// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
func TestRouteSelection(t *testing.T) {
	pets := []string{"$default", "ANY /{proxy+}", "GET /pets/{proxy+}", "ANY /pets/dog/{id}", "GET /pets/dog/{id}", "GET /pets/dog/1", "GET /", "ANY /{a}/{b}/full"}
	orders := []string{"POST /orders", "GET /orders/{orderId}", "PUT /files/{name}/{rest+}"}
	tests := []struct {
		name, stage  string
		routes       []string
		method, path string
		key, source  string
		parameters   map[string]string
	}{
		{"text", "", pets, "GET", "/pets/dog/1", "GET /pets/dog/1", "$default/GET/pets/dog/1", nil},
		{"variable", "", pets, "GET", "/pets/dog/2", "GET /pets/dog/{id}", "$default/GET/pets/dog/{id}", map[string]string{"id": "2"}},
		{"any method", "", pets, "PUT", "/pets/dog/2", "ANY /pets/dog/{id}", "$default/PUT/pets/dog/{id}", map[string]string{"id": "2"}},
		{"greedy", "", pets, "GET", "/pets/cat/1", "GET /pets/{proxy+}", "$default/GET/pets/{proxy+}", map[string]string{"proxy": "cat/1"}},
		{"full before greedy", "", pets, "GET", "/pets/cat/full", "ANY /{a}/{b}/full", "$default/GET/{a}/{b}/full", map[string]string{"a": "pets", "b": "cat"}},
		{"greedy of the root", "", pets, "POST", "/test/5", "ANY /{proxy+}", "$default/POST/{proxy+}", map[string]string{"proxy": "test/5"}},
		{"root", "", pets, "GET", "/", "GET /", "$default/GET/", nil},
		{"default", "", pets, "POST", "/", "$default", "$default/$default", nil},
		{"decoded parameter", "", orders, "GET", "/orders/a%2Fb%20%C3%A9", "GET /orders/{orderId}", "$default/GET/orders/{orderId}", map[string]string{"orderId": "a/b é"}},
		{"greedy after a variable", "", orders, "PUT", "/files/x/y//z/", "PUT /files/{name}/{rest+}", "$default/PUT/files/{name}/{rest+}", map[string]string{"name": "x", "rest": "y//z/"}},
		{"another method", "", orders, "GET", "/orders", "", "", nil},
		{"HEAD is not GET", "", orders, "HEAD", "/orders/1", "", "", nil},
		{"OPTIONS is an ordinary method", "", orders, "OPTIONS", "/orders", "", "", nil},
		{"trailing slash", "", orders, "POST", "/orders/", "", "", nil},
		{"empty variable", "", orders, "GET", "/orders/", "", "", nil},
		{"empty segment", "", orders, "POST", "//orders", "", "", nil},
		{"empty greedy", "", orders, "PUT", "/files/x/", "", "", nil},
		{"greedy that is not there", "", orders, "PUT", "/files/x", "", "", nil},
		{"longer", "", orders, "POST", "/orders/1", "", "", nil},
		{"upper case", "", orders, "POST", "/Orders", "", "", nil},
		{"unknown method", "", pets, "TRACE", "/pets", "", "", nil},
		{"named stage", "dev", orders, "POST", "/dev/orders", "POST /orders", "dev/POST/orders", nil},
		{"root of a named stage", "dev", pets, "GET", "/dev", "GET /", "dev/GET/", nil},
		{"outside of the stage", "dev", pets, "GET", "/prod/pets", "", "", nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			api := apigateway.API{Stage: apigateway.Stage{Name: test.stage}}
			for _, key := range test.routes {
				api.Routes = append(api.Routes, route(key))
			}
			g := serve(t, api)
			response, body := g.do(test.method, test.path, "")
			if test.key == "" {
				if test.method != http.MethodHead {
					check(t, "body", body, `{"message":"Not Found"}`)
				}
				check(t, "status", response.StatusCode, 404)
				check(t, "content type", response.Header.Get("Content-Type"), "application/json")
				return
			}
			check(t, "status", response.StatusCode, 200)
			check(t, "source", g.sourceARNs, []string{"arn:aws:execute-api:us-east-1:000000000000:api1/" + test.source})
			check(t, "key", g.event().RouteKey, test.key)
			check(t, "parameters", g.event().PathParameters, test.parameters)
		})
	}
}

// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-throttling.html
func TestThrottle(t *testing.T) {
	g := serve(t, apigateway.API{
		Routes: []apigateway.Route{route("GET /a"), route("GET /b"), route("GET /c")},
		Stage: apigateway.Stage{
			Default: apigateway.Throttle{Rate: 2, Burst: 3},
			Routes:  map[string]apigateway.Throttle{"GET /c": {Rate: 1, Burst: 1}},
		},
	})
	passed := func(path string, requests int) (passed int) {
		for range requests {
			response, body := g.do("GET", path, "")
			if response.StatusCode == http.StatusOK {
				passed++
				continue
			}
			check(t, "status", response.StatusCode, 429)
			check(t, "body", body, `{"message":"Too Many Requests"}`)
		}
		return passed
	}
	check(t, "burst of /a", passed("/a", 5), 3)
	check(t, "burst of /b, which has a bucket of its own", passed("/b", 5), 3)
	check(t, "burst of /c, which has settings of its own", passed("/c", 5), 1)
	g.clock.Advance(time.Second)
	check(t, "a second of /a", passed("/a", 5), 2)
	check(t, "a second of /c", passed("/c", 5), 1)
	g.clock.Advance(499 * time.Millisecond)
	check(t, "less than half a second of /a", passed("/a", 5), 0)
	g.clock.Advance(time.Hour)
	check(t, "an hour of /a", passed("/a", 5), 3)
}

func TestAccountThrottle(t *testing.T) {
	g := serve(t, apigateway.API{Routes: []apigateway.Route{route("GET /a")}})
	passed := 0
	for range 5001 {
		w := httptest.NewRecorder()
		g.handler.ServeHTTP(w, httptest.NewRequest("GET", "/a", nil))
		if w.Code == http.StatusOK {
			passed++
		}
	}
	check(t, "passed", passed, 5000)
}
