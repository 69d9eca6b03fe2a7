package web

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
)

// SignInProps configures a [SignIn]. Nil means all defaults.
type SignInProps struct {
	// CallbackURLs are where the sign-in may return to, up to 100: https, or http on
	// localhost, 127.0.0.1 or [::1], without a fragment. They may be CDK tokens;
	// [SignIn.AllowRedirect] adds more. While there are none, it is
	// http://localhost:8080/
	// (https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_CreateUserPoolClient.html).
	CallbackURLs []string
	// LogoutURLs are where the sign-out may return to, like CallbackURLs.
	LogoutURLs []string
	// DomainPrefix is the start of the address of the sign-in pages, unique in its
	// region: up to 63 small letters, digits and hyphens, no hyphen at either end,
	// without the words aws, amazon and cognito. Empty means one of the construct's name and the account's ID.
	DomainPrefix string
	// MFA says who needs a second factor, which is a code of an authenticator app.
	// Empty means MFAOptional.
	MFA MFA
	// ByInvitation says that only an administrator makes accounts. By default everyone
	// with an e-mail address may.
	ByInvitation bool
	// Groups are names of groups of users, each 1 to 128 letters, digits and signs; a
	// token has those of its user in cognito:groups.
	Groups []string
	// PasswordLength is the least length of a password, 8 to 99, which also needs an
	// upper and a lower case letter, a digit and a symbol. Zero means 12.
	PasswordLength int
	// Providers are others that users may sign in with: [Google], [Facebook], [Apple],
	// [Amazon] and any with OpenID Connect, [OIDC].
	Providers []Provider
	// RemovalPolicy says what becomes of the users when the pool leaves its stack. Empty
	// means that they are retained, and that the pool is protected from deletion.
	RemovalPolicy awscdk.RemovalPolicy
	// UserPool overrides settings of the user pool; nil fields keep the defaults.
	UserPool *awscognito.UserPoolProps
	// Client overrides settings of the app client; nil fields keep the defaults. Access
	// and ID tokens are valid for an hour, and a user stays signed in for 30 days.
	Client *awscognito.UserPoolClientOptions
}

// MFA says who needs a second factor
// (https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-settings-mfa.html).
type MFA string

// Who needs a second factor. Users of other providers never do: they have theirs there.
// The sign-in pages have users set one up where it is required. Where it is optional, an
// application of yours has to call AssociateSoftwareToken, with a token of the scope
// aws.cognito.signin.user.admin, which the client may ask for then
// (https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-settings-mfa-totp.html).
const (
	MFAOptional MFA = "OPTIONAL" // who has set one up
	MFARequired MFA = "REQUIRED" // everyone
	MFAOff      MFA = "OFF"      // no one
)
