package table

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/noidle/noidle/functions/internal/stock"
)

// StockClient is the part of the DynamoDB client that [Stock] uses.
type StockClient interface {
	UpdateItem(context.Context, *dynamodb.UpdateItemInput, ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error)
	TransactWriteItems(context.Context, *dynamodb.TransactWriteItemsInput, ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error)
}

// Stock is a [stock.Store]. The table's partition key is id (S). An item sku#SKU
// has the attribute available (N) and comes into being with the first reservation;
// an item order#ID has the attributes status (S) and lines (L of M: sku, quantity).
//
// Every call needs dynamodb:UpdateItem and nothing else: a transaction needs the
// permissions of its actions
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html).
// A transaction has at most 100 actions
// (https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html),
// so a reservation has at most 99 lines.
//
// Two transactions on the same item at the same time conflict: one is cancelled
// with TransactionConflict. That is an error to repeat the call after.
type Stock struct {
	client StockClient
	name   string
}

// NewStock returns Stock in the named table.
func NewStock(client StockClient, name string) *Stock {
	return &Stock{client: client, name: name}
}

const (
	// take takes :n, if there are enough. Of an SKU that was never reserved there are
	// :initial.
	take          = "SET available = if_not_exists(available, :initial) - :n"
	enough        = "available >= :n"
	enoughOrFresh = "attribute_not_exists(available) OR available >= :n"
	give          = "SET available = if_not_exists(available, :zero) + :n"

	held = "#status = :reserved OR #status = :confirmed"
	none = "attribute_not_exists(id)"
)

// Reserve takes the lines from the stock and notes the reservation, in one
// transaction.
func (t *Stock) Reserve(ctx context.Context, orderID string, lines []stock.Line) error {
	note := &types.Update{
		Key:                       orderKey(orderID),
		UpdateExpression:          aws.String("SET #status = :reserved, #lines = :lines"),
		ConditionExpression:       aws.String(none),
		ExpressionAttributeNames:  map[string]string{"#status": "status", "#lines": "lines"},
		ExpressionAttributeValues: item{":reserved": str(string(stock.Reserved)), ":lines": writeLines(lines)},
	}
	reasons, err := t.transact(ctx, note, lines, takeLine)
	if reasons == nil {
		return err
	}
	if conditionFailed(reasons[0]) {
		return reserved(reasons[0].Item, lines)
	}
	// As long as the reservation itself is in doubt, because of another attempt for the
	// same order, a shortage may be of that attempt's making.
	if short := shortages(lines, reasons[1:]); len(short) > 0 && aws.ToString(reasons[0].Code) == reasonNone {
		return &stock.ShortageError{Shortages: short}
	}
	return describe(actionKeys(orderID, lines), reasons)
}

// Release gives the lines back and notes the release, in one transaction. Without
// a reservation it only notes the release.
func (t *Stock) Release(ctx context.Context, orderID string, lines []stock.Line) error {
	const attempts = 3 // a second is needed if the reservation comes in between
	for range attempts {
		exists, err := t.giveBack(ctx, orderID, lines)
		if exists || err != nil {
			return err
		}
		if barred, err := t.bar(ctx, orderID); barred || err != nil {
			return err
		}
	}
	return fmt.Errorf("table: order#%s changes all the time", orderID)
}

// giveBack releases a reservation. It reports whether there is one, or one that was
// released before.
func (t *Stock) giveBack(ctx context.Context, orderID string, lines []stock.Line) (exists bool, err error) {
	note := &types.Update{
		Key:                      orderKey(orderID),
		UpdateExpression:         aws.String("SET #status = :released"),
		ConditionExpression:      aws.String(held),
		ExpressionAttributeNames: map[string]string{"#status": "status"},
		ExpressionAttributeValues: item{
			":released":  str(string(stock.Released)),
			":reserved":  str(string(stock.Reserved)),
			":confirmed": str(string(stock.Confirmed)),
		},
	}
	reasons, err := t.transact(ctx, note, lines, giveLine)
	switch {
	case reasons == nil:
		return err == nil, err
	case !conditionFailed(reasons[0]):
		return false, describe(actionKeys(orderID, lines), reasons)
	case len(reasons[0].Item) == 0:
		return false, nil
	}
	if status := statusOf(reasons[0].Item); status != stock.Released {
		return false, fmt.Errorf("table: order#%s has the unknown status %q", orderID, status)
	}
	return true, nil
}

// bar notes the release of what was never reserved. It reports whether it could:
// not if there is a reservation.
func (t *Stock) bar(ctx context.Context, orderID string) (bool, error) {
	_, err := t.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:                 aws.String(t.name),
		Key:                       orderKey(orderID),
		UpdateExpression:          aws.String("SET #status = :released"),
		ConditionExpression:       aws.String(none),
		ExpressionAttributeNames:  map[string]string{"#status": "status"},
		ExpressionAttributeValues: item{":released": str(string(stock.Released))},
	})
	if _, exists := errors.AsType[*types.ConditionalCheckFailedException](err); exists {
		return false, nil
	}
	return err == nil, err
}

