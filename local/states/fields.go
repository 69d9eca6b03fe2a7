package states

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"
)

// decodeFields decodes an object into the struct that v points to, field by
// field, so that its error lists all problems. Allowed are the fields as in
// [stateFields]; others are refused by name. It does not decode those that skip
// names.
func decodeFields(data []byte, v any, allowed string, skip ...string) error {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(data, &fields); err != nil {
		return err
	}
	var problems []error
	known := map[string]bool{}
	for group := range strings.FieldsSeq(allowed) {
		group, required := strings.CutSuffix(group, "!")
		count := 0
		for name := range strings.SplitSeq(group, "|") {
			known[name] = true
			if _, ok := fields[name]; ok {
				count++
			}
		}
		if count > 1 || required && count == 0 {
			problems = append(problems, fmt.Errorf("exactly one of %s is required", strings.ReplaceAll(group, "|", ", ")))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if !known[name] {
			problems = append(problems, fmt.Errorf("field %q is not supported here", name))
			continue
		}
		if slices.Contains(skip, name) {
			continue
		}
		field := reflect.ValueOf(v).Elem().FieldByName(name)
		if err := json.Unmarshal(fields[name], field.Addr().Interface()); err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", name, err))
		} else if err := checkValue(name, field.Interface()); err != nil {
			problems = append(problems, err)
		}
	}
	return errors.Join(problems...)
}

// maxSeconds is the longest that a state may wait or take
// (https://docs.aws.amazon.com/step-functions/latest/dg/state-task.html).
const maxSeconds = 99999999

// ranges are the least and most that numbers may be, and values what others may be.
var (
	ranges = map[string][2]int{
		"Seconds": {0, maxSeconds}, "TimeoutSeconds": {1, maxSeconds}, "HeartbeatSeconds": {1, maxSeconds},
		"IntervalSeconds": {1, maxSeconds}, "MaxAttempts": {0, maxSeconds}, "MaxDelaySeconds": {1, 31622399},
		"MaxConcurrency": {0, maxSeconds},
	}
	values = map[string][]any{
		"QueryLanguage": {"JSONPath"}, "Version": {"1.0"}, "JitterStrategy": {"FULL", "NONE"}, "End": {true},
	}
)

func checkValue(name string, value any) error {
	if allowed, ok := ranges[name]; ok && (value.(int) < allowed[0] || value.(int) > allowed[1]) {
		return fmt.Errorf("%s: %d is not from %d to %d", name, value, allowed[0], allowed[1])
	}
	if name == "Next" && value == "" {
		return errors.New("Next: the name of a state is required")
	}
	if allowed, ok := values[name]; ok && !slices.Contains(allowed, value) {
		return fmt.Errorf("%s: %v is not supported: use one of %v", name, value, allowed)
	}
	return nil
}

func checkStateName(name string) error {
	if n := utf8.RuneCountInString(name); n == 0 || n > 80 {
		return errors.New("a name has 1 to 80 characters")
	}
	return nil
}
