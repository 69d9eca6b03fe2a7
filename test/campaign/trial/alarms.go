package trial

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/noidle/noidle/local/cloudwatch"
)

// The alarms of queues that get what cannot be handled, without the hashes of their
// names, and those of what follows.
const (
	orderLettersAlarm = ordersStack + "-OrdersWorkerDeadLetterQueueAlarm"
	photoLettersAlarm = thumbnailsStack + "-ThumbnailsWorkerDeadLetterQueueAlarm"
	failuresAlarm     = analyticsStack + "-AnalyticsFailuresAlarm"
	serverErrorAlarm  = ordersStack + "-OrdersServerErrorAlarm"
	unhealthyAlarm    = "NoidleOperationsAlarmsUnhealthy"
)

// watch notes which alarms fire, as the cloud reports it.
type watch struct {
	mu    sync.Mutex
	fired map[string]bool
}

func (w *watch) report(message string) {
	if name, _, ok := strings.Cut(message, " is in "+cloudwatch.InAlarm+":"); ok {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.fired[strings.TrimPrefix(name, "alarm ")] = true
	}
}

// hasFired says whether an alarm fired at any time.
func (w *watch) hasFired(alarm string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for name := range w.fired {
		if strings.HasPrefix(name, alarm) {
			return true
		}
	}
	return false
}

// awaitAlarm waits until an alarm is as it should be while something is in its queue,
// and with it the one of all.
func (t *trial) awaitAlarm(ctx context.Context, alarm string) error {
	fires := func(name string) bool {
		return slices.ContainsFunc(t.cloud.Alarms(), func(a cloudwatch.Status) bool {
			return strings.HasPrefix(a.Name, name) && a.State == cloudwatch.InAlarm
		})
	}
	settled, err := t.await(ctx, "the alarm "+alarm, func() (bool, error) { return fires(alarm) && fires(unhealthyAlarm), nil })
	if err == nil && !settled {
		t.violated("messages wait in the queue of the alarm %s, which does not fire", alarm)
	}
	return err
}

// sum is what was put to a metric with one dimension of the value, or of any if that is
// empty.
func (t *trial) sum(name, dimension string) (sum int) {
	for _, m := range t.cloud.Metrics() {
		for _, value := range m.Dimensions {
			if m.Name == name && len(m.Dimensions) == 1 && (dimension == "" || value == dimension) {
				sum += int(m.Sum)
			}
		}
	}
	return sum
}

// checkMetrics: the metrics have every error that the logs have, and every answer of
// the orders' API; if it answered 5xx, its alarm fired.
func (t *trial) checkMetrics() {
	logged := 0
	for _, n := range t.trail.errors {
		logged += n
	}
	if counted := t.sum("Errors", ""); counted != logged {
		t.violated("%d errors of functions are in the metrics, and %d in the logs", counted, logged)
	}
	api := "" // its ID, which is an output for the dashboard
	for name, value := range t.shop.outputs {
		if strings.Contains(name, "OutputRefOrdersApi") {
			api = value
		}
	}
	got := map[string]int{}
	for status, n := range t.Answers {
		got["Count"] += n
		switch status / 100 {
		case 4:
			got["4xx"] += n
		case 5:
			got["5xx"] += n
		}
	}
	for _, name := range []string{"Count", "4xx", "5xx"} {
		if counted := t.sum(name, api); counted != got[name] {
			t.violated("the metric %s of the orders' API is %d, and clients got %d", name, counted, got[name])
		}
	}
	if got["5xx"] > 0 && !t.watch.hasFired(serverErrorAlarm) {
		t.violated("clients got %d answers 5xx, and the alarm %s never fired", got["5xx"], serverErrorAlarm)
	}
	for name := range t.watch.fired {
		t.Alarms = append(t.Alarms, name)
	}
	slices.Sort(t.Alarms)
}
