package environment

import (
	"testing"
	"time"
)

func TestDurations(t *testing.T) {
	tests := []struct {
		name, value string
		want        time.Duration
		wantErr     string
	}{
		{"whole seconds", "1m30s", 90 * time.Second, ""},
		{"a second", "1s", time.Second, ""},
		{"a number", "60", 0, `environment: WINDOW is "60": must be whole seconds, such as 1m0s`},
		{"part of a second", "1500ms", 0, `environment: WINDOW is "1500ms": must be whole seconds, such as 1m0s`},
		{"none", "0s", 0, `environment: WINDOW is "0s": must be whole seconds, such as 1m0s`},
		{"negative", "-1s", 0, `environment: WINDOW is "-1s": must be whole seconds, such as 1m0s`},
		{"missing", "", 0, `environment: WINDOW is "": must be whole seconds, such as 1m0s`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got, other time.Duration
			err := Durations(map[string]string{"WINDOW": tt.value, "OTHER": "2s"}, map[string]*time.Duration{"WINDOW": &got, "OTHER": &other})
			if text := ""; err != nil {
				if text = err.Error(); text != tt.wantErr {
					t.Errorf("error is %s, want %s", text, tt.wantErr)
				}
			} else if tt.wantErr != "" || other != 2*time.Second {
				t.Errorf("there is no error, and the other is %v", other)
			}
			if got != tt.want {
				t.Errorf("duration is %v, want %v", got, tt.want)
			}
		})
	}
}
