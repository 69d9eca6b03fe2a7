package web

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/noidle/noidle/constructs/internal/expect"
	"github.com/noidle/noidle/constructs/storage"
)

// TestHTTPServiceProps: the limits of AWS are those of
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html (Timeout, MaxLatency),
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html (Routes) and
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html (CORS).
func TestHTTPServiceProps(t *testing.T) {
	jwt := &JWT{Issuer: "https://issuer.example.com", Audience: []string{"me"}}
	many := make([]Route, 41)
	for i := range many {
		many[i] = Route{Method: "GET", Path: fmt.Sprintf("/%d", i)}
	}
	route := func(r Route) func(*HTTPServiceProps) {
		return func(p *HTTPServiceProps) { p.Routes = []Route{r} }
	}
	cors := func(c CORS) func(*HTTPServiceProps) {
		return func(p *HTTPServiceProps) { p.CORS = &c }
	}
	site := []string{"https://example.com"}
	tests := []struct {
		name   string
		change func(*HTTPServiceProps)
		want   string
	}{
		{"all defaults", func(*HTTPServiceProps) {}, ""},
		{"no package", func(p *HTTPServiceProps) { p.Package = "" }, "no Package: set the function's main package"},
		{"the longest", func(p *HTTPServiceProps) { p.Timeout, p.MaxLatency = 29*time.Second, 30*time.Second }, ""},
		{"too long", func(p *HTTPServiceProps) { p.Timeout = 30 * time.Second }, "Timeout is 30s: must be whole seconds up to 29s"},
		{"part of a second", func(p *HTTPServiceProps) { p.Timeout = time.Millisecond }, "Timeout is 1ms"},
		{"actions without a table", func(p *HTTPServiceProps) { p.TableActions = []string{"dynamodb:Query"} }, "TableActions are set, but no Table: set one"},
		{"negative time", func(p *HTTPServiceProps) { p.Timeout = -time.Second }, "Timeout is -1s"},
		{"latency that cannot be", func(p *HTTPServiceProps) { p.MaxLatency = 31 * time.Second }, "MaxLatency is 31s: must be whole milliseconds up to 30s"},
		{"part of a millisecond", func(p *HTTPServiceProps) { p.MaxLatency = time.Microsecond }, "MaxLatency is 1µs"},
		{"too fast", func(p *HTTPServiceProps) { p.Throttle.RatePerSecond = 10_001 }, "Throttle: RatePerSecond is 10001"},
		{"two issuers", func(p *HTTPServiceProps) { p.SignIn, p.JWT = &SignIn{}, jwt }, "both SignIn and JWT are set"},
		{"the table's variable", func(p *HTTPServiceProps) {
			p.Table, p.Environment = &storage.TableProps{}, map[string]string{"TABLE_NAME": "mine"}
		}, "Environment has TABLE_NAME"},
		{"TABLE_NAME without a table", func(p *HTTPServiceProps) { p.Environment = map[string]string{"TABLE_NAME": "mine"} }, ""},

		{"a path with parameters", route(Route{Path: "/users/{id}/photos/{photo.id+}"}), ""},
		{"the root", route(Route{Path: "/"}), ""},
		{"no path", route(Route{}), `route "ANY ": Path is ""`},
		{"a path without a slash", route(Route{Path: "photos"}), `Path is "photos": must be like /photos/{id}`},
		{"a path that ends in a slash", route(Route{Path: "/photos/"}), `Path is "/photos/"`},
		{"the rest in the middle", route(Route{Path: "/{all+}/more"}), `Path is "/{all+}/more"`},
		{"small letters", route(Route{Method: "get", Path: "/"}), `Method is "get": must be one of ANY, GET`},
		{"a fast route", route(Route{Path: "/", Throttle: Throttle{Burst: 5001}}), `route "ANY /": Throttle: Burst is 5001`},
		{"a route twice", func(p *HTTPServiceProps) { p.Routes = []Route{{Path: "/a"}, {Method: "ANY", Path: "/a"}} }, `route "ANY /a" is there twice`},
		{"as many routes as can be", func(p *HTTPServiceProps) { p.Routes = many[:40] }, ""},
		{"too many routes", func(p *HTTPServiceProps) { p.Routes = many }, "Routes are 41: must be at most 40"},
		{"public without an issuer", route(Route{Path: "/", Public: true}), "Public or Scopes is set without SignIn or JWT"},
		{"scopes without an issuer", route(Route{Path: "/", Scopes: []string{"read"}}), "Public or Scopes is set without SignIn or JWT"},
		{"public with scopes", func(p *HTTPServiceProps) {
			p.JWT, p.Routes = jwt, []Route{{Path: "/", Public: true, Scopes: []string{"read"}}}
		}, "Public and Scopes are set"},
		{"public and with scopes", func(p *HTTPServiceProps) {
			p.JWT, p.Routes = jwt, []Route{{Path: "/", Public: true}, {Path: "/a", Scopes: []string{"read"}}}
		}, ""},

		{"an issuer without TLS", func(p *HTTPServiceProps) { p.JWT = &JWT{Issuer: "http://a", Audience: []string{"me"}} }, `JWT.Issuer is "http://a": must be an https URL`},
		{"an issuer to be known later", func(p *HTTPServiceProps) { p.JWT = &JWT{Issuer: "${Token[TOKEN.1]}", Audience: []string{"me"}} }, ""},
		{"no audience", func(p *HTTPServiceProps) { p.JWT = &JWT{Issuer: "https://a"} }, "no JWT.Audience"},

		{"no origins", cors(CORS{}), "no CORS.Origins"},
		{"all origins", cors(CORS{Origins: []string{"*"}}), ""},
		{"an origin with a path", cors(CORS{Origins: []string{"https://example.com/"}}), `CORS.Origins has "https://example.com/"`},
		{"credentials", cors(CORS{Origins: site, Credentials: true}), ""},
		{"credentials for all", cors(CORS{Origins: []string{"*"}, Credentials: true}), `CORS has "*" with Credentials`},
		{"credentials for many", cors(CORS{Origins: []string{"https://*"}, Credentials: true}), `CORS has "https://*" with Credentials`},
		{"credentials with any header", cors(CORS{Origins: site, Headers: []string{"*"}, Credentials: true}), `CORS has "*" with Credentials`},
		{"credentials with any method", cors(CORS{Origins: site, Methods: []string{"*"}, Credentials: true}), `CORS has "*" with Credentials`},
		{"all methods", cors(CORS{Origins: site, Methods: []string{"*"}}), ""},
		{"methods", cors(CORS{Origins: site, Methods: []string{"GET", "OPTIONS"}}), ""},
		{"an unknown method", cors(CORS{Origins: site, Methods: []string{"get"}}), `CORS.Methods has "get": must be one of GET, HEAD`},
		{"ANY as a method", cors(CORS{Origins: site, Methods: []string{"ANY"}}), `CORS.Methods has "ANY"`},
		{"kept for a day", cors(CORS{Origins: site, MaxAge: 24 * time.Hour}), ""},
		{"kept for part of a second", cors(CORS{Origins: site, MaxAge: time.Millisecond}), "CORS.MaxAge is 1ms"},
		{"kept for too long", cors(CORS{Origins: site, MaxAge: 25 * time.Hour}), "CORS.MaxAge is 25h0m0s: must be whole seconds up to 24h0m0s"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			props := &HTTPServiceProps{Package: "./functions/photos"}
			tt.change(props)
			_, err := props.complete()
			expect.Error(t, err, tt.want)
		})
	}
}

