package problem_test

import (
	"net/http"
	"net/http/httptest"
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

func TestWrite(t *testing.T) {
	w := httptest.NewRecorder()
	for name, value := range map[string]string{
		"Retry-After": "1", "Content-Type": "text/html", "Content-Length": "7", "Content-Encoding": "gzip", "ETag": `"a"`, "Last-Modified": "Thu, 12 Mar 2026 19:03:58 GMT",
	} {
		w.Header().Set(name, value)
	}
	problem.Problem{Status: 503, Detail: "try later"}.Write(w)
	if diff := cmp.Diff(http.Header{"Retry-After": {"1"}, "Content-Type": {"application/problem+json"}}, w.Header()); diff != "" {
		t.Errorf("headers (-want +got):\n%s", diff)
	}
	if want := `{"type":"about:blank","title":"Service Unavailable","status":503,"detail":"try later"}`; w.Code != 503 || w.Body.String() != want {
		t.Errorf("it answers %d %s, want 503 %s", w.Code, w.Body, want)
	}
}

func TestWritePanics(t *testing.T) {
	w := httptest.NewRecorder()
	defer func() {
		if recover() == nil || w.Body.Len() > 0 {
			t.Errorf("status 200: no panic, or it answers %q", w.Body)
		}
	}()
	problem.Problem{Status: 200}.Write(w)
}
