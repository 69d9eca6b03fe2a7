// Package sqs is Amazon SQS for the local cloud: standard and FIFO queues in
// memory, for SDK clients and for the other services.
//
// Limits of the simulation: messages of a standard queue come in the order in
// which they were sent, whatever their MessageGroupId, and
// ReceiveRequestAttemptId is accepted without deduplicating receives.
package sqs

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/noidle/noidle/local/api"
)

// Service is Amazon SQS.
type Service struct {
	clock   clockwork.Clock
	url     func(name string) string
	done    chan struct{}
	running sync.WaitGroup

	mutex  sync.Mutex
	queues map[string]*queue
	order  uint64
}

// New returns a Service without queues. Url returns the URL of the queue with
// a name; its last path segment must be the name. Close the Service after use.
func New(clock clockwork.Clock, url func(name string) string) *Service {
	return &Service{clock: clock, url: url, done: make(chan struct{}), queues: map[string]*queue{}}
}

// Close ends waiting receives and running tasks that move messages.
func (s *Service) Close() {
	close(s.done)
	s.running.Wait()
}

// ARN returns the Amazon Resource Name of the queue with a name.
func ARN(name string) string { return api.ARN("sqs", name) }

// Operations returns the operations that the service supports. Queues are made
// with CreateQueue alone.
func (s *Service) Operations() api.Operations {
	return api.Operations{
		"SendMessage":                  on(s, s.send, "SendMessage"),
		"SendMessageBatch":             on(s, batch(s.send), "SendMessage"),
		"ReceiveMessage":               on(s, s.receive, "ReceiveMessage"),
		"DeleteMessage":                on(s, s.deleteMessage, "DeleteMessage"),
		"DeleteMessageBatch":           on(s, batch(s.deleteMessage), "DeleteMessage"),
		"ChangeMessageVisibility":      on(s, s.changeVisibility, "ChangeMessageVisibility"),
		"ChangeMessageVisibilityBatch": on(s, batch(s.changeVisibility), "ChangeMessageVisibility"),
		"PurgeQueue":                   on(s, s.purge, "PurgeQueue"),
		"GetQueueAttributes":           on(s, s.getAttributes, "GetQueueAttributes"),
		"SetQueueAttributes":           on(s, s.setAttributes, "SetQueueAttributes"),
		"ListDeadLetterSourceQueues":   on(s, s.listSources, "ListDeadLetterSourceQueues"),
		"GetQueueUrl":                  on(s, s.getURL, "GetQueueUrl"),
		"ListQueueTags":                on(s, s.listTags, "ListQueueTags"),
		"ListQueues":                   api.Op(s.listQueues),
		// Who moves messages needs these permissions besides
		// (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-dead-letter-queue-redrive.html).
		"StartMessageMoveTask":  on(s, s.startMove, "StartMessageMoveTask", "ReceiveMessage", "DeleteMessage", "GetQueueAttributes"),
		"ListMessageMoveTasks":  on(s, s.listMoves, "ListMessageMoveTasks", "ReceiveMessage", "DeleteMessage", "GetQueueAttributes"),
		"CancelMessageMoveTask": on(s, s.cancelMove, "CancelMessageMoveTask", "ReceiveMessage", "DeleteMessage", "GetQueueAttributes"),
	}
}

// Sample tells of each queue how many messages are visible, and how old the oldest is.
func (s *Service) Sample(tell func(queue string, visible int, oldest time.Duration)) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	now := s.clock.Now()
	for name, q := range s.queues {
		q.advance(now)
		tell(name, q.count[visible], q.oldest(now))
	}
}

// output is an operation's output where no client needs more.
type output map[string]any

// target is the queue of a request, by the last segment of its URL.
type target struct {
	QueueURL string `json:"QueueUrl"`
}

func (t target) queue() (string, error) {
	if t.QueueURL == "" {
		return "", missing("QueueUrl")
	}
	return path.Base(t.QueueURL), errNoQueue
}

var errNoQueue = fail("QueueDoesNotExist", "The specified queue does not exist.")

// on makes an operation that runs with the service locked, on the queue of its
// request, when the caller may do the actions on it. The request returns the
// queue's name and what to answer when there is none.
func on[In interface{ queue() (string, error) }, Out any](s *Service, do func(*queue, *api.Call, *In) (Out, error), actions ...string) api.Operation {
	return api.Op(func(call *api.Call, in *In) (out Out, err error) {
		name, absent := (*in).queue()
		for _, action := range actions {
			if err := call.Authorize("sqs:"+action, ARN(name), nil); err != nil {
				return out, err
			}
		}
		s.mutex.Lock()
		defer s.mutex.Unlock()
		q, ok := s.queues[name]
		if !ok {
			return out, absent
		}
		q.advance(s.clock.Now())
		return do(q, call, in)
	})
}

type getURLInput struct {
	QueueName              string
	QueueOwnerAWSAccountID string `json:"QueueOwnerAWSAccountId"`
}

func (in getURLInput) queue() (string, error) {
	if in.QueueOwnerAWSAccountID != "" && in.QueueOwnerAWSAccountID != api.Account {
		return "", errNoQueue
	}
	return in.QueueName, errNoQueue
}

func (s *Service) getURL(q *queue, _ *api.Call, _ *getURLInput) (output, error) {
	return output{"QueueUrl": s.url(q.name)}, nil
}

// TagQueue adds tags to a queue.
func (s *Service) TagQueue(name string, tags map[string]string) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	q := s.queues[name]
	if q == nil {
		return errNoQueue
	}
	maps.Copy(q.tags, tags)
	return nil
}

func (s *Service) listTags(q *queue, _ *api.Call, _ *target) (output, error) {
	return output{"Tags": maps.Clone(q.tags)}, nil
}

type paging struct {
	MaxResults *int
	NextToken  string
}

type listQueuesInput struct {
	paging
	QueueNamePrefix string
}

func (s *Service) listQueues(call *api.Call, in *listQueuesInput) (output, error) {
	if err := call.Authorize("sqs:ListQueues", "*", nil); err != nil {
		return nil, err
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.page("QueueUrls", in.paging, func(q *queue) bool { return strings.HasPrefix(q.name, in.QueueNamePrefix) })
}

type listSourcesInput struct {
	target
	paging
}

func (s *Service) listSources(q *queue, _ *api.Call, in *listSourcesInput) (output, error) {
	return s.page("queueUrls", in.paging, q.isSource)
}

// page returns the URLs of the wanted queues in the order of their names. The
// token is the last name, and given only when MaxResults is.
func (s *Service) page(member string, in paging, want func(*queue) bool) (output, error) {
	limit, err := within("MaxResults", in.MaxResults, 1000, 1, 1000)
	urls, last := []string{}, ""
	for _, name := range slices.Sorted(maps.Keys(s.queues)) {
		switch {
		case name <= in.NextToken || !want(s.queues[name]):
		case len(urls) < limit:
			urls, last = append(urls, s.url(name)), name
		case in.MaxResults != nil:
			return output{member: urls, "NextToken": last}, err
		}
	}
	return output{member: urls}, err
}

type purgeInput struct{ target }

func (s *Service) purge(q *queue, _ *api.Call, _ *purgeInput) (output, error) {
	now := s.clock.Now()
	if now.Before(q.purged.Add(time.Minute)) {
		return nil, fail("PurgeQueueInProgress", fmt.Sprintf("Only one PurgeQueue operation on %s is allowed every 60 seconds.", q.name))
	}
	q.purged = now
	for _, m := range q.messages {
		q.change(m, gone, time.Time{})
	}
	return output{}, nil
}
