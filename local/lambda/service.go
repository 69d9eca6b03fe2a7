package lambda

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jonboulle/clockwork"

	"github.com/noidle/noidle/local/api"
)

// Fault is what is made to go wrong in an invocation.
type Fault int

// The faults of an invocation. What Lambda reports of each is what it reports
// of a process that exits or takes too long.
const (
	NoFault     Fault = iota
	CrashBefore       // the process ends before it gets the event
	CrashAfter        // the process ends after it has handled the event
	Timeout           // the time is over after the event was handled
)

// Options are what a Service needs of its surroundings.
type Options struct {
	// Clock tells the time for retries and logs. The functions themselves run in
	// real time.
	Clock clockwork.Clock
	// Random varies the waits between retries.
	Random *rand.Rand
	// Log takes what functions print, line by line.
	Log func(group, stream string, line []byte)
	// Deliver delivers to a destination or dead-letter queue.
	Deliver func(ctx context.Context, delivery api.Delivery) error
	// Fault says what goes wrong in the next invocation of a function. Nil means
	// nothing.
	Fault func(function string) Fault
	// Report is told of events that are lost for want of a destination.
	Report func(message string)
	// Invoked is told of each invocation that the log tells of, and Throttled of each
	// that there is no concurrency for. Nil means nobody.
	Invoked   func(function string, duration time.Duration, failed bool)
	Throttled func(function string)
}

// Configuration is a function as it is created.
type Configuration struct {
	Function
	// Role is what the function may do.
	Role *api.Principal
	// Runtime is the function's runtime, such as provided.al2023.
	Runtime string
	// ReservedConcurrency is how many events the function handles at once. Nil
	// means what the account has left.
	ReservedConcurrency *int
	// Async is how asynchronous events are handled.
	Async Async
}

// Service is AWS Lambda. It is safe for concurrent use.
type Service struct {
	options Options
	starts  starts
	shared  *concurrency
	ctx     context.Context
	cancel  context.CancelFunc
	running atomic.Int64
	pending atomic.Int64 // asynchronous events that are not done
	work    sync.WaitGroup

	mu        sync.Mutex
	functions map[string]*function
	closed    bool
}

type function struct {
	Configuration
	pool        *pool
	concurrency *concurrency
}

// New returns a Service without functions.
func New(options Options) *Service {
	ctx, cancel := context.WithCancel(context.Background())
	if options.Invoked == nil {
		options.Invoked = func(string, time.Duration, bool) {}
	}
	if options.Throttled == nil {
		options.Throttled = func(string) {}
	}
	return &Service{
		options:   options,
		starts:    newStarts(),
		shared:    &concurrency{limit: accountConcurrency, reason: "ConcurrentInvocationLimitExceeded"},
		ctx:       ctx,
		cancel:    cancel,
		functions: map[string]*function{},
	}
}

// CreateFunction adds a function. Its first process starts with its first event.
func (s *Service) CreateFunction(c Configuration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.functions[c.Name]; ok {
		return fmt.Errorf("lambda: function %q exists already", c.Name)
	}
	f := &function{Configuration: c, concurrency: s.shared}
	if c.ReservedConcurrency != nil {
		f.concurrency = &concurrency{limit: *c.ReservedConcurrency, reason: "ReservedFunctionConcurrentInvocationLimitExceeded"}
		s.shared.limit -= *c.ReservedConcurrency
	}
	f.pool = newPool(s.starts, func() (*Sandbox, error) { return s.start(f) })
	s.functions[c.Name] = f
	return nil
}

// ConfigureAsync sets how a function's asynchronous events are handled.
func (s *Service) ConfigureAsync(name string, async Async) error {
	f, err := s.function(name)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	async.DeadLetter = f.Async.DeadLetter
	f.Async = async
	return nil
}

// Close ends all processes and waits until they are gone.
func (s *Service) Close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.cancel()
	for _, f := range s.functions {
		f.pool.close()
	}
	s.work.Wait()
}

// Running is how many invocations are under way.
func (s *Service) Running() int { return int(s.running.Load()) }

// Pending is how many asynchronous events are neither handled nor given up.
func (s *Service) Pending() int { return int(s.pending.Load()) }

// Processes are the IDs of the functions' processes.
func (s *Service) Processes() []int {
	s.mu.Lock()
	defer s.mu.Unlock()
	var pids []int
	for _, f := range s.functions {
		pids = append(pids, f.pool.pids()...)
	}
	return pids
}

// function finds a function by its name, its ARN, or either with a version.
func (s *Service) function(name string) (*function, error) {
	short, _ := ParseName(name)
	s.mu.Lock()
	defer s.mu.Unlock()
	f, ok := s.functions[short]
	if !ok {
		return nil, &api.Error{
			Code:    "ResourceNotFoundException",
			Message: "Function not found: " + Function{Name: short}.ARN(),
			Status:  http.StatusNotFound,
			Members: map[string]any{"Type": "User"},
		}
	}
	return f, nil
}

func (s *Service) names() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.functions))
}

// The limits of a payload
// (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html).
const (
	maxPayload      = 6 << 20
	maxAsyncPayload = 1 << 20
)

// Invoke invokes a function and returns what it answers. The error is a
// [FunctionError] if the function failed, and an [api.Error] if it was not
// invoked: for want of permission (lambda:InvokeFunction) or of concurrency.
// The function goes on if the caller stops waiting.
func (s *Service) Invoke(call *api.Call, name string, payload []byte) ([]byte, error) {
	f, err := s.admit(call, name, payload, maxPayload, nil)
	if err != nil {
		return nil, err
	}
	type answer struct {
		payload []byte
		err     error
	}
	answers := make(chan answer, 1)
	done := func(payload []byte, err error) { answers <- answer{payload, err} }
	if err := s.dispatch(f, call.RequestID, payload, nil, done); err != nil {
		return nil, err
	}
	select {
	case a := <-answers:
		return a.payload, a.err
	case <-call.Done():
		return nil, call.Err()
	}
}

