package dynamodb

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

func transactPut(i M) types.TransactWriteItem {
	return types.TransactWriteItem{Put: &types.Put{TableName: new("plain"), Item: attributes(i)}}
}

func transactAdd(id, attribute string, v any) types.TransactWriteItem {
	return types.TransactWriteItem{Update: &types.Update{
		TableName: new("plain"), Key: attributes(M{"id": id}), UpdateExpression: new("ADD " + attribute + " :v"), ExpressionAttributeValues: attributes(M{":v": v}),
	}}
}

func (s *server) transactWrite(t testing.TB, items ...types.TransactWriteItem) error {
	_, err := s.client().TransactWriteItems(t.Context(), &dynamodb.TransactWriteItemsInput{TransactItems: items})
	return err
}

// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
func TestTransactWriteItems(t *testing.T) {
	s := newServer(t)
	s.put(t, "plain", M{"id": "checked", "v": 1})
	s.put(t, "things", M{"p": "gone", "s": 1})
	check := &types.ConditionCheck{
		TableName: new("plain"), Key: attributes(M{"id": "checked"}), ConditionExpression: new("v = :v"), ExpressionAttributeValues: attributes(M{":v": 1}),
		ReturnValuesOnConditionCheckFailure: "ALL_OLD",
	}
	items := []types.TransactWriteItem{
		transactPut(M{"id": "put"}),
		transactAdd("updated", "n", 5),
		{ConditionCheck: check},
		{Delete: &types.Delete{TableName: new(TableARN("things")), Key: attributes(M{"p": "gone", "s": 1})}},
	}
	out, err := s.client().TransactWriteItems(t.Context(), &dynamodb.TransactWriteItemsInput{TransactItems: items, ReturnConsumedCapacity: "TOTAL"})
	checkError(t, err, "", "")
	diff(t, []float64{*out.ConsumedCapacity[0].CapacityUnits, *out.ConsumedCapacity[0].WriteCapacityUnits, *out.ConsumedCapacity[1].CapacityUnits}, []float64{6, 6, 2})
	diff(t, s.get(t, "plain", M{"id": "put"}), canonical(M{"id": "put"}))
	diff(t, s.get(t, "plain", M{"id": "updated"}), canonical(M{"id": "updated", "n": 5}))
	diff(t, s.get(t, "things", M{"p": "gone", "s": 1}), M(nil))

	// All or nothing.
	check.ExpressionAttributeValues = attributes(M{":v": 2})
	items[0] = transactPut(M{"id": "second"})
	items = append(items, transactAdd("updated2", "id2", "x"), transactAdd("checked2", "n", 1))
	items[4] = types.TransactWriteItem{Update: &types.Update{TableName: new("plain"), Key: attributes(M{"id": "other"}), UpdateExpression: new("SET a = b")}}
	err = s.transactWrite(t, items...)
	checkError(t, err, "TransactionCanceledException", "Transaction cancelled, please refer cancellation reasons for specific reasons [None, None, ConditionalCheckFailed, None, ValidationError, None]")
	canceled, _ := errors.AsType[*types.TransactionCanceledException](err)
	var reasons []string
	for _, reason := range canceled.CancellationReasons {
		message := ""
		if reason.Message != nil {
			message = *reason.Message
		}
		reasons = append(reasons, *reason.Code+": "+message)
	}
	diff(t, reasons, []string{
		"None: ", "None: ", "ConditionalCheckFailed: The conditional request failed", "None: ",
		"ValidationError: The provided expression refers to an attribute that does not exist in the item", "None: ",
	})
	diff(t, goValues(canceled.CancellationReasons[2].Item), canonical(M{"id": "checked", "v": 1}))
	diff(t, s.get(t, "plain", M{"id": "second"}), M(nil))
	diff(t, s.get(t, "plain", M{"id": "updated"}), canonical(M{"id": "updated", "n": 5}))
}

// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html
func TestTransactWriteRefuses(t *testing.T) {
	s := newServer(t)
	var many, large []types.TransactWriteItem
	for n := range 101 {
		many = append(many, transactPut(M{"id": fmt.Sprint(n)}))
	}
	for n := range 11 {
		large = append(large, transactPut(M{"id": fmt.Sprint(n), "v": strings.Repeat("x", 390<<10)}))
	}
	tests := []struct {
		name  string
		items []types.TransactWriteItem
		code  string
		want  string
	}{
		{"100", many[:100], "", ""},
		{"101", many, "ValidationException", "Member must have length less than or equal to 100"},
		{"none", []types.TransactWriteItem{}, "ValidationException", "Member must have length greater than or equal to 1"},
		{"4 MB", large, "ValidationException", "4 MB"},
		{"twice", []types.TransactWriteItem{transactPut(M{"id": "a"}), transactAdd("a", "n", 1)}, "ValidationException", "Transaction request cannot include multiple operations on one item"},
		{"two of a part", []types.TransactWriteItem{{Put: many[0].Put, Update: transactAdd("a", "n", 1).Update}}, "ValidationException", "TransactItems can only contain one of Check, Put, Update or Delete"},
		{"empty part", []types.TransactWriteItem{{}}, "ValidationException", "TransactItems can only contain one"},
		{"no table", []types.TransactWriteItem{{Put: &types.Put{TableName: new("absent"), Item: attributes(M{"id": "a"})}}}, "ResourceNotFoundException", "Requested resource not found"},
		{"wrong key", []types.TransactWriteItem{transactPut(M{"id": 1}), many[0]}, "TransactionCanceledException", "[ValidationError, None]"},
		{"syntax", []types.TransactWriteItem{transactAdd("a", "#n", 1)}, "ValidationException", "attribute name: #n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			checkError(t, s.transactWrite(t, tt.items...), tt.code, tt.want)
		})
	}
}

// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html#transaction-apis-txwriteitems-idempotency
func TestIdempotentTransactions(t *testing.T) {
	s := newServer(t)
	in := &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{transactAdd("a", "n", 1)}, ClientRequestToken: new("token")}
	write := func() error {
		_, err := s.client().TransactWriteItems(t.Context(), in)
		return err
	}
	checkError(t, write(), "", "")
	s.clock.Advance(9 * time.Minute)
	in.ReturnConsumedCapacity = "TOTAL"
	again, err := s.client().TransactWriteItems(t.Context(), in)
	checkError(t, err, "", "")
	diff(t, *again.ConsumedCapacity[0].ReadCapacityUnits, 2.0)
	diff(t, s.get(t, "plain", M{"id": "a"}), canonical(M{"id": "a", "n": 1}))

	in.TransactItems = []types.TransactWriteItem{transactAdd("a", "n", 2)}
	checkError(t, write(), "IdempotentParameterMismatchException", "")
	s.clock.Advance(time.Minute)
	checkError(t, write(), "", "")
	diff(t, s.get(t, "plain", M{"id": "a"}), canonical(M{"id": "a", "n": 3}))

	// What failed may be tried again with its token.
	in.ClientRequestToken = new("other")
	in.TransactItems[0].Update.ConditionExpression = new("attribute_exists(ready)")
	checkError(t, write(), "TransactionCanceledException", "[ConditionalCheckFailed]")
	s.put(t, "plain", M{"id": "a", "ready": true})
	checkError(t, write(), "", "")

	in.ClientRequestToken = new(strings.Repeat("x", 37))
	checkError(t, write(), "ValidationException", "'clientRequestToken'")
}

// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactGetItems.html
func TestTransactGetItems(t *testing.T) {
	s := newServer(t)
	s.put(t, "plain", M{"id": "a", "v": 1})
	s.put(t, "things", M{"p": "a", "s": 1, "m": M{"x": 1, "y": 2}})
	get := func(table string, key M, projection *string) types.TransactGetItem {
		return types.TransactGetItem{Get: &types.Get{TableName: &table, Key: attributes(key), ProjectionExpression: projection}}
	}
	read := func(items ...types.TransactGetItem) (*dynamodb.TransactGetItemsOutput, error) {
		return s.client().TransactGetItems(t.Context(), &dynamodb.TransactGetItemsInput{TransactItems: append([]types.TransactGetItem{}, items...), ReturnConsumedCapacity: "TOTAL"})
	}
	out, err := read(get("things", M{"p": "a", "s": 1}, new("m.y")), get("plain", M{"id": "absent"}, nil), get("plain", M{"id": "a"}, nil))
	checkError(t, err, "", "")
	var got []M
	for _, response := range out.Responses {
		got = append(got, goValues(response.Item))
	}
	diff(t, got, []M{canonical(M{"m": M{"y": 2}}), nil, canonical(M{"id": "a", "v": 1})})
	diff(t, []float64{*out.ConsumedCapacity[0].CapacityUnits, *out.ConsumedCapacity[1].ReadCapacityUnits}, []float64{2, 4})

	_, err = read(get("things", M{"p": "a"}, nil), get("plain", M{"id": "a"}, nil))
	checkError(t, err, "TransactionCanceledException", "[ValidationError, None]")
	_, err = read(get("absent", M{"p": "a"}, nil))
	checkError(t, err, "ResourceNotFoundException", "Requested resource not found")
	_, err = read(get("plain", M{"id": "a"}, new("a.")))
	checkError(t, err, "ValidationException", "Invalid ProjectionExpression: Syntax error")
	_, err = read()
	checkError(t, err, "ValidationException", "'transactItems'")
}
