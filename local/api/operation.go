package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// Operation is one operation of a service's API: it decodes its input with
// decode and returns its output.
type Operation func(call *Call, decode func(input any) error) (any, error)

// Operations are a service's operations by name (SendMessage).
type Operations map[string]Operation

// Op makes an Operation of a function over its input and output structs, whose
// fields are named, or tagged, as the API's members are.
func Op[In, Out any](operation func(call *Call, in *In) (Out, error)) Operation {
	return func(call *Call, decode func(any) error) (any, error) {
		in := new(In)
		if err := decode(in); err != nil {
			return nil, err
		}
		return operation(call, in)
	}
}

// Names returns the names of the operations in order.
func (o Operations) Names() []string { return slices.Sorted(maps.Keys(o)) }

// Call calls an operation without HTTP: with its input and output in JSON.
func (o Operations) Call(call *Call, name string, input []byte) ([]byte, error) {
	operation, ok := o[name]
	if !ok {
		return nil, unknownOperation(name)
	}
	output, err := operation(call, func(in any) error { return decodeJSON(input, in) })
	if err != nil {
		return nil, err
	}
	return encodeJSON(output)
}

// JSON serves operations in the AWS JSON protocol, versions 1.0 and 1.1, where
// the header X-Amz-Target names the operation
// (https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html).
func (o Operations) JSON() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		call := From(r.Context())
		body, err := io.ReadAll(r.Body)
		if err != nil {
			WriteJSONError(w, r, &Error{Code: "SerializationException", Message: err.Error()})
			return
		}
		target := r.Header.Get("X-Amz-Target")
		output, err := o.Call(call, target[strings.LastIndexByte(target, '.')+1:], body)
		if err != nil {
			WriteJSONError(w, r, err)
			return
		}
		writeJSON(w, r, http.StatusOK, output)
	})
}

// WriteJSONError answers a request with an error in the AWS JSON and REST-JSON
// protocols. An error that is not an [Error] is an InternalFailure.
func WriteJSONError(w http.ResponseWriter, r *http.Request, err error) {
	failure := asError(err)
	members := map[string]any{"__type": failure.Code, "message": failure.Message}
	maps.Copy(members, failure.Members)
	body, err := encodeJSON(members)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("X-Amzn-Errortype", failure.Code)
	if failure.QueryCode != "" {
		w.Header().Set("X-Amzn-Query-Error", failure.QueryCode+";"+fault(failure))
	}
	writeJSON(w, r, failure.status(), body)
}

func asError(err error) *Error {
	if failure, ok := errors.AsType[*Error](err); ok {
		return failure
	}
	return &Error{Code: "InternalFailure", Message: err.Error(), Status: http.StatusInternalServerError}
}

func fault(e *Error) string {
	if e.status() >= 500 {
		return "Receiver"
	}
	return "Sender"
}

func unknownOperation(name string) error {
	return &Error{Code: "UnknownOperationException", Message: fmt.Sprintf("operation %q is not supported locally", name)}
}

// decodeJSON refuses members that the operation does not know: what is not
// supported here fails rather than being ignored. An input that decodes itself
// gets the data at once, as the decoder would first look for its end.
func decodeJSON(data []byte, in any) error {
	if len(bytes.TrimSpace(data)) == 0 {
		return nil
	}
	var err error
	if own, ok := in.(json.Unmarshaler); ok {
		err = own.UnmarshalJSON(data)
	} else {
		decoder := json.NewDecoder(bytes.NewReader(data))
		decoder.DisallowUnknownFields()
		err = decoder.Decode(in)
	}
	if err == nil {
		return nil
	}
	if failure, ok := errors.AsType[*Error](err); ok {
		return failure
	}
	message := strings.TrimPrefix(err.Error(), "json: ")
	if strings.HasPrefix(message, "unknown field") {
		return &Error{Code: "ValidationException", Message: strings.Replace(message, "unknown field", "parameter", 1) + " is not supported locally"}
	}
	return &Error{Code: "SerializationException", Message: message}
}

func encodeJSON(output any) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(output); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

func writeJSON(w http.ResponseWriter, r *http.Request, status int, body []byte) {
	h := w.Header()
	h.Set("Content-Type", contentType(r))
	h.Set("Content-Length", strconv.Itoa(len(body)))
	// DynamoDB's clients check this one.
	h.Set("X-Amz-Crc32", strconv.FormatUint(uint64(crc32.ChecksumIEEE(body)), 10))
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

func contentType(r *http.Request) string {
	if asked := r.Header.Get("Content-Type"); strings.HasPrefix(asked, "application/x-amz-json") {
		return asked
	}
	return "application/json"
}
