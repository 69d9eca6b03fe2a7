package cognito

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// codeLifetime is for how long an authorization code is valid
// (https://docs.aws.amazon.com/cognito/latest/developerguide/authorization-endpoint.html).
const codeLifetime = 5 * time.Minute

// authorization is what a code stands for.
type authorization struct {
	request  *request
	user     *user
	signedIn time.Time
	expires  time.Time
}

// request is a valid request to the authorization endpoint.
type request struct {
	client   *Client
	query    url.Values
	scopes   []string
	redirect string
}

// domain serves the endpoints and pages of a pool's domain.
type domain struct {
	*Service
	pool *pool
	name string
}

// Domain gives a pool a domain, whose URL on this machine is url, and returns
// its handler (https://docs.aws.amazon.com/cognito/latest/developerguide/federation-endpoints.html).
func (s *Service) Domain(poolID, prefix, url string) (http.Handler, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.pool(poolID)
	if err != nil {
		return nil, err
	}
	p.url = url
	d := &domain{s, p, prefix}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /oauth2/authorize", d.alone(d.authorize))
	mux.HandleFunc("POST /oauth2/token", open(d.alone(d.token)))
	mux.HandleFunc("GET /oauth2/userInfo", open(d.alone(d.userInfo)))
	mux.HandleFunc("POST /oauth2/userInfo", open(d.alone(d.userInfo)))
	mux.HandleFunc("POST /oauth2/revoke", open(d.alone(d.revoke)))
	mux.HandleFunc("OPTIONS /oauth2/", open(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	mux.HandleFunc("GET /logout", d.alone(d.logout))
	d.pages(mux)
	s.documents(mux)
	return mux, nil
}

// alone is a handler that has the service for itself and reads forms of 64 KiB at most.
func (d *domain) alone(handle http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
		if err := r.ParseForm(); err != nil {
			http.Error(w, "the form cannot be read", http.StatusBadRequest)
			return
		}
		d.lock()
		defer d.mu.Unlock()
		handle(w, r)
	}
}

// open lets pages of any origin read the answers.
func open(handle http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Access-Control-Allow-Origin", "*")
		h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type")
		h.Set("Access-Control-Allow-Methods", "GET, POST, OPTIONS")
		handle(w, r)
	}
}

// request checks a request to the authorization endpoint or a page. The problem
// of one whose redirection is to be trusted is an error code, otherwise a text.
func (d *domain) request(query url.Values) (q *request, problem string, trusted bool) {
	c, ok := d.pool.clients[query.Get("client_id")]
	if !ok || !c.OAuth {
		return nil, "The client does not exist, or does not use this page.", false
	}
	q = &request{client: c, query: query, redirect: query.Get("redirect_uri"), scopes: strings.Fields(query.Get("scope"))}
	if !slices.Contains(c.Callbacks, q.redirect) {
		return nil, "The redirect_uri is not one of the client's callback URLs.", false
	}
	if len(q.scopes) == 0 {
		q.scopes = c.Scopes
	}
	method := query.Get("code_challenge_method")
	switch {
	case query.Get("response_type") == "token":
		return q, "unauthorized_client", true
	case query.Get("response_type") != "code":
		return q, "invalid_request", true
	case slices.ContainsFunc(q.scopes, func(scope string) bool { return !slices.Contains(c.Scopes, scope) }):
		return q, "invalid_scope", true
	case (method == "S256") != (query.Get("code_challenge") != "") || method != "" && method != "S256":
		return q, "invalid_request", true
	}
	return q, "", true
}

func (d *domain) authorize(w http.ResponseWriter, r *http.Request) {
	q, problem, trusted := d.request(r.URL.Query())
	switch session := d.session(r); {
	case !trusted:
		http.Error(w, problem, http.StatusBadRequest)
	case problem != "":
		q.back(w, r, url.Values{"error": {problem}})
	case session != nil:
		d.complete(w, r, q, session)
	default:
		http.Redirect(w, r, "/login?"+q.query.Encode(), http.StatusFound)
	}
}

// complete sends a signed-in browser back with a code.
func (d *domain) complete(w http.ResponseWriter, r *http.Request, q *request, s *session) {
	value := rand.Text()
	d.pool.codes[value] = &authorization{q, s.user, s.signedIn, d.now().Add(codeLifetime)}
	q.back(w, r, url.Values{"code": {value}})
}

