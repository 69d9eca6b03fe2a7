package workflow

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
)

// Step is one step of a [Saga]: a function, and the compensation that undoes
// it. Only Name and Function are required.
//
// The function gets the saga's whole state as its event:
//
//	{"input": …, "results": {"<step>": {"output": …}}}
//
// where input is what the saga was started with and results holds what the
// steps before it returned. A compensation gets the same with
// "failure": {"step", "error", "cause": {"errorMessage"}} beside them. Package
// functions/kit/saga reads it.
//
// Both may run more than once for one execution, and must have one effect. A
// compensation also runs when it is not known whether its step took effect, so
// it must succeed when there is nothing to undo, and bar a late run of its step.
type Step struct {
	// Name says what the step does, in PascalCase: a letter, then letters and
	// digits, at most 40 characters.
	Name string
	// Function does the step.
	Function awslambda.IFunction
	// Compensation undoes the step. Nil means that there is nothing to undo.
	Compensation awslambda.IFunction
	// BusinessErrors are the names of errors by which Function refuses the
	// step for good, such as OutOfStock: it is not tried again, and as it had
	// no effect its own compensation does not run, only those of the steps
	// before.
	BusinessErrors []string
	// Timeout is how long one attempt may take, of Function and Compensation
	// alike, whole seconds up to 15 minutes. Zero means the function's timeout
	// and 5 seconds to start it, or 30 seconds where that is not known here.
	Timeout time.Duration
	// Retry says how Function is tried again after any error but those of
	// BusinessErrors.
	Retry Retry
	// CompensationRetry says how Compensation is tried again after any error.
	CompensationRetry Retry
	// Then holds what the state machine does itself when the step has
	// succeeded, such as to record progress.
	Then []Action
}

// Retry says how often a failed task is tried again. The pauses double from
// Interval to MaxDelay, each a random part of that (full jitter), so that many
// executions that failed together do not come back together
// (https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html).
type Retry struct {
	// MaxAttempts is how often the task is tried again, 1 to 100. Zero means 4
	// for a step and 8 for a compensation.
	MaxAttempts int
	// Interval is the first pause, whole seconds up to an hour. Zero means 1
	// second.
	Interval time.Duration
	// MaxDelay is the longest pause, whole seconds up to a day, more than
	// Interval. Zero means 30 seconds, or twice Interval where that is longer.
	MaxDelay time.Duration
}

// Action is a call to an AWS service that the state machine makes itself, with
// no function between. It is tried again on errors, 10 times within about 5
// minutes, or 3 times in an Express saga; when that does not help,
// the execution fails, and once the cause is mended an operator redrives it:
// it goes on with the failed action
// (https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html).
type Action struct {
	// Name is the name of its state, unique within the saga.
	Name string
	// Integration is the optimized integration to call, such as
	// "dynamodb:updateItem"
	// (https://docs.aws.amazon.com/step-functions/latest/dg/integrate-optimized.html).
	Integration string
	// Parameters are the call's parameters. Names that end in ".$" take a path
	// into the saga's state as their value.
	Parameters map[string]any
	// AlreadyDone holds the errors that mean that an earlier attempt took
	// effect: they count as success.
	AlreadyDone []string
	// Permission is the IAM action that the call needs, such as
	// "dynamodb:UpdateItem".
	Permission string
	// Resource is the ARN of what the permission is for.
	Resource string
}

const (
	maxStepTimeout = 15 * time.Minute // https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
	maxStateName   = 80               // https://docs.aws.amazon.com/step-functions/latest/dg/statemachine-structure.html
	maxAttempts    = 100
	maxInterval    = time.Hour
	maxDelay       = 24 * time.Hour
)

var stepName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9]{0,39}$`)

func (s Step) validate() error {
	if !stepName.MatchString(s.Name) {
		return fmt.Errorf("name is %q: must be a letter, then letters and digits, at most 40", s.Name)
	}
	if s.Function == nil {
		if s.Compensation != nil {
			return errors.New("a compensation without a function: set the Function that it undoes")
		}
		return errors.New("no Function")
	}
	for _, e := range s.BusinessErrors {
		if e == "" || strings.HasPrefix(e, "States.") {
			return fmt.Errorf("business error is %q: must be the name of an error of the function's own", e)
		}
	}
	if s.Timeout < 0 || s.Timeout > maxStepTimeout || s.Timeout%time.Second != 0 {
		return fmt.Errorf("Timeout is %v: must be whole seconds up to %v, the longest that a function runs", s.Timeout, maxStepTimeout)
	}
	if err := s.Retry.validate(); err != nil {
		return fmt.Errorf("Retry: %w", err)
	}
	if err := s.CompensationRetry.validate(); err != nil {
		return fmt.Errorf("CompensationRetry: %w", err)
	}
	return nil
}

func (r Retry) validate() error {
	switch {
	case r.MaxAttempts < 0 || r.MaxAttempts > maxAttempts:
		return fmt.Errorf("MaxAttempts is %d: must be 1 to %d", r.MaxAttempts, maxAttempts)
	case r.Interval < 0 || r.Interval > maxInterval || r.Interval%time.Second != 0:
		return fmt.Errorf("Interval is %v: must be whole seconds up to %v", r.Interval, maxInterval)
	case r.MaxDelay < 0 || r.MaxDelay > maxDelay || r.MaxDelay%time.Second != 0:
		return fmt.Errorf("MaxDelay is %v: must be whole seconds up to %v", r.MaxDelay, maxDelay)
	case r.MaxDelay != 0 && r.MaxDelay <= max(r.Interval, time.Second):
		return fmt.Errorf("MaxDelay is %v: must be more than Interval, %v", r.MaxDelay, max(r.Interval, time.Second))
	}
	return nil
}

// complete fills in the defaults.
func (r Retry) complete(attempts int) Retry {
	r.MaxAttempts = cmp.Or(r.MaxAttempts, attempts)
	r.Interval = cmp.Or(r.Interval, time.Second)
	r.MaxDelay = cmp.Or(r.MaxDelay, max(30*time.Second, 2*r.Interval))
	return r
}

// longest is the longest that a task may take with all its retries, if every
// attempt takes the whole timeout and every pause is as long as it can be.
func (r Retry) longest(timeout time.Duration) time.Duration {
	total, pause := timeout, r.Interval
	for range r.MaxAttempts {
		total += min(pause, r.MaxDelay) + timeout
		pause = min(2*pause, r.MaxDelay)
	}
	return total
}

func (a Action) validate() error {
	switch {
	case a.Name == "" || len(a.Name) > maxStateName:
		return fmt.Errorf("action %q: the name must have 1 to %d characters", a.Name, maxStateName)
	case a.Integration == "":
		return fmt.Errorf("action %q: no Integration", a.Name)
	case a.Permission == "" || a.Resource == "":
		return fmt.Errorf("action %q: no Permission and Resource: set what the call needs", a.Name)
	}
	return nil
}
