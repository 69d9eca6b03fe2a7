package local

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// guard keeps the web pages of other sites from a handler. A request must name this
// machine as its host, so that a foreign name that leads here tells a page nothing
// (DNS rebinding). What a browser sends for a page of a foreign origin is refused
// unless allows says otherwise; nil allows none. Links from other sites are followed
// if links says so.
func guard(next http.Handler, links bool, allows func(origin string, r *http.Request) bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !loopback(&url.URL{Host: r.Host}) {
			http.Error(w, fmt.Sprintf("the host %q is not this machine: ask the local cloud for 127.0.0.1 or localhost", r.Host), http.StatusMisdirectedRequest)
			return
		}
		origin, foreign := foreignOrigin(r)
		excepted := func() bool { return links && isLink(r) || allows != nil && allows(origin, r) }
		if foreign && !excepted() {
			http.Error(w, fmt.Sprintf("the request comes from a web page of the foreign origin %q: the local cloud takes those of pages on this machine,"+
				" and of origins that the CORS rules of the bucket, the HTTP API or the function URL name", origin), http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// foreignOrigin returns the origin of the page that sends a request, empty if it is
// not told, and whether that is foreign to this machine. Programs that are no
// browsers tell nothing and are not foreign
// (https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header).
func foreignOrigin(r *http.Request) (origin string, foreign bool) {
	crossSite := r.Header.Get("Sec-Fetch-Site") == "cross-site"
	switch origins := r.Header.Values("Origin"); {
	case len(origins) == 0:
		// Of an image, only the referrer tells localhost:3000 from elsewhere.
		return "", crossSite && !loopbackURL(r.Header.Get("Referer"))
	case len(origins) > 1:
		return strings.Join(origins, ", "), true
	case origins[0] == "null" && !crossSite && r.Header.Get("Sec-Fetch-Site") != "":
		return "null", false // a form of a page that hides its origin
	default:
		return origins[0], !loopbackURL(origins[0])
	}
}

// isLink says whether a browser shows the answer as a page of its own, which tells
// other pages nothing.
func isLink(r *http.Request) bool {
	return (r.Method == http.MethodGet || r.Method == http.MethodHead) &&
		r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Header.Get("Sec-Fetch-Dest") == "document"
}

func loopbackURL(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && loopback(u)
}

// loopback says whether a URL's host is this machine, whatever a name server says:
// localhost and the names under it never ask one
// (https://www.rfc-editor.org/rfc/rfc6761#section-6.3).
func loopback(u *url.URL) bool {
	host := strings.ToLower(u.Hostname())
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || net.ParseIP(host).IsLoopback()
}
