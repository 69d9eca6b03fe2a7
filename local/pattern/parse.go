package pattern

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// maxCombinations is how many combinations of fields the $or of one pattern may
// stand for (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html).
const maxCombinations = 1000

// Parse parses a pattern. The error names the field and what is wrong with it.
func Parse(data []byte) (*Pattern, error) {
	if !json.Valid(data) {
		return nil, errors.New("the pattern is not valid JSON")
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, err
	}
	alternatives, err := parseObject(nil, value, false)
	if err != nil {
		return nil, err
	}
	for _, leaves := range alternatives {
		slices.SortFunc(leaves, func(a, b leaf) int { return slices.Compare(a.path, b.path) })
	}
	return &Pattern{alternatives}, nil
}

// parseObject returns the alternatives that an object of a pattern stands for.
func parseObject(path []string, value any, insideOr bool) ([][]leaf, error) {
	object, ok := value.(map[string]any)
	if !ok || len(object) == 0 {
		return nil, errorAt(path, "must be an object that is not empty")
	}
	all := [][]leaf{nil}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		alternatives, err := parseField(path, name, object[name], insideOr)
		if err != nil {
			return nil, err
		}
		if len(all)*len(alternatives) > maxCombinations {
			return nil, errorAt(path, "$or leads to over %d rule combinations", maxCombinations)
		}
		var combined [][]leaf
		for _, left := range all {
			for _, right := range alternatives {
				combined = append(combined, slices.Concat(left, right))
			}
		}
		all = combined
	}
	return all, nil
}

// parseField returns the alternatives that a field of a pattern's object stands
// for.
func parseField(parent []string, name string, value any, insideOr bool) ([][]leaf, error) {
	path := append(slices.Clone(parent), name)
	array, isArray := value.([]any)
	switch {
	case name == "$or":
		if len(array) < 2 {
			return nil, errorAt(path, "must be an array of at least 2 objects")
		}
		var all [][]leaf
		for _, object := range array {
			alternatives, err := parseObject(parent, object, true)
			if err != nil {
				return nil, err
			}
			all = append(all, alternatives...)
		}
		return all, nil
	case insideOr && operators[name] != nil:
		return nil, errorAt(path, "the name of an operator cannot be that of a field in $or")
	case !isArray:
		return parseObject(path, value, insideOr)
	case len(array) == 0:
		return nil, errorAt(path, "empty arrays are not allowed")
	}
	l := leaf{path: path}
	for _, value := range array {
		if err := l.add(value); err != nil {
			return nil, errorAt(path, "%w", err)
		}
	}
	return [][]leaf{{l}}, nil
}

// add adds a value, or an operator with its argument, to what a leaf may be.
func (l *leaf) add(value any) error {
	switch value := value.(type) {
	case []any:
		return errors.New("match value must be a string, a number, true, false, null or an operator")
	case map[string]any:
		if value["exists"] == false && len(value) == 1 {
			l.absent = true
			return nil
		}
		holds, err := parseOperator(operators, value)
		l.tests = append(l.tests, holds)
		return err
	default:
		l.tests = append(l.tests, equal(value))
		return nil
	}
}

func errorAt(path []string, format string, arguments ...any) error {
	if len(path) == 0 {
		path = []string{"the pattern"}
	}
	return fmt.Errorf("%s: %w", strings.Join(path, "."), fmt.Errorf(format, arguments...))
}
