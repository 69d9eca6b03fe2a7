package events_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/noidle/noidle/local/api"
	"github.com/noidle/noidle/local/events"
)

// advance lets the clock run until a delivery or drop ends the retries, and
// returns how long that took.
func (f *fixture) advance(t *testing.T) time.Duration {
	t.Helper()
	begin := f.clock.Now()
	for len(f.delivered) == 0 && len(f.dropped) == 0 {
		ctx, cancel := contextWithTimeout(t)
		err := f.clock.BlockUntilContext(ctx, 1)
		cancel()
		if err == nil {
			f.clock.Advance(time.Second)
		}
	}
	return f.clock.Since(begin)
}

// Failures on the server's side are retried; others go to the dead-letter queue
// at once, with attributes that say why
// (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-event-delivery.html,
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html).
func TestDeadLetters(t *testing.T) {
	throttled := &api.Error{Code: "ThrottlingException", Message: "slow down"}
	tests := []struct {
		name     string
		err      error
		attempts *int
		age      time.Duration
		want     map[string]string
		tried    int // 0 means several times
	}{
		{
			name:  "missing permission",
			err:   &api.Error{Code: "AccessDeniedException", Message: "not authorized", Status: 403},
			want:  map[string]string{"ERROR_CODE": "NO_PERMISSIONS", "ERROR_MESSAGE": "not authorized", "RETRY_ATTEMPTS": "0"},
			tried: 1,
		},
		{
			name:  "queue that is gone",
			err:   &api.Error{Code: "QueueDoesNotExist", Message: "gone"},
			want:  map[string]string{"ERROR_CODE": "NO_RESOURCE", "ERROR_MESSAGE": "gone", "RETRY_ATTEMPTS": "0"},
			tried: 1,
		},
		{
			name:  "function that is gone",
			err:   &api.Error{Code: "ResourceNotFoundException", Message: "gone", Status: 404},
			want:  map[string]string{"ERROR_CODE": "NO_RESOURCE", "ERROR_MESSAGE": "gone", "RETRY_ATTEMPTS": "0"},
			tried: 1,
		},
		{
			name:  "invalid message",
			err:   &api.Error{Code: "InvalidParameterValue", Message: "bad"},
			want:  map[string]string{"ERROR_CODE": "SDK_CLIENT_ERROR", "ERROR_MESSAGE": "bad", "RETRY_ATTEMPTS": "0"},
			tried: 1,
		},
		{
			name:     "throttling until the attempts are exhausted",
			err:      throttled,
			attempts: new(3),
			want:     map[string]string{"ERROR_CODE": "THROTTLING", "ERROR_MESSAGE": "slow down", "RETRY_ATTEMPTS": "3", "EXHAUSTED_RETRY_CONDITION": "MaximumRetryAttempts"},
			tried:    4,
		},
		{
			name:     "no attempts",
			err:      throttled,
			attempts: new(0),
			want:     map[string]string{"ERROR_CODE": "THROTTLING", "ERROR_MESSAGE": "slow down", "RETRY_ATTEMPTS": "0", "EXHAUSTED_RETRY_CONDITION": "MaximumRetryAttempts"},
			tried:    1,
		},
		{
			name:  "failures until the event is too old",
			err:   &api.Error{Code: "InternalFailure", Message: "oops", Status: 500},
			age:   5 * time.Second,
			want:  map[string]string{"ERROR_CODE": "ERROR_FROM_TARGET", "ERROR_MESSAGE": "oops", "RETRY_ATTEMPTS": "2", "EXHAUSTED_RETRY_CONDITION": "MaximumEventAgeInSeconds"},
			tried: 3,
		},
		{
			name:     "other errors are the target's",
			err:      errors.New("connection refused"),
			attempts: new(1),
			want:     map[string]string{"ERROR_CODE": "ERROR_FROM_TARGET", "ERROR_MESSAGE": "connection refused", "RETRY_ATTEMPTS": "1", "EXHAUSTED_RETRY_CONDITION": "MaximumRetryAttempts"},
			tried:    2,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := newFixture(t)
			f.fail = func(_ int, delivery api.Delivery) error {
				if delivery.Target == queue("dead") {
					return nil
				}
				return test.err
			}
			f.create(t, events.Rule{Name: "r", Pattern: everything, Targets: []events.Target{{
				ID: "1", ARN: queue("q"), Input: "{}", DeadLetterARN: queue("dead"), MaximumEventAge: test.age, MaximumRetryAttempts: test.attempts,
				Role: &api.Principal{},
			}}})
			id := f.put(t, "{}")
			f.advance(t)
			dead := f.next(t)
			got := map[string]string{}
			for name, attribute := range dead.Attributes {
				if attribute.DataType != "String" {
					t.Errorf("%s is a %s", name, attribute.DataType)
				}
				got[name] = attribute.StringValue
			}
			test.want["RULE_ARN"], test.want["TARGET_ARN"] = events.RuleARN("", "r"), queue("q")
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
			if dead.Role != nil {
				t.Error("the service itself sends to the dead-letter queue")
			}
			var event struct{ ID string }
			if decodeInto(t, dead.Payload, &event); event.ID != id {
				t.Errorf("payload %s", dead.Payload)
			}
			f.mu.Lock()
			defer f.mu.Unlock()
			if got := f.attempts - 1; got != test.tried {
				t.Errorf("tried %d times, want %d", got, test.tried)
			}
		})
	}
}

