package api

import (
	"context"
	"fmt"
	"net/http"
	"regexp"

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
	// Fault may answer a principal's request in place of the service, and says
	// whether it did, or may have another handler serve it. Nil means never.
	Fault func(call *Call, service string, next http.Handler) http.Handler
}

// credential finds the access key and the service in an Authorization header
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-authentication-methods.html).
var credential = regexp.MustCompile(`Credential=([^/,\s]+)/[^/,\s]+/[^/,\s]+/([^/,\s]+)/aws4_request`)

// ServeHTTP implements http.Handler.
func (e *Endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	call := &Call{Context: r.Context(), RequestID: uuid.NewString()}
	w.Header().Set("X-Amzn-Requestid", call.RequestID)
	scope := credential.FindStringSubmatch(r.Header.Get("Authorization"))
	if scope == nil {
		WriteJSONError(w, r, &Error{
			Code:    "MissingAuthenticationTokenException",
			Message: "this is the local cloud's AWS endpoint: sign requests as an AWS SDK or the AWS CLI does, with any credentials",
			Status:  http.StatusForbidden,
		})
		return
	}
	name := scope[2]
	service, ok := e.Services[name]
	if !ok {
		WriteJSONError(w, r, &Error{Code: "UnknownOperationException", Message: fmt.Sprintf("service %q is not supported locally", name)})
		return
	}
	call.Principal = e.Principal(scope[1])
	if e.Fault != nil && call.Principal != nil {
		service = e.Fault(call, name, service)
	}
	service.ServeHTTP(w, r.WithContext(With(r.Context(), call)))
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