// TestHTTPServiceRoutes: preflight requests carry no token, so that they need routes of
// their own beside those of any method
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html).
func TestHTTPServiceRoutes(t *testing.T) {
	jwt, cors := &JWT{Issuer: "https://a", Audience: []string{"me"}}, &CORS{Origins: []string{"*"}}
	limits := Throttle{RatePerSecond: 100, Burst: 200}
	tests := []struct {
		name  string
		props HTTPServiceProps
		want  []Route
	}{
		{"defaults", HTTPServiceProps{}, []Route{
			{Method: "ANY", Path: "/", Throttle: limits}, {Method: "ANY", Path: "/{proxy+}", Throttle: limits},
		}},
		{"CORS of an open API", HTTPServiceProps{CORS: cors, Routes: []Route{{Path: "/a"}}}, []Route{{Method: "ANY", Path: "/a", Throttle: limits}}},
		{"CORS with tokens", HTTPServiceProps{CORS: cors, JWT: jwt, Routes: []Route{{Path: "/a"}, {Method: "GET", Path: "/b"}, {Path: "/c", Public: true}}}, []Route{
			{Method: "ANY", Path: "/a", Throttle: limits}, {Method: "GET", Path: "/b", Throttle: limits},
			{Method: "ANY", Path: "/c", Throttle: limits, Public: true}, {Method: "OPTIONS", Path: "/a", Throttle: limits, Public: true},
		}},
		{"a preflight route of one's own", HTTPServiceProps{CORS: cors, JWT: jwt, Routes: []Route{{Path: "/a"}, {Method: "OPTIONS", Path: "/a"}}}, []Route{
			{Method: "ANY", Path: "/a", Throttle: limits}, {Method: "OPTIONS", Path: "/a", Throttle: limits},
		}},
		{"limits", HTTPServiceProps{Throttle: Throttle{Burst: 5}, Routes: []Route{{Path: "/a", Throttle: Throttle{RatePerSecond: 1}}}}, []Route{
			{Method: "ANY", Path: "/a", Throttle: Throttle{RatePerSecond: 1, Burst: 5}},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.props.Package = "./functions/photos"
			got, err := tt.props.complete()
			expect.Error(t, err, "")
			if diff := cmp.Diff(tt.want, got.Routes); diff != "" {
				t.Errorf("routes (-want +got):\n%s", diff)
			}
		})
	}
}
