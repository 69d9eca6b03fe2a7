// Package apigateway is the local API Gateway: HTTP APIs in front of Lambda
// functions, with proxy integrations in the payload format 2.0
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api.html), and
// function URLs, which speak the same format.
//
// Where AWS documents nothing, it follows the observed service: functions get
// paths decoded, and every body that is not text, JSON, XML or JavaScript in
// base64. A path or query that is not UTF-8 is refused with status 400.
package apigateway

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/jonboulle/clockwork"
)

// API is an HTTP API and its one stage.
type API struct {
	// ID names the API in events and ARNs.
	ID string
	// Routes are tried from the most to the least specific, whatever their order.
	Routes []Route
	// CORS answers browsers. Nil leaves it to the functions.
	CORS *CORS
	// Stage is what is deployed.
	Stage Stage
}

// Route leads requests to a function.
type Route struct {
	// Key is a method or ANY and a path, such as GET /orders/{orderId} or
	// ANY /files/{proxy+}, or $default for what no other route takes.
	Key string
	// Integration is the function behind the route.
	Integration Integration
	// Authorizer lets in requests with a token only. Nil lets in everybody.
	Authorizer *Authorizer
	// Scopes are those of which a token must have one. Empty means that it needs
	// none. Without an authorizer they have no effect.
	Scopes []string
}

// Integration is a Lambda proxy integration.
type Integration struct {
	// Function is the function's ARN.
	Function string
	// PayloadFormatVersion must be 2.0.
	PayloadFormatVersion string
	// Timeout is how long a client waits for the function: 50 milliseconds to
	// 30 seconds. Zero means 30 seconds. The function itself runs on
	// (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html).
	Timeout time.Duration
}

// Stage is a deployed API.
type Stage struct {
	// Name is the first segment of every path. Empty means $default, the stage
	// at the root.
	Name string
	// Variables are handed to every function.
	Variables map[string]string
	// Default limits each route that Routes does not name. Zero means the
	// account's limit: 10,000 requests a second with bursts of 5,000.
	Default Throttle
	// Routes limits routes by their key.
	Routes map[string]Throttle
	// AccessLog is where requests are logged.
	AccessLog AccessLog
}

// AccessLog describes a stage's access log.
type AccessLog struct {
	// Format is a line with $context variables
	// (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html).
	// Variables that are unknown or have no value are "-". Quotes and control
	// characters in values are escaped as in JSON. Empty means no log.
	Format string
	// Group is the ARN of the log group.
	Group string
}

// Options are an API's surroundings.
type Options struct {
	// Clock times throttles, timeouts and logs.
	Clock clockwork.Clock
	// Invoke calls a function for a route of the given source ARN and returns
	// what the function answers. The context is not cancelled when the client
	// goes or the integration times out, as functions run on then. An *api.Error
	// of TooManyRequestsException is answered with 503, one of status 413 with
	// 413, and every other error, a function's own included, with 500.
	Invoke func(ctx context.Context, functionARN, sourceARN string, payload []byte) ([]byte, error)
	// Keys returns the public keys of an issuer of tokens, and whether it is known.
	// It is needed for APIs with authorizers only.
	Keys func(issuer string) (*jose.JSONWebKeySet, bool)
	// Log takes the lines of the access log.
	Log func(groupARN, line string)
	// Answered is told of each answer. Nil means nobody.
	Answered func(status int, latency time.Duration)
}

// Handler serves an API. It is safe for concurrent use.
type Handler struct {
	api     API
	options Options
	routes  []*route
}

// root is the name of the stage and of the route that take what is left.
const root = "$default"

// New returns the handler of an API's requests, or an error that names what is
// wrong in the API or not supported locally.
func New(definition API, options Options) (*Handler, error) {
	definition.Stage.Name = cmp.Or(definition.Stage.Name, root)
	h := &Handler{api: definition, options: options}
	for _, r := range definition.Routes {
		added, err := newRoute(r, &definition.Stage)
		if err == nil && r.Authorizer != nil {
			err = h.checkAuthorizer(r.Authorizer)
		}
		if err == nil && slices.ContainsFunc(h.routes, func(other *route) bool { return other.Key == r.Key }) {
			err = fmt.Errorf("name each route once")
		}
		if err != nil {
			return nil, fmt.Errorf("route %q: %w", r.Key, err)
		}
		h.routes = append(h.routes, added)
	}
	for key := range definition.Stage.Routes {
		if !slices.ContainsFunc(h.routes, func(r *route) bool { return r.Key == key }) {
			return nil, fmt.Errorf("stage %q: no route has the key %q of its route settings", definition.Stage.Name, key)
		}
	}
	slices.SortFunc(h.routes, func(a, b *route) int { return strings.Compare(a.order, b.order) })
	return h, nil
}
