package sqs_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html
func TestReceiveMessageRefuses(t *testing.T) {
	tests := []struct {
		in   sdk.ReceiveMessageInput
		text string
	}{
		{sdk.ReceiveMessageInput{MaxNumberOfMessages: 11}, "Value 11 for parameter MaxNumberOfMessages"},
		{sdk.ReceiveMessageInput{MaxNumberOfMessages: -1}, "MaxNumberOfMessages"},
		{sdk.ReceiveMessageInput{WaitTimeSeconds: 21}, "WaitTimeSeconds"},
		{sdk.ReceiveMessageInput{VisibilityTimeout: 43201}, "VisibilityTimeout"},
		{sdk.ReceiveMessageInput{ReceiveRequestAttemptId: new("a")}, "ReceiveRequestAttemptId"},
	}
	c := newCloud(t, nil)
	jobs := c.queue("jobs", nil)
	for _, test := range tests {
		t.Run(test.text, func(t *testing.T) {
			test.in.QueueUrl = jobs
			_, err := c.ReceiveMessage(t.Context(), &test.in)
			wantError(t, err, "InvalidParameterValue", test.text)
		})
	}
}

// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html
func TestVisibilityTimeout(t *testing.T) {
	c := newCloud(t, nil)
	zero := c.queue("zero", map[string]string{"VisibilityTimeout": "0"})
	jobs := c.queue("jobs", map[string]string{"VisibilityTimeout": "10"})
	tests := []struct {
		name     string
		url      *string
		override int32
		timeout  time.Duration
	}{
		{"of the queue", jobs, 0, 10 * time.Second},
		{"of the request", jobs, 43200, 12 * time.Hour},
		{"none", zero, 0, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c.send(test.url, test.name)
			got := must(c.ReceiveMessage(t.Context(), &sdk.ReceiveMessageInput{QueueUrl: test.url, VisibilityTimeout: test.override}))(t)
			want(t, bodies(got.Messages), []string{test.name})
			if test.timeout > 0 {
				c.clock.Advance(test.timeout - 1)
				want(t, c.receiveBodies(test.url), []string{})
				c.clock.Advance(1)
			}
			again := c.receive(test.url)
			want(t, bodies(again), []string{test.name})
			c.deleteAll(test.url, again)
		})
	}
}

// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibility.html
func TestChangeMessageVisibility(t *testing.T) {
	c := newCloud(t, nil)
	jobs := c.queue("jobs", nil)
	c.send(jobs, "a")
	m := c.receive(jobs)[0]
	change := func(seconds int32) error {
		_, err := c.ChangeMessageVisibility(t.Context(), &sdk.ChangeMessageVisibilityInput{QueueUrl: jobs, ReceiptHandle: m.ReceiptHandle, VisibilityTimeout: seconds})
		return err
	}
	steps := []struct {
		name    string
		advance time.Duration
		seconds int32
		code    string
		text    string
	}{
		{"longer", 20 * time.Second, 60, "", ""},
		{"still in flight", 59 * time.Second, 1, "", ""},
		{"negative", 0, -1, "InvalidParameterValue", "VisibilityTimeout"},
		{"too long", 0, 43201, "InvalidParameterValue", "VisibilityTimeout"},
		{"more than twelve hours in all", 0, 43200, "InvalidParameterValue", "beyond the limit [43200 seconds]"},
		{"at once", 0, 0, "", ""},
		{"not in flight", 0, 10, "AWS.SimpleQueueService.MessageNotInflight", ""},
	}
	for _, step := range steps {
		t.Run(step.name, func(t *testing.T) {
			c.clock.Advance(step.advance)
			if err := change(step.seconds); step.code != "" {
				wantError(t, err, step.code, step.text)
			} else if err != nil {
				t.Error(err)
			}
		})
	}
	// The next receive has the timeout of the queue again.
	want(t, c.receiveBodies(jobs), []string{"a"})
	c.clock.Advance(30*time.Second - 1)
	want(t, c.receiveBodies(jobs), []string{})
	c.clock.Advance(1)
	c.deleteAll(jobs, c.receive(jobs))
	wantError(t, change(1), "InvalidParameterValue", "Message does not exist or is not available for visibility timeout change.")
	_, err := c.ChangeMessageVisibility(t.Context(), &sdk.ChangeMessageVisibilityInput{QueueUrl: jobs, ReceiptHandle: new("x")})
	wantError(t, err, "ReceiptHandleIsInvalid", "")
}

// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-queue-message-identifiers.html
func TestReceiptHandles(t *testing.T) {
	c := newCloud(t, nil)
	jobs, others := c.queue("jobs", nil), c.queue("others", nil)
	c.send(jobs, "a")
	first := c.receive(jobs)
	c.clock.Advance(30 * time.Second)
	second := c.receive(jobs)
	if *first[0].ReceiptHandle == *second[0].ReceiptHandle || *first[0].MessageId != *second[0].MessageId {
		t.Error("a receive must change the receipt handle alone")
	}
	remove := func(url, handle *string) error {
		_, err := c.DeleteMessage(t.Context(), &sdk.DeleteMessageInput{QueueUrl: url, ReceiptHandle: handle})
		return err
	}
	wantError(t, remove(jobs, new("bad")), "ReceiptHandleIsInvalid", "bad")
	wantError(t, remove(jobs, new("")), "MissingParameter", "ReceiptHandle")
	wantError(t, remove(others, first[0].ReceiptHandle), "ReceiptHandleIsInvalid", "")
	c.deleteAll(jobs, first)
	c.clock.Advance(30 * time.Second)
	want(t, c.receiveBodies(jobs), []string{})
	if err := remove(jobs, second[0].ReceiptHandle); err != nil {
		t.Errorf("deleting what is gone: %v", err)
	}
}

// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-delay-queues.html
func TestDelays(t *testing.T) {
	c := newCloud(t, nil)
	jobs := c.queue("jobs", map[string]string{"DelaySeconds": "10"})
	c.send(jobs, "queue")
	must(c.SendMessage(t.Context(), &sdk.SendMessageInput{QueueUrl: jobs, MessageBody: new("message"), DelaySeconds: 5}))(t)
	want(t, c.receiveBodies(jobs), []string{})
	c.clock.Advance(5 * time.Second)
	want(t, c.receiveBodies(jobs), []string{"message"})
	c.clock.Advance(5 * time.Second)
	want(t, c.receiveBodies(jobs), []string{"queue"})
}

// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-delay-queues.html
// A new delay of a standard queue leaves its messages alone, that of a FIFO
// queue is theirs too.
func TestChangedDelay(t *testing.T) {
	for name, left := range map[string][]string{"jobs": {}, "jobs.fifo": {"a"}} {
		t.Run(name, func(t *testing.T) {
			c := newCloud(t, nil)
			jobs := c.queue(name, map[string]string{"DelaySeconds": "60"})
			if len(left) > 0 {
				c.sendTo(jobs, "g", "a")
			} else {
				c.send(jobs, "a")
			}
			c.clock.Advance(5 * time.Second)
			if err := c.set(jobs, "DelaySeconds", "5"); err != nil {
				t.Fatal(err)
			}
			want(t, c.receiveBodies(jobs), left)
		})
	}
}

// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
func TestRetention(t *testing.T) {
	c := newCloud(t, nil)
	jobs := c.queue("jobs", map[string]string{"MessageRetentionPeriod": "60"})
	c.send(jobs, "a", "in flight")
	c.clock.Advance(time.Second)
	c.send(jobs, "b")
	must(c.ReceiveMessage(t.Context(), &sdk.ReceiveMessageInput{QueueUrl: jobs, MaxNumberOfMessages: 2, VisibilityTimeout: 10}))(t)
	c.clock.Advance(59 * time.Second)
	want(t, c.receiveBodies(jobs), []string{"b"})
	c.clock.Advance(time.Second)
	want(t, c.attributes(jobs, "ApproximateNumberOfMessagesNotVisible"), map[string]string{"ApproximateNumberOfMessagesNotVisible": "0"})
}

// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-short-and-long-polling.html
func TestLongPolling(t *testing.T) {
	tests := []struct {
		name   string
		wait   int32
		before func(c *cloud, jobs *string)
		during func(c *cloud, jobs *string)
		want   []string
		after  time.Duration
	}{
		{"nothing comes", 20, nil, func(c *cloud, _ *string) { c.clock.Advance(20 * time.Second) }, []string{}, 20 * time.Second},
		{"wait of the queue", 0, nil, func(c *cloud, _ *string) { c.clock.Advance(7 * time.Second) }, []string{}, 7 * time.Second},
		{"message comes", 20, nil, func(c *cloud, jobs *string) { c.send(jobs, "a") }, []string{"a"}, 0},
		{"delayed message", 20, func(c *cloud, jobs *string) {
			must(c.SendMessage(c.Context(), &sdk.SendMessageInput{QueueUrl: jobs, MessageBody: new("a"), DelaySeconds: 3}))(c.T)
		}, func(c *cloud, _ *string) { c.clock.Advance(3 * time.Second) }, []string{"a"}, 3 * time.Second},
		{"visibility timeout ends", 20, func(c *cloud, jobs *string) {
			c.send(jobs, "a")
			must(c.ReceiveMessage(c.Context(), &sdk.ReceiveMessageInput{QueueUrl: jobs, VisibilityTimeout: 9}))(c.T)
		}, func(c *cloud, _ *string) { c.clock.Advance(9 * time.Second) }, []string{"a"}, 9 * time.Second},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := newCloud(t, nil)
			jobs := c.queue("jobs", map[string]string{"ReceiveMessageWaitTimeSeconds": "7"})
			if test.before != nil {
				test.before(c, jobs)
			}
			got := make(chan []types.Message)
			go func() {
				out, err := c.ReceiveMessage(t.Context(), &sdk.ReceiveMessageInput{QueueUrl: jobs, WaitTimeSeconds: test.wait})
				if err != nil {
					t.Error(err)
				}
				got <- out.Messages
			}()
			if err := c.clock.BlockUntilContext(t.Context(), 1); err != nil {
				t.Fatal(err)
			}
			test.during(c, jobs)
			want(t, bodies(<-got), test.want)
			want(t, c.clock.Since(start), test.after)
		})
	}
}

func TestCancelledReceiveTakesNothing(t *testing.T) {
	c := newCloud(t, nil)
	jobs := c.queue("jobs", nil)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		_, err := c.ReceiveMessage(ctx, &sdk.ReceiveMessageInput{QueueUrl: jobs, WaitTimeSeconds: 20})
		done <- err
	}()
	if err := c.clock.BlockUntilContext(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-done; err == nil {
		t.Error("no error")
	}
	// The server ends the call when it sees that the connection is closed.
	for i := 0; c.waiters() > 0; i++ {
		if i > 1e6 {
			t.Fatal("the receive goes on")
		}
	}
	c.send(jobs, "a")
	want(t, c.receiveBodies(jobs), []string{"a"})
}

// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
func TestMessagesInFlight(t *testing.T) {
	for _, name := range []string{"jobs", "jobs.fifo"} {
		t.Run(name, func(t *testing.T) {
			c := newCloud(t, nil)
			jobs := c.queue(name, nil)
			for i := range 12_001 {
				entries := make([]string, 10)
				for j := range entries {
					entries[j] = fmt.Sprintf(`{"Id":"%d","MessageBody":"b"}`, j)
					if name == "jobs.fifo" {
						entries[j] = fmt.Sprintf(`{"Id":"%d","MessageBody":"b","MessageGroupId":"%d-%d","MessageDeduplicationId":"%d-%d"}`, j, i, j, i, j)
					}
				}
				c.call("SendMessageBatch", `{"QueueUrl":"`+name+`","Entries":[`+strings.Join(entries, ",")+`]}`)
			}
			for range 12_000 {
				c.call("ReceiveMessage", `{"QueueUrl":"`+name+`","MaxNumberOfMessages":10,"VisibilityTimeout":600}`)
			}
			got, err := c.ReceiveMessage(t.Context(), &sdk.ReceiveMessageInput{QueueUrl: jobs})
			if name == "jobs" {
				wantError(t, err, "OverLimit", "120000")
			} else {
				want(t, len(got.Messages), 0)
			}
			c.clock.Advance(10 * time.Minute)
			want(t, len(c.receive(jobs)), 10)
		})
	}
}

// The oldest message counts unless it was received more than three times and there
// are others
// (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html).
func TestSample(t *testing.T) {
	c := newCloud(t, nil)
	jobs := c.queue("jobs", nil)
	sampled := func(visible int, oldest time.Duration) {
		t.Helper()
		c.service.Sample(func(queue string, gotVisible int, gotOldest time.Duration) {
			if queue != "jobs" || gotVisible != visible || gotOldest != oldest {
				t.Errorf("%s has %d visible messages, the oldest of %s; want %d and %s", queue, gotVisible, gotOldest, visible, oldest)
			}
		})
	}
	sampled(0, 0)
	c.send(jobs, "fails")
	for second := range 4 {
		sampled(1, time.Duration(second)*time.Second)
		must(c.ReceiveMessage(t.Context(), &sdk.ReceiveMessageInput{QueueUrl: jobs, VisibilityTimeout: 1}))(t)
		sampled(0, time.Duration(second)*time.Second)
		c.clock.Advance(time.Second)
	}
	sampled(1, 4*time.Second)
	c.send(jobs, "works")
	c.clock.Advance(time.Second)
	sampled(2, time.Second)
}
