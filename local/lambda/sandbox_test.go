package lambda_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/noidle/noidle/local/lambda"
)

// hello is where the function in testdata is built.
var hello string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "noidle-hello-")
	if err != nil {
		panic(err)
	}
	hello = dir
	out, err := exec.Command("go", "build", "-tags", "lambda.norpc", "-o", filepath.Join(dir, "bootstrap"), "./testdata/hello").CombinedOutput()
	if err != nil {
		panic(string(out))
	}
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// journal collects what a function prints.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

func function() lambda.Function {
	return lambda.Function{Name: "hello", Dir: hello, Memory: 256, Timeout: 10 * time.Second, JSONLogs: true}
}

func start(t *testing.T, f lambda.Function) (*lambda.Sandbox, *journal) {
	t.Helper()
	log := &journal{}
	s, err := lambda.Start(f, log)
	if err != nil {
		t.Fatalf("Start: %v", err)
	}
	t.Cleanup(s.Close)
	return s, log
}

func invoke(s *lambda.Sandbox, do, with string) ([]byte, error) {
	return s.Invoke(context.Background(), uuid.NewString(), fmt.Appendf(nil, `{"do":%q,"with":%q}`, do, with))
}

func TestInvoke(t *testing.T) {
	s, log := start(t, function())
	var ids []string
	for i := range 3 {
		body, err := invoke(s, "echo", fmt.Sprint(i))
		if err != nil {
			t.Fatal(err)
		}
		var answer struct {
			Echo, ARN, RequestID string
			Left                 time.Duration
		}
		if err := json.Unmarshal(body, &answer); err != nil {
			t.Fatal(err)
		}
		if answer.Echo != fmt.Sprint(i) || answer.ARN != "arn:aws:lambda:us-east-1:000000000000:function:hello" {
			t.Errorf("the function answers %s", body)
		}
		if answer.Left <= 0 || answer.Left > 10*time.Second {
			t.Errorf("the function has %v left, want up to 10s", answer.Left)
		}
		ids = append(ids, answer.RequestID)
	}
	if len(slices.Compact(ids)) != 3 {
		t.Errorf("request ids %v, want each its own", ids)
	}
	s.Close() // All that was printed is in the log by then.
	if !strings.Contains(log.String(), "echoing 2") {
		t.Errorf("the log is %q", log)
	}
	if s.InitDuration() <= 0 {
		t.Errorf("the function started in %v", s.InitDuration())
	}
}

func TestInvokeAtTheSameTime(t *testing.T) {
	s, _ := start(t, function())
	var wait sync.WaitGroup
	for i := range 50 {
		wait.Go(func() {
			body, err := invoke(s, "echo", fmt.Sprint(i))
			if err != nil || !strings.Contains(string(body), fmt.Sprintf(`"Echo":"%d"`, i)) {
				t.Errorf("echo %d answers %s, %v", i, body, err)
			}
		})
	}
	wait.Wait()
}

// TestFailures: what Lambda answers when the function fails, and whether the
// sandbox lives on
// (https://docs.aws.amazon.com/lambda/latest/dg/invocation-retries.html).
func TestFailures(t *testing.T) {
	tests := []struct {
		name, do, with string
		timeout        time.Duration
		errorType      string
		message        string
		lives          bool
	}{
		{"an error is the caller's", "fail", "no luck", 10 * time.Second, "errorString", "no luck", true},
		{"a panic ends the process", "panic", "oh no", 10 * time.Second, "string", "oh no", false},
		{"an exit ends the process", "exit", "", 10 * time.Second, "Runtime.ExitError", "Runtime exited with error: exit status 7", false},
		{"a timeout ends the process", "hang", "", time.Second, "Sandbox.Timedout", "Task timed out after 1.00 seconds", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := function()
			f.Timeout = tt.timeout
			s, _ := start(t, f)
			_, err := invoke(s, tt.do, tt.with)
			var failure *lambda.FunctionError
			if !errors.As(err, &failure) || failure.Type != tt.errorType || !strings.Contains(failure.Message, tt.message) {
				t.Fatalf("it fails with %v, want %s: %s", err, tt.errorType, tt.message)
			}
			if _, err := invoke(s, "echo", "still there"); (err == nil) != tt.lives {
				t.Errorf("afterwards the sandbox answers with error %v, want it alive: %t", err, tt.lives)
			}
		})
	}
}

func TestStartFails(t *testing.T) {
	broken, missing := function(), function()
	broken.Environment = map[string]string{"BROKEN": "yes"}
	missing.Dir = t.TempDir()
	tests := []struct {
		name     string
		function lambda.Function
		want     string
		log      string
	}{
		{"the function exits", broken, "Runtime.ExitError", "missing configuration"},
		{"there is no bootstrap", missing, "Runtime.InvalidEntrypoint", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			log := &journal{}
			_, err := lambda.Start(tt.function, log)
			var failure *lambda.FunctionError
			if !errors.As(err, &failure) || failure.Type != tt.want {
				t.Errorf("Start fails with %v, want %s", err, tt.want)
			}
			if !strings.Contains(log.String(), tt.log) {
				t.Errorf("the log is %q, want %q in it", log, tt.log)
			}
		})
	}
}

func TestInvokeGivesUpWithItsContext(t *testing.T) {
	s, _ := start(t, function())
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := s.Invoke(ctx, uuid.NewString(), []byte(`{"do":"hang"}`)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Invoke fails with %v, want %v", err, context.DeadlineExceeded)
	}
}

// TestRelativeDir: the code's directory may be given as seen from here.
func TestRelativeDir(t *testing.T) {
	t.Chdir(filepath.Dir(hello))
	f := function()
	f.Dir = filepath.Base(hello)
	s, _ := start(t, f)
	if _, err := invoke(s, "echo", "hello"); err != nil {
		t.Error(err)
	}
}

// TestEnvironmentIsClean: only what Lambda sets, and the function's own.
func TestEnvironmentIsClean(t *testing.T) {
	t.Setenv("NOIDLE_LEAK", "from this machine")
	f := function()
	f.Environment = map[string]string{"ORDERS_TABLE": "orders", "AWS_ACCESS_KEY_ID": "key"}
	s, _ := start(t, f)
	body, err := invoke(s, "echo", "")
	if err != nil {
		t.Fatal(err)
	}
	var answer struct{ Environment []string }
	if err := json.Unmarshal(body, &answer); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, variable := range answer.Environment {
		name, _, _ := strings.Cut(variable, "=")
		names = append(names, name)
	}
	slices.Sort(names)
	want := []string{
		"AWS_ACCESS_KEY_ID", "AWS_DEFAULT_REGION", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_NAME",
		"AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_FORMAT",
		"AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME", "AWS_LAMBDA_RUNTIME_API", "AWS_REGION",
		"LAMBDA_RUNTIME_DIR", "LAMBDA_TASK_ROOT", "LANG", "LD_LIBRARY_PATH", "ORDERS_TABLE", "PATH", "TZ", "_HANDLER",
		"_X_AMZN_TRACE_ID", // Set by aws-lambda-go for each invocation.
	}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("the function's variables (-want +got):\n%s", diff)
	}
}
