package cognito_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/smithy-go"
	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/jonboulle/clockwork"

	"github.com/noidle/noidle/local/api"
	"github.com/noidle/noidle/local/cognito"
)

const (
	poolID   = "us-east-1_abc123xyz"
	clientID = "client"
	callback = "http://127.0.0.1:1/"
	password = "Correct-horse-1"
	verifier = "a-verifier-of-at-least-forty-three-characters-long"
	email    = "ann@example.com"
)

type world struct {
	*testing.T
	clock   *clockwork.FakeClock
	service *cognito.Service
	users   *idp.Client // as an administrator
	limited *idp.Client // without permissions
	url     string      // of the domain
	browser *http.Client
	code    string // the last that was reported, or temporary password
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{T: t, clock: clockwork.NewFakeClock()}
	w.service = cognito.New(cognito.Options{Clock: w.clock, Report: func(message string) { w.code = message[strings.LastIndexByte(message, ' ')+1:] }})
	pool := cognito.Pool{ID: poolID, EmailUsername: true, VerifyEmail: true, Required: []string{"email", "name"},
		Password: cognito.PasswordPolicy{MinimumLength: 8, RequireLowercase: true, RequireNumbers: true, RequireSymbols: true, RequireUppercase: true}}
	client := cognito.Client{ID: clientID, OAuth: true, Scopes: []string{"openid", "email", "profile"}, Callbacks: []string{callback},
		Logouts: []string{callback}, AuthFlows: []string{"ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"},
		AccessToken: time.Hour, IDToken: time.Hour, RefreshToken: 24 * time.Hour, HideUsers: true}
	other := client
	other.ID = "other"
	plain := cognito.Client{ID: "plain", AccessToken: time.Hour, IDToken: time.Hour, RefreshToken: time.Hour}
	if err := errors.Join(w.service.CreatePool(pool), w.service.CreateClient(poolID, client), w.service.CreateClient(poolID, other), w.service.CreateClient(poolID, plain),
		w.service.CreateGroup(poolID, "admins")); err != nil {
		t.Fatal(err)
	}
	endpoint := httptest.NewServer(&api.Endpoint{
		Services: map[string]http.Handler{"cognito-idp": w.service.Handler()},
		Principal: func(key string) *api.Principal {
			if key != "limited" {
				return nil
			}
			return &api.Principal{Allow: func(action, resource string, _ api.Keys) error {
				return &api.Error{Code: "AccessDeniedException", Message: action + " on " + resource}
			}}
		},
		Unsigned: func(r *http.Request) (string, *api.Principal) {
			if w.service.TakesUnsigned(r) {
				return "cognito-idp", &api.Principal{Anonymous: true}
			}
			return "", nil
		},
	})
	t.Cleanup(endpoint.Close)
	as := func(key string) *idp.Client {
		return idp.New(idp.Options{Region: "us-east-1", BaseEndpoint: &endpoint.URL, Credentials: credentials.NewStaticCredentialsProvider(key, "b", ""), RetryMaxAttempts: 1})
	}
	w.users, w.limited = as("admin"), as("limited")
	handler, err := w.service.Domain(poolID, "app", "http://domain")
	if err != nil {
		t.Fatal(err)
	}
	pages := httptest.NewServer(handler)
	t.Cleanup(pages.Close)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	w.url = pages.URL
	w.browser = &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.String(), callback) {
			return http.ErrUseLastResponse
		}
		return nil
	}}
	return w
}

func (w *world) do(response *http.Response, err error) (*http.Response, string) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		w.Fatal(err)
	}
	return response, string(body)
}

func (w *world) authorize(change url.Values) string {
	sum := sha256.Sum256([]byte(verifier))
	query := url.Values{"response_type": {"code"}, "client_id": {clientID}, "redirect_uri": {callback}, "state": {"s&1"}, "scope": {"openid email"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"}}
	for name, values := range change {
		query[name] = values
	}
	return w.url + "/oauth2/authorize?" + query.Encode()
}

// submit sends the form of a page.
func (w *world) submit(page *http.Response, fields url.Values) (*http.Response, string) {
	w.Helper()
	return w.do(w.browser.PostForm(page.Request.URL.String(), fields))
}

// signUp signs Ann up and in by the pages, and returns the code.
func (w *world) signUp() string {
	w.Helper()
	login, _ := w.do(w.browser.Get(w.authorize(nil)))
	page, _ := w.do(w.browser.Get(strings.Replace(login.Request.URL.String(), "/login", "/signup", 1)))
	page, body := w.submit(page, url.Values{"username": {email}, "password": {password}, "name": {"<script>Ann"}})
	if !strings.Contains(body, w.code) || !strings.Contains(body, "by e-mail") {
		w.Fatalf("the page does not show the code %s: %s", w.code, body)
	}
	back, _ := w.submit(page, url.Values{"username": {email}, "code": {w.code}})
	return w.codeOf(back)
}

func (w *world) codeOf(back *http.Response) string {
	w.Helper()
	to, err := back.Location()
	if err != nil {
		w.Fatalf("no redirection: status %d", back.StatusCode)
	}
	if to.Query().Get("state") != "s&1" {
		w.Errorf("state %q", to.Query().Get("state"))
	}
	return to.Query().Get("code")
}

type answer struct {
	Access  string `json:"access_token"`
	ID      string `json:"id_token"`
	Refresh string `json:"refresh_token"`
	Error   string `json:"error"`
}

func (w *world) token(form url.Values) (a answer) {
	w.Helper()
	_, body := w.do(http.PostForm(w.url+"/oauth2/token", form))
	if err := json.Unmarshal([]byte(body), &a); err != nil {
		w.Fatal(err)
	}
	return a
}

func exchange(code string) url.Values {
	return url.Values{"grant_type": {"authorization_code"}, "code": {code}, "client_id": {clientID}, "redirect_uri": {callback}, "code_verifier": {verifier}}
}

// verify returns the claims of a token that the published keys sign.
func (w *world) verify(token string) map[string]any {
	w.Helper()
	_, body := w.do(http.Get(w.url + "/" + poolID + "/.well-known/jwks.json"))
	var keys jose.JSONWebKeySet
	if err := json.Unmarshal([]byte(body), &keys); err != nil {
		w.Fatal(err)
	}
	parsed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		w.Fatal(err)
	}
	claims := map[string]any{}
	if err := parsed.Claims(keys, &claims); err != nil {
		w.Fatal(err)
	}
	return claims
}

// fails checks the code of an error. Empty means none.
func fails(t *testing.T, err error, code string) {
	t.Helper()
	failure, ok := errors.AsType[smithy.APIError](err)
	if got := err != nil; got != (code != "") || got && (!ok || failure.ErrorCode() != code) {
		t.Errorf("error is %v, want %q", err, code)
	}
}
