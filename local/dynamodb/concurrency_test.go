package dynamodb

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

const (
	writers = 32
	rounds  = 10
)

// Updates of an item come one after the other
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/WorkingWithItems.html#WorkingWithItems.AtomicCounters).
func TestNoLostUpdate(t *testing.T) {
	s := newServer(t)
	var wg sync.WaitGroup
	for n := range writers {
		wg.Go(func() {
			for range rounds {
				in := transactAdd("counter", "n", 1).Update
				_, err := s.client().UpdateItem(t.Context(), &dynamodb.UpdateItemInput{
					TableName: in.TableName, Key: in.Key, UpdateExpression: in.UpdateExpression, ExpressionAttributeValues: in.ExpressionAttributeValues,
				})
				if err != nil {
					t.Error(err)
				}
			}
			if err := s.transactWrite(t, transactAdd("counter", "n", 1), transactAdd(fmt.Sprint(n), "n", 1)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	diff(t, s.get(t, "plain", M{"id": "counter"}), canonical(M{"id": "counter", "n": writers * (rounds + 1)}))
}

// Transactions move amounts between items of two tables, and reads never see
// half of one
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html#transaction-isolation).
func TestTransactionsAreIsolated(t *testing.T) {
	s := newServer(t)
	key := attributes(M{"p": "a", "s": 1})
	s.put(t, "plain", M{"id": "a", "n": 0})
	s.put(t, "things", M{"p": "a", "s": 1, "n": 0})
	move := func() error {
		return s.transactWrite(t, transactAdd("a", "n", 1), types.TransactWriteItem{Update: &types.Update{
			TableName: new("things"), Key: key, UpdateExpression: new("ADD n :v"), ExpressionAttributeValues: attributes(M{":v": -1}),
		}})
	}
	var wg sync.WaitGroup
	for range writers / 2 {
		wg.Go(func() {
			for range rounds {
				if err := move(); err != nil {
					t.Error(err)
				}
			}
		})
		wg.Go(func() {
			for range rounds {
				out, err := s.client().TransactGetItems(t.Context(), &dynamodb.TransactGetItemsInput{TransactItems: []types.TransactGetItem{
					{Get: &types.Get{TableName: new("things"), Key: key}}, {Get: &types.Get{TableName: new("plain"), Key: attributes(M{"id": "a"})}},
				}})
				if err != nil {
					t.Error(err)
					return
				}
				one, two := goValue(out.Responses[0].Item["n"]).(N), goValue(out.Responses[1].Item["n"]).(N)
				if sum, err := addNumbers(string(one), string(two), false); sum != "0" || err != nil {
					t.Errorf("%s and %s are of different times: %v", one, two, err)
				}
			}
		})
	}
	wg.Wait()
}

// Of many that put an item if it does not exist, one does.
func TestOnePutWins(t *testing.T) {
	s := newServer(t)
	var wg sync.WaitGroup
	won := make(chan int, writers)
	for n := range writers {
		wg.Go(func() {
			_, err := s.client().PutItem(t.Context(), &dynamodb.PutItemInput{
				TableName: new("plain"), Item: attributes(M{"id": "lock", "owner": n}), ConditionExpression: new("attribute_not_exists(id)"),
			})
			if _, lost := errors.AsType[*types.ConditionalCheckFailedException](err); !lost && err != nil {
				t.Error(err)
			}
			if err == nil {
				won <- n
			}
		})
	}
	wg.Wait()
	diff(t, len(won), 1)
	diff(t, s.get(t, "plain", M{"id": "lock"}), canonical(M{"id": "lock", "owner": <-won}))
}
