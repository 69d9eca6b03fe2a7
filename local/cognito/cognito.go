// Package cognito is the local Amazon Cognito: user pools with sign-up and
// sign-in, their clients and groups, the API, and the hosted pages and OAuth 2.0
// endpoints of a pool's domain
// (https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools.html).
//
// No mail is sent: the codes that AWS sends by e-mail are shown by the hosted
// pages, and reported.
package cognito

import (
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/jonboulle/clockwork"

	"github.com/noidle/noidle/local/api"
)

// Options are a service's surroundings.
type Options struct {
	// Clock is what tokens and codes expire by.
	Clock clockwork.Clock
	// Report is told of the codes that AWS sends by e-mail. Nil means nobody.
	Report func(message string)
}

// Service is Cognito. It is safe for concurrent use.
type Service struct {
	options Options

	mu    sync.Mutex
	pools map[string]*pool // by ID
}

// New returns a service without pools.
func New(options Options) *Service {
	if options.Report == nil {
		options.Report = func(string) {}
	}
	return &Service{options: options, pools: map[string]*pool{}}
}

// PoolARN returns a user pool's ARN.
func PoolARN(id string) string { return api.ARN("cognito-idp", "userpool/"+id) }

// Issuer returns who the tokens of a user pool say that they are from.
func Issuer(id string) string { return "https://cognito-idp." + api.Region + ".amazonaws.com/" + id }

// CreatePool creates a user pool with a new signing key.
func (s *Service) CreatePool(p Pool) error {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pools[p.ID] = &pool{
		Pool: p, key: key, clients: map[string]*Client{}, groups: map[string]bool{}, users: map[string]*user{},
		grants: map[string]*grant{}, codes: map[string]*authorization{}, sessions: map[string]*session{}, challenges: map[string]*challenge{},
	}
	return nil
}

// CreateClient creates a client of a pool.
func (s *Service) CreateClient(poolID string, c Client) error {
	return s.change(poolID, func(p *pool) { p.clients[c.ID] = &c })
}

// CreateGroup creates a group of a pool's users.
func (s *Service) CreateGroup(poolID, name string) error {
	return s.change(poolID, func(p *pool) { p.groups[name] = true })
}

func (s *Service) change(poolID string, change func(*pool)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.pool(poolID)
	if err == nil {
		change(p)
	}
	return err
}

// Keys returns the public keys of the pool whose tokens an issuer signs, and
// whether there is one.
func (s *Service) Keys(issuer string) (*jose.JSONWebKeySet, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.pools[issuer[strings.LastIndexByte(issuer, '/')+1:]]
	if !ok || issuer != Issuer(p.ID) {
		return nil, false
	}
	return p.keys(), true
}

// TakesUnsigned returns whether a request without a signature at the AWS
// endpoint is for Cognito: a public operation, or a document of a pool.
func (s *Service) TakesUnsigned(r *http.Request) bool {
	operation, ok := strings.CutPrefix(r.Header.Get("X-Amz-Target"), "AWSCognitoIdentityProviderService.")
	if ok {
		return s.adminOperations()[operation] == nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	id, document, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	return s.pools[id] != nil && strings.HasPrefix(document, ".well-known/")
}

// Handler serves the API, and the documents of pools.
func (s *Service) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", s.Operations().JSON())
	s.documents(mux)
	return mux
}

// lock takes the service, without what has expired.
func (s *Service) lock() {
	s.mu.Lock()
	for _, p := range s.pools {
		p.prune(s.now())
	}
}

func (s *Service) now() time.Time { return s.options.Clock.Now() }

func (s *Service) pool(id string) (*pool, error) {
	if p, ok := s.pools[id]; ok {
		return p, nil
	}
	return nil, fail("ResourceNotFoundException", "User pool %s does not exist.", id)
}

// client finds a client of any pool.
func (s *Service) client(id string) (*pool, *Client, error) {
	for _, p := range s.pools {
		if c, ok := p.clients[id]; ok {
			return p, c, nil
		}
	}
	return nil, nil, fail("ResourceNotFoundException", "User pool client %s does not exist.", id)
}

func fail(code, format string, arguments ...any) error {
	return &api.Error{Code: code, Message: fmt.Sprintf(format, arguments...)}
}
