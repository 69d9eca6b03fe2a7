package orders

import (
	"errors"
	"fmt"
	"regexp"

	"github.com/noidle/noidle/constructs/internal/httpapi"
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
	if err := httpapi.Validate(p.PlaceThrottle); err != nil {
		return fmt.Errorf("PlaceThrottle: %w", err)
	}
	if err := httpapi.Validate(p.ReadThrottle); err != nil {
		return fmt.Errorf("ReadThrottle: %w", err)
	}
	return nil
}
