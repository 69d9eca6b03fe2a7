// Package ops holds what runs an architecture: a step of a deployment in Go.
package ops

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"

	"github.com/noidle/noidle/constructs/compute"
)

// CustomResourceProps configures a [CustomResource]. Only Package is required.
type CustomResourceProps struct {
	// Package is the main package of the function, as in
	// [compute.GoFunctionProps]. It answers CloudFormation's requests, which
	// github.com/aws/aws-lambda-go/cfn does for it
	// (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-custom-resources.html).
	Package string
	// Type is the resource's type in the template: Custom:: and letters, digits and
	// _ @ -, at most 60 in all. Empty means Custom::Resource.
	Type string
	// Properties are what the function is told. Values may be CDK tokens. The
	// function gets numbers and booleans as texts. When they change, the function is
	// asked to update the resource.
	Properties map[string]any
	// Environment holds the function's environment variables. Values may be CDK
	// tokens.
	Environment map[string]string
	// Memory is the function's memory in MB, as in [compute.GoFunctionProps]. Zero
	// means 256.
	Memory int
	// Timeout is how long one request may take, whole seconds up to 15 minutes.
	// CloudFormation waits a minute longer. Zero means a minute.
	Timeout time.Duration
}

// CustomResource is a step of a deployment, which a Go function takes: it is told
// when the resource is to be created, updated and deleted. The step is taken once
// everything that was granted to the function is in effect.
type CustomResource struct {
	constructs.Construct

	// Function takes the step. Grant it what it needs.
	Function *compute.GoFunction
	// Resource is the resource in the template. What must be there before the step
	// is taken is to be added to its dependencies.
	Resource awscdk.CustomResource
}

// NewCustomResource adds a CustomResource to scope. It panics if props are invalid.
func NewCustomResource(scope constructs.Construct, id string, props *CustomResourceProps) *CustomResource {
	settings, err := props.complete()
	if err != nil {
		panic(fmt.Errorf("ops: CustomResource %q: %w", id, err))
	}
	c := &CustomResource{}
	constructs.NewConstruct_Override(c, scope, &id)
	c.Function = compute.NewGoFunction(c, "Function", &compute.GoFunctionProps{
		Package:     settings.Package,
		Environment: settings.Environment,
		Memory:      settings.Memory,
		Timeout:     settings.Timeout,
	})
	c.Resource = awscdk.NewCustomResource(c, new("Resource"), &awscdk.CustomResourceProps{
		ServiceToken:   c.Function.Function.FunctionArn(),
		ResourceType:   &settings.Type,
		Properties:     &settings.Properties,
		ServiceTimeout: awscdk.Duration_Seconds(new((settings.Timeout + time.Minute).Seconds())),
	})
	c.Resource.Node().AddDependency(c.Function)
	return c
}

// Attribute returns a value of the data that the function answers with, as a CDK
// token.
func (c *CustomResource) Attribute(name string) *string { return c.Resource.GetAttString(&name) }

// resourceType is that of https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudformation-customresource.html.
var resourceType = regexp.MustCompile(`^Custom::[A-Za-z0-9_@-]+$`)

const (
	maxTypeChars = 60
	maxTimeout   = 15 * time.Minute
)

// complete returns the props with their defaults filled in.
func (p *CustomResourceProps) complete() (CustomResourceProps, error) {
	var settings CustomResourceProps
	if p != nil {
		settings = *p
	}
	settings.Type = cmp.Or(settings.Type, "Custom::Resource")
	settings.Timeout = cmp.Or(settings.Timeout, time.Minute)
	return settings, settings.validate()
}

func (p *CustomResourceProps) validate() error {
	switch {
	case p.Package == "":
		return errors.New(`no Package: set the main package of the function, such as "./functions/seed"`)
	case !resourceType.MatchString(p.Type) || len(p.Type) > maxTypeChars:
		return fmt.Errorf("Type is %q: must be Custom:: and letters, digits and _ @ -, at most %d in all", p.Type, maxTypeChars)
	case p.Timeout < time.Second || p.Timeout > maxTimeout || p.Timeout%time.Second != 0:
		return fmt.Errorf("Timeout is %v: must be whole seconds from 1s to %v", p.Timeout, maxTimeout)
	}
	if _, ok := p.Properties["ServiceToken"]; ok {
		return errors.New("Properties hold a ServiceToken: it is the function's ARN and set by the construct")
	}
	return nil
}
