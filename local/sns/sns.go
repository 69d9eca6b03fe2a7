// Package sns is Amazon Simple Notification Service: topics, standard and FIFO,
// and the delivery of messages to subscribed queues and functions
// (https://docs.aws.amazon.com/sns/latest/dg/welcome.html).
package sns

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"

	"github.com/google/uuid"
	"github.com/jonboulle/clockwork"

	"github.com/noidle/noidle/local/api"
	"github.com/noidle/noidle/local/pattern"
)

// Options are what a Service needs.
type Options struct {
	// Clock tells the time of messages and waits between deliveries.
	Clock clockwork.Clock
	// Random varies the time between deliveries.
	Random *rand.Rand
	// Deliver delivers to an endpoint or a dead-letter queue. An *api.Error with a
	// status below 500 is the client's and final, unless it says that there were
	// too many requests. Other errors have it tried again.
	Deliver func(ctx context.Context, delivery api.Delivery) error
	// Dropped is told of deliveries that failed for good without reaching a
	// dead-letter queue.
	Dropped func(delivery api.Delivery, err error)
}

// Topic is what a topic is created with
// (https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html).
type Topic struct {
	// Name is the topic's name. That of a FIFO topic ends in .fifo.
	Name string
	// FIFO topics keep the order of the messages of a group.
	FIFO bool
	// ContentBasedDeduplication has FIFO topics take a hash of the message for
	// those without a deduplication ID.
	ContentBasedDeduplication bool
	// DisplayName is shown in descriptions.
	DisplayName string
	// MaximumMessageSize is the size of the largest message in bytes. Zero means
	// 262144.
	MaximumMessageSize int
}

// Subscription is what a subscription is created with
// (https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html).
type Subscription struct {
	// TopicARN is the topic's.
	TopicARN string
	// Protocol is sqs or lambda.
	Protocol string
	// Endpoint is the ARN of a queue or function.
	Endpoint string
	// FilterPolicy selects messages. Nil selects all.
	FilterPolicy []byte
	// FilterPolicyScope is what the policy is about: MessageAttributes or
	// MessageBody. Empty means MessageAttributes.
	FilterPolicyScope string
	// RawMessageDelivery has a queue get the message without its envelope.
	RawMessageDelivery bool
	// DeadLetterARN is that of the queue for messages that cannot be delivered.
	DeadLetterARN string
}

// Service is Amazon SNS.
type Service struct {
	options Options
	ctx     context.Context
	cancel  context.CancelFunc
	work    sync.WaitGroup

	mu     sync.Mutex
	topics map[string]*topic
}

type topic struct {
	Topic
	arn           string
	subscriptions []*subscription
	sequence      int64                // of the last message
	published     map[string]published // by deduplication ID
}

type subscription struct {
	Subscription
	arn    string
	filter *pattern.Pattern         // nil without one
	groups map[string]chan struct{} // closed after the last message's delivery
}

// New returns a service without topics.
func New(options Options) *Service {
	s := &Service{options: options, topics: map[string]*topic{}}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s
}

// Close ends deliveries, also those that still have attempts.
func (s *Service) Close() {
	s.mu.Lock()
	s.cancel()
	s.mu.Unlock()
	s.work.Wait()
}

// TopicARN returns the ARN of a topic.
func TopicARN(name string) string { return api.ARN("sns", name) }

