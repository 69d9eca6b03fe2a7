package states

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// template is a field that holds a payload template, such as Parameters
// (https://docs.aws.amazon.com/step-functions/latest/dg/input-output-inputpath-params.html).
// The zero template is none.
type template struct{ evaluate expression }

// UnmarshalJSON implements json.Unmarshaler.
func (t *template) UnmarshalJSON(data []byte) error {
	value, err := unmarshal(string(data))
	if err != nil {
		return err
	}
	if _, ok := value.(map[string]any); !ok {
		return fmt.Errorf("%s is not a JSON object", data)
	}
	t.evaluate, err = compileTemplate(value)
	return err
}

func compileTemplate(value any) (expression, error) {
	switch value := value.(type) {
	case map[string]any:
		return compileObject(value)
	case []any:
		return compileArray(value)
	}
	return constant(value), nil
}

func constant(value any) expression {
	return func(*scope) (any, error) { return value, nil }
}

func compileObject(object map[string]any) (expression, error) {
	names := slices.Sorted(maps.Keys(object))
	members := make([]expression, len(names))
	var problems []error
	for i, key := range names {
		name, dynamic := strings.CutSuffix(key, ".$")
		var err error
		if dynamic {
			members[i], err = compileMember(key, object[key])
		} else {
			members[i], err = compileTemplate(object[key])
		}
		problems = append(problems, err)
		names[i] = name
	}
	return func(s *scope) (any, error) {
		filled := make(map[string]any, len(names))
		for i, name := range names {
			var err error
			if filled[name], err = members[i](s); err != nil {
				return nil, err
			}
		}
		return filled, nil
	}, errors.Join(problems...)
}

// compileMember compiles a member whose name ends in .$.
func compileMember(key string, value any) (expression, error) {
	text, ok := value.(string)
	if !ok {
		return nil, fmt.Errorf("the value for the field '%s' must be a STRING that contains a JSONPath or an intrinsic function", key)
	}
	evaluate, err := parseExpression(text)
	if err != nil {
		return nil, fmt.Errorf("the value for the field '%s' must be a valid JSONPath or a valid intrinsic function call: %w", key, err)
	}
	return func(s *scope) (any, error) {
		value, err := evaluate(s)
		if absent, ok := errors.AsType[*missing](err); ok {
			input, _ := marshal(absent.input)
			return nil, fail(errorParameterPath, "The JSONPath '%s' specified for the field '%s' could not be found in the input '%s'", text, key, input)
		}
		return value, err
	}, nil
}

func compileArray(array []any) (expression, error) {
	elements := make([]expression, len(array))
	var problems []error
	for i, value := range array {
		var err error
		elements[i], err = compileTemplate(value)
		problems = append(problems, err)
	}
	return func(s *scope) (any, error) {
		filled := make([]any, len(elements))
		for i, element := range elements {
			var err error
			if filled[i], err = element(s); err != nil {
				return nil, err
			}
		}
		return filled, nil
	}, errors.Join(problems...)
}

// parseExpression compiles a path or a call of an intrinsic function.
func parseExpression(text string) (expression, error) {
	if strings.HasPrefix(text, "$") {
		p, err := parsePath(text)
		if err != nil {
			return nil, err
		}
		return p.evaluate, nil
	}
	return parseIntrinsic(text)
}

// formula is a field that holds a path or an intrinsic function, such as
// CausePath.
type formula struct{ evaluate expression }

// UnmarshalJSON implements json.Unmarshaler.
func (f *formula) UnmarshalJSON(data []byte) error {
	var text string
	if err := json.Unmarshal(data, &text); err != nil {
		return err
	}
	var err error
	f.evaluate, err = parseExpression(text)
	return err
}

// selector is a field that holds a path or null, such as InputPath. The zero
// selector is none.
type selector struct {
	path    *path
	discard bool
}

// UnmarshalJSON implements json.Unmarshaler.
func (s *selector) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		s.discard = true
		return nil
	}
	var text string
	if err := json.Unmarshal(data, &text); err != nil {
		return err
	}
	var err error
	s.path, err = parsePath(text)
	return err
}

// place is a selector that names one place in the input: a reference path.
type place struct{ selector }

// UnmarshalJSON implements json.Unmarshaler.
func (p *place) UnmarshalJSON(data []byte) error {
	if err := p.selector.UnmarshalJSON(data); err != nil {
		return err
	}
	if p.path != nil && p.path.query != nil {
		return fmt.Errorf("%s is not a reference path", data)
	}
	return nil
}
