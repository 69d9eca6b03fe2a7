package cloudfront

import (
	"errors"
	"fmt"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"
)

// behavior is a Behavior with what it names.
type behavior struct {
	pattern *regexp.Regexp
	origin  Origin
	methods []string
	cache   cachePolicy
	headers []Header
	// forwardsAll says that the origin gets the query and all headers but Host.
	forwardsAll bool
	function    *Function // nil: none
}

// cachePolicy says for how long answers are cached. With the zero cachePolicy they
// are not.
type cachePolicy struct{ min, normal, max time.Duration }

// The managed cache policies CachingOptimized and CachingDisabled
// (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html).
var cachePolicies = map[string]cachePolicy{
	"658327ea-f89d-4fab-a63d-7e88639e58f6": {min: time.Second, normal: 86_400 * time.Second, max: 31_536_000 * time.Second},
	"4135ea2d-6df8-44a3-9df3-4b5a84be39ad": {},
}

// allMethods are those that a behavior may allow together
// (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/DownloadDistValuesCacheBehavior.html#DownloadDistValuesAllowedHTTPMethods).
var allMethods = []string{"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"}

// The managed response headers policy SecurityHeadersPolicy
// (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-response-headers-policies.html).
var headersPolicies = map[string][]Header{
	"": nil,
	"67f7725c-6f97-4210-82d7-5512b31e9d03": {
		{"Referrer-Policy", "strict-origin-when-cross-origin", false},
		{"Strict-Transport-Security", "max-age=31536000", false},
		{"X-Content-Type-Options", "nosniff", true},
		{"X-Frame-Options", "SAMEORIGIN", false},
		{"X-XSS-Protection", "1; mode=block", false},
	},
}

func newBehavior(b Behavior, origins []Origin, options Options) (*behavior, error) {
	i := slices.IndexFunc(origins, func(o Origin) bool { return o.ID == b.OriginID })
	if i < 0 {
		return nil, fmt.Errorf("origin %q is not one of the distribution", b.OriginID)
	}
	if b.PathPattern == "" {
		return nil, errors.New("want a path pattern")
	}
	methods := b.AllowedMethods
	if methods == nil {
		methods = []string{http.MethodGet, http.MethodHead}
	}
	if origins[i].API != nil && slices.Equal(slices.Sorted(slices.Values(methods)), allMethods) {
		methods = allMethods
	} else if err := readingMethods(methods); err != nil {
		return nil, err
	}
	cachePolicy, ok := cachePolicies[b.CachePolicyID]
	if !ok {
		return nil, fmt.Errorf("cache policy %q is not supported locally: want the managed CachingOptimized or CachingDisabled", b.CachePolicyID)
	}
	if b.OriginRequestPolicyID != "" && (b.OriginRequestPolicyID != allViewerExceptHost || origins[i].API == nil) {
		return nil, fmt.Errorf("origin request policy %q is not supported locally: want none, or for an API the managed AllViewerExceptHostHeader", b.OriginRequestPolicyID)
	}
	headers, ok := options.HeadersPolicies[b.ResponseHeadersPolicyID]
	if !ok {
		headers, ok = headersPolicies[b.ResponseHeadersPolicyID]
	}
	if !ok {
		return nil, fmt.Errorf("response headers policy %q is not supported locally: want one of this assembly or the managed SecurityHeadersPolicy", b.ResponseHeadersPolicyID)
	}
	return &behavior{
		pattern: compile(b.PathPattern), origin: origins[i], methods: methods, cache: cachePolicy, headers: headers,
		forwardsAll: b.OriginRequestPolicyID != "", function: b.Function,
	}, nil
}

func readingMethods(methods []string) error {
	for _, method := range methods {
		if method != http.MethodGet && method != http.MethodHead && method != http.MethodOptions {
			return fmt.Errorf("allowed method %s is not supported locally: want GET, HEAD, and perhaps OPTIONS, or, for an API, all seven", method)
		}
	}
	return nil
}

// compile returns the expression of a path pattern. The slash at its start changes
// nothing, and * matches slashes, too
// (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/DownloadDistValuesCacheBehavior.html#DownloadDistValuesPathPattern).
func compile(pattern string) *regexp.Regexp {
	expression := regexp.QuoteMeta(strings.TrimPrefix(pattern, "/"))
	expression = strings.NewReplacer(`\*`, `.*`, `\?`, `.`).Replace(expression)
	return regexp.MustCompile(`(?s)^/` + expression + `$`)
}

// behavior returns what serves a path. What is matched is the path without double
// slashes and dots; what the origin gets is the path as it is.
func (h *Handler) behavior(requested string) *behavior {
	matched := path.Clean("/" + requested)
	if strings.HasSuffix(requested, "/") && matched != "/" {
		matched += "/"
	}
	for _, b := range h.behaviors {
		if b.pattern.MatchString(matched) {
			return b
		}
	}
	return h.behaviors[len(h.behaviors)-1]
}
