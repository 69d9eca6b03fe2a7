package dynamodb

import (
	"encoding/base64"
	"encoding/binary"
	"hash/fnv"
	"strings"
)

// The sizes of key values in bytes
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-partition-sort-keys).
const (
	maxPartitionKey = 2048
	maxSortKey      = 1024
)

// KeySchema are the attributes that a key consists of.
type KeySchema struct {
	// Partition is the name of the partition key's attribute.
	Partition string
	// Sort is the name of the sort key's attribute. Empty means none.
	Sort string
}

// names returns the names of the key's attributes.
func (k KeySchema) names() []string {
	if k.Sort == "" {
		return []string{k.Partition}
	}
	return []string{k.Partition, k.Sort}
}

// place returns where an item is among others: by the hash of its partition
// key, the partition key and the sort key. It returns false for an item without
// a key.
func (k KeySchema) place(i item) (string, bool) {
	partition, ok := i[k.Partition]
	if !ok {
		return "", false
	}
	place := appendPartition(nil, partition)
	if k.Sort != "" {
		sort, ok := i[k.Sort]
		if !ok {
			return "", false
		}
		place = sort.appendOrdered(place)
	}
	return string(place), true
}

// appendPartition appends the beginning that the places of all items with a
// partition key have.
func appendPartition(to []byte, partition value) []byte {
	ordered := partition.appendOrdered(nil)
	hash := fnv.New32a()
	_, _ = hash.Write(ordered)
	return append(binary.BigEndian.AppendUint32(to, hash.Sum32()), ordered...)
}

// appendOrdered appends a string, number or binary so that the bytes sort as
// the values do, and none is the beginning of another's.
func (v value) appendOrdered(to []byte) []byte {
	if v.kind == typeNumber {
		n, _ := parseNumber(v.scalar)
		return n.appendOrdered(to)
	}
	return append(appendPrefix(to, v.scalar), 0, 1)
}

// appendPrefix appends what the ordered bytes of all strings with a prefix begin
// with.
func appendPrefix(to []byte, prefix string) []byte {
	return append(to, strings.ReplaceAll(prefix, "\x00", "\x00\xff")...)
}

// span is a range of places: from included, to excluded. An empty to means all
// that follow.
type span struct{ from, to string }

func (s span) contains(place string) bool {
	return place >= s.from && (s.to == "" || place < s.to)
}

// beginningWith returns the span of all places that begin with prefix.
func beginningWith(prefix string) span {
	return span{prefix, after(prefix)}
}

// after returns the first place after all that begin with prefix.
func after(prefix string) string {
	for last := len(prefix) - 1; last >= 0; last-- {
		if prefix[last] < 0xff {
			return prefix[:last] + string([]byte{prefix[last] + 1})
		}
	}
	return ""
}

// checkKey checks that a key consists of the attributes of the table's key.
func (t *table) checkKey(key item) error {
	names := t.Key.names()
	if len(key) != len(names) {
		return invalid(keyDoesNotMatchTheSchema)
	}
	for _, name := range names {
		if v, ok := key[name]; !ok || v.kind != t.Attributes[name] {
			return invalid(keyDoesNotMatchTheSchema)
		}
	}
	return t.checkKeyValues(key)
}

// checkItem checks that an item has the table's key.
func (t *table) checkItem(i item) error {
	for _, name := range t.Key.names() {
		v, ok := i[name]
		if !ok {
			return invalid(invalidParameterValues+"Missing the key %s in the item", name)
		}
		if v.kind != t.Attributes[name] {
			return invalid(invalidParameterValues+"Type mismatch for key %s expected: %s actual: %s", name, t.Attributes[name], v.kind)
		}
	}
	return t.checkKeyValues(i)
}

func (t *table) checkKeyValues(i item) error {
	for _, name := range t.Key.names() {
		if problem := i[name].emptyKey(); problem != "" {
			return invalid(invalidKeyValues+"%s Key: %s", problem, name)
		}
	}
	return checkKeySizes(t.Key, i)
}

// checkIndexKeys checks the attributes of an item that are keys of an index. An
// item may lack them.
func (t *table) checkIndexKeys(i item) error {
	for _, index := range t.Indexes {
		for _, name := range index.Key.names() {
			v, ok := i[name]
			if ok && v.kind != t.Attributes[name] {
				return invalid(invalidParameterValues+"Type mismatch for Index Key %s Expected: %s Actual: %s IndexName: %s", name, t.Attributes[name], v.kind, index.Name)
			}
			if problem := v.emptyKey(); problem != "" {
				return invalid(invalidKeyValues+"A value specified for a secondary index key is not supported. %s IndexName: %s, IndexKey: %s", problem, index.Name, name)
			}
		}
		if err := checkKeySizes(index.Key, i); err != nil {
			return err
		}
	}
	return nil
}

// emptyKey says what is wrong with a key's value that is empty.
func (v value) emptyKey() string {
	what := map[string]string{typeString: "string", typeBinary: "binary"}[v.kind]
	if what == "" || v.scalar != "" {
		return ""
	}
	return "The AttributeValue for a key attribute cannot contain an empty " + what + " value."
}

func checkKeySizes(k KeySchema, i item) error {
	if i[k.Partition].size() > maxPartitionKey {
		return invalid(invalidParameterValues + "Size of hashkey has exceeded the maximum size limit of2048 bytes")
	}
	if k.Sort != "" && i[k.Sort].size() > maxSortKey {
		return invalid(invalidParameterValues + "Aggregated size of all range keys has exceeded the size limit of 1024 bytes")
	}
	return nil
}

// text returns a string, number or binary as IAM's condition keys have it.
func (v value) text() string {
	if v.kind == typeBinary {
		return base64.StdEncoding.EncodeToString([]byte(v.scalar))
	}
	return v.scalar
}
