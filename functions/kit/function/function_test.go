package function

import (
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"
)

func TestPrepare(t *testing.T) {
	complete := map[string]string{
		"TABLE": "notes", "QUEUE_URL": "https://queue", "AWS_REGION": "eu-west-1",
		"AWS_ACCESS_KEY_ID": "AKIA0000000000000000", "AWS_SECRET_ACCESS_KEY": "secret",
	}
	tests := []struct {
		name, missing, wantErr string
	}{
		{"all there", "", ""},
		{"a variable of the function's is missing", "TABLE", "environment: missing TABLE"},
		{"a variable of Lambda's is missing", "AWS_REGION", "environment: missing AWS_REGION"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for name, value := range complete {
				if name == tt.missing {
					value = ""
				}
				t.Setenv(name, value)
			}
			connected := false
			handler, err := prepare(func(cfg aws.Config, env map[string]string) (any, error) {
				connected = true
				if diff := cmp.Diff(map[string]string{"TABLE": "notes", "QUEUE_URL": "https://queue"}, env); diff != "" {
					t.Errorf("variables (-want +got):\n%s", diff)
				}
				return "the handler in " + cfg.Region, nil
			}, []string{"TABLE", "QUEUE_URL"})
			if tt.wantErr != "" {
				if err == nil || err.Error() != tt.wantErr || connected {
					t.Errorf("error is %v, connected: %t; want %s before that", err, connected, tt.wantErr)
				}
				return
			}
			if err != nil || handler != "the handler in eu-west-1" {
				t.Errorf("it returns %v, %v", handler, err)
			}
		})
	}
}

func TestPrepareFails(t *testing.T) {
	t.Setenv("AWS_REGION", "eu-west-1")
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIA0000000000000000")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	want := errors.New("environment: SIZES: no sizes")
	if _, err := prepare(func(aws.Config, map[string]string) (any, error) { return nil, want }, nil); err != want {
		t.Errorf("error is %v, want %v", err, want)
	}
}
