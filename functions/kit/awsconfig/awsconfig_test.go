package awsconfig_test

import (
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"

	"github.com/noidle/noidle/functions/kit/awsconfig"
)

// lambda is the environment that Lambda gives a function.
var lambda = map[string]string{
	"AWS_REGION":            "ap-northeast-2",
	"AWS_ACCESS_KEY_ID":     "AKID",
	"AWS_SECRET_ACCESS_KEY": "secret",
	"AWS_SESSION_TOKEN":     "session",
	"AWS_ENDPOINT_URL":      "",
}

func TestFromEnvironment(t *testing.T) {
	for _, test := range []struct {
		name     string
		change   map[string]string
		endpoint *string
		session  string
		err      string
	}{
		{name: "as in lambda", session: "session"},
		{name: "no session", change: map[string]string{"AWS_SESSION_TOKEN": ""}},
		{
			name: "endpoint", change: map[string]string{"AWS_ENDPOINT_URL": "http://127.0.0.1:4566"},
			session: "session", endpoint: aws.String("http://127.0.0.1:4566"),
		},
		{name: "no region", change: map[string]string{"AWS_REGION": ""}, err: "environment: missing AWS_REGION"},
		{
			name:   "no keys",
			change: map[string]string{"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""},
			err:    "environment: missing AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, variables := range []map[string]string{lambda, test.change} {
				for name, value := range variables {
					t.Setenv(name, value)
				}
			}
			cfg, err := awsconfig.FromEnvironment()
			if test.err != "" {
				if err == nil || err.Error() != test.err {
					t.Fatalf("got error %v, want %s", err, test.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if cfg.Region != "ap-northeast-2" {
				t.Errorf("got region %q", cfg.Region)
			}
			if diff := cmp.Diff(test.endpoint, cfg.BaseEndpoint); diff != "" {
				t.Errorf("endpoint (-want +got):\n%s", diff)
			}
			keys, err := cfg.Credentials.Retrieve(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if keys.AccessKeyID != "AKID" || keys.SecretAccessKey != "secret" || keys.SessionToken != test.session || keys.CanExpire {
				t.Errorf("got credentials %+v", keys)
			}
		})
	}
}

func TestRequire(t *testing.T) {
	t.Setenv("ORDERS_TABLE", "orders")
	t.Setenv("QUEUE_URL", "")
	t.Run("set", func(t *testing.T) {
		got, err := awsconfig.Require("ORDERS_TABLE")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(map[string]string{"ORDERS_TABLE": "orders"}, got); diff != "" {
			t.Errorf("values (-want +got):\n%s", diff)
		}
	})
	t.Run("all that are missing are named", func(t *testing.T) {
		_, err := awsconfig.Require("QUEUE_URL", "ORDERS_TABLE", "NO_SUCH_VARIABLE")
		if want := "environment: missing QUEUE_URL, NO_SUCH_VARIABLE"; err == nil || err.Error() != want {
			t.Errorf("got error %v, want %s", err, want)
		}
	})
}

func TestConnect(t *testing.T) {
	refused := errors.New("environment: SIZES: no sizes")
	for _, test := range []struct {
		name, missing string
		connect       error
		want          string
	}{
		{name: "all there"},
		{name: "a variable of the function's is missing", missing: "TABLE", want: "environment: missing TABLE"},
		{name: "a variable of Lambda's is missing", missing: "AWS_REGION", want: "environment: missing AWS_REGION"},
		{name: "connect fails", connect: refused, want: refused.Error()},
	} {
		t.Run(test.name, func(t *testing.T) {
			for name, value := range lambda {
				t.Setenv(name, value)
			}
			t.Setenv("TABLE", "notes")
			t.Setenv("QUEUE_URL", "https://queue")
			if test.missing != "" {
				t.Setenv(test.missing, "")
			}
			connected := false
			handler, err := awsconfig.Connect(func(cfg aws.Config, env map[string]string) (string, error) {
				connected = true
				if diff := cmp.Diff(map[string]string{"TABLE": "notes", "QUEUE_URL": "https://queue"}, env); diff != "" {
					t.Errorf("variables (-want +got):\n%s", diff)
				}
				return "the handler in " + cfg.Region, test.connect
			}, "TABLE", "QUEUE_URL")
			if connected != (test.missing == "") {
				t.Errorf("connected: %t", connected)
			}
			if test.want != "" {
				if err == nil || err.Error() != test.want {
					t.Errorf("got error %v, want %s", err, test.want)
				}
				return
			}
			if err != nil || handler != "the handler in ap-northeast-2" {
				t.Errorf("got %v, %v", handler, err)
			}
		})
	}
}
