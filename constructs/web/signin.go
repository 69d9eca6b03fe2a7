package web

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/noidle/noidle/constructs/internal/overlay"
)

// SignIn keeps the accounts of users, who are known by their e-mail addresses, and
// serves the pages where they sign up and in. Pages in browsers use it by the
// authorization code flow with PKCE; there is no secret to keep
// (https://docs.aws.amazon.com/cognito/latest/developerguide/using-pkce-in-authorization-code.html).
type SignIn struct {
	constructs.Construct

	// UserPool holds the users.
	UserPool awscognito.UserPool
	// Client is the application that users sign in to.
	Client awscognito.UserPoolClient
	// Domain is the address of the sign-in pages.
	Domain awscognito.UserPoolDomain
	// Groups are the groups, in the order of the props.
	Groups []awscognito.UserPoolGroup
	// Providers are the other providers, in the order of the props.
	Providers []awscognito.CfnUserPoolIdentityProvider

	callbacks, logouts []string
}

// defaultScopes are what an application asks for: who the user is.
var defaultScopes = []string{"openid", "email", "profile"}

// ownAccount is the scope in which users change their own accounts.
const ownAccount = "aws.cognito.signin.user.admin"

// localRedirect is where the sign-in returns to while no other place is allowed.
const localRedirect = "http://localhost:8080/"

// NewSignIn adds a SignIn to scope. It panics if props are invalid.
func NewSignIn(scope constructs.Construct, id string, props *SignInProps) *SignIn {
	settings, err := props.complete()
	if err != nil {
		panic(fmt.Errorf("web: SignIn %q: %w", id, err))
	}
	s := &SignIn{callbacks: slices.Clone(settings.CallbackURLs), logouts: slices.Clone(settings.LogoutURLs)}
	constructs.NewConstruct_Override(s, scope, &id)

	s.addUserPool(&settings)
	for _, name := range settings.Groups {
		s.Groups = append(s.Groups, s.UserPool.AddGroup(new("Group"+name), &awscognito.UserPoolGroupOptions{GroupName: &name}))
	}
	for _, provider := range settings.Providers {
		s.Providers = append(s.Providers, provider.settings().add(s, s.UserPool))
	}
	s.addClient(&settings)
	s.Domain = s.UserPool.AddDomain(new("Domain"), &awscognito.UserPoolDomainOptions{
		CognitoDomain: &awscognito.CognitoDomainOptions{DomainPrefix: new(cmp.Or(settings.DomainPrefix, s.domainPrefix()))},
	})
	return s
}

// URL returns the address of the sign-in pages, without a slash at its end.
func (s *SignIn) URL() *string {
	return s.Domain.BaseUrl(nil)
}

// Issuer returns what tokens have in iss.
func (s *SignIn) Issuer() *string {
	return s.UserPool.UserPoolProviderUrl()
}

// AllowRedirect lets the sign-in and the sign-out return to url, which may be a CDK
// token. It panics if url is neither https nor http on localhost.
func (s *SignIn) AllowRedirect(url *string) {
	if err := validateRedirect(*url); err != nil {
		panic(fmt.Errorf("web: SignIn %q: %w", *s.Node().Path(), err))
	}
	if len(s.callbacks) == maxRedirects || len(s.logouts) == maxRedirects {
		panic(fmt.Errorf("web: SignIn %q: redirect URL %q is one more than %d: leave out one of CallbackURLs or LogoutURLs", *s.Node().Path(), *url, maxRedirects))
	}
	s.callbacks = append(s.callbacks, *url)
	s.logouts = append(s.logouts, *url)
	client := s.Client.Node().DefaultChild().(awscognito.CfnUserPoolClient)
	client.SetCallbackUrLs(redirects(s.callbacks))
	client.SetLogoutUrLs(redirects(s.logouts))
}

// redirects returns urls, or the local address while there are none: the CDK would
// allow https://example.com, which belongs to somebody else.
func redirects(urls []string) *[]*string {
	if len(urls) == 0 {
		urls = []string{localRedirect}
	}
	return jsii.Strings(urls...)
}

