// Package table keeps orders, stock and charges in DynamoDB tables. [Orders],
// [Stock] and [Ledger] implement the ports of the domain.
//
// The names of attributes that are reserved words
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ReservedWords.html)
// are placeholders in expressions.
package table

import (
	"fmt"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

type item = map[string]types.AttributeValue

// allOld asks for the item that a condition failed on, which saves a read.
const allOld = types.ReturnValuesOnConditionCheckFailureAllOld

func str(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func num[N int | int64](n N) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(int64(n), 10)}
}

func list(l []types.AttributeValue) types.AttributeValue {
	return &types.AttributeValueMemberL{Value: l}
}

func object(m item) types.AttributeValue { return &types.AttributeValueMemberM{Value: m} }

// reader reads attributes and keeps the first error: what is not there, or of
// another type, reads as zero.
type reader struct{ err error }

func (r *reader) fail(name, want string) {
	if r.err == nil {
		r.err = fmt.Errorf("table: attribute %q is no %s", name, want)
	}
}

func (r *reader) str(m item, name string) string {
	s, ok := m[name].(*types.AttributeValueMemberS)
	if !ok {
		r.fail(name, "string")
		return ""
	}
	return s.Value
}

func (r *reader) num(m item, name string) int64 {
	if n, ok := m[name].(*types.AttributeValueMemberN); ok {
		if i, err := strconv.ParseInt(n.Value, 10, 64); err == nil {
			return i
		}
	}
	r.fail(name, "integer")
	return 0
}

// objects reads a list of maps.
func (r *reader) objects(m item, name string) []item {
	l, ok := m[name].(*types.AttributeValueMemberL)
	if !ok {
		r.fail(name, "list")
		return nil
	}
	objects := make([]item, len(l.Value))
	for i, v := range l.Value {
		o, ok := v.(*types.AttributeValueMemberM)
		if !ok {
			r.fail(name+"["+strconv.Itoa(i)+"]", "map")
			return nil
		}
		objects[i] = o.Value
	}
	return objects
}

// The codes of a cancelled transaction's reasons that mean something to the
// domain; all others are failures
// (https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html).
const (
	reasonNone      = "None"
	reasonCondition = "ConditionalCheckFailed"
)

// describe says why a transaction was cancelled: its actions and their reasons.
func describe(keys []string, reasons []types.CancellationReason) error {
	text := "transaction cancelled"
	for i, r := range reasons {
		if code := aws.ToString(r.Code); code != reasonNone {
			text += fmt.Sprintf("; %s: %s", keys[i], code)
		}
	}
	return fmt.Errorf("table: %s", text)
}
