package httpapi

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/noidle/noidle/constructs/internal/expect"
)

// TestValidate: the limits are those of
// https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html.
func TestValidate(t *testing.T) {
	tests := []struct {
		name     string
		throttle Throttle
		want     string
	}{
		{"defaults", Throttle{}, ""},
		{"as fast as can be", Throttle{RatePerSecond: 10000, Burst: 5000}, ""},
		{"too fast", Throttle{RatePerSecond: 10001}, "RatePerSecond is 10001: must be 1 to 10000"},
		{"negative rate", Throttle{RatePerSecond: -1}, "RatePerSecond is -1: must be 1 to 10000"},
		{"too large burst", Throttle{Burst: 5001}, "Burst is 5001: must be 1 to 5000"},
		{"negative burst", Throttle{Burst: -1}, "Burst is -1: must be 1 to 5000"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { expect.Error(t, Validate(tt.throttle), tt.want) })
	}
}

func TestComplete(t *testing.T) {
	tests := []struct {
		name           string
		throttle, want Throttle
	}{
		{"nothing set", Throttle{}, Throttle{100, 200}},
		{"rate", Throttle{RatePerSecond: 1}, Throttle{1, 200}},
		{"burst", Throttle{Burst: 2}, Throttle{100, 2}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, Complete(tt.throttle, 100, 200)); diff != "" {
				t.Errorf("throttle (-want +got):\n%s", diff)
			}
		})
	}
}
