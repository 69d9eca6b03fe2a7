package trace

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/noidle/noidle/cmd/noidle/deadletters"
)

// order adds what the table of orders knows.
func (f *Finder) order(ctx context.Context, t *Timeline, out map[string]string) error {
	var item struct {
		Status  string `dynamodbav:"status"`
		Reason  string `dynamodbav:"reason"`
		History []struct {
			Status string    `dynamodbav:"status"`
			At     time.Time `dynamodbav:"at"`
		} `dynamodbav:"history"`
	}
	found, err := f.get(ctx, out[ordersTable], "orderId", t.ID, &item)
	if err != nil || !found {
		return err
	}
	t.Kind, t.Status, t.Reason = "order", item.Status, item.Reason
	for _, step := range item.History {
		t.Entries = append(t.Entries, Entry{At: step.At, Source: "table", What: "status " + step.Status})
	}
	return nil
}

// photo adds what the index of photos knows.
func (f *Finder) photo(ctx context.Context, t *Timeline, out map[string]string) error {
	var item struct {
		Status     string    `dynamodbav:"status"`
		Code       string    `dynamodbav:"code"`
		Reason     string    `dynamodbav:"reason"`
		UpdatedAt  time.Time `dynamodbav:"updatedAt"`
		Thumbnails []struct {
			Name   string `dynamodbav:"name"`
			Width  int    `dynamodbav:"width"`
			Height int    `dynamodbav:"height"`
		} `dynamodbav:"thumbnails"`
	}
	found, err := f.get(ctx, out[thumbnailIndex], "key", t.ID, &item)
	if err != nil || !found {
		return err
	}
	t.Kind, t.Status, t.Reason = "photo", item.Status, item.Reason
	e := Entry{At: item.UpdatedAt, Source: "index", What: "status " + item.Status, Failed: item.Code != "", Failure: item.Code}
	for _, made := range item.Thumbnails {
		e.What += fmt.Sprintf(" %s=%dx%d", made.Name, made.Width, made.Height)
	}
	t.Entries = append(t.Entries, e)
	return nil
}

// get reads an item, if there are a table and the item.
func (f *Finder) get(ctx context.Context, table, key, id string, into any) (found bool, err error) {
	if table == "" {
		return false, nil
	}
	out, err := f.Tables.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: &table, Key: map[string]types.AttributeValue{key: &types.AttributeValueMemberS{Value: id}}, ConsistentRead: new(true),
	})
	if err == nil && out.Item != nil {
		found, err = true, attributevalue.UnmarshalMap(out.Item, into)
	}
	if err != nil {
		return false, fmt.Errorf("table %s: %w", table, err)
	}
	return found, nil
}

// looked is how many dead letters are looked at.
const looked = 100

// deadLetters adds the messages that are parked.
func (f *Finder) deadLetters(ctx context.Context, t *Timeline, out map[string]string) error {
	for _, name := range deadLetterQueues {
		if out[name] == "" {
			continue
		}
		q := &deadletters.Queue{Name: path.Base(out[name]), URL: out[name]}
		messages, err := deadletters.Peek(ctx, f.Queues, q, looked)
		if err != nil {
			return err
		}
		if len(messages) == looked {
			f.Progress(fmt.Sprintf("looked at %d dead letters of %s: %q may be among the others", looked, q.Name, t.ID))
		}
		for _, m := range messages {
			var body any
			if json.Unmarshal(m.Body, &body) == nil && names(body, t.ID) {
				t.Kind = cmp.Or(t.Kind, strings.ToLower(strings.TrimSuffix(name, "DeadLetterQueue")))
				t.Entries = append(t.Entries, Entry{At: m.Sent, Source: "dead letters", What: "message " + m.ID + " is parked in " + q.Name, Failed: true})
			}
		}
	}
	return nil
}

// names returns whether a value in JSON is an ID, or a key as S3 writes it into its
// events, URL-encoded
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html).
func names(value any, id string) bool {
	switch value := value.(type) {
	case string:
		key, _ := url.QueryUnescape(value)
		return value == id || key == id
	case []any:
		return slices.ContainsFunc(value, func(element any) bool { return names(element, id) })
	case map[string]any:
		for _, member := range value {
			if names(member, id) {
				return true
			}
		}
	}
	return false
}
