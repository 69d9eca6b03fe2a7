package states

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/noidle/noidle/local/api"
)

// https://docs.aws.amazon.com/step-functions/latest/dg/state-wait.html
func TestWait(t *testing.T) {
	tests := []struct {
		name, fields, want string
		delay              time.Duration
	}{
		{"seconds", `"Seconds":10`, `{"s":20,"t":"2026-03-01T12:00:30Z","past":"2020-01-01T00:00:00Z","bad":-1}`, 10 * time.Second},
		{"seconds path", `"SecondsPath":"$.s","OutputPath":"$.s"`, `20`, 20 * time.Second},
		{"timestamp", `"Timestamp":"2026-03-01T13:00:00+01:00","OutputPath":"$.s"`, `20`, 0},
		{"timestamp path", `"TimestampPath":"$.t","OutputPath":"$.s"`, `20`, 30 * time.Second},
		{"in the past", `"TimestampPath":"$.past","OutputPath":"$.s"`, `20`, 0},
		{"no seconds", `"SecondsPath":"$.bad"`, "FAILED States.Runtime: An error occurred while executing the state 'S' (entered at the event id #2). The path '$.bad' must select an integer from 0 to 99999999, but selects -1", 0},
		{"no timestamp", `"TimestampPath":"$.s"`, "FAILED States.Runtime: An error occurred while executing the state 'S' (entered at the event id #2). The TimestampPath '$.s' must select a timestamp, but selects 20", 0},
		{"no such path", `"SecondsPath":"$.no"`, "FAILED States.Runtime: An error occurred while executing the state 'S' (entered at the event id #2). Invalid path '$.no': No results for path: $.no", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t, nil)
			e := f.start(one(`{"Type":"Wait","End":true,`+tt.fields+`}`), tests[0].want)
			if tt.delay > 0 {
				f.advance(1, tt.delay-time.Nanosecond)
				select {
				case <-e.done:
					t.Error("ended early")
				default:
				}
				f.advance(1, time.Nanosecond)
			}
			wantEqual(t, "outcome", e.outcome(), tt.want)
		})
	}
}

// failing is a caller that fails with each error in turn, then answers {}.
func failing(errors ...string) Caller {
	var n atomic.Int32
	return func(*api.Call, string, string, []byte) ([]byte, error) {
		if i := int(n.Add(1)) - 1; i < len(errors) {
			return fmt.Appendf(nil, `{"FunctionError":"Unhandled","Payload":{"errorType":%q}}`, errors[i]), nil
		}
		return []byte(`{"Payload":"ok"}`), nil
	}
}

func invoke(fields string) string {
	return one(`{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","End":true,"Parameters":{"n.$":"$$.State.RetryCount"},"OutputPath":"$.Payload",` + fields + `}`)
}

