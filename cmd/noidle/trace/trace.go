// Package trace tells what happened to one order or photo, from what its table, its
// state machine, its dead-letter queue and its functions' logs know of it.
package trace

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/sfn"

	"github.com/noidle/noidle/cmd/noidle/deadletters"
	"github.com/noidle/noidle/cmd/noidle/logs"
	"github.com/noidle/noidle/cmd/noidle/outputs"
)

// The outputs of stacks that say where to look.
const (
	ordersTable    = "OrdersTable"
	orderSaga      = "OrderSaga"
	thumbnailIndex = "ThumbnailIndex"
)

// deadLetterQueues are the outputs that hold URLs of dead-letter queues.
var deadLetterQueues = []string{"OrderDeadLetterQueue", "ThumbnailDeadLetterQueue"}

// Tables is the part of the DynamoDB client that this package uses.
type Tables interface {
	GetItem(context.Context, *dynamodb.GetItemInput, ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error)
}

// Executions is the part of the Step Functions client that this package uses.
type Executions interface {
	DescribeExecution(context.Context, *sfn.DescribeExecutionInput, ...func(*sfn.Options)) (*sfn.DescribeExecutionOutput, error)
	sfn.GetExecutionHistoryAPIClient
}

// Finder looks for what happened.
type Finder struct {
	Tables     Tables
	Executions Executions
	Logs       logs.Client
	Queues     deadletters.Client
	// Stacks are the outputs of the stacks to look in.
	Stacks outputs.Stacks
	// Since is the time of the earliest log line, unless the order says itself
	// when it came.
	Since time.Time
	// Progress is told of what takes a while.
	Progress func(message string)
}

// Timeline is what happened to one order or photo.
type Timeline struct {
	// Kind is order or photo, or empty if only logs know of it.
	Kind string `json:"kind,omitempty"`
	ID   string `json:"id"`
	// Status is that of the order, such as COMPLETED, or of the photo in the index.
	Status string `json:"status,omitempty"`
	// Reason is why the order failed or the photo was rejected.
	Reason string `json:"reason,omitempty"`
	// Entries are in the order of their times.
	Entries []Entry `json:"entries"`
}

// Entry is something that happened.
type Entry struct {
	At time.Time `json:"at"`
	// Source is where it is known from: table, saga, index, dead letters, or the
	// function, such as NoidleOrders/Charge.
	Source string `json:"source"`
	// What is what happened, such as ReserveStock.
	What string `json:"what"`
	// Milliseconds is how long it took. Zero means that this is not known.
	Milliseconds float64 `json:"milliseconds,omitempty"`
	// Retries is how often it was tried again.
	Retries int `json:"retries,omitempty"`
	// Failure is the last error, also of what went well when it was tried again.
	Failure string `json:"failure,omitempty"`
	// Failed says that it did not go well in the end.
	Failed bool `json:"failed,omitempty"`
}

// Find returns the timeline of the order or photo with an ID. It is an error if
// nothing is known of it.
func (f *Finder) Find(ctx context.Context, id string) (*Timeline, error) {
	stacks := slices.Concat(f.Stacks.With(ordersTable), f.Stacks.With(thumbnailIndex))
	if len(stacks) == 0 {
		return nil, fmt.Errorf("no stack has an output %s or %s: deploy one, or give other -outputs, another -stack or another -endpoint", ordersTable, thumbnailIndex)
	}
	slices.Sort(stacks)
	t := &Timeline{ID: id}
	for _, look := range []func(context.Context, *Timeline, map[string]string) error{f.order, f.saga, f.photo, f.deadLetters} {
		for _, stack := range slices.Compact(stacks) {
			if err := look(ctx, t, f.Stacks[stack]); err != nil {
				return nil, fmt.Errorf("stack %s: %w", stack, err)
			}
		}
	}
	if err := f.logs(ctx, t, slices.Compact(stacks)); err != nil {
		return nil, err
	}
	if len(t.Entries) == 0 {
		return nil, fmt.Errorf("%q is not known as an order or a photo in the stacks %q, nor from logs since %s: check it, or look further back with -since",
			id, slices.Compact(stacks), f.Since.UTC().Format(time.RFC3339))
	}
	slices.SortStableFunc(t.Entries, func(a, b Entry) int { return a.At.Compare(b.At) })
	return t, nil
}

// Print prints the timeline for people: the time, how long after the first entry,
// where, what, and how it went.
func (t *Timeline) Print(w io.Writer) error {
	var b strings.Builder
	begin := t.Entries[0].At
	fmt.Fprintf(&b, "%s %s: %s", cmp.Or(t.Kind, "nothing but logs of"), t.ID, cmp.Or(t.Status, "status not known"))
	if t.Reason != "" {
		fmt.Fprintf(&b, " (%s)", t.Reason)
	}
	fmt.Fprintf(&b, ", %s\n", t.Entries[len(t.Entries)-1].At.Sub(begin).Round(time.Millisecond))
	width := 0
	for _, e := range t.Entries {
		width = max(width, len(e.Source))
	}
	for _, e := range t.Entries {
		fmt.Fprintf(&b, "%s %10s  %-*s  %s%s\n", e.At.UTC().Format("2006-01-02T15:04:05.000Z"), "+"+e.At.Sub(begin).Round(time.Millisecond).String(), width, e.Source, e.What, e.outcome())
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// outcome says how long it took, and how it went unless it went well.
func (e Entry) outcome() string {
	text := ""
	if e.Milliseconds > 0 {
		text = fmt.Sprintf("  [%.0f ms]", max(e.Milliseconds, 1))
	}
	if e.Retries > 0 {
		text += fmt.Sprintf("  RETRIED %d times", e.Retries)
	}
	switch {
	case e.Failed:
		return strings.TrimSuffix(text+"  FAILED: "+e.Failure, ": ")
	case e.Failure != "":
		return text + " after " + e.Failure
	}
	return text
}
