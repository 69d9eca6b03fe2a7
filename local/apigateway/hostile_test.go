package apigateway_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/noidle/noidle/local/apigateway"
)

// listener accepts one connection.
type listener struct{ connections chan net.Conn }

func (l listener) Accept() (net.Conn, error) {
	if connection, ok := <-l.connections; ok {
		return connection, nil
	}
	return nil, net.ErrClosed
}
func (l listener) Close() error   { return nil }
func (l listener) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }

// send writes a request as it is, and returns the status and the body of the
// answer, and whether the handler gave it. The status of no answer is 0.
func send(t *testing.T, raw []byte, invoke func(payload []byte)) (status int, body string, handled bool) {
	t.Helper()
	handler, err := apigateway.New(apigateway.API{
		Routes: []apigateway.Route{route("ANY /a/{id}"), route("$default")},
		Stage:  apigateway.Stage{AccessLog: apigateway.AccessLog{Group: "g", Format: `{"path":"$context.path","agent":"$context.identity.userAgent"}`}},
	}, apigateway.Options{
		Clock: clockwork.NewFakeClockAt(start),
		Invoke: func(_ context.Context, _, _ string, payload []byte) ([]byte, error) {
			invoke(payload)
			return []byte(`{"statusCode":200,"body":"ok"}`), nil
		},
		Log: func(_, line string) {
			if !json.Valid([]byte(line)) || strings.ContainsAny(line, "\r\n") {
				t.Errorf("log line %q", line)
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	client, connection := net.Pipe()
	l := listener{make(chan net.Conn, 1)}
	l.connections <- connection
	close(l.connections)
	closed := make(chan struct{})
	server := &http.Server{Handler: handler, ReadTimeout: 100 * time.Millisecond, ConnState: func(_ net.Conn, state http.ConnState) {
		if state == http.StateClosed || state == http.StateHijacked {
			close(closed)
		}
	}}
	if err := server.Serve(l); !errors.Is(err, net.ErrClosed) {
		t.Fatal(err)
	}
	go func() { _, _ = client.Write(raw) }()
	reader := bufio.NewReader(client)
	var response *http.Response
	for {
		response, err = http.ReadResponse(reader, nil)
		if err != nil || response.StatusCode != http.StatusContinue {
			break
		}
	}
	if err == nil {
		read, _ := io.ReadAll(response.Body)
		status, body, handled = response.StatusCode, string(read), response.Header.Get("Apigw-Requestid") != ""
	}
	_ = client.Close()
	<-closed
	return status, body, handled
}

var hostile = []struct {
	name, request string
	status        int
}{
	{"ordinary", "GET /a/1 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", 200},
	{"not UTF-8 in the path", "GET /a/%ff HTTP/1.1\r\nHost: h\r\n\r\n", 400},
	{"raw bytes in the path", "GET /a/\xff HTTP/1.1\r\nHost: h\r\n\r\n", 400},
	{"not UTF-8 in the query", "GET /a/1?a=%ff HTTP/1.1\r\nHost: h\r\n\r\n", 400},
	{"raw bytes in the query", "GET /a/1?\xfe=1 HTTP/1.1\r\nHost: h\r\n\r\n", 400},
	{"percent in the path", "GET /a/%zz HTTP/1.1\r\nHost: h\r\n\r\n", 400},
	{"percent in the query", "GET /a/1?a=%zz;b=%2 HTTP/1.1\r\nHost: h\r\n\r\n", 200},
	{"control character", "GET /a/\x01 HTTP/1.1\r\nHost: h\r\n\r\n", 400},
	{"encoded control characters", "GET /a/%00%0d%0a HTTP/1.1\r\nHost: h\r\n\r\n", 200},
	{"odd method", "BREW /a/1 HTTP/1.1\r\nHost: h\r\n\r\n", 404},
	{"CONNECT", "CONNECT example.com:443 HTTP/1.1\r\nHost: h\r\n\r\n", 400},
	{"CONNECT to a path", "CONNECT /a/1 HTTP/1.1\r\nHost: h\r\n\r\n", 404},
	{"whole URL", "GET http://other/a/1 HTTP/1.1\r\nHost: h\r\n\r\n", 200},
	{"opaque URL", "GET mailto:a HTTP/1.1\r\nHost: h\r\n\r\n", 400},
	{"no path", "GET * HTTP/1.1\r\nHost: h\r\n\r\n", 400},
	{"header that is not UTF-8", "GET /a/1 HTTP/1.1\r\nHost: h\r\nUser-Agent: \xff\"\r\n\r\n", 200},
	{"two hosts", "GET /a/1 HTTP/1.1\r\nHost: h\r\nHost: i\r\n\r\n", 400},
	{"odd host", "GET /a/1 HTTP/1.1\r\nHost: [::1%25a]:x\r\n\r\n", 200},
	{"two lengths", "POST /a/1 HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400},
	{"chunks", "POST /a/1 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", 200},
	{"broken chunks", "POST /a/1 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", 400},
	{"body cut short", "POST /a/1 HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nab", 400},
	{"header of many values", "GET /a/1 HTTP/1.1\r\nHost: h\r\n" + strings.Repeat("A: bbbbbbbbbb\r\n", 1100) + "\r\n", 431},
	{"HTTP 1.0 without a host", "GET /a/1 HTTP/1.0\r\n\r\n", 200},
	{"expected to continue", "POST /a/1 HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\na", 200},
}

func TestHostile(t *testing.T) {
	for _, test := range hostile {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				status, body, handled := send(t, []byte(test.request), func(payload []byte) { decode(t, payload) })
				check(t, "status", status, test.status)
				if handled && status != http.StatusOK {
					check(t, "body", body, gatewayError(status))
				}
			})
		})
	}
}

func FuzzRequest(f *testing.F) {
	for _, seed := range hostile {
		f.Add([]byte(seed.request))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		synctest.Test(t, func(t *testing.T) {
			status, _, handled := send(t, raw, func(payload []byte) {
				if !json.Valid(payload) {
					t.Errorf("payload %q", payload)
				}
			})
			if handled && (status < 200 || status > 499) {
				t.Errorf("status %d", status)
			}
		})
	})
}

// What net/http answers with 501 or 505 is the client's fault.
func TestListener(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotImplemented) })}
	go func() { _ = server.Serve(apigateway.Listener(inner)) }()
	defer func() { _ = server.Close() }()
	tests := []struct {
		name, request string
		want          int
	}{
		{"transfer encoding", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: br\r\n\r\n", http.StatusBadRequest},
		{"version", "GET / HTTP/9.9\r\nHost: a\r\n\r\n", http.StatusBadRequest},
		{"what a function answers stays", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", http.StatusNotImplemented},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			connection, err := net.Dial("tcp", inner.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = connection.Close() }()
			if _, err := connection.Write([]byte(tt.request)); err != nil {
				t.Fatal(err)
			}
			response, err := http.ReadResponse(bufio.NewReader(connection), nil)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadAll(response.Body); err != nil || response.StatusCode != tt.want {
				t.Errorf("status %d, %v, want %d", response.StatusCode, err, tt.want)
			}
		})
	}
}
