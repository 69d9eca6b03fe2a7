package apigateway

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// CORS is what an API tells browsers of other origins
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html).
type CORS struct {
	// AllowOrigins are origins, https://* or http://* for all of a scheme, or *.
	AllowOrigins []string
	// AllowMethods are methods, or *.
	AllowMethods []string
	// AllowHeaders are names of request headers, or *.
	AllowHeaders []string
	// ExposeHeaders are names of response headers that scripts may read, or *.
	ExposeHeaders []string
	// AllowCredentials lets browsers send cookies.
	AllowCredentials bool
	// MaxAge is how many seconds a preflight answer may be kept. Nil leaves it
	// to the browser.
	MaxAge *int
}

// preflight answers a preflight request. Others, and those of APIs without
// CORS, it leaves alone, with nil.
func (c *CORS) preflight(r *http.Request) *answer {
	if c == nil || !isPreflight(r) {
		return nil
	}
	a := &answer{status: http.StatusNoContent, header: http.Header{}}
	c.answer(r, a.header)
	return a
}

func isPreflight(r *http.Request) bool {
	return r.Method == http.MethodOptions && r.Header.Get("Origin") != "" && r.Header.Get("Access-Control-Request-Method") != ""
}

// answer tells the browser what the API allows.
func (c *CORS) answer(r *http.Request, header http.Header) {
	if !c.allow(r, header) {
		return
	}
	if !isPreflight(r) {
		set(header, "Access-Control-Expose-Headers", c.ExposeHeaders...)
		return
	}
	set(header, "Access-Control-Allow-Methods", c.AllowMethods...)
	set(header, "Access-Control-Allow-Headers", c.AllowHeaders...)
	if c.MaxAge != nil {
		set(header, "Access-Control-Max-Age", strconv.Itoa(*c.MaxAge))
	}
}

// replace puts the API's CORS headers in the place of the function's, which may be
// those of a preflight request that a route has taken.
func (c *CORS) replace(r *http.Request, header http.Header) {
	if c == nil {
		return
	}
	for name := range header {
		if strings.HasPrefix(name, "Access-Control-") {
			header.Del(name)
		}
	}
	c.answer(r, header)
}

// allow says whether the API allows the request's origin, and tells the browser.
func (c *CORS) allow(r *http.Request, header http.Header) bool {
	origin := r.Header.Get("Origin")
	i := c.find(origin)
	if i < 0 {
		return false
	}
	if c.AllowOrigins[i] == "*" {
		origin = "*"
	}
	set(header, "Access-Control-Allow-Origin", origin)
	if c.AllowCredentials {
		set(header, "Access-Control-Allow-Credentials", "true")
	}
	return true
}

// Allows says whether web pages of an origin may send requests. Without CORS, nil,
// none may.
func (c *CORS) Allows(origin string) bool { return c != nil && c.find(origin) >= 0 }

// find returns the index of the first of AllowOrigins that an origin matches, or -1.
func (c *CORS) find(origin string) int {
	scheme, _, _ := strings.Cut(origin, "://")
	return slices.IndexFunc(c.AllowOrigins, func(allowed string) bool {
		return origin != "" && (allowed == "*" || strings.EqualFold(allowed, origin) || strings.EqualFold(allowed, scheme+"://*"))
	})
}

func set(header http.Header, name string, values ...string) {
	if len(values) > 0 {
		header.Set(name, strings.Join(values, ","))
	}
}
