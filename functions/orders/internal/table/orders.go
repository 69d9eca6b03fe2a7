package table

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/noidle/noidle/functions/internal/order"
)

// OrdersClient is the part of the DynamoDB client that [Orders] uses.
type OrdersClient interface {
	PutItem(context.Context, *dynamodb.PutItemInput, ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error)
	GetItem(context.Context, *dynamodb.GetItemInput, ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error)
}

// Orders is an [order.Store]. The table's partition key is orderId (S). The other
// attributes are status, reason, customerId, currency (S), amount (N), items (L of
// M: sku, quantity, unitPrice), acceptedAt (S) and history (L of M: status, at).
// Create needs dynamodb:PutItem, Get dynamodb:GetItem.
type Orders struct {
	client OrdersClient
	name   string
}

// NewOrders returns Orders in the named table.
func NewOrders(client OrdersClient, name string) *Orders {
	return &Orders{client: client, name: name}
}

// Create puts the order in, unless it is there. The payment token stays out.
func (t *Orders) Create(ctx context.Context, o order.Order) error {
	items := make([]types.AttributeValue, len(o.Items))
	for i, it := range o.Items {
		items[i] = object(item{"sku": str(it.SKU), "quantity": num(it.Quantity), "unitPrice": num(it.UnitPrice)})
	}
	accepted := object(item{"status": str(string(order.Accepted)), "at": str(o.AcceptedAt.String())})
	_, err := t.client.PutItem(ctx, &dynamodb.PutItemInput{
		TableName: aws.String(t.name),
		Item: item{
			"orderId":    str(o.OrderID),
			"status":     str(string(order.Accepted)),
			"reason":     str(""),
			"customerId": str(o.CustomerID),
			"currency":   str(o.Currency),
			"amount":     num(o.Amount),
			"items":      list(items),
			"acceptedAt": str(o.AcceptedAt.String()),
			"history":    list([]types.AttributeValue{accepted}),
		},
		ConditionExpression: aws.String("attribute_not_exists(orderId)"),
	})
	if _, exists := errors.AsType[*types.ConditionalCheckFailedException](err); exists {
		return nil
	}
	return err
}

// Get reads the order's record, consistently: it shows every write before it.
func (t *Orders) Get(ctx context.Context, id string) (order.Record, error) {
	out, err := t.client.GetItem(ctx, &dynamodb.GetItemInput{
		TableName:      aws.String(t.name),
		Key:            item{"orderId": str(id)},
		ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		return order.Record{}, err
	}
	if len(out.Item) == 0 {
		return order.Record{}, order.ErrNotFound
	}
	record, err := readOrder(out.Item)
	if err != nil {
		return order.Record{}, fmt.Errorf("order %s: %w", id, err)
	}
	return record, nil
}

func readOrder(m item) (order.Record, error) {
	var r reader
	record := order.Record{
		OrderID:    r.str(m, "orderId"),
		Status:     order.Status(r.str(m, "status")),
		Reason:     r.str(m, "reason"),
		CustomerID: r.str(m, "customerId"),
		Currency:   r.str(m, "currency"),
		Amount:     r.num(m, "amount"),
	}
	for _, i := range r.objects(m, "items") {
		record.Items = append(record.Items, order.Item{
			SKU: r.str(i, "sku"), Quantity: int(r.num(i, "quantity")), UnitPrice: r.num(i, "unitPrice"),
		})
	}
	for _, h := range r.objects(m, "history") {
		record.History = append(record.History, order.Change{Status: order.Status(r.str(h, "status")), At: r.time(h, "at")})
	}
	return record, r.err
}

func (r *reader) time(m item, name string) order.Timestamp {
	t, err := order.ParseTimestamp(r.str(m, name))
	if err != nil {
		r.fail(name, "time")
	}
	return t
}
