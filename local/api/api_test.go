package api_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/noidle/noidle/local/api"
)

// TestTimestamp: every millisecond comes back as it was written.
func TestTimestamp(t *testing.T) {
	for milli := range int64(1000) {
		want := time.UnixMilli(1_772_366_400_000 + milli).UTC()
		text, err := json.Marshal(api.Timestamp{Time: want})
		if err != nil {
			t.Fatal(err)
		}
		var got api.Timestamp
		if err := json.Unmarshal(text, &got); err != nil || !got.Equal(want) {
			t.Errorf("%s is read as %v, %v; want %v", text, got, err, want)
		}
	}
}

func TestThrottled(t *testing.T) {
	tests := []struct {
		err  error
		want bool
	}{
		{&api.Error{Code: "ThrottlingException"}, true},
		{&api.Error{Code: "TooManyRequestsException"}, true},
		{&api.Error{Code: "ProvisionedThroughputExceededException"}, true},
		{&api.Error{Code: "Slow", Status: http.StatusTooManyRequests}, true},
		{fmt.Errorf("put: %w", &api.Error{Code: "RequestThrottled"}), true},
		{&api.Error{Code: "AccessDeniedException"}, false},
		{errors.New("Throttling"), false},
	}
	for _, tt := range tests {
		if got := api.Throttled(tt.err); got != tt.want {
			t.Errorf("Throttled(%v) = %t", tt.err, got)
		}
	}
}
