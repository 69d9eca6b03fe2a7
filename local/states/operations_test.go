package states

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"github.com/noidle/noidle/local/api"
)

// newClient returns an SDK client of the service. All host names lead to it.
func newClient(t *testing.T, s *Service) *sfn.Client {
	t.Helper()
	server := httptest.NewServer(&api.Endpoint{
		Services:  map[string]http.Handler{"states": s.Operations().JSON()},
		Principal: func(string) *api.Principal { return nil },
	})
	t.Cleanup(server.Close)
	client := server.Client()
	client.Transport.(*http.Transport).DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, server.Listener.Addr().String())
	}
	return sfn.New(sfn.Options{
		Region: "us-east-1", BaseEndpoint: aws.String(server.URL), HTTPClient: client,
		Credentials: credentials.NewStaticCredentialsProvider("x", "x", ""),
	})
}

func (f *fixture) wait(arn string) *execution {
	f.t.Helper()
	f.Service.mu.Lock()
	e := f.executions[arn]
	f.Service.mu.Unlock()
	<-e.done
	return e
}

// https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
func TestStartExecution(t *testing.T) {
	f := newFixture(t, nil)
	client := newClient(t, f.Service)
	f.create("wait", typeStandard, one(`{"Type":"Wait","Seconds":10,"End":true}`))
	ctx := t.Context()
	start := func(name, input string) (*sfn.StartExecutionOutput, error) {
		return client.StartExecution(ctx, &sfn.StartExecutionInput{StateMachineArn: new(ARN("wait")), Name: &name, Input: &input})
	}
	first, err := start("a", `{"x":1}`)
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "ARN", *first.ExecutionArn, "arn:aws:states:us-east-1:000000000000:execution:wait:a")
	wantEqual(t, "start", first.StartDate.UTC(), noon)
	f.advance(1, time.Second)
	again, err := start("a", `{"x":1}`)
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "start of the same", again.StartDate.UTC(), noon)
	var exists *types.ExecutionAlreadyExists
	if _, err := start("a", `{"x":2}`); !errors.As(err, &exists) {
		t.Errorf("error %v for another input", err)
	}
	f.advance(1, 9*time.Second)
	f.wait(*first.ExecutionArn)
	if _, err := start("a", `{"x":1}`); !errors.As(err, &exists) {
		t.Errorf("error %v for a closed execution", err)
	}
	f.clock.Advance(retention + time.Second)
	if _, err := start("a", `{"x":1}`); err != nil {
		t.Errorf("error %v after 90 days", err)
	}
	for name, want := range map[string]any{"x y": new(*types.InvalidName), strings.Repeat("x", 81): new(*types.InvalidName), "a/b": new(*types.InvalidName), "a\u0085": new(*types.InvalidName)} {
		if _, err := start(name, `{}`); !errors.As(err, want) {
			t.Errorf("error %v for the name %q", err, name)
		}
	}
	var invalid *types.InvalidExecutionInput
	for _, input := range []string{"", "{", "1 2", `"` + strings.Repeat("x", payloadLimit) + `"`} {
		if _, err := start("b", input); !errors.As(err, &invalid) {
			t.Errorf("error %v for the input %.10q", err, input)
		}
	}
	var missing *types.StateMachineDoesNotExist
	if _, err := client.StartExecution(ctx, &sfn.StartExecutionInput{StateMachineArn: new(ARN("no"))}); !errors.As(err, &missing) {
		t.Errorf("error %v for no state machine", err)
	}
	var arn *types.InvalidArn
	if _, err := client.StartExecution(ctx, &sfn.StartExecutionInput{StateMachineArn: new("no")}); !errors.As(err, &arn) {
		t.Errorf("error %v for no ARN", err)
	}
	unnamed, err := client.StartExecution(ctx, &sfn.StartExecutionInput{StateMachineArn: new(ARN("wait"))})
	if err != nil {
		t.Fatal(err)
	}
	d, err := client.DescribeExecution(ctx, &sfn.DescribeExecutionInput{ExecutionArn: unnamed.ExecutionArn})
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "input without one", *d.Input, "{}")
}

