package cloudformation_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/noidle/noidle/local/cloudformation"
)

// put sends an answer and returns its status.
func put(s *cloudformation.Service, url, body string) int {
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest(http.MethodPut, strings.TrimPrefix(url, "http://here"), strings.NewReader(body)))
	return w.Code
}

// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/crpg-ref-responses.html
func TestAnswers(t *testing.T) {
	answer := func(changes map[string]string) func(map[string]any) string {
		return func(event map[string]any) string {
			fields := map[string]any{"Status": "SUCCESS", "PhysicalResourceId": "id"}
			for _, name := range []string{"StackId", "RequestId", "LogicalResourceId"} {
				fields[name] = event[name]
			}
			for name, value := range changes {
				fields[name] = value
			}
			body, _ := json.Marshal(fields)
			return string(body)
		}
	}
	tests := []struct {
		name   string
		answer func(map[string]any) string
		fails  error
		want   string // empty: success
	}{
		{name: "success", answer: answer(nil)},
		{name: "success and then an error", answer: answer(nil), fails: errors.New("late")},
		{name: "failed", answer: answer(map[string]string{"Status": "FAILED", "Reason": "no space", "PhysicalResourceId": ""}), want: "the function failed: no space"},
		{name: "failed without a reason", answer: answer(map[string]string{"Status": "FAILED"}), want: "the function failed: it gives no Reason"},
		{name: "another status", answer: answer(map[string]string{"Status": "OK"}), want: `has the Status "OK"`},
		{name: "no ID", answer: answer(map[string]string{"PhysicalResourceId": ""}), want: "has no PhysicalResourceId"},
		{name: "another request", answer: answer(map[string]string{"RequestId": "x"}), want: "is to another request"},
		{name: "another stack", answer: answer(map[string]string{"StackId": "x"}), want: "is to another request"},
		{name: "another resource", answer: answer(map[string]string{"LogicalResourceId": "x"}), want: "is to another request"},
		{name: "no JSON", answer: func(map[string]any) string { return "hello" }, want: "is no JSON object"},
		{name: "too large", answer: answer(map[string]string{"Reason": strings.Repeat("x", 4096)}), want: "more than the 4096 bytes"},
		{name: "crash", fails: errors.New("exit status 1"), want: "ended without an answer: exit status 1"},
		{name: "none", want: "ended without an answer: it has to PUT one"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var s *cloudformation.Service
			s = cloudformation.New(cloudformation.Options{
				Clock: clockwork.NewFakeClock(),
				URL:   func() string { return "http://here" },
				Invoke: func(_ context.Context, _ string, payload []byte) error {
					var event map[string]any
					if err := json.Unmarshal(payload, &event); err != nil {
						return err
					}
					if tt.answer != nil {
						url := event["ResponseURL"].(string)
						first, second := put(s, url, tt.answer(event)), put(s, url, tt.answer(event))
						if first != http.StatusOK || second != http.StatusForbidden {
							t.Errorf("the answers get %d and %d", first, second)
						}
					}
					return tt.fails
				},
			})
			err := s.Create(t.Context(), cloudformation.Resource{StackID: "stack", LogicalID: "Site", Timeout: time.Hour})
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("Create = %v, want %q", err, tt.want)
			}
		})
	}
}

func TestTimeout(t *testing.T) {
	clock := clockwork.NewFakeClock()
	s := cloudformation.New(cloudformation.Options{
		Clock: clock,
		URL:   func() string { return "http://here" },
		Invoke: func(ctx context.Context, _ string, _ []byte) error {
			<-ctx.Done()
			return ctx.Err()
		},
	})
	done := make(chan error)
	go func() { done <- s.Create(t.Context(), cloudformation.Resource{Timeout: 5 * time.Second}) }()
	if err := clock.BlockUntilContext(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	clock.Advance(5 * time.Second)
	if err := <-done; err == nil || !strings.Contains(err.Error(), "did not answer within 5s") {
		t.Errorf("Create = %v", err)
	}
}
