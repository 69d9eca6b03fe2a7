package cloudfront

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"strconv"

	"github.com/google/uuid"

	"github.com/noidle/noidle/local/api"
)

// request returns the request for a path that a bucket gets.
func (o Origin) request(ctx context.Context, method string, target *url.URL) *http.Request {
	prefix := &url.URL{Path: "/" + o.Bucket + o.Path}
	r := &http.Request{
		Method: method,
		URL: &url.URL{
			Scheme: "https", Host: o.Bucket,
			Path: prefix.Path + target.Path, RawPath: prefix.EscapedPath() + target.EscapedPath(),
		},
		Host:   o.Bucket,
		Header: http.Header{},
		Body:   http.NoBody,
	}
	call := &api.Call{Context: ctx, Principal: o.Principal, RequestID: uuid.NewString()}
	return r.WithContext(api.With(ctx, call))
}

// ask asks a behavior's origin for what is cached afterwards, and says what X-Cache
// tells of it. Of what has expired it asks whether it has changed. If the origin
// fails, what has expired is good for a while longer
// (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/HTTPStatusCodes.html).
func (h *Handler) ask(b *behavior, method string, viewer *http.Request, target *url.URL, expired *answer) (*answer, string) {
	// Whoever asked first may go: others wait, too.
	r := b.request(context.Background(), method, viewer, target, h.distribution.ID)
	renewable := expired != nil && expired.status == http.StatusOK && !expired.large
	if renewable {
		r.Header.Set("If-None-Match", expired.header.Get("Etag"))
		r.Header.Set("If-Modified-Since", expired.header.Get("Last-Modified"))
	}
	c := &capture{answer: answer{header: http.Header{}}}
	h.source(b).ServeHTTP(c, r)
	a := c.whole(method)
	a.stored = h.options.Clock.Now()
	least := defaultErrorTTL
	if ttl := h.errorResponse(a.status).MinTTL; ttl != nil {
		least = *ttl
	}
	switch {
	case renewable && a.status == http.StatusNotModified:
		a = expired.renewed(a)
		a.expires = a.stored.Add(b.cache.ttl(a.header, a.stored))
		return a, refreshHit
	case renewable && a.status >= http.StatusInternalServerError:
		kept := *expired
		kept.expires = a.stored.Add(least)
		return &kept, hit
	case a.status >= http.StatusBadRequest:
		a.expires = a.stored.Add(b.cache.errorTTL(a.status, a.header, least))
	default:
		a.expires = a.stored.Add(b.cache.ttl(a.header, a.stored))
	}
	return a, miss
}

// renewed returns an answer that the origin says is still good.
func (a *answer) renewed(by *answer) *answer {
	renewed := *a
	renewed.header, renewed.stored = maps.Clone(a.header), by.stored
	for _, name := range []string{"Cache-Control", "Date", "Expires", "Last-Modified"} {
		if values, ok := by.header[name]; ok {
			renewed.header[name] = values
		}
	}
	return &renewed
}

// capture is a response writer that keeps an answer.
type capture struct{ answer }

var errLarge = errors.New("cloudfront: the object is too large to be cached")

// Header implements http.ResponseWriter.
func (c *capture) Header() http.Header { return c.header }

// WriteHeader implements http.ResponseWriter.
func (c *capture) WriteHeader(status int) {
	c.status = status
	c.size, _ = strconv.ParseInt(c.header.Get("Content-Length"), 10, 64)
}

// Write implements http.ResponseWriter. It ends what is too large.
func (c *capture) Write(p []byte) (int, error) {
	if c.status == 0 {
		c.WriteHeader(http.StatusOK)
	}
	if max(c.size, int64(len(c.body)+len(p))) > maxObject {
		c.large, c.body = true, nil
		return 0, errLarge
	}
	c.body = append(c.body, p...)
	c.size = max(c.size, int64(len(c.body)))
	return len(p), nil
}

// whole returns the answer, or, if the origin broke off, an error.
func (c *capture) whole(method string) *answer {
	c.status = cmp.Or(c.status, http.StatusOK)
	if method == http.MethodGet && c.status == http.StatusOK && !c.large && int64(len(c.body)) < c.size {
		return &answer{status: http.StatusBadGateway, header: http.Header{}}
	}
	return &c.answer
}