// https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeExecution.html
// and https://docs.aws.amazon.com/step-functions/latest/apireference/API_StopExecution.html
func TestDescribeAndStopExecution(t *testing.T) {
	f := newFixture(t, nil)
	client := newClient(t, f.Service)
	f.create("m", typeStandard, `{"StartAt":"C","States":{"C":{"Type":"Choice","Choices":[{"Variable":"$.fail","IsPresent":true,"Next":"F"},{"Variable":"$.wait","IsPresent":true,"Next":"W"}],"Default":"S"},
		"F":{"Type":"Fail","Error":"E","Cause":"c"},"W":{"Type":"Wait","Seconds":100,"End":true},"S":{"Type":"Succeed"}}}`)
	ctx := t.Context()
	describe := func(input string, during func(arn *string)) *sfn.DescribeExecutionOutput {
		t.Helper()
		started, err := client.StartExecution(ctx, &sfn.StartExecutionInput{StateMachineArn: new(ARN("m")), Input: &input})
		if err != nil {
			t.Fatal(err)
		}
		during(started.ExecutionArn)
		d, err := client.DescribeExecution(ctx, &sfn.DescribeExecutionInput{ExecutionArn: started.ExecutionArn})
		if err != nil {
			t.Fatal(err)
		}
		wantEqual(t, "start", d.StartDate.UTC(), noon)
		return d
	}
	end := func(arn *string) { f.wait(*arn) }
	stop := func(arn *string) {
		stopped, err := client.StopExecution(ctx, &sfn.StopExecutionInput{ExecutionArn: arn, Error: new("Why"), Cause: new("by hand")})
		if err != nil {
			t.Fatal(err)
		}
		wantEqual(t, "stop", stopped.StopDate.UTC(), noon)
	}
	succeeded := describe(`{"a": 1}`, end)
	wantEqual(t, "status", succeeded.Status, types.ExecutionStatusSucceeded)
	wantEqual(t, "input as it was", *succeeded.Input, `{"a": 1}`)
	wantEqual(t, "output", *succeeded.Output, `{"a": 1}`)
	wantEqual(t, "stop", succeeded.StopDate.UTC(), noon)
	failed := describe(`{"fail":1}`, end)
	wantEqual(t, "status", failed.Status, types.ExecutionStatusFailed)
	wantEqual(t, "error and cause", *failed.Error+*failed.Cause, "Ec")
	if failed.Output != nil {
		t.Errorf("output %s", *failed.Output)
	}
	running := describe(`{"wait":1}`, func(*string) {})
	wantEqual(t, "status", running.Status, types.ExecutionStatusRunning)
	if running.StopDate != nil {
		t.Errorf("stop %v", running.StopDate)
	}
	aborted := describe(`{"wait":1}`, stop)
	wantEqual(t, "status", aborted.Status, types.ExecutionStatusAborted)
	wantEqual(t, "error and cause", *aborted.Error+*aborted.Cause, "Whyby hand")
	again, err := client.StopExecution(ctx, &sfn.StopExecutionInput{ExecutionArn: aborted.ExecutionArn})
	if err != nil || !again.StopDate.Equal(noon) {
		t.Errorf("stopping again: %v, %v", again, err)
	}
	var missing *types.ExecutionDoesNotExist
	if _, err := client.DescribeExecution(ctx, &sfn.DescribeExecutionInput{ExecutionArn: new(api.ARN("states", "execution:m:no"))}); !errors.As(err, &missing) {
		t.Errorf("error %v for no execution", err)
	}
	var arn *types.InvalidArn
	if _, err := client.DescribeExecution(ctx, &sfn.DescribeExecutionInput{ExecutionArn: new(api.ARN("states", "express:m:no:x"))}); !errors.As(err, &arn) {
		t.Errorf("error %v for an express execution", err)
	}
}

