// Command parts is a function that answers in parts, or, with BUFFERED, as a whole.
package main

import (
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/noidle/noidle/functions/kit/httpfn"
)

func main() {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /wait", wait)
	mux.HandleFunc("GET /large", func(w http.ResponseWriter, _ *http.Request) {
		for range 7 {
			_, _ = io.WriteString(w, strings.Repeat("x", 1<<20))
		}
	})
	mux.HandleFunc("POST /echo/{name}", echo)
	mux.HandleFunc("GET /break", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "first ")
		_ = http.NewResponseController(w).Flush()
		panic("as asked")
	})
	if os.Getenv("BUFFERED") != "" {
		httpfn.Serve(mux)
	}
	httpfn.ServeStreaming(mux)
}

// wait writes the second part when the URL of the query has answered.
func wait(w http.ResponseWriter, r *http.Request) {
	_, _ = io.WriteString(w, "first ")
	_ = http.NewResponseController(w).Flush()
	answer, err := http.Get(r.URL.Query().Get("for"))
	if err != nil {
		panic(err)
	}
	_ = answer.Body.Close()
	_, _ = io.WriteString(w, "second")
}

func echo(w http.ResponseWriter, r *http.Request) {
	http.SetCookie(w, &http.Cookie{Name: "a", Value: "1"})
	http.SetCookie(w, &http.Cookie{Name: "b", Value: "2"})
	w.Header().Set("Content-Type", "text/html")
	w.Header().Set("X-Name", r.PathValue("name"))
	w.WriteHeader(http.StatusTeapot)
	_, _ = io.Copy(w, r.Body)
}
