package web_test

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssecretsmanager"

	"github.com/noidle/noidle/constructs/storage"
	"github.com/noidle/noidle/constructs/web"
)

func ExampleNewHTTPService() {
	app := awscdk.NewApp(nil)
	stack := awscdk.NewStack(app, new("Notes"), nil)

	users := web.NewSignIn(stack, "Users", nil)
	notes := web.NewHTTPService(stack, "Notes", &web.HTTPServiceProps{
		Package: "./functions/notes",
		Routes: []web.Route{
			{Method: "GET", Path: "/health", Public: true},
			{Method: "GET", Path: "/notes"},
			{Method: "POST", Path: "/notes", Throttle: web.Throttle{RatePerSecond: 10, Burst: 20}},
		},
		SignIn: users,
		Table:  &storage.TableProps{PartitionKey: "user", SortKey: "id"},
	})
	awscdk.NewCfnOutput(stack, new("NotesUrl"), &awscdk.CfnOutputProps{Value: notes.URL()})
	app.Synth(nil)
}

// Users sign in with Kakao, which speaks OpenID Connect, or with Google. The secrets
// were put into Secrets Manager beforehand.
func ExampleNewSignIn() {
	app := awscdk.NewApp(nil)
	stack := awscdk.NewStack(app, new("Notes"), nil)
	secret := func(name string) awssecretsmanager.ISecret {
		return awssecretsmanager.Secret_FromSecretNameV2(stack, &name, &name)
	}

	web.NewSignIn(stack, "Users", &web.SignInProps{
		CallbackURLs: []string{"https://notes.example.com/"},
		LogoutURLs:   []string{"https://notes.example.com/"},
		Groups:       []string{"editors"},
		Providers: []web.Provider{
			web.Google{ClientID: "1234.apps.googleusercontent.com", ClientSecret: secret("google")},
			web.OIDC{
				Name:         "Kakao",
				ClientID:     "0123456789abcdef",
				ClientSecret: secret("kakao"),
				Issuer:       "https://kauth.kakao.com",
				Scopes:       []string{"openid", "account_email", "profile_nickname"},
				Mapping:      map[string]string{"email": "email", "name": "nickname"},
			},
		},
	})
	app.Synth(nil)
}
