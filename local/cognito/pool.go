package cognito

import (
	"crypto/rsa"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// Pool is a user pool.
type Pool struct {
	// ID is such as us-east-1_Abc123xyz.
	ID string
	// EmailUsername says that users sign in with their e-mail addresses.
	EmailUsername bool
	// CaseSensitive says whether user names differ by case.
	CaseSensitive bool
	// VerifyEmail says that a confirmed user's address counts as verified.
	VerifyEmail bool
	// AdminOnly says that users cannot sign up themselves.
	AdminOnly bool
	// Password is what passwords need.
	Password PasswordPolicy
	// Required are the attributes that users must have.
	Required []string
	// Custom are the attributes besides the standard ones, such as custom:team.
	Custom []string
}

// Client is an app that uses a pool.
type Client struct {
	// ID is the client ID.
	ID string
	// AuthFlows are the flows that InitiateAuth allows, such as ALLOW_USER_PASSWORD_AUTH.
	AuthFlows []string
	// OAuth says whether the OAuth endpoints serve the client, by the code flow.
	OAuth bool
	// Scopes are those that the client may ask for.
	Scopes []string
	// Callbacks and Logouts are the URLs that the pages may redirect to.
	Callbacks, Logouts []string
	// AccessToken, IDToken and RefreshToken are for how long tokens are valid.
	AccessToken, IDToken, RefreshToken time.Duration
	// HideUsers says that errors do not tell whether a user exists.
	HideUsers bool
}

type pool struct {
	Pool
	key        *rsa.PrivateKey
	url        string // of the domain on this machine, or empty
	clients    map[string]*Client
	groups     map[string]bool
	users      map[string]*user // by their names as folded by fold
	grants     map[string]*grant
	codes      map[string]*authorization
	sessions   map[string]*session
	challenges map[string]*challenge
}

// prune forgets what has expired.
func (p *pool) prune(now time.Time) {
	maps.DeleteFunc(p.grants, func(_ string, g *grant) bool { return !now.Before(g.expires) })
	maps.DeleteFunc(p.codes, func(_ string, a *authorization) bool { return !now.Before(a.expires) })
	maps.DeleteFunc(p.sessions, func(_ string, s *session) bool { return !now.Before(s.signedIn.Add(sessionLifetime)) })
	maps.DeleteFunc(p.challenges, func(_ string, c *challenge) bool { return !now.Before(c.expires) })
}

// signOut ends the grants of a user. The sessions of browsers go on
// (https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_GlobalSignOut.html).
func (p *pool) signOut(u *user) {
	maps.DeleteFunc(p.grants, func(_ string, g *grant) bool { return g.user == u })
}

// remove forgets a user.
func (p *pool) remove(u *user) {
	p.signOut(u)
	maps.DeleteFunc(p.users, func(_ string, other *user) bool { return other == u })
	maps.DeleteFunc(p.codes, func(_ string, a *authorization) bool { return a.user == u })
	maps.DeleteFunc(p.sessions, func(_ string, s *session) bool { return s.user == u })
	maps.DeleteFunc(p.challenges, func(_ string, c *challenge) bool { return c.user == u })
}

func (p *pool) fold(name string) string {
	if p.CaseSensitive {
		return name
	}
	return strings.ToLower(name)
}

// find returns a user by the name to sign in with, or by user name.
func (p *pool) find(name string) (*user, error) {
	if u, ok := p.users[p.fold(name)]; ok {
		return u, nil
	}
	for _, u := range p.users {
		if u.name == name {
			return u, nil
		}
	}
	return nil, errUserNotFound
}

// missing are the required attributes that others lack.
func (p *pool) missing(attributes map[string]string) []string {
	return slices.DeleteFunc(slices.Clone(p.Required), func(name string) bool { return name == "sub" || attributes[name] != "" })
}

func (p *pool) keys() *jose.JSONWebKeySet {
	return &jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: &p.key.PublicKey, KeyID: p.ID, Algorithm: string(jose.RS256), Use: "sig"}}}
}
