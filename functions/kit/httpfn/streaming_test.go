package httpfn_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"github.com/noidle/noidle/functions/kit/httpfn"
)

func stream(t *testing.T, h http.HandlerFunc) *events.LambdaFunctionURLStreamingResponse {
	t.Helper()
	got, err := httpfn.Streaming(h)(t.Context(), fixture(t, "function-url"))
	if err != nil {
		t.Fatal(err)
	}
	return got.(*events.LambdaFunctionURLStreamingResponse)
}

// https://docs.aws.amazon.com/lambda/latest/dg/configuration-response-streaming.html
func TestStreaming(t *testing.T) {
	next := make(chan struct{})
	response := stream(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["X-Tag"] = []string{"a", "b"}
		w.Header()["Set-Cookie"] = []string{"a=1", "b=1"}
		w.WriteHeader(http.StatusAccepted)
		_, _ = io.WriteString(w, "<html>\n")
		w.(http.Flusher).Flush()
		w.Header().Set("X-Late", "1")
		<-next
		_, _ = io.WriteString(w, strings.Repeat("b", 4<<10))
		<-next
		_, _ = io.WriteString(w, "c")
	})
	check(t, "status", response.StatusCode, 202)
	check(t, "headers", response.Headers, map[string]string{"Content-Type": "text/html; charset=utf-8", "X-Tag": "a, b"})
	check(t, "cookies", response.Cookies, []string{"a=1", "b=1"})
	body := bufio.NewReader(response.Body)
	line, err := body.ReadString('\n')
	check(t, "what is flushed", line, "<html>\n")
	next <- struct{}{}
	large := make([]byte, 4<<10)
	if _, err := io.ReadFull(body, large); err != nil {
		t.Error(err)
	}
	next <- struct{}{}
	rest, restErr := io.ReadAll(body)
	check(t, "the rest", string(rest), "c")
	if err := errors.Join(err, restErr); err != nil {
		t.Error(err)
	}
}

func TestStreamingFailures(t *testing.T) {
	const wrong = `{"type":"about:blank","title":"Internal Server Error","status":500}`
	tests := []struct {
		name       string
		h          http.HandlerFunc
		status     int
		body, want string
	}{
		{"nothing", func(http.ResponseWriter, *http.Request) {}, 200, "", ""},
		{"panic", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "half")
			panic("oh")
		}, 500, wrong, ""},
		{"panic after the headers", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "half")
			w.(http.Flusher).Flush()
			panic("oh")
		}, 200, "half", "the handler panicked: oh"},
		{"abort after the headers", func(w http.ResponseWriter, _ *http.Request) {
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		}, 200, "", "the handler panicked: net/http: abort Handler"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			log := logged(t)
			response := stream(t, test.h)
			body, err := io.ReadAll(response.Body)
			check(t, "status", response.StatusCode, test.status)
			check(t, "body", string(body), test.body)
			if (err == nil) != (test.want == "") || err != nil && err.Error() != test.want {
				t.Errorf("the body ends with %v, want %s", err, test.want)
			}
			if strings.Contains(test.name, "panic") != strings.Contains(log.String(), "the handler panicked: oh") {
				t.Errorf("log is %s", log)
			}
		})
	}
}

// When the client has gone, the handler learns of it.
func TestStreamingWithoutClient(t *testing.T) {
	gone, ended := make(chan struct{}), make(chan error)
	response := stream(t, func(w http.ResponseWriter, _ *http.Request) {
		w.(http.Flusher).Flush()
		<-gone
		_, _ = io.WriteString(w, "a")
		ended <- http.NewResponseController(w).Flush()
	})
	if err := response.Close(); err != nil {
		t.Fatal(err)
	}
	close(gone)
	if err := <-ended; !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("the handler gets %v", err)
	}
}

func TestStreamingHead(t *testing.T) {
	raw := bytes.Replace(fixture(t, "function-url"), []byte(`"PUT"`), []byte(`"HEAD"`), 1)
	got, err := httpfn.Streaming(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for range 2 {
			_, _ = io.WriteString(w, strings.Repeat("a", 10_000))
		}
	}))(t.Context(), raw)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(got.(*events.LambdaFunctionURLStreamingResponse).Body)
	if err != nil || len(body) > 0 {
		t.Errorf("body is %q, %v", body, err)
	}
}

// Load balancers and API Gateway do not stream from functions in this way.
func TestStreamingRefuses(t *testing.T) {
	for _, name := range []string{"rest-api", "alb"} {
		if _, err := httpfn.Streaming(http.NotFoundHandler())(t.Context(), fixture(t, name)); err == nil || !strings.HasSuffix(err.Error(), ": only a function URL streams") {
			t.Errorf("%s: error is %v", name, err)
		}
	}
}
