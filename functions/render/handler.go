package main

import (
	_ "embed"
	"fmt"
	"net/http"
	"net/url"

	"github.com/noidle/noidle/functions/kit/httpjson"
	"github.com/noidle/noidle/functions/kit/problem"
)

// policy keeps a page, which anybody may have written, to itself: its scripts run
// in an origin of their own and load and send nothing.
const policy = "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; " +
	"img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

//go:embed help.html
var help []byte

func handler() http.Handler {
	return httpjson.Routes{"/{$}": {"GET": render}}.Handler()
}

func render(w http.ResponseWriter, r *http.Request) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		httpjson.Invalid(w, problem.FieldError{Parameter: "q", Detail: "the query is not escaped as it should be"})
		return
	}
	html := help
	switch q := query["q"]; len(q) {
	case 0:
	case 1:
		html, err = decode(q[0])
	default:
		err = fmt.Errorf("it is there %d times, want once", len(q))
	}
	if err != nil {
		httpjson.Invalid(w, problem.FieldError{Parameter: "q", Detail: err.Error()})
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", policy)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Referrer-Policy", "no-referrer")
	_, _ = w.Write(html)
}
