package states

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"strings"
)

// payloadLimit is the most bytes that states may hand on
// (https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html).
const payloadLimit = 256 * 1024

// payload is JSON on its way from state to state: decoded for paths, and its
// text for tasks and the history. Both are never changed.
type payload struct {
	value any
	text  string
}

// encode makes a payload of a decoded value.
func encode(value any) (payload, error) {
	text, err := marshal(value)
	if err != nil {
		return payload{}, fail(errorRuntime, "%v", err)
	}
	return payload{value, text}.limited()
}

// decode makes a payload of JSON text.
func decode(text string) (payload, error) {
	value, err := unmarshal(text)
	return payload{value, text}, err
}

func (p payload) limited() (payload, error) {
	if len(p.text) > payloadLimit {
		return payload{}, &failure{
			name:  errorDataLimit,
			cause: "The state/task returned a result with a size exceeding the maximum number of bytes service limit.",
		}
	}
	return p, nil
}

func marshal(value any) (string, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return "", err
	}
	return string(bytes.TrimSuffix(b.Bytes(), []byte("\n"))), nil
}

// unmarshal decodes one JSON value and keeps its numbers as they are written.
func unmarshal(text string) (any, error) {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, err
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, errors.New("more than one JSON value")
	}
	return value, nil
}

// put returns data with value at the place that keys lead to, and whether there
// is such a place: objects on the way are made, array elements must exist. It
// copies what it changes.
func put(data any, keys []any, value any) (any, bool) {
	if len(keys) == 0 {
		return value, true
	}
	switch key := keys[0].(type) {
	case string:
		object, ok := data.(map[string]any)
		if !ok && data != nil {
			return nil, false
		}
		child, ok := put(object[key], keys[1:], value)
		changed := maps.Clone(object)
		if changed == nil {
			changed = map[string]any{}
		}
		changed[key] = child
		return changed, ok
	case int:
		array, _ := data.([]any)
		if key >= len(array) {
			return nil, false
		}
		child, ok := put(array[key], keys[1:], value)
		changed := append([]any(nil), array...)
		changed[key] = child
		return changed, ok
	}
	return nil, false
}
