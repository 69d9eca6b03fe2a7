package apigateway

import (
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// Authorizer lets in requests whose Authorization header has a JWT, alone or
// after Bearer
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html).
// Refused requests count for the throttle of their route too. A preflight request
// that no route takes needs no token; one that a route takes does, as on AWS
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html).
type Authorizer struct {
	// Issuer is the only one whose tokens are let in.
	Issuer string
	// Audience are the recipients, or the clients, of which a token must name one.
	Audience []string
}

// token is a JWT that is let in, as functions get it. Scopes are nil for a route
// without scopes.
type token struct {
	Claims map[string]string `json:"claims"`
	Scopes []string          `json:"scopes"`
}

// algorithms are the RSA-based ones that Cognito and its like sign with. API
// Gateway supports no other kind.
var algorithms = []jose.SignatureAlgorithm{jose.RS256, jose.RS384, jose.RS512}

func (h *Handler) checkAuthorizer(a *Authorizer) error {
	if _, ok := h.options.Keys(a.Issuer); !ok {
		return fmt.Errorf("issuer %q is not one of a user pool in this assembly", a.Issuer)
	}
	if len(a.Audience) == 0 {
		return errors.New("the authorizer has no audience: name the clients of the user pool")
	}
	return nil
}

// authorize sets the request's token, or answers for those that are not let in.
func (h *Handler) authorize(x *exchange) *answer {
	authorizer := x.route.Authorizer
	if authorizer == nil {
		return nil
	}
	text := strings.Join(x.Header["Authorization"], ",")
	if scheme, credentials, _ := strings.Cut(text, " "); strings.EqualFold(scheme, "Bearer") {
		text = strings.TrimSpace(credentials)
	}
	if text == "" {
		return x.refuse(http.StatusUnauthorized, "Bearer", "the request has no token")
	}
	claims, err := h.verify(authorizer, text, x.started)
	if err != nil {
		return x.refuse(http.StatusUnauthorized, `Bearer scope="" error="invalid_token" error_description="the token is not valid"`, err.Error())
	}
	t := &token{Claims: claimTexts(claims)}
	if wanted := x.route.Scopes; len(wanted) > 0 {
		t.Scopes = append(scopes(claims["scope"]), scopes(claims["scp"])...)
		if !slices.ContainsFunc(t.Scopes, func(scope string) bool { return slices.Contains(wanted, scope) }) {
			return x.refuse(http.StatusForbidden, fmt.Sprintf(`Bearer scope=%q error="insufficient_scope" error_description="the token has none of the scopes"`,
				strings.Join(wanted, " ")), fmt.Sprintf("the token has the scopes %q: want one of %q", t.Scopes, wanted))
		}
	}
	x.token = t
	return nil
}

// refuse answers for a request that is not let in. The reason is for the log.
func (x *exchange) refuse(status int, authenticate, reason string) *answer {
	x.refusal = reason
	a := gatewayError(status)
	a.header.Set("Www-Authenticate", authenticate)
	return a
}

// verify returns the claims of a token that is valid now.
func (h *Handler) verify(a *Authorizer, text string, now time.Time) (map[string]any, error) {
	parsed, err := jwt.ParseSigned(text, algorithms)
	if err != nil {
		return nil, err
	}
	key, err := h.key(a.Issuer, parsed.Headers[0])
	if err != nil {
		return nil, err
	}
	var standard jwt.Claims
	var raw json.RawMessage
	if err := parsed.Claims(key, &standard, &raw); err != nil {
		return nil, err
	}
	var claims map[string]any
	decoder := json.NewDecoder(strings.NewReader(string(raw)))
	decoder.UseNumber()
	if err := decoder.Decode(&claims); err != nil {
		return nil, err
	}
	return claims, a.check(&standard, claims, now)
}

// key returns the issuer's key that the token names. Keys that a token itself
// carries or links to do not count.
func (h *Handler) key(issuer string, header jose.Header) (*rsa.PublicKey, error) {
	set, ok := h.options.Keys(issuer)
	if !ok || header.KeyID == "" {
		return nil, errors.New("the token names no key, or the issuer has none")
	}
	for _, k := range set.Key(header.KeyID) {
		public, isRSA := k.Key.(*rsa.PublicKey)
		if isRSA && k.Use != "enc" && (k.Algorithm == "" || k.Algorithm == header.Algorithm) {
			return public, nil
		}
	}
	return nil, fmt.Errorf("the issuer has no key %q for %s", header.KeyID, header.Algorithm)
}

// check applies the rules for claims
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html).
func (a *Authorizer) check(standard *jwt.Claims, claims map[string]any, now time.Time) error {
	recipients := standard.Audience
	if _, ok := claims["aud"]; !ok {
		client, _ := claims["client_id"].(string)
		recipients = jwt.Audience{client}
	}
	switch {
	case standard.Issuer != a.Issuer:
		return fmt.Errorf("the token's issuer is %q: want %q", standard.Issuer, a.Issuer)
	case !slices.ContainsFunc(recipients, func(r string) bool { return r != "" && slices.Contains(a.Audience, r) }):
		return fmt.Errorf("the token is for %q: want one of %q", recipients, a.Audience)
	case standard.Expiry == nil || !standard.Expiry.Time().After(now):
		return errors.New("the token has expired")
	case standard.NotBefore != nil && standard.NotBefore.Time().After(now):
		return errors.New("the token is not valid yet")
	case standard.IssuedAt != nil && standard.IssuedAt.Time().After(now):
		return errors.New("the token is issued in the future")
	}
	return nil
}

// scopes reads a claim that is a list, or a text with spaces between.
func scopes(claim any) (found []string) {
	switch claim := claim.(type) {
	case string:
		return strings.Fields(claim)
	case []any:
		for _, scope := range claim {
			if text, ok := scope.(string); ok {
				found = append(found, text)
			}
		}
	}
	return found
}

// claimTexts returns claims as functions get them: lists as [a b], numbers as
// decimals. Those that are null are left out.
func claimTexts(claims map[string]any) map[string]string {
	texts := map[string]string{}
	for name, claim := range claims {
		if number, ok := claim.(json.Number); ok && strings.ContainsAny(number.String(), "eE") {
			if float, err := number.Float64(); err == nil {
				claim = strconv.FormatFloat(float, 'f', -1, 64)
			}
		}
		if claim != nil {
			texts[name] = fmt.Sprint(claim)
		}
	}
	return texts
}
