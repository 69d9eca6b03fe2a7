package api

import (
	"cmp"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
)

// Query serves operations in the AWS Query protocol, where the parameter Action
// of a form names the operation and answers are XML of a namespace
// (https://smithy.io/2.0/aws/protocols/aws-query-protocol.html). Inputs and
// outputs are the structs of the JSON protocols.
func (o Operations) Query(namespace string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		call := From(r.Context())
		w.Header().Set("Content-Type", "text/xml")
		name, output, err := o.query(call, r)
		if err == nil {
			_, _ = fmt.Fprintf(w, "<%sResponse xmlns=%q>", name, namespace)
			writeXML(w, name+"Result", reflect.ValueOf(output))
			_, _ = fmt.Fprintf(w, "<ResponseMetadata><RequestId>%s</RequestId></ResponseMetadata></%sResponse>", call.RequestID, name)
			return
		}
		failure := asError(err)
		w.WriteHeader(failure.status())
		_, _ = fmt.Fprintf(w, "<ErrorResponse xmlns=%q>", namespace)
		writeXML(w, "Error", reflect.ValueOf(struct{ Type, Code, Message string }{
			fault(failure), cmp.Or(failure.QueryCode, failure.Code), failure.Message,
		}))
		_, _ = fmt.Fprintf(w, "<RequestId>%s</RequestId></ErrorResponse>", call.RequestID)
	})
}

func (o Operations) query(call *Call, r *http.Request) (name string, output any, err error) {
	if err := r.ParseForm(); err != nil {
		return "", nil, &Error{Code: "MalformedQueryString", Message: err.Error()}
	}
	name = r.Form.Get("Action")
	operation, ok := o[name]
	if !ok {
		return "", nil, &Error{Code: "InvalidAction", Message: asError(unknownOperation(name)).Message}
	}
	all := &parameter{members: map[string]*parameter{}}
	for key, values := range r.Form {
		if key != "Action" && key != "Version" {
			all.set(strings.Split(key, "."), values[0])
		}
	}
	output, err = operation(call, func(in any) error {
		data, err := json.Marshal(all.json(reflect.TypeOf(in)))
		if err != nil {
			return &Error{Code: "MalformedInput", Message: err.Error()}
		}
		return decodeJSON(data, in)
	})
	return name, output, err
}

// parameter is a form's parameter: its value, or parameters whose names go on
// after a dot.
type parameter struct {
	value   string
	members map[string]*parameter
}

func (p *parameter) set(path []string, value string) {
	if len(path) == 0 {
		p.value = value
		return
	}
	member, ok := p.members[path[0]]
	if !ok {
		if p.members == nil {
			p.members = map[string]*parameter{}
		}
		member = &parameter{}
		p.members[path[0]] = member
	}
	member.set(path[1:], value)
}

// json returns a parameter as the JSON protocols write a value of a type. What
// does not fit the type is refused when that is decoded.
func (p *parameter) json(t reflect.Type) any {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case t.Kind() == reflect.Slice && t.Elem().Kind() != reflect.Uint8 && p.only("member"):
		list := []any{}
		for _, element := range p.members["member"].numbered() {
			list = append(list, element.json(t.Elem()))
		}
		return list
	case t.Kind() == reflect.Map && p.only("entry"):
		object := map[string]any{}
		for _, entry := range p.members["entry"].numbered() {
			// SNS capitalizes these names.
			key := cmp.Or(entry.members["key"], entry.members["Name"], &parameter{})
			value := cmp.Or(entry.members["value"], entry.members["Value"], &parameter{})
			object[key.value] = value.json(t.Elem())
		}
		return object
	case p.members != nil:
		object := map[string]any{}
		for name, member := range p.members {
			object[name] = member.json(memberType(t, name))
		}
		return object
	case t.Kind() == reflect.Bool:
		return json.RawMessage(p.value)
	case t.Kind() >= reflect.Int && t.Kind() <= reflect.Float64:
		return json.Number(p.value)
	default: // bytes are base64 in both protocols
		return p.value
	}
}

// only returns whether a parameter has no others below it than this one.
func (p *parameter) only(name string) bool {
	return len(p.members) == 0 || len(p.members) == 1 && p.members[name] != nil
}

// numbered returns the parameters that are named 1, 2, ... in this order.
func (p *parameter) numbered() []*parameter {
	if p == nil {
		return nil
	}
	var elements []*parameter
	for _, number := range slices.SortedFunc(maps.Keys(p.members), func(a, b string) int {
		return cmp.Or(len(a)-len(b), cmp.Compare(a, b))
	}) {
		elements = append(elements, p.members[number])
	}
	return elements
}

// memberType returns the type of an API's member of a struct, and that of a
// string if there is none.
func memberType(t reflect.Type, name string) reflect.Type {
	if t.Kind() == reflect.Struct {
		for _, field := range reflect.VisibleFields(t) {
			if member, _ := memberName(field); member == name {
				return field.Type
			}
		}
	}
	return reflect.TypeFor[string]()
}

// memberName returns the name of the API's member that a struct's field is, and
// whether it is left out when it is empty.
func memberName(field reflect.StructField) (name string, optional bool) {
	name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
	return cmp.Or(name, field.Name), strings.Contains(options, "omit")
}

// writeXML writes an element with a value.
func writeXML(w io.Writer, name string, v reflect.Value) {
	for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		if v.IsNil() {
			return
		}
		v = v.Elem()
	}
	_, _ = fmt.Fprintf(w, "<%s>", name)
	switch v.Kind() {
	case reflect.Struct:
		for field, value := range v.Fields() {
			if member, optional := memberName(field); field.IsExported() && (!optional || !value.IsZero()) {
				writeXML(w, member, value)
			}
		}
	case reflect.Map:
		for _, key := range slices.SortedFunc(slices.Values(v.MapKeys()), func(a, b reflect.Value) int { return cmp.Compare(a.String(), b.String()) }) {
			_, _ = io.WriteString(w, "<entry>")
			writeXML(w, "key", key)
			writeXML(w, "value", v.MapIndex(key))
			_, _ = io.WriteString(w, "</entry>")
		}
	case reflect.Slice:
		for i := range v.Len() {
			writeXML(w, "member", v.Index(i))
		}
	default:
		_ = xml.EscapeText(w, fmt.Append(nil, v.Interface()))
	}
	_, _ = fmt.Fprintf(w, "</%s>", name)
}
