package sqs_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
func TestFIFOSendRefuses(t *testing.T) {
	c := newCloud(t, nil)
	plain := c.queue("plain.fifo", nil)
	content := c.queue("content.fifo", map[string]string{"ContentBasedDeduplication": "true"})
	tests := []struct {
		name       string
		in         sdk.SendMessageInput
		code, text string
	}{
		{"no group", sdk.SendMessageInput{QueueUrl: content}, "MissingParameter", "MessageGroupId"},
		{"no deduplication", sdk.SendMessageInput{QueueUrl: plain, MessageGroupId: new("g")}, "InvalidParameterValue", "ContentBasedDeduplication"},
		{"deduplication", sdk.SendMessageInput{QueueUrl: plain, MessageGroupId: new("g"), MessageDeduplicationId: new("é")}, "InvalidParameterValue", "MessageDeduplicationId"},
		{"delay", sdk.SendMessageInput{QueueUrl: content, MessageGroupId: new("g"), DelaySeconds: 1}, "InvalidParameterValue", "not valid for this queue type"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.in.MessageBody = new("b")
			_, err := c.SendMessage(t.Context(), &test.in)
			wantError(t, err, test.code, test.text)
		})
	}
}

// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/FIFO-queues-exactly-once-processing.html
func TestDeduplication(t *testing.T) {
	type message struct {
		body, group, id string
		after           time.Duration
	}
	tests := []struct {
		name       string
		attributes map[string]string
		messages   []message
		// same says which message each one is a duplicate of.
		same []int
	}{
		{"by id", nil, []message{{body: "a", group: "g", id: "1"}, {body: "b", group: "g", id: "1"}, {body: "a", group: "g", id: "2"}}, []int{0, 0, 2}},
		{"across groups", nil, []message{{body: "a", group: "g", id: "1"}, {body: "a", group: "h", id: "1"}}, []int{0, 0}},
		{"within groups", map[string]string{"DeduplicationScope": "messageGroup", "FifoThroughputLimit": "perMessageGroupId"},
			[]message{{body: "a", group: "g", id: "1"}, {body: "a", group: "h", id: "1"}, {body: "a", group: "g", id: "1"}}, []int{0, 1, 0}},
		{"by content", map[string]string{"ContentBasedDeduplication": "true"},
			[]message{{body: "a", group: "g"}, {body: "a", group: "g"}, {body: "b", group: "g"},
				{body: "other", group: "g", id: "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"}}, []int{0, 0, 2, 0}},
		{"for five minutes", nil, []message{{body: "a", group: "g", id: "1"}, {body: "a", group: "g", id: "1", after: 5*time.Minute - 1},
			{body: "a", group: "g", id: "1", after: 1}}, []int{0, 0, 2}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := newCloud(t, nil)
			jobs := c.queue("jobs.fifo", test.attributes)
			var ids, sequences []string
			for i, m := range test.messages {
				c.clock.Advance(m.after)
				in := &sdk.SendMessageInput{QueueUrl: jobs, MessageBody: &m.body, MessageGroupId: &m.group}
				if m.id != "" {
					in.MessageDeduplicationId = &m.id
				}
				sent := must(c.SendMessage(t.Context(), in))(t)
				ids, sequences = append(ids, *sent.MessageId), append(sequences, *sent.SequenceNumber)
				want(t, slices.Index(ids, ids[i]), test.same[i])
				want(t, slices.Index(sequences, sequences[i]), test.same[i])
				// Deleting a message does not make room for a duplicate.
				c.deleteAll(jobs, c.receive(jobs))
			}
			if !slices.IsSorted(slices.Compact(slices.Clone(sequences))) && test.name == "for five minutes" {
				t.Errorf("sequence numbers %v", sequences)
			}
		})
	}
}

// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/FIFO-queues-understanding-logic.html
func TestMessageGroups(t *testing.T) {
	c := newCloud(t, nil)
	jobs := c.queue("jobs.fifo", nil)
	c.sendTo(jobs, "g", "g1", "g2")
	c.sendTo(jobs, "h", "h1")
	c.sendTo(jobs, "g", "g3")
	receive := func(limit int32) []types.Message {
		in := all(jobs)
		in.MaxNumberOfMessages = limit
		return must(c.ReceiveMessage(t.Context(), in))(t).Messages
	}
	first := receive(2)
	want(t, bodies(first), []string{"g1", "g2"})
	want(t, first[0].Attributes["MessageGroupId"]+" "+first[0].Attributes["MessageDeduplicationId"], "g gg1")
	if a, b := first[0].Attributes["SequenceNumber"], first[1].Attributes["SequenceNumber"]; a == "" || a >= b {
		t.Errorf("sequence numbers %s, %s", a, b)
	}
	// The group is blocked until all that is in flight was deleted.
	want(t, bodies(receive(10)), []string{"h1"})
	c.deleteAll(jobs, first[:1])
	want(t, bodies(receive(10)), []string{})
	// The message that was not deleted comes again first, and the rest after it.
	c.clock.Advance(30 * time.Second)
	again := receive(10)
	want(t, bodies(again), []string{"g2", "g3", "h1"})
	c.deleteAll(jobs, again)
	want(t, bodies(receive(10)), []string{})
}

// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html
// Once a message is visible again, its receipt handle no longer deletes it.
func TestFIFOReceiptHandleExpires(t *testing.T) {
	c := newCloud(t, nil)
	jobs := c.queue("jobs.fifo", nil)
	c.sendTo(jobs, "g", "a")
	in := all(jobs)
	in.ReceiveRequestAttemptId = new("attempt")
	first := must(c.ReceiveMessage(t.Context(), in))(t).Messages[0]
	c.clock.Advance(30 * time.Second)
	for range 2 {
		_, err := c.DeleteMessage(t.Context(), &sdk.DeleteMessageInput{QueueUrl: jobs, ReceiptHandle: first.ReceiptHandle})
		wantError(t, err, "InvalidParameterValue", "The receipt handle has expired.")
		c.receive(jobs)
	}
}

// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html
func TestFIFODeadLetters(t *testing.T) {
	c := newCloud(t, nil)
	dlq := c.queue("dlq.fifo", map[string]string{"MessageRetentionPeriod": "3600"})
	jobs := c.queue("jobs.fifo", map[string]string{"RedrivePolicy": redrive("dlq.fifo", 1)})
	c.sendTo(jobs, "g", "bad", "good")
	in := all(jobs)
	in.MaxNumberOfMessages = 1
	want(t, bodies(must(c.ReceiveMessage(t.Context(), in))(t).Messages), []string{"bad"})
	c.clock.Advance(time.Hour)
	want(t, c.receiveBodies(jobs), []string{"good"})
	// The age starts anew in a FIFO queue.
	c.clock.Advance(time.Minute)
	dead := c.receive(dlq)
	want(t, bodies(dead), []string{"bad"})
	want(t, dead[0].Attributes["MessageGroupId"], "g")
	if !strings.HasSuffix(dead[0].Attributes["DeadLetterQueueSourceArn"], ":jobs.fifo") {
		t.Errorf("attributes %v", dead[0].Attributes)
	}
}
