package lambda

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"errors"
	"io"
	"net/http"

	"github.com/noidle/noidle/local/api"
)

// integrationResponse is the content type of an answer in parts that begins with
// its status, headers and cookies in JSON, and eight null bytes.
const integrationResponse = "application/vnd.awslambda.http-integration-response"

// Response is what a function answers to a request to its URL.
type Response struct {
	// ContentType is that of an answer in parts, and empty for one as a whole.
	ContentType string
	// Body must be closed. Of an answer in parts it ends with a [FunctionError] if
	// the function fails on the way.
	Body io.ReadCloser
}

// InvokeURL is Invoke for a request to the URL of auth type NONE of a function, or of
// an alias, that the ARN names. It asks for the permissions lambda:InvokeFunctionUrl
// and lambda:InvokeFunction
// (https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html). If it streams, it
// returns as soon as an answer in parts begins, and the function waits for its
// reader.
func (s *Service) InvokeURL(call *api.Call, arn string, payload []byte, streams bool) (*Response, error) {
	if err := call.Authorize("lambda:InvokeFunctionUrl", arn, api.Keys{"lambda:FunctionUrlAuthType": {"NONE"}}); err != nil {
		return nil, err
	}
	f, err := s.admit(call, arn, payload, maxPayload, api.Keys{"lambda:InvokedViaFunctionUrl": {"true"}})
	if err != nil {
		return nil, err
	}
	type outcome struct {
		response *Response
		err      error
	}
	outcomes := make(chan outcome, 2) // the beginning and the end, of which one counts
	reader, writer := io.Pipe()
	var open opener
	if streams {
		open = func(contentType string) io.Writer {
			outcomes <- outcome{response: &Response{contentType, reader}}
			return writer
		}
	}
	err = s.dispatch(f, call.RequestID, payload, open, func(payload []byte, err error) {
		_ = writer.CloseWithError(err) // it never fails; nil ends the body
		outcomes <- outcome{&Response{Body: io.NopCloser(bytes.NewReader(payload))}, err}
	})
	if err != nil {
		return nil, err
	}
	select {
	case o := <-outcomes:
		return o.response, o.err
	case <-call.Done():
		_ = reader.Close() // it never fails
		return nil, call.Err()
	}
}

// opener is told that an answer in parts begins, and returns where they go. Nil
// collects them.
type opener func(contentType string) io.Writer

// The headers and trailers of answers in parts
// (https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html#runtimes-custom-response-streaming).
const (
	modeHeader = "Lambda-Runtime-Function-Response-Mode"
	errorType  = "Lambda-Runtime-Function-Error-Type"
	errorBody  = "Lambda-Runtime-Function-Error-Body"
)

// serveResponse takes what a function answers. Go's runtime client streams without
// the header for the mode, by the content type alone.
func (s *Sandbox) serveResponse(w http.ResponseWriter, r *http.Request) {
	var collected bytes.Buffer
	parts := io.Writer(&collected)
	contentType := r.Header.Get("Content-Type")
	streams := r.Header.Get(modeHeader) == "streaming" || contentType == integrationResponse
	if call := s.current.Load(); streams && call != nil && call.id == r.PathValue("id") && call.open != nil {
		parts = call.open(cmp.Or(contentType, "application/octet-stream"))
	}
	_, err := io.Copy(parts, r.Body)
	if errors.Is(err, io.ErrClosedPipe) { // The client has gone, and the function runs on.
		_, err = io.Copy(io.Discard, r.Body)
	}
	s.finish(w, r, result{payload: collected.Bytes(), failure: trailedError(r.Trailer)}, err)
}

// trailedError is what ended an answer in parts too early, in JSON in base64, or nil.
func trailedError(trailer http.Header) *FunctionError {
	if trailer.Get(errorType) == "" {
		return nil
	}
	body, _ := base64.StdEncoding.DecodeString(trailer.Get(errorBody)) // what is not base64 is no JSON either
	return functionError(body)
}