// Confirm notes that the reservation is final.
func (t *Stock) Confirm(ctx context.Context, orderID string) error {
	_, err := t.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:                aws.String(t.name),
		Key:                      orderKey(orderID),
		UpdateExpression:         aws.String("SET #status = :confirmed"),
		ConditionExpression:      aws.String(held),
		ExpressionAttributeNames: map[string]string{"#status": "status"},
		ExpressionAttributeValues: item{
			":reserved":  str(string(stock.Reserved)),
			":confirmed": str(string(stock.Confirmed)),
		},
		ReturnValuesOnConditionCheckFailure: allOld,
	})
	failed, ok := errors.AsType[*types.ConditionalCheckFailedException](err)
	if !ok {
		return err
	}
	if len(failed.Item) == 0 {
		return stock.ErrNotReserved
	}
	if status := statusOf(failed.Item); status != stock.Released {
		return fmt.Errorf("table: order#%s has the unknown status %q", orderID, status)
	}
	return stock.ErrReleased
}

// transact writes the note about the order and the change of each line, all or
// none. It returns the reasons, of the note and of each line, if the transaction
// was cancelled, and no reasons otherwise.
func (t *Stock) transact(ctx context.Context, note *types.Update, lines []stock.Line, change func(stock.Line) *types.Update) ([]types.CancellationReason, error) {
	updates := []*types.Update{note}
	for _, l := range lines {
		updates = append(updates, change(l))
	}
	actions := make([]types.TransactWriteItem, len(updates))
	for i, u := range updates {
		u.TableName = aws.String(t.name)
		if u.ConditionExpression != nil {
			u.ReturnValuesOnConditionCheckFailure = allOld
		}
		actions[i].Update = u
	}
	_, err := t.client.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: actions})
	cancelled, ok := errors.AsType[*types.TransactionCanceledException](err)
	if !ok || len(cancelled.CancellationReasons) != len(actions) {
		return nil, err
	}
	return cancelled.CancellationReasons, err
}

func takeLine(l stock.Line) *types.Update {
	condition := enoughOrFresh
	if l.Initial < l.Quantity {
		condition = enough
	}
	return &types.Update{
		Key:                       skuKey(l.SKU),
		UpdateExpression:          aws.String(take),
		ConditionExpression:       aws.String(condition),
		ExpressionAttributeValues: item{":initial": num(l.Initial), ":n": num(l.Quantity)},
	}
}

func giveLine(l stock.Line) *types.Update {
	return &types.Update{
		Key:                       skuKey(l.SKU),
		UpdateExpression:          aws.String(give),
		ExpressionAttributeValues: item{":zero": num(0), ":n": num(l.Quantity)},
	}
}

// reserved decides what it means that the order is noted already.
func reserved(m item, lines []stock.Line) error {
	switch status := statusOf(m); status {
	case stock.Released:
		return stock.ErrReleased
	case stock.Reserved, stock.Confirmed:
		return sameLines(m, lines)
	default:
		return fmt.Errorf("table: %s has the unknown status %q", idOf(m), status)
	}
}

// sameLines returns an error if the reservation is not one of the lines.
func sameLines(m item, lines []stock.Line) error {
	var r reader
	old := r.objects(m, "lines")
	same := len(old) == len(lines)
	for i := 0; same && i < len(old); i++ {
		same = r.str(old[i], "sku") == lines[i].SKU && int(r.num(old[i], "quantity")) == lines[i].Quantity
	}
	if r.err == nil && !same {
		return fmt.Errorf("table: %s has reserved other lines", idOf(m))
	}
	return r.err
}

// shortages lists the lines whose condition failed, with what is left of them.
func shortages(lines []stock.Line, reasons []types.CancellationReason) []stock.Shortage {
	var short []stock.Shortage
	for i, l := range lines {
		if !conditionFailed(reasons[i]) {
			continue
		}
		left := l.Initial
		if _, ok := reasons[i].Item["available"]; ok {
			left = int((&reader{}).num(reasons[i].Item, "available"))
		}
		short = append(short, stock.Shortage{SKU: l.SKU, Wanted: l.Quantity, Left: left})
	}
	return short
}

func conditionFailed(r types.CancellationReason) bool {
	return aws.ToString(r.Code) == reasonCondition
}

func statusOf(m item) stock.Status { return stock.Status((&reader{}).str(m, "status")) }

func idOf(m item) string { return (&reader{}).str(m, "id") }

func orderKey(id string) item { return item{"id": str("order#" + id)} }

func skuKey(sku string) item { return item{"id": str("sku#" + sku)} }

// actionKeys names the actions of a transaction.
func actionKeys(orderID string, lines []stock.Line) []string {
	keys := []string{"order#" + orderID}
	for _, l := range lines {
		keys = append(keys, "sku#"+l.SKU)
	}
	return keys
}

func writeLines(lines []stock.Line) types.AttributeValue {
	values := make([]types.AttributeValue, len(lines))
	for i, l := range lines {
		values[i] = object(item{"sku": str(l.SKU), "quantity": num(l.Quantity)})
	}
	return list(values)
}
