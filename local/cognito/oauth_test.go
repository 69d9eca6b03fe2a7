package cognito_test

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// https://docs.aws.amazon.com/cognito/latest/developerguide/token-endpoint.html
func TestPages(t *testing.T) {
	w := newWorld(t)
	got := w.token(exchange(w.signUp()))
	id, access := w.verify(got.ID), w.verify(got.Access)
	if id["email"] != email || id["email_verified"] != true || id["aud"] != clientID || id["token_use"] != "id" || id["name"] != nil {
		t.Errorf("ID token %v", id)
	}
	if access["scope"] != "openid email" || access["client_id"] != clientID || access["token_use"] != "access" || access["sub"] != id["sub"] ||
		access["iss"] != "https://cognito-idp.us-east-1.amazonaws.com/"+poolID {
		t.Errorf("access token %v", access)
	}
	again := w.token(url.Values{"grant_type": {"refresh_token"}, "client_id": {clientID}, "refresh_token": {got.Refresh}})
	if w.verify(again.Access)["origin_jti"] != access["origin_jti"] {
		t.Error("the refreshed token is of another sign-in")
	}
	w.do(http.PostForm(w.url+"/oauth2/revoke", url.Values{"client_id": {clientID}, "token": {got.Refresh}}))
	if a := w.token(url.Values{"grant_type": {"refresh_token"}, "client_id": {clientID}, "refresh_token": {got.Refresh}}); a.Error != "invalid_grant" {
		t.Errorf("a revoked token gets %+v", a)
	}

	back, _ := w.do(w.browser.Get(w.authorize(nil)))
	if w.codeOf(back) == "" {
		t.Error("a signed-in browser gets no code")
	}
	session := back.Request.Header.Get("Cookie")
	if out, _ := w.do(w.browser.Get(w.url + "/logout?client_id=client&logout_uri=" + url.QueryEscape(callback))); out.StatusCode != http.StatusFound {
		t.Errorf("logout: %d", out.StatusCode)
	}
	if page, _ := w.do(w.browser.Get(w.authorize(nil))); page.Request.URL.Path != "/login" {
		t.Errorf("after logout the browser is at %s", page.Request.URL)
	}
	if page, _ := w.request(http.MethodGet, w.authorize(nil), http.Header{"Cookie": {session}}); session == "" || page.Request.URL.Path != "/login" {
		t.Errorf("with the cookie %q from before logout the browser is at %s", session, page.Request.URL)
	}
}

func TestCodes(t *testing.T) {
	tests := []struct {
		name   string
		change func(w *world, form url.Values)
		want   string
	}{
		{"wrong verifier", func(_ *world, form url.Values) { form.Set("code_verifier", "wrong") }, "invalid_grant"},
		{"no verifier", func(_ *world, form url.Values) { form.Del("code_verifier") }, "invalid_grant"},
		{"no code", func(_ *world, form url.Values) { form.Del("code") }, "invalid_request"},
		{"no redirection", func(_ *world, form url.Values) { form.Del("redirect_uri") }, "invalid_request"},
		{"other kind", func(_ *world, form url.Values) { form.Set("grant_type", "password") }, "unsupported_grant_type"},
		{"tried by another client", func(w *world, form url.Values) {
			stolen := exchange(form.Get("code"))
			stolen.Set("client_id", "other")
			w.token(stolen)
		}, "invalid_grant"},
		{"client without OAuth", func(_ *world, form url.Values) { form.Set("client_id", "plain") }, "unauthorized_client"},
		{"used", func(w *world, form url.Values) { w.token(form) }, "invalid_grant"},
		{"expired", func(w *world, _ url.Values) { w.clock.Advance(5 * time.Minute) }, "invalid_grant"},
		{"in time", func(w *world, _ url.Values) { w.clock.Advance(5*time.Minute - time.Second) }, ""},
		{"other redirection", func(_ *world, form url.Values) { form.Set("redirect_uri", callback+"x") }, "invalid_grant"},
		{"other client", func(_ *world, form url.Values) { form.Set("client_id", "other") }, "invalid_grant"},
		{"unknown client", func(_ *world, form url.Values) { form.Set("client_id", "unknown") }, "invalid_client"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			form := exchange(w.signUp())
			tt.change(w, form)
			if got := w.token(form); got.Error != tt.want {
				t.Errorf("error %q, want %q", got.Error, tt.want)
			}
		})
	}
}

// https://docs.aws.amazon.com/cognito/latest/developerguide/authorization-endpoint.html
func TestAuthorizeRefuses(t *testing.T) {
	w := newWorld(t)
	for name, tt := range map[string]struct {
		change url.Values
		want   string // by redirection; empty by page
	}{
		"redirection":   {url.Values{"redirect_uri": {"http://evil.example/"}}, ""},
		"client":        {url.Values{"client_id": {"x"}}, ""},
		"scope":         {url.Values{"scope": {"openid x"}}, "invalid_scope"},
		"implicit":      {url.Values{"response_type": {"token"}}, "unauthorized_client"},
		"no method":     {url.Values{"code_challenge_method": nil}, "invalid_request"},
		"no challenge":  {url.Values{"code_challenge": nil}, "invalid_request"},
		"no type":       {url.Values{"response_type": nil}, "invalid_request"},
		"without OAuth": {url.Values{"client_id": {"plain"}}, ""},
		"plain":         {url.Values{"code_challenge_method": {"plain"}}, "invalid_request"},
	} {
		response, _ := w.do(w.browser.Get(w.authorize(tt.change)))
		if tt.want == "" && response.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: status %d", name, response.StatusCode)
		}
		if to, err := response.Location(); tt.want != "" && (err != nil || to.Query().Get("error") != tt.want) {
			t.Errorf("%s: %v, want %s", name, to, tt.want)
		}
	}
}

