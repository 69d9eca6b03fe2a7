package events_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/noidle/noidle/local/events"
)

func contextWithTimeout(t *testing.T) (context.Context, context.CancelFunc) {
	return context.WithTimeout(t.Context(), 50*time.Millisecond)
}

// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
func TestSchedules(t *testing.T) {
	tests := []struct {
		expression string
		want       []string // from Monday, March 2, 2026, 10:30:15 on
	}{
		{"rate(1 minute)", []string{"2026-03-02T10:31:15Z", "2026-03-02T10:32:15Z"}},
		{"rate(5 hours)", []string{"2026-03-02T15:30:15Z", "2026-03-02T20:30:15Z"}},
		{"rate(2 days)", []string{"2026-03-04T10:30:15Z"}},
		{"cron(0 10 * * ? *)", []string{"2026-03-03T10:00:00Z", "2026-03-04T10:00:00Z"}},
		{"cron(15 12 * * ? *)", []string{"2026-03-02T12:15:00Z"}},
		{"cron(0 18 ? * MON-FRI *)", []string{"2026-03-02T18:00:00Z", "2026-03-03T18:00:00Z", "2026-03-04T18:00:00Z", "2026-03-05T18:00:00Z", "2026-03-06T18:00:00Z", "2026-03-09T18:00:00Z"}},
		{"cron(0 8 1 * ? *)", []string{"2026-04-01T08:00:00Z"}},
		{"cron(0/15 * * * ? *)", []string{"2026-03-02T10:45:00Z", "2026-03-02T11:00:00Z"}},
		{"cron(0/10 * ? * MON-FRI *)", []string{"2026-03-02T10:40:00Z"}},
		{"cron(0/5 8-17 ? * MON-FRI *)", []string{"2026-03-02T10:35:00Z"}},
		{"cron(30 10 * * ? *)", []string{"2026-03-03T10:30:00Z"}},
		{"cron(1,3 10,12 * * ? *)", []string{"2026-03-02T12:01:00Z", "2026-03-02T12:03:00Z", "2026-03-03T10:01:00Z"}},
		{"cron(*/20 * * * ? *)", []string{"2026-03-02T10:40:00Z", "2026-03-02T11:00:00Z"}},
		{"cron(0 0 L * ? *)", []string{"2026-03-31T00:00:00Z", "2026-04-30T00:00:00Z"}},
		{"cron(0 0 29 FEB ? *)", []string{"2028-02-29T00:00:00Z"}},
		{"cron(0 0 15W * ? *)", []string{"2026-03-16T00:00:00Z", "2026-04-15T00:00:00Z", "2026-05-15T00:00:00Z", "2026-06-15T00:00:00Z", "2026-07-15T00:00:00Z", "2026-08-14T00:00:00Z"}},
		{"cron(0 0 1W * ? *)", []string{"2026-04-01T00:00:00Z", "2026-05-01T00:00:00Z", "2026-06-01T00:00:00Z", "2026-07-01T00:00:00Z", "2026-08-03T00:00:00Z"}},
		{"cron(0 0 31W MAY ? *)", []string{"2026-05-29T00:00:00Z"}},
		{"cron(0 0 ? * 3#2 *)", []string{"2026-03-10T00:00:00Z", "2026-04-14T00:00:00Z"}},
		{"cron(0 0 ? * FRI#5 *)", []string{"2026-05-29T00:00:00Z"}},
		{"cron(0 0 ? * 6L *)", []string{"2026-03-27T00:00:00Z", "2026-04-24T00:00:00Z"}},
		{"cron(0 0 ? * friL *)", []string{"2026-03-27T00:00:00Z"}},
		{"cron(0 0 ? * L *)", []string{"2026-03-07T00:00:00Z", "2026-03-14T00:00:00Z"}},
		{"cron(0 0 1 1 ? 2027-2028)", []string{"2027-01-01T00:00:00Z", "2028-01-01T00:00:00Z"}},
	}
	for _, test := range tests {
		t.Run(test.expression, func(t *testing.T) {
			f := newFixture(t)
			f.create(t, events.Rule{Name: "r", Schedule: test.expression, Targets: []events.Target{{ID: "1", ARN: queue("q"), InputPath: "$.time"}}})
			var got []string
			for _, want := range test.want {
				if err := f.clock.BlockUntilContext(t.Context(), 1); err != nil {
					t.Fatal(err)
				}
				at, err := time.Parse(time.RFC3339, want)
				if err != nil {
					t.Fatal(err)
				}
				f.clock.Advance(at.Sub(f.clock.Now()))
				var text string
				decodeInto(t, f.next(t).Payload, &text)
				got = append(got, text)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-rule-schedule.html
func TestScheduledEvent(t *testing.T) {
	f := newFixture(t)
	f.create(t, events.Rule{Name: "r", Schedule: "rate(1 minute)", Targets: []events.Target{{ID: "1", ARN: queue("q")}}})
	if err := f.clock.BlockUntilContext(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	f.clock.Advance(time.Minute)
	var got map[string]any
	decodeInto(t, f.next(t).Payload, &got)
	delete(got, "id")
	want := map[string]any{
		"version": "0", "detail-type": "Scheduled Event", "source": "aws.events", "account": "000000000000", "time": "2026-03-02T10:31:15Z",
		"region": "us-east-1", "resources": []any{events.RuleARN("", "r")}, "detail": map[string]any{},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestScheduleThatIsDisabled(t *testing.T) {
	f := newFixture(t)
	f.create(t, events.Rule{Name: "r", Schedule: "rate(1 minute)", State: "DISABLED", Targets: []events.Target{{ID: "1", ARN: queue("q")}}})
	for range 3 {
		if err := f.clock.BlockUntilContext(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		f.clock.Advance(time.Minute)
	}
	f.nothing(t)
}

func TestSchedulesThatAreNotValid(t *testing.T) {
	for _, expression := range []string{
		"rate(0 minutes)", "rate(1 minutes)", "rate(5 minute)", "rate(-1 minutes)", "rate(1 second)", "rate(1.5 hours)", "rate(100000 days)",
		"cron(0 10 * * *)", "cron(0 10 * * * *)", "cron(0 10 ? * ? *)", "cron(60 10 * * ? *)", "cron(0 24 * * ? *)", "cron(0 10 0 * ? *)",
		"cron(0 10 32 * ? *)", "cron(0 10 * 13 ? *)", "cron(0 10 ? * 8 *)", "cron(0 10 * * ? 1969)", "cron(0 10 ? * 3#1,6#3 *)", "cron(0 10 ? * 3#6 *)",
		"cron(0 10 ? * FRIDAY *)", "cron(0/0 10 * * ? *)", "cron(5-1 10 * * ? *)", "cron(a 10 * * ? *)", "cron(0 10 32W * ? *)", "CRON(0 10 * * ? *)",
	} {
		t.Run(expression, func(t *testing.T) {
			f := newFixture(t)
			if err := f.CreateRule(events.Rule{Name: "r", Schedule: expression}); err == nil {
				t.Error("no error")
			}
		})
	}
}
