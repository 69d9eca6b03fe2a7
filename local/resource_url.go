package local

import (
	"context"
	"errors"
	"fmt"
	"net"
	"regexp"

	"github.com/noidle/noidle/local/api"
	"github.com/noidle/noidle/local/apigateway"
	"github.com/noidle/noidle/local/assembly"
	"github.com/noidle/noidle/local/lambda"
)

// functionURL is the URL of a function, at an address of its own.
type functionURL struct {
	*apigateway.FunctionURL
	listener net.Listener
}

type urlProperties struct {
	AuthType          string
	Cors              *corsProperties
	InvokeMode        string
	Qualifier         string
	TargetFunctionArn string
}

// aliasName is what a qualifier may be
// (https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunctionUrlConfig.html).
var aliasName = regexp.MustCompile(`^[0-9a-zA-Z_-]*[a-zA-Z_-][0-9a-zA-Z_-]*$`)

func planURL(c *Cloud, r *assembly.Resource, p *urlProperties) (planned, error) {
	name, qualifier := lambda.ParseName(p.TargetFunctionArn)
	if p.Qualifier != "" {
		qualifier = p.Qualifier
	}
	var problems []error
	if _, ok := c.functions[name]; !ok {
		problems = append(problems, fmt.Errorf("function %q is not in this assembly", p.TargetFunctionArn))
	}
	if qualifier != "" && !aliasName.MatchString(qualifier) {
		problems = append(problems, fmt.Errorf("qualifier %q: a URL is that of a function or of an alias, not of a version", qualifier))
	}
	if p.AuthType != "NONE" {
		problems = append(problems, fmt.Errorf("auth type %q is not supported locally: want NONE", p.AuthType))
	}
	if p.InvokeMode != "" && p.InvokeMode != "BUFFERED" && p.InvokeMode != "RESPONSE_STREAM" {
		problems = append(problems, fmt.Errorf("invoke mode %q: want BUFFERED or RESPONSE_STREAM", p.InvokeMode))
	}
	if err := errors.Join(problems...); err != nil {
		return planned{}, err
	}
	listener, err := c.listenBeside()
	if err != nil {
		return planned{}, err
	}
	arn := lambda.Function{Name: name}.QualifiedARN(qualifier)
	c.urls = append(c.urls, &functionURL{listener: listener, FunctionURL: &apigateway.FunctionURL{
		ID:    identifier(r),
		CORS:  p.Cors.cors(),
		Clock: c.clock,
		Invoke: func(ctx context.Context, requestID string, payload []byte) (*apigateway.Response, error) {
			call := &api.Call{Context: ctx, Principal: c.authority.Anonymous(), RequestID: requestID}
			response, err := c.lambda.InvokeURL(call, arn, payload, p.InvokeMode == "RESPONSE_STREAM")
			return (*apigateway.Response)(response), err
		},
	}})
	url := "http://" + listener.Addr().String() + "/"
	return planned{assembly.Identity{Ref: arn, Attributes: map[string]any{"FunctionArn": arn, "FunctionUrl": url}}, nothing}, nil
}
