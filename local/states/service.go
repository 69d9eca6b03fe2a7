// Package states is AWS Step Functions of the local cloud: it runs state
// machines in the Amazon States Language, with JSONPath, in this process. Tasks
// call the other services as the state machine's role.
package states

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/noidle/noidle/local/api"
)

// Caller calls an operation of another service with its input in JSON and
// returns its output in JSON. The call carries the principal and ends when the
// task times out. Errors are [api.Error].
type Caller func(call *api.Call, service, operation string, input []byte) ([]byte, error)

// Options are what state machines run with.
type Options struct {
	// Clock is what retries, waits and timeouts go by.
	Clock clockwork.Clock
	// Random makes the jitter of retries and the numbers of States.MathRandom.
	Random *rand.Rand
	// Call calls the services of tasks.
	Call Caller
	// Log writes a line to a log group by its ARN. Nil means that nothing is
	// logged.
	Log func(logGroupARN, line string)
	// Changed is told the status of each execution that starts or ends. Nil means
	// nobody.
	Changed func(stateMachineARN, status string)
}

// StateMachine is a state machine to create.
type StateMachine struct {
	// Name has 1 to 80 characters.
	Name string
	// Type is STANDARD or EXPRESS.
	Type string
	// Definition is in the Amazon States Language.
	Definition []byte
	// Role is the principal as which tasks call services.
	Role *api.Principal
	// RoleARN is the ARN of the role, as answers and $$.Execution.RoleArn tell it.
	RoleARN string
	// Logging is what is logged of executions.
	Logging Logging
}

// Logging says which events of executions are logged
// (https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html).
type Logging struct {
	// Level is OFF, ALL, ERROR or FATAL. Empty means OFF.
	Level string
	// IncludeExecutionData is whether the log has inputs and outputs.
	IncludeExecutionData bool
	// LogGroup is the ARN of the log group.
	LogGroup string
}

// Service is AWS Step Functions. Make one with [New].
type Service struct {
	Options
	ctx        context.Context
	cancel     context.CancelCauseFunc
	goroutines sync.WaitGroup

	mu         sync.Mutex
	machines   map[string]*machine
	executions map[string]*execution
	callbacks  map[string]*callback
	running    int

	randomMu sync.Mutex
}

// machine is a created state machine.
type machine struct {
	StateMachine
	arn        string
	created    time.Time
	definition *Definition
	// executions are those of a standard state machine, the oldest first.
	executions []*execution
}

func (m *machine) express() bool { return m.Type == typeExpress }

// The types of state machines
// (https://docs.aws.amazon.com/step-functions/latest/dg/choosing-workflow-type.html).
const (
	typeStandard = "STANDARD"
	typeExpress  = "EXPRESS"
)

// New makes a service without state machines. Close it after use.
func New(options Options) *Service {
	ctx, cancel := context.WithCancelCause(context.Background())
	if options.Changed == nil {
		options.Changed = func(string, string) {}
	}
	return &Service{
		Options:    options,
		ctx:        ctx,
		cancel:     cancel,
		machines:   map[string]*machine{},
		executions: map[string]*execution{},
		callbacks:  map[string]*callback{},
	}
}

// ARN returns the ARN of the state machine with the name.
func ARN(name string) string { return api.ARN("states", "stateMachine:"+name) }

// CreateStateMachine checks a state machine and makes it ready to be started.
// The error lists all problems of its definition.
func (s *Service) CreateStateMachine(m StateMachine) error {
	definition, err := Parse(m.Definition)
	problems := []error{checkName(m.Name), err}
	if m.Type != typeStandard && m.Type != typeExpress {
		problems = append(problems, fmt.Errorf("type %q is neither STANDARD nor EXPRESS", m.Type))
	}
	if !slices.Contains([]string{"", "OFF", "ALL", "ERROR", "FATAL"}, m.Logging.Level) {
		problems = append(problems, fmt.Errorf("logging level %q is not OFF, ALL, ERROR or FATAL", m.Logging.Level))
	}
	if m.Type == typeExpress && definition != nil {
		for _, name := range definition.callbacks {
			problems = append(problems, fmt.Errorf("state %q: an EXPRESS state machine cannot wait for a task token", name))
		}
	}
	created := &machine{StateMachine: m, arn: ARN(m.Name), created: s.Clock.Now(), definition: definition}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.machines[created.arn] != nil {
		problems = append(problems, errors.New("there is one with the same name"))
	}
	if err := errors.Join(problems...); err != nil {
		return fmt.Errorf("state machine %q: %w", m.Name, err)
	}
	s.machines[created.arn] = created
	return nil
}

// Close stops all executions and waits until they and their tasks have ended.
func (s *Service) Close() {
	s.mu.Lock()
	s.cancel(&failure{cause: "The local cloud was stopped.", status: statusAborted})
	s.mu.Unlock()
	s.goroutines.Wait()
}

// Running returns how many executions are running.
func (s *Service) Running() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.running
}

// deadline is a context that ends with a failure after a time on the service's
// clock. It never does after a time of zero.
type deadline struct {
	context.Context
	cancel  context.CancelCauseFunc
	timeout time.Duration
	timer   clockwork.Timer
}

func (s *Service) deadline(parent context.Context, timeout time.Duration, f *failure) *deadline {
	d := &deadline{timeout: timeout}
	d.Context, d.cancel = context.WithCancelCause(parent)
	if timeout > 0 {
		d.timer = s.Clock.AfterFunc(timeout, func() { d.cancel(f) })
	}
	return d
}

// extend starts the time again.
func (d *deadline) extend() {
	if d.timer != nil {
		d.timer.Reset(d.timeout)
	}
}

func (d *deadline) stop() {
	if d.timer != nil {
		d.timer.Stop()
	}
	d.cancel(nil)
}

func (s *Service) random(n int64) int64 {
	s.randomMu.Lock()
	defer s.randomMu.Unlock()
	return s.Random.Int64N(n)
}

func (s *Service) chance() float64 {
	s.randomMu.Lock()
	defer s.randomMu.Unlock()
	return s.Random.Float64()
}

// nameCharacters matches what a name may not have
// (https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html).
var nameCharacters = regexp.MustCompile("[\\s<>{}\\[\\]?*\"#%\\\\^|~`$&,;:/\\x00-\\x1f\\x7f-\\x{9f}\\x{fffe}\\x{ffff}]")

func checkName(name string) error {
	if n := len([]rune(name)); n == 0 || n > 80 || nameCharacters.MatchString(name) || strings.ContainsRune(name, '\uFFFD') {
		return refuse("InvalidName", "Invalid Name: '%s'", name)
	}
	return nil
}
