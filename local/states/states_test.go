package states

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jonboulle/clockwork"

	"github.com/noidle/noidle/local/api"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// fixture is a service with a fake clock and a stub of the other services.
type fixture struct {
	*Service
	t     *testing.T
	clock *clockwork.FakeClock

	mu    sync.Mutex
	calls []string
}

// newFixture makes a service whose tasks call call. Nil answers {}.
func newFixture(t testing.TB, call Caller) *fixture {
	f := &fixture{clock: clockwork.NewFakeClockAt(noon)}
	if tt, ok := t.(*testing.T); ok {
		f.t = tt
	}
	f.Service = New(Options{
		Clock:  f.clock,
		Random: rand.New(rand.NewPCG(1, 2)),
		Call: func(c *api.Call, service, operation string, input []byte) ([]byte, error) {
			f.mu.Lock()
			f.calls = append(f.calls, fmt.Sprintf("%s %s %s", service, operation, input))
			f.mu.Unlock()
			if call == nil {
				return []byte(`{}`), nil
			}
			return call(c, service, operation, input)
		},
	})
	t.Cleanup(f.Close)
	return f
}

func (f *fixture) create(name, kind, definition string) {
	f.t.Helper()
	if err := f.CreateStateMachine(StateMachine{Name: name, Type: kind, Definition: []byte(definition), RoleARN: "arn:aws:iam::000000000000:role/machine"}); err != nil {
		f.t.Fatal(err)
	}
}

// start starts an execution of a new standard state machine.
func (f *fixture) start(definition, input string) *execution {
	f.t.Helper()
	f.create("m", typeStandard, definition)
	request, err := json.Marshal(map[string]string{"stateMachineArn": ARN("m"), "input": input, "name": "e"})
	if err != nil {
		f.t.Fatal(err)
	}
	if _, err := f.Operations().Call(admin(), "StartExecution", request); err != nil {
		f.t.Fatal(err)
	}
	f.Service.mu.Lock()
	defer f.Service.mu.Unlock()
	return f.executions[api.ARN("states", "execution:m:e")]
}

// advance waits for n timers and moves the clock.
func (f *fixture) advance(n int, d time.Duration) {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(f.t.Context(), time.Minute)
	defer cancel()
	if err := f.clock.BlockUntilContext(ctx, n); err != nil {
		f.t.Fatalf("no %d timers: %v", n, err)
	}
	f.clock.Advance(d)
}

func admin() *api.Call { return &api.Call{Context: context.Background()} }

// outcome returns how an execution ended: its output, or STATUS error: cause.
func (e *execution) outcome() string {
	<-e.done
	d := e.describe()
	if d.Status == statusSucceeded {
		return d.Output
	}
	return strings.TrimSpace(fmt.Sprintf("%s %s: %s", d.Status, d.Error, d.Cause))
}

// run runs a definition to its end.
func run(t *testing.T, definition, input string, call Caller) string {
	t.Helper()
	return newFixture(t, call).start(definition, input).outcome()
}

// one is a definition of a single state.
func one(state string) string {
	return `{"StartAt":"S","States":{"S":` + state + `}}`
}

// kinds returns the types of an execution's events.
func (e *execution) kinds() []string {
	<-e.done
	events, err := e.history.list()
	if err != nil {
		panic(err)
	}
	var kinds []string
	for _, event := range events {
		kinds = append(kinds, event["type"].(string))
	}
	return kinds
}

func wantEqual(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func answers(output string) Caller {
	return func(*api.Call, string, string, []byte) ([]byte, error) { return []byte(output), nil }
}

func refuses(code, message string) Caller {
	return func(*api.Call, string, string, []byte) ([]byte, error) {
		return nil, &api.Error{Code: code, Message: message}
	}
}
