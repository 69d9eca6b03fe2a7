package cognito

import (
	"maps"
	"slices"

	"github.com/noidle/noidle/local/api"
)

// Operations are the API's operations: those that anybody may call, and those
// for administrators
// (https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/Welcome.html).
func (s *Service) Operations() api.Operations {
	all := s.adminOperations()
	maps.Copy(all, s.publicOperations())
	return all
}

// publicOperations need no signature.
func (s *Service) publicOperations() api.Operations {
	return api.Operations{
		"ChangePassword":         locked(s, s.changePassword),
		"ConfirmForgotPassword":  locked(s, s.confirmForgotPassword),
		"ConfirmSignUp":          locked(s, s.confirmSignUp),
		"ForgotPassword":         locked(s, s.forgotPassword),
		"GetUser":                locked(s, s.getUser),
		"GlobalSignOut":          locked(s, s.globalSignOut),
		"InitiateAuth":           locked(s, s.initiateAuth),
		"ResendConfirmationCode": locked(s, s.resendConfirmationCode),
		"RevokeToken":            locked(s, s.revokeToken),
		"SignUp":                 locked(s, s.signUpUser),
	}
}

// locked is an operation that has the service for itself.
func locked[In, Out any](s *Service, operation func(call *api.Call, in *In) (Out, error)) api.Operation {
	return api.Op(func(call *api.Call, in *In) (Out, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		return operation(call, in)
	})
}

type attribute struct{ Name, Value string }

func attributeMap(list []attribute) map[string]string {
	values := map[string]string{}
	for _, a := range list {
		values[a.Name] = a.Value
	}
	return values
}

// attributeList has the sub first, as AWS does.
func (u *user) attributeList(values map[string]string) []attribute {
	list := []attribute{{"sub", u.sub}}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		list = append(list, attribute{name, values[name]})
	}
	return list
}

// delivery is where a code went.
type delivery struct {
	CodeDeliveryDetails struct{ AttributeName, DeliveryMedium, Destination string }
}

func delivered(email string) (d delivery) {
	d.CodeDeliveryDetails.AttributeName, d.CodeDeliveryDetails.DeliveryMedium = "email", "EMAIL"
	d.CodeDeliveryDetails.Destination = masked(email)
	return d
}

// masked hides an address but for the first letters of its parts.
func masked(email string) string {
	if !isEmail(email) {
		return "***"
	}
	at := slices.Index([]byte(email), '@')
	return email[:1] + "***@" + email[at+1:at+2] + "***"
}

type signUpInput struct {
	ClientID       string `json:"ClientId"`
	Username       string
	Password       string
	UserAttributes []attribute
}

type signUpOutput struct {
	delivery
	UserConfirmed bool
	UserSub       string
}

func (s *Service) signUpUser(_ *api.Call, in *signUpInput) (*signUpOutput, error) {
	p, c, err := s.client(in.ClientID)
	if err != nil {
		return nil, err
	}
	u, err := s.signUp(p, c, in.Username, in.Password, attributeMap(in.UserAttributes))
	if err != nil {
		return nil, err
	}
	return &signUpOutput{delivered(u.attributes["email"]), false, u.sub}, nil
}

// userInput is how a client names a user.
type userInput struct {
	ClientID string `json:"ClientId"`
	Username string
}

func (s *Service) find(in *userInput) (*pool, *Client, *user, error) {
	p, c, err := s.client(in.ClientID)
	if err != nil {
		return nil, nil, nil, err
	}
	u, err := p.find(in.Username)
	return p, c, u, err
}

type confirmSignUpInput struct {
	userInput
	ConfirmationCode string
}

func (s *Service) confirmSignUp(_ *api.Call, in *confirmSignUpInput) (struct{}, error) {
	p, c, u, err := s.find(&in.userInput)
	if err != nil {
		return struct{}{}, hidden(c, err, errExpired)
	}
	return struct{}{}, s.confirm(p, u, in.ConfirmationCode)
}

// hidden returns another error in place of that a user does not exist, if the
// client says so
// (https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pool-managing-errors.html).
func hidden(c *Client, err, instead error) error {
	if c != nil && c.HideUsers && has(err, "UserNotFoundException") {
		return instead
	}
	return err
}

func (s *Service) resendConfirmationCode(_ *api.Call, in *userInput) (delivery, error) {
	p, c, u, err := s.find(in)
	if err != nil {
		return delivered(in.Username), hidden(c, err, nil)
	}
	if u.status != unconfirmed {
		return delivery{}, fail("InvalidParameterException", "User is already confirmed.")
	}
	s.send(p, u, false)
	return delivered(u.attributes["email"]), nil
}

func (s *Service) forgotPassword(_ *api.Call, in *userInput) (delivery, error) {
	p, c, u, err := s.find(in)
	if err != nil {
		return delivered(in.Username), hidden(c, err, nil)
	}
	if u.attributes["email_verified"] != "true" {
		return delivery{}, fail("InvalidParameterException", "Cannot reset password for the user as there is no registered/verified email or phone_number")
	}
	s.send(p, u, true)
	return delivered(u.attributes["email"]), nil
}

