package dynamodb

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/noidle/noidle/local/api"
)

// maxDepth is how deep an item may nest
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-attributes).
const maxDepth = 32

// UnmarshalJSON implements json.Unmarshaler: it reads attribute values straight
// from the request.
func (i *item) UnmarshalJSON(data []byte) (err error) {
	r := &reader{data: data}
	if r.null() {
		return nil
	}
	*i, err = r.item(0)
	return err
}

// expressionValues are the values of an expression by their placeholders.
type expressionValues map[string]value

// UnmarshalJSON implements json.Unmarshaler.
func (e *expressionValues) UnmarshalJSON(data []byte) error {
	r := &reader{data: data}
	if r.null() {
		return nil
	}
	*e = expressionValues{}
	return r.object(func(name string) error {
		v, err := r.value(0)
		(*e)[name] = v
		if failure, ok := err.(*api.Error); ok && failure.Code == validationException {
			return invalid("ExpressionAttributeValues contains invalid value: %s for key %s", failure.Message, name)
		}
		return err
	})
}

// reader reads attribute values of JSON that is known to be well-formed.
type reader struct {
	data []byte
	at   int
	// canonical says that numbers are in their canonical form.
	canonical bool
}

// peek returns the first byte of the next token.
func (r *reader) peek() byte {
	for r.at < len(r.data) {
		switch c := r.data[r.at]; c {
		case ' ', '\t', '\n', '\r', ',', ':':
			r.at++
		default:
			return c
		}
	}
	return 0
}

// null reads a null, if one is next.
func (r *reader) null() bool {
	if r.peek() != 'n' {
		return false
	}
	r.at += len("null")
	return true
}

func (r *reader) object(member func(name string) error) error {
	return r.all('{', '}', "START_OBJECT", func() error {
		name, err := r.text()
		if err != nil {
			return err
		}
		return member(name)
	})
}

func (r *reader) array(element func() error) error {
	return r.all('[', ']', "START_ARRAY", element)
}

func (r *reader) all(from, to byte, name string, each func() error) error {
	if r.peek() != from {
		return unexpected(name)
	}
	for r.at++; r.peek() != to; {
		if err := each(); err != nil {
			return err
		}
	}
	r.at++
	return nil
}

func unexpected(token string) error {
	return &api.Error{Code: "SerializationException", Message: "Unexpected value of an attribute: expected " + token}
}

func (r *reader) text() (string, error) {
	if r.peek() != '"' {
		return "", unexpected("a string")
	}
	start := r.at + 1
	end := start
	for plain := true; end < len(r.data); end++ {
		switch r.data[end] {
		case '\\':
			plain = false
			end++
		case '"':
			r.at = end + 1
			if plain && utf8.Valid(r.data[start:end]) {
				return string(r.data[start:end]), nil
			}
			var s string
			err := json.Unmarshal(r.data[start-1:end+1], &s)
			return s, err
		}
	}
	return "", unexpected("a string")
}

func (r *reader) boolean() (string, error) {
	for _, literal := range []string{"true", "false"} {
		if r.peek() == literal[0] {
			r.at += len(literal)
			return literal, nil
		}
	}
	return "", unexpected("a boolean")
}

func (r *reader) item(depth int) (item, error) {
	i := item{}
	return i, r.object(func(name string) (err error) {
		i[name], err = r.value(depth)
		return err
	})
}

// value reads a value at a depth of lists and maps.
func (r *reader) value(depth int) (value, error) {
	var v value
	types := 0
	err := r.object(func(name string) (err error) {
		if r.null() {
			return nil
		}
		types++
		v.kind = name
		switch name {
		case typeString, typeNumber, typeBinary:
			v.scalar, err = r.scalar(name)
		case typeBool:
			v.scalar, err = r.boolean()
		case typeNull:
			if v.scalar, err = r.boolean(); err == nil && v.scalar != "true" {
				err = invalid("One or more parameter values were invalid: Null attribute value types must have the value of true")
			}
		case typeStringSet, typeNumberSet, typeBinarySet:
			var members []string
			members, err = r.set(name)
			v = setValue(name, members)
		case typeMap, typeList:
			err = r.container(&v, depth+1)
		default:
			err = invalid("type %q of an AttributeValue is not supported", name)
		}
		return err
	})
	switch {
	case err != nil:
		return value{}, err
	case types == 0:
		return value{}, invalid("Supplied AttributeValue is empty, must contain exactly one of the supported datatypes")
	case types > 1:
		return value{}, invalid("Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes")
	}
	return v, nil
}

