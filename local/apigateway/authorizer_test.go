package apigateway_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/jonboulle/clockwork"

	"github.com/noidle/noidle/local/apigateway"
)

const issuer = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_pool"

var (
	ownKey     = must(rsa.GenerateKey(rand.Reader, 2048))
	foreignKey = must(rsa.GenerateKey(rand.Reader, 2048))
	curveKey   = must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
)

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func keys(name string) (*jose.JSONWebKeySet, bool) {
	return &jose.JSONWebKeySet{Keys: []jose.JSONWebKey{
		{KeyID: "own", Key: &ownKey.PublicKey, Algorithm: "RS256", Use: "sig"},
		{KeyID: "plain", Key: &ownKey.PublicKey},
		{KeyID: "encryption", Key: &ownKey.PublicKey, Use: "enc"},
		{KeyID: "curve", Key: &curveKey.PublicKey},
		{KeyID: "secret", Key: []byte(strings.Repeat("s", 64))},
	}}, name == issuer
}

// sign returns a token with claims changed: a nil claim is left out.
func sign(algorithm jose.SignatureAlgorithm, key any, kid string, changes map[string]any) string {
	claims := map[string]any{
		"iss": issuer, "sub": "u-1", "client_id": "client", "token_use": "access", "scope": "openid photos/read",
		"exp": start.Unix() + 3600, "iat": start.Unix(),
	}
	maps.Copy(claims, changes)
	maps.DeleteFunc(claims, func(_ string, value any) bool { return value == nil })
	options := (&jose.SignerOptions{}).WithType("JWT")
	if kid != "" {
		options = options.WithHeader("kid", kid)
	}
	signer := must(jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: key}, options))
	return must(jwt.Signed(signer).Claims(claims).Serialize())
}

func valid(changes map[string]any) string { return sign(jose.RS256, ownKey, "own", changes) }

func encode(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

// tampered is a token of another user with the signature of the first.
func tampered() string {
	parts, other := strings.Split(valid(nil), "."), strings.Split(valid(map[string]any{"sub": "u-2"}), ".")
	return parts[0] + "." + other[1] + "." + parts[2]
}

// carried is a token whose header has the key that verifies it.
func carried() string {
	signer := must(jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: foreignKey}, (&jose.SignerOptions{EmbedJWK: true}).WithHeader("kid", "own")))
	return must(jwt.Signed(signer).Claims(map[string]any{"iss": issuer, "client_id": "client", "exp": start.Unix() + 60}).Serialize())
}

func guarded(scopes ...string) apigateway.API {
	guarded := route("ANY /a")
	guarded.Authorizer = &apigateway.Authorizer{Issuer: issuer, Audience: []string{"other", "client"}}
	guarded.Scopes = scopes
	return apigateway.API{Routes: []apigateway.Route{guarded, route("GET /open")}, Stage: apigateway.Stage{
		AccessLog: apigateway.AccessLog{Group: "g", Format: `$context.status $context.authorizer.claims.sub $context.authorizer.error`},
	}}
}

// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html
func TestAuthorizer(t *testing.T) {
	second := func(n int64) int64 { return start.Unix() + n }
	none := encode(`{"alg":"none","kid":"own"}`) + "." + strings.Split(valid(nil), ".")[1] + "."
	publicPEM := x509.MarshalPKCS1PublicKey(&ownKey.PublicKey)
	tests := []struct {
		name, authorization string
		status              int
		reason              string // how it starts
	}{
		{"valid", "Bearer " + valid(nil), 200, "-"},
		{"the token alone", valid(nil), 200, "-"},
		{"bearer in lower case", "bearer " + valid(nil), 200, "-"},
		{"another algorithm of RSA's", "Bearer " + sign(jose.RS512, ownKey, "plain", nil), 200, "-"},
		{"audience", "Bearer " + valid(map[string]any{"aud": []string{"x", "other"}, "client_id": nil}), 200, "-"},
		{"valid from now, to the next second", "Bearer " + valid(map[string]any{"nbf": second(0), "exp": second(1)}), 200, "-"},
		{"without a time of issue", "Bearer " + valid(map[string]any{"iat": nil}), 200, "-"},

		{"no token", "", 401, "the request has no token"},
		{"Bearer only", "Bearer ", 401, "the request has no token"},
		{"another scheme", "Basic " + valid(nil), 401, "illegal base64 data"},
		{"two tokens", valid(nil) + "," + valid(nil), 401, "go-jose"},
		{"foreign key", "Bearer " + sign(jose.RS256, foreignKey, "own", nil), 401, "go-jose/go-jose: error in cryptographic primitive"},
		{"key in the token", "Bearer " + carried(), 401, "go-jose/go-jose: error in cryptographic primitive"},
		{"unknown kid", "Bearer " + sign(jose.RS256, ownKey, "unknown", nil), 401, `the issuer has no key \"unknown\" for RS256`},
		{"no kid", "Bearer " + sign(jose.RS256, ownKey, "", nil), 401, "the token names no key"},
		{"key of another algorithm", "Bearer " + sign(jose.RS512, ownKey, "own", nil), 401, `the issuer has no key \"own\" for RS512`},
		{"key of another use", "Bearer " + sign(jose.RS256, ownKey, "encryption", nil), 401, "the issuer has no key"},
		{"alg none", "Bearer " + none, 401, "unexpected signature algorithm"},
		{"no alg", "Bearer " + encode(`{"kid":"own"}`) + "." + encode(`{}`) + ".", 401, "unexpected signature algorithm"},
		{"HS256 with the public key", "Bearer " + sign(jose.HS256, publicPEM, "own", nil), 401, "unexpected signature algorithm"},
		{"HS256 with a secret of the issuer's", "Bearer " + sign(jose.HS256, []byte(strings.Repeat("s", 64)), "secret", nil), 401, "unexpected signature algorithm"},
		{"elliptic curve", "Bearer " + sign(jose.ES256, curveKey, "curve", nil), 401, "unexpected signature algorithm"},
		{"key of a curve for RSA", "Bearer " + sign(jose.RS256, ownKey, "curve", nil), 401, "the issuer has no key"},
		{"tampered payload", "Bearer " + tampered(), 401, "go-jose/go-jose: error in cryptographic primitive"},
		{"no signature", "Bearer " + valid(nil)[:strings.LastIndex(valid(nil), ".")+1], 401, "go-jose"},
		{"garbage", "Bearer a.b.c", 401, "illegal base64 data"},
		{"huge", "Bearer " + valid(map[string]any{"x": strings.Repeat("x", 8_000)}), 431, "-"},

		{"expired", "Bearer " + valid(map[string]any{"exp": second(0)}), 401, "the token has expired"},
		{"without an end", "Bearer " + valid(map[string]any{"exp": nil}), 401, "the token has expired"},
		{"not yet valid", "Bearer " + valid(map[string]any{"nbf": second(1)}), 401, "the token is not valid yet"},
		{"issued in the future", "Bearer " + valid(map[string]any{"iat": second(1)}), 401, "the token is issued in the future"},
		{"wrong issuer", "Bearer " + valid(map[string]any{"iss": issuer + "2"}), 401, `the token's issuer is`},
		{"no issuer", "Bearer " + valid(map[string]any{"iss": nil}), 401, `the token's issuer is`},
		{"wrong client", "Bearer " + valid(map[string]any{"client_id": "x"}), 401, `the token is for [\"x\"]: want one of`},
		{"no client", "Bearer " + valid(map[string]any{"client_id": nil}), 401, `the token is for [\"\"]`},
		{"wrong audience beside the right client", "Bearer " + valid(map[string]any{"aud": "x"}), 401, `the token is for [\"x\"]`},
		{"empty audience beside the right client", "Bearer " + valid(map[string]any{"aud": []string{}}), 401, `the token is for []`},
		{"claim of another type", "Bearer " + valid(map[string]any{"exp": "tomorrow"}), 401, "go-jose"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := serve(t, guarded())
			var headers []string
			if test.authorization != "" {
				headers = []string{"Authorization", test.authorization}
			}
			response, body := g.do("GET", "/a", "", headers...)
			check(t, "status", response.StatusCode, test.status)
			subject := "u-1"
			if test.status != http.StatusOK {
				subject = "-"
				check(t, "body", body, gatewayError(test.status))
				check(t, "calls", len(g.sourceARNs), 0)
			}
			if test.status == http.StatusUnauthorized && !strings.HasPrefix(response.Header.Get("Www-Authenticate"), "Bearer") {
				t.Errorf("header is %v", response.Header)
			}
			if want := "g " + response.Status[:3] + " " + subject + " " + test.reason; len(g.lines) != 1 || !strings.HasPrefix(g.lines[0], want) {
				t.Errorf("log is %q, want %s", g.lines, want)
			}
		})
	}
}

// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html
func TestScopes(t *testing.T) {
	tests := []struct {
		name   string
		claims map[string]any
		want   []string // nil: forbidden
	}{
		{"text", nil, []string{"openid", "photos/read"}},
		{"list", map[string]any{"scope": nil, "scp": []any{"photos/read", 7}}, []string{"photos/read"}},
		{"both", map[string]any{"scope": "x", "scp": "photos/write"}, []string{"x", "photos/write"}},
		{"another", map[string]any{"scope": "photos"}, nil},
		{"in another case", map[string]any{"scope": "Photos/Read"}, nil},
		{"none", map[string]any{"scope": nil}, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := serve(t, guarded("photos/read", "photos/write"))
			response, body := g.do("GET", "/a", "", "Authorization", valid(test.claims))
			if test.want == nil {
				check(t, "status", response.StatusCode, 403)
				check(t, "body", body, `{"message":"Forbidden"}`)
				check(t, "challenge", response.Header.Get("Www-Authenticate"),
					`Bearer scope="photos/read photos/write" error="insufficient_scope" error_description="the token has none of the scopes"`)
				if !strings.HasPrefix(g.lines[0], "g 403 - the token has the scopes") {
					t.Errorf("log is %q", g.lines)
				}
				return
			}
			check(t, "status", response.StatusCode, 200)
			check(t, "scopes", g.event().RequestContext.Authorizer.JWT.Scopes, test.want)
		})
	}
}

// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
func TestClaims(t *testing.T) {
	g := serve(t, guarded())
	g.do("GET", "/a", "", "Authorization", valid(map[string]any{
		"client_id": nil, "aud": []string{"client", "x"}, "cognito:groups": []string{"a", "b"}, "email_verified": true,
		"large": json.RawMessage("12345678901234567890"), "float": json.RawMessage("1.5e3"), "nothing": json.RawMessage("null"), "beyond": json.RawMessage("1e999"), "address": map[string]any{"city": "x"},
	}))
	check(t, "claims", g.event().RequestContext.Authorizer.JWT.Claims, map[string]string{
		"iss": issuer, "sub": "u-1", "token_use": "access", "scope": "openid photos/read", "exp": "1773345838", "iat": "1773342238",
		"aud": "[client x]", "cognito:groups": "[a b]", "email_verified": "true",
		"large": "12345678901234567890", "float": "1500", "beyond": "1e999", "address": "map[city:x]",
	})
	if !strings.Contains(string(g.payload), `"scopes":null`) {
		t.Errorf("payload is %s", g.payload)
	}
	g.do("GET", "/open", "")
	if g.event().RequestContext.Authorizer != nil {
		t.Errorf("payload of an open route is %s", g.payload)
	}
}

// A token is good until its end, whatever was let in before.
func TestTokenExpires(t *testing.T) {
	g := serve(t, guarded())
	token := valid(nil)
	for _, want := range []int{200, 401} {
		response, _ := g.do("GET", "/a", "", "Authorization", token)
		check(t, "status", response.StatusCode, want)
		g.clock.Advance(time.Hour)
	}
}

// A token is good from its first moment on, and no more in that of its end.
func TestTokenToTheMoment(t *testing.T) {
	moment := start.Unix() + 1
	for name, want := range map[string]int{"nbf": 200, "iat": 200, "exp": 401} {
		g := serve(t, guarded())
		g.clock.Advance(time.Unix(moment, 0).Sub(start))
		response, _ := g.do("GET", "/a", "", "Authorization", valid(map[string]any{name: moment}))
		check(t, name, response.StatusCode, want)
	}
}

// Only a preflight request that no route takes is answered without a token
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html).
func TestPreflight(t *testing.T) {
	for key, want := range map[string]int{"GET /a": 204, "ANY /a": 401, "$default": 401} {
		api := guarded()
		api.CORS = &apigateway.CORS{AllowOrigins: []string{"*"}}
		api.Routes[0].Key = key
		g := serve(t, api)
		response, _ := g.do("OPTIONS", "/a", "", "Origin", "https://a", "Access-Control-Request-Method", "GET")
		check(t, "status for "+key, response.StatusCode, want)
		check(t, "calls", len(g.sourceARNs), 0)
	}
}

func TestNewRefusesAuthorizers(t *testing.T) {
	for want, authorizer := range map[string]*apigateway.Authorizer{
		`route "GET /a": issuer "https://x" is not one of a user pool in this assembly`:     {Issuer: "https://x", Audience: []string{"a"}},
		`route "GET /a": the authorizer has no audience: name the clients of the user pool`: {Issuer: issuer},
	} {
		refused := route("GET /a")
		refused.Authorizer = authorizer
		if _, err := apigateway.New(apigateway.API{Routes: []apigateway.Route{refused}}, apigateway.Options{Keys: keys}); err == nil || err.Error() != want {
			t.Errorf("got error %v, want %s", err, want)
		}
	}
}

// Nothing but what the issuer signed is let in.
func FuzzAuthorization(f *testing.F) {
	good := valid(nil)
	for _, seed := range []string{"", "Bearer", good, tampered(), carried(), "a.b.c", encode(`{"alg":"none"}`) + "." + encode(`{}`) + ".",
		encode(`{"alg":"RS256","kid":"own","crit":["b64"],"b64":false}`) + "." + encode(`{}`) + ".AAAA", sign(jose.RS256, foreignKey, "own", nil)} {
		f.Add(seed)
	}
	handler := must(apigateway.New(guarded(), apigateway.Options{
		Clock: clockwork.NewFakeClockAt(start.Add(2 * time.Hour)), // what was signed has expired
		Invoke: func(context.Context, string, string, []byte) ([]byte, error) {
			f.Error("let in")
			return []byte(`{}`), nil
		},
		Keys: keys,
		Log:  func(string, string) {},
	}))
	f.Fuzz(func(t *testing.T, authorization string) {
		for _, value := range []string{authorization, "Bearer " + authorization} {
			r := httptest.NewRequest("GET", "/a", nil)
			r.Header["Authorization"] = []string{value}
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, r)
			if w.Code != http.StatusUnauthorized && w.Code != http.StatusTooManyRequests && w.Code != http.StatusRequestHeaderFieldsTooLarge {
				t.Errorf("%q: status %d", value, w.Code)
			}
		}
	})
}
