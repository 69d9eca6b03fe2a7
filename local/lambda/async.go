package lambda

import (
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/noidle/noidle/local/api"
)

// Async is how a function's asynchronous events are handled
// (https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-configuring.html).
type Async struct {
	// Retries is how often an event is tried again after the function failed, 0
	// to 2. Nil means 2.
	Retries *int
	// MaxAge is how old an event may become before it is given up, 1 minute to 6
	// hours. Zero means 6 hours.
	MaxAge time.Duration
	// OnSuccess and OnFailure are the ARNs of destinations that get a record of
	// each event. Empty means none.
	OnSuccess, OnFailure string
	// DeadLetter is the ARN of a queue or topic that gets the events that were
	// given up. Empty means none.
	DeadLetter string
}

// event is an asynchronous event on its way.
type event struct {
	f         *function
	async     Async
	requestID string
	payload   []byte
	accepted  time.Time
	invoked   int // how often the function got it
}

// InvokeAsync accepts an event for a function, which gets it in the background:
// once, and again one minute and two minutes after it failed. While there is no
// concurrency for it, the event waits, for at most its age. The error is an
// [api.Error].
func (s *Service) InvokeAsync(call *api.Call, name string, payload []byte) error {
	f, err := s.admit(call, name, payload, maxAsyncPayload, nil)
	if err != nil {
		return err
	}
	s.mu.Lock()
	e := &event{f: f, async: f.Async, requestID: call.RequestID, payload: payload, accepted: s.options.Clock.Now()}
	closed := s.closed
	if !closed {
		s.pending.Add(1)
		s.work.Go(func() {
			defer s.pending.Add(-1)
			s.handle(e)
		})
	}
	s.mu.Unlock()
	if closed {
		return errClosed
	}
	return nil
}

// The waits of asynchronous events: after a failure of the function one minute,
// then two; after a throttle from one second, doubled, to five minutes
// (https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html).
const (
	defaultRetries   = 2
	defaultMaxAge    = 6 * time.Hour
	firstThrottle    = time.Second
	longestThrottle  = 5 * time.Minute
	retriesExhausted = "RetriesExhausted"
	eventAgeExceeded = "EventAgeExceeded"
)

// handle tries an event until it is handled or given up.
func (s *Service) handle(e *event) {
	retries, maxAge := defaultRetries, defaultMaxAge
	if e.async.Retries != nil {
		retries = *e.async.Retries
	}
	if e.async.MaxAge > 0 {
		maxAge = e.async.MaxAge
	}
	backoff := firstThrottle
	for {
		response, err := s.tryOnce(e)
		failure, failed := errors.AsType[*FunctionError](err)
		var wait time.Duration
		switch {
		case err == nil:
			s.conclude(e, "Success", response, nil)
			return
		case s.ctx.Err() != nil:
			return
		case failed && e.invoked > retries:
			s.conclude(e, retriesExhausted, nil, failure)
			return
		case failed:
			wait = time.Duration(e.invoked) * time.Minute
		default:
			wait, backoff = s.jitter(backoff), min(2*backoff, longestThrottle)
		}
		if s.options.Clock.Now().Add(wait).Sub(e.accepted) > maxAge {
			s.conclude(e, eventAgeExceeded, nil, failure)
			return
		}
		select {
		case <-s.options.Clock.After(wait):
		case <-s.ctx.Done():
			return
		}
	}
}

// jitter takes up to half off a wait, so that events do not return together.
func (s *Service) jitter(wait time.Duration) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return wait - time.Duration(s.options.Random.Int64N(int64(wait)/2))
}

func (s *Service) tryOnce(e *event) ([]byte, error) {
	if err := s.enter(e.f); err != nil {
		return nil, err
	}
	defer e.f.concurrency.leave()
	s.running.Add(1)
	defer s.running.Add(-1)
	e.invoked++
	return s.attempt(e.f, e.requestID, e.payload, nil)
}

// conclude tells the destinations, and the dead-letter queue, how an event ended.
func (s *Service) conclude(e *event, condition string, response []byte, failure *FunctionError) {
	target := e.async.OnFailure
	if condition == "Success" {
		target = e.async.OnSuccess
	}
	var lost []error
	if target != "" {
		lost = append(lost, s.deliver(e, target, e.record(condition, response, failure, s.options.Clock.Now()), nil))
	}
	if condition != "Success" && e.async.DeadLetter != "" {
		lost = append(lost, s.deliver(e, e.async.DeadLetter, e.payload, e.deadLetterAttributes(failure)))
	}
	if condition != "Success" && len(lost) == 0 {
		lost = append(lost, errors.New("the function has neither a failure destination nor a dead-letter queue"))
	}
	if err := errors.Join(lost...); err != nil {
		s.options.Report("lambda: function " + e.f.Name + ": asynchronous event " + e.requestID + " (" + condition + "): " + err.Error())
	}
}

func (s *Service) deliver(e *event, target string, payload []byte, attributes map[string]api.Attribute) error {
	return s.options.Deliver(s.ctx, api.Delivery{Source: e.f.ARN(), Role: e.f.Role, Target: target, Payload: payload, Attributes: attributes})
}

// deadLetterAttributes are the message attributes of an event in a dead-letter
// queue (https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html#invocation-dlq).
func (e *event) deadLetterAttributes(failure *FunctionError) map[string]api.Attribute {
	code, message := "429", "Rate Exceeded."
	if failure != nil {
		code, message = "200", failure.Message
	}
	return map[string]api.Attribute{
		"RequestID":    {DataType: "String", StringValue: e.requestID},
		"ErrorCode":    {DataType: "Number", StringValue: code},
		"ErrorMessage": {DataType: "String", StringValue: message},
	}
}

// record is what a destination gets
// (https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html).
func (e *event) record(condition string, response []byte, failure *FunctionError, now time.Time) []byte {
	status := map[string]any{"statusCode": http.StatusOK, "executedVersion": "$LATEST"}
	var answer any = json.RawMessage(response)
	if failure != nil {
		status["functionError"] = "Unhandled"
		answer = failure
	} else if condition != "Success" {
		status, answer = map[string]any{"statusCode": http.StatusTooManyRequests}, nil
	}
	record, _ := json.Marshal(map[string]any{
		"version":   "1.0",
		"timestamp": now.UTC().Format("2006-01-02T15:04:05.000Z"),
		"requestContext": map[string]any{
			"requestId":              e.requestID,
			"functionArn":            e.f.ARN() + ":$LATEST",
			"condition":              condition,
			"approximateInvokeCount": e.invoked,
		},
		"requestPayload":  json.RawMessage(e.payload),
		"responseContext": status,
		"responsePayload": answer,
	})
	return record
}
