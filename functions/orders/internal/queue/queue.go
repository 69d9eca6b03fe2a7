// Package queue carries accepted orders in an SQS queue.
package queue

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/noidle/noidle/functions/internal/order"
)

// Client is the part of the SQS client that a [Queue] uses.
type Client interface {
	SendMessage(context.Context, *sqs.SendMessageInput, ...func(*sqs.Options)) (*sqs.SendMessageOutput, error)
}

// Queue is an [order.Queue]: a standard SQS queue. It needs sqs:SendMessage.
type Queue struct {
	client Client
	url    string
}

// New returns the Queue with the URL.
func New(client Client, url string) *Queue { return &Queue{client: client, url: url} }

// Send sends the order as JSON, as [order.ParseMessage] reads it.
func (q *Queue) Send(ctx context.Context, o order.Order) error {
	body, err := json.Marshal(o)
	if err != nil {
		return fmt.Errorf("queue: %w", err)
	}
	_, err = q.client.SendMessage(ctx, &sqs.SendMessageInput{
		QueueUrl:    aws.String(q.url),
		MessageBody: aws.String(string(body)),
	})
	return err
}
