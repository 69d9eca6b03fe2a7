package states

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/cockroachdb/apd/v3"
)

// rule is a choice rule
// (https://docs.aws.amazon.com/step-functions/latest/dg/state-choice.html).
type rule struct {
	test condition
	next string
}

type condition func(*scope) (bool, error)

// UnmarshalJSON implements json.Unmarshaler.
func (r *rule) UnmarshalJSON(data []byte) (err error) {
	r.test, err = compileRule(data, &r.next)
	return err
}

// compileRule compiles a rule. Only one that is not part of another has a next
// state.
func compileRule(data json.RawMessage, next *string) (condition, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(data, &fields); err != nil {
		return nil, err
	}
	if next != nil {
		if err := json.Unmarshal(fields["Next"], next); err != nil || *next == "" {
			return nil, errors.New("Next: a choice rule needs the name of a state")
		}
		delete(fields, "Next")
	}
	variable, comparison := fields["Variable"]
	delete(fields, "Comment")
	delete(fields, "Variable")
	operators := slices.Sorted(maps.Keys(fields))
	switch {
	case len(operators) != 1:
		return nil, fmt.Errorf("a choice rule needs exactly one operator, but has %q", operators)
	case comparison:
		return compileComparison(variable, operators[0], fields[operators[0]])
	}
	return compileLogic(operators[0], fields[operators[0]])
}

func compileLogic(operator string, operand json.RawMessage) (condition, error) {
	var operands []json.RawMessage
	switch operator {
	case "Not":
		operands = []json.RawMessage{operand}
	case "And", "Or":
		if err := json.Unmarshal(operand, &operands); err != nil || len(operands) == 0 {
			return nil, fmt.Errorf("%s: needs an array of choice rules", operator)
		}
	default:
		return nil, fmt.Errorf("operator %q is not supported without a Variable", operator)
	}
	tests := make([]condition, len(operands))
	for i, data := range operands {
		var err error
		if tests[i], err = compileRule(data, nil); err != nil {
			return nil, fmt.Errorf("%s: %w", operator, err)
		}
	}
	return func(s *scope) (bool, error) {
		for _, test := range tests {
			holds, err := test(s)
			if err != nil || holds == (operator != "And") {
				return holds != (operator == "Not"), err
			}
		}
		return operator != "Or", nil
	}, nil
}

var comparison = regexp.MustCompile(`^(?:(String|Numeric|Timestamp)(Equals|LessThan|GreaterThan|LessThanEquals|GreaterThanEquals)|(Boolean)(Equals))(Path)?$`)

func compileComparison(variable json.RawMessage, operator string, operand json.RawMessage) (condition, error) {
	var text selector
	if err := text.UnmarshalJSON(variable); err != nil || text.path == nil {
		return nil, errors.Join(errors.New("Variable: a JSONPath is required"), err)
	}
	if test, ok := typeTests[operator]; ok {
		var want bool
		if err := json.Unmarshal(operand, &want); err != nil {
			return nil, fmt.Errorf("%s: must be true or false", operator)
		}
		return text.path.typeTest(test, want, operator == "IsPresent"), nil
	}
	if operator == "StringMatches" {
		return compileStringMatches(text.path, operand)
	}
	parts := comparison.FindStringSubmatch(operator)
	if parts == nil {
		return nil, fmt.Errorf("operator %q is not supported", operator)
	}
	compare, holds := comparers[parts[1]+parts[3]], relations[parts[2]+parts[4]]
	right, err := compileOperand(operand, compare, parts[5] != "")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", operator, err)
	}
	return func(s *scope) (bool, error) {
		a, err := text.path.choose(s)
		if err != nil {
			return false, err
		}
		b, err := right(s)
		if err != nil {
			return false, err
		}
		order, comparable := compare(a, b)
		return comparable && holds(order), nil
	}, nil
}

// compileOperand compiles the right side of a comparison: a path, or a constant
// of the operator's type.
func compileOperand(operand json.RawMessage, compare func(a, b any) (int, bool), isPath bool) (expression, error) {
	if isPath {
		var right selector
		if err := right.UnmarshalJSON(operand); err != nil || right.path == nil {
			return nil, errors.Join(errors.New("a JSONPath is required"), err)
		}
		return right.path.choose, nil
	}
	value, err := unmarshal(string(operand))
	if err != nil {
		return nil, err
	}
	if _, ok := compare(value, value); !ok {
		return nil, fmt.Errorf("%s has the wrong type", operand)
	}
	return constant(value), nil
}

