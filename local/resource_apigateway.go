package local

import (
	"context"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/noidle/noidle/local/api"
	"github.com/noidle/noidle/local/apigateway"
	"github.com/noidle/noidle/local/assembly"
)

// httpAPI is an HTTP API that is planned, at an address of its own.
type httpAPI struct {
	apigateway.API
	listener     net.Listener
	integrations map[string]apigateway.Integration
	authorizers  map[string]*apigateway.Authorizer
	owner        *assembly.Resource
}

func (a *httpAPI) url() string { return "http://" + a.listener.Addr().String() }

// corsProperties are those of HTTP APIs and of function URLs.
type corsProperties struct {
	AllowCredentials bool
	AllowHeaders     []string
	AllowMethods     []string
	AllowOrigins     []string
	ExposeHeaders    []string
	MaxAge           *int
}

func (p *corsProperties) cors() *apigateway.CORS {
	if p == nil {
		return nil
	}
	return &apigateway.CORS{
		AllowOrigins:     p.AllowOrigins,
		AllowMethods:     p.AllowMethods,
		AllowHeaders:     p.AllowHeaders,
		ExposeHeaders:    p.ExposeHeaders,
		AllowCredentials: p.AllowCredentials,
		MaxAge:           p.MaxAge,
	}
}

type apiProperties struct {
	CorsConfiguration        *corsProperties
	Description              noEffect
	Name                     noEffect
	ProtocolType             string
	RouteSelectionExpression noEffect
	Tags                     noEffect
}

func planAPI(c *Cloud, r *assembly.Resource, p *apiProperties) (planned, error) {
	if p.ProtocolType != "HTTP" {
		return planned{}, fmt.Errorf("protocol type %q is not supported locally: want HTTP", p.ProtocolType)
	}
	listener, err := c.listenBeside()
	if err != nil {
		return planned{}, err
	}
	id := identifier(r)
	a := &httpAPI{API: apigateway.API{ID: id, CORS: p.CorsConfiguration.cors()}, listener: listener, owner: r,
		integrations: map[string]apigateway.Integration{}, authorizers: map[string]*apigateway.Authorizer{}}
	c.apis[id] = a
	c.addresses["https://"+id+apiDomain] = a.url()
	return planned{assembly.Identity{Ref: id, Attributes: map[string]any{"ApiId": id, "ApiEndpoint": a.url()}}, nothing}, nil
}

func (c *Cloud) api(id string) (*httpAPI, error) {
	if a, ok := c.apis[id]; ok {
		return a, nil
	}
	return nil, fmt.Errorf("API %q is not in this assembly", id)
}

type integrationProperties struct {
	APIID                string `property:"ApiId"`
	Description          noEffect
	IntegrationMethod    noEffect
	IntegrationType      string
	IntegrationURI       string `property:"IntegrationUri"`
	PayloadFormatVersion string
	TimeoutInMillis      int
}

func planIntegration(c *Cloud, r *assembly.Resource, p *integrationProperties) (planned, error) {
	a, err := c.api(p.APIID)
	if err != nil {
		return planned{}, err
	}
	if p.IntegrationType != "AWS_PROXY" {
		return planned{}, fmt.Errorf("integration type %q is not supported locally: want AWS_PROXY", p.IntegrationType)
	}
	if p.PayloadFormatVersion != "2.0" {
		return planned{}, fmt.Errorf("payload format version %q is not supported locally: want 2.0", p.PayloadFormatVersion)
	}
	_, function, isPath := strings.Cut(p.IntegrationURI, "/functions/")
	if !isPath {
		function = p.IntegrationURI
	}
	id := identifier(r)
	a.integrations["integrations/"+id] = apigateway.Integration{
		Function:             strings.TrimSuffix(function, "/invocations"),
		PayloadFormatVersion: p.PayloadFormatVersion,
		Timeout:              time.Duration(p.TimeoutInMillis) * time.Millisecond,
	}
	return named(id, "", nothing), nil
}

type authorizerProperties struct {
	APIID            string `property:"ApiId"`
	AuthorizerType   string
	IdentitySource   []string
	JwtConfiguration struct {
		Audience []string
		Issuer   string
	}
	Name noEffect
}

