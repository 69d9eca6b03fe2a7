package apigateway_test

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/noidle/noidle/local/apigateway"
)

// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html#http-api-develop-integrations-lambda.proxy-format-structure
func TestEvent(t *testing.T) {
	g := serve(t, apigateway.API{
		Routes: []apigateway.Route{route("POST /my/{name}")},
		Stage:  apigateway.Stage{Name: "dev", Variables: map[string]string{"colour": "red"}},
	})
	r := httptest.NewRequest("POST", "/dev/my/p%C3%A4th?parameter1=value1&parameter1=value+2&parameter2=%zz&a%26b&&%E2%82%AC=", strings.NewReader(`{"a":"<b>"}`))
	r.Host = "id.example.com:8080"
	r.RemoteAddr = "192.0.2.1:1234"
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "agent")
	r.Header["Header2"] = []string{"value1", "value2"}
	r.Header["Cookie"] = []string{"a=1; b=2", "c=3"}
	r.Header.Set("X-Amzn-Trace-Id", "Root=1-2-3")
	r.Header.Set("X-Forwarded-For", "198.51.100.7")
	r.Header.Set("Connection", "keep-alive")
	w := httptest.NewRecorder()
	g.handler.ServeHTTP(w, r)
	check(t, "status", w.Code, 200)
	want := `{
		"version": "2.0",
		"routeKey": "POST /my/{name}",
		"rawPath": "/dev/my/päth",
		"rawQueryString": "parameter1=value1&parameter1=value+2&parameter2=%zz&a%26b&&%E2%82%AC=",
		"cookies": ["a=1", "b=2", "c=3"],
		"headers": {
			"content-length": "11",
			"content-type": "application/json",
			"header2": "value1,value2",
			"host": "id.example.com:8080",
			"user-agent": "agent",
			"x-amzn-trace-id": "Root=1-2-3",
			"x-forwarded-for": "198.51.100.7, 192.0.2.1",
			"x-forwarded-port": "8080",
			"x-forwarded-proto": "http"
		},
		"queryStringParameters": {"parameter1": "value1,value 2", "parameter2": "%zz", "a&b": "", "€": ""},
		"requestContext": {
			"accountId": "000000000000",
			"apiId": "api1",
			"domainName": "id.example.com",
			"domainPrefix": "id",
			"http": {"method": "POST", "path": "/dev/my/päth", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "agent"},
			"requestId": "` + w.Header().Get("Apigw-Requestid") + `",
			"routeKey": "POST /my/{name}",
			"stage": "dev",
			"time": "12/Mar/2026:19:03:58 +0000",
			"timeEpoch": 1773342238390
		},
		"body": "{\"a\":\"<b>\"}",
		"pathParameters": {"name": "päth"},
		"isBase64Encoded": false,
		"stageVariables": {"colour": "red"}
	}`
	check(t, "event", decode(t, g.payload), decode(t, []byte(want)))
}

func TestEventLeavesOutWhatIsNotThere(t *testing.T) {
	g := serve(t, apigateway.API{Routes: []apigateway.Route{route("GET /a")}})
	g.do("GET", "/a", "")
	event := decode(t, g.payload)
	for _, name := range []string{"cookies", "queryStringParameters", "body", "pathParameters", "stageVariables"} {
		if value, ok := event[name]; ok {
			t.Errorf("%s is %v", name, value)
		}
	}
	if id := g.event().Headers["x-amzn-trace-id"]; !strings.HasPrefix(id, "Root=1-69b3") {
		t.Errorf("x-amzn-trace-id is %q", id)
	}
}

func decode(t *testing.T, data []byte) map[string]any {
	t.Helper()
	var decoded map[string]any
	if err := json.Unmarshal(data, &decoded); err != nil {
		t.Fatal(err)
	}
	return decoded
}

// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
func TestBodyEncoding(t *testing.T) {
	tests := []struct {
		name, contentType, body, want string
		base64                        bool
	}{
		{"text", "text/csv", "a,ü", "a,ü", false},
		{"JSON", "application/json", `{}`, `{}`, false},
		{"JSON with a parameter", "Application/JSON; charset=utf-8", `{}`, `{}`, false},
		{"XML", "application/xml", `<a/>`, `<a/>`, false},
		{"JavaScript", "application/javascript", `1`, `1`, false},
		{"form", "application/x-www-form-urlencoded", "a=b", "YT1i", true},
		{"octets", "application/octet-stream", "\x00\xff", "AP8=", true},
		{"no type", "", "a", "YQ==", true},
		{"text that is none", "text/plain", "\xff", "/w==", true},
		{"nothing", "application/octet-stream", "", "", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := serve(t, apigateway.API{Routes: []apigateway.Route{route("POST /a")}})
			g.do("POST", "/a", test.body, "Content-Type", test.contentType)
			check(t, "body", g.event().Body, test.want)
			check(t, "isBase64Encoded", g.event().IsBase64Encoded, test.base64)
		})
	}
}
