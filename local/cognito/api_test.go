package cognito_test

import (
	"strings"
	"testing"
	"time"

	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

var named = []types.AttributeType{{Name: new("name"), Value: new("Ann")}}

func (w *world) signUpByAPI(username, password string, attributes []types.AttributeType) error {
	_, err := w.users.SignUp(w.Context(), &idp.SignUpInput{ClientId: new(clientID), Username: &username, Password: &password, UserAttributes: attributes})
	return err
}

func (w *world) confirm(code string) error {
	_, err := w.users.ConfirmSignUp(w.Context(), &idp.ConfirmSignUpInput{ClientId: new(clientID), Username: new(email), ConfirmationCode: &code})
	return err
}

func (w *world) signIn(username, password string) (*idp.InitiateAuthOutput, error) {
	return w.users.InitiateAuth(w.Context(), &idp.InitiateAuthInput{ClientId: new(clientID), AuthFlow: "USER_PASSWORD_AUTH",
		AuthParameters: map[string]string{"USERNAME": username, "PASSWORD": password}})
}

func (w *world) refresh(token *string) error {
	_, err := w.users.InitiateAuth(w.Context(), &idp.InitiateAuthInput{ClientId: new(clientID), AuthFlow: "REFRESH_TOKEN_AUTH",
		AuthParameters: map[string]string{"REFRESH_TOKEN": *token}})
	return err
}

func (w *world) getUser(token *string) error {
	_, err := w.users.GetUser(w.Context(), &idp.GetUserInput{AccessToken: token})
	return err
}

// ann has signed up by the API and is signed in.
func (w *world) ann() *types.AuthenticationResultType {
	w.Helper()
	if err := w.signUpByAPI(email, password, named); err != nil {
		w.Fatal(err)
	}
	if err := w.confirm(w.code); err != nil {
		w.Fatal(err)
	}
	in, err := w.signIn(email, password)
	if err != nil {
		w.Fatal(err)
	}
	return in.AuthenticationResult
}

// https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_SignUp.html
func TestSignUp(t *testing.T) {
	attribute := func(name, value string) []types.AttributeType {
		return append([]types.AttributeType{{Name: &name, Value: &value}}, named...)
	}
	tests := []struct {
		name, username, password string
		attributes               []types.AttributeType
		want                     string
	}{
		{"valid", email, password, named, ""},
		{"short password", email, "Sh0rt-", named, "InvalidPasswordException"},
		{"no lower case", email, strings.ToUpper(password), named, "InvalidPasswordException"},
		{"no upper case", email, strings.ToLower(password), named, "InvalidPasswordException"},
		{"no digit", email, "Correct-horse-", named, "InvalidPasswordException"},
		{"no symbol", email, "Correcthorse1", named, "InvalidPasswordException"},
		{"long password", email, password + strings.Repeat("x", 256), named, "InvalidPasswordException"},
		{"no e-mail address", "ann", password, named, "InvalidParameterException"},
		{"no name", email, password, nil, "InvalidParameterException"},
		{"unknown attribute", email, password, attribute("custom:team", "x"), "InvalidParameterException"},
		{"verified by herself", email, password, attribute("email_verified", "true"), "NotAuthorizedException"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			fails(t, newWorld(t).signUpByAPI(tt.username, tt.password, tt.attributes), tt.want)
		})
	}
}

// https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ConfirmSignUp.html
func TestConfirm(t *testing.T) {
	w := newWorld(t)
	fails(t, w.signUpByAPI(email, password, named), "")
	fails(t, w.signUpByAPI(strings.ToUpper(email), password, named), "UsernameExistsException")
	_, err := w.signIn(email, password)
	fails(t, err, "UserNotConfirmedException")
	fails(t, w.confirm("x"), "CodeMismatchException")
	w.clock.Advance(24 * time.Hour)
	fails(t, w.confirm(w.code), "ExpiredCodeException")
	resend := &idp.ResendConfirmationCodeInput{ClientId: new(clientID), Username: new(email)}
	sent, err := w.users.ResendConfirmationCode(t.Context(), resend)
	if err != nil || *sent.CodeDeliveryDetails.Destination != "a***@e***" {
		t.Errorf("sent %v, %v", sent, err)
	}
	fails(t, w.confirm(w.code), "")
	fails(t, w.confirm(w.code), "NotAuthorizedException")
	_, err = w.users.ResendConfirmationCode(t.Context(), resend)
	fails(t, err, "InvalidParameterException")
}

// https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_InitiateAuth.html
func TestSignIn(t *testing.T) {
	w := newWorld(t)
	in := w.ann()
	_, err := w.signIn(email, "wrong")
	fails(t, err, "NotAuthorizedException")
	_, err = w.signIn("nobody@example.com", password)
	fails(t, err, "NotAuthorizedException")
	_, err = w.users.InitiateAuth(t.Context(), &idp.InitiateAuthInput{ClientId: new(clientID), AuthFlow: "USER_SRP_AUTH"})
	fails(t, err, "InvalidParameterException")
	_, err = w.users.InitiateAuth(t.Context(), &idp.InitiateAuthInput{ClientId: new("plain"), AuthFlow: "USER_PASSWORD_AUTH"})
	fails(t, err, "InvalidParameterException")
	_, err = w.users.InitiateAuth(t.Context(), &idp.InitiateAuthInput{ClientId: new("unknown"), AuthFlow: "USER_PASSWORD_AUTH"})
	fails(t, err, "ResourceNotFoundException")

	fails(t, w.getUser(in.AccessToken), "")
	if err := w.getUser(in.IdToken); err == nil || !strings.Contains(err.Error(), "Invalid Access Token") {
		t.Errorf("with an ID token: %v", err)
	}
	fails(t, w.getUser(new("x")), "NotAuthorizedException")
	w.clock.Advance(time.Hour)
	fails(t, w.getUser(in.AccessToken), "NotAuthorizedException")
	fails(t, w.refresh(in.RefreshToken), "")
	w.clock.Advance(23 * time.Hour)
	fails(t, w.refresh(in.RefreshToken), "NotAuthorizedException")
}

