package workflow

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// booking is a saga of three steps: the second has nothing to undo.
func booking() definition {
	action := func(name string) []Action { return []Action{{Name: name, AlreadyDone: []string{"Written"}}} }
	step := func(name string) task {
		return task{
			Step: Step{
				Name:              name,
				BusinessErrors:    []string{"SoldOut"},
				Timeout:           10 * time.Second,
				Retry:             Retry{}.complete(2),
				CompensationRetry: Retry{}.complete(3),
			},
			functionARN:     "arn:" + name,
			compensationARN: "arn:Undo" + name,
		}
	}
	hotel, letter, flight := step("Hotel"), step("Letter"), step("Flight")
	letter.compensationARN = ""
	hotel.Then = action("RecordHotel")
	return definition{
		partition:          "aws",
		steps:              []task{hotel, letter, flight},
		succeeded:          action("RecordSucceeded"),
		compensated:        action("RecordCompensated"),
		compensationFailed: action("RecordNotCompensated"),
		actionRetry:        Retry{}.complete(1),
		actionTimeout:      time.Second,
	}
}

func TestExecution(t *testing.T) {
	soldOut := &taskError{"SoldOut", "no seat left"}
	crash := &taskError{"Runtime.ExitError", "internal: password is 1234"}
	tooLarge := &taskError{"States.DataLimitExceeded", "the output is too large"}
	tests := []struct {
		name string
		// fails holds how often each task fails, and with what; -1 is always.
		fails  map[string]int
		with   *taskError
		calls  string
		end    string
		step   any // of the failure
		reason any // of the failure
	}{
		{
			name:  "all succeed",
			calls: "Hotel RecordHotel Letter Flight RecordSucceeded",
			end:   "Succeeded",
		},
		{
			name:  "a step succeeds when it is tried again",
			fails: map[string]int{"Flight": 2},
			with:  crash,
			calls: "Hotel RecordHotel Letter Flight Flight Flight RecordSucceeded",
			end:   "Succeeded",
		},
		{
			name:  "a business error is not tried again, and its own step not compensated",
			fails: map[string]int{"Flight": -1},
			with:  soldOut,
			calls: "Hotel RecordHotel Letter Flight CompensateHotel RecordCompensated",
			end:   "Compensated", step: "Flight", reason: "no seat left",
		},
		{
			name:  "a step that keeps failing may have taken effect: compensated from it on, in reverse order",
			fails: map[string]int{"Flight": -1},
			with:  crash,
			calls: "Hotel RecordHotel Letter Flight Flight Flight CompensateFlight CompensateHotel RecordCompensated",
			end:   "Compensated", step: "Flight", reason: "step Flight failed",
		},
		{
			name:  "too large an output is not tried again",
			fails: map[string]int{"Flight": -1},
			with:  tooLarge,
			calls: "Hotel RecordHotel Letter Flight CompensateFlight CompensateHotel RecordCompensated",
			end:   "Compensated", step: "Flight", reason: "step Flight failed",
		},
		{
			name:  "a step without compensation",
			fails: map[string]int{"Letter": -1},
			with:  crash,
			calls: "Hotel RecordHotel Letter Letter Letter CompensateHotel RecordCompensated",
			end:   "Compensated", step: "Letter", reason: "step Letter failed",
		},
		{
			name:  "the first step refuses: nothing to undo",
			fails: map[string]int{"Hotel": -1},
			with:  soldOut,
			calls: "Hotel RecordCompensated",
			end:   "Compensated", step: "Hotel", reason: "no seat left",
		},
		{
			name:  "the first step keeps failing",
			fails: map[string]int{"Hotel": -1},
			with:  crash,
			calls: "Hotel Hotel Hotel CompensateHotel RecordCompensated",
			end:   "Compensated", step: "Hotel", reason: "step Hotel failed",
		},
		{
			name:  "a compensation succeeds when it is tried again",
			fails: map[string]int{"Hotel": -1, "CompensateHotel": 3},
			with:  crash,
			calls: "Hotel Hotel Hotel CompensateHotel CompensateHotel CompensateHotel CompensateHotel RecordCompensated",
			end:   "Compensated", step: "Hotel", reason: "step Hotel failed",
		},
		{
			name:  "a compensation that keeps failing does not keep the others from running",
			fails: map[string]int{"Flight": -1, "CompensateFlight": -1},
			with:  crash,
			calls: "Hotel RecordHotel Letter Flight Flight Flight CompensateFlight CompensateFlight CompensateFlight CompensateFlight CompensateHotel RecordNotCompensated",
			end:   "FailedToCompensate", step: "Flight", reason: "step Flight failed",
		},
		{
			name:  "an action that an earlier attempt has done counts as done",
			fails: map[string]int{"RecordHotel": -1},
			with:  &taskError{"Written", "the condition does not hold"},
			calls: "Hotel RecordHotel Letter Flight RecordSucceeded",
			end:   "Succeeded",
		},
		{
			name:  "an action that keeps failing stops the execution where it can be redriven",
			fails: map[string]int{"RecordHotel": -1},
			with:  crash,
			calls: "Hotel RecordHotel RecordHotel",
			end:   "RecordHotel",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := run(t, booking().compile(), map[string]any{"guest": "Kim"}, func(task string, payload any) (any, *taskError) {
				left, fails := tt.fails[task]
				if !fails || left == 0 {
					return "done by " + task, nil
				}
				tt.fails[task]--
				return nil, tt.with
			})
			if diff := cmp.Diff(strings.Fields(tt.calls), got.Calls); diff != "" {
				t.Errorf("tasks (-want +got):\n%s", diff)
			}
			if got.End != tt.end {
				t.Errorf("the execution ended in %s, want %s", got.End, tt.end)
			}
			failure, _ := got.State["failure"].(map[string]any)
			cause, _ := failure["cause"].(map[string]any)
			if failure["step"] != tt.step || cause["errorMessage"] != tt.reason {
				t.Errorf("failure is %v, want step %v and reason %v", failure, tt.step, tt.reason)
			}
		})
	}
}

