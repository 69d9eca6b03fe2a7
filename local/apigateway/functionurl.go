package apigateway

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"

	"github.com/google/uuid"
	"github.com/jonboulle/clockwork"

	"github.com/noidle/noidle/local/api"
)

// FunctionURL serves the URL of a function of auth type NONE. Its events and
// answers are those of an HTTP API, but for paths, which stay as they are, and the
// default content type
// (https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html). Answers in
// parts are passed on as they come.
type FunctionURL struct {
	// ID is the first label of the domain name.
	ID string
	// CORS answers browsers. Nil leaves it to the function.
	CORS *CORS
	// Clock times events.
	Clock clockwork.Clock
	// Invoke calls the function. The context is not cancelled when the client goes.
	// An *api.Error of status 403, 413 or 429 is answered with that, and every other
	// error, a function's own included, with 502.
	Invoke func(ctx context.Context, requestID string, payload []byte) (*Response, error)
}

// Response is what a function answers.
type Response struct {
	// ContentType is that of an answer in parts, and empty for one as a whole.
	ContentType string
	// Body is closed. Of an answer in parts it ends with an error if the function fails
	// on the way.
	Body io.ReadCloser
}

// integrationResponse is the content type of an answer in parts that begins with its
// status, headers and cookies in JSON, and eight null bytes.
const integrationResponse = "application/vnd.awslambda.http-integration-response"

// urlDomain follows a function URL's ID in its domain name.
const urlDomain = ".lambda-url." + api.Region + ".on.aws"

// maxURLBody is the quota of a request, which Lambda applies to the event
// (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html).
const maxURLBody = 6 << 20

// ServeHTTP implements http.Handler.
func (u *FunctionURL) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := &exchange{Request: r, id: uuid.NewString(), started: u.Clock.Now(), routeKey: root}
	w.Header().Set("X-Amzn-Requestid", x.id)
	r.Body = http.MaxBytesReader(w, r.Body, maxURLBody)
	if a := u.CORS.preflight(r); a != nil {
		a.status = http.StatusOK
		a.write(w)
		return
	}
	response, err := u.invoke(x)
	if err != nil {
		urlError(err).write(w)
		return
	}
	defer func() { _ = response.Body.Close() }() // it never fails
	a, body, err := readAnswer(response)
	if err != nil {
		urlError(err).write(w)
		return
	}
	u.CORS.replace(r, a.header)
	if body == nil {
		a.write(w)
		return
	}
	maps.Copy(w.Header(), a.header)
	w.WriteHeader(a.status)
	pass(w, body)
}

func (u *FunctionURL) invoke(x *exchange) (*Response, error) {
	status := 0
	if !x.readURL() {
		status = http.StatusBadRequest
	}
	if status = max(status, x.readBody()); status != 0 {
		return nil, &api.Error{Status: status}
	}
	// Nobody has signed the request, so that its account is nobody's.
	event, err := json.Marshal(x.event(&API{ID: u.ID, Stage: Stage{Name: root}}, "anonymous", u.ID+urlDomain, x.URL.EscapedPath()))
	if err != nil {
		return nil, err
	}
	return u.Invoke(context.WithoutCancel(x.Context()), x.id, event)
}

// readAnswer returns a function's answer, and the body of one in parts.
func readAnswer(response *Response) (*answer, io.Reader, error) {
	switch response.ContentType {
	case "":
		output, err := io.ReadAll(response.Body)
		if err != nil {
			return nil, nil, err
		}
		a, err := parseResponse(output, "application/json")
		return a, nil, err
	case integrationResponse:
		body := bufio.NewReader(response.Body)
		prelude, err := readPrelude(body)
		if err != nil {
			return nil, nil, err
		}
		a, err := parseResponse(prelude, "application/octet-stream")
		return a, body, err
	}
	return &answer{status: http.StatusOK, header: http.Header{"Content-Type": {response.ContentType}}}, response.Body, nil
}

// readPrelude returns the JSON that eight null bytes end, which JSON itself has not. The
// format is described for API Gateway, which takes the same
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/response-transfer-mode-lambda.html).
func readPrelude(body *bufio.Reader) ([]byte, error) {
	prelude, err := body.ReadBytes(0)
	if err != nil {
		return nil, fmt.Errorf("the function's answer has no prelude: %w", err)
	}
	rest := make([]byte, 7)
	if _, err := io.ReadFull(body, rest); err != nil || !bytes.Equal(rest, make([]byte, 7)) {
		return nil, errors.New("the prelude of the function's answer does not end with eight null bytes")
	}
	prelude = prelude[:len(prelude)-1]
	var metadata map[string]json.RawMessage
	if err := json.Unmarshal(prelude, &metadata); err != nil {
		return nil, fmt.Errorf("the prelude of the function's answer is malformed: %w", err)
	}
	if metadata["statusCode"] == nil {
		metadata["statusCode"] = json.RawMessage("200")
	}
	return json.Marshal(metadata)
}

// pass sends what there is of a body as it comes, and hangs up before its end if the
// function fails.
func pass(w http.ResponseWriter, body io.Reader) {
	client := http.NewResponseController(w)
	part := make([]byte, 32<<10)
	for {
		// It fails for a client that has gone.
		if err := client.Flush(); err != nil {
			return
		}
		n, err := body.Read(part)
		if _, failed := w.Write(part[:n]); failed != nil {
			return // also for answers that have no body
		}
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			panic(http.ErrAbortHandler)
		}
	}
}

// urlError is the answer of the URL itself. What went wrong is only logged.
func urlError(err error) *answer {
	failure, ok := errors.AsType[*api.Error](err)
	own := []int{http.StatusBadRequest, http.StatusForbidden, http.StatusRequestEntityTooLarge, http.StatusTooManyRequests}
	if !ok || !slices.Contains(own, failure.Status) {
		return &answer{status: http.StatusBadGateway, header: http.Header{"Content-Type": {"text/plain"}}, body: []byte("Internal Server Error")}
	}
	return &answer{
		status: failure.Status,
		header: http.Header{"Content-Type": {"application/json"}},
		body:   fmt.Appendf(nil, `{"Message":%q}`, http.StatusText(failure.Status)),
	}
}
