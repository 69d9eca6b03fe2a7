// Package handlertest holds what the tests of the order functions' handlers share:
// events from files, the log, and the check of a step as Lambda and the state
// machine see it.
package handlertest

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/google/go-cmp/cmp"
)

// Event reads an event of type E, as Lambda sends it, from a file.
func Event[E any](t testing.TB, file string) E {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var event E
	if err := json.Unmarshal(text, &event); err != nil {
		t.Fatal(err)
	}
	return event
}

// State returns the saga's state in testdata/state.json.
func State(t testing.TB) string {
	t.Helper()
	return string(Event[json.RawMessage](t, "testdata/state.json"))
}

// Log returns what is logged until the test ends.
func Log(t testing.TB) *bytes.Buffer {
	t.Helper()
	var log bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewJSONHandler(&log, nil)))
	t.Cleanup(func() { slog.SetDefault(before) })
	return &log
}

// CheckStep invokes the handler with a saga's state, and fails the test unless it
// answers want, or fails with wantErr. A rejection must not be wrapped, as Lambda
// reports only what stands alone, and the log must not show the payment token.
func CheckStep(t *testing.T, handler any, state, want string, wantErr error) {
	t.Helper()
	log := Log(t)
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
