// Package results keeps what is counted of a stream of posts in a DynamoDB table.
package results

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/noidle/noidle/functions/internal/trend"
)

type item = map[string]types.AttributeValue

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

// Writer is the part of the DynamoDB client that [Table] uses.
type Writer interface {
	GetItem(context.Context, *dynamodb.GetItemInput, ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error)
	PutItem(context.Context, *dynamodb.PutItemInput, ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error)
}

// Table takes the parts of windows, and what shards have to remember. The table's
// partition key is window (S), its sort key part (S); the other attributes are
// counts or memory (B), last (S) and expiry (N, seconds since 1970). It needs
// dynamodb:GetItem and dynamodb:PutItem.
type Table struct {
	Client Writer
	Name   string
	// Keep is how long a part is kept after the end of its window.
	Keep time.Duration
}

// PutPart puts a part of a shard. Put again it is the same item.
func (t Table) PutPart(ctx context.Context, shard string, p trend.Part) error {
	_, err := t.Client.PutItem(ctx, &dynamodb.PutItemInput{TableName: &t.Name, Item: item{
		"window": text(windowKey(p.Start, p.Window, p.Bucket)),
		"part":   text(shard + "/" + p.First),
		"counts": &types.AttributeValueMemberB{Value: p.Data},
		"expiry": t.expiry(p.Start.Add(p.Window)),
	}})
	if err != nil {
		return fmt.Errorf("putting a part of window %s: %w", p.Start.Format(time.RFC3339), err)
	}
	return nil
}

// windowKey is the partition key of the parts of a window and bucket.
func windowKey(start time.Time, length time.Duration, bucket int) string {
	return fmt.Sprintf("%s/%s/%02d", start.UTC().Format(time.RFC3339), length, bucket)
}

func memoryKey(shard string) item {
	return item{"window": text("memory/" + shard), "part": text("memory")}
}

// Memory returns what was put last for a shard, nil if there is nothing.
func (t Table) Memory(ctx context.Context, shard string) ([]byte, error) {
	out, err := t.Client.GetItem(ctx, &dynamodb.GetItemInput{TableName: &t.Name, Key: memoryKey(shard), ConsistentRead: aws.Bool(true)})
	if err != nil {
		return nil, fmt.Errorf("getting the memory of %s: %w", shard, err)
	}
	if out.Item == nil {
		return nil, nil
	}
	memory, ok := out.Item["memory"].(*types.AttributeValueMemberB)
	if !ok {
		return nil, fmt.Errorf("the memory of %s in table %s is not binary", shard, t.Name)
	}
	return memory.Value, nil
}

// PutMemory puts what a shard has to remember after the record with a sequence
// number, unless what is there is of a later one. It is kept as long as a part of
// a window that ends at a time.
func (t Table) PutMemory(ctx context.Context, shard, last string, memory []byte, end time.Time) error {
	entry := memoryKey(shard)
	entry["last"] = text(ordered(last))
	entry["memory"] = &types.AttributeValueMemberB{Value: memory}
	entry["expiry"] = t.expiry(end)
	_, err := t.Client.PutItem(ctx, &dynamodb.PutItemInput{
		TableName: &t.Name, Item: entry,
		ConditionExpression:       aws.String("attribute_not_exists(#last) OR #last <= :last"),
		ExpressionAttributeNames:  map[string]string{"#last": "last"},
		ExpressionAttributeValues: item{":last": text(ordered(last))},
	})
	if _, later := errors.AsType[*types.ConditionalCheckFailedException](err); later {
		return nil
	}
	if err != nil {
		return fmt.Errorf("putting the memory of %s: %w", shard, err)
	}
	return nil
}

// maximumDigits is how long a sequence number may be
// (https://docs.aws.amazon.com/kinesis/latest/APIReference/API_Record.html).
const maximumDigits = 129

// ordered returns a sequence number such that texts have the order of the numbers.
func ordered(sequence string) string {
	return strings.Repeat("0", max(0, maximumDigits-len(sequence))) + sequence
}

func (t Table) expiry(end time.Time) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(end.Add(t.Keep).Unix(), 10)}
}
