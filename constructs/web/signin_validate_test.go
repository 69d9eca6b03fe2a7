package web

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssecretsmanager"
	"github.com/google/go-cmp/cmp"

	"github.com/noidle/noidle/constructs/internal/expect"
)

// secret stands for a secret that nobody looks into.
type secret struct{ awssecretsmanager.ISecret }

// TestSignInProps: the limits of Cognito are those of
// https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_PasswordPolicyType.html,
// https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_CreateUserPoolDomain.html,
// https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_CreateUserPoolClient.html,
// https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_CreateIdentityProvider.html and
// https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-oidc-idp.html.
func TestSignInProps(t *testing.T) {
	prefix := func(text string) *SignInProps { return &SignInProps{DomainPrefix: text} }
	callback := func(url string) *SignInProps { return &SignInProps{CallbackURLs: []string{url}} }
	provider := func(p Provider) *SignInProps { return &SignInProps{Providers: []Provider{p}} }
	kakao := OIDC{Name: "Kakao", ClientID: "id", ClientSecret: secret{}, Issuer: "https://kauth.kakao.com"}
	named, insecure, slashed, taken, anonymous := kakao, kakao, kakao, kakao, kakao
	named.Name, insecure.Issuer, slashed.Issuer = "카카오", "http://kauth.kakao.com", "https://kauth.kakao.com/"
	taken.Name, anonymous.Scopes = "Google", []string{"email"}
	many := slices.Repeat([]string{"https://example.com/"}, 101)
	google := Google{ClientID: "id", ClientSecret: secret{}}
	tests := []struct {
		name  string
		props *SignInProps
		want  string
	}{
		{"all defaults", nil, ""},
		{"unknown MFA", &SignInProps{MFA: "SMS"}, `MFA is "SMS": must be MFAOptional, MFARequired or MFAOff`},
		{"a short password", &SignInProps{PasswordLength: 7}, "PasswordLength is 7: must be 8 to 99"},
		{"the longest password", &SignInProps{PasswordLength: 99}, ""},
		{"a long password", &SignInProps{PasswordLength: 100}, "PasswordLength is 100"},
		{"the longest prefix", prefix(strings.Repeat("a", 63)), ""},
		{"a long prefix", prefix(strings.Repeat("a", 64)), "must be up to 63 small letters"},
		{"capital letters", prefix("Photos"), `DomainPrefix is "Photos"`},
		{"a hyphen at the end", prefix("photos-"), `DomainPrefix is "photos-"`},
		{"a reserved word", prefix("my-aws-photos"), `DomainPrefix is "my-aws-photos": must not contain aws`},
		{"https", callback("https://example.com/back?a=b"), ""},
		{"localhost", callback("http://localhost:8080/"), ""},
		{"another port", callback("http://localhost/back"), ""},
		{"the loopback address", callback("http://127.0.0.1:8080/"), ""},
		{"the loopback address of IPv6", callback("http://[::1]:8080/"), ""},
		{"another address", callback("http://127.0.0.2/"), "redirect URL is"},
		{"a long address", callback("https://example.com/" + strings.Repeat("a", 1005)), "must be at most 1024 characters"},
		{"as many addresses as can be", &SignInProps{CallbackURLs: many[:100], LogoutURLs: many[:100]}, ""},
		{"too many addresses", &SignInProps{CallbackURLs: many}, "CallbackURLs are 101 and LogoutURLs 0: must be at most 100 each"},
		{"too many addresses to sign out to", &SignInProps{LogoutURLs: many}, "LogoutURLs 101"},
		{"http elsewhere", callback("http://example.com/"), `redirect URL is "http://example.com/"`},
		{"a host that only starts like localhost", callback("http://localhost.example.com/"), "redirect URL is"},
		{"a fragment", callback("https://example.com/#top"), "redirect URL is"},
		{"an address to be known later", callback("https://${Token[TOKEN.1]}/"), ""},
		{"sign-out", &SignInProps{LogoutURLs: []string{"ftp://example.com"}}, "redirect URL is"},
		{"a group with a space", &SignInProps{Groups: []string{"the admins"}}, `Groups has "the admins"`},
		{"a group with a slash", &SignInProps{Groups: []string{"a/b"}}, `Groups has "a/b"`},
		{"a group twice", &SignInProps{Groups: []string{"a", "b", "a"}}, `Groups has "a" twice: leave one out`},
		{"a long group", &SignInProps{Groups: []string{strings.Repeat("a", 129)}}, "must be 1 to 128 letters"},
		{"the shortest password", &SignInProps{PasswordLength: 8}, ""},
		{"Kakao", provider(kakao), ""},
		{"two providers", &SignInProps{Providers: []Provider{kakao, google}}, ""},
		{"a provider twice", &SignInProps{Providers: []Provider{google, google}}, `provider "Google" is there twice`},
		{"no provider", &SignInProps{Providers: []Provider{nil}}, "Providers has nil"},
		{"a name that is taken", provider(taken), `Name is "Google": Cognito has a provider of this name`},
		{"an issuer that ends in a slash", provider(slashed), `Issuer is "https://kauth.kakao.com/": must be an https URL, without a slash at its end`},
		{"scopes without openid", provider(anonymous), `Scopes are "email": must have openid`},
		{"a name in Korean", provider(named), `Name is "카카오": must be 3 to 32 letters`},
		{"an issuer without TLS", provider(insecure), `Issuer is "http://kauth.kakao.com": must be an https URL`},
		{"no client", provider(Google{ClientSecret: secret{}}), `provider "Google": no client_id`},
		{"no secret", provider(Facebook{AppID: "id"}), `provider "Facebook": no client_secret`},
		{"no team", provider(Apple{ServicesID: "id", KeyID: "key", PrivateKey: secret{}}), `provider "SignInWithApple": no team_id`},
		{"no key", provider(Apple{ServicesID: "id", TeamID: "team", KeyID: "key"}), `provider "SignInWithApple": no private_key`},
		{"a secret of the client's own", &SignInProps{Client: &awscognito.UserPoolClientOptions{GenerateSecret: new(true)}}, "Client.GenerateSecret is set"},
		{"MFA twice", &SignInProps{UserPool: &awscognito.UserPoolProps{Mfa: awscognito.Mfa_OFF}}, "UserPool.Mfa is set: set MFA instead"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := tt.props.complete()
			expect.Error(t, err, tt.want)
		})
	}
}

