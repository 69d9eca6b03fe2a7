package trial

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"

	"github.com/noidle/noidle/local/chaos"
)

// trail is what functions and APIs log of faults. A group keeps its newest events
// only, so the trail is followed while they come.
type trail struct {
	mu       sync.Mutex
	seen     map[string]map[string]bool // the newest events of each group
	newest   map[string]int64
	errors   map[string]int // ended invocations by type of error
	statuses map[int]int    // answers of the orders' API
}

func newTrail() trail {
	return trail{seen: map[string]map[string]bool{}, newest: map[string]int64{}, errors: map[string]int{}, statuses: map[int]int{}}
}

// follow reads logs until the context is done.
func (t *trial) follow(ctx context.Context) {
	for ctx.Err() == nil {
		_ = t.read(ctx) // the next time, or at last by checkTrail
		time.Sleep(200 * time.Millisecond)
	}
}

// read reads what is new in every group.
func (t *trial) read(ctx context.Context) error {
	t.trail.mu.Lock()
	defer t.trail.mu.Unlock()
	groups := cloudwatchlogs.NewDescribeLogGroupsPaginator(t.logs, &cloudwatchlogs.DescribeLogGroupsInput{})
	for groups.HasMorePages() {
		page, err := groups.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, g := range page.LogGroups {
			if err := t.readGroup(ctx, *g.LogGroupName); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t *trial) readGroup(ctx context.Context, group string) error {
	isAccess := strings.HasPrefix(group, ordersStack+"-OrdersAccessLog")
	pattern := `{ $.type = "platform.report" && $.record.status = "error" }`
	if isAccess {
		pattern = ""
	}
	from, before := t.trail.newest[group], t.trail.seen[group]
	seen := maps.Clone(before)
	if seen == nil {
		seen = map[string]bool{}
	}
	pages := cloudwatchlogs.NewFilterLogEventsPaginator(t.logs, &cloudwatchlogs.FilterLogEventsInput{
		LogGroupName: &group, StartTime: &from, FilterPattern: &pattern,
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, e := range page.Events {
			if seen[*e.EventId] {
				continue
			}
			if *e.Timestamp > t.trail.newest[group] {
				t.trail.newest[group] = *e.Timestamp
			}
			seen[*e.EventId] = true
			if err := t.trail.note(isAccess, *e.Message); err != nil {
				return fmt.Errorf("%s: %s: %w", group, *e.Message, err)
			}
		}
	}
	t.trail.seen[group] = seen
	return nil
}

func (t *trail) note(isAccess bool, line string) error {
	var event struct {
		Status string
		Record struct{ ErrorType string }
	}
	if err := json.Unmarshal([]byte(line), &event); err != nil {
		return err
	}
	if !isAccess {
		t.errors[event.Record.ErrorType]++
		return nil
	}
	status := 0
	_, err := fmt.Sscan(event.Status, &status)
	t.statuses[status]++
	return err
}

// checkTrail: every crash and timeout is in the log of its function, and every
// answer of the orders' API in its access log.
func (t *trial) checkTrail(ctx context.Context) {
	for t.cloud.Running() > 0 && ctx.Err() == nil {
		time.Sleep(20 * time.Millisecond) // what runs ends in real time
	}
	if err := t.read(ctx); err != nil {
		t.violated("reading the logs: %v", err)
		return
	}
	crashes, timeouts := t.trail.errors["Runtime.ExitError"], t.trail.errors["Sandbox.Timedout"]
	t.Reported = map[chaos.Kind]int{chaos.Timeout: timeouts}
	t.Reported[chaos.CrashBefore] = min(crashes, t.Faults[chaos.CrashBefore])
	t.Reported[chaos.CrashAfter] = crashes - t.Reported[chaos.CrashBefore]
	if injected := t.Faults[chaos.CrashBefore] + t.Faults[chaos.CrashAfter]; crashes < injected {
		t.violated("%d crashes are in the logs of %d", crashes, injected)
	}
	if injected := t.Faults[chaos.Timeout]; timeouts < injected {
		t.violated("%d timeouts are in the logs of %d", timeouts, injected)
	}
	t.Answers, t.Logged = t.shop.answers, t.trail.statuses
	for status, n := range t.Answers {
		if t.Logged[status] != n {
			t.violated("%d requests were answered %d, and the access log has %d", n, status, t.Logged[status])
		}
	}
	t.checkMetrics()
	if t.Answers[http.StatusTooManyRequests] == 0 {
		t.violated("the overload was not refused")
	}
}