// https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartSyncExecution.html
func TestExpress(t *testing.T) {
	f := newFixture(t, nil)
	client := newClient(t, f.Service)
	f.create("x", typeExpress, `{"StartAt":"C","States":{"C":{"Type":"Choice","Choices":[{"Variable":"$.fail","IsPresent":true,"Next":"F"},{"Variable":"$.wait","IsPresent":true,"Next":"W"}],"Default":"S"},
		"F":{"Type":"Fail","Error":"E","Cause":"c"},"W":{"Type":"Wait","Seconds":1000,"End":true},"S":{"Type":"Succeed"}}}`)
	f.create("standard", typeStandard, one(`{"Type":"Succeed"}`))
	ctx := t.Context()
	start := func(input string) *sfn.StartSyncExecutionOutput {
		t.Helper()
		out, err := client.StartSyncExecution(ctx, &sfn.StartSyncExecutionInput{StateMachineArn: new(ARN("x")), Name: new("same"), Input: &input})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	succeeded := start(`{"a":1}`)
	wantEqual(t, "status", succeeded.Status, types.SyncExecutionStatusSucceeded)
	wantEqual(t, "output", *succeeded.Output, `{"a":1}`)
	if !strings.HasPrefix(*succeeded.ExecutionArn, "arn:aws:states:us-east-1:000000000000:express:x:same:") {
		t.Errorf("ARN %s", *succeeded.ExecutionArn)
	}
	wantEqual(t, "memory", succeeded.BillingDetails.BilledMemoryUsedInMB, int64(64))
	failed := start(`{"fail":1}`)
	wantEqual(t, "status", failed.Status, types.SyncExecutionStatusFailed)
	wantEqual(t, "error and cause", *failed.Error+*failed.Cause, "Ec")
	// Express executions last five minutes at most
	// (https://docs.aws.amazon.com/step-functions/latest/dg/choosing-workflow-type.html).
	timer := time.AfterFunc(0, func() {
		if f.clock.BlockUntilContext(ctx, 2) == nil {
			f.clock.Advance(5 * time.Minute)
		}
	})
	defer timer.Stop()
	timedOut := start(`{"wait":1}`)
	wantEqual(t, "status", timedOut.Status, types.SyncExecutionStatusTimedOut)
	wantEqual(t, "error", *timedOut.Error, "States.Timeout")

	if _, err := client.StartExecution(ctx, &sfn.StartExecutionInput{StateMachineArn: new(ARN("x"))}); err != nil {
		t.Error(err)
	}
	var unsupported *types.StateMachineTypeNotSupported
	if _, err := client.StartSyncExecution(ctx, &sfn.StartSyncExecutionInput{StateMachineArn: new(ARN("standard"))}); !errors.As(err, &unsupported) {
		t.Errorf("error %v for a standard state machine", err)
	}
	if _, err := client.ListExecutions(ctx, &sfn.ListExecutionsInput{StateMachineArn: new(ARN("x"))}); !errors.As(err, &unsupported) {
		t.Errorf("error %v for listing express executions", err)
	}
}

// https://docs.aws.amazon.com/step-functions/latest/apireference/API_ListExecutions.html
func TestLists(t *testing.T) {
	f := newFixture(t, nil)
	client := newClient(t, f.Service)
	f.create("b", typeStandard, one(`{"Type":"Choice","Choices":[{"Variable":"$.x","NumericEquals":2,"Next":"F"}],"Default":"T"},"F":{"Type":"Fail"},"T":{"Type":"Succeed"}`))
	f.create("a", typeExpress, one(`{"Type":"Succeed"}`))
	ctx := t.Context()
	for i := range 5 {
		started, err := client.StartExecution(ctx, &sfn.StartExecutionInput{StateMachineArn: new(ARN("b")), Name: new(fmt.Sprint(i)), Input: new(fmt.Sprintf(`{"x":%d}`, i))})
		if err != nil {
			t.Fatal(err)
		}
		f.wait(*started.ExecutionArn)
		f.clock.Advance(time.Second)
	}
	names := func(filter types.ExecutionStatus, limit int32) (names []string) {
		pages := sfn.NewListExecutionsPaginator(client, &sfn.ListExecutionsInput{StateMachineArn: new(ARN("b")), StatusFilter: filter, MaxResults: limit})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range page.Executions {
				names = append(names, *e.Name)
			}
			names = append(names, "|")
		}
		return names
	}
	wantEqual(t, "all", names("", 0), []string{"4", "3", "2", "1", "0", "|"})
	wantEqual(t, "pages", names("", 2), []string{"4", "3", "|", "2", "1", "|", "0", "|"})
	wantEqual(t, "failed", names(types.ExecutionStatusFailed, 0), []string{"2", "|"})
	wantEqual(t, "pages of succeeded", names(types.ExecutionStatusSucceeded, 2), []string{"4", "3", "|", "1", "0", "|"})
	var token *types.InvalidToken
	if _, err := client.ListExecutions(ctx, &sfn.ListExecutionsInput{StateMachineArn: new(ARN("b")), NextToken: new("x")}); !errors.As(err, &token) {
		t.Errorf("error %v for a wrong token", err)
	}
	machines, err := client.ListStateMachines(ctx, &sfn.ListStateMachinesInput{})
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "machines", []string{*machines.StateMachines[0].Name, *machines.StateMachines[1].StateMachineArn}, []string{"a", ARN("b")})
	d, err := client.DescribeStateMachine(ctx, &sfn.DescribeStateMachineInput{StateMachineArn: new(ARN("a"))})
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "machine", fmt.Sprintln(*d.Name, d.Type, d.Status, *d.Definition, *d.RoleArn, d.LoggingConfiguration.Level),
		fmt.Sprintln("a EXPRESS ACTIVE", one(`{"Type":"Succeed"}`), "arn:aws:iam::000000000000:role/machine OFF"))
}

