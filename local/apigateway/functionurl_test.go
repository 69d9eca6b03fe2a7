package apigateway_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/jonboulle/clockwork"

	"github.com/noidle/noidle/local/api"
	"github.com/noidle/noidle/local/apigateway"
)

// integrationResponse is the content type of an answer in parts with a prelude.
const integrationResponse = "application/vnd.awslambda.http-integration-response"

// url is a served function URL whose function answers with a body of a content
// type, or with err.
type url struct {
	handler     *apigateway.FunctionURL
	contentType string
	body        io.Reader
	err         error
	payload     []byte
}

func newURL(cors *apigateway.CORS) *url {
	u := &url{body: strings.NewReader(`{"statusCode":200}`)}
	u.handler = &apigateway.FunctionURL{ID: "abc", CORS: cors, Clock: clockwork.NewFakeClockAt(start),
		Invoke: func(_ context.Context, _ string, payload []byte) (*apigateway.Response, error) {
			u.payload = payload
			return &apigateway.Response{ContentType: u.contentType, Body: io.NopCloser(u.body)}, u.err
		}}
	return u
}

func (u *url) do(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	u.handler.ServeHTTP(w, r)
	return w
}

// https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-request-payload
func TestURLEvent(t *testing.T) {
	u := newURL(nil)
	r := httptest.NewRequest("POST", "/my/p%C3%A4th%2Fa?parameter1=value1&parameter1=value2", strings.NewReader("\x00\xff"))
	r.Host = "127.0.0.1:4567"
	r.RemoteAddr = "192.0.2.1:1234"
	r.Header.Set("User-Agent", "agent")
	r.Header.Set("Cookie", "a=1; b=2")
	r.Header.Set("X-Amzn-Trace-Id", "Root=1-2-3")
	w := u.do(r)
	check(t, "event", decode(t, u.payload), decode(t, []byte(`{
		"version": "2.0",
		"routeKey": "$default",
		"rawPath": "/my/p%C3%A4th%2Fa",
		"rawQueryString": "parameter1=value1&parameter1=value2",
		"cookies": ["a=1", "b=2"],
		"headers": {
			"content-length": "2",
			"host": "127.0.0.1:4567",
			"user-agent": "agent",
			"x-amzn-trace-id": "Root=1-2-3",
			"x-forwarded-for": "192.0.2.1",
			"x-forwarded-port": "4567",
			"x-forwarded-proto": "http"
		},
		"queryStringParameters": {"parameter1": "value1,value2"},
		"requestContext": {
			"accountId": "anonymous",
			"apiId": "abc",
			"domainName": "abc.lambda-url.us-east-1.on.aws",
			"domainPrefix": "abc",
			"http": {"method": "POST", "path": "/my/p%C3%A4th%2Fa", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "agent"},
			"requestId": "`+w.Header().Get("X-Amzn-Requestid")+`",
			"routeKey": "$default",
			"stage": "$default",
			"time": "12/Mar/2026:19:03:58 +0000",
			"timeEpoch": 1773342238390
		},
		"body": "AP8=",
		"isBase64Encoded": true
	}`)))
}

// https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-response-payload
// and, for answers in parts,
// https://docs.aws.amazon.com/apigateway/latest/developerguide/response-transfer-mode-lambda.html
func TestURLAnswers(t *testing.T) {
	const (
		parts  = integrationResponse
		nulls  = "\x00\x00\x00\x00\x00\x00\x00\x00"
		octets = "application/octet-stream"
	)
	tests := []struct {
		name, contentType, output string
		status                    int
		wantType, body, cookie    string
	}{
		{"inferred from an object", "", `{"message":"Hello"}`, 200, "application/json", `{"message":"Hello"}`, ""},
		{"inferred from a string", "", `"Hello"`, 200, "application/json", `Hello`, ""},
		{"a status without a content type", "", `{"statusCode":201,"body":"b"}`, 201, "application/json", `b`, ""},
		{"headers and cookies", "", `{"statusCode":200,"headers":{"content-type":"text/html"},"cookies":["a=b"],"body":"<p>"}`, 200, "text/html", "<p>", "a=b"},
		{"not JSON", "", `hello`, 502, "text/plain", "Internal Server Error", ""},
		{"a bad status", "", `{"statusCode":99}`, 502, "text/plain", "Internal Server Error", ""},
		{"parts that were collected", "", `{"statusCode":200}` + nulls + "body", 502, "text/plain", "Internal Server Error", ""},
		{"parts", parts, `{"statusCode":404,"headers":{"Content-Type":"text/html"},"cookies":["a=b"]}` + nulls + "<p>\x00", 404, "text/html", "<p>\x00", "a=b"},
		{"an empty prelude", parts, `{}` + nulls + "body", 200, octets, "body", ""},
		{"a prelude alone", parts, `{"statusCode":204}` + nulls, 204, octets, "", ""},
		{"a body that may not be", parts, `{"statusCode":204}` + nulls + "body", 204, octets, "", ""},
		{"no prelude", parts, `hello`, 502, "text/plain", "Internal Server Error", ""},
		{"a prelude that is not JSON", parts, `hello` + nulls, 502, "text/plain", "Internal Server Error", ""},
		{"a prelude with a bad header", parts, `{"headers":{"a b":"c"}}` + nulls, 502, "text/plain", "Internal Server Error", ""},
		{"too few null bytes", parts, `{}` + nulls[1:] + "body", 502, "text/plain", "Internal Server Error", ""},
		{"parts without a prelude", "text/event-stream", "data: 1\n\n", 200, "text/event-stream", "data: 1\n\n", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			u := newURL(nil)
			u.contentType, u.body = test.contentType, strings.NewReader(test.output)
			server := httptest.NewServer(u.handler)
			defer server.Close()
			response, err := http.Get(server.URL)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = response.Body.Close() }()
			body, err := io.ReadAll(response.Body)
			if err != nil {
				t.Fatal(err)
			}
			check(t, "status", response.StatusCode, test.status)
			check(t, "content type", response.Header.Get("Content-Type"), test.wantType)
			check(t, "body", string(body), test.body)
			check(t, "cookie", response.Header.Get("Set-Cookie"), test.cookie)
		})
	}
}

