package sns_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	client "github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/google/go-cmp/cmp"

	"github.com/noidle/noidle/local/api"
	"github.com/noidle/noidle/local/sns"
)

// advance lets the clock run until n messages are delivered or one is dropped.
func (f *fixture) advance(t *testing.T, n int) {
	t.Helper()
	for len(f.delivered) < n && len(f.dropped) == 0 {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		err := f.clock.BlockUntilContext(ctx, 1)
		cancel()
		if err == nil {
			f.clock.Advance(100 * time.Millisecond)
		}
	}
}

var unavailable = &api.Error{Code: "ServiceUnavailable", Message: "down", Status: 503}

// A failure on the client's side is final, and the message goes to the
// dead-letter queue at once
// (https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html).
func TestClientSideErrors(t *testing.T) {
	f := newFixture(t)
	f.fail = func(_ int, delivery api.Delivery) error {
		if delivery.Target == queue("dead") {
			return nil
		}
		return &api.Error{Code: "AccessDenied", Message: "no", Status: 403}
	}
	f.subscribe(t, sns.Subscription{Protocol: "lambda", Endpoint: function("f"), DeadLetterARN: queue("dead")})
	f.publish(t, client.PublishInput{Message: aws.String("x")})
	got := f.next(t)
	if got.Source != topic || decode(t, got.Payload)["Message"] != "x" {
		t.Errorf("got %+v", got)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.attempts) != 2 {
		t.Errorf("%d deliveries", len(f.attempts))
	}
}

func TestDeadLetterOfFIFOTopic(t *testing.T) {
	f := newFixture(t)
	fifo := sns.TopicARN("t.fifo")
	f.fail = func(_ int, delivery api.Delivery) error {
		if delivery.Target == queue("dead.fifo") {
			return nil
		}
		return &api.Error{Code: "QueueDoesNotExist", Message: "gone"}
	}
	f.subscribe(t, sns.Subscription{TopicARN: fifo, Protocol: "sqs", Endpoint: queue("q"), DeadLetterARN: queue("dead.fifo"), RawMessageDelivery: true})
	f.publish(t, client.PublishInput{TopicArn: &fifo, Message: aws.String("x"), MessageGroupId: aws.String("g"), MessageDeduplicationId: aws.String("d")})
	want := api.Delivery{Source: fifo, Target: queue("dead.fifo"), Payload: []byte("x"), MessageGroupID: "g", MessageDeduplicationID: "d"}
	if diff := cmp.Diff(want, f.next(t)); diff != "" {
		t.Error(diff)
	}
}

// Without a dead-letter queue, or one that takes it, a message is dropped.
func TestDropped(t *testing.T) {
	for dead, want := range map[string]string{"": queue("q"), queue("dead"): queue("dead")} {
		f := newFixture(t)
		f.fail = func(int, api.Delivery) error { return &api.Error{Code: "AccessDenied", Message: "no"} }
		f.subscribe(t, sns.Subscription{Protocol: "sqs", Endpoint: queue("q"), DeadLetterARN: dead})
		f.publish(t, client.PublishInput{Message: aws.String("x")})
		if diff := cmp.Diff(want+": AccessDenied: no", <-f.dropped); diff != "" {
			t.Error(diff)
		}
	}
}

// Failures on the server's side are retried in the phases of the delivery policy
// for AWS's own endpoints
// (https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html).
func TestServerSideErrors(t *testing.T) {
	f := newFixture(t)
	f.fail = func(attempt int, _ api.Delivery) error {
		switch {
		case attempt < 10:
			return unavailable
		case attempt < 20:
			return &api.Error{Code: "TooManyRequestsException", Message: "wait", Status: 429}
		}
		return nil
	}
	f.subscribe(t, sns.Subscription{Protocol: "sqs", Endpoint: queue("q"), RawMessageDelivery: true})
	f.publish(t, client.PublishInput{Message: aws.String("x")})
	f.advance(t, 1)
	f.mu.Lock()
	defer f.mu.Unlock()
	want := []float64{0, 0, 0, 1, 1, 1, 1.39, 1.95, 2.71, 3.79, 5.28, 7.37, 10.28, 14.34, 20, 20, 20, 20, 20}
	if len(f.attempts) != len(want)+1 {
		t.Fatalf("%d attempts", len(f.attempts))
	}
	for i, seconds := range want {
		// There is jitter, and the clock moves in steps.
		if waited := (f.attempts[i+1] - f.attempts[i]).Seconds(); waited < 0.89*seconds || waited > 1.11*seconds+0.1 {
			t.Errorf("retry %d after %.1f seconds, want %.1f", i+1, waited, seconds)
		}
	}
}

// After 100,015 retries in 23 days the message goes to the dead-letter queue
// (https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html).
func TestDeliveryPolicyIsExhausted(t *testing.T) {
	f := newFixture(t)
	f.fail = func(_ int, delivery api.Delivery) error {
		if delivery.Target == queue("dead") {
			return nil
		}
		return unavailable
	}
	f.subscribe(t, sns.Subscription{Protocol: "sqs", Endpoint: queue("q"), DeadLetterARN: queue("dead"), RawMessageDelivery: true})
	f.publish(t, client.PublishInput{Message: aws.String("x")})
	for len(f.delivered) == 0 {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		err := f.clock.BlockUntilContext(ctx, 1)
		cancel()
		if err == nil {
			f.clock.Advance(22 * time.Second)
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if got := len(f.attempts); got != 1+100_015+1 {
		t.Errorf("%d deliveries", got)
	}
}

// Close ends retries, and afterwards nothing is delivered.
func TestClose(t *testing.T) {
	f := newFixture(t)
	f.fail = func(int, api.Delivery) error { return unavailable }
	fifo := sns.TopicARN("hashed.fifo")
	f.subscribe(t, sns.Subscription{Protocol: "sqs", Endpoint: queue("q")})
	f.subscribe(t, sns.Subscription{TopicARN: fifo, Protocol: "sqs", Endpoint: queue("q.fifo")})
	f.publish(t, client.PublishInput{Message: aws.String("x")})
	for _, message := range strings.Fields("x y z") { // y and z wait for x
		f.publish(t, client.PublishInput{TopicArn: &fifo, Message: &message, MessageGroupId: aws.String("g")})
	}
	if err := f.clock.BlockUntilContext(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	f.Close()
	before := len(f.attempts)
	f.publish(t, client.PublishInput{Message: aws.String("x")})
	f.Close()
	if got := len(f.attempts); got != before || len(f.delivered) > 0 || len(f.dropped) > 0 {
		t.Errorf("%d attempts, then %d", before, got)
	}
}
