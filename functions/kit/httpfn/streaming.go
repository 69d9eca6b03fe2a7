package httpfn

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"sync"

	"github.com/aws/aws-lambda-go/events"
)

// Streaming is Handler for a function URL with the invoke mode RESPONSE_STREAM
// (https://docs.aws.amazon.com/lambda/latest/dg/configuration-response-streaming.html):
// what the handler writes goes out while it runs, when it flushes or has written
// 4 KiB. A panic after that ends the body with an error. The answer is an
// *[events.LambdaFunctionURLStreamingResponse], without Lambda's limit of 6 MB.
func Streaming(h http.Handler) func(context.Context, json.RawMessage) (any, error) {
	return func(ctx context.Context, raw json.RawMessage) (any, error) {
		e, err := parse(raw)
		if err == nil && e.shape != payload2 {
			err = unknown(raw, errors.New("only a function URL streams"))
		}
		if err != nil {
			return nil, err
		}
		r, err := e.request(ctx, raw)
		if err != nil {
			return nil, err
		}
		body, pipe := io.Pipe()
		s := &stream{writer: newWriter(r), pipe: pipe, begun: make(chan struct{})}
		go func() {
			err := call(h, s, r)
			if err != nil && !s.hasBegun() {
				s.writer, err = failure(r), nil
			}
			if err == nil {
				err = s.FlushError()
			}
			_ = pipe.CloseWithError(err) // it never fails; nil ends the body
		}()
		<-s.begun
		headers, cookies := s.joined()
		return &events.LambdaFunctionURLStreamingResponse{StatusCode: s.status, Headers: headers, Cookies: cookies, Body: body}, nil
	}
}

// bufferSize is how much of a body waits for more, or for a flush.
const bufferSize = 4 << 10

// stream is an answer that is sent in parts.
type stream struct {
	*writer
	pipe  *io.PipeWriter
	begun chan struct{} // closed when status and headers are final
	once  sync.Once
}

func (s *stream) hasBegun() bool {
	select {
	case <-s.begun:
		return true
	default:
		return false
	}
}

// Write implements http.ResponseWriter.
func (s *stream) Write(p []byte) (int, error) {
	n, err := s.writer.Write(p)
	if err == nil && s.body.Len() >= bufferSize {
		err = s.FlushError()
	}
	return n, err
}

// Flush implements http.Flusher.
func (s *stream) Flush() { _ = s.FlushError() }

// FlushError sends what is there. It fails when the client has gone.
func (s *stream) FlushError() error {
	s.once.Do(func() {
		s.finish()
		close(s.begun)
	})
	defer s.body.Reset() // also what a client that has gone did not take
	if s.body.Len() == 0 || s.request.Method == http.MethodHead {
		return nil
	}
	_, err := s.pipe.Write(s.body.Bytes())
	return err
}