// scalar reads a string, number or binary.
func (r *reader) scalar(kind string) (string, error) {
	text, err := r.text()
	switch {
	case err != nil || kind == typeString:
		return text, err
	case kind == typeNumber && r.canonical:
		return text, nil
	case kind == typeNumber:
		n, err := parseNumber(text)
		return n.String(), err
	}
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return "", unexpected("base64")
	}
	return string(data), nil
}

func (r *reader) container(v *value, depth int) (err error) {
	if depth > maxDepth {
		return invalid("Nesting Levels have exceeded supported limits")
	}
	v.parts = &parts{}
	if v.kind == typeMap {
		v.parts.fields, err = r.item(depth)
		return err
	}
	return r.array(func() error {
		element, err := r.value(depth)
		v.parts.list = append(v.parts.list, element)
		return err
	})
}

// set reads the members of a set. A set is not empty and has no member twice
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html).
func (r *reader) set(kind string) ([]string, error) {
	var members []string
	seen := map[string]bool{}
	twice := false
	err := r.array(func() error {
		member, err := r.scalar(kind[:1])
		members = append(members, member)
		twice = twice || seen[member]
		seen[member] = true
		return err
	})
	switch {
	case err != nil:
		return nil, err
	case len(members) == 0:
		return nil, invalid("One or more parameter values were invalid: %s", emptySets[kind])
	case twice:
		return nil, invalid("One or more parameter values were invalid: %s", duplicates(kind, members))
	}
	return members, nil
}

// emptySets are AWS's words for sets without members.
var emptySets = map[string]string{
	typeStringSet: "An string set  may not be empty",
	typeNumberSet: "An number set  may not be empty",
	typeBinarySet: "Binary sets should not be empty",
}

func duplicates(kind string, members []string) string {
	switch kind {
	case typeStringSet:
		return "Input collection [" + join(members) + "] contains duplicates."
	case typeNumberSet:
		return "Input collection contains duplicates"
	}
	encoded := make([]string, len(members))
	for n, member := range members {
		encoded[n] = base64.StdEncoding.EncodeToString([]byte(member))
	}
	return "Input collection [" + join(encoded) + "]of type BS contains duplicates."
}

// MarshalJSON implements json.Marshaler.
func (i item) MarshalJSON() ([]byte, error) { return i.appendJSON(nil), nil }

func (i item) appendJSON(b []byte) []byte {
	b = append(b, '{')
	for _, name := range slices.Sorted(maps.Keys(i)) {
		b = append(appendText(b, name), ':')
		b = append(i[name].appendJSON(b), ',')
	}
	return closeJSON(b, '}')
}

func (v value) appendJSON(b []byte) []byte {
	b = append(b, '{', '"')
	b = append(b, v.kind...)
	b = append(b, '"', ':')
	switch v.kind {
	case typeBool, typeNull:
		b = append(b, v.scalar...)
	case typeMap:
		b = v.fields().appendJSON(b)
	case typeList:
		b = append(b, '[')
		for _, element := range v.list() {
			b = append(element.appendJSON(b), ',')
		}
		b = closeJSON(b, ']')
	case typeStringSet, typeNumberSet, typeBinarySet:
		b = append(b, '[')
		for _, member := range v.members() {
			b = append(appendScalar(b, v.kind[:1], member), ',')
		}
		b = closeJSON(b, ']')
	default:
		b = appendScalar(b, v.kind, v.scalar)
	}
	return append(b, '}')
}

// closeJSON ends an object or array, in place of the comma after its last element.
func closeJSON(b []byte, end byte) []byte {
	return append(bytes.TrimSuffix(b, []byte(",")), end)
}

func appendScalar(b []byte, kind, scalar string) []byte {
	if kind != typeBinary {
		return appendText(b, scalar)
	}
	b = append(b, '"')
	b = base64.StdEncoding.AppendEncode(b, []byte(scalar))
	return append(b, '"')
}

// appendText appends text in quotes. Most texts need no escapes.
func appendText(b []byte, text string) []byte {
	if strings.ContainsFunc(text, func(r rune) bool {
		return r < ' ' || r == '"' || r == '\\' || r == utf8.RuneError || r == '\u2028' || r == '\u2029'
	}) {
		quoted, _ := json.Marshal(text) // a string always marshals
		return append(b, quoted...)
	}
	b = append(b, '"')
	b = append(b, text...)
	return append(b, '"')
}
