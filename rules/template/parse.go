package template

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// parse returns a template's document. YAML may have CloudFormation's short forms
// of intrinsic functions, such as !GetAtt Queue.Arn.
func parse(data []byte) (map[string]any, error) {
	var document map[string]any
	if strings.HasPrefix(strings.TrimSpace(string(data)), "{") {
		err := json.Unmarshal(data, &document)
		return document, err
	}
	var root yaml.Node
	if err := yaml.Unmarshal(data, &root); err != nil {
		return nil, err
	}
	if root.Kind != yaml.DocumentNode {
		return nil, errors.New("the template is empty")
	}
	value, err := fromYAML(root.Content[0])
	if err != nil {
		return nil, err
	}
	document, ok := value.(map[string]any)
	if !ok {
		return nil, errors.New("the template is no object")
	}
	return document, nil
}

func fromYAML(node *yaml.Node) (any, error) {
	value, err := untagged(node)
	name, short := strings.CutPrefix(node.Tag, "!")
	if err != nil || !short || strings.HasPrefix(name, "!") {
		return value, err
	}
	if name != "Ref" && name != "Condition" {
		name = "Fn::" + name
	}
	return map[string]any{name: value}, nil
}

func untagged(node *yaml.Node) (any, error) {
	switch node.Kind {
	case yaml.SequenceNode:
		list := make([]any, len(node.Content))
		for i, element := range node.Content {
			var err error
			if list[i], err = fromYAML(element); err != nil {
				return nil, err
			}
		}
		return list, nil
	case yaml.MappingNode:
		object := map[string]any{}
		for i := 0; i < len(node.Content); i += 2 {
			value, err := fromYAML(node.Content[i+1])
			if err != nil {
				return nil, err
			}
			object[node.Content[i].Value] = value
		}
		return object, nil
	case yaml.ScalarNode:
		return scalar(node)
	}
	return nil, fmt.Errorf("line %d: aliases are not supported; write the value out", node.Line)
}

// booleans are those of YAML 1.1, which CloudFormation reads, beyond true and false.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html
var booleans = map[string]bool{"yes": true, "on": true, "no": false, "off": false}

// scalar returns a scalar as JSON has it. Dates, such as a policy's version, stay text.
func scalar(node *yaml.Node) (any, error) {
	switch node.Tag {
	case "!!bool":
		var b bool
		err := node.Decode(&b)
		return b, err
	case "!!int", "!!float":
		var f float64
		err := node.Decode(&f)
		return f, err
	case "!!null":
		return nil, nil
	}
	if b, ok := booleans[strings.ToLower(node.Value)]; ok && node.Style == 0 {
		return b, nil
	}
	return node.Value, nil
}
