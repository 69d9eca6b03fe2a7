package main

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/noidle/noidle/functions/internal/guestbook"
)

// table is a [guestbook.Book] in DynamoDB. All entries have the same partition key,
// book, so that one query finds the latest by the sort key, id.
type table struct {
	client *dynamodb.Client
	name   string
}

const (
	book   = "guestbook"
	newest = 50
)

// item is an entry as it stands in the table.
type item struct {
	Book      string    `dynamodbav:"book"`
	ID        string    `dynamodbav:"id"`
	Name      string    `dynamodbav:"name"`
	Message   string    `dynamodbav:"message"`
	CreatedAt time.Time `dynamodbav:"createdAt"`
}

// Add puts an entry in.
func (t table) Add(ctx context.Context, e guestbook.Entry) error {
	attributes, err := attributevalue.MarshalMap(item{book, e.ID, e.Name, e.Message, e.CreatedAt})
	if err != nil {
		return fmt.Errorf("guestbook: %w", err)
	}
	_, err = t.client.PutItem(ctx, &dynamodb.PutItemInput{TableName: &t.name, Item: attributes})
	return err
}

// Newest reads consistently: who has written sees it at once.
func (t table) Newest(ctx context.Context) ([]guestbook.Entry, error) {
	out, err := t.client.Query(ctx, &dynamodb.QueryInput{
		TableName:                 &t.name,
		KeyConditionExpression:    aws.String("book = :book"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":book": &types.AttributeValueMemberS{Value: book}},
		ScanIndexForward:          aws.Bool(false),
		ConsistentRead:            aws.Bool(true),
		Limit:                     aws.Int32(newest),
	})
	if err != nil {
		return nil, err
	}
	var items []item
	if err := attributevalue.UnmarshalListOfMaps(out.Items, &items); err != nil {
		return nil, fmt.Errorf("guestbook: %w", err)
	}
	entries := make([]guestbook.Entry, len(items))
	for i, it := range items {
		entries[i] = guestbook.Entry{ID: it.ID, Name: it.Name, Message: it.Message, CreatedAt: it.CreatedAt}
	}
	return entries, nil
}
