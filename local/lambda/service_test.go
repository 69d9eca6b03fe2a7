package lambda_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	client "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/google/go-cmp/cmp"
	"github.com/jonboulle/clockwork"

	"github.com/noidle/noidle/local/api"
	"github.com/noidle/noidle/local/lambda"
)

// world is a Service and what it told its surroundings.
type world struct {
	*lambda.Service
	clock     *clockwork.FakeClock
	delivered chan api.Delivery
	reports   chan string
	fault     func(string) lambda.Fault
	invoked   func(failed bool)

	mu  sync.Mutex
	log bytes.Buffer
}

func newWorld(t *testing.T) *world {
	w := &world{
		clock:     clockwork.NewFakeClockAt(time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)),
		delivered: make(chan api.Delivery, 10),
		reports:   make(chan string, 10),
		fault:     func(string) lambda.Fault { return lambda.NoFault },
		invoked:   func(bool) {},
	}
	w.Service = lambda.New(lambda.Options{
		Clock:  w.clock,
		Random: rand.New(rand.NewPCG(1, 1)),
		Log: func(group, stream string, line []byte) {
			w.mu.Lock()
			defer w.mu.Unlock()
			fmt.Fprintf(&w.log, "%s: %s\n", group, line)
		},
		Deliver: func(_ context.Context, d api.Delivery) error {
			w.delivered <- d
			return nil
		},
		Fault:   func(name string) lambda.Fault { return w.fault(name) },
		Report:  func(message string) { w.reports <- message },
		Invoked: func(_ string, _ time.Duration, failed bool) { w.invoked(failed) },
	})
	t.Cleanup(w.Close)
	return w
}

func (w *world) logged() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.log.String()
}

var everything = &api.Principal{ARN: "role", Allow: func(string, string, api.Keys) error { return nil }}

func (w *world) create(t *testing.T, change func(*lambda.Configuration)) {
	t.Helper()
	c := lambda.Configuration{Function: function(), Role: everything, Runtime: "provided.al2023"}
	if change != nil {
		change(&c)
	}
	if err := w.CreateFunction(c); err != nil {
		t.Fatal(err)
	}
}

func (w *world) invoke(do, with string) ([]byte, error) {
	call := &api.Call{Context: context.Background(), RequestID: "request-" + do}
	return w.Invoke(call, "hello", fmt.Appendf(nil, `{"do":%q,"with":%q}`, do, with))
}

func (w *world) invokeAsync(t *testing.T, do, with string) {
	t.Helper()
	call := &api.Call{Context: context.Background(), RequestID: "request-1"}
	if err := w.InvokeAsync(call, "hello", fmt.Appendf(nil, `{"do":%q,"with":%q}`, do, with)); err != nil {
		t.Fatal(err)
	}
}

// gate is a server that functions call: it tells of each call, and answers when
// it is told with which status.
type gate struct {
	*httptest.Server
	arrived chan struct{}
	answer  chan int
}

