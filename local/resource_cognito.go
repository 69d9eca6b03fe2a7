package local

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/noidle/noidle/local/api"
	"github.com/noidle/noidle/local/assembly"
	"github.com/noidle/noidle/local/cognito"
)

type userPoolProperties struct {
	AccountRecoverySetting noEffect
	AdminCreateUserConfig  struct {
		AllowAdminCreateUserOnly bool
		InviteMessageTemplate    noEffect
	}
	AutoVerifiedAttributes   []string
	DeletionProtection       noEffect
	EmailConfiguration       noEffect
	EmailVerificationMessage noEffect
	EmailVerificationSubject noEffect
	EnabledMfas              noEffect
	MfaConfiguration         string
	Policies                 struct {
		PasswordPolicy *struct {
			MinimumLength                 int
			RequireLowercase              bool
			RequireNumbers                bool
			RequireSymbols                bool
			RequireUppercase              bool
			TemporaryPasswordValidityDays noEffect
		}
	}
	Schema []struct {
		AttributeDataType          noEffect
		DeveloperOnlyAttribute     noEffect
		Mutable                    noEffect
		Name                       string
		NumberAttributeConstraints noEffect
		Required                   bool
		StringAttributeConstraints noEffect
	}
	SmsVerificationMessage      noEffect
	UserAttributeUpdateSettings noEffect
	UserPoolName                noEffect
	UserPoolTags                noEffect
	UserPoolTier                noEffect
	UsernameAttributes          []string
	UsernameConfiguration       struct{ CaseSensitive *bool }
	VerificationMessageTemplate noEffect
}

// planUserPool plans a user pool, with the password policy of AWS unless it has
// one (https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cognito-userpool.html).
func planUserPool(c *Cloud, r *assembly.Resource, p *userPoolProperties) (planned, error) {
	id := api.Region + "_" + identifier(r)[:9]
	pool := cognito.Pool{
		ID:            id,
		EmailUsername: len(p.UsernameAttributes) > 0,
		CaseSensitive: p.UsernameConfiguration.CaseSensitive == nil || *p.UsernameConfiguration.CaseSensitive,
		VerifyEmail:   slices.Contains(p.AutoVerifiedAttributes, "email"),
		AdminOnly:     p.AdminCreateUserConfig.AllowAdminCreateUserOnly,
		Password:      cognito.PasswordPolicy{MinimumLength: 8, RequireLowercase: true, RequireNumbers: true, RequireSymbols: true, RequireUppercase: true},
	}
	if policy := p.Policies.PasswordPolicy; policy != nil {
		pool.Password = cognito.PasswordPolicy{
			MinimumLength: cmp.Or(policy.MinimumLength, 8), RequireLowercase: policy.RequireLowercase, RequireNumbers: policy.RequireNumbers,
			RequireSymbols: policy.RequireSymbols, RequireUppercase: policy.RequireUppercase,
		}
	}
	for _, attribute := range p.Schema {
		if attribute.Required {
			pool.Required = append(pool.Required, attribute.Name)
		}
		pool.Custom = append(pool.Custom, "custom:"+attribute.Name)
	}
	var problems []error
	if p.MfaConfiguration == "ON" {
		problems = append(problems, errors.New("property MfaConfiguration: ON is not supported locally: there is no second factor, use OPTIONAL or OFF"))
	}
	for _, name := range append(p.UsernameAttributes, p.AutoVerifiedAttributes...) {
		if name != "email" {
			problems = append(problems, fmt.Errorf("attribute %q is not supported locally: want email in UsernameAttributes and AutoVerifiedAttributes", name))
		}
	}
	issuer := cognito.Issuer(id)
	return planned{assembly.Identity{Ref: id, Attributes: map[string]any{
		"Arn": cognito.PoolARN(id), "ProviderName": issuer[len("https://"):], "ProviderURL": issuer, "UserPoolId": id,
	}}, nothing}, errors.Join(append(problems, c.cognito.CreatePool(pool))...)
}

type userPoolClientProperties struct {
	AccessTokenValidity             float64
	AllowedOAuthFlows               []string
	AllowedOAuthFlowsUserPoolClient bool
	AllowedOAuthScopes              []string
	AuthSessionValidity             noEffect
	CallbackURLs                    []string
	ClientName                      noEffect
	EnableTokenRevocation           noEffect
	ExplicitAuthFlows               []string
	GenerateSecret                  bool
	IDTokenValidity                 float64 `property:"IdTokenValidity"`
	LogoutURLs                      []string
	PreventUserExistenceErrors      string
	ReadAttributes                  noEffect
	RefreshTokenValidity            float64
	SupportedIdentityProviders      noEffect
	TokenValidityUnits              struct {
		AccessToken  string
		IDToken      string `property:"IdToken"`
		RefreshToken string
	}
	UserPoolID      string `property:"UserPoolId"`
	WriteAttributes noEffect
}

