// Package template reads synthesized CloudFormation templates, from any language's
// CDK or written by hand, and resolves what they refer to: across resources, nested
// stacks and stacks. What only a deployment can tell stays unknown.
package template

import (
	"maps"
	"slices"
)

// App is a set of stacks that may refer to each other.
type App struct {
	// Stacks are in the order in which they were loaded, a nested stack after the
	// stack that has it.
	Stacks []*Stack

	naming    bool                      // within the name of an export
	resources map[string][]*Resource    // by type, all of them under ""
	referrers map[*Resource][]*Resource // who refers to a resource, from the first use on
}

// Stack is one template.
type Stack struct {
	// Name is that of the stack, or of the template's file where no manifest names it.
	Name string
	// File is the template's path, as it was given or found.
	File string

	app        *App
	document   map[string]any
	resources  map[string]*Resource
	parent     *Stack
	parameters map[string]any // those that parent gives, not resolved
	nested     map[string]*Stack
	resolving  map[string]bool // outputs, against those that refer to themselves
}

// Resource is one resource of a stack.
type Resource struct {
	// Stack is the stack that has the resource.
	Stack *Stack
	// ID is the logical ID.
	ID string
	// Type is the resource's type, such as AWS::SQS::Queue.
	Type string
	// Line is the resource's line in the template's file, from 1.
	Line int

	body       map[string]any
	properties *Value // resolved, from the first use on
}

// Resources returns the app's resources of the types, or of all types if none is
// given: stack by stack, by logical ID.
func (a *App) Resources(types ...string) []*Resource {
	if a.resources == nil {
		a.index()
	}
	switch len(types) {
	case 0:
		return a.resources[""]
	case 1:
		return a.resources[types[0]]
	}
	var found []*Resource
	for _, r := range a.resources[""] {
		if slices.Contains(types, r.Type) {
			found = append(found, r)
		}
	}
	return found
}

func (a *App) index() {
	a.resources = map[string][]*Resource{}
	for _, stack := range a.Stacks {
		for _, id := range slices.Sorted(maps.Keys(stack.resources)) {
			r := stack.resources[id]
			a.resources[""] = append(a.resources[""], r)
			a.resources[r.Type] = append(a.resources[r.Type], r)
		}
	}
}

// Referrers returns the resources of the types whose properties refer to r, in the
// order of Resources.
func (r *Resource) Referrers(types ...string) []*Resource {
	a := r.Stack.app
	if a.referrers == nil {
		a.referrers = map[*Resource][]*Resource{}
		for _, from := range a.Resources() {
			from.Get().references(func(to *Resource) {
				if known := a.referrers[to]; len(known) == 0 || known[len(known)-1] != from {
					a.referrers[to] = append(known, from)
				}
			})
		}
	}
	var found []*Resource
	for _, from := range a.referrers[r] {
		if slices.Contains(types, from.Type) {
			found = append(found, from)
		}
	}
	return found
}

// Get returns the property at a path, such as Get("Code", "S3Bucket"), or all of
// them for no path. The app must be complete.
func (r *Resource) Get(path ...string) Value {
	if r.properties == nil {
		r.properties = new(r.Attribute("Properties"))
	}
	return r.properties.Get(path...)
}

// Attribute returns what a resource says beside its properties, such as
// DeletionPolicy or Metadata.
func (r *Resource) Attribute(name string) Value {
	return Value{r.Stack.resolve(r.body[name], 0)}
}

// Path returns the construct's path, such as Orders/Queue/Resource, or the logical
// ID of a resource that no CDK made.
func (r *Resource) Path() string {
	if path, ok := r.Attribute("Metadata").Get("aws:cdk:path").Literal(); ok {
		return path
	}
	return r.ID
}

// App returns the app that has the resource.
func (r *Resource) App() *App { return r.Stack.app }
