package local_test

import (
	"net/http"
	"strings"
	"testing"

	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"github.com/noidle/noidle/local"
)

func userPool(pool, client, domain string) string {
	return `"Pool": {"Type": "AWS::Cognito::UserPool", "Properties": {"UsernameAttributes": ["email"], "AutoVerifiedAttributes": ["email"],
			"AdminCreateUserConfig": {"AllowAdminCreateUserOnly": false}, "AccountRecoverySetting": {"RecoveryMechanisms": [{"Name": "verified_email", "Priority": 1}]},
			"EmailVerificationMessage": "{####}", "VerificationMessageTemplate": {"DefaultEmailOption": "CONFIRM_WITH_CODE"}` + pool + `}},
		"Client": {"Type": "AWS::Cognito::UserPoolClient", "Properties": {"UserPoolId": {"Ref": "Pool"}, "AllowedOAuthFlowsUserPoolClient": true,
			"AllowedOAuthFlows": ["code"], "AllowedOAuthScopes": ["openid"], "CallbackURLs": ["http://127.0.0.1/"], "SupportedIdentityProviders": ["COGNITO"],
			"AccessTokenValidity": 30, "TokenValidityUnits": {"AccessToken": "minutes"}` + client + `}},
		"Domain": {"Type": "AWS::Cognito::UserPoolDomain", "Properties": {"UserPoolId": {"Ref": "Pool"}, "Domain": "app"` + domain + `}}`
}

// The URL of a domain in outputs is that of its pages on this machine, and the
// keys are also at the AWS endpoint.
func TestUserPool(t *testing.T) {
	outputs := `"Login": {"Value": {"Fn::Sub": "https://${Domain}.auth.us-east-1.amazoncognito.com/login?client_id=${Client}&response_type=code&redirect_uri=http://127.0.0.1/"}},
		"Pool": {"Value": {"Ref": "Pool"}}, "Client": {"Value": {"Ref": "Client"}}, "Issuer": {"Value": {"Fn::GetAtt": ["Pool", "ProviderURL"]}}`
	c, err := local.Start(write(t, userPool("", "", ""), outputs), local.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	values := c.Outputs()["Main"]
	if status, body, _ := fetch(t, values["Login"]); status != http.StatusOK || !strings.Contains(body, "Sign in") {
		t.Errorf("login page: %d %s", status, body)
	}
	if want := "https://cognito-idp.us-east-1.amazonaws.com/" + values["Pool"]; values["Issuer"] != want {
		t.Errorf("issuer %s, want %s", values["Issuer"], want)
	}
	if status, body, _ := fetch(t, c.URL()+"/"+values["Pool"]+"/.well-known/jwks.json"); status != http.StatusOK || !strings.Contains(body, "RS256") {
		t.Errorf("keys: %d %s", status, body)
	}
	users := idp.New(idp.Options{Region: "us-east-1", BaseEndpoint: new(c.URL()), Credentials: anybody})
	if _, err := users.SignUp(t.Context(), &idp.SignUpInput{ClientId: new(values["Client"]), Username: new("a@example.com"), Password: new("Correct-horse-1")}); err != nil {
		t.Error(err)
	}
}

// A provider's secret is in Secrets Manager, which is not here, and no one signs in
// with the provider.
func TestUserPoolProvider(t *testing.T) {
	provider := `, "Google": {"Type": "AWS::Cognito::UserPoolIdentityProvider", "Properties": {"UserPoolId": {"Ref": "Pool"}, "ProviderName": "Google", "ProviderType": "Google",
		"ProviderDetails": {"client_secret": {"Fn::Join": ["", ["{{resolve:secretsmanager:", {"Ref": "AWS::Region"}, ":SecretString:::}}"]]}}}}`
	c, err := local.Start(write(t, userPool("", "", "")+provider, ""), local.Options{})
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
}

func TestUserPoolRefusals(t *testing.T) {
	for name, tt := range map[string]struct{ resources, want string }{
		"second factor":   {userPool(`, "MfaConfiguration": "ON"`, "", ""), "MfaConfiguration: ON is not supported locally"},
		"phone":           {userPool(`, "UsernameAttributes": ["phone_number"]`, "", ""), `attribute "phone_number" is not supported locally`},
		"implicit flow":   {userPool("", `, "AllowedOAuthFlows": ["implicit"]`, ""), `property AllowedOAuthFlows: "implicit" is not supported locally`},
		"unknown unit":    {userPool("", `, "TokenValidityUnits": {"AccessToken": "weeks"}`, ""), `property TokenValidityUnits: "weeks"`},
		"secret":          {userPool("", `, "GenerateSecret": true`, ""), "GenerateSecret"},
		"custom domain":   {userPool("", "", `, "CustomDomainConfig": {"CertificateArn": "x"}`), "custom domain is not supported"},
		"lambda triggers": {userPool(`, "LambdaConfig": {"PreSignUp": "x"}`, "", ""), "LambdaConfig"},
	} {
		c, err := local.Start(write(t, tt.resources, ""), local.Options{})
		if err == nil {
			c.Close()
		}
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error is %v, want %q in it", name, err, tt.want)
		}
	}
}
