package template

import (
	"regexp"
	"strings"
)

// maxDepth bounds how far references are followed, against those in a circle.
const maxDepth = 64

// resolve replaces intrinsic functions by what they stand for.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
func (s *Stack) resolve(node any, depth int) any {
	if depth > maxDepth {
		return unknown{}
	}
	switch node := node.(type) {
	case []any:
		list := make([]any, 0, len(node))
		for _, element := range node {
			if value := s.resolve(element, depth+1); value != nil {
				list = append(list, value)
			}
		}
		return list
	case map[string]any:
		return s.resolveObject(node, depth)
	}
	return node
}

func (s *Stack) resolveObject(node map[string]any, depth int) any {
	object := make(map[string]any, len(node))
	for key, argument := range node {
		if name, ok := strings.CutPrefix(key, "Fn::"); ok {
			return s.call(name, argument, depth)
		}
		if name, ok := argument.(string); ok && key == "Ref" && len(node) == 1 {
			return s.ref(name, depth)
		}
		if value := s.resolve(argument, depth+1); value != nil {
			object[key] = value
		}
	}
	return object
}

// ref returns what Ref is for a name, nil for AWS::NoValue.
func (s *Stack) ref(name string, depth int) any {
	if name == "AWS::NoValue" {
		return nil
	}
	if strings.HasPrefix(name, "AWS::") {
		return pseudo(name)
	}
	if r := s.resources[name]; r != nil {
		return reference{r, "Ref"}
	}
	if given, ok := s.parameters[name]; ok {
		return s.parent.resolve(given, depth+1)
	}
	return unknown{}
}

func (s *Stack) getAtt(path string, depth int) any {
	id, attribute, _ := strings.Cut(path, ".")
	if output, ok := strings.CutPrefix(attribute, "Outputs."); ok && s.nested[id] != nil {
		return s.nested[id].output(output, depth)
	}
	if r := s.resources[id]; r != nil {
		return reference{r, attribute}
	}
	return unknown{}
}

func (s *Stack) output(name string, depth int) any {
	outputs, _ := s.document["Outputs"].(map[string]any)
	output, ok := outputs[name].(map[string]any)
	if !ok || s.resolving[name] {
		return unknown{}
	}
	s.resolving[name] = true
	defer delete(s.resolving, name)
	return s.resolve(output["Value"], depth+1)
}

// call returns what an intrinsic function is for an argument.
func (s *Stack) call(name string, argument any, depth int) any {
	list, _ := argument.([]any)
	switch name {
	case "GetAtt":
		return s.callGetAtt(argument, depth)
	case "Sub":
		return s.sub(argument, depth)
	case "Join":
		return s.join(list, depth)
	case "Select":
		return s.pick(list, depth)
	case "ImportValue":
		return s.app.imported(Value{s.resolve(argument, depth+1)}, depth)
	case "GetStackOutput":
		return s.app.stackOutput(Value{s.resolve(argument, depth+1)}, depth)
	}
	return unknown{}
}

func (s *Stack) callGetAtt(argument any, depth int) any {
	parts, ok := s.resolve(argument, depth+1).([]any)
	if !ok {
		return s.getAtt(Value{argument}.Text(), depth)
	}
	var names []string
	for _, part := range parts {
		names = append(names, Value{part}.Text())
	}
	return s.getAtt(strings.Join(names, "."), depth)
}

var placeholder = regexp.MustCompile(`\$\{[^}]*\}`)

// sub resolves Fn::Sub of a text, or of a text and its own variables.
func (s *Stack) sub(argument any, depth int) any {
	var variables map[string]any
	if list, ok := argument.([]any); ok && len(list) == 2 {
		argument = list[0]
		variables, _ = list[1].(map[string]any)
	}
	template, ok := argument.(string)
	if !ok {
		return unknown{}
	}
	var parts []any
	end := 0
	for _, at := range placeholder.FindAllStringIndex(template, -1) {
		parts = append(parts, template[end:at[0]])
		end = at[1]
		name := strings.TrimSpace(template[at[0]+2 : at[1]-1])
		variable, isVariable := variables[name]
		switch {
		case strings.HasPrefix(name, "!"):
			parts = append(parts, "${"+name[1:]+"}")
		case isVariable:
			parts = append(parts, s.resolve(variable, depth+1))
		case strings.Contains(name, "."):
			parts = append(parts, s.getAtt(name, depth))
		default:
			parts = append(parts, s.ref(name, depth))
		}
	}
	return concatenate(append(parts, template[end:]))
}

func (s *Stack) join(list []any, depth int) any {
	if len(list) != 2 {
		return unknown{}
	}
	separator, _ := list[0].(string)
	elements, ok := s.resolve(list[1], depth+1).([]any)
	if !ok {
		return unknown{}
	}
	var parts []any
	for i, element := range elements {
		if i > 0 {
			parts = append(parts, separator)
		}
		parts = append(parts, element)
	}
	return concatenate(parts)
}

// pick resolves Fn::Select. A part of a reference's text still refers to the
// resource, as where the CDK takes a name out of an ARN.
func (s *Stack) pick(list []any, depth int) any {
	if len(list) != 2 {
		return unknown{}
	}
	if call, ok := list[1].(map[string]any); ok {
		if split, ok := call["Fn::Split"].([]any); ok && len(split) == 2 {
			if ref, ok := s.resolve(split[1], depth+1).(reference); ok {
				return ref
			}
			return unknown{}
		}
	}
	index, _ := Value{list[0]}.Number()
	elements, ok := s.resolve(list[1], depth+1).([]any)
	if !ok || !(index >= 0 && index < float64(len(elements))) { // nor NaN
		return unknown{}
	}
	return elements[int(index)]
}

// imported returns the output that a stack of the app exports under a name. The name
// of an export cannot be imported itself.
func (a *App) imported(name Value, depth int) any {
	if a.naming {
		return unknown{}
	}
	for _, stack := range a.Stacks {
		outputs, _ := stack.document["Outputs"].(map[string]any)
		for id := range outputs {
			output, _ := outputs[id].(map[string]any)
			a.naming = true
			export := Value{stack.resolve(output["Export"], depth+1)}.Get("Name")
			a.naming = false
			if !name.Unknown() && export.Text() != "" && export.Text() == name.Text() {
				return stack.output(id, depth)
			}
		}
	}
	return unknown{}
}

// stackOutput returns an output of another stack of the app by its name.
func (a *App) stackOutput(argument Value, depth int) any {
	for _, stack := range a.Stacks {
		if argument.Get("StackName").Is(stack.Name) {
			return stack.output(argument.Get("OutputName").Text(), depth)
		}
	}
	return unknown{}
}

// concatenate returns the text of parts, as simple as it can be.
func concatenate(parts []any) any {
	var joined text
	for _, part := range parts {
		more, ok := pieces(part)
		if !ok {
			return unknown{}
		}
		for _, piece := range more {
			literal, isLiteral := piece.(string)
			switch last := len(joined) - 1; {
			case literal == "" && isLiteral:
			case isLiteral && last >= 0 && isString(joined[last]):
				joined[last] = joined[last].(string) + literal
			default:
				joined = append(joined, piece)
			}
		}
	}
	switch len(joined) {
	case 0:
		return ""
	case 1:
		return joined[0]
	}
	return joined
}

func isString(v any) bool {
	_, ok := v.(string)
	return ok
}