// By default EventBridge retries for 24 hours and up to 185 times
// (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-event-delivery.html).
func TestDefaultRetryPolicy(t *testing.T) {
	f := newFixture(t)
	f.fail = func(int, api.Delivery) error {
		return &api.Error{Code: "ServiceUnavailable", Message: "down", Status: 503}
	}
	f.create(t, events.Rule{Name: "r", Pattern: everything, Targets: []events.Target{{ID: "1", ARN: queue("q")}}})
	f.put(t, "{}")
	took := f.advance(t)
	if diff := cmp.Diff(queue("q")+": ServiceUnavailable: down", <-f.dropped); diff != "" {
		t.Error(diff)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.attempts != 186 || took < 20*time.Hour || took > 24*time.Hour {
		t.Errorf("tried %d times in %s", f.attempts, took)
	}
}

func TestRetrySucceeds(t *testing.T) {
	f := newFixture(t)
	f.fail = func(attempt int, _ api.Delivery) error {
		if attempt < 4 {
			return &api.Error{Code: "TooManyRequestsException", Message: "wait", Status: 429}
		}
		return nil
	}
	f.create(t, events.Rule{Name: "r", Pattern: everything, Targets: []events.Target{{ID: "1", ARN: queue("q"), Input: `"x"`, DeadLetterARN: queue("dead")}}})
	f.put(t, "{}")
	// 1, 2 and 4 seconds at most, and half of them at least, in steps of one.
	if took := f.advance(t); took < 3*time.Second || took > 10*time.Second {
		t.Errorf("took %s", took)
	}
	if got := f.next(t); got.Target != queue("q") || string(got.Payload) != `"x"` {
		t.Errorf("got %+v", got)
	}
}

// An event that the dead-letter queue does not take is dropped.
func TestDeadLetterQueueFails(t *testing.T) {
	f := newFixture(t)
	f.fail = func(_ int, delivery api.Delivery) error { return &api.Error{Code: "AccessDenied", Message: "no"} }
	f.create(t, events.Rule{Name: "r", Pattern: everything, Targets: []events.Target{{ID: "1", ARN: queue("q"), DeadLetterARN: queue("dead")}}})
	f.put(t, "{}")
	if diff := cmp.Diff(queue("dead")+": AccessDenied: no", <-f.dropped); diff != "" {
		t.Error(diff)
	}
}

// Close ends retries, and afterwards nothing is delivered.
func TestClose(t *testing.T) {
	f := newFixture(t)
	f.fail = func(int, api.Delivery) error {
		return &api.Error{Code: "InternalFailure", Message: "oops", Status: 500}
	}
	f.create(t, events.Rule{Name: "r", Pattern: everything, Targets: []events.Target{{ID: "1", ARN: queue("q")}}})
	f.create(t, events.Rule{Name: "daily", Schedule: "rate(1 day)", Targets: []events.Target{{ID: "1", ARN: queue("q")}}})
	f.put(t, "{}")
	if err := f.clock.BlockUntilContext(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	f.Close()
	f.put(t, "{}")
	f.Close()
	if f.attempts != 1 {
		t.Errorf("%d attempts", f.attempts)
	}
}