// https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html#error-handling-retrying-after-an-error
func TestRetry(t *testing.T) {
	tests := []struct {
		name, retry string
		errors      []string
		delays      []time.Duration
		want        string
	}{
		{"defaults", `{"ErrorEquals":["A"]}`, []string{"A", "A", "A", "A"}, []time.Duration{1, 2, 4}, `FAILED A: {"errorType":"A"}`},
		{"success in the end", `{"ErrorEquals":["A"],"IntervalSeconds":3,"BackoffRate":1}`, []string{"A", "A"}, []time.Duration{3, 3}, `"ok"`},
		{"no attempts", `{"ErrorEquals":["A"],"MaxAttempts":0},{"ErrorEquals":["States.ALL"]}`, []string{"A"}, nil, `FAILED A: {"errorType":"A"}`},
		{"longest delay", `{"ErrorEquals":["A"],"IntervalSeconds":2,"BackoffRate":3,"MaxDelaySeconds":5,"MaxAttempts":4}`, []string{"A", "A", "A", "A"}, []time.Duration{2, 5, 5, 5}, `"ok"`},
		// The example of the documentation: each retrier counts for itself.
		{"counters", `{"ErrorEquals":["A","B"],"IntervalSeconds":1,"BackoffRate":2,"MaxAttempts":2},{"ErrorEquals":["C"],"IntervalSeconds":5}`,
			[]string{"A", "B", "C", "B"}, []time.Duration{1, 2, 5}, `FAILED B: {"errorType":"B"}`},
		{"all", `{"ErrorEquals":["States.ALL"]}`, []string{"X"}, []time.Duration{1}, `"ok"`},
		{"task failed", `{"ErrorEquals":["States.TaskFailed"]}`, []string{"X"}, []time.Duration{1}, `"ok"`},
		{"another error", `{"ErrorEquals":["States.Timeout"]}`, []string{"X"}, nil, `FAILED X: {"errorType":"X"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t, failing(tt.errors...))
			e := f.start(invoke(`"Retry":[`+tt.retry+`]`), `{}`)
			for i, delay := range tt.delays {
				f.advance(1, delay*time.Second-time.Millisecond)
				wantEqual(t, "calls before a retry", len(f.calls), i+1)
				f.advance(1, time.Millisecond)
			}
			wantEqual(t, "outcome", e.outcome(), tt.want)
			for i, call := range f.calls {
				wantEqual(t, "call", call, fmt.Sprintf(`lambda Invoke {"n":%d}`, i))
			}
		})
	}
}

// The counters start again when the state is left and entered again.
func TestRetryCountersReset(t *testing.T) {
	f := newFixture(t, failing("A", "A", "A"))
	e := f.start(`{"StartAt":"S","States":{"S":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Next":"Done","Parameters":{},
		"Retry":[{"ErrorEquals":["A"],"MaxAttempts":1}],"Catch":[{"ErrorEquals":["A"],"Next":"S"}]},"Done":{"Type":"Succeed"}}}`, `{}`)
	f.advance(1, time.Second)
	f.advance(1, time.Second)
	wantEqual(t, "outcome", e.outcome(), `{"Payload":"ok"}`)
}

// https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html: JitterStrategy
func TestRetryDelay(t *testing.T) {
	r := retrier{IntervalSeconds: 2, BackoffRate: 2, MaxDelaySeconds: 30, JitterStrategy: "FULL"}
	random := rand.New(rand.NewPCG(1, 1))
	for n, longest := range []time.Duration{2, 4, 8, 16, 30, 30} {
		seen := map[time.Duration]bool{}
		for range 100 {
			delay := r.delay(n, random.Float64)
			if delay < 0 || delay > longest*time.Second {
				t.Errorf("delay %v of retry %d is not from 0 to %v", delay, n, longest*time.Second)
			}
			seen[delay] = true
		}
		if len(seen) < 50 {
			t.Errorf("retry %d has only %d delays", n, len(seen))
		}
	}
	r.JitterStrategy = "NONE"
	wantEqual(t, "delay after many retries", r.delay(5000, nil), 30*time.Second)
}

// https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html#error-handling-fallback-states
func TestCatch(t *testing.T) {
	tests := []struct{ name, state, want string }{
		{"error output", `"Catch":[{"ErrorEquals":["Other"],"Next":"X"},{"ErrorEquals":["E"],"Next":"T"}]`, `{"Cause":"{\"errorType\":\"E\"}","Error":"E"}`},
		{"result path", `"Catch":[{"ErrorEquals":["States.ALL"],"ResultPath":"$.error","Next":"T"}]`, `{"error":{"Cause":"{\"errorType\":\"E\"}","Error":"E"},"in":1}`},
		{"discarded", `"Catch":[{"ErrorEquals":["States.TaskFailed"],"ResultPath":null,"Next":"T"}]`, `{"in":1}`},
		{"not caught", `"Catch":[{"ErrorEquals":["e"],"Next":"T"}]`, `FAILED E: {"errorType":"E"}`},
		{"result path that does not fit", `"Catch":[{"ErrorEquals":["E"],"ResultPath":"$.in.x","Next":"T"}]`,
			`FAILED States.ResultPathMatchFailure: An error occurred while executing the state 'S' (entered at the event id #2). Unable to apply step "$.in.x" to input '{"in":1}'`},
		{"runtime errors are never caught", `"InputPath":"$.no","Catch":[{"ErrorEquals":["States.Runtime"],"Next":"X"},{"ErrorEquals":["States.ALL"],"Next":"T"}]`,
			"FAILED States.Runtime: An error occurred while executing the state 'S' (entered at the event id #2). Invalid path '$.no': No results for path: $.no"},
		{"parameters", `"Parameters":{"a.$":"$.no"},"Catch":[{"ErrorEquals":["States.ParameterPathFailure"],"ResultPath":null,"Next":"T"}]`, `{"in":1}`},
		{"intrinsic", `"Parameters":{"a.$":"States.StringToJson('')"},"Catch":[{"ErrorEquals":["States.IntrinsicFailure"],"ResultPath":null,"Next":"T"}]`, `{"in":1}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			definition := `{"StartAt":"S","States":{"S":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Next":"X",` + tt.state + `},
				"T":{"Type":"Pass","End":true},"X":{"Type":"Fail","Error":"X"}}}`
			wantEqual(t, "outcome", run(t, definition, `{"in":1}`, failing("E")), tt.want)
		})
	}
}

// https://docs.aws.amazon.com/step-functions/latest/dg/state-parallel.html
func TestParallel(t *testing.T) {
	branches := `"Branches":[{"StartAt":"A","States":{"A":{"Type":"Pass","Parameters":{"a.$":"$.n"},"End":true}}},{"StartAt":"B","States":{"B":{"Type":"Pass","Result":"b","End":true}}}]`
	bad := `"Branches":[{"StartAt":"A","States":{"A":{"Type":"Fail","Error":"E","Cause":"c"}}},{"StartAt":"B","States":{"B":{"Type":"Wait","Seconds":1000,"End":true}}}]`
	tests := []struct{ name, state, want string }{
		{"outputs", `{"Type":"Parallel","End":true,` + branches + `}`, `[{"a":1},"b"]`},
		{"all fields", `{"Type":"Parallel","End":true,"InputPath":"$.o","Parameters":{"n.$":"$.n"},"ResultSelector":{"r.$":"$[1]"},"ResultPath":"$.p","OutputPath":"$.p.r",` + branches + `}`, `"b"`},
		{"failure", `{"Type":"Parallel","End":true,` + bad + `}`, "FAILED E: c"},
		{"caught by name", `{"Type":"Parallel","Catch":[{"ErrorEquals":["E"],"Next":"T"}],"End":true,` + bad + `},"T":{"Type":"Pass","End":true}`, `{"Cause":"c","Error":"E"}`},
		{"caught as a branch", `{"Type":"Parallel","Catch":[{"ErrorEquals":["States.BranchFailed"],"ResultPath":null,"Next":"T"}],"End":true,` + bad + `},"T":{"Type":"Pass","Result":1,"End":true}`, `1`},
		{"runtime error in a branch", `{"Type":"Parallel","Catch":[{"ErrorEquals":["States.ALL"],"Next":"T"}],"End":true,"Branches":[{"StartAt":"A","States":{"A":{"Type":"Pass","InputPath":"$.x","End":true}}}]},"T":{"Type":"Pass","End":true}`,
			"FAILED States.Runtime: An error occurred while executing the state 'A' (entered at the event id #4). Invalid path '$.x': No results for path: $.x"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			wantEqual(t, "outcome", run(t, one(tt.state), `{"n":1,"o":{"n":2}}`, nil), tt.want)
		})
	}
}

// https://docs.aws.amazon.com/step-functions/latest/dg/state-map-inline.html
func TestMap(t *testing.T) {
	pass := `{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}`
	index := `{"StartAt":"P","States":{"P":{"Type":"Pass","Parameters":{"i.$":"$$.Map.Item.Index","v.$":"$$.Map.Item.Value","in.$":"$"},"End":true}}}`
	tests := []struct{ name, fields, want string }{
		{"items path", `"ItemsPath":"$.l","ItemProcessor":` + pass, `[1,2,3]`},
		{"inline mode", `"ItemsPath":"$.l","ItemProcessor":{"ProcessorConfig":{"Mode":"INLINE"},` + pass[1:], `[1,2,3]`},
		{"iterator", `"InputPath":"$.l","Iterator":` + pass, `[1,2,3]`},
		{"empty", `"InputPath":"$.none","Iterator":` + pass, `[]`},
		{"one at a time", `"ItemsPath":"$.l","MaxConcurrency":1,"ItemProcessor":` + pass, `[1,2,3]`},
		{"concurrency path", `"ItemsPath":"$.l","MaxConcurrencyPath":"$.n","ItemProcessor":` + pass, `[1,2,3]`},
		{"selector", `"ItemsPath":"$.l","ItemSelector":{"i.$":"$$.Map.Item.Index","v.$":"$$.Map.Item.Value","n.$":"$.n"},"ItemProcessor":` + pass + `,"OutputPath":"$[2]"`, `{"i":2,"n":5,"v":3}`},
		{"parameters", `"ItemsPath":"$.l","Parameters":{"v.$":"$$.Map.Item.Value"},"Iterator":` + pass + `,"OutputPath":"$[0]"`, `{"v":1}`},
		{"context in the iteration", `"ItemsPath":"$.l","ItemProcessor":` + index + `,"OutputPath":"$[1]"`, `{"i":1,"in":2,"v":2}`},
		{"result", `"ItemsPath":"$.l","ItemProcessor":` + pass + `,"ResultSelector":{"all.$":"$"},"ResultPath":"$.r","OutputPath":"$.r"`, `{"all":[1,2,3]}`},
		{"no array", `"ItemsPath":"$.n","ItemProcessor":` + pass, `FAILED States.Runtime: An error occurred while executing the state 'S' (entered at the event id #2). Reference path "$.n" must point to array.`},
		{"failure", `"ItemsPath":"$.l","ItemProcessor":{"StartAt":"P","States":{"P":{"Type":"Fail","Error":"E","Cause":"c"}}}`, "FAILED E: c"},
		{"failure of the selector", `"ItemsPath":"$.l","MaxConcurrency":1,"ItemSelector":{"x.$":"$.no"},"ItemProcessor":` + pass,
			`FAILED States.ParameterPathFailure: An error occurred while executing the state 'S' (entered at the event id #2). The JSONPath '$.no' specified for the field 'x.$' could not be found in the input '{"l":[1,2,3],"n":5,"none":[]}'`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			wantEqual(t, "outcome", run(t, one(`{"Type":"Map","End":true,`+tt.fields+`}`), `{"l":[1,2,3],"n":5,"none":[]}`, nil), tt.want)
		})
	}
}

// https://docs.aws.amazon.com/step-functions/latest/dg/state-map-inline.html: MaxConcurrency, and 40 at most
func TestMapConcurrency(t *testing.T) {
	tests := []struct{ limit, want int }{{3, 3}, {0, 40}, {100, 40}}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.limit), func(t *testing.T) {
			var mu sync.Mutex
			running, most := 0, 0
			full, release := make(chan struct{}), make(chan struct{})
			caller := func(*api.Call, string, string, []byte) ([]byte, error) {
				mu.Lock()
				running++
				most = max(most, running)
				if running == tt.want {
					close(full)
				}
				mu.Unlock()
				<-release
				return []byte(`{}`), nil
			}
			f := newFixture(t, caller)
			items := "[" + strings.TrimSuffix(strings.Repeat("{},", 100), ",") + "]"
			e := f.start(one(fmt.Sprintf(`{"Type":"Map","End":true,"MaxConcurrency":%d,"ResultSelector":{},"ItemProcessor":{"StartAt":"P","States":{"P":{"Type":"Task","Resource":"arn:aws:states:::sqs:sendMessage","End":true}}}}`, tt.limit)), items)
			<-full
			mu.Lock()
			running = -1000
			mu.Unlock()
			close(release)
			wantEqual(t, "outcome", e.outcome(), `{}`)
			wantEqual(t, "most at once", most, tt.want)
		})
	}
}