// choose is evaluate with the failure of a choice rule whose path selects nothing.
func (p *path) choose(s *scope) (any, error) {
	value, found := p.find(s)
	if !found {
		return nil, fail(errorRuntime, "Invalid path '%s': The choice state's condition path references an invalid value.", p.text)
	}
	return value, nil
}

var relations = map[string]func(order int) bool{
	"Equals":            func(order int) bool { return order == 0 },
	"LessThan":          func(order int) bool { return order < 0 },
	"GreaterThan":       func(order int) bool { return order > 0 },
	"LessThanEquals":    func(order int) bool { return order <= 0 },
	"GreaterThanEquals": func(order int) bool { return order >= 0 },
}

// comparers compare two values of the operator's type and report whether they are.
var comparers = map[string]func(a, b any) (int, bool){
	"String":    comparer(is[string], strings.Compare),
	"Numeric":   comparer(decimal, (*apd.Decimal).Cmp),
	"Timestamp": comparer(timestamp, time.Time.Compare),
	"Boolean": comparer(is[bool], func(a, b bool) int {
		if a == b {
			return 0
		}
		return 1
	}),
}

func comparer[T any](convert func(any) (T, bool), compare func(a, b T) int) func(a, b any) (int, bool) {
	return func(a, b any) (int, bool) {
		left, ok := convert(a)
		right, both := convert(b)
		if !ok || !both {
			return 0, false
		}
		return compare(left, right), true
	}
}

func is[T any](v any) (T, bool) { value, ok := v.(T); return value, ok }

func decimal(v any) (*apd.Decimal, bool) {
	number, ok := v.(json.Number)
	if !ok {
		return nil, false
	}
	d, _, err := apd.NewFromString(number.String())
	return d, err == nil
}

func timestamp(v any) (time.Time, bool) {
	text, _ := v.(string)
	t, err := time.Parse(time.RFC3339, text)
	return t, err == nil
}

var typeTests = map[string]func(any) bool{
	"IsPresent":   func(any) bool { return true },
	"IsNull":      func(v any) bool { return v == nil },
	"IsString":    func(v any) bool { _, ok := is[string](v); return ok },
	"IsBoolean":   func(v any) bool { _, ok := is[bool](v); return ok },
	"IsNumeric":   func(v any) bool { _, ok := is[json.Number](v); return ok },
	"IsTimestamp": func(v any) bool { _, ok := timestamp(v); return ok },
}

// typeTest tests the value at the path. Only IsPresent may find none.
func (p *path) typeTest(test func(any) bool, want, optional bool) condition {
	return func(s *scope) (bool, error) {
		if _, found := p.find(s); optional && !found {
			return !want, nil
		}
		value, err := p.choose(s)
		return err == nil && test(value) == want, err
	}
}

// compileStringMatches makes a pattern of text, in which * stands for any
// characters, \* for itself and \\ for a backslash.
func compileStringMatches(variable *path, operand json.RawMessage) (condition, error) {
	var text string
	if err := json.Unmarshal(operand, &text); err != nil {
		return nil, fmt.Errorf("StringMatches: %w", err)
	}
	var pattern strings.Builder
	escaped := false
	for _, r := range text {
		switch {
		case escaped && r != '*' && r != '\\':
			return nil, fmt.Errorf(`StringMatches: in %q, \ must come before * or \`, text)
		case r == '\\' && !escaped:
			escaped = true
			continue
		case r == '*' && !escaped:
			pattern.WriteString(".*")
		default:
			pattern.WriteString(regexp.QuoteMeta(string(r)))
		}
		escaped = false
	}
	if escaped {
		return nil, fmt.Errorf(`StringMatches: %q ends in \`, text)
	}
	matcher, err := regexp.Compile(`(?s)^` + pattern.String() + `$`)
	return func(s *scope) (bool, error) {
		value, err := variable.choose(s)
		text, ok := value.(string)
		return ok && matcher.MatchString(text), err
	}, err
}
