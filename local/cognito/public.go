package cognito

import (
	"encoding/json"
	"slices"
	"strings"
)

// clientOperations are those of apps. They need no signature.
func (s *Service) clientOperations() map[string]operation {
	return map[string]operation{
		"ConfirmForgotPassword": onNamedUser(errExpired, func(on subject, in *input) (any, error) {
			return nil, s.resetPassword(on.pool, on.user, in.ConfirmationCode, in.Password)
		}),
		"ConfirmSignUp": onNamedUser(errExpired, func(on subject, in *input) (any, error) {
			return nil, s.confirm(on.pool, on.user, in.ConfirmationCode)
		}),
		"ForgotPassword": onNamedUser(nil, func(on subject, _ *input) (any, error) {
			return delivered(on.user.attributes["email"]), s.forgot(on.pool, on.user)
		}),
		"InitiateAuth":           s.initiateAuth,
		"ResendConfirmationCode": onNamedUser(nil, s.resendConfirmationCode),
		"RespondToAuthChallenge": s.respondToAuthChallenge,
		"RevokeToken":            func(on subject, in *input) (any, error) { return nil, on.pool.revoke(on.client, in.Token) },
		"SignUp":                 s.signUpUser,
	}
}

// userOperations are those of users who are signed in. They need no signature.
func (s *Service) userOperations() map[string]operation {
	return map[string]operation{
		"ChangePassword": s.changePassword,
		"GetUser":        getUser,
		"GlobalSignOut": func(on subject, _ *input) (any, error) {
			on.pool.signOut(on.user)
			return nil, nil
		},
	}
}

// onNamedUser is an operation on a user whom an app names. If the client hides
// who exists, unknown is the error in place of that there is none, and nil means
// to answer as if a code was sent
// (https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pool-managing-errors.html).
func onNamedUser(unknown error, do operation) operation {
	return func(on subject, in *input) (any, error) {
		var err error
		if on.user, err = on.pool.find(in.Username); err == nil {
			return do(on, in)
		}
		if on.client.HideUsers {
			err = unknown
		}
		return delivered(in.Username), err
	}
}

// delivery is where a code went.
type delivery struct {
	CodeDeliveryDetails struct{ AttributeName, DeliveryMedium, Destination string }
}

// delivered hides the address but for the first letters of its parts.
func delivered(email string) (d delivery) {
	details := &d.CodeDeliveryDetails
	details.AttributeName, details.DeliveryMedium, details.Destination = "email", "EMAIL", "***"
	if isEmail(email) {
		_, domain, _ := strings.Cut(email, "@")
		details.Destination = email[:1] + "***@" + domain[:1] + "***"
	}
	return d
}

func (s *Service) signUpUser(on subject, in *input) (any, error) {
	u, err := s.signUp(on.pool, in.Username, in.Password, attributeMap(in.UserAttributes))
	if err != nil {
		return nil, err
	}
	return struct {
		delivery
		UserConfirmed bool
		UserSub       string
	}{delivered(u.attributes["email"]), false, u.sub}, nil
}

func (s *Service) resendConfirmationCode(on subject, _ *input) (any, error) {
	if on.user.status != unconfirmed {
		return nil, fail("InvalidParameterException", "User is already confirmed.")
	}
	s.sendCode(on.pool, on.user, false)
	return delivered(on.user.attributes["email"]), nil
}

func (s *Service) initiateAuth(on subject, in *input) (any, error) {
	flow := strings.TrimSuffix(in.AuthFlow, "_AUTH") + "_AUTH" // REFRESH_TOKEN is another name
	switch {
	case flow != "USER_PASSWORD_AUTH" && flow != "REFRESH_TOKEN_AUTH":
		return nil, fail("InvalidParameterException", "AuthFlow %q is not supported locally: use USER_PASSWORD_AUTH or the hosted pages", flow)
	case !slices.Contains(on.client.AuthFlows, "ALLOW_"+flow):
		return nil, fail("InvalidParameterException", "%s flow not enabled for this client", flow)
	case flow == "REFRESH_TOKEN_AUTH":
		return authenticated(on, func() (*tokens, error) { return s.refresh(on.pool, on.client, in.AuthParameters["REFRESH_TOKEN"]) })
	}
	u, asked, err := s.signIn(on.pool, on.client, in.AuthParameters["USERNAME"], in.AuthParameters["PASSWORD"])
	switch {
	case err == errUserNotFound && on.client.HideUsers:
		return nil, errIncorrect
	case err != nil:
		return nil, err
	case asked != nil:
		return asked.describe(on.pool)
	}
	return s.signedInByAPI(on, u)
}

func (s *Service) signedInByAPI(on subject, u *user) (any, error) {
	return authenticated(on, func() (*tokens, error) {
		return s.grant(on.pool, grant{user: u, client: on.client, scopes: []string{adminScope}, signedIn: s.now()})
	})
}

type authentication struct {
	AccessToken  string
	ExpiresIn    int
	IDToken      string `json:"IdToken"`
	RefreshToken string `json:",omitempty"`
	TokenType    string
}

func authenticated(on subject, issue func() (*tokens, error)) (any, error) {
	t, err := issue()
	if err != nil {
		return nil, err
	}
	result := authentication{t.access, int(on.client.AccessToken.Seconds()), t.id, t.refresh, "Bearer"}
	return struct{ AuthenticationResult authentication }{result}, nil
}

// describe is the output for a challenge, which names the attributes that the
// user lacks.
func (c *challenge) describe(p *pool) (any, error) {
	missing := []string{}
	for _, name := range p.missing(c.user.attributes) {
		missing = append(missing, "userAttributes."+name)
	}
	required, err := json.Marshal(missing)
	if err != nil {
		return nil, err
	}
	attributes, err := json.Marshal(c.user.attributes)
	return struct {
		ChallengeName, Session string
		ChallengeParameters    map[string]string
	}{newPasswordRequired, c.id, map[string]string{
		"USER_ID_FOR_SRP": c.user.name, "requiredAttributes": string(required), "userAttributes": string(attributes),
	}}, err
}

const newPasswordRequired = "NEW_PASSWORD_REQUIRED"

// respondToAuthChallenge is as in
// https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_RespondToAuthChallenge.html.
func (s *Service) respondToAuthChallenge(on subject, in *input) (any, error) {
	if in.ChallengeName != newPasswordRequired {
		return nil, fail("InvalidParameterException", "ChallengeName %q is not supported locally: want %s", in.ChallengeName, newPasswordRequired)
	}
	attributes := map[string]string{}
	for name, value := range in.ChallengeResponses {
		if name, ok := strings.CutPrefix(name, "userAttributes."); ok {
			attributes[name] = value
		}
	}
	u, err := s.answer(on.pool, on.client, in.Session, in.ChallengeResponses["NEW_PASSWORD"], attributes)
	if err != nil {
		return nil, err
	}
	return s.signedInByAPI(on, u)
}

func getUser(on subject, _ *input) (any, error) {
	return struct {
		UserAttributes []attribute
		Username       string
	}{on.user.attributeList(on.user.attributes), on.user.name}, nil
}

func (s *Service) changePassword(on subject, in *input) (any, error) {
	if on.user.password != in.PreviousPassword {
		return nil, errIncorrect
	}
	return nil, on.pool.setPassword(on.user, in.ProposedPassword, on.user.status, s.now())
}
