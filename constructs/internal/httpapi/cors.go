package httpapi

import (
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2"
	"github.com/aws/jsii-runtime-go"
)

// CORS says which pages of other origins may use an API. It is complete.
type CORS struct {
	Origins, Methods, Headers []string
	Credentials               bool
	MaxAge                    time.Duration
}

// SetCORS opens the API to pages of other origins.
func (a *API) SetCORS(c CORS) {
	a.API.Node().DefaultChild().(awsapigatewayv2.CfnApi).SetCorsConfiguration(&awsapigatewayv2.CfnApi_CorsProperty{
		AllowOrigins:     jsii.Strings(c.Origins...),
		AllowMethods:     jsii.Strings(c.Methods...),
		AllowHeaders:     jsii.Strings(c.Headers...),
		AllowCredentials: c.Credentials,
		MaxAge:           new(c.MaxAge.Seconds()),
	})
}
