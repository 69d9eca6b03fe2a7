package s3

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"strconv"

	"github.com/noidle/noidle/local/api"
)

// codes are S3's names of errors that all services have.
var codes = map[string]string{
	"AccessDeniedException": "AccessDenied",
	"InternalServerError":   "InternalError",
	"ThrottlingException":   "SlowDown",
}

// statuses are S3's statuses of errors where they differ from those of other
// services (https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html).
var statuses = map[string]int{"SlowDown": http.StatusServiceUnavailable}

// encodeError returns an error as S3 answers it.
func encodeError(r *http.Request, failure *api.Error) (status int, body []byte) {
	code := cmp.Or(codes[failure.Code], failure.Code)
	body, err := xml.Marshal(struct {
		XMLName                 xml.Name `xml:"Error"`
		Code, Message, Resource string
		RequestID               string `xml:"RequestId"`
	}{xml.Name{}, code, failure.Message, r.URL.Path, api.From(r.Context()).RequestID})
	if err != nil {
		return http.StatusInternalServerError, nil
	}
	return cmp.Or(statuses[code], failure.Status, http.StatusBadRequest), append([]byte(xml.Header), body...)
}

func bodyOf(r *http.Request, body []byte) io.ReadCloser {
	if r.Method == http.MethodHead {
		return http.NoBody
	}
	return io.NopCloser(bytes.NewReader(body))
}

// WriteError answers a request with an error in S3's form. It reads the request's
// body first: clients fail if an answer ends the connection while they send. An
// error that is not an [api.Error] is an InternalError.
func WriteError(w http.ResponseWriter, r *http.Request, err error) {
	if r.Body != nil { // as a proxy's request has it that has none
		_, _ = io.Copy(io.Discard, r.Body)
	}
	failure, ok := errors.AsType[*api.Error](err)
	if !ok {
		failure = &api.Error{Code: "InternalError", Message: err.Error(), Status: http.StatusInternalServerError}
	}
	status, body := encodeError(r, failure)
	w.Header().Set("Content-Type", "application/xml")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.Header().Set("X-Amz-Request-Id", api.From(r.Context()).RequestID)
	w.WriteHeader(status)
	_, _ = io.Copy(w, bodyOf(r, body))
}

func refuse(code string, status int, message string) error {
	return &api.Error{Code: code, Status: status, Message: message}
}
