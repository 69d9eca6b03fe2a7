// Package httpapi makes the HTTP APIs of constructs, which all have an access log,
// limits for each route, metrics of each route, and an alarm. What only some have is
// added to an API afterwards.
package httpapi

import (
	"encoding/json"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2integrations"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/noidle/noidle/constructs/compute"
	"github.com/noidle/noidle/constructs/internal/alarm"
)

// Route is a route of an API and the function behind it.
type Route struct {
	// Method is the route's HTTP method.
	Method awsapigatewayv2.HttpMethod
	// Path is the route's path, with parameters in braces.
	Path string
	// Function answers the route's requests.
	Function *compute.GoFunction
	// Throttle limits the route's requests. It is complete.
	Throttle Throttle
	// Authorizer decides who may use the route; nil means everyone.
	Authorizer awsapigatewayv2.IHttpRouteAuthorizer
	// Scopes are those of which a token has to have one; empty means that any
	// token will do.
	Scopes []string
}

// API is an HTTP API with its only stage.
type API struct {
	// API is the HTTP API.
	API awsapigatewayv2.HttpApi
	// Stage is the API's only stage.
	Stage awsapigatewayv2.HttpStage
	// AccessLog holds one JSON line for each request.
	AccessLog awslogs.LogGroup
	// ServerErrorAlarm fires when the API answers a request with a 5xx status.
	ServerErrorAlarm awscloudwatch.Alarm
}

// New adds an API with its routes to scope. Name is what its alarm calls it. The
// limits of the last route are those of routes that are added later without limits
// of their own.
func New(scope constructs.Construct, name string, routes []Route) API {
	a := API{API: awsapigatewayv2.NewHttpApi(scope, new("Api"), &awsapigatewayv2.HttpApiProps{
		CreateDefaultStage: new(false),
	})}
	settings := map[string]any{}
	var added []awsapigatewayv2.HttpRoute
	for _, r := range routes {
		added = append(added, a.addRoute(r)...)
		settings[string(r.Method)+" "+r.Path] = routeSettings(r.Throttle)
	}
	last := routes[len(routes)-1].Throttle
	a.Stage = awsapigatewayv2.NewHttpStage(scope, new("Stage"), &awsapigatewayv2.HttpStageProps{
		HttpApi:                a.API,
		StageName:              new("$default"),
		AutoDeploy:             new(true),
		DetailedMetricsEnabled: new(true),
		Throttle: &awsapigatewayv2.ThrottleSettings{
			RateLimit:  new(float64(last.RatePerSecond)),
			BurstLimit: new(float64(last.Burst)),
		},
	})
	// Settings of a route are refused while the route is not there yet.
	for _, route := range added {
		a.Stage.Node().AddDependency(route)
	}
	a.AccessLog = awslogs.NewLogGroup(scope, new("AccessLog"), &awslogs.LogGroupProps{
		Retention:     awslogs.RetentionDays_ONE_MONTH,
		RemovalPolicy: awscdk.RemovalPolicy_DESTROY,
	})
	a.configureStage(settings)
	a.ServerErrorAlarm = alarm.AtLeast(scope, "ServerErrorAlarm", a.API.MetricServerError(alarm.Sum()), 1,
		"The "+name+" API answered a request with a 5xx status. Look into the access log and the logs of the function behind the route.")
	return a
}

func (a *API) addRoute(r Route) []awsapigatewayv2.HttpRoute {
	options := &awsapigatewayv2.AddRoutesOptions{
		Path:        &r.Path,
		Methods:     &[]awsapigatewayv2.HttpMethod{r.Method},
		Integration: awsapigatewayv2integrations.NewHttpLambdaIntegration(r.Function.Node().Id(), r.Function.Invocable(), nil),
		Authorizer:  r.Authorizer,
	}
	if len(r.Scopes) > 0 {
		options.AuthorizationScopes = jsii.Strings(r.Scopes...)
	}
	return *a.API.AddRoutes(options)
}

// accessLogFormat is one request's line in the access log
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html).
var accessLogFormat = map[string]string{
	"requestId":        "$context.requestId",
	"time":             "$context.requestTime",
	"ip":               "$context.identity.sourceIp",
	"method":           "$context.httpMethod",
	"route":            "$context.routeKey",
	"path":             "$context.path",
	"status":           "$context.status",
	"responseLength":   "$context.responseLength",
	"responseLatency":  "$context.responseLatency",
	"integrationError": "$context.integrationErrorMessage",
	"authorizerError":  "$context.authorizer.error",
}

// configureStage sets what the CDK's stage has no props for: the access log,
// and limits for each route.
func (a *API) configureStage(routes map[string]any) {
	format, err := json.Marshal(accessLogFormat)
	if err != nil {
		panic(err)
	}
	stage := a.Stage.Node().DefaultChild().(awsapigatewayv2.CfnStage)
	stage.SetAccessLogSettings(&awsapigatewayv2.CfnStage_AccessLogSettingsProperty{
		DestinationArn: a.AccessLog.LogGroupArn(),
		Format:         new(string(format)),
	})
	stage.SetRouteSettings(routes)
}

// SetDefaultThrottle limits the routes that are added later without limits of their
// own.
func (a *API) SetDefaultThrottle(t Throttle) {
	a.Stage.Node().DefaultChild().(awsapigatewayv2.CfnStage).SetDefaultRouteSettings(&awsapigatewayv2.CfnStage_RouteSettingsProperty{
		ThrottlingRateLimit:    new(float64(t.RatePerSecond)),
		ThrottlingBurstLimit:   new(float64(t.Burst)),
		DetailedMetricsEnabled: true,
	})
}

func routeSettings(t Throttle) map[string]any {
	return map[string]any{
		"ThrottlingRateLimit":    t.RatePerSecond,
		"ThrottlingBurstLimit":   t.Burst,
		"DetailedMetricsEnabled": true,
	}
}
