package problem_test

import (
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"github.com/noidle/noidle/functions/kit/problem"
)

func TestResponse(t *testing.T) {
	for _, test := range []struct {
		name    string
		problem problem.Problem
		headers map[string]string
		want    events.APIGatewayV2HTTPResponse
	}{
		{
			name:    "defaults",
			problem: problem.Problem{Status: 404},
			want: events.APIGatewayV2HTTPResponse{
				StatusCode: 404,
				Headers:    map[string]string{"content-type": "application/problem+json"},
				Body:       `{"type":"about:blank","title":"Not Found","status":404}`,
			},
		},
		{
			name: "everything",
			problem: problem.Problem{
				Type: "https://example.org/problems/busy", Title: "Busy", Status: 503, Detail: "try later",
				Errors: []problem.FieldError{
					{Pointer: "", Detail: "not JSON"},
					{Pointer: "/a~1b", Detail: "unknown field"},
					{Header: "idempotency-key", Detail: "missing"},
					{Parameter: "limit", Detail: "not a number"},
				},
			},
			headers: map[string]string{"retry-after": "1"},
			want: events.APIGatewayV2HTTPResponse{
				StatusCode: 503,
				Headers:    map[string]string{"content-type": "application/problem+json", "retry-after": "1"},
				Body: `{"type":"https://example.org/problems/busy","title":"Busy","status":503,"detail":"try later","errors":[` +
					`{"pointer":"","detail":"not JSON"},{"pointer":"/a~1b","detail":"unknown field"},{"header":"idempotency-key","detail":"missing"},` +
					`{"parameter":"limit","detail":"not a number"}]}`,
			},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			given := len(test.headers)
			got := test.problem.Response(test.headers)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("response (-want +got):\n%s", diff)
			}
			if len(test.headers) != given {
				t.Errorf("the caller's headers changed: %v", test.headers)
			}
		})
	}
}

func TestResponsePanics(t *testing.T) {
	for _, status := range []int{0, 200, 399, 600} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("status %d: no panic", status)
				}
			}()
			problem.Problem{Status: status}.Response(nil)
		}()
	}
}
