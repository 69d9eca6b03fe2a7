// Package index records in a DynamoDB table what became of each photo. [Index]
// implements the port of the domain.
package index

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/noidle/noidle/functions/internal/thumbnail"
)

// Client is the part of the DynamoDB client that [Index] uses.
type Client interface {
	GetItem(context.Context, *dynamodb.GetItemInput, ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error)
	PutItem(context.Context, *dynamodb.PutItemInput, ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error)
	UpdateItem(context.Context, *dynamodb.UpdateItemInput, ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error)
	DeleteItem(context.Context, *dynamodb.DeleteItemInput, ...func(*dynamodb.Options)) (*dynamodb.DeleteItemOutput, error)
}

// Index is a [thumbnail.Index]. The table's partition key is key (S), the photo's.
// The other attributes are status, code, reason, eTag, versionId, format (S), bytes,
// width, height (N), thumbnails (L of M: name, key, width, height, bytes), recipe,
// updatedAt (S), objects (SS), and, while a function is at work, leaseOwner (S) and
// leaseUntil (N, milliseconds since 1970).
// It needs dynamodb:GetItem, PutItem, UpdateItem and DeleteItem.
type Index struct {
	client Client
	table  string
}

// New returns the Index in the named table.
func New(client Client, table string) *Index {
	return &Index{client: client, table: table}
}

// Get reads a photo's entry, consistently.
func (x *Index) Get(ctx context.Context, key string) (thumbnail.Entry, bool, error) {
	out, err := x.client.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: &x.table, Key: item{"key": text(key)}, ConsistentRead: aws.Bool(true),
	})
	if err != nil || len(out.Item) == 0 {
		return thumbnail.Entry{}, false, err
	}
	entry, err := decode(out.Item)
	return entry, true, err
}

// names are placeholders for attributes whose names are reserved words
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ReservedWords.html).
var names = map[string]string{"#status": "status", "#objects": "objects"}

// Claim takes the lease on a photo.
func (x *Index) Claim(ctx context.Context, key string, lease thumbnail.Lease, now time.Time, objects []string) (thumbnail.Entry, error) {
	in := &dynamodb.UpdateItemInput{
		TableName:                &x.table,
		Key:                      item{"key": text(key)},
		UpdateExpression:         aws.String("SET leaseOwner = :owner, leaseUntil = :until, #status = if_not_exists(#status, :processing)"),
		ConditionExpression:      aws.String("attribute_not_exists(leaseOwner) OR leaseUntil <= :now"),
		ExpressionAttributeNames: map[string]string{"#status": names["#status"]},
		ExpressionAttributeValues: item{
			":owner": text(lease.Owner), ":until": millis(lease.Until), ":now": millis(now),
			":processing": text(string(thumbnail.Processing)),
		},
		ReturnValues: types.ReturnValueAllNew,
	}
	if len(objects) > 0 {
		in.UpdateExpression = aws.String(*in.UpdateExpression + " ADD #objects :objects")
		in.ExpressionAttributeNames["#objects"] = names["#objects"]
		in.ExpressionAttributeValues[":objects"] = &types.AttributeValueMemberSS{Value: objects}
	}
	out, err := x.client.UpdateItem(ctx, in)
	if conditionFailed(err) {
		return thumbnail.Entry{}, thumbnail.ErrBusy
	}
	if err != nil {
		return thumbnail.Entry{}, err
	}
	return decode(out.Attributes)
}

// The condition that the lease is still held, and its value.
const held = "leaseOwner = :owner"

func holder(lease thumbnail.Lease) item { return item{":owner": text(lease.Owner)} }

// Renew makes the lease last until its new time.
func (x *Index) Renew(ctx context.Context, key string, lease thumbnail.Lease) error {
	values := holder(lease)
	values[":until"] = millis(lease.Until)
	_, err := x.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:                 &x.table,
		Key:                       item{"key": text(key)},
		UpdateExpression:          aws.String("SET leaseUntil = :until"),
		ConditionExpression:       aws.String(held),
		ExpressionAttributeValues: values,
	})
	return lost(err)
}

// Release lets the lease run out now. That it was held stays on record: the
// work is not done.
func (x *Index) Release(ctx context.Context, key string, lease thumbnail.Lease) error {
	lease.Until = time.UnixMilli(0)
	return x.Renew(ctx, key, lease)
}

// Commit replaces a photo's entry.
func (x *Index) Commit(ctx context.Context, entry thumbnail.Entry, lease thumbnail.Lease) error {
	encoded, err := encode(entry)
	if err != nil {
		return fmt.Errorf("index: %w", err)
	}
	_, err = x.client.PutItem(ctx, &dynamodb.PutItemInput{
		TableName:                 &x.table,
		Item:                      encoded,
		ConditionExpression:       aws.String(held),
		ExpressionAttributeValues: holder(lease),
	})
	return lost(err)
}

// Remove removes a photo's entry.
func (x *Index) Remove(ctx context.Context, key string, lease thumbnail.Lease) error {
	_, err := x.client.DeleteItem(ctx, &dynamodb.DeleteItemInput{
		TableName:                 &x.table,
		Key:                       item{"key": text(key)},
		ConditionExpression:       aws.String(held),
		ExpressionAttributeValues: holder(lease),
	})
	return lost(err)
}

func lost(err error) error {
	if conditionFailed(err) {
		return thumbnail.ErrLeaseLost
	}
	return err
}

func conditionFailed(err error) bool {
	_, ok := errors.AsType[*types.ConditionalCheckFailedException](err)
	return ok
}
