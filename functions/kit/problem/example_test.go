package problem_test

import (
	"fmt"
	"net/http"

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
