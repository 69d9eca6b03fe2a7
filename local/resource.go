package local

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/noidle/noidle/local/api"
	"github.com/noidle/noidle/local/assembly"
)

// planned is a resource that will be created: what others may refer to, and how
// it comes to be.
type planned struct {
	assembly.Identity
	create func() error
}

// resourceType is a type of resource that the local cloud supports.
type resourceType struct {
	properties reflect.Type // nil: any properties, without effect
	plan       func(c *Cloud, r *assembly.Resource) (planned, error)
}

// supports makes a resource type of the function that plans it. P's fields are
// the supported properties.
func supports[P any](plan func(c *Cloud, r *assembly.Resource, p *P) (planned, error)) resourceType {
	return resourceType{
		properties: reflect.TypeFor[P](),
		plan: func(c *Cloud, r *assembly.Resource) (planned, error) {
			p := new(P)
			if err := decodeProperties(r.Properties, p); err != nil {
				return planned{}, err
			}
			return plan(c, r, p)
		},
	}
}

// withoutEffect accepts a type of resource that does nothing on this machine.
func withoutEffect(arnService string) resourceType {
	return resourceType{plan: func(_ *Cloud, r *assembly.Resource) (planned, error) {
		name := physicalName(r, 255)
		return named(name, api.ARN(arnService, name), nothing), nil
	}}
}

func nothing() error { return nil }

// named is a resource that refers to itself by a name and has an ARN.
func named(ref, arn string, create func() error) planned {
	return planned{assembly.Identity{Ref: ref, Attributes: map[string]any{"Arn": arn}}, create}
}

// physicalName is the name of a resource that its template does not name:
// STACK-LOGICALID, within the length that the type allows.
func physicalName(r *assembly.Resource, limit int) string {
	name := r.Stack.Name + "-" + r.LogicalID
	if len(name) <= limit {
		return name
	}
	return name[:limit-9] + "-" + digest(name)[:8]
}

// identifier is a short ID, the same for the same resource in every run.
func identifier(r *assembly.Resource) string {
	return digest(r.Stack.Name + "/" + r.LogicalID)[:10]
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// plan plans one resource, and remembers how to create it.
func (c *Cloud) plan(r *assembly.Resource) (assembly.Identity, error) {
	t, ok := resourceTypes[r.Type]
	if strings.HasPrefix(r.Type, "Custom::") {
		t, ok = resourceTypes[customTypes], true
	}
	if !ok {
		return assembly.Identity{}, fmt.Errorf("%v: type %s is not supported locally", r, r.Type)
	}
	c.reachableIn(r.Properties)
	p, err := t.plan(c, r)
	if err != nil {
		return assembly.Identity{}, each(err, func(err error) error { return fmt.Errorf("%v: %s: %w", r, r.Type, err) })
	}
	c.collectAssets(r)
	c.creations = append(c.creations, func() error {
		if err := p.create(); err != nil {
			return fmt.Errorf("%v: %s: %w", r, r.Type, err)
		}
		return nil
	})
	return p.Identity, nil
}

// each changes every error of a joined one.
func each(err error, change func(error) error) error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return change(err)
	}
	var changed []error
	for _, one := range joined.Unwrap() {
		changed = append(changed, each(one, change))
	}
	return errors.Join(changed...)
}

// lastPart is what follows the last of a separator.
func lastPart(text, separator string) string {
	return text[strings.LastIndex(text, separator)+1:]
}

// oneOf refuses the ARN of a resource of another service than those given.
func oneOf(what, arn string, services ...string) error {
	if arn == "" || slices.Contains(services, serviceOf(arn)) {
		return nil
	}
	return fmt.Errorf("%s %q is not supported locally: want one of %s", what, arn, strings.Join(services, ", "))
}

type tag struct{ Key, Value string }

// tagsOf are a resource's tags, with those of CloudFormation's own
// (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-resource-tags.html).
func tagsOf(r *assembly.Resource, tags []tag) map[string]string {
	all := map[string]string{
		"aws:cloudformation:logical-id": r.LogicalID,
		"aws:cloudformation:stack-id":   r.Stack.ID(),
		"aws:cloudformation:stack-name": r.Stack.Name,
	}
	for _, t := range tags {
		all[t.Key] = t.Value
	}
	return all
}
