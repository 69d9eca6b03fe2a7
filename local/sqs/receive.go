package sqs

import (
	"cmp"
	"context"
	"encoding/base64"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/noidle/noidle/local/api"
)

// maximumInFlight is how many messages of a queue may be in flight
// (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html).
const maximumInFlight = 120_000

type receiveInput struct {
	target
	AttributeNames              []string
	MessageSystemAttributeNames []string
	MessageAttributeNames       []string
	MaxNumberOfMessages         *int
	VisibilityTimeout           *int
	WaitTimeSeconds             *int
	ReceiveRequestAttemptID     string `json:"ReceiveRequestAttemptId"`
}

type receivedMessage struct {
	MessageID              string `json:"MessageId"`
	ReceiptHandle          string
	Body                   string
	MD5OfBody              string
	Attributes             map[string]string    `json:",omitempty"`
	MessageAttributes      map[string]attribute `json:",omitempty"`
	MD5OfMessageAttributes string               `json:",omitempty"`
}

// receive takes visible messages, and waits for the first one as long as the
// request or the queue says
// (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-short-and-long-polling.html).
func (s *Service) receive(q *queue, call *api.Call, in *receiveInput) (output, error) {
	limit, err := within("MaxNumberOfMessages", in.MaxNumberOfMessages, 1, 1, 10)
	visibility, err2 := within("VisibilityTimeout", in.VisibilityTimeout, q.numbers["VisibilityTimeout"], 0, 43200)
	wait, err3 := within("WaitTimeSeconds", in.WaitTimeSeconds, q.numbers["ReceiveMessageWaitTimeSeconds"], 0, 20)
	system := append(in.MessageSystemAttributeNames, in.AttributeNames...)
	_, err4 := choose(nil, system, systemAttributes)
	if err := cmp.Or(err, err2, err3, err4); err != nil {
		return nil, err
	}
	if in.ReceiveRequestAttemptID != "" && !q.fifo {
		return nil, invalidValue("ReceiveRequestAttemptId", in.ReceiveRequestAttemptID, typeReason)
	}
	now := s.clock.Now()
	deadline := now.Add(time.Duration(wait) * time.Second)
	for ; ; now = s.clock.Now() {
		q.advance(now)
		if !q.fifo && q.count[inFlight] >= maximumInFlight {
			return nil, fail("OverLimit", fmt.Sprintf("The number of messages in flight has reached the limit of %d.", maximumInFlight))
		}
		var messages []receivedMessage
		for _, m := range s.take(q, limit, now, now.Add(time.Duration(visibility)*time.Second)) {
			messages = append(messages, m.received(q, system, in.MessageAttributeNames))
		}
		if len(messages) > 0 {
			return output{"Messages": messages}, nil
		}
		if over, err := s.await(call, q, now, deadline); over {
			return output{}, err
		}
	}
}

// await unlocks the service until something happens in the queue or a message
// of it turns visible. It returns true at the deadline, and when the caller is
// gone or the service closed.
func (s *Service) await(ctx context.Context, q *queue, now, deadline time.Time) (over bool, err error) {
	if !now.Before(deadline) {
		return true, nil
	}
	if m, ok := q.timed.Min(); ok && m.visibleAt.Before(deadline) {
		deadline = m.visibleAt
	}
	if q.changed == nil {
		q.changed = make(chan struct{})
	}
	changed := q.changed
	timer := s.clock.NewTimer(deadline.Sub(now))
	defer timer.Stop()
	s.mutex.Unlock()
	defer s.mutex.Lock()
	select {
	case <-changed:
	case <-timer.Chan():
	case <-s.done:
		over = true
	case <-ctx.Done():
	}
	return over || ctx.Err() != nil, ctx.Err()
}

// take puts the first messages in flight. Of a group it takes as many as it
// can, and those that were received too often go to the dead-letter queue.
func (s *Service) take(q *queue, limit int, now, visibleAt time.Time) (taken []*message) {
	limit = min(limit, maximumInFlight-q.count[inFlight])
	deadLetters := s.byARN(q.redrive.DeadLetterTargetARN)
	for len(taken) < limit {
		g, ok := q.available.Min()
		if !ok {
			break
		}
		for m, ok := g.visible.Min(); ok && len(taken) < limit; m, ok = g.visible.Min() {
			if deadLetters != nil && m.deliveries >= q.redrive.limit {
				s.bury(m, q, deadLetters, now)
				continue
			}
			if m.receives == 0 {
				m.firstReceived = now
			}
			m.lastReceived = now
			m.receives++
			m.deliveries++
			q.change(m, inFlight, visibleAt)
			taken = append(taken, m)
		}
	}
	return taken
}

// bury moves a message to the dead-letter queue. It keeps its age, but in a
// FIFO queue
// (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html#understanding-message-retention-periods).
func (s *Service) bury(m *message, from, to *queue, now time.Time) {
	from.change(m, gone, time.Time{})
	m.deadLetterSource = ARN(from.name)
	if to.fifo {
		m.sent = now
	}
	s.enqueue(m, to, time.Time{})
}

