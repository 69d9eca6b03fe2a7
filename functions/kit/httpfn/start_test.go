package httpfn

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
)

func environment(t *testing.T) {
	for name, value := range map[string]string{
		"AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "AKIA0000000000000000", "AWS_SECRET_ACCESS_KEY": "secret", "TABLE": "photos",
	} {
		t.Setenv(name, value)
	}
}

func TestPrepare(t *testing.T) {
	refused := errors.New("no such table")
	tests := []struct {
		name, missing string
		connect       error
		want          string
	}{
		{"all there", "", nil, ""},
		{"a variable of the function's is missing", "TABLE", nil, "environment: missing TABLE"},
		{"a variable of Lambda's is missing", "AWS_REGION", nil, "environment: missing AWS_REGION"},
		{"connect fails", "", refused, "no such table"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			environment(t)
			if test.missing != "" {
				t.Setenv(test.missing, "")
			}
			h, err := prepare(func(cfg aws.Config, env map[string]string) (http.Handler, error) {
				if cfg.Region != "eu-west-1" || env["TABLE"] != "photos" {
					t.Errorf("connect gets %q, %v", cfg.Region, env)
				}
				return http.NotFoundHandler(), test.connect
			}, []string{"TABLE"})
			if test.want == "" && (err != nil || h == nil) || test.want != "" && (err == nil || err.Error() != test.want) {
				t.Errorf("it returns %v, %v, want %s", h, err, test.want)
			}
		})
	}
}

// A server that is told to end answers the request under way first.
func TestRun(t *testing.T) {
	t.Setenv("PORT", "0")
	listener, err := listen()
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stopping, ended := make(chan struct{}), make(chan error, 1)
	context.AfterFunc(ctx, func() { close(stopping) })
	go func() {
		ended <- run(ctx, listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if Event(r.Context()) != nil || Claims(r.Context()) != nil {
				t.Error("there is an event, or there are claims")
			}
			stop()
			<-stopping
			_, _ = io.WriteString(w, "hello")
		}))
	}()
	response, err := http.Get("http://" + listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(response.Body)
	if err != nil || string(body) != "hello" {
		t.Errorf("body is %q, %v", body, err)
	}
	if err := errors.Join(response.Body.Close(), <-ended); err != nil {
		t.Error(err)
	}
	if _, err := http.Get("http://" + listener.Addr().String()); err == nil {
		t.Error("it still answers")
	}
}

func TestRunFails(t *testing.T) {
	t.Setenv("PORT", "0")
	listener, err := listen()
	if err != nil {
		t.Fatal(err)
	}
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	if err := run(t.Context(), listener, http.NotFoundHandler()); err == nil {
		t.Error("a closed listener is served")
	}
}

func TestListen(t *testing.T) {
	t.Setenv("PORT", "70000")
	if _, err := listen(); err == nil {
		t.Error("it listens on a port that does not exist")
	}
	t.Setenv("HOST", "")
	t.Setenv("PORT", "0")
	listener, err := listen()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	if host := listener.Addr().String(); host[:10] != "127.0.0.1:" {
		t.Errorf("it listens on %s", host)
	}
}
