package web

import (
	"fmt"
	"maps"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2authorizers"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/noidle/noidle/constructs/compute"
	"github.com/noidle/noidle/constructs/internal/httpapi"
	"github.com/noidle/noidle/constructs/storage"
)

// HTTPService is an HTTP API in front of one Go function, with limits for each route,
// an access log and alarms; on request with a table, and with an authorizer that lets
// only requests with a token pass.
type HTTPService struct {
	constructs.Construct

	// API is the HTTP API; it takes more routes.
	API awsapigatewayv2.HttpApi
	// Stage is the API's only stage.
	Stage awsapigatewayv2.HttpStage
	// AccessLog holds one JSON line for each request.
	AccessLog awslogs.LogGroup
	// Function answers the requests.
	Function *compute.GoFunction
	// Table is the function's table; nil unless the props ask for it.
	Table awsdynamodb.TableV2
	// Authorizer checks the tokens of routes that are not public; nil if all are.
	Authorizer awsapigatewayv2.IHttpRouteAuthorizer
	// ServerErrorAlarm fires when the API answers a request with a 5xx status, as it
	// does when the function fails, takes too long, or is throttled by Lambda.
	ServerErrorAlarm awscloudwatch.Alarm
	// LatencyAlarm fires when one in a hundred requests of five minutes takes MaxLatency
	// or longer.
	LatencyAlarm awscloudwatch.Alarm
	// ThrottleAlarm fires when a request is answered 429.
	ThrottleAlarm awscloudwatch.Alarm
}

// NewHTTPService adds an HTTPService to scope. It panics if props are invalid or the
// package does not build.
func NewHTTPService(scope constructs.Construct, id string, props *HTTPServiceProps) *HTTPService {
	settings, err := props.complete()
	if err != nil {
		panic(fmt.Errorf("web: HTTPService %q: %w", id, err))
	}
	s := &HTTPService{}
	constructs.NewConstruct_Override(s, scope, &id)

	s.addFunction(&settings)
	s.Authorizer = settings.authorizer()
	s.addAPI(id, &settings)
	return s
}

// URL returns the address of the API, without a slash at its end.
func (s *HTTPService) URL() *string {
	return s.API.ApiEndpoint()
}

// addFunction makes the function, and its table where it has one.
func (s *HTTPService) addFunction(props *HTTPServiceProps) {
	environment := map[string]string{}
	maps.Copy(environment, props.Environment)
	if props.Table != nil {
		s.Table = storage.NewTable(s, "Table", props.Table)
		environment["TABLE_NAME"] = *s.Table.TableName()
	}
	s.Function = compute.NewGoFunction(s, "Function", &compute.GoFunctionProps{
		Package: props.Package, Memory: props.Memory, Timeout: props.Timeout, Environment: environment, Deployment: props.Deployment,
	})
	if s.Table != nil {
		storage.Grant(s.Table, s.Function.Function, props.TableActions...)
	}
}

// authorizer returns what checks tokens, nil if nothing does.
func (p *HTTPServiceProps) authorizer() awsapigatewayv2.IHttpRouteAuthorizer {
	var issuer *string
	var audience *[]*string
	switch {
	case p.SignIn != nil:
		issuer, audience = p.SignIn.Issuer(), &[]*string{p.SignIn.Client.UserPoolClientId()}
	case p.JWT != nil:
		issuer, audience = &p.JWT.Issuer, jsii.Strings(p.JWT.Audience...)
	default:
		return nil
	}
	return awsapigatewayv2authorizers.NewHttpJwtAuthorizer(new("Authorizer"), issuer, &awsapigatewayv2authorizers.HttpJwtAuthorizerProps{
		JwtAudience:    audience,
		IdentitySource: jsii.Strings("$request.header.Authorization"),
	})
}

// addAPI makes the HTTP API with its routes and alarms.
func (s *HTTPService) addAPI(name string, props *HTTPServiceProps) {
	var routes []httpapi.Route
	for _, r := range props.Routes {
		route := httpapi.Route{
			Method: awsapigatewayv2.HttpMethod(r.Method), Path: r.Path, Function: s.Function, Throttle: r.Throttle, Scopes: r.Scopes,
		}
		if !r.Public {
			route.Authorizer = s.Authorizer
		}
		routes = append(routes, route)
	}
	api := httpapi.New(s, name, routes)
	api.SetDefaultThrottle(props.Throttle)
	if props.CORS != nil {
		api.SetCORS(httpapi.CORS(*props.CORS))
	}
	s.API, s.Stage, s.AccessLog, s.ServerErrorAlarm = api.API, api.Stage, api.AccessLog, api.ServerErrorAlarm
	s.LatencyAlarm = api.AddLatencyAlarm(s, name, props.MaxLatency)
	s.ThrottleAlarm = api.AddThrottleAlarm(s, name, "Noidle/Web")
}