func TestStepsSeeInputAndResults(t *testing.T) {
	seen := map[string]any{}
	run(t, booking().compile(), map[string]any{"guest": "Kim"}, func(task string, payload any) (any, *taskError) {
		if p, ok := payload.(map[string]any); ok {
			seen[task] = p["Payload"]
		}
		if task == "Flight" {
			return nil, &taskError{"SoldOut", "no seat left"}
		}
		return map[string]any{"by": task}, nil
	})
	input := map[string]any{"guest": "Kim"}
	hotel := map[string]any{"output": map[string]any{"by": "Hotel"}}
	letter := map[string]any{"output": map[string]any{"by": "Letter"}}
	tests := []struct {
		task string
		want any
	}{
		{"Hotel", map[string]any{"input": input, "results": map[string]any{}}},
		{"Flight", map[string]any{"input": input, "results": map[string]any{"Hotel": hotel, "Letter": letter}}},
		{"CompensateHotel", map[string]any{
			"input":   input,
			"results": map[string]any{"Hotel": hotel, "Letter": letter},
			"failure": map[string]any{
				"step":  "Flight",
				"error": "SoldOut",
				"cause": map[string]any{"errorMessage": "no seat left", "errorType": "SoldOut"},
			},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.task, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, seen[tt.task]); diff != "" {
				t.Errorf("the function's event (-want +got):\n%s", diff)
			}
		})
	}
}

// TestEveryStateIsReachable: no state is left over, and every one leads on.
func TestEveryStateIsReachable(t *testing.T) {
	document := booking().compile()
	reached := map[string]bool{}
	var visit func(string)
	visit = func(name string) {
		if name == "" || reached[name] {
			return
		}
		reached[name] = true
		state, ok := document.States[name]
		if !ok {
			t.Errorf("no state %q", name)
		}
		visit(state.Next)
		visit(state.Default)
		for _, c := range state.Catch {
			visit(c.Next)
		}
		for _, c := range state.Choices {
			visit(c.Next)
		}
	}
	visit(document.StartAt)
	for name := range document.States {
		if !reached[name] {
			t.Errorf("nothing leads to state %s", name)
		}
	}
}

func TestRetryLongest(t *testing.T) {
	tests := []struct {
		name    string
		retry   Retry
		timeout time.Duration
		want    time.Duration
	}{
		{"once", Retry{MaxAttempts: 1, Interval: time.Second, MaxDelay: time.Minute}, 10 * time.Second, 21 * time.Second},
		{"pauses double", Retry{MaxAttempts: 3, Interval: time.Second, MaxDelay: time.Minute}, 0, 7 * time.Second},
		{"up to the longest", Retry{MaxAttempts: 4, Interval: time.Second, MaxDelay: 2 * time.Second}, 0, 7 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.retry.longest(tt.timeout); got != tt.want {
				t.Errorf("longest is %v, want %v", got, tt.want)
			}
		})
	}
}
