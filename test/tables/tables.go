// Package tables reads DynamoDB tables for tests.
package tables

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Scan returns all items of a table, their strings and numbers as text.
func Scan(ctx context.Context, client *dynamodb.Client, table string) ([]map[string]string, error) {
	var items []map[string]string
	pages := dynamodb.NewScanPaginator(client, &dynamodb.ScanInput{TableName: &table})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, item := range page.Items {
			texts := map[string]string{}
			for name, value := range item {
				switch v := value.(type) {
				case *types.AttributeValueMemberS:
					texts[name] = v.Value
				case *types.AttributeValueMemberN:
					texts[name] = v.Value
				}
			}
			items = append(items, texts)
		}
	}
	return items, nil
}
