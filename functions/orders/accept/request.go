package main

import (
	"encoding/base64"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strings"

	"github.com/aws/aws-lambda-go/events"

	"github.com/noidle/noidle/functions/internal/order"
	"github.com/noidle/noidle/functions/kit/problem"
)

const (
	keyHeader = "idempotency-key"
	maxKey    = 255      // characters
	maxBody   = 64 << 10 // bytes
	mediaType = "application/json"
)

// request is what a client asks for.
type request struct {
	key   string
	draft order.Draft
}

// refusal is the answer to a request that is not in order.
type refusal struct {
	problem.Problem
	headers map[string]string
}

func refuse(status int, detail string, fields ...problem.FieldError) *refusal {
	return &refusal{Problem: problem.Problem{Status: status, Detail: detail, Errors: fields}}
}

// read checks the request, the cheap things first.
func read(r events.APIGatewayV2HTTPRequest) (request, *refusal) {
	if refusal := checkMediaType(header(r, "content-type")); refusal != nil {
		return request{}, refusal
	}
	body, refusal := readBody(r)
	if refusal != nil {
		return request{}, refusal
	}
	key := header(r, keyHeader)
	if refusal := checkKey(key); refusal != nil {
		return request{}, refusal
	}
	draft, err := order.Parse(body)
	if err != nil {
		return request{}, refuseOrder(err)
	}
	return request{key: key, draft: draft}, nil
}

func checkMediaType(contentType string) *refusal {
	if got, _, err := mime.ParseMediaType(contentType); err == nil && got == mediaType {
		return nil
	}
	r := refuse(http.StatusUnsupportedMediaType, "the order has to be sent as "+mediaType,
		problem.FieldError{Header: "content-type", Detail: fmt.Sprintf("want %s, got %.40q", mediaType, contentType)})
	r.headers = map[string]string{"accept": mediaType}
	return r
}

func readBody(r events.APIGatewayV2HTTPRequest) ([]byte, *refusal) {
	body := []byte(r.Body)
	if r.IsBase64Encoded {
		var err error
		if body, err = base64.StdEncoding.DecodeString(r.Body); err != nil {
			return nil, refuse(http.StatusBadRequest, "the body is not valid base64")
		}
	}
	if len(body) > maxBody {
		return nil, refuse(http.StatusRequestEntityTooLarge, fmt.Sprintf("the body has %d bytes, at most %d are taken", len(body), maxBody))
	}
	return body, nil
}

func checkKey(key string) *refusal {
	detail := fmt.Sprintf("want 1 to %d printable ASCII characters, got %.40q", maxKey, key)
	switch {
	case key == "":
		detail = "missing"
	case len(key) <= maxKey && !strings.ContainsFunc(key, notPrintable):
		return nil
	}
	return refuse(http.StatusBadRequest, "the request needs an idempotency key", problem.FieldError{Header: keyHeader, Detail: detail})
}

func notPrintable(r rune) bool { return r < ' ' || r > '~' }

// refuseOrder says what is wrong with an order. Only a validation error is fit for
// the client.
func refuseOrder(err error) *refusal {
	invalid, ok := errors.AsType[*order.ValidationError](err)
	if !ok {
		return refuse(http.StatusBadRequest, "the order cannot be read")
	}
	fields := make([]problem.FieldError, len(invalid.Fields))
	for i, f := range invalid.Fields {
		fields[i] = problem.FieldError{Pointer: f.Pointer, Detail: f.Detail}
	}
	return refuse(http.StatusBadRequest, "the order is not valid", fields...)
}

// header returns a header by its lower-case name, in whatever case it came.
func header(r events.APIGatewayV2HTTPRequest, name string) string {
	if value, ok := r.Headers[name]; ok {
		return value
	}
	for n, value := range r.Headers {
		if strings.EqualFold(n, name) {
			return value
		}
	}
	return ""
}
