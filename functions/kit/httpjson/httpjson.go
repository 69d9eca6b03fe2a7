// Package httpjson is what functions that answer HTTP requests in JSON have in
// common: routes, bodies, and problem details for what went wrong.
package httpjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"mime"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/noidle/noidle/functions/kit/problem"
)

// MaxBody is the largest body that [Read] takes, in bytes.
const MaxBody = 64 << 10

const mediaType = "application/json"

// Read decodes the request's body, one JSON value in UTF-8 without unknown fields,
// into v. It returns false after it has answered a request that is not in order:
// with 415 for another content type, 413 for a body over [MaxBody], else with 400.
func Read(w http.ResponseWriter, r *http.Request, v any) bool {
	contentType := r.Header.Get("Content-Type")
	if got, _, err := mime.ParseMediaType(contentType); err != nil || got != mediaType {
		w.Header().Set("Accept", mediaType)
		problem.Problem{
			Status: http.StatusUnsupportedMediaType,
			Detail: "the body has to be sent as " + mediaType,
			Errors: []problem.FieldError{{Header: "content-type", Detail: fmt.Sprintf("want %s, got %.40q", mediaType, contentType)}},
		}.Write(w)
		return false
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxBody))
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		problem.Problem{
			Status: http.StatusRequestEntityTooLarge,
			Detail: fmt.Sprintf("the body has more than the %d bytes that are taken", MaxBody),
		}.Write(w)
		return false
	}
	if err == nil {
		err = decode(body, v)
	}
	if err != nil {
		Invalid(w, explain(err))
	}
	return err == nil
}

func decode(body []byte, v any) error {
	if !utf8.Valid(body) {
		return errors.New("not UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("want nothing after the JSON value")
	}
	return nil
}

// explain says what is wrong in terms of JSON. Only a field of the outermost object
// has a pointer: encoding/json does not tell which element of an array is wrong.
func explain(err error) problem.FieldError {
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return problem.FieldError{Detail: fmt.Sprintf("not JSON at byte %d: %v", syntax.Offset, err)}
	}
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		detail := fmt.Sprintf("want %s, got %.40s", kind(wrong.Type), wrong.Value)
		if strings.Contains(wrong.Field, ".") {
			return problem.FieldError{Detail: wrong.Field + ": " + detail}
		}
		return problem.FieldError{Pointer: strings.TrimSuffix("/"+wrong.Field, "/"), Detail: detail}
	}
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return problem.FieldError{Detail: "not JSON: it ends too early"}
	}
	return problem.FieldError{Detail: fmt.Sprintf("%.80s", strings.TrimPrefix(err.Error(), "json: "))}
}

func kind(t reflect.Type) string {
	switch k := t.Kind(); {
	case k == reflect.String:
		return "a string"
	case k == reflect.Bool:
		return "true or false"
	case k == reflect.Slice || k == reflect.Array:
		return "an array"
	case k == reflect.Float32 || k == reflect.Float64:
		return "a number"
	case k >= reflect.Int && k <= reflect.Uint64:
		return "a whole number"
	}
	return "an object"
}

// Write answers with v in JSON.
func Write(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil { // v is a mistake in the program
		panic(err)
	}
	w.Header().Set("Content-Type", mediaType)
	w.WriteHeader(status)
	_, _ = w.Write(body) // who cannot be written to cannot be told so
}

// Invalid answers 400 with what is wrong with the request.
func Invalid(w http.ResponseWriter, errors ...problem.FieldError) {
	problem.Problem{Status: http.StatusBadRequest, Detail: "the request is not valid", Errors: errors}.Write(w)
}

// InvalidFields answers 400 with what is wrong with the body by JSON pointer.
func InvalidFields(w http.ResponseWriter, details map[string]string) {
	var fields []problem.FieldError
	for _, pointer := range slices.Sorted(maps.Keys(details)) {
		fields = append(fields, problem.FieldError{Pointer: pointer, Detail: details[pointer]})
	}
	Invalid(w, fields...)
}

// Unavailable answers 503 with the detail, and logs the error, which is for
// operators alone.
func Unavailable(w http.ResponseWriter, r *http.Request, err error, detail string, errors ...problem.FieldError) {
	slog.ErrorContext(r.Context(), detail, "error", err.Error())
	w.Header().Set("Retry-After", "1")
	problem.Problem{Status: http.StatusServiceUnavailable, Detail: detail, Errors: errors}.Write(w)
}
