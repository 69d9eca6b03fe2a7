package trace

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/google/go-cmp/cmp"
)

// events are those of an execution, each a second after the one before.
func events(events ...types.HistoryEvent) []types.HistoryEvent {
	for i := range events {
		events[i].Timestamp = new(time.Unix(int64(i), 0).UTC())
	}
	return events
}

func entered(kind types.HistoryEventType, name string) types.HistoryEvent {
	return types.HistoryEvent{Type: kind, StateEnteredEventDetails: &types.StateEnteredEventDetails{Name: &name}}
}

func of(kind types.HistoryEventType) types.HistoryEvent { return types.HistoryEvent{Type: kind} }

// https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html
func TestHistory(t *testing.T) {
	const (
		task      = types.HistoryEventTypeTaskStateEntered
		scheduled = types.HistoryEventTypeTaskScheduled
		done      = types.HistoryEventTypeTaskSucceeded
		exited    = types.HistoryEventTypeTaskStateExited
	)
	failed := types.HistoryEvent{Type: types.HistoryEventTypeTaskFailed, TaskFailedEventDetails: &types.TaskFailedEventDetails{
		Error: new("Declined"), Cause: new(`{"errorMessage":"no money","errorType":"Declined"}`)}}
	timedOut := types.HistoryEvent{Type: types.HistoryEventTypeTaskTimedOut, TaskTimedOutEventDetails: &types.TaskTimedOutEventDetails{Error: new("States.Timeout")}}
	ended := types.HistoryEvent{Type: types.HistoryEventTypeExecutionFailed, ExecutionFailedEventDetails: &types.ExecutionFailedEventDetails{
		Error: new("Stuck"), Cause: new("see there")}}
	at := func(second int64) time.Time { return time.Unix(second, 0).UTC() }
	tests := []struct {
		name   string
		events []types.HistoryEvent
		want   []Entry
		prints []string
	}{
		{"a step", events(entered(task, "A"), of(scheduled), of(done), of(exited)),
			[]Entry{{At: at(0), Source: "saga", What: "A", Milliseconds: 3000}}, []string{"  [3000 ms]"}},
		{"a step that is tried again", events(entered(task, "A"), of(scheduled), timedOut, of(scheduled), failed, of(scheduled), of(done), of(exited)),
			[]Entry{{At: at(0), Source: "saga", What: "A", Milliseconds: 7000, Retries: 2, Failure: "Declined: no money"}},
			[]string{"  [7000 ms]  RETRIED 2 times after Declined: no money"}},
		{"a step that fails, and then another", events(entered(task, "A"), of(scheduled), failed, of(exited), entered(task, "B"), of(scheduled), of(done), of(exited)),
			[]Entry{{At: at(0), Source: "saga", What: "A", Milliseconds: 3000, Failure: "Declined: no money", Failed: true}, {At: at(4), Source: "saga", What: "B", Milliseconds: 3000}},
			[]string{"  [3000 ms]  FAILED: Declined: no money", "  [3000 ms]"}},
		{"a step under way", events(entered(task, "A"), of(scheduled), timedOut), []Entry{{At: at(0), Source: "saga", What: "A", Failure: "States.Timeout", Failed: true}},
			[]string{"  FAILED: States.Timeout"}},
		{"the end", events(entered(types.HistoryEventTypeSucceedStateEntered, "Compensated"), of(types.HistoryEventTypeExecutionSucceeded)),
			[]Entry{{At: at(1), Source: "saga", What: "ExecutionSucceeded in Compensated"}}, []string{""}},
		{"a bad end", events(ended), []Entry{{At: at(0), Source: "saga", What: "ExecutionFailed", Failure: "Stuck: see there", Failed: true}},
			[]string{"  FAILED: Stuck: see there"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var h history
			for _, e := range tt.events {
				h.add(e)
			}
			if diff := cmp.Diff(tt.want, h.entries); diff != "" {
				t.Errorf("entries (-want +got):\n%s", diff)
			}
			for i, e := range h.entries {
				if got := e.outcome(); got != tt.prints[i] {
					t.Errorf("entry %d prints %q, want %q", i, got, tt.prints[i])
				}
			}
		})
	}
}

// What a filter pattern has in quotes, it finds in lines of JSON.
func TestPattern(t *testing.T) {
	for id, want := range map[string]string{
		"abc":         `"abc"`,
		"a b/ü&<.jpg": `"a b/ü&<.jpg"`,
		`a"b`:         `"a\\\"b"`,
		`a\b`:         `"a\\\\b"`,
	} {
		if got := pattern(id); got != want {
			t.Errorf("the pattern of %s is %s, want %s", id, got, want)
		}
	}
}
