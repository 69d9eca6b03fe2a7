package test

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssecretsmanager"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/google/go-cmp/cmp"

	"github.com/noidle/noidle/constructs/storage"
	"github.com/noidle/noidle/constructs/web"
)

func defaultHTTPService(scope constructs.Construct, id string) constructs.Construct {
	return web.NewHTTPService(scope, id, &web.HTTPServiceProps{Package: "./functions/hello"})
}

func fullHTTPService(scope constructs.Construct, id string) constructs.Construct {
	return web.NewHTTPService(scope, id, &web.HTTPServiceProps{
		Package: "./functions/hello",
		Routes: []web.Route{
			{Path: "/photos", Throttle: web.Throttle{Burst: 70}},
			{Method: "DELETE", Path: "/photos/{id}", Scopes: []string{"photos/write"}, Throttle: web.Throttle{RatePerSecond: 1, Burst: 2}},
			{Method: "GET", Path: "/health", Public: true, Throttle: web.Throttle{RatePerSecond: 5}},
		},
		CORS:        &web.CORS{Origins: []string{"https://example.com"}, Credentials: true, MaxAge: time.Minute},
		SignIn:      web.NewSignIn(scope, id+"Users", nil),
		Throttle:    web.Throttle{RatePerSecond: 50, Burst: 60},
		Table:       &storage.TableProps{PartitionKey: "user", SortKey: "id"},
		Environment: map[string]string{"GREETING": "hello"},
		Memory:      512,
		Timeout:     29 * time.Second,
		MaxLatency:  1500 * time.Millisecond,
	})
}

// fullSignIn has a provider of each kind. Whoever reads the template learns none of
// their secrets.
func fullSignIn(scope constructs.Construct, id string) constructs.Construct {
	secret := func(name string) awssecretsmanager.ISecret {
		return awssecretsmanager.NewSecret(scope, new(id+name), nil)
	}
	s := web.NewSignIn(scope, id, &web.SignInProps{
		CallbackURLs:   []string{"https://example.com/"},
		LogoutURLs:     []string{"https://example.com/bye"},
		DomainPrefix:   "photos-of-example",
		MFA:            web.MFARequired,
		ByInvitation:   true,
		Groups:         []string{"editors", "admins"},
		PasswordLength: 16,
		Providers: []web.Provider{
			web.Google{ClientID: "google-id", ClientSecret: secret("Google")},
			web.Facebook{AppID: "facebook-id", AppSecret: secret("Facebook")},
			web.Apple{ServicesID: "apple-id", TeamID: "team", KeyID: "key", PrivateKey: secret("Apple")},
			web.Amazon{ClientID: "amazon-id", ClientSecret: secret("Amazon")},
			web.OIDC{
				Name: "Kakao", ClientID: "kakao-id", ClientSecret: secret("Kakao"), Issuer: "https://kauth.kakao.com",
				Scopes: []string{"openid", "account_email"}, Mapping: map[string]string{"name": "nickname"},
			},
		},
		RemovalPolicy: awscdk.RemovalPolicy_DESTROY,
		UserPool:      &awscognito.UserPoolProps{UserPoolName: new("photos")},
		Client:        &awscognito.UserPoolClientOptions{RefreshTokenValidity: awscdk.Duration_Days(new(1.0))},
	})
	s.AllowRedirect(new("https://" + *awscdk.Aws_REGION() + ".example.com/"))
	return s
}

// TestHTTPServiceIsClosed: without CORS and SignIn, pages of other origins are shut out
// and all requests reach the function.
func TestHTTPServiceIsClosed(t *testing.T) {
	got := render(t, func(s awscdk.Stack) { defaultHTTPService(s, "Web") })
	if cors := got.only(t, "AWS::ApiGatewayV2::Api").Properties["CorsConfiguration"]; cors != nil {
		t.Errorf("CORS is %v, want it closed", cors)
	}
	if ids := got.ofType("AWS::ApiGatewayV2::Authorizer"); len(ids) > 0 {
		t.Errorf("authorizers %v, want none", ids)
	}
	want := map[string]route{"ANY /": {}, "ANY /{proxy+}": {}}
	if diff := cmp.Diff(want, routes(got)); diff != "" {
		t.Errorf("routes (-want +got):\n%s", diff)
	}
	if may := rights(got, "WebFunctionRole"); len(may) > 0 {
		t.Errorf("the function may %v, want nothing", may)
	}
}

// route is who may use a route.
type route struct {
	Type, Authorizer string
	Scopes           []any
}

