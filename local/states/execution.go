package states

import (
	"cmp"
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/noidle/noidle/local/api"
)

// The statuses of executions
// (https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeExecution.html).
const (
	statusRunning   = "RUNNING"
	statusSucceeded = "SUCCEEDED"
	statusFailed    = "FAILED"
	statusTimedOut  = "TIMED_OUT"
	statusAborted   = "ABORTED"
)

// retention is how long the name of a closed execution cannot be used again
// (https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html).
const retention = 90 * 24 * time.Hour

// expressLimit is the longest that an express state machine may run
// (https://docs.aws.amazon.com/step-functions/latest/dg/choosing-workflow-type.html).
const expressLimit = 5 * 60

// execution is a run of a state machine.
type execution struct {
	service   *Service
	machine   *machine
	arn, name string
	input     payload
	started   time.Time
	cancel    context.CancelCauseFunc
	done      chan struct{}

	mu      sync.Mutex
	status  string
	stopped time.Time
	output  string
	failed  *failure
	events  int64
	history history
}

// start starts an execution. The service is locked.
func (s *Service) start(m *machine, name string, input payload) (*execution, error) {
	if s.ctx.Err() != nil {
		return nil, &api.Error{Code: "ServiceUnavailable", Message: "the local cloud is stopping", Status: 503}
	}
	e := &execution{
		service: s, machine: m, name: cmp.Or(name, uuid.NewString()), input: input,
		started: s.Clock.Now(), status: statusRunning, done: make(chan struct{}),
	}
	e.arn = api.ARN("states", "execution:"+m.Name+":"+e.name)
	timeout := m.definition.TimeoutSeconds
	if m.express() {
		e.arn = api.ARN("states", "express:"+m.Name+":"+e.name+":"+uuid.NewString())
		timeout = min(cmp.Or(timeout, expressLimit), expressLimit)
	} else {
		s.executions[e.arn] = e
		m.executions = append(m.executions, e)
	}
	ctx, cancel := context.WithCancelCause(s.ctx)
	e.cancel = cancel
	limited := s.deadline(ctx, time.Duration(timeout)*time.Second, &failure{name: errorTimeout, status: statusTimedOut})
	t := &thread{execution: e, ctx: limited}
	t.record("ExecutionStarted", &details{Input: input.text, RoleARN: m.RoleARN})
	s.running++
	s.Changed(m.arn, statusRunning)
	s.goroutines.Go(func() {
		output, err := t.run(&m.definition.flow, input)
		limited.stop()
		cancel(nil)
		e.finish(t, output, err)
	})
	return e, nil
}

// finish ends the execution with the output or error of its states.
func (e *execution) finish(t *thread, output payload, err error) {
	status, last := statusSucceeded, &details{Output: output.text}
	f, failed := errors.AsType[*failure](err)
	if failed {
		status, last = cmp.Or(f.status, statusFailed), &details{Error: f.name, Cause: f.cause}
	}
	t.record(closing[status], last)
	e.mu.Lock()
	e.status, e.output, e.failed, e.stopped = status, output.text, f, e.service.Clock.Now()
	if closed := e.history.close(); closed != nil {
		e.failed = &failure{name: errorRuntime, cause: closed.Error()}
	}
	// Only the text is needed from now on.
	e.input.value = nil
	e.mu.Unlock()
	e.service.mu.Lock()
	e.service.running--
	e.service.mu.Unlock()
	e.service.Changed(e.machine.arn, status)
	close(e.done)
}

// closing are the events that end executions.
var closing = map[string]string{
	statusSucceeded: "ExecutionSucceeded",
	statusFailed:    "ExecutionFailed",
	statusTimedOut:  "ExecutionTimedOut",
	statusAborted:   "ExecutionAborted",
}

// record adds an event to the history and the log, and returns its ID. An
// execution whose history is full fails.
func (e *execution) record(previous int64, kind string, d *details) int64 {
	if d != nil {
		if d.Input != "" {
			d.InputDetails = &complete{}
		}
		if d.Output != "" {
			d.OutputDetails = &complete{}
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.machine.express() {
		last := strings.HasPrefix(kind, "Execution")
		if e.events >= historyLimit-1 && !last {
			e.cancel(&failure{name: errorRuntime, cause: "The execution reached the maximum number of history events (25000)."})
			return previous
		}
		e.history.events = append(e.history.events, historyEvent{e.service.Clock.Now(), kind, previous, d})
	}
	e.events++
	e.log(previous, kind, d)
	return e.events
}

func (e *execution) log(previous int64, kind string, d *details) {
	logging := e.machine.Logging
	if e.service.Log == nil || !logging.logged(kind) {
		return
	}
	if !logging.IncludeExecutionData {
		d = d.withoutData()
	}
	line, err := marshal(logLine{
		ID: strconv.FormatInt(e.events, 10), Type: kind, Details: d, PreviousID: strconv.FormatInt(previous, 10),
		Timestamp: strconv.FormatInt(e.service.Clock.Now().UnixMilli(), 10), ExecutionARN: e.arn,
	})
	if err == nil {
		e.service.Log(logging.LogGroup, line)
	}
}

// description is what the API's operations tell of an execution.
type description struct {
	ExecutionARN    string         `json:"executionArn"`
	StateMachineARN string         `json:"stateMachineArn"`
	Name            string         `json:"name"`
	Status          string         `json:"status"`
	StartDate       api.Timestamp  `json:"startDate"`
	StopDate        api.Timestamp  `json:"stopDate,omitzero"`
	Error           string         `json:"error,omitempty"`
	Cause           string         `json:"cause,omitempty"`
	Input           string         `json:"input,omitempty"`
	InputDetails    map[string]any `json:"inputDetails,omitempty"`
	Output          string         `json:"output,omitempty"`
	OutputDetails   map[string]any `json:"outputDetails,omitempty"`
	BillingDetails  map[string]any `json:"billingDetails,omitempty"`
}

func (e *execution) describe() description {
	e.mu.Lock()
	defer e.mu.Unlock()
	d := description{
		ExecutionARN: e.arn, StateMachineARN: e.machine.arn, Name: e.name, Status: e.status,
		StartDate: api.Timestamp{Time: e.started}, StopDate: api.Timestamp{Time: e.stopped},
		Input: e.input.text, InputDetails: answer{"included": true},
	}
	if e.failed != nil {
		d.Error, d.Cause = e.failed.name, e.failed.cause
	}
	if e.status == statusSucceeded {
		d.Output, d.OutputDetails = e.output, answer{"included": true}
	}
	return d
}

// listed is describe without the data, as lists of executions have it.
func (e *execution) listed() description {
	d := e.describe()
	d.Input, d.InputDetails, d.Output, d.OutputDetails, d.Error, d.Cause = "", nil, "", nil, "", ""
	return d
}
