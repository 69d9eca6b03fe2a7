package events

import (
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// InputTransformer makes the input of a target of parts of an event
// (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html).
type InputTransformer struct {
	// InputPathsMap holds JSON paths into the event by the names of variables.
	InputPathsMap map[string]string `json:",omitempty"`
	// InputTemplate is JSON with <variable> in place of values or within strings.
	InputTemplate string
}

// payload returns what a target gets of an event.
func (t *Target) payload(r *rule, e *event) []byte {
	switch {
	case t.Input != "":
		return []byte(t.Input)
	case t.InputPath != "":
		steps, _ := parsePath(t.InputPath) // it was checked
		part, _ := lookUp(e.value, steps)
		return encode(part)
	case t.InputTransformer != nil:
		return []byte(t.InputTransformer.render(r, e))
	}
	return e.json
}

// render returns the template with the values of an event.
func (t *InputTransformer) render(r *rule, e *event) string {
	withoutDetail := e.envelope
	withoutDetail.Detail = nil
	values := map[string]any{
		"aws.events.rule-arn":             r.arn,
		"aws.events.rule-name":            r.Name,
		"aws.events.event.ingestion-time": e.ingested.UTC().Format(time.RFC3339),
		"aws.events.event":                withoutDetail,
		"aws.events.event.json":           json.RawMessage(e.json),
	}
	for name, path := range t.InputPathsMap {
		steps, _ := parsePath(path) // it was checked
		if value, ok := lookUp(e.value, steps); ok {
			values[name] = value
		}
	}
	return t.replace(values)
}

// token is a quote, an escaped character or a variable in a template.
var token = regexp.MustCompile(`"|\\.|<([\w.-]+)>`)

// replace returns the template with values in place of its variables. Outside
// strings they are JSON. Within strings they are text that is not escaped, and
// objects and arrays lose their quotes. Variables without a value are empty.
func (t *InputTransformer) replace(values map[string]any) string {
	quoted := false
	return token.ReplaceAllStringFunc(t.InputTemplate, func(found string) string {
		if found[0] != '<' {
			quoted = quoted != (found == `"`)
			return found
		}
		value, ok := values[found[1:len(found)-1]]
		if !ok {
			value = ""
		}
		if text, ok := value.(string); ok && quoted {
			return text
		}
		text := string(encode(value))
		if quoted {
			return strings.ReplaceAll(text, `"`, "")
		}
		return text
	})
}

// validate checks a transformer of a target, if it has one.
func (t *InputTransformer) validate(target string) error {
	if t == nil {
		return nil
	}
	for name, path := range t.InputPathsMap {
		if strings.HasPrefix(strings.ToLower(name), "aws.") {
			return invalid("InputPathsMap of target %s: the name %s is reserved.", target, name)
		}
		if _, err := parsePath(path); err != nil {
			return invalid("Invalid InputPathsMap for target %s: %v", target, err)
		}
	}
	for _, found := range token.FindAllStringSubmatch(t.InputTemplate, -1) {
		name := found[1]
		if _, ok := t.InputPathsMap[name]; name != "" && !ok && !slices.Contains(predefined, name) {
			return invalid("InputTemplate for target %s contains invalid placeholder %s.", target, name)
		}
	}
	// The lines of a text are a string each.
	decoder := json.NewDecoder(strings.NewReader(t.replace(nil)))
	for {
		var value any
		if err := decoder.Decode(&value); err == io.EOF {
			return nil
		} else if err != nil {
			return invalid("Invalid InputTemplate for target %s : %v", target, err)
		}
	}
}

var predefined = []string{
	"aws.events.rule-arn", "aws.events.rule-name", "aws.events.event.ingestion-time", "aws.events.event", "aws.events.event.json",
}

var (
	pathSyntax = regexp.MustCompile(`^\$(\.[\w/-]+|\.\*|\[\d+\]|\[\*\])*$`)
	pathStep   = regexp.MustCompile(`[\w/-]+|\*`)
)

// parsePath returns the steps of a JSON path: names, indices and *.
func parsePath(path string) ([]string, error) {
	if !pathSyntax.MatchString(path) {
		return nil, fmt.Errorf("%q is not a JSON path of names after dots, array indices and *", path)
	}
	return pathStep.FindAllString(path, -1), nil
}

// lookUp returns the value at a path, and for one with a *, an array of those
// that it finds.
func lookUp(value any, steps []string) (any, bool) {
	if len(steps) == 0 {
		return value, true
	}
	step, rest := steps[0], steps[1:]
	object, _ := value.(map[string]any)
	array, _ := value.([]any)
	if step == "*" {
		var all []any
		for _, child := range slices.Concat(sorted(object, ""), array) {
			if found, ok := lookUp(child, rest); ok {
				all = append(all, found)
			}
		}
		return all, all != nil
	}
	if child, ok := object[step]; ok {
		return lookUp(child, rest)
	}
	if i, err := strconv.Atoi(step); err == nil && i < len(array) {
		return lookUp(array[i], rest)
	}
	return nil, false
}
