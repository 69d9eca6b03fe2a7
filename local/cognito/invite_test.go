package cognito_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"
)

// https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminCreateUser.html
func TestAdminCreateUser(t *testing.T) {
	for _, tt := range []struct {
		name string
		in   idp.AdminCreateUserInput
		want string
	}{
		{"temporary password", idp.AdminCreateUserInput{TemporaryPassword: new(password)}, ""},
		{"generated password", idp.AdminCreateUserInput{}, ""},
		{"weak password", idp.AdminCreateUserInput{TemporaryPassword: new("weak")}, "InvalidPasswordException"},
		{"again", idp.AdminCreateUserInput{MessageAction: "RESEND"}, "InvalidParameterException"},
		{"verified", idp.AdminCreateUserInput{UserAttributes: []types.AttributeType{{Name: new("email_verified"), Value: new("true")}}}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			tt.in.UserPoolId, tt.in.Username = new(poolID), new(email)
			out, err := w.users.AdminCreateUser(t.Context(), &tt.in)
			fails(t, err, tt.want)
			if tt.want != "" {
				return
			}
			if out.User.UserStatus != types.UserStatusTypeForceChangePassword {
				t.Errorf("status %s", out.User.UserStatus)
			}
			_, err = w.users.AdminCreateUser(t.Context(), &tt.in)
			fails(t, err, "UsernameExistsException")
			in, err := w.signIn(email, w.code)
			if err != nil || in.ChallengeName != "NEW_PASSWORD_REQUIRED" || in.AuthenticationResult != nil {
				t.Errorf("with the reported password: %+v, %v", in, err)
			}
		})
	}
}

func (w *world) invite() *idp.InitiateAuthOutput {
	w.Helper()
	if _, err := w.users.AdminCreateUser(w.Context(), &idp.AdminCreateUserInput{UserPoolId: new(poolID), Username: new(email)}); err != nil {
		w.Fatal(err)
	}
	in, err := w.signIn(email, w.code)
	if err != nil {
		w.Fatal(err)
	}
	return in
}

// https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_RespondToAuthChallenge.html
func TestNewPassword(t *testing.T) {
	w := newWorld(t)
	in := w.invite()
	var required []string
	if err := json.Unmarshal([]byte(in.ChallengeParameters["requiredAttributes"]), &required); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"userAttributes.name"}, required); diff != "" {
		t.Error(diff)
	}
	_, err := w.users.ForgotPassword(t.Context(), &idp.ForgotPasswordInput{ClientId: new(clientID), Username: new(email)})
	fails(t, err, "NotAuthorizedException")
	for _, tt := range []struct{ name, challenge, client, session, password, attribute, want string }{
		{"other challenge", "SMS_MFA", clientID, *in.Session, password, "name", "InvalidParameterException"},
		{"unknown session", "NEW_PASSWORD_REQUIRED", clientID, strings.Repeat("x", 43), password, "name", "NotAuthorizedException"},
		{"other client", "NEW_PASSWORD_REQUIRED", "other", *in.Session, password, "name", "NotAuthorizedException"},
		{"weak", "NEW_PASSWORD_REQUIRED", clientID, *in.Session, "weak", "name", "InvalidPasswordException"},
		{"other address", "NEW_PASSWORD_REQUIRED", clientID, *in.Session, password, "email", "NotAuthorizedException"},
		{"name is missing", "NEW_PASSWORD_REQUIRED", clientID, *in.Session, password, "nickname", "InvalidParameterException"},
		{"valid", "NEW_PASSWORD_REQUIRED", clientID, *in.Session, password, "name", ""},
		{"used", "NEW_PASSWORD_REQUIRED", clientID, *in.Session, password, "name", "NotAuthorizedException"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			out, err := w.users.RespondToAuthChallenge(t.Context(), &idp.RespondToAuthChallengeInput{
				ChallengeName: types.ChallengeNameType(tt.challenge), ClientId: &tt.client, Session: &tt.session,
				ChallengeResponses: map[string]string{"USERNAME": email, "NEW_PASSWORD": tt.password, "userAttributes." + tt.attribute: "Ann"},
			})
			fails(t, err, tt.want)
			if err == nil && w.verify(*out.AuthenticationResult.IdToken)["name"] != "Ann" {
				t.Error("the attribute is not set")
			}
		})
	}
	_, err = w.signIn(email, password)
	fails(t, err, "")
}

// https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_InitiateAuth.html
func TestChallengeExpires(t *testing.T) {
	w := newWorld(t)
	in := w.invite()
	w.clock.Advance(3 * time.Minute)
	_, err := w.users.RespondToAuthChallenge(t.Context(), &idp.RespondToAuthChallengeInput{ChallengeName: in.ChallengeName, ClientId: new(clientID), Session: in.Session,
		ChallengeResponses: map[string]string{"USERNAME": email, "NEW_PASSWORD": password, "userAttributes.name": "Ann"}})
	fails(t, err, "NotAuthorizedException")
}
