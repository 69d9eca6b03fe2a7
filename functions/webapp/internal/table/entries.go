// Package table keeps an album in DynamoDB: the photos that were announced, and
// what the thumbnail pipeline has on record for them.
package table

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/noidle/noidle/functions/internal/album"
)

type item = map[string]types.AttributeValue

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

// Entries is an [album.Entries]. The table's partition key is owner (S), its sort
// key id (S). The other attributes are name, type, uploadedAt (S) and bytes (N). It
// needs dynamodb:PutItem, Query, GetItem and DeleteItem.
type Entries struct {
	Client *dynamodb.Client
	Name   string
}

// entry is an [album.Entry] as it stands in the table.
type entry struct {
	Owner      string    `dynamodbav:"owner"`
	ID         string    `dynamodbav:"id"`
	Name       string    `dynamodbav:"name"`
	Type       string    `dynamodbav:"type"`
	Bytes      int64     `dynamodbav:"bytes"`
	UploadedAt time.Time `dynamodbav:"uploadedAt"`
}

// Put notes a photo.
func (t Entries) Put(ctx context.Context, e album.Entry) error {
	attributes, err := attributevalue.MarshalMap(entry(e))
	if err != nil {
		return fmt.Errorf("album: %w", err)
	}
	_, err = t.Client.PutItem(ctx, &dynamodb.PutItemInput{TableName: &t.Name, Item: attributes})
	return err
}

// Newest reads consistently, so that owners see at once what they put in.
func (t Entries) Newest(ctx context.Context, owner string, limit int) ([]album.Entry, error) {
	out, err := t.Client.Query(ctx, &dynamodb.QueryInput{
		TableName:                 &t.Name,
		KeyConditionExpression:    aws.String("#owner = :owner"),
		ExpressionAttributeNames:  map[string]string{"#owner": "owner"},
		ExpressionAttributeValues: item{":owner": text(owner)},
		ScanIndexForward:          aws.Bool(false),
		ConsistentRead:            aws.Bool(true),
		Limit:                     aws.Int32(int32(limit)),
	})
	if err != nil {
		return nil, err
	}
	entries := make([]album.Entry, len(out.Items))
	for i, attributes := range out.Items {
		if entries[i], err = decode(attributes); err != nil {
			return nil, err
		}
	}
	return entries, nil
}

// Get reads one entry, consistently.
func (t Entries) Get(ctx context.Context, owner, id string) (album.Entry, error) {
	out, err := t.Client.GetItem(ctx, &dynamodb.GetItemInput{TableName: &t.Name, Key: key(owner, id), ConsistentRead: aws.Bool(true)})
	if err != nil {
		return album.Entry{}, err
	}
	if len(out.Item) == 0 {
		return album.Entry{}, album.ErrNotFound
	}
	return decode(out.Item)
}

// Delete removes an entry.
func (t Entries) Delete(ctx context.Context, owner, id string) error {
	_, err := t.Client.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &t.Name, Key: key(owner, id)})
	return err
}

func key(owner, id string) item { return item{"owner": text(owner), "id": text(id)} }

func decode(attributes item) (album.Entry, error) {
	var e entry
	if err := attributevalue.UnmarshalMap(attributes, &e); err != nil {
		return album.Entry{}, fmt.Errorf("album: %w", err)
	}
	return album.Entry(e), nil
}
