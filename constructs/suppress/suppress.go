// Package suppress accepts findings of noidle check, where they are meant to be.
package suppress

import (
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"
)

// Findings accepts that a construct's resource breaks rules, which noidle check
// -rules lists: reasons says why, by rule. They are in the template, in the metadata
// of the resource, beside those of earlier calls. A reason for a rule that the resource
// does not break is itself a finding. It panics if the construct stands for no resource,
// or if a rule has no reason.
func Findings(construct constructs.IConstruct, reasons map[string]string) {
	path := *construct.Node().Path()
	resource, ok := construct.Node().DefaultChild().(awscdk.CfnResource)
	if !ok {
		panic(fmt.Errorf("suppress: %s stands for no resource: give the construct that makes it", path))
	}
	var entries []any
	if earlier, ok := resource.GetMetadata(new("noidle")).(map[string]any); ok {
		entries, _ = earlier["suppress"].([]any)
	}
	for _, rule := range slices.Sorted(maps.Keys(reasons)) {
		if reasons[rule] == "" {
			panic(fmt.Errorf("suppress: %s: %s has no reason: say why it is accepted", path, rule))
		}
		entries = append(entries, map[string]string{"rule": rule, "reason": reasons[rule]})
	}
	resource.AddMetadata(new("noidle"), map[string]any{"suppress": entries})
}
