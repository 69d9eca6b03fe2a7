package dynamodb

import (
	"slices"
	"strconv"
	"time"

	"github.com/jonboulle/clockwork"
)

// When expired items are deleted: on every tick, but not those that are long
// past, which AWS takes for a mistake
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/howitworks-ttl.html).
const (
	expiryInterval = time.Hour
	maxExpiryYears = 5
)

// expire deletes expired items until the service is closed.
func (s *Service) expire(ticker clockwork.Ticker) {
	defer ticker.Stop()
	for {
		select {
		case <-s.stop:
			return
		case <-ticker.Chan():
			s.mu.RLock()
			for _, t := range s.tables {
				t.expire(s.clock.Now())
			}
			s.mu.RUnlock()
		}
	}
}

// expire deletes the items that have expired.
func (t *table) expire(now time.Time) {
	if t.TimeToLive == "" {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, s := range slices.Clone(t.views[0].items.Values()) {
		i := s.item()
		if t.expired(i, now) {
			change{table: t, old: i}.apply()
		}
	}
}

func (t *table) expired(i item, now time.Time) bool {
	v := i[t.TimeToLive]
	if v.kind != typeNumber {
		return false
	}
	seconds, err := strconv.ParseFloat(v.scalar, 64)
	return err == nil && seconds < float64(now.Unix()) && seconds >= float64(now.AddDate(-maxExpiryYears, 0, 0).Unix())
}
