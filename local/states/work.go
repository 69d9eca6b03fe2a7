package states

import (
	"context"
	"errors"
	"sync"
	"time"
)

// work is what states do with their effective input, by type.
var work map[string]func(v *visit, input payload) (payload, error)

func init() {
	work = map[string]func(v *visit, input payload) (payload, error){
		"Task":     (*visit).task,
		"Pass":     (*visit).pass,
		"Choice":   (*visit).choice,
		"Wait":     (*visit).wait,
		"Succeed":  func(_ *visit, input payload) (payload, error) { return input, nil },
		"Fail":     (*visit).failState,
		"Parallel": (*visit).parallel,
		"Map":      (*visit).mapState,
	}
}

func (v *visit) pass(input payload) (payload, error) {
	if v.state.Result.set {
		return v.state.Result.payload, nil
	}
	return input, nil
}

// choice follows the first rule that holds.
func (v *visit) choice(input payload) (payload, error) {
	s := v.scope(input.value)
	for _, r := range v.state.Choices {
		holds, err := r.test(s)
		if err != nil {
			return payload{}, err
		}
		if holds {
			v.next = r.next
			return input, nil
		}
	}
	if v.next = v.state.Default; v.next == "" {
		return payload{}, fail(errorNoChoice, "Failed to transition out of the state. The state does not point to a next state.")
	}
	return input, nil
}

// wait waits as long, or until the time, that the state says
// (https://docs.aws.amazon.com/step-functions/latest/dg/state-wait.html).
func (v *visit) wait(input payload) (payload, error) {
	seconds, err := v.number(v.state.Seconds, v.state.SecondsPath, 0)
	if err != nil {
		return payload{}, err
	}
	delay := time.Duration(seconds) * time.Second
	until := v.state.Timestamp
	if p := v.state.TimestampPath.path; p != nil {
		value, err := v.choose(p)
		if err != nil {
			return payload{}, err
		}
		var ok bool
		if until, ok = timestamp(value); !ok {
			return payload{}, fail(errorRuntime, "The TimestampPath '%s' must select a timestamp, but selects %v", p.text, value)
		}
	}
	if !until.IsZero() {
		delay = until.Sub(v.service.Clock.Now())
	}
	return input, v.sleep(delay)
}

func (v *visit) sleep(delay time.Duration) error {
	if delay <= 0 {
		return nil
	}
	timer := v.service.Clock.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.Chan():
		return nil
	case <-v.ctx.Done():
		return context.Cause(v.ctx)
	}
}

func (v *visit) failState(input payload) (payload, error) {
	f := &failure{name: v.state.Error, cause: v.state.Cause}
	for _, field := range []struct {
		formula formula
		text    *string
	}{{v.state.ErrorPath, &f.name}, {v.state.CausePath, &f.cause}} {
		if field.formula.evaluate == nil {
			continue
		}
		value, err := field.formula.evaluate(v.scope(input.value))
		if err != nil {
			return payload{}, err
		}
		text, ok := value.(string)
		if !ok {
			return payload{}, fail(errorRuntime, "ErrorPath and CausePath must select a string, but one selects %v", value)
		}
		*field.text = text
	}
	return payload{}, f
}

// parallel runs the branches, all with the same input
// (https://docs.aws.amazon.com/step-functions/latest/dg/state-parallel.html).
func (v *visit) parallel(input payload) (payload, error) {
	branches := v.state.Branches
	v.record("ParallelStateStarted", nil)
	return v.fanOut(len(branches), len(branches), func(t *thread, i int) (payload, error) {
		t.item = v.item
		return t.run(branches[i], input)
	})
}

// maxIterations is how many iterations of a Map state run at once at most
// (https://docs.aws.amazon.com/step-functions/latest/dg/state-map-inline.html).
const maxIterations = 40

// mapState runs the item processor for each item.
func (v *visit) mapState(input payload) (payload, error) {
	value := input.value
	if p := v.state.ItemsPath.path; p != nil {
		var err error
		if value, err = v.choose(p); err != nil {
			return payload{}, err
		}
	}
	items, ok := value.([]any)
	if !ok {
		return payload{}, fail(errorRuntime, "Reference path \"%s\" must point to array.", v.state.itemsPath())
	}
	limit, err := v.number(v.state.MaxConcurrency, v.state.MaxConcurrencyPath, 0)
	if err != nil {
		return payload{}, err
	}
	if limit == 0 {
		limit = maxIterations
	}
	v.record("MapStateStarted", &details{Length: new(len(items))})
	return v.fanOut(len(items), min(limit, maxIterations), func(t *thread, i int) (payload, error) {
		t.item = map[string]any{"Index": number(int64(i)), "Value": items[i]}
		return t.iterate(v, i, input, items[i])
	})
}

func (s *state) itemsPath() string {
	if s.ItemsPath.path == nil {
		return "$"
	}
	return s.ItemsPath.path.text
}

// iterate runs iteration i of the Map state that v visits.
func (t *thread) iterate(v *visit, i int, input payload, item any) (output payload, err error) {
	d := &details{Name: v.name, Index: new(i)}
	t.record("MapIterationStarted", d)
	outer := *v
	outer.thread = t
	var itemInput payload
	if v.state.ItemSelector.evaluate != nil {
		itemInput, err = outer.fill(v.state.ItemSelector, input)
	} else {
		itemInput, err = encode(item)
	}
	if err == nil {
		output, err = t.run(v.state.ItemProcessor, itemInput)
	} else {
		err = outer.placed(err)
	}
	switch {
	case err == nil:
		t.record("MapIterationSucceeded", d)
	case t.ctx.Err() != nil:
		t.record("MapIterationAborted", d)
	default:
		t.record("MapIterationFailed", d)
	}
	return output, err
}

// fanOut runs n branches, at most limit at once, and returns the array of their
// outputs. The first that fails ends the others.
func (v *visit) fanOut(n, limit int, branch func(t *thread, i int) (payload, error)) (payload, error) {
	ctx, cancel := context.WithCancelCause(v.ctx)
	defer cancel(nil)
	outputs, threads := make([]any, n), make([]thread, n)
	places := make(chan struct{}, max(limit, 1))
	var group sync.WaitGroup
	for i := range n {
		places <- struct{}{}
		if ctx.Err() != nil {
			break
		}
		threads[i] = thread{execution: v.execution, ctx: ctx, previous: v.previous}
		group.Go(func() {
			defer func() { <-places }()
			output, err := branch(&threads[i], i)
			if err != nil {
				cancel(err)
			}
			outputs[i] = output.value
		})
	}
	group.Wait()
	for i := range threads {
		v.previous = max(v.previous, threads[i].previous)
	}
	if err := context.Cause(ctx); err != nil {
		return payload{}, v.branchFailed(err)
	}
	v.record(v.state.Type+"StateSucceeded", nil)
	return encode(outputs)
}

func (v *visit) branchFailed(err error) error {
	f, ok := errors.AsType[*failure](err)
	if !ok || v.ctx.Err() != nil {
		return err
	}
	v.record(v.state.Type+"StateFailed", nil)
	failed := *f
	failed.branch = true
	return &failed
}
