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
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/smithy-go"
	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/google/go-cmp/cmp"
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
	users   *idp.Client
	url     string // of the domain
	browser *http.Client
	code    string // the last that was reported
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{T: t, clock: clockwork.NewFakeClock()}
	w.service = cognito.New(cognito.Options{Clock: w.clock, Report: func(message string) { w.code = message[len(message)-6:] }})
	pool := cognito.Pool{ID: poolID, EmailUsername: true, VerifyEmail: true, Required: []string{"email", "name"},
		Password: cognito.PasswordPolicy{MinimumLength: 8, RequireLowercase: true, RequireNumbers: true, RequireSymbols: true, RequireUppercase: true}}
	client := cognito.Client{ID: clientID, OAuth: true, Scopes: []string{"openid", "email", "profile"}, Callbacks: []string{callback},
		Logouts: []string{callback}, AuthFlows: []string{"ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"},
		AccessToken: time.Hour, IDToken: time.Hour, RefreshToken: 24 * time.Hour, HideUsers: true}
	other := client
	other.ID = "other"
	if err := errors.Join(w.service.CreatePool(pool), w.service.CreateClient(poolID, client), w.service.CreateClient(poolID, other),
		w.service.CreateGroup(poolID, "admins")); err != nil {
		t.Fatal(err)
	}
	endpoint := httptest.NewServer(&api.Endpoint{
		Services:  map[string]http.Handler{"cognito-idp": w.service.Handler()},
		Principal: func(string) *api.Principal { return nil },
		Unsigned: func(r *http.Request) (string, *api.Principal) {
			if w.service.TakesUnsigned(r) {
				return "cognito-idp", &api.Principal{Anonymous: true}
			}
			return "", nil
		},
	})
	t.Cleanup(endpoint.Close)
	w.users = idp.New(idp.Options{Region: "us-east-1", BaseEndpoint: &endpoint.URL, Credentials: credentials.NewStaticCredentialsProvider("a", "b", ""), RetryMaxAttempts: 1})
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
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.url+"/oauth2/userInfo", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+got.Access)
	if response, body := w.do(http.DefaultClient.Do(request)); response.StatusCode != 200 || !strings.Contains(body, email) {
		t.Errorf("userInfo: %d %s", response.StatusCode, body)
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
	if out, _ := w.do(w.browser.Get(w.url + "/logout?client_id=client&logout_uri=" + url.QueryEscape(callback))); out.StatusCode != http.StatusFound {
		t.Errorf("logout: %d", out.StatusCode)
	}
	if page, _ := w.do(w.browser.Get(w.authorize(nil))); page.Request.URL.Path != "/login" {
		t.Errorf("after logout the browser is at %s", page.Request.URL)
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
		"redirection": {url.Values{"redirect_uri": {"http://evil.example/"}}, ""},
		"client":      {url.Values{"client_id": {"x"}}, ""},
		"scope":       {url.Values{"scope": {"openid x"}}, "invalid_scope"},
		"implicit":    {url.Values{"response_type": {"token"}}, "unauthorized_client"},
		"plain":       {url.Values{"code_challenge_method": {"plain"}}, "invalid_request"},
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

func fails(t *testing.T, err error, code string) {
	t.Helper()
	if failure, ok := errors.AsType[smithy.APIError](err); !ok || failure.ErrorCode() != code {
		t.Errorf("error is %v, want %s", err, code)
	}
}

// https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/Welcome.html
func TestAPI(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	signUp := &idp.SignUpInput{ClientId: new(clientID), Username: new(email), Password: new("short"), UserAttributes: []types.AttributeType{{Name: new("name"), Value: new("Ann")}}}
	_, err := w.users.SignUp(ctx, signUp)
	fails(t, err, "InvalidPasswordException")
	signUp.Password = new(password)
	if _, err := w.users.SignUp(ctx, signUp); err != nil {
		t.Fatal(err)
	}
	signUp.Username = new(strings.ToUpper(email))
	_, err = w.users.SignUp(ctx, signUp)
	fails(t, err, "UsernameExistsException")
	signIn := func(password string) (*idp.InitiateAuthOutput, error) {
		return w.users.InitiateAuth(ctx, &idp.InitiateAuthInput{ClientId: new(clientID), AuthFlow: "USER_PASSWORD_AUTH",
			AuthParameters: map[string]string{"USERNAME": email, "PASSWORD": password}})
	}
	_, err = signIn(password)
	fails(t, err, "UserNotConfirmedException")
	wrong := "x" + w.code[1:]
	_, err = w.users.ConfirmSignUp(ctx, &idp.ConfirmSignUpInput{ClientId: new(clientID), Username: new(email), ConfirmationCode: &wrong})
	fails(t, err, "CodeMismatchException")
	if _, err = w.users.ConfirmSignUp(ctx, &idp.ConfirmSignUpInput{ClientId: new(clientID), Username: new(email), ConfirmationCode: &w.code}); err != nil {
		t.Fatal(err)
	}
	_, err = signIn("wrong")
	fails(t, err, "NotAuthorizedException")
	if _, err := w.users.AdminAddUserToGroup(ctx, &idp.AdminAddUserToGroupInput{UserPoolId: new(poolID), Username: new(email), GroupName: new("admins")}); err != nil {
		t.Fatal(err)
	}
	in, err := signIn(password)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]any{"admins"}, w.verify(*in.AuthenticationResult.AccessToken)["cognito:groups"]); diff != "" {
		t.Error(diff)
	}
	if _, err := w.users.GetUser(ctx, &idp.GetUserInput{AccessToken: in.AuthenticationResult.AccessToken}); err != nil {
		t.Error(err)
	}
	w.clock.Advance(time.Hour)
	_, err = w.users.GetUser(ctx, &idp.GetUserInput{AccessToken: in.AuthenticationResult.AccessToken})
	fails(t, err, "NotAuthorizedException")
	_, err = w.users.InitiateAuth(ctx, &idp.InitiateAuthInput{ClientId: new(clientID), AuthFlow: "USER_SRP_AUTH"})
	fails(t, err, "InvalidParameterException")
	if _, err := w.users.ForgotPassword(ctx, &idp.ForgotPasswordInput{ClientId: new(clientID), Username: new(email)}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.users.ConfirmForgotPassword(ctx, &idp.ConfirmForgotPasswordInput{ClientId: new(clientID), Username: new(email), ConfirmationCode: &w.code, Password: new(password + "2")}); err != nil {
		t.Fatal(err)
	}
	if _, err := signIn(password + "2"); err != nil {
		t.Error(err)
	}
	listed, err := w.users.ListUsers(ctx, &idp.ListUsersInput{UserPoolId: new(poolID), Filter: new(`email = "` + email + `"`)})
	if err != nil || len(listed.Users) != 1 {
		t.Errorf("listed %v, %v", listed, err)
	}
	if _, err := w.users.AdminDeleteUser(ctx, &idp.AdminDeleteUserInput{UserPoolId: new(poolID), Username: new(email)}); err != nil {
		t.Fatal(err)
	}
	_, err = w.users.AdminGetUser(ctx, &idp.AdminGetUserInput{UserPoolId: new(poolID), Username: new(email)})
	fails(t, err, "UserNotFoundException")
}
