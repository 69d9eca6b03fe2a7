package local

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/noidle/noidle/local/assembly"
	"github.com/noidle/noidle/local/cloudformation"
)

type customResourceProperties struct {
	ServiceTimeout *int
	ServiceToken   string
	Others         any `property:"*"` // the function gets them
}

// planCustomResource plans what a function creates, in its place in the order
// (https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudformation-customresource.html).
// Its ID and attributes are known only then, so that nothing can refer to them.
func planCustomResource(c *Cloud, r *assembly.Resource, p *customResourceProperties) (planned, error) {
	timeout := 3600
	if p.ServiceTimeout != nil {
		timeout = *p.ServiceTimeout
	}
	resource := cloudformation.Resource{
		StackID:    r.Stack.ID(),
		LogicalID:  r.LogicalID,
		Type:       r.Type,
		Function:   p.ServiceToken,
		Properties: r.Properties,
		Timeout:    time.Duration(timeout) * time.Second,
	}
	return planned{create: func() error { return c.custom.Create(context.Background(), resource) }}, p.check(c, timeout)
}

func (p *customResourceProperties) check(c *Cloud, timeout int) error {
	var problems []error
	name := lastPart(p.ServiceToken, ":")
	_, known := c.functions[name]
	switch {
	case p.ServiceToken == "":
		problems = append(problems, errors.New("property ServiceToken is missing: want the ARN of a function"))
	case serviceOf(p.ServiceToken) == "sns":
		problems = append(problems, fmt.Errorf("property ServiceToken: topic %q is not supported locally: want the ARN of a function", p.ServiceToken))
	case !known || p.ServiceToken != functionARN(name):
		problems = append(problems, fmt.Errorf("property ServiceToken: %q is not the ARN of a function in this assembly", p.ServiceToken))
	}
	if timeout < 1 || timeout > 3600 {
		problems = append(problems, fmt.Errorf("property ServiceTimeout: %d: want 1 to 3600 seconds", timeout))
	}
	return errors.Join(problems...)
}
