package apigateway_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/noidle/noidle/local/api"
	"github.com/noidle/noidle/local/apigateway"
)

// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html#http-api-develop-integrations-lambda.response
func TestResponse(t *testing.T) {
	const inferred, plain, failed = "application/json", "text/plain;charset=UTF-8", `{"message":"Internal Server Error"}`
	tests := []struct {
		name, output      string
		status            int
		contentType, body string
		header            map[string][]string
	}{
		{"inferred from an object", `{"message":"Hello"}`, 200, inferred, `{"message":"Hello"}`, nil},
		{"inferred from a string", `"Hello from Lambda!"`, 200, inferred, `Hello from Lambda!`, nil},
		{"inferred from a list", `[1]`, 200, inferred, `[1]`, nil},
		{"inferred from null", `null`, 200, inferred, `null`, nil},
		{"inferred without a status", `{"body":"b","headers":{"A":"b"}}`, 200, inferred, `{"body":"b","headers":{"A":"b"}}`, nil},
		{"status", `{"statusCode":201}`, 201, plain, ``, nil},
		{"headers", `{"statusCode":200,"headers":{"content-type":"text/html","X-A":"1"},"body":"<p>"}`, 200, "text/html", "<p>", map[string][]string{"X-A": {"1"}}},
		{"multi value headers are ignored", `{"statusCode":200,"multiValueHeaders":{"X-A":["1"]}}`, 200, plain, "", map[string][]string{"X-A": nil}},
		{"cookies", `{"statusCode":200,"cookies":["a=1; Secure","b=2"]}`, 200, plain, "", map[string][]string{"Set-Cookie": {"a=1; Secure", "b=2"}}},
		{"base64", `{"statusCode":200,"isBase64Encoded":true,"body":"AP8="}`, 200, plain, "\x00\xff", map[string][]string{"Content-Length": {"2"}}},
		{"null members", `{"statusCode":200,"headers":null,"cookies":null,"body":null}`, 200, plain, "", nil},
		{"headers of the connection", `{"statusCode":200,"headers":{"Connection":"close","Transfer-Encoding":"gzip","Content-Length":"99","Apigw-Requestid":"mine"},"body":"b"}`, 200, plain, "b", map[string][]string{"Connection": nil, "Content-Length": {"1"}}},
		{"no content", `{"statusCode":204,"body":"ignored"}`, 204, plain, "", map[string][]string{"Content-Length": nil}},
		{"redirect", `{"statusCode":302,"headers":{"Location":"/b"}}`, 302, plain, "", map[string][]string{"Location": {"/b"}}},
		{"error of the function's own", `{"statusCode":500,"body":"mine"}`, 500, plain, "mine", nil},
		{"not JSON", `hello`, 500, inferred, failed, nil},
		{"nothing", ``, 500, inferred, failed, nil},
		{"status that is no number", `{"statusCode":"ok"}`, 500, inferred, failed, nil},
		{"null status", `{"statusCode":null}`, 500, inferred, failed, nil},
		{"low status", `{"statusCode":101}`, 500, inferred, failed, nil},
		{"high status", `{"statusCode":1000}`, 500, inferred, failed, nil},
		{"body that is no string", `{"statusCode":200,"body":{}}`, 500, inferred, failed, nil},
		{"body that is not base64", `{"statusCode":200,"isBase64Encoded":true,"body":"*"}`, 500, inferred, failed, nil},
		{"header name", `{"statusCode":200,"headers":{"a b":"c"}}`, 500, inferred, failed, nil},
		{"header value", `{"statusCode":200,"headers":{"A":"b\r\nSet-Cookie: c=d"}}`, 500, inferred, failed, map[string][]string{"Set-Cookie": nil}},
		{"cookie", `{"statusCode":200,"cookies":["a=b\nc"]}`, 500, inferred, failed, map[string][]string{"Set-Cookie": nil}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := serve(t, apigateway.API{Routes: []apigateway.Route{route("ANY /a")}})
			g.output = test.output
			response, body := g.do("GET", "/a", "")
			check(t, "status", response.StatusCode, test.status)
			check(t, "body", body, test.body)
			check(t, "content type", response.Header.Get("Content-Type"), test.contentType)
			for name, values := range test.header {
				check(t, name, response.Header[name], values)
			}
			head, body := g.do("HEAD", "/a", "")
			check(t, "status of HEAD", head.StatusCode, test.status)
			check(t, "body of HEAD", body, "")
			check(t, "content length of HEAD", head.Header.Get("Content-Length"), response.Header.Get("Content-Length"))
		})
	}
}

