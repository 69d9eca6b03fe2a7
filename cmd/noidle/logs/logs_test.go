package logs_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/google/go-cmp/cmp"
	"github.com/jonboulle/clockwork"

	"github.com/noidle/noidle/cmd/noidle/logs"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 6e6, time.UTC)

// fake has the events of log groups, which it tells one a page. Their times are in
// milliseconds since the start.
type fake struct {
	groups map[string][]types.FilteredLogEvent
	err    error
}

func (f *fake) add(group, id string, milliseconds int64, message string) {
	f.groups[group] = append(f.groups[group], types.FilteredLogEvent{EventId: &id, Message: &message, Timestamp: new(start.UnixMilli() + milliseconds)})
}

func (f *fake) DescribeLogGroups(context.Context, *cloudwatchlogs.DescribeLogGroupsInput, ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.DescribeLogGroupsOutput, error) {
	out := &cloudwatchlogs.DescribeLogGroupsOutput{}
	for name := range f.groups {
		out.LogGroups = append(out.LogGroups, types.LogGroup{LogGroupName: &name})
	}
	return out, f.err
}

func (f *fake) FilterLogEvents(_ context.Context, in *cloudwatchlogs.FilterLogEventsInput, _ ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.FilterLogEventsOutput, error) {
	if f.err != nil {
		return nil, f.err
	}
	after := ""
	if in.NextToken != nil {
		after = *in.NextToken
	}
	for _, e := range f.groups[*in.LogGroupName] {
		if *e.EventId > after && *e.Timestamp >= *in.StartTime {
			return &cloudwatchlogs.FilterLogEventsOutput{Events: []types.FilteredLogEvent{e}, NextToken: e.EventId}, nil
		}
	}
	return &cloudwatchlogs.FilterLogEventsOutput{}, nil
}

const charge, reserve = "Shop-ChargeLogGroup9BF1F7EF-AbCd12", "Shop-ReserveLogGroup51754F4B"

func TestLines(t *testing.T) {
	const at = "2026-01-02T03:04:05.006Z "
	tests := []struct{ name, message, want string }{
		{"a function's", `{"timestamp":"x","level":"WARN","message":"photo rejected","key":"a b","width":3,"result":{"charge":{"n":1}}}`, `WARN  Shop/Charge  photo rejected key="a b" result.charge.n=1 width=3`},
		{"no JSON", "panic: x\n", "INFO  Shop/Charge  panic: x"},
		{"JSON that is no object", "[1]", "INFO  Shop/Charge  [1]"},
		{"the end of an invocation", `{"record":{"metrics":{"durationMs":1.5},"requestId":"r","status":"success"},"time":"x","type":"platform.report"}`, "INFO  Shop/Charge  platform.report durationMs=1.5 requestId=r status=success"},
		{"a failed invocation", `{"record":{"requestId":"r","status":"timeout"},"type":"platform.report"}`, "ERROR Shop/Charge  platform.report requestId=r status=timeout"},
		{"a request", `{"route":"GET /x","status":"200"}`, "INFO  Shop/Charge  GET /x status=200"},
		{"a bad request", `{"route":"GET /x","status":"404"}`, "WARN  Shop/Charge  GET /x status=404"},
		{"a failed request", `{"route":"GET /x","status":"503"}`, "ERROR Shop/Charge  GET /x status=503"},
		{"an execution's", `{"id":"1","type":"TaskTimedOut","details":{"error":"States.Timeout"}}`, `ERROR Shop/Charge  TaskTimedOut details.error=States.Timeout id=1`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := &fake{groups: map[string][]types.FilteredLogEvent{}}
			f.add(charge, "1", 0, tt.message)
			lines, err := logs.Read(t.Context(), f, logs.Query{Groups: []string{charge}, Since: start})
			if err != nil || len(lines) != 1 || lines[0].String() != at+tt.want {
				t.Errorf("got %v, error %v; want %s", lines, err, at+tt.want)
			}
		})
	}
}

func TestGroups(t *testing.T) {
	const lambda, other = "/aws/lambda/Shop-Custom-x1", "my-shop-AccessLog2B541584"
	f := &fake{groups: map[string][]types.FilteredLogEvent{charge: nil, reserve: nil, lambda: nil, other: nil}}
	tests := []struct {
		name  string
		names []string
		want  []string
	}{
		{"all", nil, []string{lambda, charge, reserve, other}},
		{"a stack", []string{"Shop"}, []string{lambda, charge, reserve}},
		{"a stack with a dash", []string{"my-shop"}, []string{other}},
		{"a function and its stack's", []string{"charge", "Shop/Charge", "shop/reserve"}, []string{charge, reserve}},
		{"a group", []string{lambda}, []string{lambda}},
		{"none", []string{"Char"}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := logs.Groups(t.Context(), f, tt.names)
			slices.Sort(got)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("groups (-want +got):\n%s", diff)
			}
			if (err != nil) != (tt.want == nil) || err != nil && !strings.Contains(err.Error(), `"Char" is no stack or function with a log group`) {
				t.Errorf("error %v", err)
			}
		})
	}
}

// Lines of several groups and pages come by time.
func TestRead(t *testing.T) {
	f := &fake{groups: map[string][]types.FilteredLogEvent{}}
	f.add(charge, "1", -1, "before")
	f.add(charge, "2", 1, "b")
	f.add(charge, "3", 3, "d")
	f.add(reserve, "1", 0, "a")
	f.add(reserve, "2", 2, "c")
	lines, err := logs.Read(t.Context(), f, logs.Query{Groups: []string{charge, reserve}, Since: start})
	var got []string
	for _, line := range lines {
		got = append(got, line.Message)
	}
	if diff := cmp.Diff([]string{"a", "b", "c", "d"}, got); diff != "" || err != nil {
		t.Errorf("error %v, lines (-want +got):\n%s", err, diff)
	}
	f.err = errors.New("throttled")
	if _, err := logs.Read(t.Context(), f, logs.Query{Groups: []string{charge}}); err == nil || err.Error() != "log group "+charge+": throttled" {
		t.Errorf("got error %v", err)
	}
}

// Following tells each line once, late ones too, and ends with its context.
func TestFollow(t *testing.T) {
	clock := clockwork.NewFakeClockAt(start)
	f := &fake{groups: map[string][]types.FilteredLogEvent{}}
	f.add(charge, "1", 0, "first")
	ctx, cancel := context.WithCancel(t.Context())
	told, ended := make(chan string), make(chan error)
	go func() {
		ended <- logs.Follow(ctx, f, logs.Query{Groups: []string{charge}, Since: start}, clock, func(line logs.Line) error {
			told <- line.Message
			return nil
		})
	}()
	next := func(want string) {
		t.Helper()
		if got := <-told; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		_ = clock.BlockUntilContext(ctx, 1)
	}
	next("first")
	f.add(charge, "2", 2000, "second")
	clock.Advance(2 * time.Second)
	next("second")
	clock.Advance(20 * time.Second)
	_ = clock.BlockUntilContext(ctx, 1)
	f.add(charge, "3", 1000, "late")
	clock.Advance(2 * time.Second)
	next("late")
	clock.Advance(time.Minute)
	_ = clock.BlockUntilContext(ctx, 1)
	f.add(charge, "4", 84_000, "new")
	clock.Advance(2 * time.Second)
	next("new")
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("it ends with %v", err)
	}
}