// dispatch invokes a function that has concurrency for it, and tells done of the
// answer.
func (s *Service) dispatch(f *function, requestID string, payload []byte, open opener, done func(payload []byte, err error)) error {
	if err := s.enter(f); err != nil {
		return err
	}
	if !s.run(func() {
		defer f.concurrency.leave()
		done(s.attempt(f, requestID, payload, open))
	}) {
		f.concurrency.leave()
		return errClosed
	}
	return nil
}

// enter takes a place in a function's concurrency, or says that there is none.
func (s *Service) enter(f *function) error {
	err := f.concurrency.enter()
	if err != nil {
		s.options.Throttled(f.Name)
	}
	return err
}

// run does work that Close waits for, unless the service is closed.
func (s *Service) run(work func()) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.running.Add(1)
	s.work.Go(func() {
		defer s.running.Add(-1)
		work()
	})
	return true
}

func (s *Service) admit(call *api.Call, name string, payload []byte, limit int, keys api.Keys) (*function, error) {
	f, err := s.function(name)
	if err != nil {
		return nil, err
	}
	_, qualifier := ParseName(name)
	if err := call.Authorize("lambda:InvokeFunction", f.QualifiedARN(qualifier), keys); err != nil {
		return nil, err
	}
	if len(payload) > limit {
		return nil, &api.Error{
			Code:    "RequestTooLargeException",
			Message: fmt.Sprintf("Request must be smaller than %d bytes for the InvokeFunction operation", limit),
			Status:  http.StatusRequestEntityTooLarge,
		}
	}
	if !json.Valid(payload) {
		return nil, &api.Error{Code: "InvalidRequestContentException", Message: "Could not parse request body into json: the payload is not JSON"}
	}
	return f, nil
}

// attempt runs one invocation in a sandbox.
func (s *Service) attempt(f *function, requestID string, payload []byte, open opener) ([]byte, error) {
	fault := NoFault
	if s.options.Fault != nil {
		fault = s.options.Fault(f.Name)
	}
	for {
		sandbox, cold, err := f.pool.acquire(s.ctx)
		if err != nil {
			if failure, ok := errors.AsType[*FunctionError](err); ok {
				s.options.Invoked(f.Name, 0, true)
				s.options.Log(f.logGroup(), "local", fmt.Appendf(nil, "RequestId: %s Error: %s: %s", requestID, failure.Type, failure.Message))
			}
			return nil, err
		}
		if sandbox.ended() && !cold { // It ended after its last event.
			f.pool.discard(sandbox)
			continue
		}
		response, taken, err := s.runIn(sandbox, cold, fault, requestID, payload, open)
		if sandbox.ended() {
			f.pool.discard(sandbox)
		} else {
			f.pool.release(sandbox)
		}
		if taken || cold || fault != NoFault {
			return response, err
		}
	}
}

// runIn runs one invocation in a given sandbox, and says whether the function
// took the event.
func (s *Service) runIn(sandbox *Sandbox, cold bool, fault Fault, requestID string, payload []byte, open opener) (response []byte, taken bool, err error) {
	m := metrics{requestID: requestID}
	if cold {
		m.init = sandbox.InitDuration()
	}
	s.logStart(sandbox, requestID)
	if fault == CrashBefore {
		sandbox.kill()
	}
	begin := time.Now()
	response, taken, err = sandbox.invoke(s.ctx, requestID, payload, open)
	m.duration = time.Since(begin)
	m.memory = sandbox.maxMemory()
	switch fault {
	case CrashAfter:
		sandbox.kill()
		response, err = nil, sandbox.exitError(requestID)
	case Timeout:
		sandbox.kill()
		response, err = nil, sandbox.timeoutError(requestID)
	}
	if len(response) > maxPayload {
		err = &FunctionError{
			Type:    "Function.ResponseSizeTooLarge",
			Message: fmt.Sprintf("Response payload size (%d bytes) exceeded maximum allowed payload size (%d bytes).", len(response), maxPayload),
		}
		response = nil
	}
	failure, _ := errors.AsType[*FunctionError](err)
	s.report(sandbox, m, failure)
	s.options.Invoked(sandbox.function.Name, m.duration, failure != nil)
	return response, taken, err
}

// start starts a process of a function with a log stream of its own. Without the
// right to write logs, a function has none, as on AWS.
func (s *Service) start(f *function) (*Sandbox, error) {
	process := f.Function
	process.LogGroup = f.logGroup()
	process.LogStream = s.options.Clock.Now().UTC().Format("2006/01/02") + "/[$LATEST]" + strings.ReplaceAll(uuid.NewString(), "-", "")
	log := io.Discard
	if s.mayLog(f, process.LogStream) {
		log = &lines{write: func(line []byte) { s.options.Log(process.LogGroup, process.LogStream, line) }}
	}
	return Start(process, log)
}

func (f *function) logGroup() string {
	if f.LogGroup != "" {
		return f.LogGroup
	}
	return "/aws/lambda/" + f.Name
}

func (s *Service) mayLog(f *function, stream string) bool {
	call := &api.Call{Context: s.ctx, Principal: f.Role}
	arn := api.ARN("logs", "log-group:"+f.logGroup()+":log-stream:"+stream)
	return call.Authorize("logs:CreateLogStream", arn, nil) == nil && call.Authorize("logs:PutLogEvents", arn, nil) == nil
}
