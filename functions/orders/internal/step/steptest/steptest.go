// Package steptest checks the handler of a step as Lambda and the state machine
// see it.
package steptest

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/google/go-cmp/cmp"
)

// State returns the saga's state in testdata/state.json.
func State(t *testing.T) string {
	t.Helper()
	state, err := os.ReadFile("testdata/state.json")
	if err != nil {
		t.Fatal(err)
	}
	return string(state)
}

// Check invokes the handler with a saga's state, and fails the test unless it
// answers want, or fails with wantErr. A rejection must not be wrapped, as Lambda
// reports only what stands alone, and the log must not show the payment token.
func Check(t *testing.T, handler any, state, want string, wantErr error) {
	t.Helper()
	log := captureLog(t)
	got, err := lambda.NewHandler(handler).Invoke(t.Context(), []byte(state))
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("result (-want +got):\n%s", diff)
	}
	checkError(t, err, wantErr)
	if strings.Contains(log.String(), "tok_") {
		t.Errorf("the log shows the payment token: %s", log)
	}
}

func checkError(t *testing.T, err, want error) {
	t.Helper()
	rejection, rejected := want.(messages.InvokeResponse_Error)
	if !rejected {
		if !errors.Is(err, want) {
			t.Errorf("got error %v, want %v", err, want)
		}
		return
	}
	got, ok := err.(messages.InvokeResponse_Error)
	if !ok || got.Type != rejection.Type || got.Message != rejection.Message {
		t.Errorf("got error %#v, want %#v", err, want)
	}
}

func captureLog(t *testing.T) *bytes.Buffer {
	t.Helper()
	var log bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewJSONHandler(&log, nil)))
	t.Cleanup(func() { slog.SetDefault(before) })
	return &log
}
