package results

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Reader reads the parts that a [Table] has put. It needs dynamodb:Query.
type Reader struct {
	Client dynamodb.QueryAPIClient
	Name   string
}

// Parts calls yield with the data of each part of a window and bucket. The read is
// eventually consistent: what was put within the last second may not be there yet.
func (r Reader) Parts(ctx context.Context, start time.Time, window time.Duration, bucket int, yield func(data []byte) error) error {
	key := windowKey(start, window, bucket)
	pages := dynamodb.NewQueryPaginator(r.Client, &dynamodb.QueryInput{
		TableName:                 &r.Name,
		KeyConditionExpression:    aws.String("#window = :window"),
		ProjectionExpression:      aws.String("#counts"),
		ExpressionAttributeNames:  map[string]string{"#window": "window", "#counts": "counts"},
		ExpressionAttributeValues: item{":window": text(key)},
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return fmt.Errorf("querying the parts of %s in table %s: %w", key, r.Name, err)
		}
		for _, part := range page.Items {
			counts, ok := part["counts"].(*types.AttributeValueMemberB)
			if !ok {
				return fmt.Errorf("the counts of a part of %s in table %s are not binary", key, r.Name)
			}
			if err := yield(counts.Value); err != nil {
				return err
			}
		}
	}
	return nil
}
