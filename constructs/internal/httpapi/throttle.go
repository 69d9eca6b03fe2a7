package httpapi

import (
	"cmp"
	"fmt"
)

// The throttling limits of an account, beyond which more has no effect until
// AWS raises them
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html).
const (
	maxRate  = 10000
	maxBurst = 5000
)

// Throttle limits requests: to so many a second, and to so many at once above
// that. What is over the limit is answered 429
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-throttling.html).
type Throttle struct {
	RatePerSecond, Burst int
}

// Validate refuses limits out of range; zero stands for a default.
func Validate(t Throttle) error {
	switch {
	case t.RatePerSecond < 0 || t.RatePerSecond > maxRate:
		return fmt.Errorf("RatePerSecond is %d: must be 1 to %d", t.RatePerSecond, maxRate)
	case t.Burst < 0 || t.Burst > maxBurst:
		return fmt.Errorf("Burst is %d: must be 1 to %d", t.Burst, maxBurst)
	}
	return nil
}

// Complete returns the throttle with its defaults filled in.
func Complete(t Throttle, rate, burst int) Throttle {
	return Throttle{RatePerSecond: cmp.Or(t.RatePerSecond, rate), Burst: cmp.Or(t.Burst, burst)}
}