// https://docs.aws.amazon.com/step-functions/latest/apireference/API_GetExecutionHistory.html
func TestGetExecutionHistory(t *testing.T) {
	f := newFixture(t, answers(`{"MessageId":"1"}`))
	client := newClient(t, f.Service)
	e := f.start(`{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":5,"Next":"T"},"T":{"Type":"Task","Resource":"arn:aws:states:::sqs:sendMessage","Parameters":{"QueueUrl":"q"},"TimeoutSeconds":9,"End":true}}}`, `{"a":1}`)
	ctx := t.Context()
	history := func(in sfn.GetExecutionHistoryInput) (events []types.HistoryEvent) {
		t.Helper()
		in.ExecutionArn = &e.arn
		pages := sfn.NewGetExecutionHistoryPaginator(client, &in)
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				t.Fatal(err)
			}
			events = append(events, page.Events...)
		}
		return events
	}
	ctxWait, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if err := f.clock.BlockUntilContext(ctxWait, 1); err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "events of a running execution", len(history(sfn.GetExecutionHistoryInput{})), 2)
	f.advance(1, 5*time.Second)
	e.outcome()
	events := history(sfn.GetExecutionHistoryInput{MaxResults: 3})
	var lines []string
	for _, event := range events {
		lines = append(lines, fmt.Sprint(event.Id, " ", event.PreviousEventId, " ", event.Type))
	}
	wantEqual(t, "events", lines, []string{"1 0 ExecutionStarted", "2 1 WaitStateEntered", "3 2 WaitStateExited", "4 3 TaskStateEntered", "5 4 TaskScheduled", "6 5 TaskStarted", "7 6 TaskSucceeded", "8 7 TaskStateExited", "9 8 ExecutionSucceeded"})
	wantEqual(t, "time", events[2].Timestamp.UTC(), noon.Add(5*time.Second))
	wantEqual(t, "input", *events[0].ExecutionStartedEventDetails.Input, `{"a":1}`)
	wantEqual(t, "role", *events[0].ExecutionStartedEventDetails.RoleArn, "arn:aws:iam::000000000000:role/machine")
	wantEqual(t, "state", *events[3].StateEnteredEventDetails.Name+*events[3].StateEnteredEventDetails.Input, `T{"a":1}`)
	scheduled := events[4].TaskScheduledEventDetails
	wantEqual(t, "scheduled", fmt.Sprintln(*scheduled.ResourceType, *scheduled.Resource, *scheduled.Region, *scheduled.Parameters, *scheduled.TimeoutInSeconds),
		fmt.Sprintln(`sqs sendMessage us-east-1 {"QueueUrl":"q"} 9`))
	wantEqual(t, "output", *events[6].TaskSucceededEventDetails.Output, `{"MessageId":"1"}`)
	wantEqual(t, "exit", *events[7].StateExitedEventDetails.Output, `{"MessageId":"1"}`)
	wantEqual(t, "end", *events[8].ExecutionSucceededEventDetails.Output, `{"MessageId":"1"}`)
	newest := history(sfn.GetExecutionHistoryInput{ReverseOrder: true, MaxResults: 4})
	wantEqual(t, "newest first", []int64{newest[0].Id, newest[8].Id}, []int64{9, 1})
	bare := history(sfn.GetExecutionHistoryInput{IncludeExecutionData: new(false)})
	if bare[0].ExecutionStartedEventDetails.Input != nil || bare[6].TaskSucceededEventDetails.Output != nil || *bare[3].StateEnteredEventDetails.Name != "T" {
		t.Errorf("events without data: %v", bare)
	}
}

