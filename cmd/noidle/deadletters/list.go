// Package deadletters finds dead-letter queues, shows what is in them, and sends
// it back or deletes it.
package deadletters

import (
	"context"
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"golang.org/x/sync/errgroup"
)

// Client is the part of the SQS client that this package uses.
type Client interface {
	sqs.ListQueuesAPIClient
	sqs.ListDeadLetterSourceQueuesAPIClient
	ListQueueTags(context.Context, *sqs.ListQueueTagsInput, ...func(*sqs.Options)) (*sqs.ListQueueTagsOutput, error)
	GetQueueAttributes(context.Context, *sqs.GetQueueAttributesInput, ...func(*sqs.Options)) (*sqs.GetQueueAttributesOutput, error)
	ReceiveMessage(context.Context, *sqs.ReceiveMessageInput, ...func(*sqs.Options)) (*sqs.ReceiveMessageOutput, error)
	ChangeMessageVisibility(context.Context, *sqs.ChangeMessageVisibilityInput, ...func(*sqs.Options)) (*sqs.ChangeMessageVisibilityOutput, error)
	SendMessage(context.Context, *sqs.SendMessageInput, ...func(*sqs.Options)) (*sqs.SendMessageOutput, error)
	DeleteMessage(context.Context, *sqs.DeleteMessageInput, ...func(*sqs.Options)) (*sqs.DeleteMessageOutput, error)
	PurgeQueue(context.Context, *sqs.PurgeQueueInput, ...func(*sqs.Options)) (*sqs.PurgeQueueOutput, error)
	StartMessageMoveTask(context.Context, *sqs.StartMessageMoveTaskInput, ...func(*sqs.Options)) (*sqs.StartMessageMoveTaskOutput, error)
	ListMessageMoveTasks(context.Context, *sqs.ListMessageMoveTasksInput, ...func(*sqs.Options)) (*sqs.ListMessageMoveTasksOutput, error)
	CancelMessageMoveTask(context.Context, *sqs.CancelMessageMoveTaskInput, ...func(*sqs.Options)) (*sqs.CancelMessageMoveTaskOutput, error)
}

// Queue is a dead-letter queue.
type Queue struct {
	// Name is the queue's name, the last part of its URL and ARN.
	Name string `json:"name"`
	URL  string `json:"url"`
	ARN  string `json:"arn"`
	// Messages is about how many messages it holds, with those that a consumer
	// has received and not deleted.
	Messages int `json:"messages"`
	// Oldest is when the oldest message was sent that [Queue.Age] has seen.
	Oldest *time.Time `json:"oldest,omitempty"`
	// Sources are the names of the queues whose messages come here. None means
	// that it keeps what has no queue to go back to, such as records of a stream.
	Sources []string `json:"sources"`
}

// deadLetterName matches the names of dead-letter queues that are the source of no
// other queue: those of streams, functions, rules and subscriptions.
var deadLetterName = regexp.MustCompile(`(?i)dead-?letter|dlq|failures`)

// requests is how many queues are asked at a time.
const requests = 8

// stackTag is the tag by which CloudFormation names a queue's stack, as the queue's
// own name may be any, or shortened
// (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-resource-tags.html).
const stackTag = "aws:cloudformation:stack-name"

// List returns the dead-letter queues of a stack, or all if stack is empty, in the
// order of their names: queues that another queue names in its redrive policy, and
// those whose names have "dead letter", "dlq" or "failures" in them.
func List(ctx context.Context, client Client, stack string) ([]Queue, error) {
	var urls []string
	pages := sqs.NewListQueuesPaginator(client, &sqs.ListQueuesInput{MaxResults: new(int32(1000))})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("listing queues: %w", err)
		}
		urls = append(urls, page.QueueUrls...)
	}
	found := make([]*Queue, len(urls))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(requests)
	for i, url := range urls {
		group.Go(func() (err error) {
			found[i], err = inspect(ctx, client, url, stack)
			if _, gone := errors.AsType[*types.QueueDoesNotExist](err); gone {
				return nil // ListQueues may name a queue for a minute after its deletion.
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	queues := []Queue{}
	for _, q := range found {
		if q != nil {
			queues = append(queues, *q)
		}
	}
	slices.SortFunc(queues, func(a, b Queue) int { return strings.Compare(a.Name, b.Name) })
	return queues, nil
}

// inspect returns nil for a queue that is no dead-letter queue, or of another stack.
func inspect(ctx context.Context, client Client, url, stack string) (*Queue, error) {
	q := &Queue{Name: path.Base(url), URL: url, Sources: []string{}}
	if stack != "" {
		out, err := client.ListQueueTags(ctx, &sqs.ListQueueTagsInput{QueueUrl: &url})
		if err != nil {
			return nil, fmt.Errorf("queue %s: %w", q.Name, err)
		}
		if out.Tags[stackTag] != stack {
			return nil, nil
		}
	}
	pages := sqs.NewListDeadLetterSourceQueuesPaginator(client, &sqs.ListDeadLetterSourceQueuesInput{QueueUrl: &url, MaxResults: new(int32(1000))})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("queue %s: %w", q.Name, err)
		}
		for _, source := range page.QueueUrls {
			q.Sources = append(q.Sources, path.Base(source))
		}
	}
	if len(q.Sources) == 0 && !deadLetterName.MatchString(q.Name) {
		return nil, nil
	}
	return q, q.count(ctx, client)
}

// count asks how many messages a queue holds.
func (q *Queue) count(ctx context.Context, client Client) error {
	counts := []types.QueueAttributeName{
		types.QueueAttributeNameApproximateNumberOfMessages, types.QueueAttributeNameApproximateNumberOfMessagesNotVisible,
		types.QueueAttributeNameApproximateNumberOfMessagesDelayed,
	}
	out, err := client.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: &q.URL, AttributeNames: append(counts, types.QueueAttributeNameQueueArn)})
	if err != nil {
		return fmt.Errorf("queue %s: %w", q.Name, err)
	}
	q.Messages, q.ARN = 0, out.Attributes["QueueArn"]
	for _, name := range counts {
		count, _ := strconv.Atoi(out.Attributes[string(name)])
		q.Messages += count
	}
	return nil
}

// Find returns the one queue with a name or URL, or else the one whose name has
// the text in it.
func Find(queues []Queue, text string) (*Queue, error) {
	var names []string
	var found []*Queue
	for i := range queues {
		q := &queues[i]
		if q.Name == text || q.URL == text {
			return q, nil
		}
		names = append(names, q.Name)
		if strings.Contains(strings.ToLower(q.Name), strings.ToLower(text)) {
			found = append(found, q)
		}
	}
	switch len(found) {
	case 0:
		return nil, fmt.Errorf("queue %q is none of the dead-letter queues %q: give the name of one, or a part of it", text, names)
	case 1:
		return found[0], nil
	}
	return nil, fmt.Errorf("queue %q is a part of %d of the dead-letter queues %q: give more of the name", text, len(found), names)
}
