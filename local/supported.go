package local

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jonboulle/clockwork"

	"github.com/noidle/noidle/local/cloudfront"
	"github.com/noidle/noidle/local/s3"
)

// Supported returns, in Markdown, every resource type, property and API
// operation that the local cloud supports.
func Supported() string {
	var b strings.Builder
	b.WriteString("# What the local cloud supports\n\n" +
		"This page is written by the code itself. What it does not list is refused by name, before anything\n" +
		"starts or when it is called.\n\n" +
		"## Resource types and their properties\n")
	var ignored []string
	for _, name := range slices.Sorted(maps.Keys(resourceTypes)) {
		t := resourceTypes[name]
		if t.properties == nil {
			ignored = append(ignored, name)
			continue
		}
		effective, without := propertyNames(t.properties)
		fmt.Fprintf(&b, "\n### %s\n\n%s\n", name, code(effective))
		if len(without) > 0 {
			fmt.Fprintf(&b, "\nAccepted, without effect on this machine: %s\n", code(without))
		}
	}
	fmt.Fprintf(&b, "\n## Resource types without effect on this machine\n\nAccepted with any property: %s\n", code(ignored))
	b.WriteString("\n## API operations\n")
	operations := supportedOperations()
	for _, service := range slices.Sorted(maps.Keys(operations)) {
		fmt.Fprintf(&b, "\n### %s\n\n%s\n", service, code(operations[service]))
	}
	return b.String()
}

func code(names []string) string { return "`" + strings.Join(names, "`, `") + "`" }

// supportedOperations are the operations of each service's API.
func supportedOperations() map[string][]string {
	c := &Cloud{clock: clockwork.NewRealClock()}
	c.openServices()
	defer c.closeServices()
	supported := map[string][]string{}
	for service, operations := range c.operations {
		supported[service] = operations.Names()
	}
	supported["cloudfront"] = cloudfront.OperationNames()
	supported["s3"] = s3.OperationNames()
	supported["lambda"] = slices.Sorted(maps.Keys(c.lambda.Routes()))
	return supported
}
