package states

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"
)

// retrier is an entry of Retry
// (https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html#error-handling-retrying-after-an-error).
type retrier struct {
	Comment, JitterStrategy                       string
	ErrorEquals                                   []string
	IntervalSeconds, MaxAttempts, MaxDelaySeconds int
	BackoffRate                                   float64
}

// UnmarshalJSON implements json.Unmarshaler.
func (r *retrier) UnmarshalJSON(data []byte) error {
	*r = retrier{IntervalSeconds: 1, MaxAttempts: 3, BackoffRate: 2, JitterStrategy: "NONE"}
	problems := []error{decodeFields(data, r, "ErrorEquals! IntervalSeconds MaxAttempts BackoffRate MaxDelaySeconds JitterStrategy Comment")}
	if r.BackoffRate < 1 {
		problems = append(problems, fmt.Errorf("BackoffRate: %v is less than 1", r.BackoffRate))
	}
	if r.MaxDelaySeconds != 0 && r.MaxDelaySeconds <= r.IntervalSeconds {
		problems = append(problems, fmt.Errorf("MaxDelaySeconds: %d must be more than IntervalSeconds", r.MaxDelaySeconds))
	}
	return errors.Join(problems...)
}

func (r retrier) errors() []string { return r.ErrorEquals }

// delay is how long to wait before retry n, which counts from zero. Chance is a
// random number from 0 to 1.
func (r retrier) delay(n int, chance func() float64) time.Duration {
	seconds := float64(r.IntervalSeconds) * math.Pow(r.BackoffRate, float64(n))
	longest := float64(maxSeconds)
	if r.MaxDelaySeconds > 0 {
		longest = float64(r.MaxDelaySeconds)
	}
	seconds = min(seconds, longest)
	if r.JitterStrategy == "FULL" {
		seconds *= chance()
	}
	return time.Duration(seconds * float64(time.Second))
}

// catcher is an entry of Catch
// (https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html#error-handling-fallback-states).
type catcher struct {
	Comment, Next string
	ErrorEquals   []string
	ResultPath    place
}

// UnmarshalJSON implements json.Unmarshaler.
func (c *catcher) UnmarshalJSON(data []byte) error {
	return decodeFields(data, c, "ErrorEquals! Next! ResultPath Comment")
}

func (c catcher) errors() []string { return c.ErrorEquals }

// checkLast returns an error unless every entry names errors, and States.ALL is
// alone and in the last entry.
func checkLast[T interface{ errors() []string }](entries []T) error {
	for i, entry := range entries {
		names := entry.errors()
		if len(names) == 0 {
			return errors.New("ErrorEquals must name an error")
		}
		if slices.Contains(names, errorAll) && (len(names) > 1 || i < len(entries)-1) {
			return errors.New("States.ALL must be alone in ErrorEquals, and in the last retrier or catcher")
		}
	}
	return nil
}
