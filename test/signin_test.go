package test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
)

// client is an application that users of a pool sign in to.
type client struct {
	pool, id string
	url      string // of the sign-in pages
	redirect string
}

// signedIn is a user with tokens.
type signedIn struct{ email, access, id string }

const password = "Correct-horse-7-battery"

// signIn adds a user to the pool of a client, unless they are there, and signs them in
// by the hosted page, with the code flow and PKCE.
func (s *stack) signIn(t testing.TB, c client, email string) signedIn {
	t.Helper()
	s.addUser(t, c.pool, email)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	verifier := "the-verifier-of-" + email + "-0123456789-0123456789-0123456789"
	sum := sha256.Sum256([]byte(verifier))
	page := c.url + "/login?" + url.Values{
		"response_type": {"code"}, "client_id": {c.id}, "redirect_uri": {c.redirect}, "scope": {"openid email"}, "state": {"s"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
	}.Encode()
	form := url.Values{"username": {email}, "password": {password}}
	for _, field := range hidden.FindAllStringSubmatch(read(t, browser.Get, page), -1) {
		form.Set(field[1], html.UnescapeString(field[2]))
	}
	answer, err := browser.PostForm(page, form)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	back, err := answer.Location()
	if err != nil || back.Query().Get("code") == "" {
		t.Fatalf("signing %s in: %s, to %v: %v", email, answer.Status, back, err)
	}
	var tokens struct {
		Access string `json:"access_token"`
		ID     string `json:"id_token"`
	}
	text := read(t, func(url string) (*http.Response, error) {
		return browser.PostForm(url, map[string][]string{
			"grant_type": {"authorization_code"}, "client_id": {c.id}, "code": {back.Query().Get("code")},
			"redirect_uri": {c.redirect}, "code_verifier": {verifier},
		})
	}, c.url+"/oauth2/token")
	if err := json.Unmarshal([]byte(text), &tokens); err != nil || tokens.Access == "" || tokens.ID == "" {
		t.Fatalf("the token endpoint answers %s: %v", text, err)
	}
	return signedIn{email, tokens.Access, tokens.ID}
}

var hidden = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)"`)

// addUser adds a user who is confirmed and has the password.
func (s *stack) addUser(t testing.TB, pool, email string) {
	t.Helper()
	users := cognitoidentityprovider.New(cognitoidentityprovider.Options{Region: "us-east-1", BaseEndpoint: new(s.URL()), Credentials: anybody})
	if _, err := users.AdminGetUser(t.Context(), &cognitoidentityprovider.AdminGetUserInput{UserPoolId: &pool, Username: &email}); err == nil {
		return
	}
	if _, err := users.AdminCreateUser(t.Context(), &cognitoidentityprovider.AdminCreateUserInput{
		UserPoolId: &pool, Username: &email, MessageAction: "SUPPRESS",
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := users.AdminSetUserPassword(t.Context(), &cognitoidentityprovider.AdminSetUserPasswordInput{
		UserPoolId: &pool, Username: &email, Password: new(password), Permanent: true,
	}); err != nil {
		t.Fatal(err)
	}
}

// read returns what is at an address.
func read(t testing.TB, from func(url string) (*http.Response, error), url string) string {
	t.Helper()
	answer, err := from(url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
