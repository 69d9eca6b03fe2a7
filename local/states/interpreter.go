package states

import (
	"context"
	"errors"
	"time"
)

// thread is one line of control of an execution: its own or a branch's.
type thread struct {
	*execution
	ctx context.Context
	// previous is the last event of the thread.
	previous int64
	// item is the item of a Map state, as the context object has it.
	item map[string]any
}

// visit is the run of one state.
type visit struct {
	*thread
	name    string
	state   *state
	input   payload
	entered time.Time
	event   int64
	retries int
	token   string
	next    string
	// selected is the input after InputPath.
	selected any
}

func (t *thread) record(kind string, d *details) {
	t.previous = t.execution.record(t.previous, kind, d)
}

// run runs the states of f, from its first to one that ends it.
func (t *thread) run(f *flow, input payload) (payload, error) {
	for name := f.StartAt; ; {
		if err := context.Cause(t.ctx); err != nil {
			return payload{}, err
		}
		v := &visit{thread: t, name: name, state: f.States[name], input: input, entered: t.service.Clock.Now()}
		output, err := v.run()
		if err != nil || v.next == "" {
			return output, err
		}
		name, input = v.next, output
	}
}

func (v *visit) run() (payload, error) {
	kind := v.state.Type + "State"
	v.record(kind+"Entered", &details{Name: v.name, Input: v.input.text})
	v.event = v.previous
	output, err := v.persevere()
	switch {
	case err == nil:
		v.record(kind+"Exited", &details{Name: v.name, Output: output.text})
	case v.ctx.Err() != nil && aborts[v.state.Type]:
		v.record(kind+"Aborted", nil)
	}
	return output, err
}

// aborts are the types of states that can be aborted while they run.
var aborts = map[string]bool{"Task": true, "Wait": true, "Parallel": true, "Map": true}

// persevere attempts the state until it succeeds, no retrier wants another
// attempt, or a catcher says how to go on
// (https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html).
func (v *visit) persevere() (payload, error) {
	attempts := make([]int, len(v.state.Retry))
	for {
		output, err := v.attempt()
		if err == nil {
			return output, nil
		}
		if v.ctx.Err() != nil {
			return payload{}, context.Cause(v.ctx)
		}
		f := v.placed(err)
		again, err := v.retry(f, attempts)
		if err != nil {
			return payload{}, err
		}
		if !again {
			return v.catch(f)
		}
		v.retries++
	}
}

// placed tells in the cause of the interpreter's own failures where they happened.
func (v *visit) placed(err error) *failure {
	f, ok := errors.AsType[*failure](err)
	if !ok {
		f = fail(errorRuntime, "%v", err)
	}
	if !f.unplaced {
		return f
	}
	placed := *fail(f.name, "An error occurred while executing the state '%s' (entered at the event id #%d). %s", v.name, v.event, f.cause)
	placed.unplaced = false
	return &placed
}

// retry waits until the next attempt, if a retrier wants one.
func (v *visit) retry(f *failure, attempts []int) (again bool, err error) {
	for i, r := range v.state.Retry {
		if !f.matches(r.ErrorEquals) {
			continue
		}
		if attempts[i] >= r.MaxAttempts {
			return false, nil
		}
		attempts[i]++
		return true, v.sleep(r.delay(attempts[i]-1, v.service.chance))
	}
	return false, nil
}

func (v *visit) catch(f *failure) (payload, error) {
	for _, c := range v.state.Catch {
		if !f.matches(c.ErrorEquals) {
			continue
		}
		output, err := encode(map[string]any{"Error": f.name, "Cause": f.cause})
		if err == nil {
			output, err = v.place(c.ResultPath, output)
		}
		if err != nil {
			return payload{}, v.placed(err)
		}
		v.next = c.Next
		return output, nil
	}
	return payload{}, f
}

// attempt runs the state once: its input through InputPath and Parameters, what
// it does, and its result through ResultSelector, ResultPath and OutputPath
// (https://docs.aws.amazon.com/step-functions/latest/dg/concepts-input-output-filtering.html).
func (v *visit) attempt() (payload, error) {
	v.next = v.state.Next
	if v.state.Resource.token {
		v.token = taskToken(v.machine.arn)
	}
	input, err := v.filter(v.state.InputPath, v.input)
	if err != nil {
		return payload{}, err
	}
	v.selected = input.value
	if input, err = v.fill(v.state.Parameters, input); err != nil {
		return payload{}, err
	}
	result, err := work[v.state.Type](v, input)
	if err != nil {
		return payload{}, err
	}
	if result, err = v.fill(v.state.ResultSelector, result); err != nil {
		return payload{}, err
	}
	output, err := v.place(v.state.ResultPath, result)
	if err != nil {
		return payload{}, err
	}
	return v.filter(v.state.OutputPath, output)
}

// filter applies InputPath or OutputPath.
func (v *visit) filter(s selector, p payload) (payload, error) {
	switch {
	case s.discard:
		return encode(map[string]any{})
	case s.path == nil || s.path.text == "$":
		return p, nil
	}
	value, err := s.path.require(v.scope(p.value))
	if err != nil {
		return payload{}, err
	}
	return encode(value)
}

// fill applies Parameters, ResultSelector or ItemSelector.
func (v *visit) fill(t template, p payload) (payload, error) {
	if t.evaluate == nil {
		return p, nil
	}
	value, err := t.evaluate(v.scope(p.value))
	if err != nil {
		return payload{}, err
	}
	return encode(value)
}

// place applies ResultPath to the state's input.
func (v *visit) place(p place, result payload) (payload, error) {
	switch {
	case p.discard:
		return v.input, nil
	case p.path == nil || len(p.path.keys) == 0:
		return result, nil
	}
	value, ok := put(v.input.value, p.path.keys, result.value)
	if !ok {
		return payload{}, fail(errorResultPath, "Unable to apply step \"%s\" to input '%s'", p.path.text, v.input.text)
	}
	return encode(value)
}

// choose returns what a path selects in the input after InputPath.
func (v *visit) choose(p *path) (any, error) { return p.require(v.scope(v.selected)) }

func (v *visit) scope(input any) *scope {
	return &scope{input: input, context: v.contextObject, random: v.service.random}
}

// contextObject returns what $$ is
// (https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html).
func (v *visit) contextObject() any {
	object := map[string]any{
		"Execution": map[string]any{
			"Id": v.arn, "Name": v.execution.name, "Input": v.execution.input.value, "RoleArn": v.machine.RoleARN,
			"StartTime": v.started.UTC().Format(timeFormat), "RedriveCount": number(0),
		},
		"State": map[string]any{
			"Name": v.name, "EnteredTime": v.entered.UTC().Format(timeFormat), "RetryCount": number(int64(v.retries)),
		},
		"StateMachine": map[string]any{"Id": v.machine.arn, "Name": v.machine.Name},
	}
	if v.token != "" {
		object["Task"] = map[string]any{"Token": v.token}
	}
	if v.item != nil {
		object["Map"] = map[string]any{"Item": v.item}
	}
	return object
}

const timeFormat = "2006-01-02T15:04:05.000Z07:00"
