package deadletters

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/jonboulle/clockwork"
)

// Options say how messages are sent back.
type Options struct {
	// Max is how many messages are sent back at most. Zero means all that are
	// there at the start.
	Max int
	// Rate is how many messages are sent back a second, 1 to 500. Zero means as
	// fast as SQS does it.
	Rate int
	// Clock is what rates and progress go by.
	Clock clockwork.Clock
	// Progress is called when more messages are back.
	Progress func(moved, total int)
}

// CheckRedrive returns an error that says why messages of a queue cannot be sent
// back, if so.
func (q *Queue) CheckRedrive() error {
	if len(q.Sources) > 0 {
		return nil
	}
	return fmt.Errorf("queue %s is not the dead-letter queue of another queue: what is in it, such as what Lambda tells of records of a stream, "+
		"has no queue to go back to: see with peek what failed, handle that at its source, then purge", q.Name)
}

// Redrive sends messages back to the queues that they come from, and returns how
// many. SQS does it by itself, but for a limited number, which this process
// receives, sends and deletes: when it ends in between, one of them is in both
// queues. When ctx is done, the rest stays.
func Redrive(ctx context.Context, client Client, q *Queue, o Options) (int, error) {
	if err := q.CheckRedrive(); err != nil {
		return 0, err
	}
	if o.Max > 0 {
		return redriveSome(ctx, client, q, o)
	}
	in := &sqs.StartMessageMoveTaskInput{SourceArn: &q.ARN}
	if o.Rate > 0 {
		in.MaxNumberOfMessagesPerSecond = new(int32(o.Rate))
	}
	started, err := client.StartMessageMoveTask(ctx, in)
	if err != nil {
		return 0, fmt.Errorf("queue %s: %w", q.Name, err)
	}
	return follow(ctx, client, q, started.TaskHandle, o)
}

// follow waits until the newest task is over.
func follow(ctx context.Context, client Client, q *Queue, handle *string, o Options) (moved int, err error) {
	for {
		out, err := client.ListMessageMoveTasks(ctx, &sqs.ListMessageMoveTasksInput{SourceArn: &q.ARN})
		if ctx.Err() != nil {
			return moved, cancel(ctx, client, q, handle)
		}
		if err != nil {
			return moved, fmt.Errorf("queue %s: messages are being sent back, but how many is not known: %w", q.Name, err)
		}
		if len(out.Results) > 0 {
			task := out.Results[0]
			if now := int(task.ApproximateNumberOfMessagesMoved); now > moved {
				moved = now
				o.Progress(moved, int(aws.ToInt64(task.ApproximateNumberOfMessagesToMove)))
			}
			switch status := aws.ToString(task.Status); status {
			case "COMPLETED":
				return moved, nil
			case "FAILED", "CANCELLED":
				return moved, fmt.Errorf("queue %s: sending messages back ended as %s after %d: %s; a message that was sent to %s itself has no queue to go back to",
					q.Name, status, moved, aws.ToString(task.FailureReason), q.Name)
			}
		}
		select {
		case <-o.Clock.After(time.Second):
		case <-ctx.Done():
			return moved, cancel(ctx, client, q, handle)
		}
	}
}

func cancel(ctx context.Context, client Client, q *Queue, handle *string) error {
	_, err := client.CancelMessageMoveTask(context.WithoutCancel(ctx), &sqs.CancelMessageMoveTaskInput{TaskHandle: handle})
	return errors.Join(interrupted(q), err)
}

func interrupted(q *Queue) error { return fmt.Errorf("queue %s: interrupted: the rest stays", q.Name) }

// redriveSome sends at most Max messages back. Those that come from no queue are
// left.
func redriveSome(ctx context.Context, client Client, q *Queue, o Options) (moved int, err error) {
	var left []types.Message
	defer func() { err = errors.Join(err, giveBack(ctx, client, q, left)) }()
	for moved < o.Max && ctx.Err() == nil {
		some, err := receive(ctx, client, q, min(10, o.Max-moved))
		if err != nil && ctx.Err() == nil {
			return moved, err
		}
		if len(some) == 0 {
			break
		}
		for i, m := range some {
			if ctx.Err() != nil {
				left = append(left, some[i:]...)
				break
			}
			if m.Attributes["DeadLetterQueueSourceArn"] == "" {
				left = append(left, m)
				continue
			}
			if err := sendBack(ctx, client, q, m); err != nil {
				left = append(left, some[i:]...)
				return moved, err
			}
			moved++
			o.Progress(moved, o.Max)
			if o.Rate > 0 {
				o.Clock.Sleep(time.Second / time.Duration(o.Rate))
			}
		}
	}
	if ctx.Err() != nil && moved < o.Max {
		return moved, interrupted(q)
	}
	if len(left) > 0 {
		return moved, fmt.Errorf("queue %s: %d messages were sent to it itself, and have no queue to go back to", q.Name, len(left))
	}
	return moved, nil
}

// sendBack sends a message to where it comes from, and deletes it, even when ctx is
// done meanwhile: else it could be in both queues.
func sendBack(ctx context.Context, client Client, q *Queue, m types.Message) error {
	ctx = context.WithoutCancel(ctx)
	source := m.Attributes["DeadLetterQueueSourceArn"]
	// Both queues are of one account and region.
	url := strings.TrimSuffix(q.URL, q.Name) + source[strings.LastIndexByte(source, ':')+1:]
	in := &sqs.SendMessageInput{QueueUrl: &url, MessageBody: m.Body, MessageAttributes: m.MessageAttributes}
	if group, ok := m.Attributes["MessageGroupId"]; ok {
		in.MessageGroupId = &group
	}
	if strings.HasSuffix(q.Name, ".fifo") {
		in.MessageDeduplicationId = m.MessageId // The original ID would make it a duplicate for five minutes.
	}
	if _, err := client.SendMessage(ctx, in); err != nil {
		return fmt.Errorf("queue %s: sending message %s back: %w", q.Name, *m.MessageId, err)
	}
	_, err := client.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: &q.URL, ReceiptHandle: m.ReceiptHandle})
	if err != nil {
		return fmt.Errorf("queue %s: message %s is back in its queue, but is in this one, too: %w", q.Name, *m.MessageId, err)
	}
	return nil
}

// Purge deletes all messages of a queue. SQS takes up to a minute for it, and
// refuses the next purge for as long.
func Purge(ctx context.Context, client Client, q *Queue) error {
	if _, err := client.PurgeQueue(ctx, &sqs.PurgeQueueInput{QueueUrl: &q.URL}); err != nil {
		return fmt.Errorf("queue %s: %w", q.Name, err)
	}
	return nil
}
