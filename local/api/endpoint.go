package api

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/google/uuid"
)

// Endpoint is the one AWS endpoint of the local cloud. It finds the service
// that a signed request is meant for, and who calls.
type Endpoint struct {
	// Services serve the requests, by their name in a request's credential scope
	// (sqs, dynamodb, states).
	Services map[string]http.Handler
	// Principal returns whose access key this is. Keys that it does not know are
	// the administrator's: nil.
	Principal func(accessKey string) *Principal
	// Unsigned returns the service that takes a request without a signature, and
	// who sends it. Nil, and an empty name, mean that none does.
	Unsigned func(r *http.Request) (service string, as *Principal)
	// Fault may answer a principal's request in place of the service, and says
	// whether it did, or may have another handler serve it. It is not asked of
	// requests that somebody else sends than who signed them. Nil means never.
	Fault func(call *Call, service string, next http.Handler) http.Handler
}

// ServeHTTP implements http.Handler.
func (e *Endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	call := &Call{Context: r.Context(), RequestID: uuid.NewString()}
	w.Header().Set("X-Amzn-Requestid", call.RequestID)
	key, name, signed := credential(r.Header.Get("Authorization"))
	presigned := false
	if !signed {
		key, name, presigned = scope(r.URL.Query().Get("X-Amz-Credential"))
	}
	switch {
	case signed || presigned:
		call.Principal = e.Principal(key)
	case e.Unsigned != nil:
		name, call.Principal = e.Unsigned(r)
	}
	if name == "" {
		WriteJSONError(w, r, &Error{
			Code:    "MissingAuthenticationTokenException",
			Message: "this is the local cloud's AWS endpoint: sign requests as an AWS SDK or the AWS CLI does, with any credentials",
			Status:  http.StatusForbidden,
		})
		return
	}
	service, ok := e.Services[name]
	if !ok {
		WriteJSONError(w, r, &Error{Code: "UnknownOperationException", Message: fmt.Sprintf("service %q is not supported locally", name)})
		return
	}
	if e.Fault != nil && call.Principal != nil && signed {
		service = e.Fault(call, name, service)
	}
	service.ServeHTTP(w, r.WithContext(With(r.Context(), call)))
}

// credential finds the access key and the service in an Authorization header: its
// Credential is KEY/DATE/REGION/SERVICE/aws4_request
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-authentication-methods.html).
func credential(header string) (key, service string, ok bool) {
	_, after, _ := strings.Cut(header, "Credential=")
	value, _, _ := strings.Cut(after, ",")
	return scope(strings.TrimSpace(value))
}

// scope takes a credential apart, as it stands in the query of presigned URLs,
// too.
func scope(credential string) (key, service string, ok bool) {
	parts := strings.Split(credential, "/")
	if len(parts) != 5 || parts[4] != "aws4_request" || parts[0] == "" {
		return "", "", false
	}
	return parts[0], parts[3], true
}

type callKey struct{}

// With returns a context that carries a call, for tests and for services that
// are called in other ways than over an [Endpoint].
func With(ctx context.Context, call *Call) context.Context {
	return context.WithValue(ctx, callKey{}, call)
}

// From returns the call that a request's context carries. Without one, the
// administrator calls.
func From(ctx context.Context) *Call {
	if call, ok := ctx.Value(callKey{}).(*Call); ok {
		return call
	}
	return &Call{Context: ctx, RequestID: uuid.NewString()}
}
