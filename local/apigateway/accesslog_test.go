package apigateway_test

import (
	"strings"
	"testing"
	"time"

	"github.com/noidle/noidle/local/apigateway"
)

// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html
func TestAccessLog(t *testing.T) {
	const commonLog = "$context.identity.sourceIp - - [$context.requestTime] \"$context.httpMethod $context.routeKey $context.protocol\" $context.status $context.responseLength $context.requestId\n"
	tests := []struct {
		name, format, method, path, agent string
		want                              string
	}{
		{"common log format", commonLog, "GET", "/a/1", "agent", `127.0.0.1 - - [12/Mar/2026:19:03:58 +0000] "GET GET /a/{id} HTTP/1.1" 201 5 REQUEST`},
		{
			"JSON", `{"id":"$context.extendedRequestId","epoch":$context.requestTimeEpoch,"ip":"$context.identity.sourceIp","agent":"$context.identity.userAgent","status":$context.status}`,
			"GET", "/a/1", `say "hi"`, `{"id":"REQUEST","epoch":1773342238390,"ip":"127.0.0.1","agent":"say \"hi\"","status":201}`,
		},
		{
			"integration", "$context.accountId $context.apiId $context.stage $context.domainName $context.domainPrefix $context.path $context.dataProcessed $context.integration.status $context.integration.integrationStatus $context.integration.latency $context.integrationLatency $context.integration.error",
			"GET", "/a/1", "", "000000000000 api1 $default 127.0.0.1 127 /a/1 9 201 200 7 7 -",
		},
		{"no route", "$context.status $context.routeKey $context.error.message $context.error.messageString $context.integrationErrorMessage $context.integrationLatency", "GET", "/b", "", `404 - Not Found "Not Found" - -`},
		{"no error", "$context.error.message $context.error.messageString", "GET", "/a/1", "", "- -"},
		{"unknown", "$context.authorizer.principalId $context.nothing. $other", "GET", "/a/1", "", "- -. $other"},
		{"control characters", "$context.path", "GET", "/a/1%0A2", "", `/a/1\n2`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := serve(t, apigateway.API{
				Routes: []apigateway.Route{route("GET /a/{id}")},
				Stage:  apigateway.Stage{AccessLog: apigateway.AccessLog{Group: "group", Format: test.format}},
			})
			g.output, g.delay = `{"statusCode":201,"body":"hello"}`, 7*time.Millisecond
			response, _ := g.do(test.method, test.path, "body", "User-Agent", test.agent)
			want := strings.ReplaceAll(test.want, "REQUEST", response.Header.Get("Apigw-Requestid"))
			check(t, "log", g.lines, []string{"group " + want})
		})
	}
}

func TestAccessLogOfEveryAnswer(t *testing.T) {
	g := serve(t, apigateway.API{
		CORS:   &apigateway.CORS{AllowOrigins: []string{"*"}},
		Routes: []apigateway.Route{route("GET /a")},
		Stage: apigateway.Stage{
			Default:   apigateway.Throttle{Rate: 1, Burst: 1},
			AccessLog: apigateway.AccessLog{Group: "group", Format: "$context.status"},
		},
	})
	g.do("GET", "/a", "")
	g.do("GET", "/a", "")
	g.do("GET", "/b", "")
	g.do("OPTIONS", "/a", "", "Origin", "https://a", "Access-Control-Request-Method", "GET")
	g.do("GET", "/a", "", "A", strings.Repeat("a", 10_240))
	g.clock.Advance(time.Second)
	g.output = "not JSON"
	g.do("GET", "/a", "")
	check(t, "log", g.lines, []string{"group 200", "group 429", "group 404", "group 204", "group 431", "group 500"})
}
