package table

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/noidle/noidle/functions/internal/album"
)

// Index is an [album.Index]: the index of a thumbnail pipeline. It needs
// dynamodb:BatchGetItem.
type Index struct {
	Client interface {
		BatchGetItem(context.Context, *dynamodb.BatchGetItemInput, ...func(*dynamodb.Options)) (*dynamodb.BatchGetItemOutput, error)
	}
	Name string
}

// result is what is read of an item of the index.
type result struct {
	Key        string       `dynamodbav:"key"`
	Status     album.Status `dynamodbav:"status"`
	Reason     string       `dynamodbav:"reason"`
	Thumbnails []struct {
		Name   string `dynamodbav:"name"`
		Key    string `dynamodbav:"key"`
		Width  int    `dynamodbav:"width"`
		Height int    `dynamodbav:"height"`
	} `dynamodbav:"thumbnails"`
}

// rounds is how often items are asked for that DynamoDB leaves out of its answers
// (https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html).
const rounds = 5

// Results reads the items of up to 100 photos, as they were up to a second ago.
func (x Index) Results(ctx context.Context, keys []string) (map[string]album.Result, error) {
	wanted := types.KeysAndAttributes{
		ProjectionExpression: aws.String("#key, #status, reason, thumbnails"),
		ExpressionAttributeNames: map[string]string{
			"#key": "key", "#status": "status", // reserved words
		},
	}
	for _, k := range keys {
		wanted.Keys = append(wanted.Keys, item{"key": text(k)})
	}
	results := map[string]album.Result{}
	request := map[string]types.KeysAndAttributes{x.Name: wanted}
	for range rounds {
		out, err := x.Client.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{RequestItems: request})
		if err != nil {
			return nil, err
		}
		if err := add(results, out.Responses[x.Name]); err != nil {
			return nil, err
		}
		if request = out.UnprocessedKeys; len(request) == 0 {
			return results, nil
		}
	}
	return nil, fmt.Errorf("index: %d items are still left out after %d requests; try again", len(request[x.Name].Keys), rounds)
}

func add(results map[string]album.Result, items []item) error {
	for _, attributes := range items {
		var r result
		if err := attributevalue.UnmarshalMap(attributes, &r); err != nil {
			return fmt.Errorf("index: %w", err)
		}
		of := album.Result{Status: r.Status, Reason: r.Reason}
		for _, t := range r.Thumbnails {
			of.Thumbnails = append(of.Thumbnails, album.Thumbnail{Name: t.Name, Key: t.Key, Width: t.Width, Height: t.Height})
		}
		results[r.Key] = of
	}
	return nil
}
