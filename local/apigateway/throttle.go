package apigateway

import (
	"sync"
	"time"
)

// Throttle limits the requests of a route: a token bucket
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-throttling.html).
type Throttle struct {
	// Rate is how many requests a second are let through in the long run.
	Rate float64
	// Burst is how many are let through at once.
	Burst int
}

// accountThrottle is the default quota of an account. Here each route has it
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html).
var accountThrottle = Throttle{Rate: 10_000, Burst: 5_000}

type bucket struct {
	Throttle
	mu     sync.Mutex
	tokens float64
	filled time.Time
}

// take says whether a request may pass now.
func (b *bucket) take(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if now.After(b.filled) {
		b.tokens = min(b.tokens+now.Sub(b.filled).Seconds()*b.Rate, float64(b.Burst))
		b.filled = now
	}
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}