// back sends the browser to the client.
func (q *request) back(w http.ResponseWriter, r *http.Request, answer url.Values) {
	if state := q.query.Get("state"); state != "" {
		answer.Set("state", state)
	}
	to, err := url.Parse(q.redirect)
	if err != nil {
		http.Error(w, "the redirect_uri is no URL", http.StatusBadRequest)
		return
	}
	query := to.Query()
	for name := range answer {
		query.Set(name, answer.Get(name))
	}
	to.RawQuery = query.Encode()
	http.Redirect(w, r, to.String(), http.StatusFound)
}

func respond(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

func refuse(w http.ResponseWriter, status int, code string) {
	respond(w, status, map[string]string{"error": code})
}

// required are the parameters of the kinds of grants.
var required = map[string][]string{"authorization_code": {"code", "redirect_uri"}, "refresh_token": {"refresh_token"}}

// token is the token endpoint
// (https://docs.aws.amazon.com/cognito/latest/developerguide/token-endpoint.html).
func (d *domain) token(w http.ResponseWriter, r *http.Request) {
	form := r.PostForm
	c, known := d.pool.clients[form.Get("client_id")]
	parameters, supported := required[form.Get("grant_type")]
	switch {
	case !known:
		refuse(w, http.StatusBadRequest, "invalid_client")
	case !c.OAuth:
		refuse(w, http.StatusBadRequest, "unauthorized_client")
	case !supported:
		refuse(w, http.StatusBadRequest, "unsupported_grant_type")
	case slices.ContainsFunc(parameters, func(name string) bool { return form.Get(name) == "" }):
		refuse(w, http.StatusBadRequest, "invalid_request")
	default:
		d.issueTo(w, c, form)
	}
}

func (d *domain) issueTo(w http.ResponseWriter, c *Client, form url.Values) {
	var issued *tokens
	var err error
	if form.Get("grant_type") == "refresh_token" {
		issued, err = d.refresh(d.pool, c, form.Get("refresh_token"))
	} else {
		issued, err = d.exchange(c, form)
	}
	if err != nil {
		refuse(w, http.StatusBadRequest, "invalid_grant")
		return
	}
	respond(w, http.StatusOK, struct {
		AccessToken  string `json:"access_token"`
		ExpiresIn    int    `json:"expires_in"`
		IDToken      string `json:"id_token,omitempty"`
		RefreshToken string `json:"refresh_token,omitempty"`
		TokenType    string `json:"token_type"`
	}{issued.access, int(c.AccessToken.Seconds()), issued.id, issued.refresh, "Bearer"})
}

// exchange uses up a code, whoever tries it.
func (d *domain) exchange(c *Client, form url.Values) (*tokens, error) {
	a, ok := d.pool.codes[form.Get("code")]
	delete(d.pool.codes, form.Get("code"))
	if !ok || a.request.client != c || a.request.redirect != form.Get("redirect_uri") || !a.request.verified(form.Get("code_verifier")) {
		return nil, fail("NotAuthorizedException", "Invalid code")
	}
	return d.grant(d.pool, grant{user: a.user, client: c, scopes: a.request.scopes, nonce: a.request.query.Get("nonce"), signedIn: a.signedIn})
}

// verified checks the proof key (https://datatracker.ietf.org/doc/html/rfc7636#section-4.6).
func (q *request) verified(verifier string) bool {
	challenge := q.query.Get("code_challenge")
	if challenge == "" {
		return verifier == ""
	}
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:]) == challenge
}

// userInfo is as in https://docs.aws.amazon.com/cognito/latest/developerguide/userinfo-endpoint.html.
func (d *domain) userInfo(w http.ResponseWriter, r *http.Request) {
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	p, g, err := d.access(token, "openid")
	if err != nil || p != d.pool {
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		refuse(w, http.StatusUnauthorized, "invalid_token")
		return
	}
	about := g.attributes()
	about["sub"], about["username"] = g.user.sub, g.user.name
	respond(w, http.StatusOK, about)
}

// revoke is as in https://docs.aws.amazon.com/cognito/latest/developerguide/revocation-endpoint.html.
func (d *domain) revoke(w http.ResponseWriter, r *http.Request) {
	c, ok := d.pool.clients[r.PostForm.Get("client_id")]
	switch {
	case !ok:
		refuse(w, http.StatusUnauthorized, "invalid_client")
		return
	case r.PostForm.Get("token") == "":
		refuse(w, http.StatusBadRequest, "invalid_request")
		return
	}
	switch d.pool.revoke(c, r.PostForm.Get("token")) {
	case nil:
	case errNoRefreshToken:
		refuse(w, http.StatusBadRequest, "unsupported_token_type")
	default:
		refuse(w, http.StatusBadRequest, "unauthorized_client")
	}
}
