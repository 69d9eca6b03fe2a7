package httpfn

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

type (
	eventKey  struct{}
	claimsKey struct{}
)

// Event returns the event of a request's context, as Lambda gave it, or nil
// outside of Lambda.
func Event(ctx context.Context) json.RawMessage {
	raw, _ := ctx.Value(eventKey{}).(json.RawMessage)
	return raw
}

// Claims returns the claims of the request's JWT as API Gateway's authorizer
// hands them on, all as text: those of an HTTP API's JWT authorizer
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html)
// or of a REST API's Cognito authorizer. It returns nil for a request without
// them, and outside of Lambda.
func Claims(ctx context.Context) map[string]string {
	claims, _ := ctx.Value(claimsKey{}).(map[string]string)
	return claims
}

func (e *event) request(ctx context.Context, raw json.RawMessage) (*http.Request, error) {
	body := []byte(e.Body)
	if e.IsBase64Encoded {
		var err error
		if body, err = base64.StdEncoding.DecodeString(e.Body); err != nil {
			return nil, fmt.Errorf("the event says isBase64Encoded, but its body is not: %w", err)
		}
	}
	ctx = context.WithValue(ctx, eventKey{}, raw)
	if claims := e.claims(); claims != nil {
		ctx = context.WithValue(ctx, claimsKey{}, claims)
	}
	header := e.header()
	u := e.url()
	r := &http.Request{
		Method:        cmp.Or(e.RequestContext.HTTP.Method, e.HTTPMethod),
		URL:           u,
		RequestURI:    u.RequestURI(),
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        header,
		Host:          cmp.Or(header.Get("Host"), e.RequestContext.DomainName),
		RemoteAddr:    net.JoinHostPort(e.sourceIP(header), "0"),
		Body:          http.NoBody,
		ContentLength: int64(len(body)),
	}
	if len(body) > 0 {
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	header.Del("Host") // where net/http has it, too
	return r.WithContext(ctx), nil
}

func (e *event) header() http.Header {
	header := http.Header{}
	for _, name := range slices.Sorted(maps.Keys(e.Headers)) {
		if !e.multiValue() {
			header.Add(name, e.Headers[name])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(e.MultiValueHeaders)) {
		for _, value := range e.MultiValueHeaders[name] {
			header.Add(name, value)
		}
	}
	if len(e.Cookies) > 0 {
		header.Set("Cookie", strings.Join(e.Cookies, "; "))
	}
	return header
}

// sourceIP is the client's address. A load balancer adds it to the end of
// X-Forwarded-For, with its port if told so
// (https://docs.aws.amazon.com/elasticloadbalancing/latest/application/x-forwarded-headers.html).
func (e *event) sourceIP(header http.Header) string {
	if e.shape != loadBalancer {
		return cmp.Or(e.RequestContext.HTTP.SourceIP, e.RequestContext.Identity.SourceIP)
	}
	forwarded := strings.Join(header["X-Forwarded-For"], ",")
	last := strings.TrimSpace(forwarded[strings.LastIndex(forwarded, ",")+1:])
	if host, _, err := net.SplitHostPort(last); err == nil {
		return host
	}
	return last
}

// url returns the path and the query. HTTP APIs hand paths on decoded, others as
// they are.
func (e *event) url() *url.URL {
	path, query := e.Path, e.query()
	if e.shape == payload2 {
		path, query = e.RawPath, e.RawQueryString
	}
	isHTTPAPI := e.Version != "" && !strings.Contains(e.RequestContext.DomainName, ".lambda-url.")
	if isHTTPAPI {
		path = e.withoutStage(path)
	}
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	u := &url.URL{Path: path, RawQuery: query}
	if decoded, err := url.PathUnescape(path); err == nil && !isHTTPAPI {
		u.Path = decoded
		if u.EscapedPath() != path {
			u.RawPath = path
		}
	}
	return u
}

func (e *event) withoutStage(path string) string {
	rest, ok := strings.CutPrefix(path, "/"+e.RequestContext.Stage)
	if ok && e.RequestContext.Stage != "" && (rest == "" || rest[0] == '/') {
		return rest
	}
	return path
}

// query is that of the events that have parameters only. A load balancer leaves
// them encoded.
func (e *event) query() string {
	parameters := url.Values(maps.Clone(e.MultiValueQueryStringParameters))
	if parameters == nil {
		parameters = url.Values{}
		for name, value := range e.QueryStringParameters {
			parameters.Set(name, value)
		}
	}
	if e.shape != loadBalancer {
		return parameters.Encode()
	}
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(parameters)) {
		for _, value := range parameters[name] {
			pairs = append(pairs, name+"="+value)
		}
	}
	return strings.Join(pairs, "&")
}