// TestOIDC: a provider tells whether an address is verified, unless the mapping is
// another
// (https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-specifying-attribute-mapping.html).
func TestOIDC(t *testing.T) {
	own := map[string]string{"name": "nickname"}
	tests := []struct {
		name    string
		oidc    OIDC
		scopes  string
		mapping map[string]string
	}{
		{"defaults", OIDC{}, "openid email profile", map[string]string{"email": "email", "email_verified": "email_verified", "name": "name"}},
		{"own", OIDC{Scopes: []string{"openid", "age"}, Mapping: own}, "openid age", own},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := tt.oidc.settings()
			if diff := cmp.Diff(tt.mapping, got.mapping); diff != "" || got.details["authorize_scopes"] != tt.scopes {
				t.Errorf("scopes %q, mapping (-want +got):\n%s", got.details["authorize_scopes"], diff)
			}
		})
	}
}

func TestWithoutReserved(t *testing.T) {
	for name, want := range map[string]string{
		"shop-signin":        "shop-signin",
		"awsshop-cognito":    "shop",
		"acognitows-amazons": "a-ws--s",
		"aws-cognito":        "",
	} {
		if got := withoutReserved(name); got != want {
			t.Errorf("withoutReserved(%q) is %q, want %q", name, got, want)
		}
	}
}
