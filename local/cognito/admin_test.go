package cognito_test

import (
	"context"
	"strings"
	"testing"

	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"
)

var admin = map[string]func(ctx context.Context, c *idp.Client) error{
	"AdminAddUserToGroup": func(ctx context.Context, c *idp.Client) error {
		_, err := c.AdminAddUserToGroup(ctx, &idp.AdminAddUserToGroupInput{UserPoolId: new(poolID), Username: new(email), GroupName: new("admins")})
		return err
	},
	"AdminConfirmSignUp": func(ctx context.Context, c *idp.Client) error {
		_, err := c.AdminConfirmSignUp(ctx, &idp.AdminConfirmSignUpInput{UserPoolId: new(poolID), Username: new(email)})
		return err
	},
	"AdminCreateUser": func(ctx context.Context, c *idp.Client) error {
		_, err := c.AdminCreateUser(ctx, &idp.AdminCreateUserInput{UserPoolId: new(poolID), Username: new(email)})
		return err
	},
	"AdminDeleteUser": func(ctx context.Context, c *idp.Client) error {
		_, err := c.AdminDeleteUser(ctx, &idp.AdminDeleteUserInput{UserPoolId: new(poolID), Username: new(email)})
		return err
	},
	"AdminGetUser": func(ctx context.Context, c *idp.Client) error {
		_, err := c.AdminGetUser(ctx, &idp.AdminGetUserInput{UserPoolId: new(poolID), Username: new(email)})
		return err
	},
	"AdminRemoveUserFromGroup": func(ctx context.Context, c *idp.Client) error {
		_, err := c.AdminRemoveUserFromGroup(ctx, &idp.AdminRemoveUserFromGroupInput{UserPoolId: new(poolID), Username: new(email), GroupName: new("admins")})
		return err
	},
	"AdminSetUserPassword": func(ctx context.Context, c *idp.Client) error {
		_, err := c.AdminSetUserPassword(ctx, &idp.AdminSetUserPasswordInput{UserPoolId: new(poolID), Username: new(email), Password: new(password), Permanent: true})
		return err
	},
	"ListUsers": func(ctx context.Context, c *idp.Client) error {
		_, err := c.ListUsers(ctx, &idp.ListUsersInput{UserPoolId: new(poolID)})
		return err
	},
}

// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncognitouserpools.html
func TestAdminNeedsPermission(t *testing.T) {
	w := newWorld(t)
	for name, call := range admin {
		err := call(t.Context(), w.limited)
		fails(t, err, "AccessDeniedException")
		if want := "cognito-idp:" + name + " on arn:aws:cognito-idp:us-east-1:000000000000:userpool/" + poolID; err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q in it", name, err, want)
		}
	}
	if got := len(w.service.Operations()) - len(admin); got != 11 {
		t.Errorf("%d operations need no permission", got)
	}
}

func TestAdminOfNobody(t *testing.T) {
	w := newWorld(t)
	for name, call := range admin {
		if want := "UserNotFoundException"; strings.HasPrefix(name, "Admin") && name != "AdminCreateUser" {
			fails(t, call(t.Context(), w.users), want)
		}
	}
}

func TestAdmin(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	groups := func() any {
		in, err := w.signIn(email, password)
		if err != nil {
			t.Fatal(err)
		}
		return w.verify(*in.AuthenticationResult.AccessToken)["cognito:groups"]
	}
	fails(t, w.signUpByAPI(email, password, named), "")
	fails(t, admin["AdminConfirmSignUp"](ctx, w.users), "")
	fails(t, admin["AdminConfirmSignUp"](ctx, w.users), "NotAuthorizedException")
	for range 2 {
		fails(t, admin["AdminAddUserToGroup"](ctx, w.users), "")
	}
	if diff := cmp.Diff([]any{"admins"}, groups()); diff != "" {
		t.Error(diff)
	}
	fails(t, admin["AdminRemoveUserFromGroup"](ctx, w.users), "")
	if got := groups(); got != nil {
		t.Errorf("groups %v", got)
	}
	_, err := w.users.AdminAddUserToGroup(ctx, &idp.AdminAddUserToGroupInput{UserPoolId: new(poolID), Username: new(email), GroupName: new("x")})
	fails(t, err, "ResourceNotFoundException")
	for filter, want := range map[string]int{"": 1, `email = "` + email + `"`: 1, `email="x@example.com"`: 0} {
		if got, err := w.users.ListUsers(ctx, &idp.ListUsersInput{UserPoolId: new(poolID), Filter: &filter}); err != nil || len(got.Users) != want {
			t.Errorf("%s: %v, %v", filter, got, err)
		}
	}
	_, err = w.users.ListUsers(ctx, &idp.ListUsersInput{UserPoolId: new(poolID), Filter: new(`name ^= "A"`)})
	fails(t, err, "InvalidParameterException")
	_, err = w.users.ListUsers(ctx, &idp.ListUsersInput{UserPoolId: new("us-east-1_x")})
	fails(t, err, "ResourceNotFoundException")
}

// https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminSetUserPassword.html
func TestAdminSetUserPassword(t *testing.T) {
	for name, tt := range map[string]struct {
		permanent bool
		want      types.UserStatusType
	}{"permanent": {true, types.UserStatusTypeConfirmed}, "temporary": {false, types.UserStatusTypeForceChangePassword}} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.ann()
			_, err := w.users.AdminSetUserPassword(t.Context(), &idp.AdminSetUserPasswordInput{UserPoolId: new(poolID), Username: new(email), Password: new(password + "2"), Permanent: tt.permanent})
			fails(t, err, "")
			got, err := w.users.AdminGetUser(t.Context(), &idp.AdminGetUserInput{UserPoolId: new(poolID), Username: new(email)})
			if err != nil || got.UserStatus != tt.want || *got.UserAttributes[0].Name != "sub" {
				t.Errorf("%+v, %v", got, err)
			}
			in, err := w.signIn(email, password+"2")
			if err != nil || (in.AuthenticationResult != nil) != tt.permanent {
				t.Errorf("%+v, %v", in, err)
			}
		})
	}
}

func TestAdminDeleteUser(t *testing.T) {
	w := newWorld(t)
	code := w.signUp()
	in, err := w.signIn(email, password)
	fails(t, err, "")
	fails(t, admin["AdminDeleteUser"](t.Context(), w.users), "")
	fails(t, admin["AdminGetUser"](t.Context(), w.users), "UserNotFoundException")
	fails(t, w.getUser(in.AuthenticationResult.AccessToken), "NotAuthorizedException")
	if got := w.token(exchange(code)); got.Error != "invalid_grant" {
		t.Errorf("the code gets %+v", got)
	}
	if page, _ := w.do(w.browser.Get(w.authorize(nil))); page.Request.URL.Path != "/login" {
		t.Errorf("the browser is at %s", page.Request.URL)
	}
}
