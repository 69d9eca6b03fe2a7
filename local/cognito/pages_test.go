package cognito_test

import (
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/noidle/noidle/local/cognito"
)

// page is the sign-in page with another path and other parameters.
func (w *world) page(path string, change url.Values) string {
	return strings.Replace(w.authorize(change), "/oauth2/authorize", path, 1)
}

func (w *world) request(method, url string, header http.Header) (*http.Response, string) {
	w.Helper()
	request, err := http.NewRequestWithContext(w.Context(), method, url, nil)
	if err != nil {
		w.Fatal(err)
	}
	maps.Copy(request.Header, header)
	return w.do(w.browser.Do(request))
}

func TestLoginPage(t *testing.T) {
	w := newWorld(t)
	w.ann()
	login, _ := w.do(w.browser.Get(w.authorize(nil)))
	for _, tt := range []struct{ name, username, password, want string }{
		{"wrong password", email, "wrong", "Incorrect username or password."},
		{"unknown user", "x@example.com", password, "Incorrect username or password."},
		{"markup", `"><script>x</script>`, password, "value=\"&#34;&gt;&lt;script&gt;"},
	} {
		response, body := w.submit(login, url.Values{"username": {tt.username}, "password": {tt.password}})
		if response.StatusCode != http.StatusBadRequest || !strings.Contains(body, tt.want) || strings.Contains(body, "<script") {
			t.Errorf("%s: %d %s", tt.name, response.StatusCode, body)
		}
	}
	back, _ := w.submit(login, url.Values{"username": {email}, "password": {password}})
	if w.token(exchange(w.codeOf(back))).Access == "" {
		t.Error("no tokens")
	}
	w.clock.Advance(time.Hour)
	if page, _ := w.do(w.browser.Get(w.authorize(nil))); page.Request.URL.Path != "/login" {
		t.Errorf("after an hour the browser is at %s", page.Request.URL)
	}
}

// https://docs.aws.amazon.com/cognito/latest/developerguide/how-to-create-user-accounts.html
func TestNewPasswordPage(t *testing.T) {
	w := newWorld(t)
	session := *w.invite().Session
	login, _ := w.do(w.browser.Get(w.authorize(nil)))
	_, body := w.submit(login, url.Values{"username": {email}, "password": {w.code}})
	if !strings.Contains(body, "Your password is temporary") || !strings.Contains(body, `name="challenge"`) || !strings.Contains(body, `name="name"`) {
		t.Fatalf("no new password is asked for: %s", body)
	}
	_, body = w.submit(login, url.Values{"username": {email}, "challenge": {session}, "password": {"weak"}, "name": {"Ann"}})
	if !strings.Contains(body, "Password did not conform") || !strings.Contains(body, `value="`+session+`"`) {
		t.Errorf("after a weak password: %s", body)
	}
	back, _ := w.submit(login, url.Values{"username": {email}, "challenge": {session}, "password": {password}, "name": {"Ann"}})
	if w.token(exchange(w.codeOf(back))).Access == "" {
		t.Error("no tokens")
	}
	if response, body := w.submit(login, url.Values{"challenge": {session}, "password": {password}}); response.StatusCode != http.StatusBadRequest || !strings.Contains(body, "session is expired") {
		t.Errorf("a used challenge: %d %s", response.StatusCode, body)
	}
}

func TestConfirmPage(t *testing.T) {
	w := newWorld(t)
	if err := w.signUpByAPI(email, password, named); err != nil {
		t.Fatal(err)
	}
	login, _ := w.do(w.browser.Get(w.authorize(nil)))
	confirm, _ := w.submit(login, url.Values{"username": {email}, "password": {password}})
	if confirm.Request.URL.Path != "/confirm" {
		t.Fatalf("at %s", confirm.Request.URL)
	}
	if _, body := w.submit(confirm, url.Values{"username": {email}, "code": {"x"}}); !strings.Contains(body, "Invalid verification code") {
		t.Errorf("wrong code: %s", body)
	}
	if _, body := w.submit(confirm, url.Values{"username": {email}, "action": {"resend"}}); !strings.Contains(body, w.code) {
		t.Errorf("the page does not show the new code: %s", body)
	}
	back, _ := w.submit(confirm, url.Values{"username": {email}, "code": {w.code}})
	w.codeOf(back)
}

func TestForgotPage(t *testing.T) {
	w := newWorld(t)
	w.ann()
	forgot, _ := w.do(w.browser.Get(w.page("/forgot", nil)))
	if reset, body := w.submit(forgot, url.Values{"username": {"x@example.com"}}); reset.Request.URL.Path != "/reset" || strings.Contains(body, "by e-mail") {
		t.Errorf("nobody's password: %s %s", reset.Request.URL, body)
	}
	reset, body := w.submit(forgot, url.Values{"username": {email}})
	if reset.Request.URL.Path != "/reset" || !strings.Contains(body, w.code) {
		t.Fatalf("at %s: %s", reset.Request.URL, body)
	}
	back, _ := w.submit(reset, url.Values{"username": {email}, "code": {w.code}, "password": {password + "2"}})
	w.codeOf(back)
	_, err := w.signIn(email, password+"2")
	fails(t, err, "")
}

