package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// lambda is a server of Lambda's runtime API for one process
// (https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html), and of every
// AWS service that the process calls.
type lambda struct {
	server *http.Server
	// address is where the server listens.
	address string
	events  chan []byte
	answers chan answer
	// items are those that were put into tables, units what they cost.
	items, units atomic.Int64
}

type answer struct {
	body []byte
	err  error
}

func startLambda() (*lambda, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r := &lambda{address: listener.Addr().String(), events: make(chan []byte), answers: make(chan answer)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", r.next)
	mux.HandleFunc("POST /2018-06-01/runtime/", r.answer)
	mux.HandleFunc("POST /", r.agree)
	r.server = &http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}
	go r.server.Serve(listener) //nolint:errcheck // it ends with the program
	return r, nil
}

// next answers the next event, when there is one.
func (r *lambda) next(w http.ResponseWriter, request *http.Request) {
	select {
	case event := <-r.events:
		w.Header().Set("Lambda-Runtime-Aws-Request-Id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd")
		w.Header().Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(time.Now().Add(time.Hour).UnixMilli(), 10))
		w.Header().Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:123456789012:function:aggregate")
		w.Header().Set("Content-Length", strconv.Itoa(len(event)))
		_, _ = w.Write(event)
	case <-request.Context().Done():
	}
}

// answer takes a response, or an error.
func (r *lambda) answer(w http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(request.Body)
	if err == nil && !strings.HasSuffix(request.URL.Path, "/response") {
		err = fmt.Errorf("%s: %s", request.URL.Path, body)
	}
	w.WriteHeader(http.StatusAccepted)
	r.answers <- answer{body, err}
}

// agree answers a call of a service: an item that is to be read is not there, one
// that is to be put is.
func (r *lambda) agree(w http.ResponseWriter, request *http.Request) {
	var put struct {
		Item map[string]struct {
			S, N string
			B    []byte
		}
	}
	if err := json.NewDecoder(request.Body).Decode(&put); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	size := 0
	for name, value := range put.Item {
		size += len(name) + len(value.S) + len(value.N)/2 + 1 + len(value.B)
	}
	if size > 0 {
		r.items.Add(1)
		r.units.Add(int64(size+unitSize-1) / unitSize)
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	_, _ = io.WriteString(w, "{}")
}

// unitSize is how many bytes of an item a write unit pays for
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html).
const unitSize = 1024

var errEnded = errors.New("the process has ended")

// invoke returns the function's response to an event.
func (r *lambda) invoke(ctx context.Context, event []byte) ([]byte, error) {
	select {
	case r.events <- event:
	case a := <-r.answers:
		return nil, fmt.Errorf("it does not start: %w: %s", a.err, a.body)
	case <-ctx.Done():
		return nil, errEnded
	}
	select {
	case a := <-r.answers:
		return a.body, a.err
	case <-ctx.Done():
		return nil, errEnded
	}
}

// state returns the state in a response.
func state(response []byte) (json.RawMessage, error) {
	var decoded struct {
		State             json.RawMessage
		BatchItemFailures []json.RawMessage
	}
	if err := json.Unmarshal(response, &decoded); err != nil {
		return nil, fmt.Errorf("response %.200s: %w", response, err)
	}
	if len(decoded.BatchItemFailures) > 0 {
		return nil, fmt.Errorf("record failed: %s", decoded.BatchItemFailures[0])
	}
	return decoded.State, nil
}
