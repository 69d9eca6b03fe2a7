// Package overlay lays a caller's CDK props over a construct's defaults.
package overlay

import "reflect"

// Set copies every field that the caller set in props onto defaults. A field
// is set when it is not its type's zero value: a non-nil pointer or interface,
// or a non-empty enum. A nil props changes nothing. props itself is only read.
func Set[T any](defaults, props *T) {
	if props == nil {
		return
	}
	to, from := reflect.ValueOf(defaults).Elem(), reflect.ValueOf(props).Elem()
	for i := range from.NumField() {
		if !from.Field(i).IsZero() {
			to.Field(i).Set(from.Field(i))
		}
	}
}