// Whoever sends a browser to a page with a foreign address gets no redirection.
// https://docs.aws.amazon.com/cognito/latest/developerguide/logout-endpoint.html
func TestForeignRedirections(t *testing.T) {
	w := newWorld(t)
	w.signUp()
	for _, to := range []string{"", "//evil.example/", "http://evil.example/", callback + "x", callback + "?x", "http://127.0.0.1:1", "HTTP://127.0.0.1:1/", "http://127.0.0.1:1/../", "http://127.0.0.1:1@evil.example/", "javascript:alert(1)"} {
		urls := []string{w.url + "/logout?" + url.Values{"client_id": {clientID}, "logout_uri": {to}}.Encode(), w.authorize(url.Values{"redirect_uri": {to}})}
		for _, path := range []string{"/login", "/signup", "/confirm", "/forgot", "/reset"} {
			urls = append(urls, w.page(path, url.Values{"redirect_uri": {to}}))
		}
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			for _, url := range urls {
				response, body := w.request(method, url, nil)
				if response.StatusCode < 400 || response.Header.Get("Location") != "" || strings.Contains(body, "evil") {
					t.Errorf("%s %s: %d to %q", method, url, response.StatusCode, response.Header.Get("Location"))
				}
			}
		}
	}
	if back, _ := w.do(w.browser.Get(w.authorize(nil))); w.codeOf(back) == "" {
		t.Error("the browser is signed out")
	}
}

func TestForeignForms(t *testing.T) {
	w := newWorld(t)
	for name, tt := range map[string]struct {
		header http.Header
		want   int
	}{
		"own":          {http.Header{"Sec-Fetch-Site": {"same-origin"}}, http.StatusBadRequest},
		"own origin":   {http.Header{"Origin": {w.url}}, http.StatusBadRequest},
		"cross-site":   {http.Header{"Sec-Fetch-Site": {"cross-site"}}, http.StatusForbidden},
		"same site":    {http.Header{"Sec-Fetch-Site": {"same-site"}}, http.StatusForbidden},
		"other origin": {http.Header{"Origin": {"http://evil.example"}}, http.StatusForbidden},
		"no origin":    {http.Header{"Origin": {"null"}}, http.StatusForbidden},
	} {
		for _, path := range []string{"/login", "/signup", "/confirm", "/reset"} {
			if response, _ := w.request(http.MethodPost, w.page(path, nil), tt.header); response.StatusCode != tt.want {
				t.Errorf("%s: %s: status %d, want %d", name, path, response.StatusCode, tt.want)
			}
		}
	}
}

// What is in the address is never markup in a page.
func TestEscaping(t *testing.T) {
	w := newWorld(t)
	const markup = `"'><script>alert(1)</script>`
	for _, parameter := range []string{"state", "nonce", "username", "identity_provider", markup} {
		for _, path := range []string{"/login", "/signup", "/confirm", "/forgot", "/reset"} {
			response, body := w.do(w.browser.Get(w.page(path, url.Values{parameter: {markup}})))
			if response.StatusCode != http.StatusOK || strings.Contains(body, "<script") || strings.Contains(body, `"'>`) {
				t.Errorf("%s with %s: %d %s", path, parameter, response.StatusCode, body)
			}
		}
	}
	response, body := w.do(w.browser.Get(w.page("/login", url.Values{"identity_provider": {"Google"}})))
	if !strings.Contains(body, "Signing in with Google is not available locally") {
		t.Errorf("page %s", body)
	}
	policy := response.Header.Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "frame-ancestors 'none'", "form-action 'self' http://127.0.0.1:1"} {
		if !strings.Contains(policy, want) {
			t.Errorf("policy %q lacks %q", policy, want)
		}
	}
}

func TestMethods(t *testing.T) {
	w := newWorld(t)
	documents := "/" + poolID + "/.well-known/"
	for _, tt := range []struct {
		method, path string
		want         int
	}{
		{http.MethodHead, w.page("/login", nil)[len(w.url):], http.StatusOK},
		{http.MethodPut, "/login", http.StatusMethodNotAllowed},
		{http.MethodDelete, "/signup", http.StatusMethodNotAllowed},
		{http.MethodPost, "/oauth2/authorize", http.StatusMethodNotAllowed},
		{http.MethodGet, "/oauth2/token", http.StatusMethodNotAllowed},
		{http.MethodGet, "/oauth2/revoke", http.StatusMethodNotAllowed},
		{http.MethodOptions, "/oauth2/token", http.StatusNoContent},
		{http.MethodPost, "/logout", http.StatusMethodNotAllowed},
		{http.MethodGet, "/", http.StatusNotFound},
		{http.MethodGet, "/style.css", http.StatusOK},
		{http.MethodHead, documents + "jwks.json", http.StatusOK},
		{http.MethodGet, documents + "openid-configuration", http.StatusOK},
		{http.MethodPost, documents + "jwks.json", http.StatusMethodNotAllowed},
		{http.MethodGet, "/us-east-1_x/.well-known/jwks.json", http.StatusNotFound},
		{http.MethodGet, "/us-east-1_x/.well-known/openid-configuration", http.StatusNotFound},
	} {
		if response, body := w.request(tt.method, w.url+tt.path, nil); response.StatusCode != tt.want || tt.method == http.MethodHead && body != "" {
			t.Errorf("%s %s: %d %s, want %d", tt.method, tt.path, response.StatusCode, body, tt.want)
		}
	}
}

// TestPasswordPolicy: who chooses a password is told what it needs.
func TestPasswordPolicy(t *testing.T) {
	for _, test := range []struct {
		name   string
		policy cognito.PasswordPolicy
		want   string
	}{
		{"nothing else", cognito.PasswordPolicy{MinimumLength: 6}, "At least 6 characters."},
		{"digits", cognito.PasswordPolicy{MinimumLength: 8, RequireNumbers: true}, "At least 8 characters, a digit."},
		{
			"all", cognito.PasswordPolicy{MinimumLength: 12, RequireLowercase: true, RequireNumbers: true, RequireSymbols: true, RequireUppercase: true},
			"At least 12 characters, a lower-case letter, an upper-case letter, a digit, a symbol.",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := test.policy.String(); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}
