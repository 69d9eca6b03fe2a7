package events

import (
	"cmp"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/noidle/noidle/local/api"
)

// The default retry policy of targets, and how delivery backs off within it
// (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html).
// The policy is AWS's. Of the backoff AWS says only that it is exponential and
// has jitter: with these limits, 185 attempts take about a day.
const (
	maximumEventAge      = 24 * time.Hour
	maximumRetryAttempts = 185
	firstBackoff         = time.Second
	lastBackoff          = 10 * time.Minute
)

// dispatch delivers an event to a rule's targets, each on its own. The caller
// holds mu.
func (s *Service) dispatch(r *rule, e *event) {
	for _, target := range r.Targets {
		s.start(func() { s.deliver(r, target, e) })
	}
}

// deliver delivers an event to a target until that succeeds, fails for good or
// the target's retry policy is exhausted. Then the event goes to the target's
// dead-letter queue
// (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-event-delivery.html).
func (s *Service) deliver(r *rule, target Target, e *event) {
	delivery := api.Delivery{
		Source:         r.arn,
		Role:           target.Role,
		Target:         target.ARN,
		Payload:        target.payload(r, e),
		MessageGroupID: target.MessageGroupID,
	}
	deadline := s.options.Clock.Now().Add(cmp.Or(target.MaximumEventAge, maximumEventAge))
	attempts := maximumRetryAttempts
	if target.MaximumRetryAttempts != nil {
		attempts = *target.MaximumRetryAttempts
	}
	for retries := 0; ; retries++ {
		err := s.options.Deliver(s.ctx, delivery)
		if err == nil || s.ctx.Err() != nil {
			return
		}
		wait, exhausted := s.backoff(retries), ""
		switch {
		case retries == attempts:
			exhausted = "MaximumRetryAttempts"
		case s.options.Clock.Now().Add(wait).After(deadline):
			exhausted = "MaximumEventAgeInSeconds"
		}
		if exhausted != "" || !api.Retryable(err) {
			s.bury(target, delivery, e, err, retries, exhausted)
			return
		}
		select {
		case <-s.options.Clock.After(wait):
		case <-s.ctx.Done():
			return
		}
	}
}

// backoff returns how long to wait before a retry: half of an exponentially
// growing time and a random part of the other half.
func (s *Service) backoff(retries int) time.Duration {
	limit := lastBackoff
	if retries < 10 {
		limit = min(limit, firstBackoff<<retries)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return limit/2 + time.Duration(s.options.Random.Int64N(int64(limit/2)+1))
}

// bury sends an event to the dead-letter queue of a target that it could not be
// delivered to, with attributes that say why
// (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html).
func (s *Service) bury(target Target, delivery api.Delivery, e *event, err error, retries int, exhausted string) {
	if target.DeadLetterARN == "" {
		s.options.Dropped(delivery, err)
		return
	}
	attributes := map[string]api.Attribute{}
	code, message := errorCode(err)
	for name, value := range map[string]string{
		"RULE_ARN":                  delivery.Source,
		"TARGET_ARN":                delivery.Target,
		"ERROR_CODE":                code,
		"ERROR_MESSAGE":             message,
		"EXHAUSTED_RETRY_CONDITION": exhausted,
		"RETRY_ATTEMPTS":            strconv.Itoa(retries),
	} {
		if value != "" {
			attributes[name] = api.Attribute{DataType: "String", StringValue: value}
		}
	}
	dead := api.Delivery{Source: delivery.Source, Target: target.DeadLetterARN, Payload: e.json, Attributes: attributes}
	if err := s.options.Deliver(s.ctx, dead); err != nil {
		s.options.Dropped(dead, err)
	}
}

// errorCode returns what the attributes of an event in a dead-letter queue say
// of an error.
func errorCode(err error) (code, message string) {
	failure, ok := errors.AsType[*api.Error](err)
	switch {
	case !ok:
		return "ERROR_FROM_TARGET", err.Error()
	case api.Throttled(err):
		code = "THROTTLING"
	case failure.Status >= http.StatusInternalServerError:
		code = "ERROR_FROM_TARGET"
	case strings.HasPrefix(failure.Code, "AccessDenied"):
		code = "NO_PERMISSIONS"
	case strings.Contains(failure.Code, "NotFound"), strings.Contains(failure.Code, "DoesNotExist"):
		code = "NO_RESOURCE"
	default:
		code = "SDK_CLIENT_ERROR"
	}
	return code, failure.Message
}