func newGate(t *testing.T) *gate {
	g := &gate{arrived: make(chan struct{}, 100), answer: make(chan int)}
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.arrived <- struct{}{}
		select {
		case status := <-g.answer:
			w.WriteHeader(status)
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(g.Close)
	return g
}

// The pool grows with concurrent events, up to the reserved concurrency, and
// throttles beyond
// (https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html).
func TestConcurrency(t *testing.T) {
	w, g := newWorld(t), newGate(t)
	w.create(t, func(c *lambda.Configuration) { c.ReservedConcurrency = new(2) })
	var wait sync.WaitGroup
	for range 2 {
		wait.Go(func() {
			if _, err := w.invoke("call", g.URL); err != nil {
				t.Error(err)
			}
		})
	}
	<-g.arrived
	<-g.arrived
	if n := len(w.Processes()); n != 2 || w.Running() != 2 {
		t.Errorf("%d processes for %d events, want 2 for 2", n, w.Running())
	}
	_, err := w.invoke("echo", "third")
	failure, ok := errors.AsType[*api.Error](err)
	if !ok || failure.Code != "TooManyRequestsException" || failure.Status != http.StatusTooManyRequests || failure.Members["Reason"] != "ReservedFunctionConcurrentInvocationLimitExceeded" {
		t.Errorf("the third event fails with %v, want a throttle", err)
	}
	g.answer <- http.StatusOK
	g.answer <- http.StatusOK
	wait.Wait()
	before := w.Processes()
	if _, err := w.invoke("echo", "fourth"); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(before, w.Processes()); diff != "" {
		t.Errorf("a warm process was not used (-before +after):\n%s", diff)
	}
}

// A reservation of zero stops a function
// (https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html).
func TestNoConcurrency(t *testing.T) {
	w := newWorld(t)
	w.create(t, func(c *lambda.Configuration) { c.ReservedConcurrency = new(0) })
	if _, err := w.invoke("echo", ""); err == nil {
		t.Error("the function is invoked")
	}
}

// Many events at once start few processes: those that wait take what is warm.
func TestManyEventsAtOnce(t *testing.T) {
	w := newWorld(t)
	w.create(t, nil)
	var wait sync.WaitGroup
	for i := range 200 {
		wait.Go(func() {
			if body, err := w.invoke("echo", fmt.Sprint(i)); err != nil || !strings.Contains(string(body), fmt.Sprintf(`"Echo":"%d"`, i)) {
				t.Errorf("echo %d answers %.100s, %v", i, body, err)
			}
		})
	}
	wait.Wait()
	if n := len(w.Processes()); n > 100 {
		t.Errorf("%d processes for 200 events", n)
	}
}

// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-context.html#runtimes-lifecycle-shutdown
func TestCrashedProcessIsReplaced(t *testing.T) {
	tests := []struct{ name, do, want string }{
		{"exit", "exit", "Runtime.ExitError"},
		{"panic", "panic", "string"},
		{"timeout", "hang", "Sandbox.Timedout"},
		{"answer too large", "large", "Function.ResponseSizeTooLarge"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.create(t, func(c *lambda.Configuration) { c.Timeout = time.Second })
			_, err := w.invoke(tt.do, "oh")
			if failure, ok := errors.AsType[*lambda.FunctionError](err); !ok || failure.Type != tt.want {
				t.Errorf("the invocation fails with %v, want %s", err, tt.want)
			}
			if _, err := w.invoke("echo", "again"); err != nil {
				t.Errorf("the next invocation fails: %v", err)
			}
		})
	}
}

func TestInjectedFaults(t *testing.T) {
	tests := []struct {
		name   string
		fault  lambda.Fault
		want   string
		called bool
	}{
		{"crash before", lambda.CrashBefore, "Runtime.ExitError", false},
		{"crash after", lambda.CrashAfter, "Runtime.ExitError", true},
		{"timeout", lambda.Timeout, "Sandbox.Timedout", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			called := make(chan struct{}, 1)
			server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { called <- struct{}{} }))
			defer server.Close()
			w.create(t, nil)
			w.fault = func(string) lambda.Fault { return tt.fault }
			_, err := w.invoke("call", server.URL)
			if failure, ok := errors.AsType[*lambda.FunctionError](err); !ok || failure.Type != tt.want {
				t.Errorf("the invocation fails with %v, want %s", err, tt.want)
			}
			if (len(called) == 1) != tt.called {
				t.Errorf("the function had its effect: %t, want %t", len(called) == 1, tt.called)
			}
		})
	}
}

// https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html
func TestLogs(t *testing.T) {
	denied := &api.Principal{ARN: "role", Allow: func(action, _ string, _ api.Keys) error {
		if action == "logs:PutLogEvents" {
			return errors.New("denied")
		}
		return nil
	}}
	tests := []struct {
		name   string
		change func(*lambda.Configuration)
		want   []string
	}{
		{"JSON", nil, []string{`/aws/lambda/hello: {"record":{"requestId":"request-echo","version":"$LATEST"}`, `/aws/lambda/hello: echoing x`, `"type":"platform.report"`, `"maxMemoryUsedMB":`, `"initDurationMs":`}},
		{"text", func(c *lambda.Configuration) { c.JSONLogs = false }, []string{"START RequestId: request-echo Version: $LATEST", "echoing x", "END RequestId: request-echo", "REPORT RequestId: request-echo\tDuration: ", "Memory Size: 256 MB\tMax Memory Used: ", "\tInit Duration: "}},
		{"group of its own", func(c *lambda.Configuration) { c.LogGroup = "mine" }, []string{"mine: echoing x"}},
		{"no right to write", func(c *lambda.Configuration) { c.Role = denied }, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.create(t, tt.change)
			if _, err := w.invoke("echo", "x"); err != nil {
				t.Fatal(err)
			}
			w.Close() // What the function prints is in the log by then.
			log := w.logged()
			for _, want := range tt.want {
				if !strings.Contains(log, want) {
					t.Errorf("the log is %q, want %q in it", log, want)
				}
			}
			if tt.want == nil && log != "" {
				t.Errorf("the log is %q, want none", log)
			}
		})
	}
}

