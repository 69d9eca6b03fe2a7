package assembly

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// template is a CloudFormation template
// (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html).
type template struct {
	AWSTemplateFormatVersion string
	Description              string
	Metadata                 any
	Parameters               map[string]parameter
	Rules                    any // what they assert of parameters, such as the bootstrap version
	Mappings                 map[string]map[string]map[string]any
	Conditions               map[string]any
	Resources                map[string]resource
	Outputs                  map[string]output
}

type parameter struct {
	Type    string
	Default any

	// What follows is about values that somebody enters, of which there are none here.
	AllowedPattern, AllowedValues, ConstraintDescription, Description any
	MaxLength, MaxValue, MinLength, MinValue, NoEcho                  any
}

type resource struct {
	Type       string
	Condition  string
	DependsOn  any
	Properties map[string]any
	Metadata   map[string]any

	// What follows is about changes to what exists, of which there are none here.
	DeletionPolicy      any
	UpdateReplacePolicy any
	UpdatePolicy        any
}

type output struct {
	Description any
	Condition   string
	Value       any
	Export      *struct{ Name any }
}

func parseTemplate(data []byte) (*template, error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	decoder.DisallowUnknownFields()
	t := &template{}
	if err := decoder.Decode(t); err != nil {
		return nil, fmt.Errorf("template: %w", err)
	}
	if len(t.Resources) == 0 {
		return nil, errors.New("template: no resources")
	}
	return t, nil
}

// Resource is what a stack creates.
type Resource struct {
	// Stack is the stack that the resource belongs to.
	Stack *Stack
	// LogicalID names the resource in its template.
	LogicalID string
	// Path is the path of the resource's construct, if the CDK says it.
	Path string
	// Type is its type, such as AWS::SQS::Queue.
	Type string
	// Properties are its properties, without any intrinsic function left.
	Properties map[string]any
}

// String names the resource in messages.
func (r *Resource) String() string {
	return fmt.Sprintf("stack %s: resource %s", r.Stack.Name, r.LogicalID)
}

// Identity is what other resources get to know of one.
type Identity struct {
	// Ref is what {"Ref": …} gives. Empty means that it is not known before the
	// resource is created.
	Ref string
	// Attributes are what {"Fn::GetAtt": […]} gives, by their names.
	Attributes map[string]any
}

// Outputs are the values of stacks' outputs by stack and name.
type Outputs map[string]map[string]string

// Plan resolves every resource of every stack in the order of creation. It calls
// identify for each to learn what others may refer to. It reports all that is
// wrong, not only the first.
func (a *Assembly) Plan(identify func(*Resource) (Identity, error)) (Outputs, error) {
	outputs := Outputs{}
	exports := map[string]any{}
	var problems []error
	for _, s := range a.Stacks {
		scope := newScope(s, exports, outputs)
		problems = append(problems, scope.plan(identify)...)
		values, errs := scope.outputs()
		problems = append(problems, errs...)
		outputs[s.Name] = values
	}
	return outputs, errors.Join(problems...)
}

// plan identifies the stack's resources in the order of creation.
func (s *scope) plan(identify func(*Resource) (Identity, error)) []error {
	var problems []error
	t := s.stack.template
	created := map[string]bool{}
	for _, id := range slices.Sorted(maps.Keys(t.Resources)) {
		wanted, err := s.condition(t.Resources[id].Condition)
		if err != nil {
			problems = append(problems, fmt.Errorf("stack %s: resource %s: %w", s.stack.Name, id, err))
		}
		created[id] = wanted
	}
	order, err := topological(slices.Sorted(maps.Keys(t.Resources)), func(id string) []string {
		return slices.DeleteFunc(t.Resources[id].needs(), func(need string) bool {
			_, known := t.Resources[need]
			return !known
		})
	})
	if err != nil {
		return append(problems, fmt.Errorf("stack %s: %w", s.stack.Name, err))
	}
	for _, id := range order {
		if !created[id] {
			continue
		}
		declared := t.Resources[id]
		r := &Resource{Stack: s.stack, LogicalID: id, Type: declared.Type}
		r.Path, _ = declared.Metadata["aws:cdk:path"].(string)
		properties, err := s.resolve(map[string]any(declared.Properties))
		if err == nil {
			r.Properties, _ = properties.(map[string]any)
			s.resources[id], err = identify(r)
		} else {
			err = fmt.Errorf("%v: %w", r, err)
		}
		if err == nil {
			continue
		}
		s.failed[id] = true
		if !errors.Is(err, errFailed) {
			problems = append(problems, err)
		}
	}
	return problems
}

func (s *scope) outputs() (map[string]string, []error) {
	values := map[string]string{}
	var problems []error
	for _, name := range slices.Sorted(maps.Keys(s.stack.template.Outputs)) {
		if err := s.output(name, s.stack.template.Outputs[name], values); err != nil && !errors.Is(err, errFailed) {
			problems = append(problems, fmt.Errorf("stack %s: output %s: %w", s.stack.Name, name, err))
		}
	}
	return values, problems
}

func (s *scope) output(name string, o output, values map[string]string) error {
	wanted, err := s.condition(o.Condition)
	if err != nil || !wanted {
		return err
	}
	value, err := s.resolve(o.Value)
	if err != nil {
		return err
	}
	if o.Export != nil {
		export, err := s.text(o.Export.Name)
		if err != nil {
			return err
		}
		s.exports[export] = value
	}
	values[name] = asText(value)
	return nil
}

// needs are the logical IDs that a resource's declaration mentions.
func (r resource) needs() []string {
	found := map[string]bool{}
	switch on := r.DependsOn.(type) {
	case string:
		found[on] = true
	case []any:
		for _, id := range on {
			found[asText(id)] = true
		}
	}
	mentions(map[string]any(r.Properties), found)
	return slices.Sorted(maps.Keys(found))
}

func mentions(value any, found map[string]bool) {
	switch v := value.(type) {
	case []any:
		for _, element := range v {
			mentions(element, found)
		}
	case map[string]any:
		for key, argument := range v {
			switch key {
			case "Ref":
				found[asText(argument)] = true
			case "Fn::GetAtt":
				id, _ := attribute(argument)
				found[id] = true
			case "Fn::Sub":
				for _, name := range placeholders(argument) {
					id, _, _ := strings.Cut(name, ".")
					found[id] = true
				}
			}
			mentions(argument, found)
		}
	}
}
