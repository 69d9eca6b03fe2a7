package table

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/noidle/noidle/functions/internal/order"
	"github.com/noidle/noidle/functions/internal/payment"
)

// LedgerClient is the part of the DynamoDB client that [Ledger] uses.
type LedgerClient interface {
	PutItem(context.Context, *dynamodb.PutItemInput, ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error)
	UpdateItem(context.Context, *dynamodb.UpdateItemInput, ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error)
}

// Ledger is a [payment.Ledger]. The table's partition key is orderId (S). The other
// attributes are status (S), amount (N), currency (S), and at (S), which is when the
// charge came to its status. An entry that is VOID has no amount and no currency.
// Charge needs dynamodb:PutItem, Refund dynamodb:UpdateItem.
type Ledger struct {
	client LedgerClient
	name   string
}

// NewLedger returns a Ledger in the named table.
func NewLedger(client LedgerClient, name string) *Ledger {
	return &Ledger{client: client, name: name}
}

// Charge notes the charge, unless the order has an entry.
func (t *Ledger) Charge(ctx context.Context, c payment.Charge) (existed bool, err error) {
	_, err = t.client.PutItem(ctx, &dynamodb.PutItemInput{
		TableName: aws.String(t.name),
		Item: item{
			"orderId":  str(c.OrderID),
			"status":   str(string(payment.Charged)),
			"amount":   num(c.Amount),
			"currency": str(c.Currency),
			"at":       now(),
		},
		ConditionExpression:                 aws.String("attribute_not_exists(orderId)"),
		ReturnValuesOnConditionCheckFailure: allOld,
	})
	failed, ok := errors.AsType[*types.ConditionalCheckFailedException](err)
	if !ok {
		return false, err
	}
	old, err := readCharge(failed.Item)
	switch {
	case err != nil:
		return true, err
	case old.Status != payment.Charged:
		return true, payment.ErrVoided
	case old.Amount != c.Amount || old.Currency != c.Currency:
		return true, fmt.Errorf("table: charged %d %s before, not %d %s", old.Amount, old.Currency, c.Amount, c.Currency)
	}
	return true, nil
}

// Refund notes the refund of a charge, or bars it.
func (t *Ledger) Refund(ctx context.Context, orderID string) (payment.Charge, error) {
	const attempts = 3 // a second is needed if the charge comes in between
	for range attempts {
		c, exists, err := t.refund(ctx, orderID)
		if exists || err != nil {
			return c, err
		}
		barred, err := t.bar(ctx, orderID)
		if err != nil {
			return payment.Charge{}, err
		}
		if barred {
			return payment.Charge{OrderID: orderID, Status: payment.Void}, nil
		}
	}
	return payment.Charge{}, fmt.Errorf("table: the charge of order %s changes all the time", orderID)
}

// refund turns a charge into a refund. It reports whether there is an entry, and
// returns it as it is then.
func (t *Ledger) refund(ctx context.Context, orderID string) (c payment.Charge, exists bool, err error) {
	out, err := t.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:                aws.String(t.name),
		Key:                      item{"orderId": str(orderID)},
		UpdateExpression:         aws.String("SET #status = :refunded, #at = :at"),
		ConditionExpression:      aws.String("#status = :charged"),
		ExpressionAttributeNames: map[string]string{"#status": "status", "#at": "at"},
		ExpressionAttributeValues: item{
			":charged":  str(string(payment.Charged)),
			":refunded": str(string(payment.Refunded)),
			":at":       now(),
		},
		ReturnValues:                        types.ReturnValueAllNew,
		ReturnValuesOnConditionCheckFailure: allOld,
	})
	if failed, ok := errors.AsType[*types.ConditionalCheckFailedException](err); ok {
		if len(failed.Item) == 0 {
			return payment.Charge{}, false, nil
		}
		c, err = readCharge(failed.Item)
		return c, true, err
	}
	if err != nil {
		return payment.Charge{}, false, err
	}
	c, err = readCharge(out.Attributes)
	return c, true, err
}

// bar notes that the order must not be charged. It reports whether it could: not if
// there is an entry.
func (t *Ledger) bar(ctx context.Context, orderID string) (bool, error) {
	_, err := t.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:                 aws.String(t.name),
		Key:                       item{"orderId": str(orderID)},
		UpdateExpression:          aws.String("SET #status = :void, #at = :at"),
		ConditionExpression:       aws.String("attribute_not_exists(orderId)"),
		ExpressionAttributeNames:  map[string]string{"#status": "status", "#at": "at"},
		ExpressionAttributeValues: item{":void": str(string(payment.Void)), ":at": now()},
	})
	if _, exists := errors.AsType[*types.ConditionalCheckFailedException](err); exists {
		return false, nil
	}
	return err == nil, err
}

func readCharge(m item) (payment.Charge, error) {
	var r reader
	c := payment.Charge{OrderID: r.str(m, "orderId"), Status: payment.Status(r.str(m, "status"))}
	switch c.Status {
	case payment.Void:
	case payment.Charged, payment.Refunded:
		c.Amount, c.Currency = r.num(m, "amount"), r.str(m, "currency")
	default:
		r.fail("status", "status of a charge")
	}
	return c, r.err
}

func now() types.AttributeValue { return str(order.At(time.Now()).String()) }
