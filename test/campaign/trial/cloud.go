package trial

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/noidle/noidle/test/tables"
)

// poisonPrefix is what messages start with that nobody can read.
const poisonPrefix = "poison {"

func (t *trial) sendPoison(ctx context.Context) error {
	for _, queue := range []string{t.shop.outputs["OrderQueue"], t.album.outputs["ThumbnailQueue"]} {
		for i := range poison {
			body := fmt.Sprint(poisonPrefix, i)
			if _, err := t.queues.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: &queue, MessageBody: &body}); err != nil {
				return err
			}
		}
	}
	return nil
}

// waiting is how many messages a queue holds, visible or not.
func (t *trial) waiting(ctx context.Context, queue string) (total int, err error) {
	out, err := t.queues.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: &queue, AttributeNames: []sqstypes.QueueAttributeName{"All"}})
	if err != nil {
		return 0, err
	}
	for _, name := range []string{"ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed"} {
		n := 0
		if _, err := fmt.Sscan(out.Attributes[name], &n); err != nil {
			return 0, fmt.Errorf("%s of %s: %w", name, queue, err)
		}
		total += n
	}
	return total, nil
}

// parked takes all messages out of a queue, whose alarm fires if there are any.
func (t *trial) parked(ctx context.Context, queue, alarm string) (bodies []string, err error) {
	if waiting, err := t.waiting(ctx, queue); err != nil || waiting == 0 {
		return nil, err
	}
	if err := t.awaitAlarm(ctx, alarm); err != nil {
		return nil, err
	}
	for {
		waiting, err := t.waiting(ctx, queue)
		if err != nil || waiting == 0 {
			return bodies, err
		}
		out, err := t.queues.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: &queue, MaxNumberOfMessages: 10})
		if err != nil {
			return nil, err
		}
		for _, m := range out.Messages {
			bodies = append(bodies, *m.Body)
			if _, err := t.queues.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: &queue, ReceiptHandle: m.ReceiptHandle}); err != nil {
				return nil, err
			}
		}
	}
}

// scanOf scans the table whose name starts with prefix.
func (t *trial) scanOf(ctx context.Context, prefix string) ([]map[string]string, error) {
	out, err := t.tables.ListTables(ctx, &dynamodb.ListTablesInput{})
	if err != nil {
		return nil, err
	}
	for _, name := range out.TableNames {
		if strings.HasPrefix(name, prefix) {
			return tables.Scan(ctx, t.tables, name)
		}
	}
	return nil, fmt.Errorf("there is no table %s in %q", prefix, out.TableNames)
}
