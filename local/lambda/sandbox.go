package lambda

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/noidle/noidle/local/api"
)

// Function is what a sandbox needs to know of a Lambda function.
type Function struct {
	// Name is the function's name.
	Name string
	// Dir is the directory with the function's code: its executable, named
	// bootstrap.
	Dir string
	// Memory is its memory in MB. It is told to the function, not enforced.
	Memory int
	// Timeout is how long one invocation may take.
	Timeout time.Duration
	// JSONLogs says that the function's log format is JSON.
	JSONLogs bool
	// LogGroup and LogStream name where its logs go. Empty means
	// /aws/lambda/NAME and local.
	LogGroup, LogStream string
	// Environment holds the function's own variables, and over the ones that
	// Lambda sets, credentials and endpoints for its calls to AWS.
	Environment map[string]string
}

// ARN returns the function's Amazon Resource Name.
func (f Function) ARN() string {
	return api.ARN("lambda", "function:"+f.Name)
}

// QualifiedARN returns the ARN of a version or alias of the function, or the
// function's if the qualifier is empty.
func (f Function) QualifiedARN(qualifier string) string {
	if qualifier == "" {
		return f.ARN()
	}
	return f.ARN() + ":" + qualifier
}

// ParseName returns the name of a function that is given by name or ARN, and the
// version or alias that follows, if one does
// (https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html).
func ParseName(name string) (function, qualifier string) {
	if parts := strings.SplitN(name, ":", 7); len(parts) == 7 {
		name = parts[6]
	}
	function, qualifier, _ = strings.Cut(name, ":")
	return function, qualifier
}

// FunctionError is an invocation that failed in the function rather than on the
// way to it. Its fields are what Lambda answers the caller.
type FunctionError struct {
	// Type is the error's type, such as the name of a Go type,
	// Sandbox.Timedout or Runtime.ExitError.
	Type string `json:"errorType"`
	// Message says what happened.
	Message string `json:"errorMessage"`
}

func (e *FunctionError) Error() string { return e.Type + ": " + e.Message }

// Sandbox is one execution environment of a function: a process that handles
// one invocation after the other. It is safe for concurrent use; invocations
// wait for each other.
type Sandbox struct {
	function Function
	log      io.Writer
	init     time.Duration

	process  *exec.Cmd
	server   *http.Server
	exited   chan struct{} // closed when the process has ended
	exit     error         // how it ended, once exited is closed
	ready    chan struct{} // closed when the process first asks for an invocation
	work     chan *invocation
	results  chan result
	initFail chan *FunctionError

	askedOnce sync.Once
	current   atomic.Pointer[invocation] // the last that the process has taken

	mu       sync.Mutex // held by the invocation that runs
	measured time.Time
	memory   int
}

type invocation struct {
	id       string
	payload  []byte
	deadline time.Time
	open     opener
}

// trace is the X-Ray header of an invocation that is not sampled
// (https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader).
func (i *invocation) trace() string {
	digits := strings.ReplaceAll(i.id, "-", "")
	return fmt.Sprintf("Root=1-%.8s-%024.24s;Parent=%.16s;Sampled=0", digits, digits[min(8, len(digits)):], digits)
}

type result struct {
	id      string
	payload []byte
	failure *FunctionError
}

// initLimit is how long a function may take to start
// (https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html).
const initLimit = 10 * time.Second

// Start starts a function's process and waits until it asks for its first
// invocation. What the function prints goes to log. The error is a
// [FunctionError] if the function itself could not start.
func Start(f Function, log io.Writer) (*Sandbox, error) {
	// The process runs in its directory, from where a relative one is not found.
	dir, err := filepath.Abs(f.Dir)
	if err != nil {
		return nil, err
	}
	f.Dir = dir
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &Sandbox{
		function: f,
		log:      log,
		exited:   make(chan struct{}),
		ready:    make(chan struct{}),
		work:     make(chan *invocation),
		results:  make(chan result),
		initFail: make(chan *FunctionError, 1),
	}
	s.server = &http.Server{Handler: s.runtimeAPI(), ReadHeaderTimeout: initLimit}
	go func() { _ = s.server.Serve(listener) }()

	s.process = exec.Command(filepath.Join(f.Dir, "bootstrap"))
	s.process.Dir = f.Dir
	s.process.Env = f.environment(listener.Addr().String())
	s.process.Stdout, s.process.Stderr = log, log
	begin := time.Now()
	if err := s.process.Start(); err != nil {
		return nil, errors.Join(&FunctionError{Type: "Runtime.InvalidEntrypoint", Message: err.Error()}, s.server.Close())
	}
	go func() {
		s.exit = s.process.Wait()
		close(s.exited)
	}()
	if err := s.awaitReady(); err != nil {
		s.Close()
		return nil, err
	}
	s.init = time.Since(begin)
	return s, nil
}

