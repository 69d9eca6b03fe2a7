package cognito

import (
	"crypto/rand"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/google/uuid"
)

// adminScope is what the API's operations for signed-in users need.
const adminScope = "aws.cognito.signin.user.admin"

// grant is a sign-in that tokens come from.
type grant struct {
	id, refresh string // id is the claim origin_jti
	user        *user
	client      *Client
	scopes      []string
	nonce       string
	signedIn    time.Time
	expires     time.Time
}

// tokens are those of a grant. ID is empty without the scope openid.
type tokens struct{ access, id, refresh string }

// claims are those of both kinds of tokens
// (https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-access-token.html).
type claims struct {
	jwt.Claims
	TokenUse  string   `json:"token_use"`
	AuthTime  int64    `json:"auth_time"`
	OriginJTI string   `json:"origin_jti"`
	Groups    []string `json:"cognito:groups,omitempty"`
	ClientID  string   `json:"client_id,omitempty"`
	Scope     string   `json:"scope,omitempty"`
	Username  string   `json:"username,omitempty"`
	Version   int      `json:"version,omitempty"`
}

// grant signs a user in at a client.
func (s *Service) grant(p *pool, g grant) (*tokens, error) {
	g.id, g.refresh, g.expires = uuid.NewString(), rand.Text(), s.now().Add(g.client.RefreshToken)
	p.grants[g.id] = &g
	issued, err := s.issue(p, &g)
	if err == nil {
		issued.refresh = g.refresh
	}
	return issued, err
}

// issue makes the tokens of a grant, all but the refresh token.
func (s *Service) issue(p *pool, g *grant) (*tokens, error) {
	access := s.claims(p, g, "access", g.client.AccessToken)
	access.ClientID, access.Scope, access.Username, access.Version = g.client.ID, strings.Join(g.scopes, " "), g.user.name, 2
	signed, err := p.sign(access)
	if err != nil || !slices.Contains(g.scopes, "openid") && !slices.Contains(g.scopes, adminScope) {
		return &tokens{access: signed}, err
	}
	identity := s.claims(p, g, "id", g.client.IDToken)
	identity.Audience = jwt.Audience{g.client.ID}
	about := map[string]any{"cognito:username": g.user.name}
	for name, value := range g.attributes() {
		about[name] = value
		if strings.HasSuffix(name, "_verified") {
			about[name] = value == "true"
		}
	}
	if g.nonce != "" {
		about["nonce"] = g.nonce
	}
	id, err := p.sign(identity, about)
	return &tokens{access: signed, id: id}, err
}

func (s *Service) claims(p *pool, g *grant, use string, lifetime time.Duration) claims {
	return claims{
		Claims: jwt.Claims{
			Issuer: Issuer(p.ID), Subject: g.user.sub, ID: uuid.NewString(),
			IssuedAt: jwt.NewNumericDate(s.now()), Expiry: jwt.NewNumericDate(s.now().Add(lifetime)),
		},
		TokenUse: use, AuthTime: g.signedIn.Unix(), OriginJTI: g.id, Groups: slices.Sorted(slices.Values(g.user.groups)),
	}
}

func (p *pool) sign(parts ...any) (string, error) {
	key := jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: p.key, KeyID: p.ID}}
	signer, err := jose.NewSigner(key, nil)
	if err != nil {
		return "", err
	}
	builder := jwt.Signed(signer)
	for _, part := range parts {
		builder = builder.Claims(part)
	}
	return builder.Serialize()
}

// attributes are those that the scopes and the client let it see
// (https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-define-resource-servers.html).
func (g *grant) attributes() map[string]string {
	all := slices.Contains(g.scopes, adminScope) || !slices.ContainsFunc(g.scopes, func(s string) bool {
		return s == "email" || s == "phone" || s == "profile"
	})
	seen := map[string]string{}
	for name, value := range g.user.attributes {
		scope := "profile"
		switch name {
		case "email", "email_verified":
			scope = "email"
		case "phone_number", "phone_number_verified":
			scope = "phone"
		}
		if all || slices.Contains(g.scopes, scope) {
			seen[name] = value
		}
	}
	return seen
}

// refresh issues tokens for a refresh token of a client.
func (s *Service) refresh(p *pool, c *Client, token string) (*tokens, error) {
	g := p.byRefresh(token)
	if g == nil || g.client != c {
		return nil, fail("NotAuthorizedException", "Invalid Refresh Token")
	}
	return s.issue(p, g)
}

func (p *pool) byRefresh(token string) *grant {
	for _, g := range p.grants {
		if g.refresh == token {
			return g
		}
	}
	return nil
}

var errNoRefreshToken = fail("UnsupportedTokenTypeException", "Unsupported token type")

// revoke ends the grant of a refresh token. One that is unknown is as good as
// revoked (https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_RevokeToken.html).
func (p *pool) revoke(c *Client, token string) error {
	g := p.byRefresh(token)
	switch {
	case strings.Count(token, ".") == 2: // an access or ID token
		return errNoRefreshToken
	case g == nil:
		return nil
	case g.client != c:
		return fail("UnauthorizedException", "The token was not issued to this client")
	}
	delete(p.grants, g.id)
	return nil
}

// access returns the grant of a valid access token with a scope.
func (s *Service) access(token, scope string) (*pool, *grant, error) {
	p, c := s.verify(token)
	switch {
	case p == nil || c.TokenUse != "access":
		return nil, nil, fail("NotAuthorizedException", "Invalid Access Token")
	case !s.now().Before(c.Expiry.Time()):
		return nil, nil, fail("NotAuthorizedException", "Access Token has expired")
	case p.grants[c.OriginJTI] == nil:
		return nil, nil, fail("NotAuthorizedException", "Access Token has been revoked")
	case !slices.Contains(strings.Fields(c.Scope), scope):
		return nil, nil, fail("NotAuthorizedException", "Access Token does not have required scopes")
	}
	return p, p.grants[c.OriginJTI], nil
}

// verify returns the pool that signed a token, or nil.
func (s *Service) verify(token string) (p *pool, c claims) {
	parsed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		return nil, c
	}
	for _, p := range s.pools {
		if parsed.Claims(&p.key.PublicKey, &c) == nil {
			return p, c
		}
	}
	return nil, c
}
