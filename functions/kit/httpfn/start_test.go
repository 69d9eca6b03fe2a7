package httpfn

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"
)

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