// https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html
func TestHistoryEvents(t *testing.T) {
	const function = "arn:aws:lambda:us-east-1:000000000000:function:f"
	tests := []struct{ name, state, want string }{
		{"pass", `{"Type":"Pass","End":true}`, "PassStateEntered PassStateExited ExecutionSucceeded"},
		{"succeed", `{"Type":"Succeed"}`, "SucceedStateEntered SucceedStateExited ExecutionSucceeded"},
		{"fail", `{"Type":"Fail"}`, "FailStateEntered ExecutionFailed"},
		{"choice", `{"Type":"Choice","Choices":[{"Variable":"$","IsNull":true,"Next":"T"}],"Default":"T"},"T":{"Type":"Succeed"}`, "ChoiceStateEntered ChoiceStateExited SucceedStateEntered SucceedStateExited ExecutionSucceeded"},
		{"function", `{"Type":"Task","Resource":"` + function + `","End":true}`, "TaskStateEntered LambdaFunctionScheduled LambdaFunctionStarted LambdaFunctionSucceeded TaskStateExited ExecutionSucceeded"},
		{"failed function", `{"Type":"Task","Resource":"` + function + `","Parameters":{"fail":1},"End":true}`, "TaskStateEntered LambdaFunctionScheduled LambdaFunctionStarted LambdaFunctionFailed ExecutionFailed"},
		{"failed task", `{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Parameters":{"fail":1},"End":true}`, "TaskStateEntered TaskScheduled TaskStarted TaskFailed ExecutionFailed"},
		{"caught", `{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Parameters":{"fail":1},"End":true,"Catch":[{"ErrorEquals":["States.ALL"],"Next":"T"}]},"T":{"Type":"Succeed"}`,
			"TaskStateEntered TaskScheduled TaskStarted TaskFailed TaskStateExited SucceedStateEntered SucceedStateExited ExecutionSucceeded"},
		{"parallel", `{"Type":"Parallel","End":true,"Branches":[{"StartAt":"A","States":{"A":{"Type":"Succeed"}}}]}`,
			"ParallelStateEntered ParallelStateStarted SucceedStateEntered SucceedStateExited ParallelStateSucceeded ParallelStateExited ExecutionSucceeded"},
		{"failed parallel", `{"Type":"Parallel","End":true,"Branches":[{"StartAt":"A","States":{"A":{"Type":"Fail"}}}]}`,
			"ParallelStateEntered ParallelStateStarted FailStateEntered ParallelStateFailed ExecutionFailed"},
		{"map", `{"Type":"Map","End":true,"ItemsPath":"$.l","MaxConcurrency":1,"ItemProcessor":{"StartAt":"A","States":{"A":{"Type":"Succeed"}}}}`,
			"MapStateEntered MapStateStarted MapIterationStarted SucceedStateEntered SucceedStateExited MapIterationSucceeded MapStateSucceeded MapStateExited ExecutionSucceeded"},
		{"failed map", `{"Type":"Map","End":true,"ItemsPath":"$.l","ItemProcessor":{"StartAt":"A","States":{"A":{"Type":"Fail"}}}}`,
			"MapStateEntered MapStateStarted MapIterationStarted FailStateEntered MapIterationFailed MapStateFailed ExecutionFailed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t, func(_ *api.Call, _, _ string, input []byte) ([]byte, error) {
				if strings.Contains(string(input), "fail") {
					return nil, &api.Error{Code: "ServiceException"}
				}
				return []byte(`{}`), nil
			})
			e := f.start(one(tt.state), `{"l":[0]}`)
			wantEqual(t, "events", strings.Join(e.kinds(), " "), "ExecutionStarted "+tt.want)
		})
	}
}

// https://docs.aws.amazon.com/step-functions/latest/dg/cloudwatch-log-level.html
func TestLogging(t *testing.T) {
	tests := []struct {
		level string
		want  []string
	}{
		{"", nil},
		{"OFF", nil},
		{"ALL", []string{"ExecutionStarted", "TaskStateEntered", "TaskScheduled", "TaskStarted", "TaskFailed", "ExecutionFailed"}},
		{"ERROR", []string{"TaskFailed", "ExecutionFailed"}},
		{"FATAL", []string{"ExecutionFailed"}},
	}
	for _, tt := range tests {
		for _, kind := range []string{typeStandard, typeExpress} {
			t.Run(tt.level+" "+kind, func(t *testing.T) {
				f := newFixture(t, refuses("X", "m"))
				var kinds []string
				f.Log = func(group, text string) {
					var line struct {
						Type      string
						Timestamp string `json:"event_timestamp"`
						Execution string `json:"execution_arn"`
						Details   map[string]any
					}
					if err := json.Unmarshal([]byte(text), &line); err != nil || group != "group" {
						t.Errorf("%s: %s: %v", group, text, err)
					}
					if _, ok := line.Details["input"]; ok {
						t.Errorf("data in %s", text)
					}
					if line.Timestamp != fmt.Sprint(noon.UnixMilli()) || line.Execution == "" {
						t.Errorf("line %s", text)
					}
					kinds = append(kinds, line.Type)
				}
				if err := f.CreateStateMachine(StateMachine{Name: "m", Type: kind, Definition: []byte(one(`{"Type":"Task","Resource":"arn:aws:states:::sqs:sendMessage","End":true}`)), Logging: Logging{Level: tt.level, LogGroup: "group"}}); err != nil {
					t.Fatal(err)
				}
				if _, err := f.Operations().Call(admin(), "StartExecution", []byte(`{"stateMachineArn":"`+ARN("m")+`"}`)); err != nil {
					t.Fatal(err)
				}
				f.goroutines.Wait()
				wantEqual(t, "events", kinds, tt.want)
			})
		}
	}
}

// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsstepfunctions.html
func TestPermissions(t *testing.T) {
	f, e, token := startWaiting(t, "")
	input := func(name, value string) string { return `{"` + name + `":"` + value + `"}` }
	tests := []struct{ operation, input, action, resource string }{
		{"StartExecution", input("stateMachineArn", ARN("m")), "states:StartExecution", ARN("m")},
		{"StartSyncExecution", input("stateMachineArn", ARN("m")), "states:StartSyncExecution", ARN("m")},
		{"StopExecution", input("executionArn", e.arn), "states:StopExecution", e.arn},
		{"DescribeExecution", input("executionArn", e.arn), "states:DescribeExecution", e.arn},
		{"GetExecutionHistory", input("executionArn", e.arn), "states:GetExecutionHistory", e.arn},
		{"ListExecutions", input("stateMachineArn", ARN("m")), "states:ListExecutions", ARN("m")},
		{"ListStateMachines", `{}`, "states:ListStateMachines", ARN("*")},
		{"DescribeStateMachine", input("stateMachineArn", ARN("m")), "states:DescribeStateMachine", ARN("m")},
		{"SendTaskSuccess", input("taskToken", token), "states:SendTaskSuccess", ARN("m")},
		{"SendTaskFailure", input("taskToken", token), "states:SendTaskFailure", ARN("m")},
		{"SendTaskHeartbeat", input("taskToken", token), "states:SendTaskHeartbeat", ARN("m")},
	}
	wantEqual(t, "operations", len(tests), len(f.Operations()))
	for _, tt := range tests {
		t.Run(tt.operation, func(t *testing.T) {
			var asked []string
			denied := &api.Error{Code: "AccessDeniedException"}
			call := admin()
			call.Principal = &api.Principal{Allow: func(action, resource string, _ api.Keys) error {
				asked = append(asked, action, resource)
				return denied
			}}
			if _, err := f.Operations().Call(call, tt.operation, []byte(tt.input)); err != denied {
				t.Errorf("error %v", err)
			}
			wantEqual(t, "asked", asked, []string{tt.action, tt.resource})
		})
	}
}

func TestCreateStateMachineRefuses(t *testing.T) {
	f := newFixture(t, nil)
	f.create("m", typeStandard, one(`{"Type":"Succeed"}`))
	tests := []struct {
		name    string
		machine StateMachine
		want    string
	}{
		{"same name", StateMachine{Name: "m", Type: typeStandard, Definition: []byte(one(`{"Type":"Succeed"}`))}, "the same name"},
		{"name", StateMachine{Name: "a b", Type: typeStandard, Definition: []byte(one(`{"Type":"Succeed"}`))}, "Invalid Name"},
		{"type", StateMachine{Name: "a", Definition: []byte(one(`{"Type":"Succeed"}`))}, `type "" is neither`},
		{"level", StateMachine{Name: "a", Type: typeStandard, Logging: Logging{Level: "SOME"}, Definition: []byte(one(`{"Type":"Succeed"}`))}, `level "SOME"`},
		{"definition", StateMachine{Name: "a", Type: typeStandard, Definition: []byte(one(`{"Type":"X"}`))}, `type "X"`},
		// https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html
		{"token in express", StateMachine{Name: "a", Type: typeExpress, Definition: []byte(one(waiting + `}`))}, "cannot wait for a task token"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := f.CreateStateMachine(tt.machine); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %s", err, tt.want)
			}
		})
	}
}
