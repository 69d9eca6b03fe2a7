package web

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/noidle/noidle/constructs/internal/httpapi"
)

// maxRoutes is how many routes a service may have: each takes a statement in the
// function's policy, which holds 20 KB
// (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html).
const maxRoutes = 40

// methods are what a route may have as method
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html).
var methods = []string{"ANY", "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}

var (
	routePath = regexp.MustCompile(`^/$|^(/([^/{}\s]+|\{[\w.:-]+\}))*(/\{[\w.:-]+\+\})?$`)
	origin    = regexp.MustCompile(`^\*$|^https?://[^/\s]+$`)
)

// isToken reports whether text holds a CDK token, whose value is not known yet.
func isToken(text string) bool {
	return strings.Contains(text, "${Token[")
}

// complete returns the props with their defaults filled in.
func (p *HTTPServiceProps) complete() (HTTPServiceProps, error) {
	var settings HTTPServiceProps
	if p != nil {
		settings = *p
	}
	settings.Throttle = httpapi.Complete(settings.Throttle, 100, 200)
	settings.MaxLatency = cmp.Or(settings.MaxLatency, 5*time.Second)
	if settings.Table != nil && len(settings.TableActions) == 0 {
		settings.TableActions = []string{"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:Query"}
	}
	settings.Routes = slices.Clone(settings.Routes)
	if len(settings.Routes) == 0 {
		settings.Routes = []Route{{Path: "/"}, {Path: "/{proxy+}"}}
	}
	for i := range settings.Routes {
		r := &settings.Routes[i]
		r.Method = cmp.Or(r.Method, "ANY")
		r.Throttle = httpapi.Complete(r.Throttle, settings.Throttle.RatePerSecond, settings.Throttle.Burst)
	}
	if settings.CORS != nil {
		settings.CORS = settings.CORS.complete()
		if settings.authorized() {
			settings.Routes = openPreflights(settings.Routes)
		}
	}
	return settings, settings.validate()
}

// authorized reports whether routes take a token, unless they are public.
func (p *HTTPServiceProps) authorized() bool {
	return p.SignIn != nil || p.JWT != nil
}

func (c *CORS) complete() *CORS {
	settings := *c
	if len(settings.Methods) == 0 {
		settings.Methods = []string{"GET", "POST", "PUT", "PATCH", "DELETE"}
	}
	if len(settings.Headers) == 0 {
		settings.Headers = []string{"authorization", "content-type"}
	}
	settings.MaxAge = cmp.Or(settings.MaxAge, time.Hour)
	return &settings
}

// openPreflights adds a public route for the preflight requests to each route of any
// method. They carry no token, so an authorizer would turn them away
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html).
func openPreflights(routes []Route) []Route {
	all := slices.Clone(routes)
	for _, r := range routes {
		taken := func(other Route) bool { return other.Method == "OPTIONS" && other.Path == r.Path }
		if r.Method == "ANY" && !r.Public && !slices.ContainsFunc(all, taken) {
			all = append(all, Route{Method: "OPTIONS", Path: r.Path, Throttle: r.Throttle, Public: true})
		}
	}
	return all
}

func (p *HTTPServiceProps) validate() error {
	_, taken := p.Environment["TABLE_NAME"]
	switch {
	case p.Package == "":
		return errors.New("no Package: set the function's main package, such as \"./functions/photos\"")
	case p.SignIn != nil && p.JWT != nil:
		return errors.New("both SignIn and JWT are set: an API takes the tokens of one issuer")
	case p.Table != nil && taken:
		return errors.New("Environment has TABLE_NAME, which is the name of the service's Table: choose another name")
	case p.Table == nil && len(p.TableActions) > 0:
		return errors.New("TableActions are set, but no Table: set one")
	case p.Timeout < 0 || p.Timeout > 29*time.Second || p.Timeout%time.Second != 0:
		return fmt.Errorf("Timeout is %v: must be whole seconds up to 29s", p.Timeout)
	case p.MaxLatency < 0 || p.MaxLatency > 30*time.Second || p.MaxLatency%time.Millisecond != 0:
		return fmt.Errorf("MaxLatency is %v: must be whole milliseconds up to 30s", p.MaxLatency)
	}
	if err := httpapi.Validate(p.Throttle); err != nil {
		return fmt.Errorf("Throttle: %w", err)
	}
	return cmp.Or(p.validateRoutes(), p.JWT.validate(), p.CORS.validate())
}

func (p *HTTPServiceProps) validateRoutes() error {
	if len(p.Routes) > maxRoutes {
		return fmt.Errorf("Routes are %d: must be at most %d: let one with {proxy+} lead to several", len(p.Routes), maxRoutes)
	}
	seen := map[string]bool{}
	for _, r := range p.Routes {
		name := r.Method + " " + r.Path
		switch {
		case !slices.Contains(methods, r.Method):
			return fmt.Errorf("route %q: Method is %q: must be one of %s", name, r.Method, strings.Join(methods, ", "))
		case r.Path == "" || !routePath.MatchString(r.Path):
			return fmt.Errorf("route %q: Path is %q: must be like /photos/{id} or /files/{name+}, without a slash at its end", name, r.Path)
		case seen[name]:
			return fmt.Errorf("route %q is there twice: leave one out", name)
		case r.Public && len(r.Scopes) > 0:
			return fmt.Errorf("route %q: Public and Scopes are set: who has no token has no scopes", name)
		case !p.authorized() && (r.Public || len(r.Scopes) > 0):
			return fmt.Errorf("route %q: Public or Scopes is set without SignIn or JWT: set who issues the tokens", name)
		}
		seen[name] = true
		if err := httpapi.Validate(r.Throttle); err != nil {
			return fmt.Errorf("route %q: Throttle: %w", name, err)
		}
	}
	return nil
}

func (j *JWT) validate() error {
	switch {
	case j == nil:
		return nil
	case !strings.HasPrefix(j.Issuer, "https://") && !isToken(j.Issuer):
		return fmt.Errorf("JWT.Issuer is %q: must be an https URL", j.Issuer)
	case len(j.Audience) == 0:
		return errors.New("no JWT.Audience: set for whom tokens are, or those for any other application pass too")
	}
	return nil
}

func (c *CORS) validate() error {
	if c == nil {
		return nil
	}
	if len(c.Origins) == 0 {
		return errors.New("no CORS.Origins: set the origins of the pages, such as https://example.com")
	}
	for _, method := range c.Methods {
		if method != "*" && (method == "ANY" || !slices.Contains(methods, method)) {
			return fmt.Errorf("CORS.Methods has %q: must be one of %s, or *", method, strings.Join(methods[1:], ", "))
		}
	}
	for _, o := range c.Origins {
		if !isToken(o) && !origin.MatchString(o) {
			return fmt.Errorf("CORS.Origins has %q: must be like https://example.com, without a path or a slash at its end", o)
		}
	}
	// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html
	for _, value := range slices.Concat(c.Origins, c.Methods, c.Headers) {
		if c.Credentials && strings.Contains(value, "*") {
			return fmt.Errorf("CORS has %q with Credentials: browsers refuse that: name what is allowed", value)
		}
	}
	if c.MaxAge < 0 || c.MaxAge > 24*time.Hour || c.MaxAge%time.Second != 0 {
		return fmt.Errorf("CORS.MaxAge is %v: must be whole seconds up to 24h0m0s", c.MaxAge)
	}
	return nil
}
