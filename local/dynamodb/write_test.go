package dynamodb

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_AttributeValue.html
func TestTypes(t *testing.T) {
	s := newServer(t)
	all := M{
		"id": "ä\"\\\n<&>\u2028", "n": N("-1.50e3"), "b": []byte{0, 255}, "yes": true, "no": false, "null": nil,
		"m": M{"deep": L{M{}, L{}, 1}}, "ss": SS{"b", "a"}, "ns": NS{"1", "2.0"}, "bs": BS{"x", "y"}, "empty": "", "none": []byte{},
	}
	s.put(t, "plain", all)
	want := canonical(all)
	want["n"], want["ns"] = N("-1500"), NS{"1", "2"}
	diff(t, s.get(t, "plain", M{"id": all["id"]}), want)
}

// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
func TestPutRefuses(t *testing.T) {
	s := newServer(t)
	nested := func(levels int) any {
		var v any = "x"
		for range levels {
			v = L{v}
		}
		return v
	}
	key := M{"p": "a", "s": 1}
	tests := []struct {
		name string
		item M
		want string
	}{
		{"whole item", M{"p": "a", "s": 1}, ""},
		{"no key", M{"s": 1}, "One or more parameter values were invalid: Missing the key p in the item"},
		{"key type", M{"p": 5, "s": 1}, "One or more parameter values were invalid: Type mismatch for key p expected: S actual: N"},
		{"empty key", M{"p": "", "s": 1}, "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: p"},
		{"long partition key", M{"p": strings.Repeat("x", 2049), "s": 1}, "Size of hashkey has exceeded the maximum size limit of2048 bytes"},
		{"longest partition key", M{"p": strings.Repeat("x", 2048), "s": 1}, ""},
		{"index key type", M{"g": 1}, "One or more parameter values were invalid: Type mismatch for Index Key g Expected: S Actual: N IndexName: global"},
		{"empty index key", M{"l": ""}, "A value specified for a secondary index key is not supported. The AttributeValue for a key attribute cannot contain an empty string value. IndexName: local, IndexKey: l"},
		{"empty binary index key", M{"b": []byte{}}, "cannot contain an empty binary value"},
		{"long index sort key", M{"l": strings.Repeat("x", 1025)}, "Aggregated size of all range keys has exceeded the size limit of 1024 bytes"},
		{"largest item", M{"v": strings.Repeat("x", 400<<10-len("pasxv")-3+1)}, ""},
		{"too large", M{"v": strings.Repeat("x", 400<<10)}, "Item size has exceeded the maximum allowed size"},
		{"deepest", M{"v": nested(32)}, ""},
		{"too deep", M{"v": nested(33)}, "Nesting Levels have exceeded supported limits"},
		{"empty string set", M{"v": SS{}}, "An string set  may not be empty"},
		{"string twice", M{"v": SS{"a", "a"}}, "Input collection [a, a] contains duplicates."},
		{"number twice", M{"v": NS{"1", "1.0"}}, "Input collection contains duplicates"},
		{"binary twice", M{"v": BS{"a", "a"}}, "contains duplicates"},
		{"not a number", M{"v": N("one")}, "The parameter cannot be converted to a numeric value: one"},
		{"38 digits", M{"v": N(strings.Repeat("9", 38))}, ""},
		{"39 digits", M{"v": N(strings.Repeat("9", 39))}, "Attempting to store more than 38 significant digits in a Number"},
		{"overflow", M{"v": N("1e126")}, "Number overflow. Attempting to store a number with magnitude larger than supported range"},
		{"underflow", M{"v": N("-1e-131")}, "Number underflow. Attempting to store a number with magnitude smaller than supported range"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			i := attributes(tt.item)
			if tt.item["p"] == nil && tt.item["s"] == nil {
				for name, v := range attributes(key) {
					i[name] = v
				}
			}
			_, err := s.client().PutItem(t.Context(), &dynamodb.PutItemInput{TableName: new("things"), Item: i})
			code := "ValidationException"
			if tt.want == "" {
				code = ""
			}
			checkError(t, err, code, tt.want)
		})
	}
}

