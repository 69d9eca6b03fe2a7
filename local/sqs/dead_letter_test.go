package sqs_test

import (
	"fmt"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/noidle/noidle/local/sqs"
)

func redrive(name string, receives int) string {
	return fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":%d}`, sqs.ARN(name), receives)
}

// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html
// The policy is given when the queue is made.
func TestDeadLetterQueue(t *testing.T) {
	c := newCloud(t, nil)
	dlq := c.queue("dlq", map[string]string{"MessageRetentionPeriod": "120"})
	jobs := c.queue("jobs", map[string]string{"RedrivePolicy": redrive("dlq", 2)})
	c.send(jobs, "a")
	var first types.Message
	for receive := range 2 {
		got := c.receive(jobs)
		want(t, bodies(got), []string{"a"})
		want(t, got[0].Attributes["ApproximateReceiveCount"], fmt.Sprint(receive+1))
		want(t, c.receiveBodies(dlq), []string{})
		first = got[0]
		c.clock.Advance(30 * time.Second)
	}
	want(t, c.receiveBodies(jobs), []string{})
	dead := c.receive(dlq)
	want(t, bodies(dead), []string{"a"})
	want(t, *dead[0].MessageId, *first.MessageId)
	want(t, dead[0].Attributes["DeadLetterQueueSourceArn"], sqs.ARN("jobs"))
	want(t, dead[0].Attributes["ApproximateReceiveCount"], "3")
	want(t, dead[0].Attributes["SentTimestamp"], "1767323045000")
	// Its age is that since it was sent to the first queue.
	c.clock.Advance(30 * time.Second)
	want(t, c.receiveBodies(dlq), []string{"a"})
	c.clock.Advance(30 * time.Second)
	want(t, c.receiveBodies(dlq), []string{})
}

