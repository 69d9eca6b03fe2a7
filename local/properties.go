package local

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// noEffect is the type of a property that has no effect on this machine. Any
// value is accepted.
type noEffect struct{}

var (
	noEffectType = reflect.TypeFor[noEffect]()
	rawType      = reflect.TypeFor[json.RawMessage]()
	anyType      = reflect.TypeFor[any]()
)

// insteadOf says what to use in place of some properties that are not supported.
var insteadOf = map[string]string{
	"NotificationConfiguration.LambdaConfigurations": ": use EventBridge",
	"NotificationConfiguration.QueueConfigurations":  ": use EventBridge",
	"NotificationConfiguration.TopicConfigurations":  ": use EventBridge",
}

// decodeProperties fills a struct whose fields are the supported properties of a
// resource. It reports every property that is not supported and every value of
// another type.
func decodeProperties(properties map[string]any, into any) error {
	var d propertyDecoder
	d.object("", properties, reflect.ValueOf(into).Elem())
	return errors.Join(d.problems...)
}

type propertyDecoder struct{ problems []error }

func (d *propertyDecoder) refuse(format string, arguments ...any) {
	d.problems = append(d.problems, fmt.Errorf(format, arguments...))
}

func (d *propertyDecoder) object(path string, properties map[string]any, into reflect.Value) {
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		field := fieldOf(into.Type(), name)
		if field < 0 {
			field = fieldOf(into.Type(), anyOther)
		}
		if field < 0 {
			d.refuse("property %s is not supported locally%s", path+name, insteadOf[path+name])
			continue
		}
		d.value(path+name, properties[name], into.Field(field))
	}
}

// anyOther is the name of a property that stands for all that have no field.
const anyOther = "*"

func fieldOf(of reflect.Type, property string) int {
	return slices.IndexFunc(reflect.VisibleFields(of), func(f reflect.StructField) bool { return propertyName(f) == property })
}

// propertyName is the name of a field's property: its tag, if it has one, as Go
// writes some names in another way.
func propertyName(field reflect.StructField) string {
	return cmp.Or(field.Tag.Get("property"), field.Name)
}

func (d *propertyDecoder) value(path string, value any, into reflect.Value) {
	switch into.Type() {
	case noEffectType:
		return
	case rawType:
		into.SetBytes(d.raw(path, value))
		return
	case anyType:
		d.raw(path, value)
		into.Set(reflect.ValueOf(&value).Elem())
		return
	}
	switch into.Kind() {
	case reflect.Pointer:
		into.Set(reflect.New(into.Type().Elem()))
		d.value(path, value, into.Elem())
	case reflect.Struct:
		if object, ok := value.(map[string]any); ok {
			d.object(path+".", object, into)
			return
		}
		d.refuse("property %s: want an object, not %v", path, value)
	case reflect.Map:
		d.entries(path, value, into)
	case reflect.Slice:
		d.elements(path, value, into)
	default:
		d.scalar(path, value, into)
	}
}

// raw returns a value in JSON.
func (d *propertyDecoder) raw(path string, value any) []byte {
	raw, err := json.Marshal(value)
	if err != nil {
		d.refuse("property %s: %w", path, err)
	}
	d.refuseDynamic(path, string(raw))
	return raw
}

// refuseDynamic refuses a text with a reference to Secrets Manager or Systems Manager
// (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html).
func (d *propertyDecoder) refuseDynamic(path, text string) {
	if reference := dynamicReference.FindString(text); reference != "" {
		d.refuse("property %s: dynamic reference %s is not supported locally", path, reference)
	}
}

var dynamicReference = regexp.MustCompile(`\{\{resolve:[^}]*\}\}`)

func (d *propertyDecoder) entries(path string, value any, into reflect.Value) {
	object, ok := value.(map[string]any)
	if !ok {
		d.refuse("property %s: want an object, not %v", path, value)
		return
	}
	into.Set(reflect.MakeMap(into.Type()))
	for _, key := range slices.Sorted(maps.Keys(object)) {
		element := reflect.New(into.Type().Elem()).Elem()
		d.value(path+"."+key, object[key], element)
		into.SetMapIndex(reflect.ValueOf(key), element)
	}
}

func (d *propertyDecoder) elements(path string, value any, into reflect.Value) {
	list, ok := value.([]any)
	if !ok {
		d.refuse("property %s: want a list, not %v", path, value)
		return
	}
	into.Set(reflect.MakeSlice(into.Type(), len(list), len(list)))
	for i, element := range list {
		d.value(fmt.Sprintf("%s[%d]", path, i), element, into.Index(i))
	}
}

// scalar accepts numbers and booleans written as text, as CloudFormation does.
func (d *propertyDecoder) scalar(path string, value any, into reflect.Value) {
	switch value.(type) {
	case string, bool, json.Number:
	default:
		d.refuse("property %s: want a %v, not %v", path, into.Kind(), value)
		return
	}
	text := fmt.Sprint(value)
	d.refuseDynamic(path, text)
	var err error
	switch into.Kind() {
	case reflect.String:
		into.SetString(text)
	case reflect.Bool:
		var b bool
		b, err = strconv.ParseBool(text)
		into.SetBool(b)
	case reflect.Int:
		var n int64
		n, err = strconv.ParseInt(text, 10, 64)
		into.SetInt(n)
	case reflect.Float64:
		var f float64
		f, err = strconv.ParseFloat(text, 64)
		into.SetFloat(f)
	default:
		panic("local: property " + path + " has the type " + into.Type().String())
	}
	if err != nil {
		d.refuse("property %s: want a %v, not %q", path, into.Kind(), text)
	}
}

// propertyNames lists the properties of a struct that decodeProperties fills,
// and, marked so, those without effect.
func propertyNames(of reflect.Type) (effective, ignored []string) {
	for _, field := range reflect.VisibleFields(of) {
		inner := field.Type
		for inner.Kind() == reflect.Pointer || inner.Kind() == reflect.Slice && inner != rawType || inner.Kind() == reflect.Map {
			inner = inner.Elem()
		}
		switch {
		case inner == noEffectType:
			ignored = append(ignored, propertyName(field))
		case inner.Kind() == reflect.Struct:
			below, belowIgnored := propertyNames(inner)
			for _, name := range below {
				effective = append(effective, propertyName(field)+"."+name)
			}
			for _, name := range belowIgnored {
				ignored = append(ignored, propertyName(field)+"."+name)
			}
		default:
			effective = append(effective, propertyName(field))
		}
	}
	slices.SortFunc(effective, strings.Compare)
	slices.SortFunc(ignored, strings.Compare)
	return effective, ignored
}
