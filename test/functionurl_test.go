package test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/google/go-cmp/cmp"

	"github.com/noidle/noidle/constructs/compute"
	"github.com/noidle/noidle/local"
)

// TestFunctionURL: one handler behind two URLs, one of which streams, as httpfn
// promises
// (https://docs.aws.amazon.com/lambda/latest/dg/configuration-response-streaming.html).
func TestFunctionURL(t *testing.T) {
	s := openOwn(t, local.Options{}, func(app awscdk.App) {
		stack := awscdk.NewStack(app, new("Own"), nil)
		for name, mode := range map[string]awslambda.InvokeMode{"Streams": awslambda.InvokeMode_RESPONSE_STREAM, "Buffered": awslambda.InvokeMode_BUFFERED} {
			props := &compute.GoFunctionProps{Package: "./testdata/functions/parts"}
			if mode == awslambda.InvokeMode_BUFFERED {
				props.Environment = map[string]string{"BUFFERED": "yes"}
			}
			f := compute.NewGoFunction(stack, name, props)
			address := f.Function.AddFunctionUrl(&awslambda.FunctionUrlOptions{AuthType: awslambda.FunctionUrlAuthType_NONE, InvokeMode: mode})
			awscdk.NewCfnOutput(stack, new(name+"Url"), &awscdk.CfnOutputProps{Value: address.Url()})
		}
	})
	streams, buffered := s.outputs["StreamsUrl"], s.outputs["BufferedUrl"]

	t.Run("the first part comes before the second is written", func(t *testing.T) { testParts(t, streams) })
	t.Run("a buffered answer comes as a whole", func(t *testing.T) {
		gate := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		defer gate.Close()
		if response, body := get(t, buffered+"wait?for="+url.QueryEscape(gate.URL)); response.StatusCode != 200 || body != "first second" {
			t.Errorf("status %d: %q", response.StatusCode, body)
		}
	})
	// https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
	t.Run("more than 6 MB", func(t *testing.T) {
		if response, body := get(t, streams+"large"); response.StatusCode != 200 || len(body) != 7<<20 {
			t.Errorf("in parts: status %d and %d bytes, want 200 and %d", response.StatusCode, len(body), 7<<20)
		}
		if response, body := get(t, buffered+"large"); response.StatusCode != 500 {
			t.Errorf("as a whole: status %d and %d bytes, want 500", response.StatusCode, len(body))
		}
	})
	for name, address := range map[string]string{"in parts": streams, "as a whole": buffered} {
		t.Run("status, headers and cookies "+name, func(t *testing.T) { testEcho(t, address) })
	}
	t.Run("an answer that breaks off", func(t *testing.T) {
		response, err := http.Get(streams + "break")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = response.Body.Close() }()
		body, err := io.ReadAll(response.Body)
		if response.StatusCode != 200 || string(body) != "first " || !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("status %d: %q, %v: want 200, the first part and %v", response.StatusCode, body, err, io.ErrUnexpectedEOF)
		}
		if response, _ := get(t, buffered+"break"); response.StatusCode != 500 {
			t.Errorf("as a whole: status %d, want 500", response.StatusCode)
		}
	})
}

// testParts reads the first part while the function waits for a gate.
func testParts(t *testing.T, address string) {
	arrived, open := make(chan struct{}), make(chan struct{})
	gate := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(arrived)
		select {
		case <-open:
		case <-r.Context().Done():
		}
	}))
	defer gate.Close()
	response, err := http.Get(address + "wait?for=" + url.QueryEscape(gate.URL))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	first := make([]byte, len("first "))
	if _, err := io.ReadFull(response.Body, first); err != nil || string(first) != "first " {
		t.Fatalf("the first part is %q, %v", first, err)
	}
	<-arrived
	close(open)
	if second, err := io.ReadAll(response.Body); err != nil || string(second) != "second" {
		t.Errorf("the second part is %q, %v", second, err)
	}
}

func testEcho(t *testing.T, address string) {
	response, err := http.Post(address+"echo/a%2Fb", "application/octet-stream", strings.NewReader("\x00\xff"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	h := response.Header
	got := append([]string{response.Status, string(body), h.Get("Content-Type"), h.Get("X-Name")}, h["Set-Cookie"]...)
	if diff := cmp.Diff([]string{"418 I'm a teapot", "\x00\xff", "text/html", "a/b", "a=1", "b=2"}, got); diff != "" {
		t.Errorf("the answer (-want +got):\n%s", diff)
	}
}
