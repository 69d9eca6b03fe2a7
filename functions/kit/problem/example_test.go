package problem_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/noidle/noidle/functions/kit/problem"
)

func ExampleProblem_Response() {
	response := problem.Problem{
		Status: http.StatusBadRequest,
		Detail: "the order is not valid",
		Errors: []problem.FieldError{{Pointer: "/items/0/quantity", Detail: "want 1 to 1000, got 0"}},
	}.Response(nil)

	fmt.Println(response.StatusCode, response.Headers["content-type"])
	fmt.Println(response.Body)
	// Output:
	// 400 application/problem+json
	// {"type":"about:blank","title":"Bad Request","status":400,"detail":"the order is not valid","errors":[{"pointer":"/items/0/quantity","detail":"want 1 to 1000, got 0"}]}
}

func ExampleProblem_Write() {
	handler := func(w http.ResponseWriter, _ *http.Request) {
		problem.Problem{Status: http.StatusNotFound, Detail: "there is no such photo"}.Write(w)
	}

	w := httptest.NewRecorder()
	handler(w, httptest.NewRequest(http.MethodGet, "/photos/1", nil))
	fmt.Println(w.Code, w.Header().Get("Content-Type"))
	fmt.Println(w.Body)
	// Output:
	// 404 application/problem+json
	// {"type":"about:blank","title":"Not Found","status":404,"detail":"there is no such photo"}
}