// routes returns the routes of an API by their keys.
func routes(got template) map[string]route {
	all := map[string]route{}
	for _, id := range got.ofType("AWS::ApiGatewayV2::Route") {
		p := got.Resources[id].Properties
		var r route
		if kind, _ := p["AuthorizationType"].(string); kind != "NONE" {
			r.Type = kind
		}
		if p["AuthorizerId"] != nil {
			r.Authorizer = target(p["AuthorizerId"])
		}
		r.Scopes, _ = p["AuthorizationScopes"].([]any)
		all[p["RouteKey"].(string)] = r
	}
	return all
}

// TestHTTPServiceTakesTokens: every route that is not public needs a token of the
// service's own users; preflight requests need none
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html).
func TestHTTPServiceTakesTokens(t *testing.T) {
	got := render(t, func(s awscdk.Stack) { fullHTTPService(s, "Web") })
	want := map[string]route{
		"ANY /photos":         {Type: "JWT", Authorizer: "WebApiAuthorizer"},
		"OPTIONS /photos":     {},
		"DELETE /photos/{id}": {Type: "JWT", Authorizer: "WebApiAuthorizer", Scopes: []any{"photos/write"}},
		"GET /health":         {},
	}
	if diff := cmp.Diff(want, routes(got)); diff != "" {
		t.Errorf("routes (-want +got):\n%s", diff)
	}
	authorizer := got.only(t, "AWS::ApiGatewayV2::Authorizer").Properties
	if diff := cmp.Diff([]any{"$request.header.Authorization"}, authorizer["IdentitySource"]); diff != "" {
		t.Errorf("where the token is (-want +got):\n%s", diff)
	}
	jwt := authorizer["JwtConfiguration"].(map[string]any)
	if pool := target(jwt["Issuer"]); pool != "WebUsersUserPool" {
		t.Errorf("the issuer is %s, want the user pool", pool)
	}
	if audience := list(jwt["Audience"]); len(audience) != 1 || target(audience[0]) != "WebUsersUserPoolClient" {
		t.Errorf("the audience is %v, want the client", audience)
	}
}

// TestHTTPServiceTakesTokensOfOthers: any issuer with OpenID Connect will do.
func TestHTTPServiceTakesTokensOfOthers(t *testing.T) {
	got := render(t, func(s awscdk.Stack) {
		web.NewHTTPService(s, "Web", &web.HTTPServiceProps{
			Package: "./functions/hello",
			JWT:     &web.JWT{Issuer: "https://issuer.example.com", Audience: []string{"me"}},
		})
	})
	want := map[string]any{"Issuer": "https://issuer.example.com", "Audience": []any{"me"}}
	if diff := cmp.Diff(want, got.only(t, "AWS::ApiGatewayV2::Authorizer").Properties["JwtConfiguration"]); diff != "" {
		t.Errorf("the authorizer (-want +got):\n%s", diff)
	}
	for key, r := range routes(got) {
		if r.Type != "JWT" {
			t.Errorf("route %s is open", key)
		}
	}
}

