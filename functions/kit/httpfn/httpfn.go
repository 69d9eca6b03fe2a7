// Package httpfn runs a plain http.Handler as a Lambda function and, unchanged,
// as a server.
//
// In Lambda it answers the events of HTTP APIs (payload formats 2.0 and 1.0),
// function URLs, REST APIs and target groups of Application Load Balancers, told
// apart by their shape. The handler sees what it would see behind net/http's own
// server, except that:
//   - the path has no stage: behind an HTTP API's stage dev, /dev/photos is /photos;
//   - where the event joins the values of a repeated header with commas, they stay
//     one value, as no comma tells whether it is part of a value;
//   - RemoteAddr has the port 0, as events tell the client's address only;
//   - answers are buffered, and flushing does nothing, but in [Streaming];
//   - a handler that panics is answered for with status 500 and a problem.
package httpfn

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"

	"github.com/noidle/noidle/functions/kit/problem"
)

// Handler returns a function for [github.com/aws/aws-lambda-go/lambda.Start] that
// answers events with h. An event of no known shape is an error.
//
// Bodies are text if their Content-Type says text, JSON, XML or JavaScript, and
// they are UTF-8 and have no Content-Encoding, or else base64. An answer larger
// than Lambda or the load balancer takes is logged, and answered with status 500.
func Handler(h http.Handler) func(context.Context, json.RawMessage) (any, error) {
	return func(ctx context.Context, raw json.RawMessage) (any, error) {
		e, err := parse(raw)
		if err != nil {
			return nil, err
		}
		r, err := e.request(ctx, raw)
		if err != nil {
			return nil, err
		}
		w := newWriter(r)
		if err := call(h, w, r); err != nil {
			w = failure(r)
		}
		w.finish()
		if size := w.size(e); size > e.limit() {
			slog.ErrorContext(ctx, "the answer is too large: stream it, or answer with a link to S3",
				"bytes", size, "limit", e.limit(), "method", r.Method, "path", r.URL.Path)
			w = failure(r)
			w.finish()
		}
		return w.answer(e), nil
	}
}

// call runs the handler, and logs and returns what it panics with.
func call(h http.Handler, w http.ResponseWriter, r *http.Request) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("the handler panicked: %v", cause)
			slog.ErrorContext(r.Context(), err.Error(), "method", r.Method, "path", r.URL.Path, "stack", string(debug.Stack()))
		}
	}()
	h.ServeHTTP(w, r)
	return nil
}

// failure is the answer when there is no other. Details are for the log only.
func failure(r *http.Request) *writer {
	w := newWriter(r)
	problem.Problem{Status: http.StatusInternalServerError}.Write(w)
	return w
}
