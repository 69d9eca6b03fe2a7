package apigateway

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// routeKey takes the methods that HTTP APIs have, and paths whose variables are
// whole segments, of which the last may be greedy
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html).
var (
	methods      = []string{"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"}
	routeKey     = regexp.MustCompile(`^(ANY|` + strings.Join(methods, "|") + `) ((?:/\{[\w.:-]+\}|/[^/{}]*)*?(?:/\{[\w.:-]+\+\})?)$`)
	pathVariable = regexp.MustCompile(`\{[^}]*\}`)
)

// The limits of an integration's timeout.
const (
	minTimeout = 50 * time.Millisecond
	maxTimeout = 30 * time.Second
)

type route struct {
	Route
	// method and path are empty in the route $default.
	method, path string
	// order sorts routes from the most to the least specific.
	order  string
	bucket *bucket
}

func newRoute(r Route, stage *Stage) (*route, error) {
	if r.Integration.PayloadFormatVersion != "2.0" {
		return nil, fmt.Errorf("payload format version %q is not supported locally: use 2.0", r.Integration.PayloadFormatVersion)
	}
	r.Integration.Timeout = cmp.Or(r.Integration.Timeout, maxTimeout)
	if r.Integration.Timeout < minTimeout || r.Integration.Timeout > maxTimeout {
		return nil, fmt.Errorf("timeout %v: use %v to %v", r.Integration.Timeout, minTimeout, maxTimeout)
	}
	limit := cmp.Or(stage.Routes[r.Key], stage.Default, accountThrottle)
	added := &route{Route: r, bucket: &bucket{Throttle: limit, tokens: float64(limit.Burst)}}
	if r.Key == root {
		added.order = "\xff\xff"
		return added, nil
	}
	parts := routeKey.FindStringSubmatch(r.Key)
	if parts == nil || parts[2] == "" {
		return nil, fmt.Errorf("use a method or ANY and a path, such as GET /orders/{orderId} or ANY /files/{proxy+}, or %s", root)
	}
	added.method, added.path = parts[1], parts[2]
	// A segment that is a variable sorts after every text, a greedy route after
	// every full match, and ANY after the methods.
	added.order = pathVariable.ReplaceAllString(added.path, "\xff")
	if strings.HasSuffix(added.path, "+}") {
		added.order = "\xff" + added.order
	}
	if added.method == "ANY" {
		added.order += "\xff"
	}
	return added, nil
}

// match returns a request's path parameters when the route takes it.
func (r *route) match(method string, path []string) (map[string]string, bool) {
	if r.method == "" {
		return nil, true
	}
	if r.method != "ANY" && r.method != method {
		return nil, false
	}
	parameters := map[string]string{}
	for segment := range strings.SplitSeq(r.path[1:], "/") {
		if len(path) == 0 {
			return nil, false
		}
		value, rest := path[0], path[1:]
		name, isVariable := strings.CutPrefix(segment, "{")
		name, isGreedy := strings.CutSuffix(name, "+}")
		if isGreedy {
			value, rest = strings.Join(path, "/"), nil
		}
		switch {
		case isVariable && value != "":
			parameters[strings.TrimSuffix(name, "}")] = value
		case isVariable, value != segment:
			return nil, false
		}
		path = rest
	}
	return parameters, len(path) == 0
}

// find sets the request's route, and says whether there is one.
func (h *Handler) find(x *exchange) bool {
	path := x.segments
	if stage := h.api.Stage.Name; stage != root {
		if path[0] != stage {
			return false
		}
		if path = path[1:]; len(path) == 0 {
			path = []string{""}
		}
	}
	if !slices.Contains(methods, x.Method) {
		return false
	}
	for _, r := range h.routes {
		if parameters, ok := r.match(x.Method, path); ok {
			x.route, x.routeKey, x.parameters = r, r.Key, parameters
			return true
		}
	}
	return false
}