func TestHTTPServicePassesSettingsOn(t *testing.T) {
	got := render(t, func(s awscdk.Stack) { fullHTTPService(s, "Web") })
	cors := map[string]any{
		"AllowOrigins": []any{"https://example.com"}, "AllowCredentials": true, "MaxAge": 60.0,
		"AllowMethods": []any{"GET", "POST", "PUT", "PATCH", "DELETE"}, "AllowHeaders": []any{"authorization", "content-type"},
	}
	if diff := cmp.Diff(cors, got.only(t, "AWS::ApiGatewayV2::Api").Properties["CorsConfiguration"]); diff != "" {
		t.Errorf("CORS (-want +got):\n%s", diff)
	}
	limits := func(rate, burst float64) map[string]any {
		return map[string]any{"ThrottlingRateLimit": rate, "ThrottlingBurstLimit": burst, "DetailedMetricsEnabled": true}
	}
	stage := got.only(t, "AWS::ApiGatewayV2::Stage")
	if diff := cmp.Diff(map[string]any{
		"ANY /photos": limits(50, 70), "OPTIONS /photos": limits(50, 70), "DELETE /photos/{id}": limits(1, 2), "GET /health": limits(5, 60),
	}, stage.Properties["RouteSettings"]); diff != "" {
		t.Errorf("limits of the routes (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(limits(50, 60), stage.Properties["DefaultRouteSettings"]); diff != "" {
		t.Errorf("limits of other routes (-want +got):\n%s", diff)
	}
	want := []string{"dynamodb:DeleteItem WebTable", "dynamodb:GetItem WebTable", "dynamodb:PutItem WebTable", "dynamodb:Query WebTable", "dynamodb:UpdateItem WebTable"}
	if diff := cmp.Diff(want, rights(got, "WebFunctionRole")); diff != "" {
		t.Errorf("what the function may do (-want +got):\n%s", diff)
	}
	f := got.only(t, "AWS::Lambda::Function").Properties
	variables := f["Environment"].(map[string]any)["Variables"].(map[string]any)
	if variables["GREETING"] != "hello" || target(variables["TABLE_NAME"]) != "WebTable" || f["MemorySize"] != 512.0 || f["Timeout"] != 29.0 {
		t.Errorf("the function has %v, %v MB and %v s", variables, f["MemorySize"], f["Timeout"])
	}
}

func TestHTTPServiceAlarms(t *testing.T) {
	got := render(t, func(s awscdk.Stack) { fullHTTPService(s, "Web") })
	if p := got.find(t, "AWS::CloudWatch::Alarm", "WebServerErrorAlarm").Properties; p["MetricName"] != "5xx" || p["Threshold"] != 1.0 {
		t.Errorf("server errors: metric %v from %v", p["MetricName"], p["Threshold"])
	}
	if p := got.find(t, "AWS::CloudWatch::Alarm", "WebLatencyAlarm").Properties; p["MetricName"] != "Latency" || p["ExtendedStatistic"] != "p99" || p["Threshold"] != 1500.0 {
		t.Errorf("latency: %v of metric %v from %v ms", p["ExtendedStatistic"], p["MetricName"], p["Threshold"])
	}

	// The filter finds what the access log writes of a request that was turned away.
	format := got.only(t, "AWS::ApiGatewayV2::Stage").Properties["AccessLogSettings"].(map[string]any)["Format"].(string)
	line := strings.ReplaceAll(format, "$context.status", "429")
	var request map[string]any
	if err := json.Unmarshal([]byte(line), &request); err != nil || request["status"] != "429" {
		t.Errorf("the access log has the status %v (%v), want the text 429", request["status"], err)
	}
	filter := got.only(t, "AWS::Logs::MetricFilter").Properties
	if filter["FilterPattern"] != `{ $.status = "429" }` || target(filter["LogGroupName"]) != "WebAccessLog" {
		t.Errorf("the filter is %v over %v", filter["FilterPattern"], filter["LogGroupName"])
	}
	metric := list(filter["MetricTransformations"])[0].(map[string]any)
	p := got.find(t, "AWS::CloudWatch::Alarm", "WebThrottleAlarm").Properties
	if p["MetricName"] != metric["MetricName"] || p["Namespace"] != metric["MetricNamespace"] || p["Statistic"] != "Sum" || p["Threshold"] != 1.0 {
		t.Errorf("the alarm watches %v %v, the filter counts %v %v", p["Namespace"], p["MetricName"], metric["MetricNamespace"], metric["MetricName"])
	}
}

func TestWebPanics(t *testing.T) {
	tests := []struct {
		name, want string
		build      func(awscdk.Stack)
	}{
		{"service", `web: HTTPService "Web": no Package: set the function's main package, such as "./functions/photos"`,
			func(s awscdk.Stack) { web.NewHTTPService(s, "Web", nil) }},
		{"sign-in", `web: SignIn "Users": PasswordLength is 1: must be 8 to 99`,
			func(s awscdk.Stack) { web.NewSignIn(s, "Users", &web.SignInProps{PasswordLength: 1}) }},
		{"redirect", `web: SignIn "Stack/Users": redirect URL is "http://example.com": must be https, or http on localhost, without a fragment`,
			func(s awscdk.Stack) { web.NewSignIn(s, "Users", nil).AllowRedirect(new("http://example.com")) }},
		{"one redirect too many", `web: SignIn "Stack/Users": redirect URL "https://example.com/" is one more than 100: leave out one of CallbackURLs or LogoutURLs`,
			func(s awscdk.Stack) {
				full := web.NewSignIn(s, "Users", &web.SignInProps{CallbackURLs: slices.Repeat([]string{"https://example.com/a"}, 100)})
				full.AllowRedirect(new("https://example.com/"))
			}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if message := panics(func() { tt.build(newStack(t)) }); message != tt.want {
				t.Errorf("it panics with %q, want %q", message, tt.want)
			}
		})
	}
}

