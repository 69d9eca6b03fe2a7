package dynamodb

import (
	"cmp"
	"maps"
	"regexp"
	"slices"

	"github.com/noidle/noidle/local/api"
)

// The attributes that an index has besides its key and the table's
// (https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Projection.html).
const (
	ProjectAll      = "ALL"
	ProjectKeysOnly = "KEYS_ONLY"
	ProjectInclude  = "INCLUDE"
)

// Table is the definition of a table.
type Table struct {
	// Name is the table's name.
	Name string
	// Key is the primary key.
	Key KeySchema
	// Attributes are the types of the attributes that are keys of the table or of
	// its indexes: S, N or B.
	Attributes map[string]string
	// Indexes are the secondary indexes. Default: none.
	Indexes []Index
	// TimeToLive is the attribute with the time in seconds since 1970 after which
	// an item is deleted. Default: items do not expire.
	TimeToLive string
}

// Index is the definition of a secondary index.
type Index struct {
	// Name is the index's name.
	Name string
	// Global says that the index is a global one. Default: a local one.
	Global bool
	// Key is the index's key. A local index has the table's partition key.
	Key KeySchema
	// Projection are the attributes that the index has: [ProjectAll],
	// [ProjectKeysOnly] or [ProjectInclude].
	Projection string
	// Include are the attributes that an index with [ProjectInclude] has besides
	// keys.
	Include []string
}

// TableARN returns the ARN of a table.
func TableARN(name string) string { return api.ARN("dynamodb", "table/"+name) }

func indexARN(table, index string) string { return TableARN(table) + "/index/" + index }

// The limits of tables
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html).
const (
	maxGlobalIndexes = 20
	maxLocalIndexes  = 5
	maxInclude       = 100
)

var validName = regexp.MustCompile(`^[a-zA-Z0-9_.-]{3,255}$`)

const validNameRule = "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+ and have a length between 3 and 255"

// validate returns what CreateTable would refuse
// (https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateTable.html).
func (t Table) validate() error {
	if !validName.MatchString(t.Name) {
		return constraint(t.Name, "tableName", validNameRule)
	}
	used := map[string]bool{}
	err := t.validateKey(t.Key, used)
	seen := map[bool]int{}
	names := map[string]bool{}
	for _, index := range t.Indexes {
		if names[index.Name] {
			err = cmp.Or(err, invalid(invalidParameterValues+"Duplicate index name: %s", index.Name))
		}
		names[index.Name] = true
		seen[index.Global]++
		err = cmp.Or(err, t.validateKey(index.Key, used), t.validateIndex(index))
	}
	defined := slices.Sorted(maps.Keys(t.Attributes))
	switch {
	case err != nil:
		return err
	case len(used) < len(defined):
		return invalid(invalidParameterValues+"Some AttributeDefinitions are not used. AttributeDefinitions: [%s], keys used: [%s]", join(defined), join(slices.Sorted(maps.Keys(used))))
	case seen[true] > maxGlobalIndexes:
		return invalid(invalidParameterValues+"GlobalSecondaryIndex count exceeds the per-table limit of %d", maxGlobalIndexes)
	case seen[false] > maxLocalIndexes:
		return invalid(invalidParameterValues+"Number of LocalSecondaryIndexes exceeds per-table limit of %d", maxLocalIndexes)
	}
	return nil
}

// validateKey checks that a key's attributes are defined, and adds them to used.
func (t Table) validateKey(key KeySchema, used map[string]bool) error {
	if key.Partition == "" || key.Partition == key.Sort {
		return invalid("Invalid KeySchema: a key has a partition key, and a sort key of another name, not %q and %q", key.Partition, key.Sort)
	}
	for _, name := range key.names() {
		used[name] = true
		if t.Attributes[name] == "" {
			return invalid(invalidParameterValues+"Some index key attributes are not defined in AttributeDefinitions. Keys: [%s], AttributeDefinitions: [%s]",
				join(key.names()), join(slices.Sorted(maps.Keys(t.Attributes))))
		}
		if err := oneOf("attributeDefinitions.member.attributeType", t.Attributes[name], typeBinary, typeNumber, typeString); err != nil {
			return err
		}
	}
	return nil
}

func (t Table) validateIndex(index Index) error {
	included := index.Projection == ProjectInclude
	switch {
	case !validName.MatchString(index.Name):
		return constraint(index.Name, "indexName", validNameRule)
	case !index.Global && t.Key.Sort == "":
		return invalid(invalidParameterValues + "Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex")
	case !index.Global && index.Key.Sort == "":
		return invalid(invalidParameterValues+"Index KeySchema does not have a range key for index: %s", index.Name)
	case !index.Global && index.Key.Partition != t.Key.Partition:
		return invalid(invalidParameterValues+"Index KeySchema does not have the same leading hash key as table KeySchema for index: %s. index hash key: %s, table hash key: %s",
			index.Name, index.Key.Partition, t.Key.Partition)
	case index.Projection == "":
		return invalid(invalidParameterValues + "Unknown ProjectionType: null")
	case included && len(index.Include) == 0:
		return invalid(invalidParameterValues + "ProjectionType is INCLUDE, but NonKeyAttributes is not specified")
	case !included && len(index.Include) > 0:
		return invalid(invalidParameterValues+"ProjectionType is %s, but NonKeyAttributes is specified", index.Projection)
	case len(index.Include) > maxInclude:
		return invalid(invalidParameterValues+"NonKeyAttributes of index %s has more than %d attributes", index.Name, maxInclude)
	}
	return oneOf("projection.projectionType", index.Projection, ProjectAll, ProjectInclude, ProjectKeysOnly)
}
