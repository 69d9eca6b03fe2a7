package workflow

import (
	"time"

	"github.com/noidle/noidle/constructs/internal/asl"
)

// The paths of a saga's state that actions read.
const (
	// Input is what the saga was started with.
	Input = "$.input"
	// FailedStep is the name of the step that failed.
	FailedStep = "$.failure.step"
	// FailureReason tells why the saga was compensated, in words for the
	// saga's caller: the message of a business error, or that the step failed.
	// It never holds an internal error's text.
	FailureReason = "$.failure.cause.errorMessage"
)

// The names of a saga's own states.
const (
	stateStart       = "Start"
	stateSucceeded   = "Succeeded"
	stateOutcome     = "WasEverythingCompensated"
	stateCompensated = "Compensated"
	stateFailed      = "FailedToCompensate"
)

// compensationFailure is where the last failed compensation leaves its error.
const compensationFailure = "$.compensationFailure"

// definition is what a saga's state machine is made from: completed props, with
// functions by their ARNs.
type definition struct {
	partition          string
	steps              []task
	succeeded          []Action
	compensated        []Action
	compensationFailed []Action
	actionRetry        Retry
	actionTimeout      time.Duration
}

// task is a step whose defaults are filled in.
type task struct {
	Step
	functionARN     string
	compensationARN string // empty if there is no compensation
}

// compile turns the definition into a state machine:
//
//	Start → step 1 → its actions → step 2 → … → Succeeded
//
// A step that fails leads to the compensations, in reverse order. One that
// fails in turn is noted and does not keep the others from running.
func (d definition) compile() asl.Document {
	states := map[string]asl.State{
		stateStart: {
			Type:       "Pass",
			Parameters: map[string]any{"input.$": "$", "results": map[string]any{}},
		},
		stateSucceeded: {Type: "Succeed"},
	}
	afterwards := d.chain(states, d.succeeded, stateSucceeded)
	for i := len(d.steps) - 1; i >= 0; i-- {
		then := d.chain(states, d.steps[i].Then, afterwards)
		d.addStep(states, i, then)
		afterwards = d.steps[i].Name
	}
	start := states[stateStart]
	start.Next = afterwards
	states[stateStart] = start
	d.addCompensations(states)
	return asl.Document{StartAt: stateStart, States: states}
}

// addStep adds the states of step i, which lead to next when it succeeds.
func (d definition) addStep(states map[string]asl.State, i int, next string) {
	t := d.steps[i]
	rejected, failed := t.Name+"Rejected", t.Name+"Failed"
	state := d.invoke(t.functionARN, t.Timeout)
	state.ResultSelector = map[string]any{"output.$": "$.Payload"}
	state.ResultPath = "$.results." + t.Name
	state.Next = next
	if len(t.BusinessErrors) > 0 {
		state.Retry = []asl.Retrier{{ErrorEquals: t.BusinessErrors}}
		state.Catch = []asl.Catcher{{ErrorEquals: t.BusinessErrors, ResultPath: "$.failure", Next: rejected}}
		// The function reported the error, so its cause is the function's JSON.
		states[rejected] = note(map[string]any{
			"step":    t.Name,
			"error.$": "$.failure.Error",
			"cause.$": "States.StringToJson($.failure.Cause)",
		}, d.compensationBefore(i))
	}
	state.Retry = append(state.Retry, retrier(t.Retry))
	state.Catch = append(state.Catch, catchAll("$.failure", failed)...)
	states[failed] = note(map[string]any{
		"step":    t.Name,
		"error.$": "$.failure.Error",
		"cause":   map[string]any{"errorMessage": "step " + t.Name + " failed"},
	}, d.compensationBefore(i+1))
	states[t.Name] = state
}

// note is a state that describes the failure at $.failure.
func note(failure map[string]any, next string) asl.State {
	return asl.State{Type: "Pass", Parameters: failure, ResultPath: "$.failure", Next: next}
}

// compensationBefore returns the state that starts to undo the steps before
// step i.
func (d definition) compensationBefore(i int) string {
	for i--; i >= 0; i-- {
		if d.steps[i].compensationARN != "" {
			return compensation(d.steps[i].Name)
		}
	}
	return stateOutcome
}