func (s *Sandbox) awaitReady() error {
	limit := time.NewTimer(initLimit)
	defer limit.Stop()
	select {
	case <-s.ready:
		return nil
	case failure := <-s.initFail:
		return failure
	case <-s.exited:
		return s.exitError("")
	case <-limit.C:
		return &FunctionError{Type: "Sandbox.Timedout", Message: fmt.Sprintf("the function did not start within %v", initLimit)}
	}
}

// InitDuration is how long the process took from its start until it asked for
// its first invocation.
func (s *Sandbox) InitDuration() time.Duration { return s.init }

// Invoke hands the payload to the function as the request of that ID and returns
// what it answers. The error is a [FunctionError] if the function failed, exited, or took longer
// than its timeout; after the latter two the sandbox is of no more use.
func (s *Sandbox) Invoke(ctx context.Context, requestID string, payload []byte) ([]byte, error) {
	payload, _, err := s.invoke(ctx, requestID, payload, nil)
	return payload, err
}

// invoke is Invoke for an answer that may come in parts, and says whether the
// function took the event.
func (s *Sandbox) invoke(ctx context.Context, requestID string, payload []byte, open opener) (response []byte, taken bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	call := &invocation{
		id:       requestID,
		payload:  payload,
		deadline: time.Now().Add(s.function.Timeout),
		open:     open,
	}
	limit := time.NewTimer(s.function.Timeout)
	defer limit.Stop()
	select {
	case s.work <- call:
	case <-s.exited:
		return nil, false, s.exitError(call.id)
	case <-ctx.Done():
		return nil, false, ctx.Err()
	}
	response, err = s.await(ctx, call, limit.C)
	return response, true, err
}

// await waits for the answer to a call that the process has taken.
func (s *Sandbox) await(ctx context.Context, call *invocation, limit <-chan time.Time) ([]byte, error) {
	for {
		select {
		case r := <-s.results:
			if r.id != call.id {
				continue // A late answer to a call that was given up.
			}
			if r.failure != nil {
				return nil, r.failure
			}
			return r.payload, nil
		case <-s.exited:
			return nil, s.exitError(call.id)
		case <-limit:
			s.kill()
			return nil, s.timeoutError(call.id)
		case <-ctx.Done():
			s.kill()
			return nil, ctx.Err()
		}
	}
}

// exitError is the error of an invocation whose process ended.
func (s *Sandbox) exitError(id string) error {
	how := "exit status 0"
	if s.exit != nil {
		how = s.exit.Error()
	}
	return &FunctionError{
		Type:    "Runtime.ExitError",
		Message: strings.TrimSpace(fmt.Sprintf("RequestId: %s Error: Runtime exited with error: %s", id, how)),
	}
}

// timeoutError is the error of an invocation that took too long.
func (s *Sandbox) timeoutError(id string) error {
	return &FunctionError{
		Type:    "Sandbox.Timedout",
		Message: fmt.Sprintf("RequestId: %s Error: Task timed out after %.2f seconds", id, s.function.Timeout.Seconds()),
	}
}

// ended says whether the process is gone.
func (s *Sandbox) ended() bool {
	select {
	case <-s.exited:
		return true
	default:
		return false
	}
}

func (s *Sandbox) kill() {
	_ = s.process.Process.Kill()
	<-s.exited
}

// maxMemory is the most memory that the process has used, in MB, as far as the
// machine tells. It is asked once a second, as asking takes longer than a short
// invocation.
func (s *Sandbox) maxMemory() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := time.Now(); now.Sub(s.measured) > time.Second {
		s.measured, s.memory = now, max(s.memory, s.readMemory())
	}
	return s.memory
}

