package web

import (
	"time"

	"github.com/noidle/noidle/constructs/compute"
	"github.com/noidle/noidle/constructs/internal/httpapi"
	"github.com/noidle/noidle/constructs/storage"
)

// HTTPServiceProps configures an [HTTPService]. Only Package is required.
type HTTPServiceProps struct {
	// Package is the main package of the function, as in
	// [github.com/noidle/noidle/constructs/compute.GoFunctionProps]. It answers events
	// of payload format 2.0, as functions/kit/httpfn does for any http.Handler
	// (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html).
	Package string
	// Routes are the requests that reach the function, up to 40. Empty means all.
	Routes []Route
	// CORS lets pages of other origins use the API. Nil means that none may.
	CORS *CORS
	// SignIn is whose users may use the API: each route that is not public takes an
	// access token of it. Nil means that everyone may, unless JWT is set.
	SignIn *SignIn
	// JWT is another issuer of tokens to take. At most one of SignIn and JWT is set.
	JWT *JWT
	// Throttle limits each route that has no limits of its own, and routes that are
	// added later. Zero fields mean 100 requests a second and a burst of 200.
	Throttle Throttle
	// Table is a table for the function, which gets its name in the environment
	// variable TABLE_NAME. Nil means that there is none.
	Table *storage.TableProps
	// TableActions are what the function may do with the table, such as
	// "dynamodb:Query". Empty means to get, put, update, delete and query items.
	TableActions []string
	// Environment holds the function's environment variables. Values may be CDK tokens.
	Environment map[string]string
	// Memory is the function's memory in MB, 128 to 10,240. Zero means 256.
	Memory int
	// Timeout is how long a request may take, whole seconds up to 29, as the API answers
	// after 30 at the latest
	// (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html).
	// Zero means 10 seconds.
	Timeout time.Duration
	// Deployment says how a new version of the function takes over, as in
	// [compute.GoFunctionProps]. Nil means all at once.
	Deployment *compute.Deployment
	// MaxLatency is what an alarm fires at when one in a hundred requests takes as long,
	// whole milliseconds up to 30 seconds. Zero means 5 seconds.
	MaxLatency time.Duration
}

// Route is a kind of request that an [HTTPService] answers.
type Route struct {
	// Method is the HTTP method. Empty means ANY.
	Method string
	// Path is the path, with parameters in braces, such as /photos/{id}; one at the end
	// with a plus stands for the rest of the path, such as /files/{name+}.
	Path string
	// Throttle limits the route's requests. Zero fields mean those of the service.
	Throttle Throttle
	// Public opens the route to requests without a token.
	Public bool
	// Scopes are those of which a token has to have one. Empty means that any token
	// will do.
	Scopes []string
}

// Throttle limits requests: to RatePerSecond a second, and to Burst at once above
// that. What is over the limit is answered 429
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-throttling.html).
type Throttle = httpapi.Throttle

// JWT is an issuer of JSON web tokens: API Gateway reads its keys from
// Issuer/.well-known/openid-configuration
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html).
type JWT struct {
	// Issuer is the issuer's https URL, as tokens have it in iss.
	Issuer string
	// Audience is what a token has in aud, or in client_id where it has no aud: one of
	// these.
	Audience []string
}

// CORS says which pages of other origins may use an API. The API answers their
// preflight requests itself, but for those to a route of any method: they reach the
// function without a token, and what it answers, with a status of 2xx, gets the API's
// headers
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html).
type CORS struct {
	// Origins are those of the pages, such as https://example.com; "*" means all.
	Origins []string
	// Methods are those that pages may use. Empty means GET, POST, PUT, PATCH and
	// DELETE.
	Methods []string
	// Headers are names of those that pages may send. Empty means authorization and
	// content-type.
	Headers []string
	// Credentials lets pages send cookies. Nothing above may be "*" then.
	Credentials bool
	// MaxAge is how long a browser keeps the answer, whole seconds up to a day. Zero
	// means an hour.
	MaxAge time.Duration
}
