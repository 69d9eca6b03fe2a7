package httpjson_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/noidle/noidle/functions/kit/httpfn"
	"github.com/noidle/noidle/functions/kit/httpjson"
)

func greet(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Name string `json:"name"`
	}
	if !httpjson.Read(w, r, &body) {
		return
	}
	if body.Name == "" {
		httpjson.InvalidFields(w, map[string]string{"/name": "want a name, got none"})
		return
	}
	httpjson.Write(w, http.StatusOK, map[string]string{"greeting": "hello, " + body.Name})
}

// What is not in order is answered with a problem.
func ExampleRead() {
	for _, body := range []string{`{"name":"Ada"}`, `{"name":""}`, `{"nickname":"Ada"}`} {
		r := httptest.NewRequest(http.MethodPost, "/greetings", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		greet(w, r)
		fmt.Println(w.Code, w.Body)
	}
	// Output:
	// 200 {"greeting":"hello, Ada"}
	// 400 {"type":"about:blank","title":"Bad Request","status":400,"detail":"the request is not valid","errors":[{"pointer":"/name","detail":"want a name, got none"}]}
	// 400 {"type":"about:blank","title":"Bad Request","status":400,"detail":"the request is not valid","errors":[{"pointer":"","detail":"unknown field \"nickname\""}]}
}

// The main of a function that answers in JSON.
func ExampleRoutes_Handler() {
	httpfn.Serve(httpjson.Routes{
		"/greetings": {"POST": greet},
		"/health":    {"GET": func(w http.ResponseWriter, _ *http.Request) { httpjson.Write(w, http.StatusOK, "fine") }},
	}.Handler())
}