func (s *Sandbox) readMemory() int {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.process.Process.Pid))
	if err != nil {
		return 0
	}
	_, after, _ := strings.Cut(string(status), "VmHWM:")
	kilobytes := 0
	_, _ = fmt.Sscan(after, &kilobytes)
	return (kilobytes + 1023) / 1024
}

// Close ends the process and waits until it is gone.
func (s *Sandbox) Close() {
	s.kill()
	_ = s.server.Close()
}

// runtimeAPI serves the process.
func (s *Sandbox) runtimeAPI() http.Handler {
	const version = "/2018-06-01/runtime"
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+version+"/invocation/next", s.serveNext)
	mux.HandleFunc("POST "+version+"/invocation/{id}/response", s.serveResponse)
	mux.HandleFunc("POST "+version+"/invocation/{id}/error", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		s.finish(w, r, result{failure: functionError(body)}, err)
	})
	mux.HandleFunc("POST "+version+"/init/error", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		s.initFail <- functionError(body)
		w.WriteHeader(http.StatusAccepted)
	})
	return mux
}

func functionError(body []byte) *FunctionError {
	failure := &FunctionError{}
	if err := json.Unmarshal(body, failure); err != nil {
		failure.Type, failure.Message = "Runtime.UnknownReason", string(body)
	}
	return failure
}

// serveNext answers when there is an invocation.
func (s *Sandbox) serveNext(w http.ResponseWriter, r *http.Request) {
	s.askedOnce.Do(func() { close(s.ready) })
	select {
	case call := <-s.work:
		s.current.Store(call)
		h := w.Header()
		h.Set("Content-Type", "application/json")
		h.Set("Lambda-Runtime-Aws-Request-Id", call.id)
		h.Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(call.deadline.UnixMilli(), 10))
		h.Set("Lambda-Runtime-Invoked-Function-Arn", s.function.ARN())
		h.Set("Lambda-Runtime-Trace-Id", call.trace())
		_, _ = w.Write(call.payload)
	case <-r.Context().Done():
	}
}

// finish hands on the answer to a call, unless it could not be read.
func (s *Sandbox) finish(w http.ResponseWriter, r *http.Request, answer result, err error) {
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	answer.id = r.PathValue("id")
	select {
	case s.results <- answer:
	case <-s.exited:
	}
	w.WriteHeader(http.StatusAccepted)
}

// environment is what the process sees: what Lambda sets and nothing of this
// machine's, so that missing configuration shows
// (https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html).
func (f Function) environment(runtimeAPI string) []string {
	logFormat := "Text"
	if f.JSONLogs {
		logFormat = "JSON"
	}
	variables := map[string]string{
		"AWS_LAMBDA_RUNTIME_API":          runtimeAPI,
		"AWS_LAMBDA_FUNCTION_NAME":        f.Name,
		"AWS_LAMBDA_FUNCTION_VERSION":     "$LATEST",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": strconv.Itoa(f.Memory),
		"AWS_LAMBDA_INITIALIZATION_TYPE":  "on-demand",
		"AWS_LAMBDA_LOG_GROUP_NAME":       cmp.Or(f.LogGroup, "/aws/lambda/"+f.Name),
		"AWS_LAMBDA_LOG_STREAM_NAME":      cmp.Or(f.LogStream, "local"),
		"AWS_LAMBDA_LOG_FORMAT":           logFormat,
		"AWS_REGION":                      api.Region,
		"AWS_DEFAULT_REGION":              api.Region,
		"LAMBDA_TASK_ROOT":                f.Dir,
		"LAMBDA_RUNTIME_DIR":              "/var/runtime",
		"_HANDLER":                        "bootstrap",
		"LANG":                            "en_US.UTF-8",
		"PATH":                            "/usr/local/bin:/usr/bin:/bin:/opt/bin",
		"LD_LIBRARY_PATH":                 "/lib64:/usr/lib64:/var/runtime:/var/task:/opt/lib",
		"TZ":                              ":UTC",
	}
	for name, value := range f.Environment {
		variables[name] = value
	}
	var environment []string
	for name, value := range variables {
		environment = append(environment, name+"="+value)
	}
	return environment
}
