// Package cloudfront is the local Amazon CloudFront: distributions in front of S3
// buckets and HTTP APIs, with cache behaviors, a cache that can be invalidated,
// policies, functions and custom error responses
// (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/Introduction.html).
//
// A distribution is one edge location, which stands for HTTPS though it speaks
// plain HTTP: nothing is redirected. Buckets get neither query strings, nor cookies,
// nor other headers than those of ranges and preconditions, as the managed cache
// policies say. What APIs get is up to the origin request policy. Nothing is
// compressed.
package cloudfront

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/noidle/noidle/local/api"
)

// Distribution is what a handler serves.
type Distribution struct {
	// ID names the distribution in the header Via.
	ID string
	// Disabled says that every request is refused.
	Disabled bool
	// RootObject is the key of what a request for / gets. Empty means that the
	// request goes to the origin as it is.
	RootObject string
	// Origins are the buckets and APIs that answers come from.
	Origins []Origin
	// Behaviors are tried in order, the first whose pattern matches serves. The last
	// is the default, whose pattern is *.
	Behaviors []Behavior
	// ErrorResponses are for errors of the origin.
	ErrorResponses []ErrorResponse
}

// Origin is a bucket or an HTTP API that answers come from.
type Origin struct {
	// ID is how behaviors name the origin.
	ID string
	// Bucket is the bucket's name, without an API.
	Bucket string
	// Path, such as /photos, comes before the path of each request. It may be empty.
	Path string
	// Principal is who asks the bucket.
	Principal *api.Principal
	// API serves the requests in place of a bucket. Nil means the bucket.
	API http.Handler
	// Domain is the Host that the API sees.
	Domain string
}

// Behavior is how requests for some paths are served.
type Behavior struct {
	// PathPattern may have * for any characters and ? for one. The slash at its
	// start may be left out.
	PathPattern string
	// OriginID is the ID of the origin.
	OriginID string
	// AllowedMethods are GET and HEAD, with or without OPTIONS, or, for an API, all
	// seven. Nil means GET and HEAD.
	AllowedMethods []string
	// CachePolicyID is the ID of the managed policy CachingOptimized or
	// CachingDisabled.
	CachePolicyID string
	// OriginRequestPolicyID is the ID of the managed policy AllViewerExceptHostHeader
	// for an API, or empty.
	OriginRequestPolicyID string
	// ResponseHeadersPolicyID is the ID of the managed policy SecurityHeadersPolicy,
	// one of the options' HeadersPolicies, or empty.
	ResponseHeadersPolicyID string
	// Function runs for every viewer's request. Nil means none.
	Function *Function
}

// Header is a header that a response headers policy adds
// (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/understanding-response-headers-policies.html).
type Header struct {
	// Name and Value are added to every answer.
	Name, Value string
	// Override says that the header takes the place of one of the origin.
	Override bool
}

// ErrorResponse is what becomes of an error of the origin.
type ErrorResponse struct {
	// Status is the error's status.
	Status int
	// MinTTL is for how long the error is cached at least. Nil means 10 seconds.
	MinTTL *time.Duration
	// PagePath is the path of the page that viewers get in place of the error.
	// Empty means that they get the error.
	PagePath string
	// PageStatus is the status that the page is sent with. Zero means the error's.
	PageStatus int
}

// Options are a distribution's surroundings.
type Options struct {
	// Clock is what the cache goes by.
	Clock clockwork.Clock
	// S3 serves requests of the form /bucket/key. Who asks is in their context.
	S3 http.Handler
	// HeadersPolicies are response headers policies by their ID.
	HeadersPolicies map[string][]Header
}

// Handler serves a distribution. It is safe for concurrent use.
type Handler struct {
	options      Options
	distribution Distribution
	behaviors    []*behavior
	cache        *cache
}

// pageStatuses are those of errors that may have a page, and, with 200, those that
// a page may be sent with
// (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/GeneratingCustomErrorResponses.html).
var pageStatuses = []int{400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504}

// New returns the handler of a distribution's requests, or an error that names all
// that is wrong in the distribution or not supported locally.
func New(d Distribution, options Options) (*Handler, error) {
	h := &Handler{options: options, distribution: d, cache: newCache()}
	var problems []error
	for _, b := range d.Behaviors {
		added, err := newBehavior(b, d.Origins, options)
		if err != nil {
			problems = append(problems, fmt.Errorf("cache behavior %q: %w", b.PathPattern, err))
		}
		h.behaviors = append(h.behaviors, added)
	}
	for _, e := range d.ErrorResponses {
		if err := e.check(); err != nil {
			problems = append(problems, fmt.Errorf("custom error response %d: %w", e.Status, err))
		}
	}
	if strings.HasPrefix(d.RootObject, "/") {
		problems = append(problems, fmt.Errorf("default root object %q: leave out the slash at its start", d.RootObject))
	}
	return h, errors.Join(problems...)
}

func (e ErrorResponse) check() error {
	switch {
	case !slices.Contains(pageStatuses, e.Status):
		return fmt.Errorf("want a status of %v", pageStatuses)
	case (e.PagePath == "") != (e.PageStatus == 0):
		return errors.New("want both or none of a page's path and its status")
	case e.PagePath != "" && !strings.HasPrefix(e.PagePath, "/"):
		return fmt.Errorf("page %q: want a path that starts with a slash", e.PagePath)
	case e.PageStatus != 0 && e.PageStatus != http.StatusOK && !slices.Contains(pageStatuses, e.PageStatus):
		return fmt.Errorf("status %d of its page: want 200 or one of %v", e.PageStatus, pageStatuses)
	}
	return nil
}

// errorResponse returns what becomes of errors with a status.
func (h *Handler) errorResponse(status int) ErrorResponse {
	i := slices.IndexFunc(h.distribution.ErrorResponses, func(e ErrorResponse) bool { return e.Status == status })
	if i < 0 {
		return ErrorResponse{}
	}
	return h.distribution.ErrorResponses[i]
}