func planAuthorizer(c *Cloud, r *assembly.Resource, p *authorizerProperties) (planned, error) {
	a, err := c.api(p.APIID)
	if err != nil {
		return planned{}, err
	}
	if p.AuthorizerType != "JWT" {
		return planned{}, fmt.Errorf("authorizer type %q is not supported locally: want JWT", p.AuthorizerType)
	}
	if len(p.IdentitySource) != 1 || !strings.EqualFold(p.IdentitySource[0], "$request.header.Authorization") {
		return planned{}, fmt.Errorf("identity source %q is not supported locally: want $request.header.Authorization", p.IdentitySource)
	}
	id := identifier(r)
	a.authorizers[id] = &apigateway.Authorizer{Issuer: p.JwtConfiguration.Issuer, Audience: p.JwtConfiguration.Audience}
	return planned{assembly.Identity{Ref: id, Attributes: map[string]any{"AuthorizerId": id}}, nothing}, nil
}

type routeProperties struct {
	APIID               string `property:"ApiId"`
	AuthorizationScopes []string
	AuthorizationType   string
	AuthorizerID        string `property:"AuthorizerId"`
	OperationName       noEffect
	RouteKey            string
	Target              string
}

func planRoute(c *Cloud, r *assembly.Resource, p *routeProperties) (planned, error) {
	a, err := c.api(p.APIID)
	if err != nil {
		return planned{}, err
	}
	authorizer := a.authorizers[p.AuthorizerID]
	switch {
	case p.AuthorizationType == "JWT" && authorizer == nil:
		return planned{}, fmt.Errorf("authorizer %q is not one of the API", p.AuthorizerID)
	case p.AuthorizationType == "" || p.AuthorizationType == "NONE":
		authorizer = nil
	case p.AuthorizationType != "JWT":
		return planned{}, fmt.Errorf("authorization type %q is not supported locally: want JWT or NONE", p.AuthorizationType)
	}
	integration, ok := a.integrations[p.Target]
	if !ok {
		return planned{}, fmt.Errorf("target %q is not an integration of the API", p.Target)
	}
	a.Routes = append(a.Routes, apigateway.Route{Key: p.RouteKey, Integration: integration, Authorizer: authorizer, Scopes: p.AuthorizationScopes})
	return named(identifier(r), "", nothing), nil
}

type routeSettings struct {
	DetailedMetricsEnabled noEffect
	ThrottlingBurstLimit   int
	ThrottlingRateLimit    float64
}

type stageProperties struct {
	AccessLogSettings    struct{ DestinationArn, Format string }
	APIID                string `property:"ApiId"`
	AutoDeploy           bool
	DefaultRouteSettings routeSettings
	Description          noEffect
	RouteSettings        map[string]routeSettings
	StageName            string
	StageVariables       map[string]string
	Tags                 noEffect
}

func planStage(c *Cloud, _ *assembly.Resource, p *stageProperties) (planned, error) {
	a, err := c.api(p.APIID)
	if err != nil {
		return planned{}, err
	}
	if a.Stage.Name != "" {
		return planned{}, fmt.Errorf("stage %q: a second stage of an API is not supported locally", p.StageName)
	}
	if !p.AutoDeploy {
		return planned{}, fmt.Errorf("stage %q: a stage that is not deployed automatically is not supported locally", p.StageName)
	}
	a.Stage = apigateway.Stage{
		Name:      p.StageName,
		Variables: p.StageVariables,
		Default:   throttle(p.DefaultRouteSettings),
		Routes:    map[string]apigateway.Throttle{},
		AccessLog: apigateway.AccessLog{Format: p.AccessLogSettings.Format, Group: p.AccessLogSettings.DestinationArn},
	}
	for key, settings := range p.RouteSettings {
		a.Stage.Routes[key] = throttle(settings)
	}
	return named(p.StageName, "", nothing), nil
}

func throttle(s routeSettings) apigateway.Throttle {
	return apigateway.Throttle{Rate: s.ThrottlingRateLimit, Burst: s.ThrottlingBurstLimit}
}

// handler returns what serves an API, once all of it is planned.
func (c *Cloud) handler(a *httpAPI) (*apigateway.Handler, error) {
	handler, err := apigateway.New(a.API, apigateway.Options{
		Clock: c.clock,
		Invoke: func(ctx context.Context, function, source string, payload []byte) ([]byte, error) {
			gateway := c.authority.Service("apigateway.amazonaws.com", source)
			return c.lambda.Invoke(&api.Call{Context: ctx, Principal: gateway, RequestID: uuid.NewString()}, function, payload)
		},
		Keys: c.cognito.Keys,
		Log:  func(group, line string) { c.logs.Append(group, "access", []byte(line)) },

		Answered: func(status int, latency time.Duration) { c.countAnswer(&a.API, status, latency) },
	})
	if err != nil {
		return nil, fmt.Errorf("%v: %s: %w", a.owner, a.owner.Type, err)
	}
	return handler, nil
}
