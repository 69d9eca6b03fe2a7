package saga_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/google/go-cmp/cmp"

	"github.com/noidle/noidle/functions/kit/saga"
)

// TestMain runs the test binary as a Lambda function if the variable that
// Lambda sets says so, see TestRejectReachesLambda.
func TestMain(m *testing.M) {
	if os.Getenv("AWS_LAMBDA_RUNTIME_API") != "" {
		lambda.Start(func() (string, error) { return "", saga.Reject("OutOfStock", "rare-1: 6 wanted, 5 left") })
	}
	os.Exit(m.Run())
}

// TestRejectReachesLambda starts a function and plays the Runtime API to it:
// what Lambda is told must be the code and the reason, nothing more.
func TestRejectReachesLambda(t *testing.T) {
	reported := make(chan string, 1)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Lambda-Runtime-Aws-Request-Id", "r-1")
		w.Header().Set("Lambda-Runtime-Deadline-Ms", "4102444800000")
		_, _ = io.WriteString(w, `{}`) // the function may be gone by now
	})
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/r-1/error", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // the function is gone
		}
		select {
		case reported <- string(body):
		default: // the function goes on until it is stopped
		}
		w.WriteHeader(http.StatusAccepted)
	})
	server := httptest.NewServer(mux)
	defer server.Close()

	function := exec.CommandContext(t.Context(), os.Args[0])
	function.Env = []string{"AWS_LAMBDA_RUNTIME_API=" + strings.TrimPrefix(server.URL, "http://")}
	if err := function.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := function.Process.Kill(); err != nil {
			t.Error(err)
		}
		_ = function.Wait() // it was killed
	}()

	select {
	case got := <-reported:
		if want := `{"errorMessage":"rare-1: 6 wanted, 5 left","errorType":"OutOfStock"}`; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	case <-t.Context().Done():
		t.Fatal("the function reported nothing")
	}
}

type input struct {
	OrderID string `json:"orderId"`
}

func TestState(t *testing.T) {
	for _, test := range []struct {
		fixture string
		want    saga.State[input]
	}{
		{fixture: "first-step.json", want: saga.State[input]{Input: input{OrderID: "o-1"}, Results: map[string]saga.Result{}}},
		{
			fixture: "second-step.json",
			want: saga.State[input]{
				Input:   input{OrderID: "o-1"},
				Results: map[string]saga.Result{"ReserveStock": {Output: json.RawMessage(`{"reservation":{"status":"RESERVED"}}`)}},
			},
		},
		{
			fixture: "compensation.json",
			want: saga.State[input]{
				Input:   input{OrderID: "o-1"},
				Results: map[string]saga.Result{"ReserveStock": {Output: json.RawMessage(`{"reservation":{"status":"RESERVED"}}`)}},
				Failure: &saga.Failure{
					Step: "ChargePayment", Error: "PaymentDeclined",
					Cause: saga.Cause{Message: "card declined", Type: "PaymentDeclined"},
				},
			},
		},
	} {
		t.Run(test.fixture, func(t *testing.T) {
			text, err := os.ReadFile("testdata/" + test.fixture)
			if err != nil {
				t.Fatal(err)
			}
			var got saga.State[input]
			if err := json.Unmarshal(text, &got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("state (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDecode(t *testing.T) {
	for _, test := range []struct {
		name   string
		result saga.Result
		want   int
		err    string
	}{
		{name: "result", result: saga.Result{Output: json.RawMessage(`7`)}, want: 7},
		{name: "none", err: "saga: no result"},
		{
			name: "another type", result: saga.Result{Output: json.RawMessage(`"7"`)},
			err: "saga: result: json: cannot unmarshal string into Go value of type int",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got int
			err := test.result.Decode(&got)
			if test.err != "" {
				if err == nil || err.Error() != test.err {
					t.Fatalf("got error %v, want %s", err, test.err)
				}
				return
			}
			if err != nil || got != test.want {
				t.Errorf("got %d, %v, want %d", got, err, test.want)
			}
		})
	}
}

func TestCause(t *testing.T) {
	for _, test := range []struct {
		name, text string
		want       saga.Cause
	}{
		{"error of a function", `{"errorMessage":"m","errorType":"T"}`, saga.Cause{Message: "m", Type: "T"}},
		{"with a stack", `{"errorMessage":"m","errorType":"T","stackTrace":[{"path":"p"}]}`, saga.Cause{Message: "m", Type: "T"}},
		{"text", `"the state timed out"`, saga.Cause{Message: "the state timed out"}},
		{"null", `null`, saga.Cause{}},
		{"another object", `{"reason":"x"}`, saga.Cause{Message: `{"reason":"x"}`}},
		{"another type", `{"errorMessage":7}`, saga.Cause{Message: `{"errorMessage":7}`}},
		{"list", `[1]`, saga.Cause{Message: `[1]`}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := saga.Cause{Message: "old", Type: "old"}
			if err := json.Unmarshal([]byte(test.text), &got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("cause (-want +got):\n%s", diff)
			}
		})
	}
}

// FuzzCause: whatever the cause is, the compensation can read its state.
func FuzzCause(f *testing.F) {
	for _, seed := range []string{`{"errorMessage":"m","errorType":"T"}`, `"text"`, `null`, `7`, `{"errorMessage":null}`, `[[]]`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if !json.Valid(text) {
			return
		}
		var state saga.State[input]
		whole := `{"input":{"orderId":"o-1"},"failure":{"step":"S","error":"E","cause":` + string(text) + `}}`
		if err := json.Unmarshal([]byte(whole), &state); err != nil {
			t.Fatalf("state with cause %q: %v", text, err)
		}
		if !utf8.Valid(text) {
			return // Go's decoder mends strings, not what is taken as it stands
		}
		again, err := json.Marshal(state)
		if err != nil {
			t.Fatal(err)
		}
		var got saga.State[input]
		if err := json.Unmarshal(again, &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(state, got); diff != "" {
			t.Errorf("does not round-trip (-first +second):\n%s", diff)
		}
	})
}