func TestInvokeErrors(t *testing.T) {
	tests := []struct {
		name   string
		err    error
		status int
		line   string
	}{
		// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-troubleshooting-lambda.html
		{"no permission", &api.Error{Code: "AccessDeniedException", Message: "not allowed", Status: 403}, 500, "500 403 - AccessDeniedException: not allowed"},
		{"function error", errors.New("exit status 1"), 500, "500 - - exit status 1"},
		{"throttled", &api.Error{Code: "TooManyRequestsException", Message: "rate exceeded", Status: 429}, 503, "503 429 - TooManyRequestsException: rate exceeded"},
		// https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
		{"event too large", &api.Error{Code: "RequestEntityTooLargeException", Message: "too large", Status: 413}, 413, "413 413 - RequestEntityTooLargeException: too large"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := serve(t, apigateway.API{
				Routes: []apigateway.Route{route("GET /a")},
				Stage: apigateway.Stage{AccessLog: apigateway.AccessLog{
					Group: "group", Format: "$context.status $context.integrationStatus $context.integration.status $context.integrationErrorMessage",
				}},
			})
			g.err = test.err
			response, body := g.do("GET", "/a", "")
			check(t, "status", response.StatusCode, test.status)
			check(t, "body", body, gatewayError(test.status))
			check(t, "log", g.lines, []string{"group " + test.line})
		})
	}
}

// A client waits for 30 seconds at most, and the function runs on
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html).
func TestIntegrationTimeout(t *testing.T) {
	short := route("GET /short")
	short.Integration.Timeout = 50 * time.Millisecond
	tests := []struct {
		name, path   string
		timeout      time.Duration
		milliseconds string
	}{
		{"default", "/long", 30 * time.Second, "30000"},
		{"of the integration", "/short", 50 * time.Millisecond, "50"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			clock := clockwork.NewFakeClockAt(start)
			release, ended := make(chan struct{}), make(chan error, 1)
			g := &gateway{t: t, clock: clock}
			handler, err := apigateway.New(apigateway.API{
				Routes: []apigateway.Route{route("GET /long"), short},
				Stage:  apigateway.Stage{AccessLog: apigateway.AccessLog{Group: "group", Format: "$context.status $context.integrationLatency $context.responseLatency"}},
			}, apigateway.Options{Clock: clock, Log: g.log, Invoke: func(ctx context.Context, _, _ string, _ []byte) ([]byte, error) {
				<-release
				ended <- ctx.Err()
				return nil, nil
			}})
			if err != nil {
				t.Fatal(err)
			}
			go func() {
				if err := clock.BlockUntilContext(t.Context(), 1); err == nil {
					clock.Advance(test.timeout)
				}
			}()
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, httptest.NewRequest("GET", test.path, nil))
			check(t, "status", w.Code, 503)
			check(t, "body", w.Body.String(), `{"message":"Service Unavailable"}`)
			check(t, "log", g.lines, []string{"group 503 " + test.milliseconds + " " + test.milliseconds})
			close(release)
			if err := <-ended; err != nil {
				t.Errorf("the function's context ended: %v", err)
			}
		})
	}
}

// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
func TestQuotas(t *testing.T) {
	const megabyte = 1 << 20
	line := len("POST/aHTTP/1.1127.0.0.1:00000") + len("Go-http-client/1.1") + len("gzip")
	tests := []struct {
		name         string
		body, header int
		status       int
	}{
		{"largest body", 10 * megabyte, 0, 200},
		{"body", 10*megabyte + 1, 0, 413},
		{"large header", 0, 10_240 - line - 10, 200},
		{"header", 0, 10_240, 431},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := serve(t, apigateway.API{Routes: []apigateway.Route{route("POST /a")}})
			response, body := g.do("POST", "/a", strings.Repeat("b", test.body), "A", strings.Repeat("a", test.header))
			check(t, "status", response.StatusCode, test.status)
			if test.status != http.StatusOK {
				check(t, "body", body, gatewayError(test.status))
			}
		})
	}
}
