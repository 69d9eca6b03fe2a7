package cloudfront

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// requestID is the header by which CloudFront identifies a request.
const requestID = "X-Amz-Cf-Id"

// allViewerExceptHost is the managed origin request policy AllViewerExceptHostHeader
// (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-origin-request-policies.html).
const allViewerExceptHost = "b689b0a8-53d0-40ab-baf2-68738e2966ac"

// What origins get of a viewer's headers, without a policy that says so; those never
// forwarded as they are; and those that a cache answers for itself
// (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/RequestAndResponseBehaviorCustomOrigin.html#request-custom-headers-behavior).
var (
	forwarded = []string{"Cache-Control", "Content-Md5", "Content-Type", "Date", "From", "If-Match", "If-Modified-Since",
		"If-None-Match", "If-Range", "If-Unmodified-Since", "Max-Forwards", "Origin", "Pragma", "Range", "Request-Range", "Via", "Warning", "X-Forwarded-For"}
	perConnection = []string{"Connection", "Expect", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection",
		"Te", "Trailer", "Transfer-Encoding", "Upgrade"}
	answeredHere = []string{"If-Match", "If-Modified-Since", "If-None-Match", "If-Range", "If-Unmodified-Since", "Range"}
)

// cached says whether answers to a method are cached.
func (b *behavior) cached(method string) bool {
	return b.cache.max != 0 && (method == http.MethodGet || method == http.MethodHead)
}

// request returns what the behavior's origin is asked for a viewer's request.
func (b *behavior) request(ctx context.Context, method string, r *http.Request, target *url.URL, id string) *http.Request {
	if b.origin.API == nil {
		return b.origin.request(ctx, method, target)
	}
	asked := &http.Request{
		Method: method, Host: b.origin.Domain, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: b.headersOf(r), Body: r.Body, ContentLength: r.ContentLength, RemoteAddr: r.RemoteAddr,
	}
	prefix := &url.URL{Path: b.origin.Path}
	asked.URL = &url.URL{Path: prefix.Path + target.Path, RawPath: prefix.EscapedPath() + target.EscapedPath()}
	if b.forwardsAll {
		asked.URL.RawQuery = target.RawQuery
	}
	asked.RequestURI = asked.URL.RequestURI()
	header := asked.Header
	header.Set("X-Forwarded-For", strings.TrimPrefix(strings.Join(append(header["X-Forwarded-For"], address(r)), ", "), ", "))
	header.Set("Via", strings.Join(append(header["Via"], via(r.ProtoMajor, r.ProtoMinor, id)), ", "))
	header.Set(requestID, r.Header.Get(requestID))
	return asked.WithContext(ctx)
}

// headersOf are the headers of a viewer's request that the origin gets. Authorization
// goes without a policy only with methods that are not cached.
func (b *behavior) headersOf(r *http.Request) http.Header {
	header := r.Header.Clone()
	for name := range r.Header {
		signs := name == "Authorization" && r.Method != http.MethodGet && r.Method != http.MethodHead
		edge := strings.HasPrefix(name, "X-Edge-") || slices.Contains(perConnection, name)
		if edge || !b.forwardsAll && !signs && !slices.Contains(forwarded, name) || b.cached(r.Method) && slices.Contains(answeredHere, name) {
			delete(header, name)
		}
	}
	if !b.forwardsAll {
		header.Set("User-Agent", "Amazon CloudFront")
	}
	return header
}

// address is the viewer's IP address.
func address(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
