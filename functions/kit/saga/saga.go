// Package saga is what a function gets and returns as a step, or as the
// compensation of a step, of a state machine built by the construct
// workflow.Saga.
//
// # The state
//
// Every step and compensation is invoked with the whole state of the saga, a
// [State]:
//
//	{
//	  "input": …what the execution was started with…,
//	  "results": {"ReserveStock": {"output": …what that step returned…}},
//	  "failure": {"step": "ChargePayment", "error": "PaymentDeclined",
//	              "cause": {"errorMessage": "…", "errorType": "PaymentDeclined"}}
//	}
//
// The results are those of the steps that succeeded so far. The failure is there
// only for compensations. Of a failure that is not a business error the cause has
// nothing but a message that the step failed.
//
// # What a step owes
//
// A step may run more than once, also after its first run succeeded (the answer
// was lost) or while an earlier run, given up as timed out, still goes on. Its
// effect has to be the same as that of one run.
//
// A step that cannot be done for a reason of the business returns [Reject] with a
// code. List the code in the step's BusinessErrors: then the state machine neither
// retries the step nor compensates it, only the steps before it. The step must
// therefore have had no effect. Every other error is retried, and compensated
// if it persists.
//
// # What a compensation owes
//
// A compensation must be repeatable, must succeed when there is nothing to undo
// (its step may have failed before its effect, or never have run) and must bar a late
// run of its step: what arrives after the compensation has no effect. It has no
// business errors.
package saga

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/aws/aws-lambda-go/lambda/messages"
)

// State is what a step or compensation is invoked with. T is the type of what the
// execution was started with.
type State[T any] struct {
	// Input is what the execution was started with.
	Input T `json:"input"`
	// Results has the results of the steps that succeeded so far, by step name.
	Results map[string]Result `json:"results,omitempty"`
	// Failure says why the saga is being compensated. It is nil for a step.
	Failure *Failure `json:"failure,omitempty"`
}

// Result is the result of a step that succeeded.
type Result struct {
	// Output is what the step's function returned, as JSON.
	Output json.RawMessage `json:"output"`
}

// Decode stores what the step returned in the value that v points to. It
// returns an error if there is no result, which is the case for the Result of a
// step that did not succeed, or if the result does not fit v.
func (r Result) Decode(v any) error {
	if len(r.Output) == 0 {
		return errors.New("saga: no result")
	}
	if err := json.Unmarshal(r.Output, v); err != nil {
		return fmt.Errorf("saga: result: %w", err)
	}
	return nil
}

// Failure is the failure that ended the forward run of the saga.
type Failure struct {
	// Step is the name of the step that failed.
	Step string `json:"step"`
	// Error is the error's name: the code of a business error, the type of any
	// other error of a function, or an error name of Step Functions such as
	// States.Timeout
	// (https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html).
	Error string `json:"error"`
	// Cause has the details, if there are any.
	Cause Cause `json:"cause"`
}

// Cause has the details of a failure.
type Cause struct {
	// Message is the reason of a business error. Of any other failure it says no more
	// than that the step failed.
	Message string `json:"errorMessage"`
	// Type is the code of a business error, or "".
	Type string `json:"errorType"`
}

// UnmarshalJSON reads any JSON: a compensation must not fail because the cause
// of the failure has another shape than that of a function's error. What is
// neither such an error nor a string becomes the Message as it stands.
func (c *Cause) UnmarshalJSON(text []byte) error {
	*c = Cause{}
	var details struct {
		Message *string `json:"errorMessage"`
		Type    string  `json:"errorType"`
	}
	if json.Unmarshal(text, &details) == nil && details.Message != nil {
		*c = Cause{Message: *details.Message, Type: details.Type}
		return nil
	}
	if json.Unmarshal(text, &c.Message) != nil { // null leaves the message empty
		c.Message = string(text)
	}
	return nil
}

// Reject returns the error of a step that cannot be done for a reason of the
// business, such as Reject("OutOfStock", "rare-1: 6 wanted, 5 left"). It must not be
// retried: list the code in the step's BusinessErrors.
//
// The code becomes the errorType that Lambda reports and so the error name that
// the state machine sees. It should be a PascalCase name that is not one of Step
// Functions or Lambda. The reason becomes the errorMessage. It is shown to the
// client: it must carry no internals.
//
// The function has to return the error as it is: wrapped, it is an error like
// any other.
func Reject(code, reason string) error {
	return messages.InvokeResponse_Error{Type: code, Message: reason}
}