// An asynchronous event is tried again after one minute and after two more, and
// then goes to the failure destination and the dead-letter queue
// (https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html).
func TestAsyncRetries(t *testing.T) {
	tests := []struct {
		name    string
		async   lambda.Async
		answers []int           // of the attempts
		waits   []time.Duration // before each further attempt
		want    []string        // targets
		record  string
		report  string
	}{
		{
			name: "success", answers: []int{200}, async: lambda.Async{OnSuccess: "ok", OnFailure: "failed", DeadLetter: "dead"},
			want: []string{"ok"}, record: `"condition":"Success"`,
		},
		{
			name: "second attempt", answers: []int{500, 200}, waits: []time.Duration{time.Minute}, async: lambda.Async{OnSuccess: "ok"},
			want: []string{"ok"}, record: `"approximateInvokeCount":2`,
		},
		{
			name: "exhausted", answers: []int{500, 500, 500}, waits: []time.Duration{time.Minute, 2 * time.Minute}, async: lambda.Async{OnFailure: "failed", DeadLetter: "dead"},
			want: []string{"failed", "dead"}, record: `"condition":"RetriesExhausted"`,
		},
		{
			name: "no retries", answers: []int{500}, async: lambda.Async{Retries: new(0), OnFailure: "failed"},
			want: []string{"failed"}, record: `"functionError":"Unhandled"`,
		},
		{
			name: "too old", answers: []int{500, 500}, waits: []time.Duration{time.Minute}, async: lambda.Async{MaxAge: 2 * time.Minute, OnFailure: "failed"},
			want: []string{"failed"}, record: `"condition":"EventAgeExceeded"`,
		},
		{
			name: "lost", answers: []int{500}, async: lambda.Async{Retries: new(0)},
			report: "lambda: function hello: asynchronous event request-1 (RetriesExhausted): the function has neither a failure destination nor a dead-letter queue",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w, g := newWorld(t), newGate(t)
			w.create(t, func(c *lambda.Configuration) { c.Async = tt.async })
			w.invokeAsync(t, "call", g.URL)
			for i, status := range tt.answers {
				if i > 0 {
					if err := w.clock.BlockUntilContext(t.Context(), 1); err != nil {
						t.Fatal(err)
					}
					w.clock.Advance(tt.waits[i-1] - time.Second)
					if len(g.arrived) != 0 {
						t.Error("the function is tried too early")
					}
					w.clock.Advance(time.Second)
				}
				<-g.arrived
				g.answer <- status
			}
			for i, target := range tt.want {
				d := <-w.delivered
				if d.Target != target || d.Role.ARN != "role" {
					t.Errorf("delivery to %s as %s, want %s as role", d.Target, d.Role.ARN, target)
				}
				if i == 0 && !strings.Contains(string(d.Payload), tt.record) {
					t.Errorf("the record is %s, want %s in it", d.Payload, tt.record)
				}
				if i == 1 && (!strings.Contains(string(d.Payload), g.URL) || d.Attributes["RequestID"].StringValue != "request-1" || d.Attributes["ErrorMessage"].StringValue != "500 Internal Server Error") {
					t.Errorf("the dead letter is %s with %v", d.Payload, d.Attributes)
				}
			}
			if tt.report != "" {
				if diff := cmp.Diff(tt.report, <-w.reports); diff != "" {
					t.Errorf("report (-want +got):\n%s", diff)
				}
			}
			if len(w.delivered)+len(w.reports) != 0 {
				t.Errorf("there is more: %d deliveries, %d reports", len(w.delivered), len(w.reports))
			}
		})
	}
}

