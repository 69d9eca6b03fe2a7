package web

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
)

var (
	// https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_CreateUserPoolDomain.html
	domainPrefix = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)
	// https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_CreateGroup.html
	groupName = regexp.MustCompile(`^[\p{L}\p{M}\p{S}\p{N}\p{P}]{1,128}$`)
	// https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_CreateUserPoolClient.html
	redirect = regexp.MustCompile(`^(https://[^/\s#]+|http://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?)(/[^\s#]*)?$`)
)

// maxRedirects is how many addresses the sign-in, or the sign-out, may return to, and
// maxRedirectChars how long one may be
// (https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_CreateUserPoolClient.html).
const (
	maxRedirects     = 100
	maxRedirectChars = 1024
)

// reserved are the words that a domain prefix must not have
// (https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-assign-domain-prefix.html).
var reserved = []string{"aws", "amazon", "cognito"}

// complete returns the props with their defaults filled in.
func (p *SignInProps) complete() (SignInProps, error) {
	var settings SignInProps
	if p != nil {
		settings = *p
	}
	settings.MFA = cmp.Or(settings.MFA, MFAOptional)
	settings.PasswordLength = cmp.Or(settings.PasswordLength, 12)
	settings.RemovalPolicy = cmp.Or(settings.RemovalPolicy, awscdk.RemovalPolicy_RETAIN)
	return settings, settings.validate()
}

func (p *SignInProps) validate() error {
	switch {
	case !slices.Contains([]MFA{MFAOptional, MFARequired, MFAOff}, p.MFA):
		return fmt.Errorf("MFA is %q: must be MFAOptional, MFARequired or MFAOff", p.MFA)
	case p.PasswordLength < 8 || p.PasswordLength > 99:
		return fmt.Errorf("PasswordLength is %d: must be 8 to 99", p.PasswordLength)
	case len(p.CallbackURLs) > maxRedirects || len(p.LogoutURLs) > maxRedirects:
		return fmt.Errorf("CallbackURLs are %d and LogoutURLs %d: must be at most %d each", len(p.CallbackURLs), len(p.LogoutURLs), maxRedirects)
	}
	for _, url := range slices.Concat(p.CallbackURLs, p.LogoutURLs) {
		if err := validateRedirect(url); err != nil {
			return err
		}
	}
	return cmp.Or(p.validatePrefix(), p.validateNames(), p.validateSettings())
}

func validateRedirect(url string) error {
	switch {
	case isToken(url):
		return nil
	case !redirect.MatchString(url):
		return fmt.Errorf("redirect URL is %q: must be https, or http on localhost, without a fragment", url)
	case len(url) > maxRedirectChars:
		return fmt.Errorf("redirect URL is %q: must be at most %d characters", url, maxRedirectChars)
	}
	return nil
}

func (p *SignInProps) validatePrefix() error {
	if p.DomainPrefix == "" || isToken(p.DomainPrefix) {
		return nil
	}
	if !domainPrefix.MatchString(p.DomainPrefix) {
		return fmt.Errorf("DomainPrefix is %q: must be up to 63 small letters, digits and hyphens, with no hyphen at either end", p.DomainPrefix)
	}
	for _, word := range reserved {
		if strings.Contains(p.DomainPrefix, word) {
			return fmt.Errorf("DomainPrefix is %q: must not contain %s", p.DomainPrefix, word)
		}
	}
	return nil
}

func (p *SignInProps) validateNames() error {
	seen := map[string]bool{}
	for _, name := range p.Groups {
		if seen[name] {
			return fmt.Errorf("Groups has %q twice: leave one out", name)
		}
		seen[name] = true
		if !groupName.MatchString(name) || strings.Contains(name, "/") { // A slash parts construct IDs.
			return fmt.Errorf("Groups has %q: must be 1 to 128 letters, digits and signs, without spaces and slashes", name)
		}
	}
	clear(seen)
	for _, p := range p.Providers {
		if p == nil {
			return errors.New("Providers has nil: set one, such as web.Google{...}")
		}
		settings := p.settings()
		if seen[settings.name] {
			return fmt.Errorf("provider %q is there twice: leave one out", settings.name)
		}
		seen[settings.name] = true
		if err := settings.validate(); err != nil {
			return fmt.Errorf("provider %q: %w", settings.name, err)
		}
	}
	return nil
}

// validateSettings refuses settings that the construct decides.
func (p *SignInProps) validateSettings() error {
	pool := cmp.Or(p.UserPool, &awscognito.UserPoolProps{})
	client := cmp.Or(p.Client, &awscognito.UserPoolClientOptions{})
	for _, setting := range []struct {
		name   string
		set    bool
		reason string
	}{
		{"UserPool.Mfa", pool.Mfa != "", "set MFA instead"},
		{"UserPool.SelfSignUpEnabled", pool.SelfSignUpEnabled != nil, "set ByInvitation instead"},
		{"UserPool.PasswordPolicy", pool.PasswordPolicy != nil, "set PasswordLength instead"},
		{"UserPool.RemovalPolicy", pool.RemovalPolicy != "", "set RemovalPolicy instead"},
		{"Client.GenerateSecret", client.GenerateSecret != nil, "a page in a browser cannot keep a secret"},
		{"Client.OAuth", client.OAuth != nil, "set CallbackURLs and LogoutURLs instead"},
		{"Client.DisableOAuth", client.DisableOAuth != nil, "the sign-in pages need it"},
		{"Client.SupportedIdentityProviders", client.SupportedIdentityProviders != nil, "set Providers instead"},
	} {
		if setting.set {
			return fmt.Errorf("%s is set: %s", setting.name, setting.reason)
		}
	}
	return nil
}
