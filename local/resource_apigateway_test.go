package local_test

import (
	"strings"
	"testing"

	"github.com/noidle/noidle/local"
)

// guarded is an API whose route has an authorizer.
func guarded(authorizer, route string) string {
	return `
		"Api": {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"Name": "Api", "ProtocolType": "HTTP"}},
		"Authorizer": {"Type": "AWS::ApiGatewayV2::Authorizer", "Properties": {"ApiId": {"Ref": "Api"}, "Name": "Users", ` + authorizer + `}},
		"Integration": {"Type": "AWS::ApiGatewayV2::Integration", "Properties": {"ApiId": {"Ref": "Api"}, "IntegrationType": "AWS_PROXY",
			"IntegrationUri": "arn:aws:lambda:us-east-1:000000000000:function:f", "PayloadFormatVersion": "2.0"}},
		"Route": {"Type": "AWS::ApiGatewayV2::Route", "Properties": {"ApiId": {"Ref": "Api"}, "RouteKey": "GET /relay",
			"Target": {"Fn::Sub": "integrations/${Integration}"}, ` + route + `}},
		"Stage": {"Type": "AWS::ApiGatewayV2::Stage", "Properties": {"ApiId": {"Ref": "Api"}, "StageName": "$default", "AutoDeploy": true}}`
}

// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigatewayv2-authorizer.html
func TestAuthorizers(t *testing.T) {
	const (
		jwt = `"AuthorizerType": "JWT", "IdentitySource": ["$request.header.Authorization"],
			"JwtConfiguration": {"Audience": ["client"], "Issuer": "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_pool"}`
		authorized = `"AuthorizationType": "JWT", "AuthorizerId": {"Ref": "Authorizer"}, "AuthorizationScopes": ["photos/read"]`
	)
	tests := []struct{ name, authorizer, route, want string }{
		{"unknown issuer", jwt, authorized, `stack Main: resource Api: AWS::ApiGatewayV2::Api: route "GET /relay": issuer "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_pool" is not one of a user pool in this assembly`},
		{"request", `"AuthorizerType": "REQUEST"`, `"AuthorizationType": "NONE"`, `AWS::ApiGatewayV2::Authorizer: authorizer type "REQUEST" is not supported locally: want JWT`},
		{"function", `"AuthorizerType": "REQUEST", "AuthorizerUri": "arn"`, `"AuthorizationType": "NONE"`, `AWS::ApiGatewayV2::Authorizer: property AuthorizerUri is not supported locally`},
		{"another header", strings.Replace(jwt, "header.Authorization", "header.X-Token", 1), authorized, `identity source ["$request.header.X-Token"] is not supported locally: want $request.header.Authorization`},
		{"no header", `"AuthorizerType": "JWT"`, authorized, `identity source [] is not supported locally`},
		{"no authorizer", jwt, `"AuthorizationType": "JWT", "AuthorizerId": "x"`, `AWS::ApiGatewayV2::Route: authorizer "x" is not one of the API`},
		{"another type", jwt, `"AuthorizationType": "AWS_IAM"`, `authorization type "AWS_IAM" is not supported locally: want JWT or NONE`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c, err := local.Start(write(t, guarded(test.authorizer, test.route), ""), local.Options{})
			if err == nil {
				c.Close()
			}
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error is %v, want %s", err, test.want)
			}
		})
	}
}
