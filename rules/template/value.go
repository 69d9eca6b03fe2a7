package template

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Value is what a template says in one place, with references resolved: missing, a
// scalar, a list, an object, a reference, text with references in it, or unknown.
type Value struct{ v any }

type (
	unknown   struct{}
	reference struct {
		resource  *Resource
		attribute string
	}
	pseudo string // such as AWS::Region
	text   []any  // of string, reference, pseudo and unknown
)

// Missing reports whether the template surely says nothing there.
func (v Value) Missing() bool { return v.v == nil }

// Unknown reports whether only a deployment can tell the value, or a part of it.
func (v Value) Unknown() bool {
	switch value := v.v.(type) {
	case unknown:
		return true
	case text:
		return slices.Contains(value, any(unknown{}))
	}
	return false
}

// Get returns the value at a path of keys: missing where a key is, unknown in
// what is unknown.
func (v Value) Get(path ...string) Value {
	for _, key := range path {
		switch value := v.v.(type) {
		case map[string]any:
			v = Value{value[key]}
		case nil:
			return v
		default:
			return Value{unknown{}}
		}
	}
	return v
}

// List returns a list's elements. Anything else but a missing value is a list of
// itself, as in policies.
func (v Value) List() []Value {
	switch value := v.v.(type) {
	case nil:
		return nil
	case []any:
		elements := make([]Value, len(value))
		for i, element := range value {
			elements[i] = Value{element}
		}
		return elements
	}
	return []Value{v}
}

// Keys returns an object's keys in order, none of anything else.
func (v Value) Keys() []string {
	object, _ := v.v.(map[string]any)
	return slices.Sorted(maps.Keys(object))
}

// Literal returns a scalar's text, and whether the value is a scalar.
func (v Value) Literal() (string, bool) {
	switch value := v.v.(type) {
	case string:
		return value, true
	case bool:
		return strconv.FormatBool(value), true
	case float64:
		return strconv.FormatFloat(value, 'f', -1, 64), true
	}
	return "", false
}

// Number returns the number that the value is, also as text, and whether it is one.
func (v Value) Number() (float64, bool) {
	literal, _ := v.Literal()
	number, err := strconv.ParseFloat(literal, 64)
	return number, err == nil
}

// Is reports whether the value surely is one of the scalars.
func (v Value) Is(scalars ...string) bool {
	literal, ok := v.Literal()
	return ok && slices.Contains(scalars, literal)
}

// Not reports whether the value surely is none of the scalars: it is missing or
// another.
func (v Value) Not(scalars ...string) bool {
	_, ok := v.Literal()
	return v.Missing() || ok && !v.Is(scalars...)
}

// Text returns scalars and texts with what is not known as ${...}, such as
// ${Bucket.Arn}/*, and "" of anything else.
func (v Value) Text() string {
	pieces, ok := pieces(v.v)
	if !ok {
		return ""
	}
	var b strings.Builder
	for _, piece := range pieces {
		switch piece := piece.(type) {
		case string:
			b.WriteString(piece)
		case pseudo:
			b.WriteString("${" + strings.TrimPrefix(string(piece), "AWS::") + "}")
		case reference:
			b.WriteString("${" + piece.resource.ID + "." + piece.attribute + "}")
		default:
			b.WriteString("${?}")
		}
	}
	return b.String()
}

// Resource returns the resource that the value refers to, alone or within a text,
// or nil.
func (v Value) Resource() *Resource {
	pieces, _ := pieces(v.v)
	for _, piece := range pieces {
		if ref, ok := piece.(reference); ok {
			return ref.resource
		}
	}
	return nil
}

// references calls found with each resource that the value, or one within it, refers
// to.
func (v Value) references(found func(*Resource)) {
	switch value := v.v.(type) {
	case map[string]any:
		for _, key := range v.Keys() {
			Value{value[key]}.references(found)
		}
	case []any:
		for _, element := range value {
			Value{element}.references(found)
		}
	case text:
		for _, piece := range value {
			Value{piece}.references(found)
		}
	case reference:
		found(value.resource)
	}
}

// RefersTo reports whether the value surely refers to r: by a reference, or as an
// ARN or URL that ends with its name.
func (v Value) RefersTo(r *Resource) bool {
	if found := v.Resource(); found != nil {
		return found == r
	}
	literal, name := v.Text(), r.name()
	return name != "" && (literal == name || strings.HasSuffix(literal, ":"+name) || strings.HasSuffix(literal, "/"+name))
}

// MayReferTo reports whether the value refers to r, or may do so: it or r's name is
// unknown.
func (v Value) MayReferTo(r *Resource) bool {
	if v.Resource() != nil || v.Missing() {
		return v.RefersTo(r)
	}
	unnamed := func(property string) bool { return r.Get(property).Unknown() }
	return v.Unknown() || v.RefersTo(r) || slices.ContainsFunc(nameProperties, unnamed)
}

// nameProperties are the properties that give a resource its physical name.
var nameProperties = []string{"QueueName", "TopicName", "TableName", "BucketName", "FunctionName", "LogGroupName", "Name", "RoleName"}

// name returns the physical name that the template gives the resource, with pseudo
// parameters as text has them, or "".
func (r *Resource) name() string {
	for _, property := range nameProperties {
		if name := r.Get(property); !name.Unknown() && name.Text() != "" {
			return name.Text()
		}
	}
	return ""
}

// pieces returns what a scalar, reference or text is made of.
func pieces(v any) (text, bool) {
	switch v := v.(type) {
	case text:
		return v, true
	case string, reference, pseudo, unknown:
		return text{v}, true
	}
	literal, ok := Value{v}.Literal()
	return text{literal}, ok
}
