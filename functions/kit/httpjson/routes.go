package httpjson

import (
	"fmt"
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/noidle/noidle/functions/kit/problem"
)

// Routes are handlers by path, a pattern of [http.ServeMux] such as /photos/{id},
// and by method.
type Routes map[string]map[string]http.HandlerFunc

// Handler serves the routes. Another path is answered with 404, another method
// with 405, both as problems. A handler of GET serves HEAD as well. No answer may
// be cached, unless its handler says so.
func (routes Routes) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/", NotFound)
	for path, methods := range routes {
		for method, handle := range methods {
			mux.HandleFunc(method+" "+path, handle)
		}
		mux.HandleFunc(path, notAllowed(slices.Collect(maps.Keys(methods))))
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		if p := r.URL.EscapedPath(); path.Clean(p) != p { // the mux would redirect to another address
			NotFound(w, r)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// NotFound answers 404.
func NotFound(w http.ResponseWriter, _ *http.Request) {
	problem.Problem{Status: http.StatusNotFound, Detail: "there is nothing at this path"}.Write(w)
}

func notAllowed(methods []string) http.HandlerFunc {
	if slices.Contains(methods, http.MethodGet) {
		methods = append(methods, http.MethodHead)
	}
	slices.Sort(methods)
	allow := strings.Join(methods, ", ")
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Allow", allow)
		problem.Problem{
			Status: http.StatusMethodNotAllowed,
			Detail: fmt.Sprintf("want %s, got %.20s", allow, r.Method),
		}.Write(w)
	}
}
