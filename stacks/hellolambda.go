package stacks

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"

	"github.com/noidle/noidle/constructs/web"
)

// HelloLambdaStack is the first lab: one function behind an HTTP API. It shows the
// HTML that a link brings with it: ?q= has it in Base64.
//
// Its output is Url.
type HelloLambdaStack struct {
	awscdk.Stack

	// Service is the API and its function.
	Service *web.HTTPService
}

// NewHelloLambdaStack adds a HelloLambdaStack to scope. Nil props mean the CDK's
// defaults.
func NewHelloLambdaStack(scope constructs.Construct, id string, props *awscdk.StackProps) *HelloLambdaStack {
	s := &HelloLambdaStack{}
	awscdk.NewStack_Override(s, scope, &id, props)
	s.Service = web.NewHTTPService(s, "Hello", &web.HTTPServiceProps{
		Package: "github.com/noidle/noidle/functions/render",
		Routes:  []web.Route{{Method: "GET", Path: "/"}},
	})
	output(s, "Url", s.URL())
	return s
}

// URL returns the address of the function, which is the output Url.
func (s *HelloLambdaStack) URL() *string { return s.Service.URL() }