func (m *message) received(q *queue, systemNames, names []string) receivedMessage {
	out := receivedMessage{MessageID: m.id, ReceiptHandle: m.receipt(q), Body: m.body, MD5OfBody: digest([]byte(m.body))}
	if len(systemNames) > 0 {
		out.Attributes, _ = choose(m.system(), systemNames, systemAttributes)
	}
	out.MessageAttributes = maps.Clone(m.attributes)
	maps.DeleteFunc(out.MessageAttributes, func(name string, _ attribute) bool { return !wants(names, name) })
	out.MD5OfMessageAttributes = attributesDigest(out.MessageAttributes)
	return out
}

var systemAttributes = []string{
	"ApproximateFirstReceiveTimestamp", "ApproximateReceiveCount", "AWSTraceHeader", "DeadLetterQueueSourceArn",
	"MessageDeduplicationId", "MessageGroupId", "SenderId", "SentTimestamp", "SequenceNumber",
}

func (m *message) system() map[string]string {
	all := map[string]string{
		"ApproximateFirstReceiveTimestamp": strconv.FormatInt(m.firstReceived.UnixMilli(), 10),
		"ApproximateReceiveCount":          strconv.Itoa(m.receives),
		"AWSTraceHeader":                   m.trace,
		"DeadLetterQueueSourceArn":         m.deadLetterSource,
		"MessageDeduplicationId":           m.duplicateID,
		"MessageGroupId":                   m.groupID,
		"SenderId":                         m.sender,
		"SentTimestamp":                    strconv.FormatInt(m.sent.UnixMilli(), 10),
	}
	if m.duplicateID != "" {
		all["SequenceNumber"] = sequence(m.order)
	}
	maps.DeleteFunc(all, func(_, value string) bool { return value == "" })
	return all
}

// wants reports whether an attribute is among names, All, or prefixes (foo.*).
func wants(names []string, attribute string) bool {
	for _, name := range names {
		prefix, isPrefix := strings.CutSuffix(name, ".*")
		if name == "All" || name == attribute || isPrefix && strings.HasPrefix(attribute, prefix) {
			return true
		}
	}
	return false
}

func (m *message) receipt(q *queue) string {
	return base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "%s %s %d", q.name, m.id, m.receives))
}

// byReceipt returns the message with a receipt handle, or nil when it is gone.
// In a FIFO queue the handle is good until the message is visible again
// (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-queue-message-identifiers.html).
func (q *queue) byReceipt(handle string) (*message, error) {
	if handle == "" {
		return nil, missing("ReceiptHandle")
	}
	decoded, err := base64.StdEncoding.DecodeString(handle)
	parts := strings.Fields(string(decoded))
	if err != nil || len(parts) != 3 || parts[0] != q.name {
		return nil, fail("ReceiptHandleIsInvalid", fmt.Sprintf("The input receipt handle %q is not a valid receipt handle.", handle))
	}
	m := q.messages[parts[1]]
	if m != nil && q.fifo && (m.state != inFlight || m.receipt(q) != handle) {
		return nil, invalidValue("ReceiptHandle", handle, "The receipt handle has expired.")
	}
	return m, nil
}

type deleteInput struct {
	entry
	ReceiptHandle string
}

func (s *Service) deleteMessage(q *queue, _ *api.Call, in *deleteInput) (entryResult, error) {
	m, err := q.byReceipt(in.ReceiptHandle)
	if m != nil {
		q.change(m, gone, time.Time{})
	}
	return entryResult{in.ID}, err
}

type changeVisibilityInput struct {
	entry
	ReceiptHandle     string
	VisibilityTimeout *int
}

// changeVisibility hides a message from now on. It may be in flight for twelve
// hours in all
// (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibility.html).
func (s *Service) changeVisibility(q *queue, _ *api.Call, in *changeVisibilityInput) (out entryResult, err error) {
	if in.VisibilityTimeout == nil {
		return out, missing("VisibilityTimeout")
	}
	seconds, err := within("VisibilityTimeout", in.VisibilityTimeout, 0, 0, 43200)
	m, err2 := q.byReceipt(in.ReceiptHandle)
	now := s.clock.Now()
	until := now.Add(time.Duration(seconds) * time.Second)
	switch err := cmp.Or(err, err2); {
	case err != nil:
		return out, err
	case m == nil:
		return out, invalidValue("ReceiptHandle", in.ReceiptHandle, "Message does not exist or is not available for visibility timeout change.")
	case m.state != inFlight:
		return out, fail("MessageNotInflight", "The message referred to isn't in flight.")
	case until.After(m.lastReceived.Add(12 * time.Hour)):
		return out, invalidValue("VisibilityTimeout", seconds, "Total VisibilityTimeout for the message is beyond the limit [43200 seconds]")
	}
	q.change(m, inFlight, until)
	q.advance(now)
	return entryResult{in.ID}, nil
}
