package sns

import (
	"cmp"
	"math"
	"net/http"
	"time"

	"github.com/noidle/noidle/local/api"
)

// notification is a message on its way to an endpoint.
type notification struct {
	topic *topic
	*subscription
	*message
	published
	body string
}

// selected returns whether the subscription's filter policy selects the message
// (https://docs.aws.amazon.com/sns/latest/dg/sns-message-filtering.html).
func (n *notification) selected() bool {
	if n.filter == nil {
		return true
	}
	if n.FilterPolicyScope == "MessageBody" {
		body, err := decode([]byte(n.body))
		return err == nil && n.filter.Match(body)
	}
	attributes := map[string]any{}
	for name, a := range n.MessageAttributes {
		switch a.DataType {
		case "String":
			attributes[name] = a.StringValue
		case "Number", "String.Array":
			attributes[name], _ = decode([]byte(a.StringValue)) // it was checked
		}
	}
	return n.filter.Match(attributes)
}

// dispatch delivers a notification on its own, or, on a FIFO topic, after those
// of its message group
// (https://docs.aws.amazon.com/sns/latest/dg/fifo-topic-message-ordering.html).
// The caller holds mu.
func (s *Service) dispatch(n *notification) {
	if s.ctx.Err() != nil {
		return
	}
	before, done := closed, make(chan struct{})
	if n.topic.FIFO {
		before = cmp.Or(n.groups[n.MessageGroupID], closed)
		n.groups[n.MessageGroupID] = done
	}
	s.work.Go(func() {
		defer close(done)
		<-before
		s.deliver(n)
	})
}

var closed = func() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

// deliver delivers a notification until that succeeds, fails on the client's
// side or the delivery policy is exhausted. Then it goes to the dead-letter queue
// (https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html).
func (s *Service) deliver(n *notification) {
	delivery := n.toEndpoint()
	for retries := 0; s.ctx.Err() == nil; retries++ {
		var err error = failure("InvalidParameter", http.StatusBadRequest, "messages in queues have at most 10 attributes")
		if len(delivery.Attributes) <= maxQueueAttributes {
			err = s.options.Deliver(s.ctx, delivery)
		}
		if err == nil || s.ctx.Err() != nil {
			return
		}
		if retries == attempts || !api.Retryable(err) {
			s.bury(n, delivery, err)
			return
		}
		select {
		case <-s.options.Clock.After(s.wait(retries)):
		case <-s.ctx.Done():
		}
	}
}

// maxQueueAttributes is how many attributes a message in a queue has at most. Raw
// messages with more are discarded as client-side errors
// (https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html).
const maxQueueAttributes = 10

// attempts is how often delivery to queues and functions is tried again
// (https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html).
const attempts = 100_015

// wait returns how long to wait before a retry by that policy: 3 times not at
// all, 2 times 1 second, 10 times exponentially from 1 to 20 seconds, then 20
// seconds. AWS applies jitter, of which it does not say how much.
func (s *Service) wait(retries int) time.Duration {
	seconds := 20.0
	switch {
	case retries < 3:
		return 0
	case retries < 5:
		seconds = 1
	case retries < 15:
		seconds = math.Pow(20, float64(retries-5)/9)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Duration(seconds * (0.9 + 0.2*s.options.Random.Float64()) * float64(time.Second))
}

func (s *Service) bury(n *notification, delivery api.Delivery, err error) {
	if n.DeadLetterARN == "" {
		s.options.Dropped(delivery, err)
		return
	}
	dead := n.toQueue(n.DeadLetterARN)
	if len(dead.Attributes) > maxQueueAttributes {
		dead.Attributes = nil
	}
	if err := s.options.Deliver(s.ctx, dead); err != nil {
		s.options.Dropped(dead, err)
	}
}