// An asynchronous event that is throttled waits, and is not an attempt
// (https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html).
func TestAsyncThrottle(t *testing.T) {
	w, g := newWorld(t), newGate(t)
	w.create(t, func(c *lambda.Configuration) {
		c.ReservedConcurrency = new(1)
		c.Async = lambda.Async{OnSuccess: "ok"}
	})
	var busy sync.WaitGroup
	busy.Go(func() { _, _ = w.invoke("call", g.URL) })
	<-g.arrived
	w.invokeAsync(t, "echo", "later")
	if err := w.clock.BlockUntilContext(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	g.answer <- http.StatusOK
	busy.Wait()
	w.clock.Advance(time.Second)
	if d := <-w.delivered; !strings.Contains(string(d.Payload), `"approximateInvokeCount":1`) {
		t.Errorf("the record is %s, want one invocation", d.Payload)
	}
}

// TestAPI drives the API through the real SDK
// (https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html).
func TestAPI(t *testing.T) {
	w := newWorld(t)
	w.create(t, func(c *lambda.Configuration) {
		c.Environment = map[string]string{"TABLE": "orders", "AWS_SECRET_ACCESS_KEY": "secret"}
		c.Async.OnSuccess = "ok"
	})
	server := httptest.NewServer(&api.Endpoint{
		Services:  map[string]http.Handler{"lambda": w.Handler()},
		Principal: func(string) *api.Principal { return nil },
	})
	defer server.Close()
	c := client.New(client.Options{
		Region:           "us-east-1",
		BaseEndpoint:     &server.URL,
		Credentials:      credentials.NewStaticCredentialsProvider("x", "x", ""),
		RetryMaxAttempts: 1,
	})
	ctx := t.Context()

	t.Run("invoke", func(t *testing.T) {
		for _, name := range []string{"hello", "arn:aws:lambda:us-east-1:000000000000:function:hello", "hello:$LATEST"} {
			out, err := c.Invoke(ctx, &client.InvokeInput{FunctionName: &name, Payload: []byte(`{"do":"echo","with":"hi"}`)})
			if err != nil {
				t.Fatal(err)
			}
			if out.StatusCode != 200 || out.FunctionError != nil || !strings.Contains(string(out.Payload), `"Echo":"hi"`) {
				t.Errorf("Invoke(%s) = %d, %s", name, out.StatusCode, out.Payload)
			}
		}
	})
	t.Run("function error", func(t *testing.T) {
		out, err := c.Invoke(ctx, &client.InvokeInput{FunctionName: aws.String("hello"), Payload: []byte(`{"do":"fail","with":"no luck"}`)})
		if err != nil {
			t.Fatal(err)
		}
		if aws.ToString(out.FunctionError) != "Unhandled" || string(out.Payload) != `{"errorType":"errorString","errorMessage":"no luck"}` {
			t.Errorf("Invoke = %s, %s", aws.ToString(out.FunctionError), out.Payload)
		}
	})
	t.Run("event", func(t *testing.T) {
		out, err := c.Invoke(ctx, &client.InvokeInput{FunctionName: aws.String("hello"), InvocationType: types.InvocationTypeEvent, Payload: []byte(`{"do":"echo","with":"later"}`)})
		if err != nil || out.StatusCode != 202 {
			t.Fatalf("Invoke = %v, %v", out, err)
		}
		<-w.delivered
	})
	t.Run("dry run", func(t *testing.T) {
		out, err := c.Invoke(ctx, &client.InvokeInput{FunctionName: aws.String("hello"), InvocationType: types.InvocationTypeDryRun})
		if err != nil || out.StatusCode != 204 {
			t.Fatalf("Invoke = %v, %v", out, err)
		}
	})
	t.Run("unknown function", func(t *testing.T) {
		_, err := c.Invoke(ctx, &client.InvokeInput{FunctionName: aws.String("nobody")})
		if _, ok := errors.AsType[*types.ResourceNotFoundException](err); !ok {
			t.Errorf("Invoke = %v", err)
		}
	})
	t.Run("not JSON", func(t *testing.T) {
		_, err := c.Invoke(ctx, &client.InvokeInput{FunctionName: aws.String("hello"), Payload: []byte(`{`)})
		if _, ok := errors.AsType[*types.InvalidRequestContentException](err); !ok {
			t.Errorf("Invoke = %v", err)
		}
	})
	t.Run("too large", func(t *testing.T) {
		for kind, size := range map[types.InvocationType]int{types.InvocationTypeRequestResponse: 6 << 20, types.InvocationTypeEvent: 1 << 20} {
			payload, _ := json.Marshal(strings.Repeat("x", size))
			_, err := c.Invoke(ctx, &client.InvokeInput{FunctionName: aws.String("hello"), InvocationType: kind, Payload: payload})
			if _, ok := errors.AsType[*types.RequestTooLargeException](err); !ok {
				t.Errorf("%s of %d bytes: %v", kind, size, err)
			}
		}
	})
	t.Run("qualifier", func(t *testing.T) {
		_, err := c.Invoke(ctx, &client.InvokeInput{FunctionName: aws.String("hello"), Qualifier: aws.String("7")})
		if _, ok := errors.AsType[*types.ResourceNotFoundException](err); !ok {
			t.Errorf("Invoke = %v", err)
		}
	})
	t.Run("describe", func(t *testing.T) {
		got, err := c.GetFunction(ctx, &client.GetFunctionInput{FunctionName: aws.String("hello")})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(map[string]string{"TABLE": "orders"}, got.Configuration.Environment.Variables); diff != "" {
			t.Errorf("variables (-want +got):\n%s", diff)
		}
		configuration, err := c.GetFunctionConfiguration(ctx, &client.GetFunctionConfigurationInput{FunctionName: aws.String("hello")})
		if err != nil || *configuration.MemorySize != 256 || *configuration.Timeout != 10 || configuration.Runtime != types.RuntimeProvidedal2023 {
			t.Errorf("GetFunctionConfiguration = %v, %v", configuration, err)
		}
		list, err := c.ListFunctions(ctx, &client.ListFunctionsInput{})
		if err != nil || len(list.Functions) != 1 || *list.Functions[0].FunctionName != "hello" {
			t.Errorf("ListFunctions = %v, %v", list, err)
		}
	})
	t.Run("unsupported", func(t *testing.T) {
		if _, err := c.DeleteFunction(ctx, &client.DeleteFunctionInput{FunctionName: aws.String("hello")}); err == nil || !strings.Contains(err.Error(), "is not supported locally") {
			t.Errorf("DeleteFunction = %v", err)
		}
	})
}

// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html
func TestPermissions(t *testing.T) {
	const arn = "arn:aws:lambda:us-east-1:000000000000:function:hello"
	tests := []struct{ name, method, path, want string }{
		{"Invoke", "POST", "/2015-03-31/functions/hello/invocations", "lambda:InvokeFunction " + arn},
		{"GetFunction", "GET", "/2015-03-31/functions/hello", "lambda:GetFunction " + arn},
		{"GetFunctionConfiguration", "GET", "/2015-03-31/functions/hello/configuration", "lambda:GetFunctionConfiguration " + arn},
		{"ListFunctions", "GET", "/2015-03-31/functions/", "lambda:ListFunctions *"},
	}
	w := newWorld(t)
	w.create(t, nil)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var asked []string
			denied := &api.Principal{Allow: func(action, resource string, _ api.Keys) error {
				asked = append(asked, action+" "+resource)
				return &api.Error{Code: "AccessDeniedException", Status: http.StatusForbidden}
			}}
			r := httptest.NewRequest(tt.method, tt.path, strings.NewReader("{}"))
			recorder := httptest.NewRecorder()
			w.Handler().ServeHTTP(recorder, r.WithContext(api.With(t.Context(), &api.Call{Context: t.Context(), Principal: denied})))
			if diff := cmp.Diff([]string{tt.want}, asked); diff != "" || recorder.Code != http.StatusForbidden {
				t.Errorf("status %d; asked (-want +got):\n%s", recorder.Code, diff)
			}
		})
	}
}

// No process is left when the service is closed, also those that are busy.
func TestCloseEndsProcesses(t *testing.T) {
	w, g := newWorld(t), newGate(t)
	w.create(t, nil)
	var busy sync.WaitGroup
	busy.Go(func() {
		if _, err := w.invoke("call", g.URL); err == nil {
			t.Error("the invocation succeeds although its process is gone")
		}
	})
	<-g.arrived
	pids := w.Processes()
	w.Close()
	busy.Wait()
	if slices.ContainsFunc(pids, alive) || len(pids) != 1 {
		t.Errorf("of the processes %v some are alive", pids)
	}
	if _, err := w.invoke("echo", ""); err == nil {
		t.Error("a closed service invokes")
	}
}

func alive(pid int) bool {
	_, err := os.Stat(fmt.Sprintf("/proc/%d", pid))
	return err == nil
}
