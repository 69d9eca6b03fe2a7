package dynamodb

import (
	"encoding/base64"
	"encoding/json"
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

func (r *reader) boolean() (bool, error) {
	for _, literal := range []string{"true", "false"} {
		if r.peek() == literal[0] {
			r.at += len(literal)
			return literal == "true", nil
		}
	}
	return false, unexpected("a boolean")
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
			v.truth, err = r.boolean()
		case typeNull:
			if v.truth, err = r.boolean(); err == nil && !v.truth {
				err = invalid("One or more parameter values were invalid: Null attribute value types must have the value of true")
			}
		case typeStringSet, typeNumberSet, typeBinarySet:
			v.members, err = r.set(name)
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
	if v.kind == typeMap {
		v.fields, err = r.item(depth)
		return err
	}
	return r.array(func() error {
		element, err := r.value(depth)
		v.list = append(v.list, element)
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
func (i item) MarshalJSON() ([]byte, error) {
	return json.Marshal(i.content())
}

// content returns the item as encoding/json writes it.
func (i item) content() map[string]map[string]any {
	all := make(map[string]map[string]any, len(i))
	for name, v := range i {
		all[name] = v.content()
	}
	return all
}

func (v value) content() map[string]any {
	var content any
	switch v.kind {
	case typeBool, typeNull:
		content = v.truth
	case typeMap:
		content = v.fields.content()
	case typeList:
		elements := make([]map[string]any, len(v.list))
		for n, element := range v.list {
			elements[n] = element.content()
		}
		content = elements
	case typeBinary:
		content = []byte(v.scalar)
	case typeBinarySet:
		members := make([][]byte, len(v.members))
		for n, member := range v.members {
			members[n] = []byte(member)
		}
		content = members
	case typeStringSet, typeNumberSet:
		content = v.members
	default:
		content = v.scalar
	}
	return map[string]any{v.kind: content}
}
