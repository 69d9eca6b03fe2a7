// Package problem answers HTTP requests that failed with problem details, the
// JSON of RFC 9457 (https://www.rfc-editor.org/rfc/rfc9457).
package problem

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"

	"github.com/aws/aws-lambda-go/events"
)

// ContentType is the media type of problem details.
const ContentType = "application/problem+json"

// Problem says what went wrong with a request. Everything in it is for the
// client's eyes: it must not carry internals such as the text of an error of the
// infrastructure. Only Status is required.
type Problem struct {
	// Type is a URI that identifies the kind of problem. Empty means
	// "about:blank": the status says it all.
	Type string `json:"type"`
	// Title names the kind of problem. Empty means the standard text of the
	// status, such as "Not Found".
	Title string `json:"title"`
	// Status is the HTTP status code.
	Status int `json:"status"`
	// Detail explains this occurrence of the problem. Optional.
	Detail string `json:"detail,omitempty"`
	// Errors lists the parts of the request that are wrong. Optional.
	Errors []FieldError `json:"errors,omitempty"`
}

// FieldError says what is wrong with one part of a request: a header, if Header
// is not empty, a parameter, if Parameter is not empty, or else a place in the
// body.
type FieldError struct {
	// Pointer is the JSON pointer (RFC 6901) to the place in the body. Empty means
	// the whole body.
	Pointer string
	// Header is the name of the header.
	Header string
	// Parameter is the name of the parameter in the query or in the path.
	Parameter string
	// Detail says what is wrong.
	Detail string
}

// MarshalJSON writes {"header":…,"detail":…}, {"parameter":…,"detail":…} or
// {"pointer":…,"detail":…}; the pointer to the whole body is the empty string.
func (e FieldError) MarshalJSON() ([]byte, error) {
	if e.Header != "" {
		return json.Marshal(struct {
			Header string `json:"header"`
			Detail string `json:"detail"`
		}{e.Header, e.Detail})
	}
	if e.Parameter != "" {
		return json.Marshal(struct {
			Parameter string `json:"parameter"`
			Detail    string `json:"detail"`
		}{e.Parameter, e.Detail})
	}
	return json.Marshal(struct {
		Pointer string `json:"pointer"`
		Detail  string `json:"detail"`
	}{e.Pointer, e.Detail})
}

// Response returns the problem as the answer of a function behind an HTTP API
// (payload format 2.0, see
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html).
// The headers, by lower-case name, are sent besides content-type; nil means none.
// It panics if Status is not an error status (400 to 599).
func (p Problem) Response(headers map[string]string) events.APIGatewayV2HTTPResponse {
	body := p.body()
	all := map[string]string{}
	maps.Copy(all, headers)
	all["content-type"] = ContentType
	return events.APIGatewayV2HTTPResponse{StatusCode: p.Status, Headers: all, Body: string(body)}
}

// Write answers a request with the problem. Headers that are set already are
// sent too, but those that describe another body, such as Content-Length and
// ETag. It panics if Status is not an error status (400 to 599).
func (p Problem) Write(w http.ResponseWriter) {
	body := p.body()
	header := w.Header()
	for _, name := range []string{"Content-Length", "Content-Encoding", "Etag", "Last-Modified"} {
		header.Del(name)
	}
	header.Set("Content-Type", ContentType)
	w.WriteHeader(p.Status)
	// It fails for a client that has gone.
	_, _ = w.Write(body)
}

func (p Problem) body() []byte {
	if p.Status < 400 || p.Status > 599 {
		panic(fmt.Errorf("problem: status %d is not an error", p.Status))
	}
	p.Type = cmp.Or(p.Type, "about:blank")
	p.Title = cmp.Or(p.Title, http.StatusText(p.Status))
	body, err := json.Marshal(p)
	if err != nil { // a struct of strings and an int always marshals
		panic(err)
	}
	return body
}