// The access token of the hosted pages lacks the scope of the API.
// https://docs.aws.amazon.com/cognito/latest/developerguide/authentication-flows-public-server-side.html
func TestScope(t *testing.T) {
	w := newWorld(t)
	fails(t, w.getUser(new(w.token(exchange(w.signUp())).Access)), "NotAuthorizedException")
}

// https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ForgotPassword.html
func TestForgotPassword(t *testing.T) {
	w := newWorld(t)
	forgot := func(username string) error {
		_, err := w.users.ForgotPassword(t.Context(), &idp.ForgotPasswordInput{ClientId: new(clientID), Username: &username})
		return err
	}
	reset := func(code, password string) error {
		_, err := w.users.ConfirmForgotPassword(t.Context(), &idp.ConfirmForgotPasswordInput{ClientId: new(clientID), Username: new(email), ConfirmationCode: &code, Password: &password})
		return err
	}
	fails(t, w.signUpByAPI(email, password, named), "")
	fails(t, forgot(email), "InvalidParameterException") // the address is not verified
	fails(t, w.confirm(w.code), "")
	fails(t, forgot("nobody@example.com"), "")
	fails(t, forgot(email), "")
	fails(t, reset("x", password), "CodeMismatchException")
	fails(t, reset(w.code, "short"), "InvalidPasswordException")
	fails(t, reset(w.code, password+"2"), "")
	fails(t, reset(w.code, password), "ExpiredCodeException")
	_, err := w.signIn(email, password+"2")
	fails(t, err, "")
	fails(t, forgot(email), "")
	w.clock.Advance(time.Hour)
	fails(t, reset(w.code, password), "ExpiredCodeException")
}

// https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ChangePassword.html
func TestChangePassword(t *testing.T) {
	w := newWorld(t)
	token := w.ann().AccessToken
	for _, tt := range []struct{ name, previous, proposed, want string }{
		{"wrong", "wrong", password + "2", "NotAuthorizedException"},
		{"weak", password, "weak", "InvalidPasswordException"},
		{"valid", password, password + "2", ""},
		{"old", password, password + "3", "NotAuthorizedException"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := w.users.ChangePassword(t.Context(), &idp.ChangePasswordInput{AccessToken: token, PreviousPassword: &tt.previous, ProposedPassword: &tt.proposed})
			fails(t, err, tt.want)
		})
	}
	_, err := w.signIn(email, password)
	fails(t, err, "NotAuthorizedException")
	_, err = w.signIn(email, password+"2")
	fails(t, err, "")
}

// https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_RevokeToken.html
func TestRevokeToken(t *testing.T) {
	for _, tt := range []struct {
		name, client string
		token        func(*types.AuthenticationResultType) *string
		want         string
		revoked      bool
	}{
		{"refresh token", clientID, func(a *types.AuthenticationResultType) *string { return a.RefreshToken }, "", true},
		{"access token", clientID, func(a *types.AuthenticationResultType) *string { return a.AccessToken }, "UnsupportedTokenTypeException", false},
		{"other client", "other", func(a *types.AuthenticationResultType) *string { return a.RefreshToken }, "UnauthorizedException", false},
		{"unknown client", "unknown", func(a *types.AuthenticationResultType) *string { return a.RefreshToken }, "ResourceNotFoundException", false},
		{"unknown token", clientID, func(*types.AuthenticationResultType) *string { return new("x") }, "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			in := w.ann()
			_, err := w.users.RevokeToken(t.Context(), &idp.RevokeTokenInput{ClientId: &tt.client, Token: tt.token(in)})
			fails(t, err, tt.want)
			want := map[bool]string{true: "NotAuthorizedException"}[tt.revoked]
			fails(t, w.refresh(in.RefreshToken), want)
			fails(t, w.getUser(in.AccessToken), want)
		})
	}
}

// The sessions of browsers go on.
// https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_GlobalSignOut.html
func TestGlobalSignOut(t *testing.T) {
	w := newWorld(t)
	w.signUp()
	first, err := w.signIn(email, password)
	fails(t, err, "")
	second, err := w.signIn(email, password)
	fails(t, err, "")
	_, err = w.users.GlobalSignOut(t.Context(), &idp.GlobalSignOutInput{AccessToken: first.AuthenticationResult.AccessToken})
	fails(t, err, "")
	for _, in := range []*idp.InitiateAuthOutput{first, second} {
		fails(t, w.getUser(in.AuthenticationResult.AccessToken), "NotAuthorizedException")
		fails(t, w.refresh(in.AuthenticationResult.RefreshToken), "NotAuthorizedException")
	}
	if back, _ := w.do(w.browser.Get(w.authorize(nil))); w.codeOf(back) == "" {
		t.Error("the browser is signed out")
	}
}