func TestSignInDefaults(t *testing.T) {
	got := render(t, func(s awscdk.Stack) { web.NewSignIn(s, "Users", nil) })
	pool := got.only(t, "AWS::Cognito::UserPool")
	for property, want := range map[string]any{
		"UsernameAttributes":     []any{"email"},
		"UsernameConfiguration":  map[string]any{"CaseSensitive": false},
		"AutoVerifiedAttributes": []any{"email"},
		"AccountRecoverySetting": map[string]any{"RecoveryMechanisms": []any{map[string]any{"Name": "verified_email", "Priority": 1.0}}},
		"AdminCreateUserConfig":  map[string]any{"AllowAdminCreateUserOnly": false},
		"MfaConfiguration":       "OPTIONAL",
		"EnabledMfas":            []any{"SOFTWARE_TOKEN_MFA"},
		"SmsConfiguration":       nil,
		"DeletionProtection":     "ACTIVE",
		"UserPoolTier":           "LITE",
		"Policies": map[string]any{"PasswordPolicy": map[string]any{
			"MinimumLength": 12.0, "RequireLowercase": true, "RequireUppercase": true, "RequireNumbers": true, "RequireSymbols": true,
		}},
		"UserAttributeUpdateSettings": map[string]any{"AttributesRequireVerificationBeforeUpdate": []any{"email"}},
	} {
		if diff := cmp.Diff(want, pool.Properties[property]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", property, diff)
		}
	}
	if pool.DeletionPolicy != "Retain" {
		t.Errorf("the users' deletion policy is %s, want Retain", pool.DeletionPolicy)
	}
	if roles := got.ofType("AWS::IAM::Role"); len(roles) > 0 {
		t.Errorf("roles %v, want none: no one gets text messages", roles)
	}
	client := got.only(t, "AWS::Cognito::UserPoolClient").Properties
	for property, want := range map[string]any{
		"GenerateSecret":             false,
		"ExplicitAuthFlows":          []any{"ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"},
		"AllowedOAuthFlows":          []any{"code"},
		"AllowedOAuthScopes":         []any{"openid", "email", "profile", "aws.cognito.signin.user.admin"},
		"SupportedIdentityProviders": []any{"COGNITO"},
		"PreventUserExistenceErrors": "ENABLED",
		"EnableTokenRevocation":      true,
		"AccessTokenValidity":        60.0,
		"IdTokenValidity":            60.0,
		"RefreshTokenValidity":       30 * 24 * 60.0,
		"CallbackURLs":               []any{"http://localhost:8080/"},
		"LogoutURLs":                 []any{"http://localhost:8080/"},
	} {
		if diff := cmp.Diff(want, client[property]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", property, diff)
		}
	}
}

