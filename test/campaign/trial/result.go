package trial

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/noidle/noidle/local/chaos"
	"github.com/noidle/noidle/local/iam"
)

// Work is what became of one kind of work.
type Work struct {
	// Name says what it is, such as orders.
	Name string
	// Accepted was taken, Refused was not: answered 429.
	Accepted, Refused int
	// Final reached its end, Parked waits in a dead-letter or failures queue.
	Final, Parked int
	// Lost is accepted and neither final nor parked, or final and wrong. Doubled
	// took effect more than once, or without being accepted.
	Lost, Doubled int
}

// Result is what a trial found.
type Result struct {
	Seed uint64
	Rate float64
	// Elapsed is real time, Simulated is that of the cloud.
	Elapsed, Simulated time.Duration
	// Faults are the injected faults by kind.
	Faults map[chaos.Kind]int
	// Reported tells by kind in how many places a fault has left a trace that an
	// operator sees. Kinds that leave none by themselves are not in it.
	Reported map[chaos.Kind]int
	// Answers are the answers of the orders' API by status, and Logged what its
	// access log has of them.
	Answers, Logged map[int]int
	// Work has a row for orders, photos and posts.
	Work []Work
	// Alarms are the alarms that fired.
	Alarms []string
	// Violations are the invariants that do not hold.
	Violations []string
	// Roles tells what the roles did.
	Roles []iam.RoleReport
}

func (r *Result) violated(format string, values ...any) {
	r.Violations = append(r.Violations, fmt.Sprintf(format, values...))
}

// Lost is how much work was lost.
func (r *Result) Lost() int {
	lost := 0
	for _, w := range r.Work {
		lost += w.Lost
	}
	return lost
}

// Injected is how many faults were injected.
func (r *Result) Injected() int {
	injected := 0
	for _, n := range r.Faults {
		injected += n
	}
	return injected
}

// Passed says whether every invariant holds.
func (r *Result) Passed() bool { return r.Lost() == 0 && len(r.Violations) == 0 }

// Print writes the tables of the faults and of the work, and what is violated.
func (r *Result) Print(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintf(table, "fault\tinjected\treported by itself\t\n")
	for _, kind := range slices.Sorted(maps.Keys(r.Faults)) {
		reported := "-"
		if n, ok := r.Reported[kind]; ok {
			reported = fmt.Sprint(n)
		}
		_, _ = fmt.Fprintf(table, "%s\t%d\t%s\t\n", kind, r.Faults[kind], reported)
	}
	_, _ = fmt.Fprintf(table, "\nwork\taccepted\trefused\tfinal\tparked\tlost\tdoubled\t\n")
	for _, k := range r.Work {
		_, _ = fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t\n", k.Name, k.Accepted, k.Refused, k.Final, k.Parked, k.Lost, k.Doubled)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, _ = fmt.Fprintf(w, "\nseed %d, rate %g, %s in %s\n", r.Seed, r.Rate, r.Simulated.Round(time.Second), r.Elapsed.Round(time.Second))
	_, _ = fmt.Fprintf(w, "%d alarms fired: %s\n", len(r.Alarms), strings.Join(r.Alarms, ", "))
	for _, violation := range r.Violations {
		_, _ = fmt.Fprintf(w, "violated: %s\n", violation)
	}
	survived := r.Injected()
	if !r.Passed() {
		survived = 0 // which fault it was, nobody knows
	}
	_, err := fmt.Fprintf(w, "%d faults injected, %d survived, %d lost\n", r.Injected(), survived, r.Lost())
	return err
}