type confirmForgotPasswordInput struct {
	confirmSignUpInput
	Password string
}

func (s *Service) confirmForgotPassword(_ *api.Call, in *confirmForgotPasswordInput) (struct{}, error) {
	p, c, u, err := s.find(&in.userInput)
	if err != nil {
		return struct{}{}, hidden(c, err, errExpired)
	}
	return struct{}{}, s.resetPassword(p, u, in.ConfirmationCode, in.Password)
}

type initiateAuthInput struct {
	AuthFlow       string
	AuthParameters map[string]string
	ClientID       string `json:"ClientId"`
}

type authenticationResult struct {
	AccessToken  string
	ExpiresIn    int
	IDToken      string `json:"IdToken"`
	RefreshToken string `json:",omitempty"`
	TokenType    string
}

type initiateAuthOutput struct{ AuthenticationResult authenticationResult }

func (s *Service) initiateAuth(_ *api.Call, in *initiateAuthInput) (*initiateAuthOutput, error) {
	p, c, err := s.client(in.ClientID)
	if err != nil {
		return nil, err
	}
	issued, err := s.authenticate(p, c, in)
	if err != nil {
		return nil, err
	}
	return &initiateAuthOutput{authenticationResult{
		issued.access, int(c.AccessToken.Seconds()), issued.id, issued.refresh, "Bearer",
	}}, nil
}

func (s *Service) authenticate(p *pool, c *Client, in *initiateAuthInput) (*tokens, error) {
	flow := in.AuthFlow
	switch flow {
	case "REFRESH_TOKEN":
		flow = "REFRESH_TOKEN_AUTH"
	case "USER_PASSWORD_AUTH", "REFRESH_TOKEN_AUTH":
	default:
		return nil, fail("InvalidParameterException", "AuthFlow %q is not supported locally: use USER_PASSWORD_AUTH or the hosted pages", flow)
	}
	if !slices.Contains(c.AuthFlows, "ALLOW_"+flow) {
		return nil, fail("InvalidParameterException", "%s flow not enabled for this client", flow)
	}
	if flow == "REFRESH_TOKEN_AUTH" {
		return s.refresh(p, c, in.AuthParameters["REFRESH_TOKEN"])
	}
	u, err := s.signIn(p, in.AuthParameters["USERNAME"], in.AuthParameters["PASSWORD"])
	if err != nil {
		return nil, hidden(c, err, errIncorrect)
	}
	return s.grant(p, c, u, []string{adminScope}, "", s.now())
}

type accessTokenInput struct{ AccessToken string }

type getUserOutput struct {
	UserAttributes []attribute
	Username       string
}

func (s *Service) getUser(_ *api.Call, in *accessTokenInput) (*getUserOutput, error) {
	_, g, err := s.access(in.AccessToken, adminScope)
	if err != nil {
		return nil, err
	}
	return &getUserOutput{g.user.attributeList(g.attributes()), g.user.name}, nil
}

func (s *Service) globalSignOut(_ *api.Call, in *accessTokenInput) (struct{}, error) {
	p, g, err := s.access(in.AccessToken, adminScope)
	if err == nil {
		p.forget(g.user)
	}
	return struct{}{}, err
}

type changePasswordInput struct{ AccessToken, PreviousPassword, ProposedPassword string }

func (s *Service) changePassword(_ *api.Call, in *changePasswordInput) (struct{}, error) {
	p, g, err := s.access(in.AccessToken, adminScope)
	if err != nil {
		return struct{}{}, err
	}
	if _, err := s.signIn(p, g.user.name, in.PreviousPassword); err != nil {
		return struct{}{}, err
	}
	if err := p.Password.check(in.ProposedPassword); err != nil {
		return struct{}{}, err
	}
	g.user.password, g.user.modified = newHash(in.ProposedPassword), s.now()
	return struct{}{}, nil
}

type revokeTokenInput struct {
	ClientID string `json:"ClientId"`
	Token    string
}

func (s *Service) revokeToken(_ *api.Call, in *revokeTokenInput) (struct{}, error) {
	p, c, err := s.client(in.ClientID)
	if err != nil {
		return struct{}{}, err
	}
	return struct{}{}, p.revoke(c, in.Token)
}

// revoke ends the grant of a refresh token. One that is unknown is as good as
// revoked (https://docs.aws.amazon.com/cognito/latest/developerguide/revocation-endpoint.html).
func (p *pool) revoke(c *Client, token string) error {
	if !c.Revocation {
		return fail("UnsupportedOperationException", "Token revocation is not enabled for this client")
	}
	g := p.byRefresh(token)
	if g == nil {
		return nil
	}
	if g.client != c {
		return fail("UnauthorizedException", "The token was not issued to this client")
	}
	delete(p.grants, g.id)
	return nil
}
