package workflow

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/noidle/noidle/constructs/internal/asl"
)

// taskError is a task's failure, as Step Functions reports it.
type taskError struct{ name, message string }

// outcome is how an execution ended.
type outcome struct {
	Calls []string       // the tasks, in the order in which they were tried
	End   string         // the final state
	State map[string]any // its input
}

// interpreter executes a state machine as far as a saga needs it: Pass, Task
// with Retry and Catch, Choice by presence, Succeed and Fail.
type interpreter struct {
	t    *testing.T
	call func(task string, payload any) (any, *taskError)

	document asl.Document
	result   outcome
}

// run executes the document on input. Every attempt of a task goes to call,
// which knows it by the state's name.
func run(t *testing.T, document asl.Document, input any, call func(task string, payload any) (any, *taskError)) outcome {
	t.Helper()
	i := &interpreter{t: t, call: call, document: document}
	data := input
	for name := document.StartAt; name != ""; {
		state, ok := document.States[name]
		if !ok {
			t.Fatalf("no state %q", name)
		}
		i.result.End = name
		name, data = i.step(name, state, data)
	}
	i.result.State, _ = data.(map[string]any)
	return i.result
}

func (i *interpreter) step(name string, state asl.State, data any) (next string, output any) {
	switch state.Type {
	case "Pass":
		return state.Next, i.put(data, state.ResultPath, i.evaluate(state.Parameters, data))
	case "Task":
		return i.task(name, state, data)
	case "Choice":
		for _, c := range state.Choices {
			if _, present := i.get(data, c.Variable); present == c.IsPresent {
				return c.Next, data
			}
		}
		return state.Default, data
	case "Succeed", "Fail":
		return "", data
	}
	i.t.Fatalf("state %q has type %q", name, state.Type)
	return "", nil
}

func (i *interpreter) task(name string, state asl.State, data any) (next string, output any) {
	payload := i.evaluate(state.Parameters, data)
	attempts := make([]int, len(state.Retry))
	for {
		i.result.Calls = append(i.result.Calls, name)
		result, failure := i.call(name, payload)
		if failure == nil {
			if state.ResultSelector != nil {
				result = i.evaluate(state.ResultSelector, map[string]any{"Payload": result})
			}
			return state.Next, i.put(data, state.ResultPath, result)
		}
		r := slices.IndexFunc(state.Retry, func(r asl.Retrier) bool { return matches(r.ErrorEquals, failure.name) })
		if r >= 0 && attempts[r] < state.Retry[r].MaxAttempts {
			attempts[r]++
			continue
		}
		c := slices.IndexFunc(state.Catch, func(c asl.Catcher) bool { return matches(c.ErrorEquals, failure.name) })
		if c < 0 {
			return "", data
		}
		cause, err := json.Marshal(map[string]any{"errorMessage": failure.message, "errorType": failure.name})
		if err != nil {
			i.t.Fatal(err)
		}
		return state.Catch[c].Next, i.put(data, state.Catch[c].ResultPath, map[string]any{"Error": failure.name, "Cause": string(cause)})
	}
}

func matches(names []string, failure string) bool {
	return slices.Contains(names, failure) ||
		slices.Contains(names, asl.All) && failure != asl.DataLimitExceeded
}

// evaluate fills in a payload template.
func (i *interpreter) evaluate(template, data any) any {
	switch template := template.(type) {
	case map[string]any:
		filled := map[string]any{}
		for key, value := range template {
			if path, ok := strings.CutSuffix(key, ".$"); ok {
				filled[path] = i.path(value.(string), data)
			} else {
				filled[key] = i.evaluate(value, data)
			}
		}
		return filled
	case []any:
		var filled []any
		for _, value := range template {
			filled = append(filled, i.evaluate(value, data))
		}
		return filled
	}
	return template
}

// path evaluates a path or an intrinsic function.
func (i *interpreter) path(path string, data any) any {
	if inner, ok := strings.CutPrefix(path, "States.StringToJson("); ok {
		var v any
		if err := json.Unmarshal([]byte(i.path(strings.TrimSuffix(inner, ")"), data).(string)), &v); err != nil {
			i.t.Fatalf("%s: %v", path, err)
		}
		return v
	}
	if strings.HasPrefix(path, "$$.") {
		return path
	}
	v, ok := i.get(data, path)
	if !ok {
		i.t.Fatalf("path %s is not in %v", path, data)
	}
	return v
}

func (i *interpreter) get(data any, path string) (any, bool) {
	for _, key := range strings.Split(path, ".")[1:] {
		object, ok := data.(map[string]any)
		if !ok {
			return nil, false
		}
		if data, ok = object[key]; !ok {
			return nil, false
		}
	}
	return data, true
}

// put returns data with a result at path. It copies what it changes.
func (i *interpreter) put(data, path, result any) any {
	switch path := path.(type) {
	case nil:
		return result
	case string:
		return put(data, strings.Split(path, ".")[1:], result)
	}
	return data // Discarded.
}

func put(data any, keys []string, result any) any {
	if len(keys) == 0 {
		return result
	}
	changed := map[string]any{}
	object, _ := data.(map[string]any)
	for key, value := range object {
		changed[key] = value
	}
	changed[keys[0]] = put(changed[keys[0]], keys[1:], result)
	return changed
}