func TestDeadLettersWakeReceivers(t *testing.T) {
	c := newCloud(t, nil)
	dlq := c.queue("dlq", nil)
	jobs := c.queue("jobs", map[string]string{"RedrivePolicy": redrive("dlq", 1), "VisibilityTimeout": "0"})
	c.send(jobs, "a")
	want(t, c.receiveBodies(jobs), []string{"a"})
	got := make(chan []types.Message)
	go func() {
		out, err := c.ReceiveMessage(t.Context(), &sdk.ReceiveMessageInput{QueueUrl: dlq, WaitTimeSeconds: 20})
		if err != nil {
			t.Error(err)
		}
		got <- out.Messages
	}()
	if err := c.clock.BlockUntilContext(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	want(t, c.receiveBodies(jobs), []string{})
	want(t, bodies(<-got), []string{"a"})
}

// dead returns a dead-letter queue with messages of two sources, and these.
func (c *cloud) dead() (dlq, a, b *string) {
	c.Helper()
	dlq = c.queue("dlq", nil)
	a = c.queue("a", map[string]string{"RedrivePolicy": redrive("dlq", 1), "VisibilityTimeout": "0"})
	b = c.queue("b", map[string]string{"RedrivePolicy": redrive("dlq", 1), "VisibilityTimeout": "0"})
	c.send(a, "a1", "a2")
	c.send(b, "b1")
	for range 2 {
		c.receive(a)
		c.receive(b)
	}
	return dlq, a, b
}

// status waits until the latest task is no longer running.
func (c *cloud) status() types.ListMessageMoveTasksResultEntry {
	c.Helper()
	for {
		if task := c.task(); *task.Status != "RUNNING" {
			return task
		}
	}
}

func (c *cloud) task() types.ListMessageMoveTasksResultEntry {
	c.Helper()
	return must(c.ListMessageMoveTasks(c.Context(), &sdk.ListMessageMoveTasksInput{SourceArn: new(sqs.ARN("dlq"))}))(c.T).Results[0]
}

// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-dead-letter-queue-redrive.html
func TestMoveToSources(t *testing.T) {
	c := newCloud(t, nil)
	dlq, a, b := c.dead()
	c.clock.Advance(time.Minute)
	old := c.receive(dlq)[0]
	c.clock.Advance(30 * time.Second)
	started := must(c.StartMessageMoveTask(t.Context(), &sdk.StartMessageMoveTaskInput{SourceArn: new(sqs.ARN("dlq"))}))(t)
	got := c.status()
	want(t, *got.Status, "COMPLETED")
	want(t, got.TaskHandle, nil)
	want(t, got.DestinationArn, nil)
	want(t, got.ApproximateNumberOfMessagesMoved, 3)
	want(t, *got.ApproximateNumberOfMessagesToMove, 3)
	want(t, got.StartedTimestamp, start.Add(90*time.Second).UnixMilli())
	want(t, c.receiveBodies(dlq), []string{})
	moved := c.receive(a)
	want(t, bodies(moved), []string{"a1", "a2"})
	want(t, c.receiveBodies(b), []string{"b1"})
	// They are new messages.
	want(t, moved[0].Attributes, map[string]string{
		"ApproximateReceiveCount": "1", "SenderId": "000000000000",
		"SentTimestamp": "1767323135000", "ApproximateFirstReceiveTimestamp": "1767323135000",
	})
	if *moved[0].MessageId == *old.MessageId {
		t.Error("a moved message must have a new id")
	}
	_, err := c.CancelMessageMoveTask(t.Context(), &sdk.CancelMessageMoveTaskInput{TaskHandle: started.TaskHandle})
	wantError(t, err, "ResourceNotFoundException", "Task does not exist.")
}

// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html
func TestMoveAtRate(t *testing.T) {
	c := newCloud(t, nil)
	c.dead()
	other := c.queue("other", nil)
	start := &sdk.StartMessageMoveTaskInput{SourceArn: new(sqs.ARN("dlq")), DestinationArn: new(sqs.ARN("other")), MaxNumberOfMessagesPerSecond: new(int32(1))}
	handle := must(c.StartMessageMoveTask(t.Context(), start))(t).TaskHandle
	for c.task().ApproximateNumberOfMessagesMoved < 1 {
	}
	_, err := c.StartMessageMoveTask(t.Context(), start)
	wantError(t, err, "InvalidParameterValue", "already a task running")
	running := c.task()
	want(t, *running.TaskHandle+*running.DestinationArn+*running.Status, *handle+sqs.ARN("other")+"RUNNING")
	want(t, *running.MaxNumberOfMessagesPerSecond, 1)
	want(t, c.receiveBodies(other), []string{"a1"})
	if err := c.clock.BlockUntilContext(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	c.clock.Advance(time.Second)
	for c.task().ApproximateNumberOfMessagesMoved < 2 {
	}
	want(t, c.receiveBodies(other), []string{"a2"})
	cancelled := must(c.CancelMessageMoveTask(t.Context(), &sdk.CancelMessageMoveTaskInput{TaskHandle: handle}))(t)
	want(t, cancelled.ApproximateNumberOfMessagesMoved, 2)
	want(t, *c.task().Status, "CANCELLED")
	c.clock.Advance(time.Second)
	want(t, c.receiveBodies(other), []string{})

	must(c.StartMessageMoveTask(t.Context(), &sdk.StartMessageMoveTaskInput{SourceArn: start.SourceArn}))(t)
	want(t, *c.status().Status, "COMPLETED")
	both := must(c.ListMessageMoveTasks(t.Context(), &sdk.ListMessageMoveTasksInput{SourceArn: start.SourceArn, MaxResults: new(int32(10))}))(t)
	want(t, []string{*both.Results[0].Status, *both.Results[1].Status}, []string{"COMPLETED", "CANCELLED"})
}

// A task ends when others took the messages, and with the service.
func TestMoveEnds(t *testing.T) {
	c := newCloud(t, nil)
	dlq, _, _ := c.dead()
	slowly := &sdk.StartMessageMoveTaskInput{SourceArn: new(sqs.ARN("dlq")), MaxNumberOfMessagesPerSecond: new(int32(1))}
	start := func() {
		must(c.StartMessageMoveTask(t.Context(), slowly))(t)
		for c.task().ApproximateNumberOfMessagesMoved < 1 {
		}
		if err := c.clock.BlockUntilContext(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
	}
	start()
	want(t, len(c.receive(dlq)), 2)
	c.clock.Advance(time.Second)
	want(t, *c.status().Status, "COMPLETED")
	c.clock.Advance(30 * time.Second)
	start()
	// The cleanup closes the service while the second task runs.
}

func TestMoveWithoutSource(t *testing.T) {
	c := newCloud(t, nil)
	dlq := c.queue("dlq", nil)
	c.queue("jobs", map[string]string{"RedrivePolicy": redrive("dlq", 1)})
	c.send(dlq, "sent directly")
	must(c.StartMessageMoveTask(t.Context(), &sdk.StartMessageMoveTaskInput{SourceArn: new(sqs.ARN("dlq"))}))(t)
	got := c.status()
	want(t, *got.Status+" "+*got.FailureReason, "FAILED CouldNotDetermineMessageSource")
	want(t, c.receiveBodies(dlq), []string{"sent directly"})
}

func TestStartMessageMoveTaskRefuses(t *testing.T) {
	tests := []struct {
		name       string
		in         sdk.StartMessageMoveTaskInput
		code, text string
	}{
		{"no queue", sdk.StartMessageMoveTaskInput{SourceArn: new(sqs.ARN("x"))}, "ResourceNotFoundException", "SourceArn"},
		{"no ARN", sdk.StartMessageMoveTaskInput{SourceArn: new("dlq")}, "ResourceNotFoundException", "SourceArn"},
		{"no dead-letter queue", sdk.StartMessageMoveTaskInput{SourceArn: new(sqs.ARN("a"))}, "InvalidParameterValue", "Dead Letter Queue"},
		{"no destination", sdk.StartMessageMoveTaskInput{SourceArn: new(sqs.ARN("dlq")), DestinationArn: new(sqs.ARN("x"))}, "ResourceNotFoundException", "DestinationArn"},
		{"same queue", sdk.StartMessageMoveTaskInput{SourceArn: new(sqs.ARN("dlq")), DestinationArn: new(sqs.ARN("dlq"))}, "InvalidParameterValue", "DestinationArn"},
		{"other type", sdk.StartMessageMoveTaskInput{SourceArn: new(sqs.ARN("dlq")), DestinationArn: new(sqs.ARN("x.fifo"))}, "InvalidParameterValue", "DestinationArn"},
		{"rate", sdk.StartMessageMoveTaskInput{SourceArn: new(sqs.ARN("dlq")), MaxNumberOfMessagesPerSecond: new(int32(501))}, "InvalidParameterValue", "MaxNumberOfMessagesPerSecond"},
	}
	c := newCloud(t, nil)
	c.dead()
	c.queue("x.fifo", nil)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := c.StartMessageMoveTask(t.Context(), &test.in)
			wantError(t, err, test.code, test.text)
		})
	}
	_, err := c.CancelMessageMoveTask(t.Context(), &sdk.CancelMessageMoveTaskInput{TaskHandle: new("x")})
	wantError(t, err, "ResourceNotFoundException", "Task does not exist.")
}
