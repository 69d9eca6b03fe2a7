package idempotency

import (
	"context"
	"fmt"
	"maps"
	"strconv"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// fakeTable is a table in memory. It evaluates the conditions of this package as
// DynamoDB does, refuses any other expression, and honours the context.
type fakeTable struct {
	mu    sync.Mutex
	items map[string]item

	// put, update and delete, if set, come first: an error is the answer.
	put, update, delete func() error
	// lose, if set, loses the answer of the first PutItem and sends it again, as the
	// SDK does.
	lose bool
}

func newFakeTable() *fakeTable { return &fakeTable{items: map[string]item{}} }

func (f *fakeTable) PutItem(ctx context.Context, in *dynamodb.PutItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	if err := f.begin(ctx, f.put, *in.TableName); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	out, err := f.putOnce(in)
	if f.lose && err == nil {
		f.lose = false
		return f.putOnce(in)
	}
	return out, err
}

func (f *fakeTable) putOnce(in *dynamodb.PutItemInput) (*dynamodb.PutItemOutput, error) {
	key := text(in.Item, "id")
	old := f.items[key]
	ok, err := holds(*in.ConditionExpression, old, in.ExpressionAttributeNames, in.ExpressionAttributeValues)
	if err != nil {
		return nil, err
	}
	if !ok {
		failure := &types.ConditionalCheckFailedException{}
		if in.ReturnValuesOnConditionCheckFailure == types.ReturnValuesOnConditionCheckFailureAllOld {
			failure.Item = maps.Clone(old)
		}
		return nil, failure
	}
	f.items[key] = maps.Clone(in.Item)
	return &dynamodb.PutItemOutput{}, nil
}

func (f *fakeTable) UpdateItem(ctx context.Context, in *dynamodb.UpdateItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error) {
	if err := f.begin(ctx, f.update, *in.TableName); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	key := text(in.Key, "id")
	old := f.items[key]
	ok, err := holds(*in.ConditionExpression, old, in.ExpressionAttributeNames, in.ExpressionAttributeValues)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, &types.ConditionalCheckFailedException{}
	}
	if got := *in.UpdateExpression; got != "SET #status = :completed, #result = :result, expiry = :expiry REMOVE lease" {
		return nil, fmt.Errorf("unexpected update %q", got)
	}
	values := in.ExpressionAttributeValues
	record := maps.Clone(old)
	record[in.ExpressionAttributeNames["#status"]] = values[":completed"]
	record[in.ExpressionAttributeNames["#result"]] = values[":result"]
	record["expiry"] = values[":expiry"]
	delete(record, "lease")
	f.items[key] = record
	return &dynamodb.UpdateItemOutput{}, nil
}

func (f *fakeTable) DeleteItem(ctx context.Context, in *dynamodb.DeleteItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.DeleteItemOutput, error) {
	if err := f.begin(ctx, f.delete, *in.TableName); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	key := text(in.Key, "id")
	ok, err := holds(*in.ConditionExpression, f.items[key], in.ExpressionAttributeNames, in.ExpressionAttributeValues)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, &types.ConditionalCheckFailedException{}
	}
	delete(f.items, key)
	return &dynamodb.DeleteItemOutput{}, nil
}

func (f *fakeTable) begin(ctx context.Context, answer func() error, table string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if table != "keys" {
		return fmt.Errorf("unexpected table %q", table)
	}
	if answer != nil {
		return answer()
	}
	return nil
}

// record returns a copy of the record of a key, or nil.
func (f *fakeTable) record(key string) item {
	f.mu.Lock()
	defer f.mu.Unlock()
	return maps.Clone(f.items[key])
}

// holds evaluates a condition. A comparison with an attribute that is not there is
// false, as in DynamoDB.
func holds(condition string, record item, names map[string]string, values item) (bool, error) {
	equal := func(attribute, value string) bool {
		return record[attribute] != nil && text(record, attribute) == text(values, value)
	}
	less := func(attribute, value string) bool {
		return record[attribute] != nil && number(record[attribute]) < number(values[value])
	}
	switch condition {
	case "attribute_not_exists(id) OR expiry < :now OR (#status = :inProgress AND lease < :nowMs AND #hash = :hash)":
		return record["id"] == nil ||
			less("expiry", ":now") ||
			(equal(names["#status"], ":inProgress") && less("lease", ":nowMs") && equal(names["#hash"], ":hash")), nil
	case "#owner = :owner":
		return equal(names["#owner"], ":owner"), nil
	}
	return false, fmt.Errorf("unexpected condition %q", condition)
}

func number(v types.AttributeValue) int64 {
	n, err := strconv.ParseInt(v.(*types.AttributeValueMemberN).Value, 10, 64)
	if err != nil {
		panic(err)
	}
	return n
}