// planUserPoolClient plans a client, whose tokens are valid for an hour and whose
// refresh tokens for 30 days unless it says otherwise
// (https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cognito-userpoolclient.html).
func planUserPoolClient(c *Cloud, r *assembly.Resource, p *userPoolClientProperties) (planned, error) {
	client := cognito.Client{
		ID: digest(identifier(r))[:26], AuthFlows: p.ExplicitAuthFlows,
		OAuth: p.AllowedOAuthFlowsUserPoolClient, Scopes: p.AllowedOAuthScopes, Callbacks: p.CallbackURLs, Logouts: p.LogoutURLs,
		HideUsers: p.PreventUserExistenceErrors == "ENABLED",
	}
	if len(client.AuthFlows) == 0 {
		client.AuthFlows = []string{"ALLOW_REFRESH_TOKEN_AUTH"}
	}
	var problems []error
	if p.GenerateSecret {
		problems = append(problems, errors.New("property GenerateSecret: true is not supported locally: want a public client"))
	}
	for _, flow := range p.AllowedOAuthFlows {
		if flow != "code" {
			problems = append(problems, fmt.Errorf("property AllowedOAuthFlows: %q is not supported locally: want code", flow))
		}
	}
	units := p.TokenValidityUnits
	for _, token := range []struct {
		into    *time.Duration
		value   float64
		unit    string
		initial time.Duration
	}{
		{&client.AccessToken, p.AccessTokenValidity, cmp.Or(units.AccessToken, "hours"), time.Hour},
		{&client.IDToken, p.IDTokenValidity, cmp.Or(units.IDToken, "hours"), time.Hour},
		{&client.RefreshToken, p.RefreshTokenValidity, cmp.Or(units.RefreshToken, "days"), 30 * 24 * time.Hour},
	} {
		unit, ok := validityUnits[token.unit]
		if !ok {
			problems = append(problems, fmt.Errorf("property TokenValidityUnits: %q: want seconds, minutes, hours or days", token.unit))
		}
		*token.into = cmp.Or(time.Duration(token.value*float64(unit)), token.initial)
	}
	return planned{assembly.Identity{Ref: client.ID, Attributes: map[string]any{"ClientId": client.ID, "Name": client.ID}}, func() error {
		return c.cognito.CreateClient(p.UserPoolID, client)
	}}, errors.Join(problems...)
}

var validityUnits = map[string]time.Duration{"seconds": time.Second, "minutes": time.Minute, "hours": time.Hour, "days": 24 * time.Hour}

type userPoolDomainProperties struct {
	CustomDomainConfig  any
	Domain              string
	ManagedLoginVersion noEffect
	UserPoolID          string `property:"UserPoolId"`
}

// planUserPoolDomain plans a domain at an address of its own, which stands in for
// the one that it would have on AWS.
func planUserPoolDomain(c *Cloud, _ *assembly.Resource, p *userPoolDomainProperties) (planned, error) {
	if p.CustomDomainConfig != nil {
		return planned{}, errors.New("property CustomDomainConfig: a custom domain is not supported locally: use a prefix domain")
	}
	listener, err := c.listenBeside()
	if err != nil {
		return planned{}, err
	}
	url := "http://" + listener.Addr().String()
	c.addresses["https://"+p.Domain+".auth."+api.Region+".amazoncognito.com"] = url
	return named(p.Domain, "", func() error {
		handler, err := c.cognito.Domain(p.UserPoolID, p.Domain, url)
		if err == nil {
			c.serve(listener, guard(handler, true, nil))
		}
		return err
	}), nil
}

type userPoolGroupProperties struct {
	Description noEffect
	GroupName   string
	Precedence  noEffect
	UserPoolID  string `property:"UserPoolId"`
}

func planUserPoolGroup(c *Cloud, r *assembly.Resource, p *userPoolGroupProperties) (planned, error) {
	name := cmp.Or(p.GroupName, physicalName(r, 128))
	return named(name, "", func() error { return c.cognito.CreateGroup(p.UserPoolID, name) }), nil
}

type userPoolIdentityProviderProperties struct {
	AttributeMapping noEffect
	IdpIdentifiers   noEffect
	ProviderDetails  noEffect
	ProviderName     string
	ProviderType     noEffect
	UserPoolID       noEffect `property:"UserPoolId"`
}

// planUserPoolIdentityProvider plans nothing: the sign-in page says that the
// provider is not available here.
func planUserPoolIdentityProvider(_ *Cloud, _ *assembly.Resource, p *userPoolIdentityProviderProperties) (planned, error) {
	return named(p.ProviderName, "", nothing), nil
}

// takesUnsigned finds the service that takes a request without a signature.
func (c *Cloud) takesUnsigned(r *http.Request) (service string, as *api.Principal) {
	if c.cognito.TakesUnsigned(r) {
		return "cognito-idp", c.authority.Anonymous()
	}
	return c.unsigned(r)
}