// Values that no SDK sends are refused all the same.
func TestMalformedValues(t *testing.T) {
	s := newServer(t)
	tests := []struct{ name, item, want string }{
		{"none", `{"id": {}}`, "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"},
		{"two", `{"id": {"S": "a", "N": "1"}}`, "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes"},
		{"null", `{"id": {"S": "a", "N": null}, "x": {"NULL": false}}`, "Null attribute value types must have the value of true"},
		{"unknown", `{"id": {"X": "a"}}`, `type "X"`},
		{"no string", `{"id": {"S": 1}}`, "SerializationException"},
		{"no object", `{"id": "a"}`, "SerializationException"},
		{"no map", `[]`, "SerializationException"},
		{"no base64", `{"id": {"B": "!"}}`, "SerializationException"},
		{"no boolean", `{"id": {"BOOL": "true"}}`, "SerializationException"},
		{"no item", `null`, "Value null at 'item'"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := s.Operations().Call(apiCall(t), "PutItem", []byte(`{"TableName": "plain", "Item": `+tt.item+`}`))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateItem.html#DDB-UpdateItem-request-ReturnValues
func TestReturnValues(t *testing.T) {
	s := newServer(t)
	before := M{"id": "a", "n": 1, "m": M{"x": 1, "y": 2}, "l": L{"p", "q", "r"}, "same": true}
	update := func(values types.ReturnValue, id string) (M, error) {
		out, err := s.client().UpdateItem(t.Context(), &dynamodb.UpdateItemInput{
			TableName: new("plain"), Key: attributes(M{"id": id}), ReturnValues: values,
			UpdateExpression:          new("SET n = :n, m.x = :n, l[1] = :n REMOVE m.y ADD z :n"),
			ExpressionAttributeValues: attributes(M{":n": 5}),
		})
		if err != nil {
			return nil, err
		}
		return goValues(out.Attributes), nil
	}
	after := M{"id": "a", "n": 5, "m": M{"x": 5}, "l": L{"p", 5, "r"}, "z": 5, "same": true}
	tests := []struct {
		values types.ReturnValue
		want   M
	}{
		{"", nil},
		{"NONE", nil},
		{"ALL_OLD", before},
		{"UPDATED_OLD", M{"n": 1, "m": M{"x": 1, "y": 2}, "l": L{"q"}}},
		{"ALL_NEW", after},
		{"UPDATED_NEW", M{"n": 5, "m": M{"x": 5}, "l": L{5}, "z": 5}},
	}
	for _, tt := range tests {
		t.Run(string(tt.values), func(t *testing.T) {
			s.put(t, "plain", before)
			got, err := update(tt.values, "a")
			checkError(t, err, "", "")
			diff(t, got, canonical(tt.want))
			diff(t, s.get(t, "plain", M{"id": "a"}), canonical(after))
		})
	}
	_, err := update("SOME", "a")
	checkError(t, err, "ValidationException", "Value 'SOME' at 'returnValues' failed to satisfy constraint: Member must satisfy enum value set: [ALL_NEW, UPDATED_OLD, ALL_OLD, NONE, UPDATED_NEW]")

	put := &dynamodb.PutItemInput{TableName: new("plain"), Item: attributes(M{"id": "b", "v": 1}), ReturnValues: "ALL_OLD"}
	first, err := s.client().PutItem(t.Context(), put)
	checkError(t, err, "", "")
	diff(t, goValues(first.Attributes), M(nil))
	second, err := s.client().PutItem(t.Context(), put)
	checkError(t, err, "", "")
	diff(t, goValues(second.Attributes), canonical(M{"id": "b", "v": 1}))
	put.ReturnValues = "ALL_NEW"
	_, err = s.client().PutItem(t.Context(), put)
	checkError(t, err, "ValidationException", "ReturnValues can only be ALL_OLD or NONE")

	deleted, err := s.client().DeleteItem(t.Context(), &dynamodb.DeleteItemInput{TableName: new("plain"), Key: attributes(M{"id": "b"}), ReturnValues: "ALL_OLD"})
	checkError(t, err, "", "")
	diff(t, goValues(deleted.Attributes), canonical(M{"id": "b", "v": 1}))
	diff(t, s.get(t, "plain", M{"id": "b"}), M(nil))
}

// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/WorkingWithItems.html#WorkingWithItems.ConditionalUpdate
func TestConditionalWrites(t *testing.T) {
	s := newServer(t)
	s.put(t, "plain", M{"id": "a", "v": 1})
	_, err := s.client().PutItem(t.Context(), &dynamodb.PutItemInput{
		TableName: new("plain"), Item: attributes(M{"id": "a"}), ConditionExpression: new("attribute_not_exists(id)"),
		ReturnValuesOnConditionCheckFailure: "ALL_OLD",
	})
	checkError(t, err, "ConditionalCheckFailedException", "The conditional request failed")
	failure, _ := err.(interface{ Unwrap() error })
	var failed *types.ConditionalCheckFailedException
	for failure != nil && failed == nil {
		inner := failure.Unwrap()
		failed, _ = inner.(*types.ConditionalCheckFailedException)
		failure, _ = inner.(interface{ Unwrap() error })
	}
	diff(t, goValues(failed.Item), canonical(M{"id": "a", "v": 1}))

	_, err = s.client().DeleteItem(t.Context(), &dynamodb.DeleteItemInput{
		TableName: new("plain"), Key: attributes(M{"id": "a"}), ConditionExpression: new("v = :v"), ExpressionAttributeValues: attributes(M{":v": 2}),
	})
	checkError(t, err, "ConditionalCheckFailedException", "The conditional request failed")
	_, err = s.client().UpdateItem(t.Context(), &dynamodb.UpdateItemInput{
		TableName: new("plain"), Key: attributes(M{"id": "new"}), ConditionExpression: new("attribute_exists(id)"),
	})
	checkError(t, err, "ConditionalCheckFailedException", "The conditional request failed")
	diff(t, s.get(t, "plain", M{"id": "a"}), canonical(M{"id": "a", "v": 1}))
	diff(t, s.get(t, "plain", M{"id": "new"}), M(nil))
}

// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_GetItem.html
func TestKeysThatDoNotMatch(t *testing.T) {
	s := newServer(t)
	tests := []struct {
		name  string
		table string
		key   M
		code  string
		want  string
	}{
		{"missing", "things", M{"p": "a"}, "ValidationException", "The provided key element does not match the schema"},
		{"surplus", "plain", M{"id": "a", "s": 1}, "ValidationException", "The provided key element does not match the schema"},
		{"other", "plain", M{"x": "a"}, "ValidationException", "The provided key element does not match the schema"},
		{"type", "plain", M{"id": 1}, "ValidationException", "The provided key element does not match the schema"},
		{"empty", "plain", M{"id": ""}, "ValidationException", "cannot contain an empty string value. Key: id"},
		{"no table", "absent", M{"id": "a"}, "ResourceNotFoundException", "Requested resource not found"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := s.client().GetItem(t.Context(), &dynamodb.GetItemInput{TableName: &tt.table, Key: attributes(tt.key)})
			checkError(t, err, tt.code, tt.want)
			_, err = s.client().DeleteItem(t.Context(), &dynamodb.DeleteItemInput{TableName: &tt.table, Key: attributes(tt.key)})
			checkError(t, err, tt.code, tt.want)
			_, err = s.client().UpdateItem(t.Context(), &dynamodb.UpdateItemInput{TableName: &tt.table, Key: attributes(tt.key)})
			checkError(t, err, tt.code, tt.want)
		})
	}
}

// A read, a write and their capacity
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html).
func TestConsumedCapacity(t *testing.T) {
	s := newServer(t)
	big := strings.Repeat("x", 5000)
	put, err := s.client().PutItem(t.Context(), &dynamodb.PutItemInput{
		TableName: new("things"), Item: attributes(M{"p": "a", "s": 1, "g": "g", "h": 1, "l": "l", "big": big}), ReturnConsumedCapacity: "INDEXES",
		ReturnItemCollectionMetrics: "SIZE",
	})
	checkError(t, err, "", "")
	c := put.ConsumedCapacity
	diff(t, []float64{*c.CapacityUnits, *c.Table.CapacityUnits, *c.GlobalSecondaryIndexes["global"].CapacityUnits, *c.GlobalSecondaryIndexes["whole"].CapacityUnits, *c.LocalSecondaryIndexes["local"].CapacityUnits},
		[]float64{5 + 1 + 5 + 1, 5, 1, 5, 1})
	diff(t, goValues(put.ItemCollectionMetrics.ItemCollectionKey), canonical(M{"p": "a"}))

	// A change of an attribute that an index does not have costs nothing there.
	update, err := s.client().UpdateItem(t.Context(), &dynamodb.UpdateItemInput{
		TableName: new("things"), Key: attributes(M{"p": "a", "s": 1}), ReturnConsumedCapacity: "INDEXES",
		UpdateExpression: new("REMOVE big"),
	})
	checkError(t, err, "", "")
	diff(t, *update.ConsumedCapacity.CapacityUnits, float64(5+5))
	// A change of an index's key costs twice there.
	update, err = s.client().UpdateItem(t.Context(), &dynamodb.UpdateItemInput{
		TableName: new("things"), Key: attributes(M{"p": "a", "s": 1}), ReturnConsumedCapacity: "TOTAL",
		UpdateExpression: new("SET h = :h, big = :big"), ExpressionAttributeValues: attributes(M{":h": 2, ":big": big}),
	})
	checkError(t, err, "", "")
	diff(t, *update.ConsumedCapacity.CapacityUnits, float64(5+5+2))

	for _, tt := range []struct {
		key        M
		consistent bool
		want       float64
	}{
		{M{"p": "a", "s": 1}, false, 1},
		{M{"p": "a", "s": 1}, true, 2},
		{M{"p": "absent", "s": 1}, false, 0.5},
	} {
		get, err := s.client().GetItem(t.Context(), &dynamodb.GetItemInput{TableName: new("things"), Key: attributes(tt.key), ConsistentRead: &tt.consistent, ReturnConsumedCapacity: "TOTAL"})
		checkError(t, err, "", "")
		diff(t, *get.ConsumedCapacity.CapacityUnits, tt.want)
	}
}