// CreateTopic creates a topic.
func (s *Service) CreateTopic(definition Topic) error {
	definition.MaximumMessageSize = cmp.Or(definition.MaximumMessageSize, 262144)
	switch {
	case definition.FIFO != strings.HasSuffix(definition.Name, ".fifo"):
		return invalid("Topic Name Reason: the names of FIFO topics, and only theirs, end in .fifo: %s", definition.Name)
	case definition.ContentBasedDeduplication && !definition.FIFO:
		return invalid("Attributes Reason: ContentBasedDeduplication is for FIFO topics")
	case definition.MaximumMessageSize < 1024 || definition.MaximumMessageSize > 1<<20:
		return invalid("Attributes Reason: MaximumMessageSize is from 1024 to 1048576: %d", definition.MaximumMessageSize)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	arn := TopicARN(definition.Name)
	if _, ok := s.topics[arn]; ok {
		return invalid("Topic already exists: %s", definition.Name)
	}
	s.topics[arn] = &topic{Topic: definition, arn: arn, published: map[string]published{}}
	return nil
}

// Subscribe subscribes an endpoint to a topic and returns the subscription's ARN.
func (s *Service) Subscribe(definition Subscription) (arn string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, err := s.topic(definition.TopicARN)
	if err != nil {
		return "", err
	}
	definition.FilterPolicyScope = cmp.Or(definition.FilterPolicyScope, "MessageAttributes")
	sub := &subscription{Subscription: definition, arn: t.arn + ":" + uuid.NewString(), groups: map[string]chan struct{}{}}
	if err := sub.validate(t); err != nil {
		return "", err
	}
	t.subscriptions = append(t.subscriptions, sub)
	return sub.arn, nil
}

func (s *subscription) validate(t *topic) (err error) {
	switch {
	case s.Protocol != "sqs" && s.Protocol != "lambda":
		return invalid("protocol %q is not supported locally: use sqs or lambda", s.Protocol)
	case t.FIFO && s.Protocol == "lambda":
		return invalid("Protocol Reason: FIFO topics deliver to queues only, which may invoke functions")
	case !t.FIFO && strings.HasSuffix(s.Endpoint, ".fifo"):
		return invalid("Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics")
	case s.RawMessageDelivery && s.Protocol == "lambda":
		return invalid("Attributes Reason: Delivery protocol [lambda] does not support raw message delivery.")
	case s.FilterPolicyScope != "MessageAttributes" && s.FilterPolicyScope != "MessageBody":
		return invalid("FilterPolicyScope: use MessageAttributes or MessageBody")
	case s.FilterPolicy == nil:
		return nil
	}
	if s.filter, err = pattern.Parse(s.FilterPolicy); err != nil {
		return invalid("FilterPolicy: %v", err)
	}
	policy, _ := decode(s.FilterPolicy)
	keys, nested := policyKeys(policy)
	switch {
	case keys > 5:
		return invalid("FilterPolicy: Filter policy can not have more than 5 keys")
	case nested && s.FilterPolicyScope == "MessageAttributes":
		return invalid("FilterPolicy: Filter policy scope MessageAttributes does not support nested filter policy")
	}
	return nil
}

// policyKeys returns how many keys with values a filter policy has, and whether
// there are some in other keys
// (https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html).
func policyKeys(policy any) (keys int, nested bool) {
	object, _ := policy.(map[string]any)
	for name, value := range object {
		alternatives, leaf := value.([]any)
		switch {
		case name == "$or":
			for _, alternative := range alternatives {
				n, deep := policyKeys(alternative)
				keys, nested = keys+n, nested || deep
			}
		case leaf:
			keys++
		default:
			n, _ := policyKeys(value)
			keys, nested = keys+n, true
		}
	}
	return keys, nested
}

func (s *Service) topic(arn string) (*topic, error) {
	if t, ok := s.topics[arn]; ok {
		return t, nil
	}
	return nil, failure("NotFound", http.StatusNotFound, "Topic does not exist")
}

// failure returns an error with its name in the Query protocol.
func failure(code string, status int, message string) *api.Error {
	return &api.Error{Code: code + "Exception", QueryCode: code, Status: status, Message: message}
}

func invalid(format string, arguments ...any) error {
	return failure("InvalidParameter", http.StatusBadRequest, "Invalid parameter: "+fmt.Sprintf(format, arguments...))
}

func decode(data []byte) (value any, err error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	err = decoder.Decode(&value)
	return value, err
}
