package web

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssecretsmanager"
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

// secret stands for a secret that nobody looks into.
type secret struct{ awssecretsmanager.ISecret }

// TestSignInProps: the limits of Cognito are those of
// https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_PasswordPolicyType.html,
// https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_CreateUserPoolDomain.html,
// https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_CreateUserPoolClient.html,
// https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_CreateIdentityProvider.html and
// https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-oidc-idp.html.
func TestSignInProps(t *testing.T) {
	prefix := func(text string) *SignInProps { return &SignInProps{DomainPrefix: text} }
	callback := func(url string) *SignInProps { return &SignInProps{CallbackURLs: []string{url}} }
	provider := func(p Provider) *SignInProps { return &SignInProps{Providers: []Provider{p}} }
	kakao := OIDC{Name: "Kakao", ClientID: "id", ClientSecret: secret{}, Issuer: "https://kauth.kakao.com"}
	named, insecure, slashed, taken, anonymous := kakao, kakao, kakao, kakao, kakao
	named.Name, insecure.Issuer, slashed.Issuer = "카카오", "http://kauth.kakao.com", "https://kauth.kakao.com/"
	taken.Name, anonymous.Scopes = "Google", []string{"email"}
	many := slices.Repeat([]string{"https://example.com/"}, 101)
	google := Google{ClientID: "id", ClientSecret: secret{}}
	tests := []struct {
		name  string
		props *SignInProps
		want  string
	}{
		{"all defaults", nil, ""},
		{"unknown MFA", &SignInProps{MFA: "SMS"}, `MFA is "SMS": must be MFAOptional, MFARequired or MFAOff`},
		{"a short password", &SignInProps{PasswordLength: 7}, "PasswordLength is 7: must be 8 to 99"},
		{"the longest password", &SignInProps{PasswordLength: 99}, ""},
		{"a long password", &SignInProps{PasswordLength: 100}, "PasswordLength is 100"},
		{"the longest prefix", prefix(strings.Repeat("a", 63)), ""},
		{"a long prefix", prefix(strings.Repeat("a", 64)), "must be up to 63 small letters"},
		{"capital letters", prefix("Photos"), `DomainPrefix is "Photos"`},
		{"a hyphen at the end", prefix("photos-"), `DomainPrefix is "photos-"`},
		{"a reserved word", prefix("my-aws-photos"), `DomainPrefix is "my-aws-photos": must not contain aws`},
		{"https", callback("https://example.com/back?a=b"), ""},
		{"localhost", callback("http://localhost:8080/"), ""},
		{"another port", callback("http://localhost/back"), ""},
		{"the loopback address", callback("http://127.0.0.1:8080/"), ""},
		{"the loopback address of IPv6", callback("http://[::1]:8080/"), ""},
		{"another address", callback("http://127.0.0.2/"), "redirect URL is"},
		{"a long address", callback("https://example.com/" + strings.Repeat("a", 1005)), "of at most 1024 characters"},
		{"as many addresses as can be", &SignInProps{CallbackURLs: many[:100], LogoutURLs: many[:100]}, ""},
		{"too many addresses", &SignInProps{CallbackURLs: many}, "CallbackURLs are 101 and LogoutURLs 0: must be at most 100 each"},
		{"too many addresses to sign out to", &SignInProps{LogoutURLs: many}, "LogoutURLs 101"},
		{"http elsewhere", callback("http://example.com/"), `redirect URL is "http://example.com/"`},
		{"a host that only starts like localhost", callback("http://localhost.example.com/"), "redirect URL is"},
		{"a fragment", callback("https://example.com/#top"), "redirect URL is"},
		{"an address to be known later", callback("https://${Token[TOKEN.1]}/"), ""},
		{"sign-out", &SignInProps{LogoutURLs: []string{"ftp://example.com"}}, "redirect URL is"},
		{"a group with a space", &SignInProps{Groups: []string{"the admins"}}, `Groups has "the admins"`},
		{"a group with a slash", &SignInProps{Groups: []string{"a/b"}}, `Groups has "a/b"`},
		{"a group twice", &SignInProps{Groups: []string{"a", "b", "a"}}, `Groups has "a" twice: leave one out`},
		{"a long group", &SignInProps{Groups: []string{strings.Repeat("a", 129)}}, "must be 1 to 128 letters"},
		{"the shortest password", &SignInProps{PasswordLength: 8}, ""},
		{"Kakao", provider(kakao), ""},
		{"two providers", &SignInProps{Providers: []Provider{kakao, google}}, ""},
		{"a provider twice", &SignInProps{Providers: []Provider{google, google}}, `provider "Google" is there twice`},
		{"no provider", &SignInProps{Providers: []Provider{nil}}, "Providers has nil"},
		{"a name that is taken", provider(taken), `Name is "Google": Cognito has a provider of this name`},
		{"an issuer that ends in a slash", provider(slashed), `Issuer is "https://kauth.kakao.com/": must be an https URL, without a slash at its end`},
		{"scopes without openid", provider(anonymous), `Scopes are "email": must have openid`},
		{"a name in Korean", provider(named), `Name is "카카오": must be 3 to 32 letters`},
		{"an issuer without TLS", provider(insecure), `Issuer is "http://kauth.kakao.com": must be an https URL`},
		{"no client", provider(Google{ClientSecret: secret{}}), `provider "Google": no client_id`},
		{"no secret", provider(Facebook{AppID: "id"}), `provider "Facebook": no client_secret`},
		{"no team", provider(Apple{ServicesID: "id", KeyID: "key", PrivateKey: secret{}}), `provider "SignInWithApple": no team_id`},
		{"no key", provider(Apple{ServicesID: "id", TeamID: "team", KeyID: "key"}), `provider "SignInWithApple": no private_key`},
		{"a secret of the client's own", &SignInProps{Client: &awscognito.UserPoolClientOptions{GenerateSecret: new(true)}}, "Client.GenerateSecret is set"},
		{"MFA twice", &SignInProps{UserPool: &awscognito.UserPoolProps{Mfa: awscognito.Mfa_OFF}}, "UserPool.Mfa is set: set MFA instead"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := tt.props.complete()
			expect.Error(t, err, tt.want)
		})
	}
}

func TestWithoutReserved(t *testing.T) {
	for name, want := range map[string]string{
		"shop-signin":        "shop-signin",
		"awsshop-cognito":    "shop",
		"acognitows-amazons": "a-ws--s",
		"aws-cognito":        "",
	} {
		if got := withoutReserved(name); got != want {
			t.Errorf("withoutReserved(%q) is %q, want %q", name, got, want)
		}
	}
}