// https://docs.aws.amazon.com/cognito/latest/developerguide/revocation-endpoint.html
func TestRevoke(t *testing.T) {
	w := newWorld(t)
	got := w.token(exchange(w.signUp()))
	for _, tt := range []struct {
		name, client, token string
		status              int
		want                string
	}{
		{"unknown client", "unknown", got.Refresh, http.StatusUnauthorized, "invalid_client"},
		{"other client", "other", got.Refresh, http.StatusBadRequest, "unauthorized_client"},
		{"no token", clientID, "", http.StatusBadRequest, "invalid_request"},
		{"access token", clientID, got.Access, http.StatusBadRequest, "unsupported_token_type"},
		{"refresh token", clientID, got.Refresh, http.StatusOK, ""},
		{"again", clientID, got.Refresh, http.StatusOK, ""},
	} {
		response, body := w.do(http.PostForm(w.url+"/oauth2/revoke", url.Values{"client_id": {tt.client}, "token": {tt.token}}))
		if response.StatusCode != tt.status || !strings.Contains(body, tt.want) || tt.want == "" && body != "" {
			t.Errorf("%s: %d %s", tt.name, response.StatusCode, body)
		}
	}
	if response, _ := w.userInfo(got.Access); response.StatusCode != http.StatusUnauthorized {
		t.Errorf("a revoked token: userInfo %d", response.StatusCode)
	}
}

func (w *world) userInfo(token string) (*http.Response, string) {
	return w.request(http.MethodGet, w.url+"/oauth2/userInfo", http.Header{"Authorization": {"Bearer " + token}})
}

// https://docs.aws.amazon.com/cognito/latest/developerguide/userinfo-endpoint.html
func TestUserInfo(t *testing.T) {
	w := newWorld(t)
	got := w.token(exchange(w.signUp()))
	byAPI, err := w.signIn(email, password)
	fails(t, err, "")
	for name, tt := range map[string]struct {
		token string
		want  int
	}{
		"access token":         {got.Access, http.StatusOK},
		"without scope openid": {*byAPI.AuthenticationResult.AccessToken, http.StatusUnauthorized},
		"ID token":             {got.ID, http.StatusUnauthorized},
		"none":                 {"", http.StatusUnauthorized},
	} {
		if response, body := w.userInfo(tt.token); response.StatusCode != tt.want || (tt.want == http.StatusOK) != strings.Contains(body, email) {
			t.Errorf("%s: %d %s", name, response.StatusCode, body)
		}
	}
}

// What the tokens say by scope.
// https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-id-token.html
// https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-access-token.html
func TestClaims(t *testing.T) {
	common := []string{"auth_time", "exp", "iat", "iss", "jti", "origin_jti", "sub", "token_use"}
	access := append([]string{"client_id", "scope", "username", "version"}, common...)
	id := append([]string{"aud", "cognito:username", "nonce"}, common...)
	for scope, attributes := range map[string][]string{
		"openid": {"email", "email_verified", "name"}, "openid email": {"email", "email_verified"}, "openid profile": {"name"}, "email": nil,
	} {
		t.Run(scope, func(t *testing.T) {
			w := newWorld(t)
			w.signUp()
			back, _ := w.do(w.browser.Get(w.authorize(url.Values{"scope": {scope}, "nonce": {"n"}})))
			got := w.token(exchange(w.codeOf(back)))
			sorted := cmpopts.SortSlices(func(a, b string) bool { return a < b })
			if diff := cmp.Diff(access, slices.Collect(maps.Keys(w.verify(got.Access))), sorted); diff != "" {
				t.Error(diff)
			}
			if attributes == nil {
				if got.ID != "" {
					t.Error("there is an ID token")
				}
				return
			}
			if diff := cmp.Diff(append(slices.Clone(id), attributes...), slices.Collect(maps.Keys(w.verify(got.ID))), sorted); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A code that was asked for without a challenge is exchanged without a verifier.
// https://docs.aws.amazon.com/cognito/latest/developerguide/using-pkce-in-authorization-code.html
func TestWithoutProofKey(t *testing.T) {
	w := newWorld(t)
	w.signUp()
	for verifier, want := range map[string]string{"": "", verifier: "invalid_grant"} {
		back, _ := w.do(w.browser.Get(w.authorize(url.Values{"code_challenge": nil, "code_challenge_method": nil})))
		form := exchange(w.codeOf(back))
		form.Set("code_verifier", verifier)
		if got := w.token(form); got.Error != want {
			t.Errorf("verifier %q: error %q, want %q", verifier, got.Error, want)
		}
	}
}
