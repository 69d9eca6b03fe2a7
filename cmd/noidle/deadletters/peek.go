package deadletters

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// hidden is how many seconds received messages stay hidden at most. (The SDK does
// not send 0, which means the queue's own timeout.)
const hidden = 30

// Message is a dead letter.
type Message struct {
	ID string `json:"id"`
	// Sent is when it was sent to its source queue or, from a FIFO queue, to the
	// dead-letter queue.
	Sent time.Time `json:"sent"`
	// Receives is how often it was received, peeks included.
	Receives int `json:"receives"`
	// Source is the ARN of the queue that it comes from, if that is a queue.
	Source string `json:"source,omitempty"`
	// Attributes are the message's own attributes.
	Attributes map[string]string `json:"attributes,omitempty"`
	// Body is the message's JSON, or a JSON string if it is something else.
	Body json.RawMessage `json:"body"`
}

// Peek returns some messages of a queue, and leaves them there: it receives them,
// and makes them visible again at once or, when that fails, after 30 seconds. Each
// counts as received once more.
func Peek(ctx context.Context, client Client, q *Queue, limit int) (messages []Message, err error) {
	var received []types.Message
	defer func() { err = errors.Join(err, giveBack(ctx, client, q, received)) }()
	messages = []Message{}
	for len(messages) < limit {
		some, err := receive(ctx, client, q, min(10, limit-len(messages)))
		received = append(received, some...)
		before := len(messages)
		for _, m := range some {
			if !slices.ContainsFunc(messages, func(known Message) bool { return known.ID == *m.MessageId }) {
				messages = append(messages, newMessage(m))
			}
		}
		if err != nil || len(messages) == before {
			return messages, err
		}
	}
	return messages, nil
}

// Age sets Oldest from the first ten messages, at which it peeks.
func (q *Queue) Age(ctx context.Context, client Client) error {
	if q.Messages == 0 {
		return nil
	}
	messages, err := Peek(ctx, client, q, 10)
	for _, m := range messages {
		if q.Oldest == nil || m.Sent.Before(*q.Oldest) {
			q.Oldest = &m.Sent
		}
	}
	return err
}

func receive(ctx context.Context, client Client, q *Queue, limit int) ([]types.Message, error) {
	out, err := client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
		QueueUrl: &q.URL, MaxNumberOfMessages: int32(limit), VisibilityTimeout: hidden, WaitTimeSeconds: 1,
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameAll},
		MessageAttributeNames:       []string{"All"},
	})
	if err != nil {
		return nil, fmt.Errorf("queue %s: %w", q.Name, err)
	}
	return out.Messages, nil
}

// giveBack makes messages visible again, even when ctx is done. One whose time is
// over is visible already.
func giveBack(ctx context.Context, client Client, q *Queue, messages []types.Message) error {
	ctx = context.WithoutCancel(ctx)
	for _, m := range messages {
		_, err := client.ChangeMessageVisibility(ctx, &sqs.ChangeMessageVisibilityInput{QueueUrl: &q.URL, ReceiptHandle: m.ReceiptHandle})
		if _, visible := errors.AsType[*types.MessageNotInflight](err); err != nil && !visible {
			return fmt.Errorf("queue %s: giving message %s back: %w; it is visible again in %d seconds", q.Name, *m.MessageId, err, hidden)
		}
	}
	return nil
}

func newMessage(m types.Message) Message {
	sent, _ := strconv.ParseInt(m.Attributes["SentTimestamp"], 10, 64)
	receives, _ := strconv.Atoi(m.Attributes["ApproximateReceiveCount"])
	peeked := Message{
		ID: *m.MessageId, Sent: time.UnixMilli(sent).UTC(), Receives: receives, Source: m.Attributes["DeadLetterQueueSourceArn"],
		Attributes: map[string]string{}, Body: json.RawMessage(*m.Body),
	}
	for name, value := range m.MessageAttributes {
		peeked.Attributes[name] = fmt.Sprintf("%d bytes", len(value.BinaryValue))
		if value.StringValue != nil {
			peeked.Attributes[name] = *value.StringValue
		}
	}
	if !json.Valid(peeked.Body) {
		peeked.Body, _ = json.Marshal(*m.Body)
	}
	return peeked
}
