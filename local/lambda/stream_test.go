package lambda_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/noidle/noidle/local/api"
	"github.com/noidle/noidle/local/lambda"
)

// prelude begins the answers of the function in testdata.
const prelude = `{"statusCode":201}` + "\x00\x00\x00\x00\x00\x00\x00\x00"

func (w *world) invokeURL(t *testing.T, streams bool, do, with string) (*lambda.Response, error) {
	t.Helper()
	call := &api.Call{Context: t.Context(), RequestID: "request-1"}
	response, err := w.InvokeURL(call, function().ARN(), fmt.Appendf(nil, `{"do":%q,"with":%q}`, do, with), streams)
	if err == nil {
		t.Cleanup(func() { _ = response.Body.Close() })
	}
	return response, err
}

// begun invokes a function that has answered one and waits at the gate.
func (w *world) begun(t *testing.T, g *gate) *lambda.Response {
	t.Helper()
	response, err := w.invokeURL(t, true, "stream", g.URL)
	if err != nil {
		t.Fatal(err)
	}
	part := make([]byte, len(prelude+"one "))
	if _, err := io.ReadFull(response.Body, part); err != nil || string(part) != prelude+"one " {
		t.Fatalf("the beginning is %q, %v", part, err)
	}
	<-g.arrived
	return response
}

// TestStream: what a function has written is there before it writes more.
func TestStream(t *testing.T) {
	w, g := newWorld(t), newGate(t)
	w.create(t, nil)
	response := w.begun(t, g)
	g.answer <- http.StatusOK
	if rest, err := io.ReadAll(response.Body); err != nil || string(rest) != "two" {
		t.Errorf("the rest is %q, %v", rest, err)
	}
}

// TestStreamWithoutReader: a function runs to its end when nobody listens.
func TestStreamWithoutReader(t *testing.T) {
	w, g := newWorld(t), newGate(t)
	w.create(t, nil)
	ends := make(chan bool)
	w.invoked = func(failed bool) { ends <- failed }
	_ = w.begun(t, g).Body.Close()
	g.answer <- http.StatusOK
	if failed := <-ends; failed {
		t.Error("the function fails")
	}
}

// TestStreamEnds: the reader of an answer learns that the rest is missing.
func TestStreamEnds(t *testing.T) {
	tests := []struct {
		name, want string
		timeout    time.Duration
		end        func(w *world) error
	}{
		{"the process ends", "Runtime.ExitError", 10 * time.Second, func(w *world) error { return syscall.Kill(w.Processes()[0], syscall.SIGKILL) }},
		{"the time is over", "Sandbox.Timedout", time.Second, func(*world) error { return nil }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w, g := newWorld(t), newGate(t)
			w.create(t, func(c *lambda.Configuration) { c.Timeout = tt.timeout })
			response := w.begun(t, g)
			if err := tt.end(w); err != nil {
				t.Fatal(err)
			}
			_, err := io.ReadAll(response.Body)
			if failure, ok := errors.AsType[*lambda.FunctionError](err); !ok || failure.Type != tt.want {
				t.Errorf("the body ends with %v, want %s", err, tt.want)
			}
		})
	}
}

// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html#runtimes-custom-response-streaming
// and the limit of
// https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
func TestResponses(t *testing.T) {
	const parts = "application/vnd.awslambda.http-integration-response"
	tests := []struct {
		name, do, with string
		streams        bool
		contentType    string
		length         int
		failure        string
	}{
		{"a failure", "fail", "no luck", true, "", 0, "errorString: no luck"},
		{"in parts", "stream much", "", true, parts, len(prelude+"one two") + 7<<20, ""},
		{"without a prelude", "stream text", "data: 1", true, "text/event-stream", len("data: 1"), ""},
		{"a failure on the way", "stream and fail", "no luck", true, parts, len(prelude + "one "), "errorString: no luck"},
		{"too much as a whole", "large", "", true, "", 0, "Function.ResponseSizeTooLarge"},
		{"parts that are collected", "stream", "", false, "", len(prelude + "one two"), ""},
		{"a failure that is collected", "stream and fail", "no luck", false, "", 0, "errorString: no luck"},
		{"too much to be collected", "stream much", "", false, "", 0, "Function.ResponseSizeTooLarge"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.create(t, nil)
			response, err := w.invokeURL(t, tt.streams, tt.do, tt.with)
			var body []byte
			if err == nil {
				body, err = io.ReadAll(response.Body)
				if response.ContentType != tt.contentType {
					t.Errorf("the content type is %q, want %q", response.ContentType, tt.contentType)
				}
			}
			if len(body) != tt.length {
				t.Errorf("the body has %d bytes, want %d: %.100q", len(body), tt.length, body)
			}
			if (err != nil) != (tt.failure != "") || err != nil && !strings.HasPrefix(err.Error(), tt.failure) {
				t.Errorf("it ends with %v, want %q", err, tt.failure)
			}
		})
	}
}

// TestURLPermissions: a URL needs both
// (https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html).
func TestURLPermissions(t *testing.T) {
	w := newWorld(t)
	w.create(t, nil)
	for _, denied := range []string{"lambda:InvokeFunctionUrl", "lambda:InvokeFunction"} {
		t.Run(denied, func(t *testing.T) {
			asked := map[string]api.Keys{}
			principal := &api.Principal{Allow: func(action, resource string, keys api.Keys) error {
				asked[action+" "+resource] = keys
				if action == denied {
					return &api.Error{Code: "AccessDeniedException", Status: http.StatusForbidden}
				}
				return nil
			}}
			arn := function().QualifiedARN("live")
			call := &api.Call{Context: t.Context(), Principal: principal, RequestID: "request-1"}
			if _, err := w.InvokeURL(call, arn, []byte("{}"), false); err == nil {
				t.Error("the function is invoked")
			}
			want := map[string]api.Keys{"lambda:InvokeFunctionUrl " + arn: {"lambda:FunctionUrlAuthType": {"NONE"}}}
			if denied == "lambda:InvokeFunction" {
				want["lambda:InvokeFunction "+arn] = api.Keys{"lambda:InvokedViaFunctionUrl": {"true"}}
			}
			if diff := cmp.Diff(want, asked); diff != "" {
				t.Errorf("asked (-want +got):\n%s", diff)
			}
		})
	}
}
