package main

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// The local cloud needs nothing, and gets no keys of a profile.
func TestConfigForLocalCloud(t *testing.T) {
	forget(t)
	t.Setenv("AWS_PROFILE", "missing")
	for _, endpoint := range []string{"http://127.0.0.1:4566", "http://localhost:4566", "http://[::1]:4566"} {
		account, err := configFor(t.Context(), endpoint)
		if err != nil {
			t.Fatal(err)
		}
		keys, err := account.Credentials.Retrieve(t.Context())
		if got := fmt.Sprint(account.Region, " ", keys.AccessKeyID, " ", keys.SecretAccessKey, " ", *account.BaseEndpoint); err != nil || got != "us-east-1 local local "+endpoint {
			t.Errorf("got %s, error %v", got, err)
		}
	}
}

func TestConfigForAWS(t *testing.T) {
	tests := []struct {
		name        string
		environment map[string]string
		profiles    string
		want        string // region and key
		error       string
	}{
		{name: "environment", environment: map[string]string{"AWS_REGION": "ap-northeast-2", "AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "s"}, want: "ap-northeast-2 id"},
		{name: "profile", environment: map[string]string{"AWS_PROFILE": "shop"}, profiles: "[profile shop]\nregion = eu-west-1\naws_access_key_id = theirs\naws_secret_access_key = s\n", want: "eu-west-1 theirs"},
		{name: "no such profile", environment: map[string]string{"AWS_PROFILE": "shop"}, error: "shop"},
		{name: "no region", environment: map[string]string{"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "s"}, error: "no region is set: set AWS_REGION"},
		{name: "no credentials", environment: map[string]string{"AWS_REGION": "eu-west-1"}, error: "no credentials: "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			forget(t)
			for name, value := range tt.environment {
				t.Setenv(name, value)
			}
			if err := os.WriteFile(os.Getenv("AWS_CONFIG_FILE"), []byte(tt.profiles), 0o600); err != nil {
				t.Fatal(err)
			}
			account, err := configFor(t.Context(), "")
			if tt.error != "" {
				if err == nil || !strings.Contains(err.Error(), tt.error) {
					t.Errorf("got error %v, want %q", err, tt.error)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			keys, err := account.Credentials.Retrieve(t.Context())
			if got := account.Region + " " + keys.AccessKeyID; err != nil || got != tt.want || account.BaseEndpoint != nil {
				t.Errorf("got %s and endpoint %v, error %v; want %s", got, account.BaseEndpoint, err, tt.want)
			}
		})
	}
}
