package dynamodb

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// order is an item as services store them.
func order(id string) M {
	return M{"id": id, "status": "new", "total": N("99.95"), "articles": L{M{"sku": "a-1", "count": 2}, M{"sku": "b-7", "count": 1}}, "created": "2026-01-02T03:04:05Z"}
}

// parallel runs an operation from many clients and reports how many a second
// there are.
func parallel(b *testing.B, operation func(c *dynamodb.Client, s *server, n int64) error) {
	s := newServer(b)
	c := s.client()
	for n := range 1000 {
		s.put(b, "plain", order(fmt.Sprint(n)))
	}
	var count atomic.Int64
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := operation(c, s, count.Add(1)); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "ops/s")
}

func BenchmarkPutItem(b *testing.B) {
	parallel(b, func(c *dynamodb.Client, _ *server, n int64) error {
		_, err := c.PutItem(b.Context(), &dynamodb.PutItemInput{TableName: new("plain"), Item: attributes(order(fmt.Sprint(n)))})
		return err
	})
}

func BenchmarkGetItem(b *testing.B) {
	parallel(b, func(c *dynamodb.Client, _ *server, n int64) error {
		_, err := c.GetItem(b.Context(), &dynamodb.GetItemInput{TableName: new("plain"), Key: attributes(M{"id": fmt.Sprint(n % 1000)})})
		return err
	})
}

func BenchmarkUpdateItem(b *testing.B) {
	parallel(b, func(c *dynamodb.Client, _ *server, n int64) error {
		_, err := c.UpdateItem(b.Context(), &dynamodb.UpdateItemInput{
			TableName: new("plain"), Key: attributes(M{"id": fmt.Sprint(n % 1000)}), ConditionExpression: new("attribute_exists(id)"),
			UpdateExpression: new("SET articles[0].#c = :c ADD version :one"), ExpressionAttributeNames: map[string]string{"#c": "count"},
			ExpressionAttributeValues: attributes(M{":c": 3, ":one": 1}),
		})
		return err
	})
}

func BenchmarkTransactWriteItems(b *testing.B) {
	parallel(b, func(c *dynamodb.Client, _ *server, n int64) error {
		_, err := c.TransactWriteItems(b.Context(), &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{
			transactAdd(fmt.Sprint(n%1000), "n", 1), transactPut(order(fmt.Sprint("order ", n))),
		}})
		return err
	})
}

func BenchmarkQuery(b *testing.B) {
	parallel(b, func(c *dynamodb.Client, s *server, n int64) error {
		if n == 1 {
			for k := range 20 {
				s.put(b, "things", M{"p": "a", "s": k, "g": "g", "h": -k})
			}
		}
		_, err := c.Query(b.Context(), &dynamodb.QueryInput{
			TableName: new("things"), IndexName: new("global"), KeyConditionExpression: new("g = :g"), ExpressionAttributeValues: attributes(M{":g": "g"}),
		})
		return err
	})
}

// BenchmarkServicePutItem is a put without HTTP and without a client.
func BenchmarkServicePutItem(b *testing.B) {
	operations := newServer(b).Operations()
	call := apiCall(b)
	for n := range b.N {
		input := fmt.Appendf(nil, `{"TableName": "plain", "Item": {"id": {"S": "%d"}, "status": {"S": "new"}, "total": {"N": "99.95"}, "lines": {"L": [{"M": {"sku": {"S": "a-1"}, "count": {"N": "2"}}}]}}}`, n)
		if _, err := operations.Call(call, "PutItem", input); err != nil {
			b.Fatal(err)
		}
	}
}
