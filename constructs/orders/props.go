package orders

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
)

// The throttling limits of an account, beyond which more has no effect until
// AWS raises them
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html).
const (
	maxRate  = 10000
	maxBurst = 5000
)

var status = regexp.MustCompile(`^[A-Z][A-Z0-9_]{0,39}$`)

func (p *OrderQueueProps) validate() error {
	if p == nil || len(p.Steps) == 0 {
		return errors.New("no Steps: set at least one step to carry out for each order")
	}
	taken := map[string]bool{StatusAccepted: true, StatusCompleted: true, StatusFailed: true}
	for i, s := range p.Steps {
		if s.Function == nil {
			return fmt.Errorf("step %d: no function", i+1)
		}
		if s.Status == "" {
			continue
		}
		if !status.MatchString(s.Status) {
			return fmt.Errorf("step %d: status is %q: must be capital letters, digits and underscores, at most 40", i+1, s.Status)
		}
		if taken[s.Status] {
			return fmt.Errorf("step %d: status is %q, which is taken: choose another", i+1, s.Status)
		}
		taken[s.Status] = true
	}
	if p.Table != nil && (p.Table.PartitionKey != nil || p.Table.SortKey != nil) {
		return errors.New("Table has a key: orders are kept by orderId")
	}
	if err := p.PlaceThrottle.validate(); err != nil {
		return fmt.Errorf("PlaceThrottle: %w", err)
	}
	if err := p.ReadThrottle.validate(); err != nil {
		return fmt.Errorf("ReadThrottle: %w", err)
	}
	return nil
}

func (t Throttle) validate() error {
	switch {
	case t.RatePerSecond < 0 || t.RatePerSecond > maxRate:
		return fmt.Errorf("RatePerSecond is %d: must be 1 to %d", t.RatePerSecond, maxRate)
	case t.Burst < 0 || t.Burst > maxBurst:
		return fmt.Errorf("Burst is %d: must be 1 to %d", t.Burst, maxBurst)
	}
	return nil
}

// complete fills in the defaults.
func (t Throttle) complete(rate, burst int) Throttle {
	return Throttle{RatePerSecond: cmp.Or(t.RatePerSecond, rate), Burst: cmp.Or(t.Burst, burst)}
}
