package dynamodb

import (
	"cmp"
	"maps"
	"slices"

	"github.com/noidle/noidle/local/api"
)

type tableInput struct{ TableName string }

// find authorizes an action on a table and returns the table.
func (in *tableInput) find(s *Service, call *api.Call, action string) (*table, error) {
	if err := s.authorize(call, access{action: action, table: in.TableName}); err != nil {
		return nil, err
	}
	t, err := s.find(in.TableName)
	if failure, ok := err.(*api.Error); ok && failure.Code == resourceNotFound {
		failure.Message += ": Table: " + tableName(in.TableName) + " not found"
	}
	return t, err
}

// describeTable describes a table that is paid by request
// (https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_DescribeTable.html).
func (s *Service) describeTable(call *api.Call, in *tableInput) (map[string]any, error) {
	t, err := in.find(s, call, "DescribeTable")
	if err != nil {
		return nil, err
	}
	t.mu.RLock()
	defer t.mu.RUnlock()
	var attributes []map[string]string
	for _, name := range slices.Sorted(maps.Keys(t.Attributes)) {
		attributes = append(attributes, map[string]string{"AttributeName": name, "AttributeType": t.Attributes[name]})
	}
	description := map[string]any{
		"TableName":             t.Name,
		"TableArn":              TableARN(t.Name),
		"TableId":               t.id,
		"TableStatus":           "ACTIVE",
		"CreationDateTime":      api.Timestamp{Time: t.created},
		"KeySchema":             t.Key.describe(),
		"AttributeDefinitions":  attributes,
		"BillingModeSummary":    map[string]any{"BillingMode": "PAY_PER_REQUEST"},
		"ProvisionedThroughput": noThroughput,
		"ItemCount":             t.views[0].items.Len(),
		"TableSizeBytes":        t.bytes,
	}
	for _, v := range t.views[1:] {
		kind := "LocalSecondaryIndexes"
		if v.Global {
			kind = "GlobalSecondaryIndexes"
		}
		indexes, _ := description[kind].([]map[string]any)
		description[kind] = append(indexes, v.describe(t.Name))
	}
	return map[string]any{"Table": description}, nil
}

// noThroughput is what tables that are paid by request have.
var noThroughput = map[string]int{"ReadCapacityUnits": 0, "WriteCapacityUnits": 0, "NumberOfDecreasesToday": 0}

func (k KeySchema) describe() []map[string]string {
	elements := []map[string]string{{"AttributeName": k.Partition, "KeyType": "HASH"}}
	if k.Sort != "" {
		elements = append(elements, map[string]string{"AttributeName": k.Sort, "KeyType": "RANGE"})
	}
	return elements
}

func (v *view) describe(table string) map[string]any {
	size := 0
	v.items.Scan(func(_ string, s stored) bool {
		i := s.item()
		size += v.project(i).size()
		return true
	})
	projection := map[string]any{"ProjectionType": v.Projection}
	if v.Include != nil {
		projection["NonKeyAttributes"] = v.Include
	}
	description := map[string]any{
		"IndexName":      v.Name,
		"IndexArn":       indexARN(table, v.Name),
		"KeySchema":      v.Key.describe(),
		"Projection":     projection,
		"ItemCount":      v.items.Len(),
		"IndexSizeBytes": size,
	}
	if v.Global {
		description["IndexStatus"] = "ACTIVE"
		description["ProvisionedThroughput"] = noThroughput
	}
	return description
}

// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_DescribeTimeToLive.html
func (s *Service) describeTimeToLive(call *api.Call, in *tableInput) (map[string]any, error) {
	t, err := in.find(s, call, "DescribeTimeToLive")
	if err != nil {
		return nil, err
	}
	description := map[string]string{"TimeToLiveStatus": "DISABLED"}
	if t.TimeToLive != "" {
		description = map[string]string{"TimeToLiveStatus": "ENABLED", "AttributeName": t.TimeToLive}
	}
	return map[string]any{"TimeToLiveDescription": description}, nil
}

// maxTables is how many names ListTables returns at once
// (https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ListTables.html).
const maxTables = 100

type (
	listTablesInput struct {
		ExclusiveStartTableName string
		Limit                   *int
	}
	listTablesOutput struct {
		TableNames             []string
		LastEvaluatedTableName string `json:",omitempty"`
	}
)

// listTables lists the tables in the order of their names.
func (s *Service) listTables(call *api.Call, in *listTablesInput) (*listTablesOutput, error) {
	if err := call.Authorize("dynamodb:ListTables", "*", nil); err != nil {
		return nil, err
	}
	limit := *cmp.Or(in.Limit, new(maxTables))
	if limit < 1 || limit > maxTables {
		return nil, constraint(limit, "limit", "Member must have value between 1 and 100")
	}
	s.mu.RLock()
	names := slices.Sorted(maps.Keys(s.tables))
	s.mu.RUnlock()
	first, found := slices.BinarySearch(names, in.ExclusiveStartTableName)
	if found {
		first++
	}
	out := &listTablesOutput{TableNames: append([]string{}, names[first:]...)}
	if len(out.TableNames) > limit {
		out.TableNames = out.TableNames[:limit]
		out.LastEvaluatedTableName = out.TableNames[limit-1]
	}
	return out, nil
}
