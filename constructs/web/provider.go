package web

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssecretsmanager"
	"github.com/aws/constructs-go/constructs/v10"
)

// Provider is another place where users have accounts: [Google], [Facebook], [Apple],
// [Amazon] or [OIDC]. Its secret stays in Secrets Manager: the template only refers to
// it, and CloudFormation reads it as the stack is deployed
// (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references-secretsmanager.html).
// The provider has to know one redirect address, the sign-in's URL with
// /oauth2/idpresponse.
type Provider interface {
	settings() identityProvider
}

// Google lets users sign in with Google
// (https://docs.aws.amazon.com/cognito/latest/developerguide/google.html).
type Google struct {
	ClientID     string
	ClientSecret awssecretsmanager.ISecret
}

// Facebook lets users sign in with Facebook
// (https://docs.aws.amazon.com/cognito/latest/developerguide/facebook.html).
type Facebook struct {
	AppID     string
	AppSecret awssecretsmanager.ISecret
}

// Apple lets users sign in with Apple
// (https://docs.aws.amazon.com/cognito/latest/developerguide/apple.html).
type Apple struct {
	ServicesID, TeamID, KeyID string
	PrivateKey                awssecretsmanager.ISecret
}

// Amazon lets users sign in with Amazon
// (https://docs.aws.amazon.com/cognito/latest/developerguide/amazon.html).
type Amazon struct {
	ClientID     string
	ClientSecret awssecretsmanager.ISecret
}

// OIDC lets users sign in with a provider that speaks OpenID Connect, such as Kakao or
// Naver
// (https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-oidc-idp.html).
type OIDC struct {
	// Name is the provider's name, 3 to 32 letters, digits and hyphens, a letter first.
	// Users are known by it: another name makes other users.
	Name         string
	ClientID     string
	ClientSecret awssecretsmanager.ISecret
	// Issuer is the provider's https URL, where .well-known/openid-configuration is,
	// without a slash at its end.
	Issuer string
	// Scopes are what to ask for, openid among them. Empty means openid, email and
	// profile.
	Scopes []string
	// Mapping has the claim that each attribute of a user is filled from. Empty means
	// email, email_verified and name from the claims of the same names.
	Mapping map[string]string
}

// identityProvider is what Cognito is told of a provider.
type identityProvider struct {
	name, kind string
	details    map[string]string // by the names that Cognito has for them
	secretName string            // that of the secret among the details
	secret     awssecretsmanager.ISecret
	mapping    map[string]string
}

func (g Google) settings() identityProvider {
	p := social("Google", map[string]string{"client_id": g.ClientID, "authorize_scopes": "openid email profile"}, g.ClientSecret)
	p.mapping = standardClaims
	return p
}

func (f Facebook) settings() identityProvider {
	return social("Facebook", map[string]string{"client_id": f.AppID, "authorize_scopes": "public_profile,email"}, f.AppSecret)
}

func (a Amazon) settings() identityProvider {
	return social("LoginWithAmazon", map[string]string{"client_id": a.ClientID, "authorize_scopes": "profile"}, a.ClientSecret)
}

func (a Apple) settings() identityProvider {
	p := social("SignInWithApple", map[string]string{
		"client_id": a.ServicesID, "team_id": a.TeamID, "key_id": a.KeyID, "authorize_scopes": "email name",
	}, a.PrivateKey)
	p.secretName = "private_key"
	p.mapping = map[string]string{"email": "email", "given_name": "firstName", "family_name": "lastName"}
	return p
}

func (o OIDC) settings() identityProvider {
	scopes := o.Scopes
	if len(scopes) == 0 {
		scopes = defaultScopes
	}
	p := social(o.Name, map[string]string{
		"client_id": o.ClientID, "oidc_issuer": o.Issuer, "attributes_request_method": "GET",
		"authorize_scopes": strings.Join(scopes, " "),
	}, o.ClientSecret)
	p.kind, p.mapping = "OIDC", standardClaims
	if len(o.Mapping) > 0 {
		p.mapping = o.Mapping
	}
	return p
}

// standardClaims is the mapping of providers that speak OpenID Connect. Without
// email_verified an address would not count as verified
// (https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-specifying-attribute-mapping.html).
var standardClaims = map[string]string{"email": "email", "email_verified": "email_verified", "name": "name"}

// social is a provider that Cognito knows by name, with the scopes that it knows
// (https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_CreateIdentityProvider.html).
func social(name string, details map[string]string, secret awssecretsmanager.ISecret) identityProvider {
	return identityProvider{
		name: name, kind: name, details: details, secretName: "client_secret", secret: secret,
		mapping: map[string]string{"email": "email", "name": "name"},
	}
}

// https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_CreateIdentityProvider.html
var providerName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]{2,31}$`)

// knownProviders are names that Cognito has given already.
var knownProviders = []string{"COGNITO", "Google", "Facebook", "LoginWithAmazon", "SignInWithApple"}

// validate says what is wrong with a provider
// (https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-oidc-idp.html).
func (p identityProvider) validate() error {
	if p.kind == "OIDC" {
		issuer := p.details["oidc_issuer"]
		switch {
		case !providerName.MatchString(p.name):
			return fmt.Errorf("Name is %q: must be 3 to 32 letters, digits and hyphens, a letter first", p.name)
		case slices.Contains(knownProviders, p.name):
			return fmt.Errorf("Name is %q: Cognito has a provider of this name: choose another", p.name)
		case !isToken(issuer) && (!strings.HasPrefix(issuer, "https://") || strings.HasSuffix(issuer, "/")):
			return fmt.Errorf("Issuer is %q: must be an https URL, without a slash at its end", issuer)
		case !slices.Contains(strings.Fields(p.details["authorize_scopes"]), "openid"):
			return fmt.Errorf("Scopes are %q: must have openid", p.details["authorize_scopes"])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(p.details)) {
		if p.details[name] == "" {
			return fmt.Errorf("no %s: set what the provider gave to the application", name)
		}
	}
	if p.secret == nil {
		return fmt.Errorf("no %s: set the secret in Secrets Manager that holds it", p.secretName)
	}
	return nil
}

// add adds the provider to the user pool.
func (p identityProvider) add(scope constructs.Construct, pool awscognito.IUserPool) awscognito.CfnUserPoolIdentityProvider {
	details := maps.Clone(p.details)
	details[p.secretName] = *p.secret.SecretValue().UnsafeUnwrap() // a reference
	return awscognito.NewCfnUserPoolIdentityProvider(scope, new("Provider"+p.name), &awscognito.CfnUserPoolIdentityProviderProps{
		UserPoolId:       pool.UserPoolId(),
		ProviderName:     &p.name,
		ProviderType:     &p.kind,
		ProviderDetails:  details,
		AttributeMapping: p.mapping,
	})
}
