package dynamodb

import (
	"slices"
	"strings"
)

// The types of attribute values
// (https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_AttributeValue.html).
const (
	typeString    = "S"
	typeNumber    = "N"
	typeBinary    = "B"
	typeBool      = "BOOL"
	typeNull      = "NULL"
	typeMap       = "M"
	typeList      = "L"
	typeStringSet = "SS"
	typeNumberSet = "NS"
	typeBinarySet = "BS"
)

// value is an attribute's value. Values never change once they are made, so
// that items may share them.
type value struct {
	// kind is the value's type.
	kind string
	// scalar is a string, a number in its canonical form, the bytes of a binary, or
	// true or false.
	scalar string
	// parts are those of a set, list or map. Most values have none, and stay small.
	parts *parts
}

type parts struct {
	members []string // a set's, in the form that scalar has
	list    []value
	fields  item
}

// item is an item of a table or the content of a map, by attribute name.
type item map[string]value

func stringValue(s string) value       { return value{kind: typeString, scalar: s} }
func numberValue(s string) value       { return value{kind: typeNumber, scalar: s} }
func listValue(elements []value) value { return value{kind: typeList, parts: &parts{list: elements}} }
func mapValue(fields item) value       { return value{kind: typeMap, parts: &parts{fields: fields}} }

func setValue(kind string, members []string) value {
	return value{kind: kind, parts: &parts{members: members}}
}

func (v value) members() []string {
	if v.parts == nil {
		return nil
	}
	return v.parts.members
}

func (v value) list() []value {
	if v.parts == nil {
		return nil
	}
	return v.parts.list
}

func (v value) fields() item {
	if v.parts == nil {
		return nil
	}
	return v.parts.fields
}

func (v value) isSet() bool {
	return v.kind == typeStringSet || v.kind == typeNumberSet || v.kind == typeBinarySet
}

// ordered says whether values of this type can be compared with < and >.
func (v value) ordered() bool {
	return v.kind == typeString || v.kind == typeNumber || v.kind == typeBinary
}

func (v value) equal(other value) bool {
	if v.kind != other.kind {
		return false
	}
	switch v.kind {
	case typeMap:
		return v.fields().equal(other.fields())
	case typeList:
		return slices.EqualFunc(v.list(), other.list(), value.equal)
	case typeStringSet, typeNumberSet, typeBinarySet:
		return len(v.members()) == len(other.members()) && len(without(v.members(), other.members())) == 0
	}
	return v.scalar == other.scalar
}

func (i item) equal(other item) bool {
	if len(i) != len(other) {
		return false
	}
	for name, v := range i {
		if o, ok := other[name]; !ok || !v.equal(o) {
			return false
		}
	}
	return true
}

// compare orders two values of the same ordered type: strings and binaries by
// their bytes. It returns false for others.
func (v value) compare(other value) (int, bool) {
	switch {
	case v.kind != other.kind || !v.ordered():
		return 0, false
	case v.kind == typeNumber:
		return strings.Compare(string(v.appendOrdered(nil)), string(other.appendOrdered(nil))), true
	}
	return strings.Compare(v.scalar, other.scalar), true
}

// The size of an item's parts
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html).
const (
	containerSize = 3
	elementSize   = 1
)

// size returns the value's size in bytes.
func (v value) size() int {
	switch v.kind {
	case typeNumber:
		return numberSize(v.scalar)
	case typeBool, typeNull:
		return 1
	case typeMap:
		return containerSize + elementSize*len(v.fields()) + v.fields().size()
	}
	size := len(v.scalar)
	if v.kind == typeList {
		size = containerSize
	}
	for _, element := range v.list() {
		size += elementSize + element.size()
	}
	for _, member := range v.members() {
		if v.kind == typeNumberSet {
			size += numberSize(member)
			continue
		}
		size += len(member)
	}
	return size
}

// size returns the size of all attributes' names and values in bytes.
func (i item) size() int {
	size := 0
	for name, v := range i {
		size += len(name) + v.size()
	}
	return size
}

// depth returns how many levels of lists and maps a value has.
func (v value) depth() int {
	deepest := 0
	for _, element := range v.list() {
		deepest = max(deepest, element.depth())
	}
	for _, field := range v.fields() {
		deepest = max(deepest, field.depth())
	}
	if v.kind == typeList || v.kind == typeMap {
		return deepest + 1
	}
	return deepest
}

// only returns the attributes with these names.
func (i item) only(names []string) item {
	some := make(item, len(names))
	for _, name := range names {
		if v, ok := i[name]; ok {
			some[name] = v
		}
	}
	return some
}

// without returns the members of a set that are not in another one.
func without(members, others []string) []string {
	out := make(map[string]bool, len(others))
	for _, other := range others {
		out[other] = true
	}
	return slices.DeleteFunc(slices.Clone(members), func(member string) bool { return out[member] })
}

// union returns the members of both sets.
func union(members, others []string) []string {
	return append(slices.Clone(members), without(others, members)...)
}