// compensation is the name of the state that undoes a step.
func compensation(step string) string { return "Compensate" + step }

// addCompensations adds the compensations and how the saga ends after them.
func (d definition) addCompensations(states map[string]asl.State) {
	for i, t := range d.steps {
		if t.compensationARN == "" {
			continue
		}
		next := d.compensationBefore(i)
		state := d.invoke(t.compensationARN, t.Timeout)
		state.ResultPath = asl.Discard
		state.Retry = []asl.Retrier{retrier(t.CompensationRetry)}
		state.Catch = catchAll(compensationFailure, next)
		state.Next = next
		states[compensation(t.Name)] = state
	}
	states[stateOutcome] = asl.State{
		Type: "Choice",
		Choices: []asl.Choice{{
			Variable:  compensationFailure,
			IsPresent: true,
			Next:      d.chain(states, d.compensationFailed, stateFailed),
		}},
		Default: d.chain(states, d.compensated, stateCompensated),
	}
	states[stateCompensated] = asl.State{Type: "Succeed"}
	states[stateFailed] = asl.State{
		Type:  "Fail",
		Error: stateFailed,
		Cause: "A compensation failed: what its step did is still in effect and has to be undone by hand. $.compensationFailure in the input of this state tells why.",
	}
}

// chain adds the actions' states, one after the other, then next. It returns
// the first of them.
func (d definition) chain(states map[string]asl.State, actions []Action, next string) string {
	for i := len(actions) - 1; i >= 0; i-- {
		a := actions[i]
		state := asl.State{
			Type:           "Task",
			Resource:       d.integration(a.Integration),
			Parameters:     a.Parameters,
			ResultPath:     asl.Discard,
			TimeoutSeconds: int(d.actionTimeout.Seconds()),
			Next:           next,
		}
		if len(a.AlreadyDone) > 0 {
			state.Retry = []asl.Retrier{{ErrorEquals: a.AlreadyDone}}
			state.Catch = []asl.Catcher{{ErrorEquals: a.AlreadyDone, ResultPath: asl.Discard, Next: next}}
		}
		state.Retry = append(state.Retry, retrier(d.actionRetry))
		states[a.Name] = state
		next = a.Name
	}
	return next
}

// invoke is a task that hands the saga's state to a function.
func (d definition) invoke(functionARN string, timeout time.Duration) asl.State {
	return asl.State{
		Type:           "Task",
		Resource:       d.integration("lambda:invoke"),
		Parameters:     map[string]any{"FunctionName": functionARN, "Payload.$": "$"},
		TimeoutSeconds: int(timeout.Seconds()),
	}
}

func (d definition) integration(name string) string {
	return "arn:" + d.partition + ":states:::" + name
}

// catchAll leads every error that can be caught to next.
func catchAll(path, next string) []asl.Catcher {
	return []asl.Catcher{
		{ErrorEquals: []string{asl.DataLimitExceeded}, ResultPath: path, Next: next},
		{ErrorEquals: []string{asl.All}, ResultPath: path, Next: next},
	}
}

func retrier(r Retry) asl.Retrier {
	return asl.Retrier{
		ErrorEquals:     []string{asl.All},
		IntervalSeconds: int(r.Interval.Seconds()),
		BackoffRate:     2,
		MaxDelaySeconds: int(r.MaxDelay.Seconds()),
		JitterStrategy:  "FULL",
		MaxAttempts:     r.MaxAttempts,
	}
}

// longest is the longest that an execution may take.
func (d definition) longest() time.Duration {
	actions := len(d.succeeded)
	actions = max(actions, len(d.compensated), len(d.compensationFailed))
	var total time.Duration
	for _, t := range d.steps {
		total += t.Retry.longest(t.Timeout)
		if t.compensationARN != "" {
			total += t.CompensationRetry.longest(t.Timeout)
		}
		actions += len(t.Then)
	}
	return total + time.Duration(actions)*d.actionRetry.longest(d.actionTimeout)
}