// https://docs.aws.amazon.com/step-functions/latest/dg/statemachine-structure.html: TimeoutSeconds
func TestExecutionTimeout(t *testing.T) {
	f := newFixture(t, nil)
	e := f.start(`{"TimeoutSeconds":60,"StartAt":"S","States":{"S":{"Type":"Wait","Seconds":100,"End":true}}}`, `{}`)
	f.advance(2, time.Minute)
	wantEqual(t, "outcome", e.outcome(), "TIMED_OUT States.Timeout:")
	wantEqual(t, "events", e.kinds(), []string{"ExecutionStarted", "WaitStateEntered", "WaitStateAborted", "ExecutionTimedOut"})
}

func TestClose(t *testing.T) {
	f := newFixture(t, func(call *api.Call, _, _ string, _ []byte) ([]byte, error) {
		<-call.Done()
		return nil, call.Err()
	})
	e := f.start(one(`{"Type":"Parallel","End":true,"Branches":[{"StartAt":"A","States":{"A":{"Type":"Wait","Seconds":10,"End":true}}},{"StartAt":"B","States":{"B":{"Type":"Task","Resource":"arn:aws:states:::sqs:sendMessage","Retry":[{"ErrorEquals":["States.ALL"]}],"End":true}}}]}`), `{}`)
	wantEqual(t, "running", f.Running(), 1)
	f.Close()
	wantEqual(t, "running after Close", f.Running(), 0)
	wantEqual(t, "outcome", e.outcome(), "ABORTED : The local cloud was stopped.")
	if _, err := f.Operations().Call(admin(), "StartExecution", []byte(`{"stateMachineArn":"`+ARN("m")+`"}`)); err == nil {
		t.Error("started after Close")
	}
}
