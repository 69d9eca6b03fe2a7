package httpfn

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"
)

// writer collects an answer.
type writer struct {
	request *http.Request
	header  http.Header
	status  int         // 0 until the header is written
	sent    http.Header // as it was then
	body    bytes.Buffer
}

func newWriter(r *http.Request) *writer { return &writer{request: r, header: http.Header{}} }

// Header implements http.ResponseWriter.
func (w *writer) Header() http.Header { return w.header }

// WriteHeader implements http.ResponseWriter. As in net/http, only the first
// status counts, informational ones do not, and one that HTTP has not panics.
func (w *writer) WriteHeader(status int) {
	if status < 100 || status > 999 {
		panic(fmt.Sprintf("invalid WriteHeader code %d", status))
	}
	if w.status == 0 && (status >= 200 || status == http.StatusSwitchingProtocols) {
		w.status, w.sent = status, w.header.Clone()
	}
}

// Write implements http.ResponseWriter.
func (w *writer) Write(p []byte) (int, error) {
	w.Flush()
	if w.status < 200 || w.status == http.StatusNoContent || w.status == http.StatusNotModified {
		return 0, http.ErrBodyNotAllowed
	}
	return w.body.Write(p)
}

// Flush implements http.Flusher: after it, headers cannot change.
func (w *writer) Flush() {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
}

var oneLine = strings.NewReplacer("\r", " ", "\n", " ")

// finish completes the header from the beginning of the body, as net/http does.
func (w *writer) finish() {
	w.Flush()
	_, typed := w.sent["Content-Type"]
	if !typed && w.sent.Get("Content-Encoding") == "" && w.body.Len() > 0 {
		w.sent.Set("Content-Type", http.DetectContentType(w.body.Bytes()))
	}
	for name, values := range w.sent {
		if strings.HasPrefix(name, http.TrailerPrefix) || len(values) == 0 {
			delete(w.sent, name)
		}
		for i, value := range values {
			values[i] = oneLine.Replace(value)
		}
	}
	if w.request.Method == http.MethodHead {
		if w.sent.Get("Content-Length") == "" && w.body.Len() > 0 {
			w.sent.Set("Content-Length", strconv.Itoa(w.body.Len()))
		}
		w.body.Reset()
	}
}

// encoded returns the body as an answer has it.
func (w *writer) encoded() (body string, isBase64 bool) {
	if w.body.Len() == 0 || w.isText() {
		return w.body.String(), false
	}
	return base64.StdEncoding.EncodeToString(w.body.Bytes()), true
}

func (w *writer) isText() bool {
	if encoding := w.sent.Get("Content-Encoding"); encoding != "" && encoding != "identity" || !utf8.Valid(w.body.Bytes()) {
		return false
	}
	mediaType, _, _ := mime.ParseMediaType(w.sent.Get("Content-Type"))
	switch mediaType {
	case "application/json", "application/xml", "application/javascript":
		return true
	}
	return strings.HasPrefix(mediaType, "text/") || strings.HasSuffix(mediaType, "+json") || strings.HasSuffix(mediaType, "+xml")
}

// joined returns the headers with the values of each joined, and the cookies,
// which cannot be.
func (w *writer) joined() (headers map[string]string, cookies []string) {
	headers = map[string]string{}
	for name, values := range w.sent {
		if name != "Set-Cookie" {
			headers[name] = strings.Join(values, ", ")
		}
	}
	return headers, w.sent["Set-Cookie"]
}

// size is how long the answer is as Lambda writes it.
func (w *writer) size(e *event) int {
	if w.body.Len() < e.limit()/8 { // no byte takes more than 6
		return w.body.Len()
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(w.answer(e)); err != nil { // a struct of strings always marshals
		panic(err)
	}
	return b.Len() - 1 // without the line's end
}

// answer is what the sender of the event expects.
func (w *writer) answer(e *event) any {
	body, isBase64 := w.encoded()
	headers, cookies := w.joined()
	switch e.shape {
	case payload2:
		return events.APIGatewayV2HTTPResponse{StatusCode: w.status, Headers: headers, Cookies: cookies, Body: body, IsBase64Encoded: isBase64}
	case payload1:
		return events.APIGatewayProxyResponse{StatusCode: w.status, MultiValueHeaders: w.sent, Body: body, IsBase64Encoded: isBase64}
	}
	answer := events.ALBTargetGroupResponse{
		StatusCode:        w.status,
		StatusDescription: strings.TrimSpace(strconv.Itoa(w.status) + " " + http.StatusText(w.status)),
		Body:              body,
		IsBase64Encoded:   isBase64,
	}
	if e.multiValue() {
		answer.MultiValueHeaders = w.sent
		return answer
	}
	if answer.Headers = headers; len(cookies) > 0 {
		headers["Set-Cookie"] = cookies[0]
	}
	if len(cookies) > 1 {
		slog.ErrorContext(w.request.Context(), "only the first cookie is sent: turn on the target group's attribute lambda.multi_value_headers.enabled",
			"cookies", len(cookies), "path", w.request.URL.Path)
	}
	return answer
}
