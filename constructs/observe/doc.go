// Package observe shows and tells an operator how serverless applications fare: a
// [Dashboard], [Alarms] that reach somebody, [Queries], a [Budget] and an
// [AuditTrail]. It works on any construct of the CDK, whoever made it: it looks for
// the CloudFormation resources below a scope.
//
// It sees what is there when it is called. Add it last.
package observe

import (
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// validateScopes refuses none, and those that are not there.
func validateScopes(scopes []constructs.Construct) error {
	if len(scopes) == 0 {
		return errors.New("no Scopes: set the app, stacks or constructs to look at")
	}
	if i := slices.Index(scopes, nil); i >= 0 {
		return fmt.Errorf("Scopes[%d] is nil: make it first", i)
	}
	return nil
}

// below returns the CloudFormation resources of some types at and below scopes, each
// once.
func below(scopes []constructs.Construct, wanted func(cloudFormationType string) bool) []awscdk.CfnResource {
	var found []awscdk.CfnResource
	seen := map[string]bool{}
	for _, scope := range scopes {
		for _, node := range *scope.Node().FindAll(constructs.ConstructOrder_PREORDER) {
			if !*awscdk.CfnResource_IsCfnResource(node) {
				continue
			}
			resource, ok := node.(awscdk.CfnResource)
			if !ok { // its package is not part of this program
				jsii.UnsafeCast(node, &resource)
			}
			path := *resource.Node().Path()
			if !seen[path] && wanted(*resource.CfnResourceType()) {
				seen[path] = true
				found = append(found, resource)
			}
		}
	}
	return found
}

// properties are those of a resource, as a template has them.
type properties map[string]any

func propertiesOf(r awscdk.CfnResource) properties {
	resolved, _ := r.Stack().Resolve(r.CfnProperties()).(map[string]any)
	return resolved
}

// get returns a property. The names are those of the template, and of the CDK's own
// resources with a small letter in front.
func (p properties) get(name string) any {
	if value, ok := p[name]; ok {
		return value
	}
	return p[string(name[0]|0x20)+name[1:]]
}

// number returns a property, zero if it is not there or not known yet.
func (p properties) number(name string) float64 {
	value, _ := p.get(name).(float64)
	return value
}
