package cloudfront

import (
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/google/uuid"
)

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	target := &url.URL{Path: r.URL.Path, RawPath: r.URL.RawPath, RawQuery: r.URL.RawQuery}
	// AWS does not document whether functions see the path / or that of the root object.
	// Here they see that of the root object.
	if target.Path == "/" || target.Path == "" {
		target = &url.URL{Path: "/" + h.distribution.RootObject, RawQuery: r.URL.RawQuery}
	}
	b := h.behavior(target.Path)
	r = r.Clone(r.Context())
	r.Header.Set(requestID, uuid.NewString())
	v := &viewer{ResponseWriter: w, id: h.distribution.ID, request: r.Header.Get(requestID), headers: b.headers, keeps: b.forwardsAll}
	switch {
	case h.distribution.Disabled:
		v.refuse(http.StatusForbidden, "The distribution is disabled.")
		return
	case !slices.Contains(b.methods, r.Method):
		v.refuse(http.StatusForbidden, "This distribution is not configured to allow the HTTP request method that was used for this request.")
		return
	case r.ContentLength != 0 && (b.origin.API == nil || r.Method == http.MethodGet || r.Method == http.MethodHead):
		// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/RequestAndResponseBehaviorS3Origin.html#RequestS3-get-body
		v.refuse(http.StatusForbidden, "A request with a body is not allowed.")
		return
	}
	if b.function != nil {
		var response *functionResponse
		var err error
		r, target, response, err = h.apply(b.function, r, target)
		switch {
		case errors.Is(err, errFunction):
			v.result = broken
			v.refuse(http.StatusServiceUnavailable, "The CloudFront function associated with the CloudFront distribution is invalid or could not run.")
			return
		case err != nil:
			// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/edge-function-restrictions-all.html#function-restrictions-headers
			v.refuse(http.StatusBadGateway, "The CloudFront function associated with the CloudFront distribution returned what it may not: "+err.Error()+".")
			return
		case response != nil:
			response.write(v)
			return
		}
	}
	v.paged = func(status int) bool { return h.errorResponse(status).PagePath != "" }
	h.serve(v, r, b, target)
	if v.failed != 0 {
		h.page(v, r)
	}
}

// page sends the page of an error in its place. If there is none, viewers get the
// error that says so
// (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/GeneratingCustomErrorResponses.html).
func (h *Handler) page(v *viewer, r *http.Request) {
	response := h.errorResponse(v.failed)
	v.failed, v.paged, v.as = 0, nil, response.PageStatus
	clear(v.Header())
	request := r.Clone(r.Context())
	request.Header = http.Header{requestID: r.Header[requestID]}
	request.Body, request.ContentLength = http.NoBody, 0
	if r.Method != http.MethodHead {
		request.Method = http.MethodGet
	}
	target := &url.URL{Path: response.PagePath}
	h.serve(v, request, h.behavior(target.Path), target)
}

// serve answers from the cache or the origin.
func (h *Handler) serve(v *viewer, r *http.Request, b *behavior, target *url.URL) {
	v.bucket = b.origin.API == nil
	if r.Method == http.MethodOptions || b.origin.API != nil && !b.cached(r.Method) {
		v.result = miss
		h.source(b).ServeHTTP(v, b.request(r.Context(), r.Method, r, target, h.distribution.ID))
		_, _ = v.Write(nil) // of an answer without body, the header
		return
	}
	a := h.find(v, r, b, target)
	if a.large && r.Method != http.MethodHead {
		h.pass(v, r, b, target, a)
		return
	}
	maps.Copy(v.Header(), a.header)
	if v.result == hit {
		age := max(0, h.options.Clock.Since(a.stored))
		v.Header().Set("Age", strconv.Itoa(int(age.Seconds())))
	}
	if a.status != http.StatusOK {
		v.WriteHeader(a.status)
		_, _ = v.Write(a.body) // it fails for a viewer that has gone
		return
	}
	v.content(r, a)
}

// find returns the answer to a request, from the cache if it is there.
func (h *Handler) find(v *viewer, r *http.Request, b *behavior, target *url.URL) *answer {
	k := key{r.Method, target.EscapedPath()}
	ask := func(expired *answer) (a *answer) {
		a, v.result = h.ask(b, k.method, r, target, expired)
		return a
	}
	if b.cache.max == 0 {
		return ask(nil)
	}
	now := h.options.Clock.Now()
	if get := (key{http.MethodGet, k.path}); r.Method == http.MethodHead && h.cache.has(get, now) {
		k = get
	}
	v.result = hit
	return h.cache.get(k, now, ask)
}

// pass has the origin answer once more, with an object that is too large to be
// kept, as far as the request wants it.
func (h *Handler) pass(v *viewer, r *http.Request, b *behavior, target *url.URL, a *answer) {
	v.result = miss
	request := b.request(r.Context(), r.Method, r, target, h.distribution.ID)
	for _, name := range []string{"If-Match", "If-Modified-Since", "If-None-Match", "If-Unmodified-Since"} {
		request.Header.Set(name, r.Header.Get(name))
	}
	same := []string{"", a.header.Get("Etag"), a.header.Get("Last-Modified")}
	if slices.Contains(same, r.Header.Get("If-Range")) {
		request.Header.Set("Range", r.Header.Get("Range"))
	}
	maps.DeleteFunc(request.Header, func(_ string, values []string) bool { return values[0] == "" })
	h.source(b).ServeHTTP(v, request)
}

// source is what serves a behavior's origin.
func (h *Handler) source(b *behavior) http.Handler {
	if b.origin.API != nil {
		return b.origin.API
	}
	return h.options.S3
}
