package states

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/noidle/noidle/local/api"
)

// Operations returns the operations of the API
// (https://docs.aws.amazon.com/step-functions/latest/apireference/API_Operations.html).
func (s *Service) Operations() api.Operations {
	return api.Operations{
		"StartExecution":       api.Op(s.startExecution),
		"StartSyncExecution":   api.Op(s.startSyncExecution),
		"StopExecution":        api.Op(s.stopExecution),
		"DescribeExecution":    api.Op(s.describeExecution),
		"GetExecutionHistory":  api.Op(s.getExecutionHistory),
		"ListExecutions":       api.Op(s.listExecutions),
		"ListStateMachines":    api.Op(s.listStateMachines),
		"DescribeStateMachine": api.Op(s.describeStateMachine),
		"SendTaskSuccess":      api.Op(s.sendTaskSuccess),
		"SendTaskFailure":      api.Op(s.sendTaskFailure),
		"SendTaskHeartbeat":    api.Op(s.sendTaskHeartbeat),
	}
}

func refuse(code, format string, args ...any) error {
	return &api.Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

var (
	errType  = refuse("StateMachineTypeNotSupported", "This operation is not supported by this type of state machine")
	errTask  = refuse("TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'")
	errToken = refuse("InvalidToken", "Invalid Token: 'Invalid token'")
)

// answer is the output of an operation.
type answer map[string]any

type startInput struct {
	StateMachineArn, Name, TraceHeader string
	Input                              *string
}

// payload checks the input of a start.
func (in *startInput) payload() (payload, error) {
	text := "{}"
	if in.Input != nil {
		text = *in.Input
	}
	p, err := decode(text)
	if err == nil && len(text) > payloadLimit {
		err = fmt.Errorf("the input has more than %d bytes", payloadLimit)
	}
	if err != nil {
		return p, refuse("InvalidExecutionInput", "Invalid State Machine Execution Input: '%v'", err)
	}
	if in.Name != "" {
		err = checkName(in.Name)
	}
	return p, err
}

func (s *Service) startExecution(call *api.Call, in *startInput) (answer, error) {
	return withMachine(s, call, "states:StartExecution", in.StateMachineArn, func(m *machine) (answer, error) {
		input, err := in.payload()
		if err != nil {
			return nil, err
		}
		e, err := s.existing(m, in.Name, input)
		if e == nil && err == nil {
			e, err = s.start(m, in.Name, input)
		}
		if err != nil {
			return nil, err
		}
		return answer{"executionArn": e.arn, "startDate": api.Timestamp{Time: e.started}}, nil
	})
}

// existing returns the running execution of a standard state machine that was
// started in the same way. The name of another cannot be used again for a while.
func (s *Service) existing(m *machine, name string, input payload) (*execution, error) {
	e := s.executions[api.ARN("states", "execution:"+m.Name+":"+name)]
	if name == "" || m.express() || e == nil {
		return nil, nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.status == statusRunning && e.input.text == input.text {
		return e, nil
	}
	if e.status != statusRunning && s.Clock.Since(e.stopped) > retention {
		return nil, nil
	}
	return nil, refuse("ExecutionAlreadyExists", "Execution Already Exists: '%s'", e.arn)
}

func (s *Service) startSyncExecution(call *api.Call, in *startInput) (description, error) {
	e, err := withMachine(s, call, "states:StartSyncExecution", in.StateMachineArn, func(m *machine) (*execution, error) {
		if !m.express() {
			return nil, errType
		}
		input, err := in.payload()
		if err != nil {
			return nil, err
		}
		return s.start(m, in.Name, input)
	})
	if err != nil {
		return description{}, err
	}
	select {
	case <-e.done:
	case <-call.Done():
		return description{}, call.Err()
	}
	d := e.describe()
	d.BillingDetails = answer{
		"billedDurationInMilliseconds": (e.stopped.Sub(e.started).Milliseconds() + 99) / 100 * 100, "billedMemoryUsedInMB": 64,
	}
	return d, nil
}

// withMachine does something with the state machine that has the ARN, while the
// service is locked, if the caller may do the action on it.
func withMachine[T any](s *Service, call *api.Call, action, arn string, do func(*machine) (T, error)) (none T, err error) {
	if err := call.Authorize(action, arn, nil); err != nil {
		return none, err
	}
	if !strings.HasPrefix(arn, "arn:") {
		return none, refuse("InvalidArn", "Invalid Arn: 'Invalid ARN prefix: %s'", arn)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	m, ok := s.machines[arn]
	if !ok {
		return none, refuse("StateMachineDoesNotExist", "State Machine Does Not Exist: '%s'", arn)
	}
	return do(m)
}

// execution returns the execution of a standard state machine with the ARN,
// after it checked that the caller may do the action on it.
func (s *Service) execution(call *api.Call, action, arn string) (*execution, error) {
	if err := call.Authorize(action, arn, nil); err != nil {
		return nil, err
	}
	if !strings.HasPrefix(arn, "arn:") || strings.HasPrefix(arn, api.ARN("states", "express:")) {
		return nil, refuse("InvalidArn", "Invalid Arn: 'Resource type not valid in this context: %s'", arn)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	e, ok := s.executions[arn]
	if !ok {
		return nil, refuse("ExecutionDoesNotExist", "Execution Does Not Exist: '%s'", arn)
	}
	return e, nil
}

func (s *Service) stopExecution(call *api.Call, in *struct{ ExecutionArn, Error, Cause string }) (answer, error) {
	e, err := s.execution(call, "states:StopExecution", in.ExecutionArn)
	if err != nil {
		return nil, err
	}
	e.cancel(&failure{name: in.Error, cause: in.Cause, status: statusAborted})
	select {
	case <-e.done:
		return answer{"stopDate": e.describe().StopDate}, nil
	case <-call.Done():
		return nil, call.Err()
	}
}

func (s *Service) describeExecution(call *api.Call, in *struct{ ExecutionArn string }) (description, error) {
	e, err := s.execution(call, "states:DescribeExecution", in.ExecutionArn)
	if err != nil {
		return description{}, err
	}
	return e.describe(), nil
}

type historyInput struct {
	ExecutionArn, NextToken string
	MaxResults              int
	ReverseOrder            bool
	IncludeExecutionData    *bool
}

func (s *Service) getExecutionHistory(call *api.Call, in *historyInput) (answer, error) {
	e, err := s.execution(call, "states:GetExecutionHistory", in.ExecutionArn)
	if err != nil {
		return nil, err
	}
	e.mu.Lock()
	events, err := e.history.list()
	e.mu.Unlock()
	if err != nil {
		return nil, err
	}
	if in.IncludeExecutionData != nil && !*in.IncludeExecutionData {
		for _, event := range events {
			removeData(event)
		}
	}
	return page("events", events, in.ReverseOrder, in.MaxResults, in.NextToken, func(event map[string]any) (any, bool) { return event, true })
}

// removeData removes inputs and outputs from an event.
func removeData(event map[string]any) {
	for _, member := range event {
		if d, ok := member.(map[string]any); ok {
			for _, name := range []string{"input", "inputDetails", "output", "outputDetails", "parameters"} {
				delete(d, name)
			}
		}
	}
}

// page answers with the items that show wants, from where the token says, and
// with the token of the next page.
func page[T any](name string, items []T, newestFirst bool, limit int, token string, show func(T) (any, bool)) (answer, error) {
	if limit < 0 || limit > 1000 {
		return nil, refuse("ValidationException", "maxResults %d is not between 0 and 1000", limit)
	}
	if limit == 0 {
		limit = 100
	}
	i, step := 0, 1
	if newestFirst {
		i, step = len(items)-1, -1
	}
	if token != "" {
		var err error
		if i, err = strconv.Atoi(token); err != nil || i < 0 || i >= len(items) {
			return nil, errToken
		}
	}
	shown := []any{}
	for ; i >= 0 && i < len(items); i += step {
		item, ok := show(items[i])
		if !ok {
			continue
		}
		if len(shown) == limit {
			return answer{name: shown, "nextToken": strconv.Itoa(i)}, nil
		}
		shown = append(shown, item)
	}
	return answer{name: shown}, nil
}

type listExecutionsInput struct {
	StateMachineArn, StatusFilter, NextToken string
	MaxResults                               int
}

func (s *Service) listExecutions(call *api.Call, in *listExecutionsInput) (answer, error) {
	return withMachine(s, call, "states:ListExecutions", in.StateMachineArn, func(m *machine) (answer, error) {
		if m.express() {
			return nil, errType
		}
		return page("executions", m.executions, true, in.MaxResults, in.NextToken, func(e *execution) (any, bool) {
			d := e.listed()
			return d, in.StatusFilter == "" || in.StatusFilter == d.Status
		})
	})
}

type listStateMachinesInput struct {
	NextToken  string
	MaxResults int
}

func (s *Service) listStateMachines(call *api.Call, in *listStateMachinesInput) (answer, error) {
	if err := call.Authorize("states:ListStateMachines", ARN("*"), nil); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	machines := slices.SortedFunc(maps.Values(s.machines), func(a, b *machine) int { return strings.Compare(a.Name, b.Name) })
	return page("stateMachines", machines, false, in.MaxResults, in.NextToken, func(m *machine) (any, bool) {
		return answer{"stateMachineArn": m.arn, "name": m.Name, "type": m.Type, "creationDate": api.Timestamp{Time: m.created}}, true
	})
}

func (s *Service) describeStateMachine(call *api.Call, in *struct{ StateMachineArn string }) (answer, error) {
	return withMachine(s, call, "states:DescribeStateMachine", in.StateMachineArn, func(m *machine) (answer, error) {
		destinations := []any{}
		if m.Logging.LogGroup != "" {
			destinations = append(destinations, answer{"cloudWatchLogsLogGroup": answer{"logGroupArn": m.Logging.LogGroup}})
		}
		return answer{
			"stateMachineArn": m.arn, "name": m.Name, "type": m.Type, "status": "ACTIVE", "roleArn": m.RoleARN,
			"definition": string(m.Definition), "creationDate": api.Timestamp{Time: m.created},
			"loggingConfiguration": answer{
				"level": cmp.Or(m.Logging.Level, "OFF"), "includeExecutionData": m.Logging.IncludeExecutionData, "destinations": destinations,
			},
		}, nil
	})
}

func (s *Service) sendTaskSuccess(call *api.Call, in *struct{ TaskToken, Output string }) (answer, error) {
	if err := authorizeToken(call, "states:SendTaskSuccess", in.TaskToken); err != nil {
		return nil, err
	}
	output, err := decode(in.Output)
	if err == nil {
		_, err = output.limited()
	}
	if err != nil {
		return nil, refuse("InvalidOutput", "Invalid Output: '%v'", err)
	}
	return s.send(in.TaskToken, sent{output: output})
}

func (s *Service) sendTaskFailure(call *api.Call, in *struct{ TaskToken, Error, Cause string }) (answer, error) {
	if err := authorizeToken(call, "states:SendTaskFailure", in.TaskToken); err != nil {
		return nil, err
	}
	if utf8.RuneCountInString(in.Error) > 256 || utf8.RuneCountInString(in.Cause) > 32768 {
		return nil, refuse("ValidationException", "error has at most 256, and cause at most 32768 characters")
	}
	return s.send(in.TaskToken, sent{failed: &failure{name: in.Error, cause: in.Cause}})
}

func (s *Service) send(token string, what sent) (answer, error) {
	c := s.forget(token)
	if c == nil {
		return nil, errTask
	}
	c.done <- what
	return answer{}, nil
}

func (s *Service) sendTaskHeartbeat(call *api.Call, in *struct{ TaskToken string }) (answer, error) {
	if err := authorizeToken(call, "states:SendTaskHeartbeat", in.TaskToken); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.callbacks[in.TaskToken]
	if c == nil {
		return nil, errTask
	}
	c.extend()
	return answer{}, nil
}

func authorizeToken(call *api.Call, action, token string) error {
	machine, err := tokenMachine(token)
	if err != nil {
		return err
	}
	return call.Authorize(action, machine, nil)
}
