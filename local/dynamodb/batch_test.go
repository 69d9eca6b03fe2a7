package dynamodb

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

func putOf(i M) types.WriteRequest {
	return types.WriteRequest{PutRequest: &types.PutRequest{Item: attributes(i)}}
}

func deleteOf(key M) types.WriteRequest {
	return types.WriteRequest{DeleteRequest: &types.DeleteRequest{Key: attributes(key)}}
}

// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html
func TestBatchWriteItem(t *testing.T) {
	s := newServer(t)
	s.put(t, "plain", M{"id": "old"})
	out, err := s.client().BatchWriteItem(t.Context(), &dynamodb.BatchWriteItemInput{
		RequestItems: map[string][]types.WriteRequest{
			"plain":            {putOf(M{"id": "a", "v": 1}), deleteOf(M{"id": "old"}), deleteOf(M{"id": "absent"})},
			TableARN("things"): {putOf(M{"p": "a", "s": 1})},
		},
		ReturnConsumedCapacity: "TOTAL",
	})
	checkError(t, err, "", "")
	diff(t, len(out.UnprocessedItems), 0)
	diff(t, len(out.ConsumedCapacity), 2)
	diff(t, s.get(t, "plain", M{"id": "a"}), canonical(M{"id": "a", "v": 1}))
	diff(t, s.get(t, "plain", M{"id": "old"}), M(nil))
	diff(t, s.get(t, "things", M{"p": "a", "s": 1}), canonical(M{"p": "a", "s": 1}))

	var many []types.WriteRequest
	for n := range 26 {
		many = append(many, putOf(M{"id": fmt.Sprint(n)}))
	}
	tests := []struct {
		name  string
		items map[string][]types.WriteRequest
		code  string
		want  string
	}{
		{"25", map[string][]types.WriteRequest{"plain": many[:25]}, "", ""},
		{"26", map[string][]types.WriteRequest{"plain": many}, "ValidationException", "Too many items requested for the BatchWriteItem call"},
		{"none", map[string][]types.WriteRequest{}, "ValidationException", "'requestItems'"},
		{"none of a table", map[string][]types.WriteRequest{"plain": {}}, "ValidationException", "Member must have length greater than or equal to 1"},
		{"twice", map[string][]types.WriteRequest{"plain": {putOf(M{"id": "a"}), deleteOf(M{"id": "a"})}}, "ValidationException", "Provided list of item keys contains duplicates"},
		{"both", map[string][]types.WriteRequest{"plain": {{PutRequest: putOf(M{"id": "a"}).PutRequest, DeleteRequest: deleteOf(M{"id": "b"}).DeleteRequest}}}, "ValidationException", "must contain exactly one"},
		{"no table", map[string][]types.WriteRequest{"absent": {putOf(M{"id": "a"})}}, "ResourceNotFoundException", "Requested resource not found"},
		{"no key", map[string][]types.WriteRequest{"plain": {putOf(M{"x": "a"})}}, "ValidationException", "Missing the key id in the item"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := s.client().BatchWriteItem(t.Context(), &dynamodb.BatchWriteItemInput{RequestItems: tt.items})
			checkError(t, err, tt.code, tt.want)
		})
	}
}

// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
func TestBatchGetItem(t *testing.T) {
	s := newServer(t)
	var keys []map[string]types.AttributeValue
	for n := range 101 {
		keys = append(keys, attributes(M{"id": fmt.Sprint(n)}))
	}
	for n := range 50 {
		s.put(t, "plain", M{"id": fmt.Sprint(n), "v": strings.Repeat("x", 390<<10)})
	}
	read := func(request types.KeysAndAttributes) (*dynamodb.BatchGetItemOutput, error) {
		return s.client().BatchGetItem(t.Context(), &dynamodb.BatchGetItemInput{
			RequestItems: map[string]types.KeysAndAttributes{"plain": request}, ReturnConsumedCapacity: "TOTAL",
		})
	}
	out, err := read(types.KeysAndAttributes{Keys: keys[48:52], ProjectionExpression: new("#id"), ExpressionAttributeNames: map[string]string{"#id": "id"}, ConsistentRead: new(true)})
	checkError(t, err, "", "")
	diff(t, goItems(out.Responses["plain"]), []M{canonical(M{"id": "48"}), canonical(M{"id": "49"})})
	diff(t, *out.ConsumedCapacity[0].CapacityUnits, 2*98.0+2)

	// 16 MB are 42 of these items.
	out, err = read(types.KeysAndAttributes{Keys: keys[:50], ConsistentRead: new(true)})
	checkError(t, err, "", "")
	diff(t, len(out.Responses["plain"]), 42)
	rest := out.UnprocessedKeys["plain"]
	diff(t, []any{len(rest.Keys), *rest.ConsistentRead}, []any{8, true})
	out, err = read(rest)
	checkError(t, err, "", "")
	diff(t, []int{len(out.Responses["plain"]), len(out.UnprocessedKeys)}, []int{8, 0})

	_, err = read(types.KeysAndAttributes{Keys: keys})
	checkError(t, err, "ValidationException", "Too many items requested for the BatchGetItem call")
	_, err = read(types.KeysAndAttributes{Keys: append(keys[:1], keys[0])})
	checkError(t, err, "ValidationException", "Provided list of item keys contains duplicates")
	_, err = read(types.KeysAndAttributes{Keys: keys[:0]})
	checkError(t, err, "ValidationException", "Member must have length greater than or equal to 1")
	_, err = read(types.KeysAndAttributes{Keys: []map[string]types.AttributeValue{attributes(M{"x": "a"})}})
	checkError(t, err, "ValidationException", "The provided key element does not match the schema")
}
