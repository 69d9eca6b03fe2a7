package apigateway_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/noidle/noidle/local/apigateway"
)

// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html
func TestCORS(t *testing.T) {
	some := &apigateway.CORS{
		AllowOrigins:     []string{"https://www.example.com", "http://*"},
		AllowMethods:     []string{"GET", "POST"},
		AllowHeaders:     []string{"authorization", "content-type"},
		ExposeHeaders:    []string{"date", "x-api-id"},
		AllowCredentials: true,
		MaxAge:           new(300),
	}
	all := &apigateway.CORS{AllowOrigins: []string{"*"}}
	const preflight = "Access-Control-Request-Method"
	tests := []struct {
		name         string
		cors         *apigateway.CORS
		method, path string
		headers      []string
		status       int
		want         map[string]string
	}{
		{"preflight", some, "OPTIONS", "/a", []string{"Origin", "https://www.example.com", preflight, "GET"}, 204, map[string]string{
			"Origin": "https://www.example.com", "Methods": "GET,POST", "Headers": "authorization,content-type", "Max-Age": "300", "Credentials": "true",
		}},
		{"preflight of no route", some, "OPTIONS", "/b", []string{"Origin", "http://any", preflight, "GET"}, 204, map[string]string{
			"Origin": "http://any", "Methods": "GET,POST", "Headers": "authorization,content-type", "Max-Age": "300", "Credentials": "true",
		}},
		{"preflight of another origin", some, "OPTIONS", "/a", []string{"Origin", "https://evil.example.com", preflight, "GET"}, 204, nil},
		{"preflight of any origin", all, "OPTIONS", "/a", []string{"Origin", "https://a", preflight, "GET"}, 204, map[string]string{"Origin": "*"}},
		{"OPTIONS without a method", some, "OPTIONS", "/a", []string{"Origin", "https://www.example.com"}, 404, nil},
		{"preflight without CORS", nil, "OPTIONS", "/a", []string{"Origin", "https://www.example.com", preflight, "GET"}, 404, nil},
		{"preflight that has a route", some, "OPTIONS", "/any", []string{"Origin", "http://a", preflight, "GET"}, 200, map[string]string{
			"Origin": "http://a", "Methods": "GET,POST", "Headers": "authorization,content-type", "Max-Age": "300", "Credentials": "true",
		}},
		{"request", some, "GET", "/a", []string{"Origin", "https://www.example.com"}, 200, map[string]string{
			"Origin": "https://www.example.com", "Expose": "date,x-api-id", "Credentials": "true",
		}},
		{"request of any origin", all, "GET", "/a", []string{"Origin", "https://a"}, 200, map[string]string{"Origin": "*"}},
		{"request of another origin", some, "GET", "/a", []string{"Origin", "https://a"}, 200, nil},
		{"request without an origin", all, "GET", "/a", nil, 200, nil},
		{"the function's own without CORS", nil, "GET", "/a", []string{"Origin", "https://a"}, 200, map[string]string{"Origin": "function", "Methods": "function"}},
		{"error of the gateway", all, "GET", "/b", []string{"Origin", "https://a"}, 404, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := serve(t, apigateway.API{CORS: test.cors, Routes: []apigateway.Route{route("GET /a"), route("ANY /any")}})
			g.output = `{"statusCode":200,"headers":{"access-control-allow-origin":"function","Access-Control-Allow-Methods":"function"}}`
			response, _ := g.do(test.method, test.path, "", test.headers...)
			check(t, "status", response.StatusCode, test.status)
			check(t, "CORS headers", corsHeaders(response.Header), test.want)
		})
	}
}

func corsHeaders(header http.Header) map[string]string {
	var found map[string]string
	for name, values := range header {
		if short, ok := strings.CutPrefix(name, "Access-Control-"); ok {
			if found == nil {
				found = map[string]string{}
			}
			found[strings.TrimSuffix(strings.TrimPrefix(short, "Allow-"), "-Headers")] = strings.Join(values, "|")
		}
	}
	return found
}
