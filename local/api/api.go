// Package api is what the services of the local cloud have in common: the one
// endpoint that real SDK clients talk to, who calls, what a caller may do, and
// the protocols in which AWS's services read requests and answer them.
package api

import (
	"context"
	"math"
	"net/http"
	"strconv"
	"time"
)

// The region and account in which everything runs here.
const (
	Region  = "us-east-1"
	Account = "000000000000"
)

// ARN returns the Amazon Resource Name of a service's resource in the local
// region and account, such as arn:aws:sqs:us-east-1:000000000000:jobs.
func ARN(service, resource string) string {
	return "arn:aws:" + service + ":" + Region + ":" + Account + ":" + resource
}

// Principal is who calls. The nil *Principal is the account's administrator,
// who may do everything.
type Principal struct {
	// ARN names the caller, such as the assumed role of a function, or, for a
	// service that delivers, its principal (events.amazonaws.com).
	ARN string
	// Anonymous says that nobody is known to call: the request is not signed.
	Anonymous bool
	// Allow returns an error that says what is missing unless the caller may do
	// action (such as sqs:SendMessage) on the resource. Keys are the condition
	// keys that the service knows of the request, over the global ones.
	Allow func(action, resource string, keys Keys) error
	// Check is Allow for what a caller does not ask for but gains by: a refusal is
	// not reported.
	Check func(action, resource string, keys Keys) error
}

// Keys are condition keys of a request and their values, such as
// "dynamodb:LeadingKeys" (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html).
type Keys map[string][]string

// Call is one request to an operation of a service.
type Call struct {
	context.Context
	// Principal is who calls.
	Principal *Principal
	// RequestID identifies the call in answers and logs.
	RequestID string
}

// Authorize returns an AccessDenied error that names principal, action and
// resource, unless the caller may do action on the resource.
func (c *Call) Authorize(action, resource string, keys Keys) error {
	if c.Principal == nil {
		return nil
	}
	return c.Principal.Allow(action, resource, keys)
}

// Error is an error that a service answers.
type Error struct {
	// Code is the error's name, such as ValidationException.
	Code string
	// Message says what is wrong, in AWS's words where they are known.
	Message string
	// Status is the HTTP status. Zero means 400.
	Status int
	// QueryCode is the error's older name, which services answer that once spoke
	// the Query protocol (AWS.SimpleQueueService.NonExistentQueue). Empty means
	// none.
	QueryCode string
	// Members are further members of the answer, such as CancellationReasons.
	Members map[string]any
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

func (e *Error) status() int {
	if e.Status == 0 {
		return http.StatusBadRequest
	}
	return e.Status
}

// Timestamp is a point in time as AWS's JSON protocols write it: seconds since
// 1970 with three decimals. The zero Timestamp is null.
type Timestamp struct{ time.Time }

// MarshalJSON implements json.Marshaler.
func (t Timestamp) MarshalJSON() ([]byte, error) {
	if t.IsZero() {
		return []byte("null"), nil
	}
	return strconv.AppendFloat(nil, float64(t.UnixMilli())/1000, 'f', 3, 64), nil
}

// UnmarshalJSON implements json.Unmarshaler.
func (t *Timestamp) UnmarshalJSON(data []byte) error {
	seconds, err := strconv.ParseFloat(string(data), 64)
	if err != nil {
		return err
	}
	t.Time = time.UnixMilli(int64(math.Round(seconds * 1000))).UTC()
	return nil
}
