package cloudfront_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/jonboulle/clockwork"

	"github.com/noidle/noidle/local/api"
	"github.com/noidle/noidle/local/cloudfront"
	"github.com/noidle/noidle/local/iam"
)

// Who may invalidate is up to the caller's role, by the distribution
// (https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudfront.html).
func TestWhoMayInvalidate(t *testing.T) {
	const (
		path = "/2020-05-31/distribution/EDFDVBD6EXAMPLE/invalidation"
		body = `<InvalidationBatch><Paths><Quantity>1</Quantity><Items><Path>/*</Path></Items></Paths><CallerReference>1</CallerReference></InvalidationBatch>`
	)
	allow := func(action, distribution string) string {
		return `{"Effect": "Allow", "Action": "cloudfront:` + action + `", "Resource": "arn:aws:cloudfront::000000000000:distribution/` + distribution + `"}`
	}
	tests := []struct {
		name, method, path, statement string
		want                          int
	}{
		{"create", "POST", path, allow("CreateInvalidation", "EDFDVBD6EXAMPLE"), 201},
		{"create for another distribution", "POST", path, allow("CreateInvalidation", "EOTHER"), 403},
		{"create with the right to get", "POST", path, allow("GetInvalidation", "*"), 403},
		{"create without rights", "POST", path, "", 403},
		{"get", "GET", path + "/IOTHER", allow("GetInvalidation", "*"), 404},
		{"get with the right to create", "GET", path + "/IOTHER", allow("CreateInvalidation", "*"), 403},
		{"get in a distribution that is not there", "GET", strings.Replace(path, "EDF", "EXY", 1) + "/I", allow("GetInvalidation", "EDFDVBD6EXAMPLE"), 403},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := open(t, nil)
			w.put(t, "/photos/cat", "meow")
			h, err := cloudfront.New(w.plain(), cloudfront.Options{Clock: w.clock, S3: w})
			if err != nil {
				t.Fatal(err)
			}
			w.start(t, h)
			service := cloudfront.NewService(w.clock)
			service.Add(h)
			check(t, "first", "200 Miss meow", w.get(t, "/cat").told())

			call := &api.Call{Context: t.Context(), Principal: caller(t, tt.statement), RequestID: "r"}
			r := httptest.NewRequestWithContext(api.With(t.Context(), call), tt.method, tt.path, strings.NewReader(body))
			answer := httptest.NewRecorder()
			service.ServeHTTP(answer, r)
			check(t, "status", tt.want, answer.Code)
			if denied := strings.Contains(answer.Body.String(), "<Code>AccessDenied</Code>"); denied != (tt.want == http.StatusForbidden) {
				t.Errorf("answer %s", answer.Body)
			}
			want := "200 Hit meow"
			if tt.want == http.StatusCreated {
				want = "200 Miss meow"
			}
			check(t, "afterwards", want, w.get(t, "/cat").told())
		})
	}
}

// caller is a role with a policy of one statement, or none.
func caller(t *testing.T, statement string) *api.Principal {
	t.Helper()
	trust, err := iam.ParsePolicy([]byte(`{"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	authority, role := iam.New(clockwork.NewFakeClock()), iam.RoleARN("publish")
	authority.AddRole(role, "Publish", trust)
	if statement != "" {
		policy, err := iam.ParsePolicy([]byte(`{"Statement": [` + statement + `]}`))
		if err == nil {
			err = authority.AddRolePolicy(role, policy)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	principal, err := authority.Assume(role, "lambda.amazonaws.com", "publish")
	if err != nil {
		t.Fatal(err)
	}
	return principal
}