func (s *SignIn) addUserPool(props *SignInProps) {
	settings := &awscognito.UserPoolProps{
		// The plan with the lowest price that has all of this
		// (https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-sign-in-feature-plans.html).
		FeaturePlan:         awscognito.FeaturePlan_LITE,
		SignInAliases:       &awscognito.SignInAliases{Email: new(true)},
		SignInCaseSensitive: new(false),
		SelfSignUpEnabled:   new(!props.ByInvitation),
		AutoVerify:          &awscognito.AutoVerifiedAttrs{Email: new(true)},
		// A new address replaces the old one when it is verified.
		KeepOriginal:    &awscognito.KeepOriginalAttrs{Email: new(true)},
		AccountRecovery: awscognito.AccountRecovery_EMAIL_ONLY,
		Mfa:             awscognito.Mfa(props.MFA),
		PasswordPolicy: &awscognito.PasswordPolicy{
			MinLength:        new(float64(props.PasswordLength)),
			RequireUppercase: new(true),
			RequireLowercase: new(true),
			RequireDigits:    new(true),
			RequireSymbols:   new(true),
		},
		DeletionProtection: new(props.RemovalPolicy != awscdk.RemovalPolicy_DESTROY),
		RemovalPolicy:      props.RemovalPolicy,
	}
	if props.MFA != MFAOff {
		settings.MfaSecondFactor = &awscognito.MfaSecondFactor{Otp: new(true), Sms: new(false)}
	}
	overlay.Set(settings, props.UserPool)
	s.UserPool = awscognito.NewUserPool(s, new("UserPool"), settings)
}

// addClient makes the app client, which is refused while a provider of it is not there.
func (s *SignIn) addClient(props *SignInProps) {
	providers := []awscognito.UserPoolClientIdentityProvider{awscognito.UserPoolClientIdentityProvider_COGNITO()}
	for _, p := range s.Providers {
		providers = append(providers, awscognito.UserPoolClientIdentityProvider_Custom(p.ProviderName()))
	}
	var scopes []awscognito.OAuthScope
	for _, name := range props.scopes() {
		scopes = append(scopes, awscognito.OAuthScope_Custom(&name))
	}
	settings := &awscognito.UserPoolClientOptions{
		GenerateSecret:             new(false),
		AuthFlows:                  &awscognito.AuthFlow{UserSrp: new(true)},
		PreventUserExistenceErrors: new(true),
		EnableTokenRevocation:      new(true),
		SupportedIdentityProviders: &providers,
		AccessTokenValidity:        awscdk.Duration_Hours(new(1.0)),
		IdTokenValidity:            awscdk.Duration_Hours(new(1.0)),
		RefreshTokenValidity:       awscdk.Duration_Days(new(30.0)),
		OAuth: &awscognito.OAuthSettings{
			Flows:        &awscognito.OAuthFlows{AuthorizationCodeGrant: new(true)},
			Scopes:       &scopes,
			CallbackUrls: redirects(s.callbacks),
			LogoutUrls:   redirects(s.logouts),
		},
	}
	overlay.Set(settings, props.Client)
	s.Client = s.UserPool.AddClient(new("Client"), settings)
	for _, p := range s.Providers {
		s.Client.Node().AddDependency(p)
	}
}

// scopes are what an application may ask for.
func (p *SignInProps) scopes() []string {
	if p.MFA == MFAOptional {
		return append(slices.Clone(defaultScopes), ownAccount)
	}
	return defaultScopes
}

// domainPrefix returns a prefix that no one else in the region has: a name of the
// construct's path, and the account's ID of 12 digits.
func (s *SignIn) domainPrefix() string {
	name := awscdk.Names_UniqueResourceName(s, &awscdk.UniqueResourceNameOptions{MaxLength: new(50.0), Separator: new("-")})
	return cmp.Or(withoutReserved(strings.ToLower(*name)), "users") + "-" + *awscdk.Stack_Of(s).Account()
}

// withoutReserved returns name without the words that Cognito keeps to itself.
func withoutReserved(name string) string {
	for _, word := range reserved {
		name = strings.ReplaceAll(name, word, "-")
	}
	return strings.Trim(name, "-")
}
