package apigateway

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/noidle/noidle/local/api"
)

// The quotas of a request: of its body, and of the request line and the values
// of the headers together, in bytes
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html).
const (
	maxBody   = 10 << 20
	maxHeader = 10_240
)

// exchange is a request and what becomes of it.
type exchange struct {
	*http.Request
	id      string
	started time.Time
	// segments are the path's, decoded.
	segments []string
	// route is nil, and its key empty, when no route takes the request.
	route      *route
	routeKey   string
	parameters map[string]string
	payload    []byte
	// What the access log tells of the integration, where there is something to
	// tell: errors, and the statuses of Lambda and of the function.
	integrationError, integrationLatency, lambdaStatus, functionStatus string
	// token is what an authorizer has let in, or nil, and refusal why it has not.
	token   *token
	refusal string
}

type answer struct {
	status int
	header http.Header
	body   []byte
	// message is that of an error of the gateway.
	message string
}

// gatewayError is the gateway's own answer, such as {"message":"Not Found"}.
func gatewayError(status int) *answer {
	message := http.StatusText(status)
	return &answer{
		status:  status,
		header:  http.Header{"Content-Type": {"application/json"}},
		body:    []byte(`{"message":"` + message + `"}`),
		message: message,
	}
}

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id := uuid.New()
	x := &exchange{Request: r, id: base64.URLEncoding.EncodeToString(id[:11]), started: h.options.Clock.Now()}
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	a := h.answer(x)
	// The line is there when the client has the answer.
	h.log(x, a)
	if h.options.Answered != nil {
		h.options.Answered(a.status, h.options.Clock.Since(x.started))
	}
	a.header.Set("Apigw-Requestid", x.id)
	a.write(w)
}

func (a *answer) write(w http.ResponseWriter) {
	maps.Copy(w.Header(), a.header)
	if a.status != http.StatusNoContent && a.status != http.StatusNotModified {
		w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
	}
	w.WriteHeader(a.status)
	// It fails for a client that has gone and for answers that have no body.
	_, _ = w.Write(a.body)
}

func (h *Handler) answer(x *exchange) *answer {
	if headerSize(x.Request) > maxHeader {
		return gatewayError(http.StatusRequestHeaderFieldsTooLarge)
	}
	if !x.readURL() {
		return gatewayError(http.StatusBadRequest)
	}
	if !h.find(x) {
		if a := h.api.CORS.preflight(x.Request); a != nil {
			return a
		}
		return gatewayError(http.StatusNotFound)
	}
	if !x.route.bucket.take(x.started) {
		return gatewayError(http.StatusTooManyRequests)
	}
	if a := h.authorize(x); a != nil {
		return a
	}
	if status := x.readBody(); status != 0 {
		return gatewayError(status)
	}
	return h.integrate(x)
}

// readBody returns the status of a request whose body cannot be read, or 0.
func (x *exchange) readBody() int {
	var err error
	x.payload, err = io.ReadAll(x.Body)
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return http.StatusRequestEntityTooLarge
	}
	if err != nil {
		return http.StatusBadRequest
	}
	return 0
}

func headerSize(r *http.Request) int {
	size := len(r.Method) + len(r.RequestURI) + len(r.Proto) + len(r.Host)
	for _, values := range r.Header {
		for _, value := range values {
			size += len(value)
		}
	}
	return size
}

// readURL says whether path and query can be handed to a function.
func (x *exchange) readURL() bool {
	path, ok := strings.CutPrefix(x.URL.EscapedPath(), "/")
	for escaped := range strings.SplitSeq(path, "/") {
		segment, err := url.PathUnescape(escaped)
		ok = ok && err == nil && utf8.ValidString(segment)
		x.segments = append(x.segments, segment)
	}
	for part := range strings.FieldsFuncSeq(x.URL.RawQuery, func(r rune) bool { return r == '&' || r == '=' }) {
		ok = ok && utf8.ValidString(unescape(part))
	}
	return ok
}

type result struct {
	output []byte
	err    error
}

// integrate asks the function behind the route.
func (h *Handler) integrate(x *exchange) *answer {
	in, clock := &x.route.Integration, h.options.Clock
	event, err := json.Marshal(h.event(x))
	if err != nil {
		return x.failed(err)
	}
	begin, timeout := clock.Now(), clock.NewTimer(in.Timeout)
	defer timeout.Stop()
	done := make(chan result, 1)
	go func() {
		output, err := h.options.Invoke(context.WithoutCancel(x.Context()), in.Function, h.sourceARN(x), event)
		done <- result{output, err}
	}()
	var r result
	select {
	case <-timeout.Chan():
		r.err = fmt.Errorf("no answer within %v: %w", in.Timeout, context.DeadlineExceeded)
	case r = <-done:
	}
	x.integrationLatency = milliseconds(clock.Since(begin))
	if r.err != nil {
		return x.failed(r.err)
	}
	x.lambdaStatus = "200"
	a, err := parseResponse(r.output, "text/plain;charset=UTF-8")
	if err != nil {
		return x.failed(err)
	}
	x.functionStatus = strconv.Itoa(a.status)
	h.api.CORS.replace(x.Request, a.header)
	return a
}

// sourceARN is what a function's policy allows: the route under the method of
// the request
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html).
func (h *Handler) sourceARN(x *exchange) string {
	resource := root
	if x.route.Key != root {
		resource = x.Method + x.route.path
	}
	return api.ARN("execute-api", h.api.ID+"/"+h.api.Stage.Name+"/"+resource)
}

// failed answers for a function that did not. What went wrong is only logged.
func (x *exchange) failed(err error) *answer {
	x.integrationError = err.Error()
	failure, ok := errors.AsType[*api.Error](err)
	if ok && failure.Status != 0 {
		x.lambdaStatus = strconv.Itoa(failure.Status)
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded), ok && failure.Code == "TooManyRequestsException":
		return gatewayError(http.StatusServiceUnavailable)
	case ok && failure.Status == http.StatusRequestEntityTooLarge:
		return gatewayError(http.StatusRequestEntityTooLarge)
	}
	return gatewayError(http.StatusInternalServerError)
}