// TestURLErrors: statuses of the URL itself
// (https://docs.aws.amazon.com/lambda/latest/dg/urls-monitoring.html).
func TestURLErrors(t *testing.T) {
	tests := []struct {
		name, path string
		length     int
		err        error
		status     int
		body       string
	}{
		{"the function fails", "/", 0, errors.New("it failed"), 502, "Internal Server Error"},
		{"no permission", "/", 0, &api.Error{Code: "AccessDeniedException", Status: 403}, 403, `{"Message":"Forbidden"}`},
		{"no concurrency", "/", 0, &api.Error{Code: "TooManyRequestsException", Status: 429}, 429, `{"Message":"Too Many Requests"}`},
		{"another error of Lambda", "/", 0, &api.Error{Code: "ResourceNotFoundException", Status: 404}, 502, "Internal Server Error"},
		{"the event is too large", "/", 0, &api.Error{Status: 413}, 413, `{"Message":"Request Entity Too Large"}`},
		{"the body is too large", "/", 6<<20 + 1, nil, 413, `{"Message":"Request Entity Too Large"}`},
		{"the path is not UTF-8", "/%ff", 0, nil, 400, `{"Message":"Bad Request"}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			u := newURL(nil)
			u.err = test.err
			w := u.do(httptest.NewRequest("POST", test.path, bytes.NewReader(make([]byte, test.length))))
			check(t, "status", w.Code, test.status)
			check(t, "body", w.Body.String(), test.body)
			check(t, "invoked", u.payload != nil, test.err != nil)
		})
	}
}

// TestURLPassesPartsOn: each part as it comes, and an end without the last chunk when
// the function fails on the way.
func TestURLPassesPartsOn(t *testing.T) {
	u := newURL(nil)
	body, function := io.Pipe()
	u.contentType, u.body = integrationResponse, body
	server := httptest.NewServer(u.handler)
	defer server.Close()
	go func() { _, _ = io.WriteString(function, "{}\x00\x00\x00\x00\x00\x00\x00\x00") }()
	response, err := http.Get(server.URL) // the status is there before the body
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	for _, part := range []string{"one", "two"} {
		if _, err := io.WriteString(function, part); err != nil {
			t.Fatal(err)
		}
		read := make([]byte, 3)
		if _, err := io.ReadFull(response.Body, read); err != nil || string(read) != part {
			t.Fatalf("%q, %v: want %s", read, err, part)
		}
	}
	_ = function.CloseWithError(errors.New("it exits"))
	if rest, err := io.ReadAll(response.Body); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("the rest is %q, %v: want %v", rest, err, io.ErrUnexpectedEOF)
	}
}

// https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html#urls-cors
func TestURLCORS(t *testing.T) {
	cors := &apigateway.CORS{AllowOrigins: []string{"https://www.example.com"}, AllowMethods: []string{"GET"}, ExposeHeaders: []string{"date"}}
	own := map[string]string{"Origin": "function"}
	tests := []struct {
		name, method, origin string
		cors                 *apigateway.CORS
		invoked              bool
		want                 map[string]string
	}{
		{"preflight", "OPTIONS", "https://www.example.com", cors, false, map[string]string{"Origin": "https://www.example.com", "Methods": "GET"}},
		{"preflight of another origin", "OPTIONS", "https://a", cors, false, nil},
		{"preflight without CORS", "OPTIONS", "https://a", nil, true, own},
		{"request", "GET", "https://www.example.com", cors, true, map[string]string{"Origin": "https://www.example.com", "Expose": "date"}},
		{"request of another origin", "GET", "https://a", cors, true, nil},
		{"request without CORS", "GET", "https://a", nil, true, own},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			u := newURL(test.cors)
			u.contentType = integrationResponse
			u.body = strings.NewReader(`{"headers":{"access-control-allow-origin":"function"}}` + "\x00\x00\x00\x00\x00\x00\x00\x00")
			r := httptest.NewRequest(test.method, "/", nil)
			r.Header.Set("Origin", test.origin)
			r.Header.Set("Access-Control-Request-Method", "GET")
			w := u.do(r)
			check(t, "status", w.Code, 200)
			check(t, "invoked", u.payload != nil, test.invoked)
			check(t, "CORS headers", corsHeaders(w.Header()), test.want)
		})
	}
}