// TestSignInDomain: the address of the pages is one that Cognito takes, whatever the
// stack is called
// (https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-assign-domain-prefix.html).
func TestSignInDomain(t *testing.T) {
	valid := regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,61}[a-z0-9]$`)
	for _, name := range []string{"Shop", "AWSCognito-Amazon", strings.Repeat("Long", 25)} {
		t.Run(name, func(t *testing.T) {
			stack := awscdk.NewStack(newApp(t), &name, &awscdk.StackProps{Env: &awscdk.Environment{Account: new("123456789012"), Region: new("eu-west-1")}})
			url := *web.NewSignIn(stack, "Users", nil).URL()
			_, got := synthesize(t, stack)
			prefix, _ := got.only(t, "AWS::Cognito::UserPoolDomain").Properties["Domain"].(string)
			if !valid.MatchString(prefix) || !strings.HasSuffix(prefix, "-123456789012") || strings.Contains(prefix, "aws") || strings.Contains(prefix, "amazon") || strings.Contains(prefix, "cognito") {
				t.Errorf("the prefix is %q", prefix)
			}
			if !strings.HasSuffix(url, ".auth.eu-west-1.amazoncognito.com") {
				t.Errorf("the address is %s", url)
			}
		})
	}
}

func TestSignInPassesSettingsOn(t *testing.T) {
	got := render(t, func(s awscdk.Stack) { fullSignIn(s, "Users") })
	pool := got.only(t, "AWS::Cognito::UserPool")
	p := pool.Properties
	length := p["Policies"].(map[string]any)["PasswordPolicy"].(map[string]any)["MinimumLength"]
	if p["MfaConfiguration"] != "ON" || p["UserPoolName"] != "photos" || p["DeletionProtection"] != "INACTIVE" || pool.DeletionPolicy != "Delete" || length != 16.0 {
		t.Errorf("the pool has MFA %v, name %v, protection %v, deletion policy %s, passwords of %v", p["MfaConfiguration"], p["UserPoolName"], p["DeletionProtection"], pool.DeletionPolicy, length)
	}
	if diff := cmp.Diff(map[string]any{"AllowAdminCreateUserOnly": true}, p["AdminCreateUserConfig"]); diff != "" {
		t.Errorf("who makes accounts (-want +got):\n%s", diff)
	}
	var groups []string
	for _, id := range got.ofType("AWS::Cognito::UserPoolGroup") {
		groups = append(groups, got.Resources[id].Properties["GroupName"].(string))
	}
	if diff := cmp.Diff([]string{"admins", "editors"}, groups); diff != "" {
		t.Errorf("groups (-want +got):\n%s", diff)
	}
	client := got.only(t, "AWS::Cognito::UserPoolClient").Properties
	if client["RefreshTokenValidity"] != 24*60.0 || client["AccessTokenValidity"] != 60.0 {
		t.Errorf("tokens are valid for %v and %v minutes, want a day and an hour", client["RefreshTokenValidity"], client["AccessTokenValidity"])
	}
	for property, first := range map[string]string{"CallbackURLs": "https://example.com/", "LogoutURLs": "https://example.com/bye"} {
		urls := list(client[property])
		if len(urls) != 2 || urls[0] != first || target(urls[1]) != "https://AWS::Region.example.com/" {
			t.Errorf("%s are %v, want %s and the one allowed later", property, urls, first)
		}
	}
	if got.only(t, "AWS::Cognito::UserPoolDomain").Properties["Domain"] != "photos-of-example" {
		t.Error("the domain's prefix is another one")
	}
}

// TestSignInProviders: the client knows each provider and waits for it, and the
// template has a reference in the place of each secret.
func TestSignInProviders(t *testing.T) {
	got := render(t, func(s awscdk.Stack) { fullSignIn(s, "Users") })
	clientID := got.ofType("AWS::Cognito::UserPoolClient")[0]
	client := got.Resources[clientID]
	tests := []struct {
		name, kind, id, secret, secretName string
		mapping                            map[string]any
	}{
		{"Google", "Google", "google-id", "Google", "client_secret", map[string]any{"email": "email", "email_verified": "email_verified", "name": "name"}},
		{"Facebook", "Facebook", "facebook-id", "Facebook", "client_secret", map[string]any{"email": "email", "name": "name"}},
		{"SignInWithApple", "SignInWithApple", "apple-id", "Apple", "private_key", map[string]any{"email": "email", "given_name": "firstName", "family_name": "lastName"}},
		{"LoginWithAmazon", "LoginWithAmazon", "amazon-id", "Amazon", "client_secret", map[string]any{"email": "email", "name": "name"}},
		{"Kakao", "OIDC", "kakao-id", "Kakao", "client_secret", map[string]any{"name": "nickname"}},
	}
	want := []any{"COGNITO"}
	for _, tt := range tests {
		want = append(want, tt.name)
		t.Run(tt.name, func(t *testing.T) {
			id := "UsersProvider" + tt.name
			p := got.find(t, "AWS::Cognito::UserPoolIdentityProvider", id).Properties
			details := p["ProviderDetails"].(map[string]any)
			if p["ProviderName"] != tt.name || p["ProviderType"] != tt.kind || details["client_id"] != tt.id {
				t.Errorf("it is %v of type %v with the client %v", p["ProviderName"], p["ProviderType"], details["client_id"])
			}
			reference := target(details[tt.secretName])
			if !regexp.MustCompile(`^\{\{resolve:secretsmanager:Users` + tt.secret + `[0-9A-F]*:SecretString:::\}\}$`).MatchString(reference) {
				t.Errorf("the secret is %s, want a reference to the one in Secrets Manager", reference)
			}
			if diff := cmp.Diff(tt.mapping, p["AttributeMapping"]); diff != "" {
				t.Errorf("the users' attributes (-want +got):\n%s", diff)
			}
			if !slices.ContainsFunc(list(client.DependsOn), func(d any) bool { name, _ := d.(string); return strings.HasPrefix(name, id) }) {
				t.Errorf("the client does not wait for it, but for %v", client.DependsOn)
			}
		})
	}
	if diff := cmp.Diff(want, client.Properties["SupportedIdentityProviders"]); diff != "" {
		t.Errorf("the client's providers (-want +got):\n%s", diff)
	}
}
