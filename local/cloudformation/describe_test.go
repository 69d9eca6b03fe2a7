package cloudformation_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/google/go-cmp/cmp"
	"github.com/jonboulle/clockwork"

	"github.com/noidle/noidle/local/api"
	"github.com/noidle/noidle/local/cloudformation"
)

// describe asks a service by the SDK, as who has a policy or as the administrator,
// and returns names and outputs of what is described.
func describe(t *testing.T, s *cloudformation.Service, principal *api.Principal, name *string) (map[string]map[string]string, error) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.ServeHTTP(w, r.WithContext(api.With(r.Context(), &api.Call{Context: r.Context(), RequestID: "request", Principal: principal})))
	}))
	defer server.Close()
	client := sdk.New(sdk.Options{Region: "us-east-1", BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("a", "b", "")})
	out, err := client.DescribeStacks(t.Context(), &sdk.DescribeStacksInput{StackName: name})
	if err != nil {
		return nil, err
	}
	described := map[string]map[string]string{}
	for _, stack := range out.Stacks {
		described[*stack.StackName] = map[string]string{"created": stack.CreationTime.Format(time.RFC3339), "status": string(stack.StackStatus), "id": *stack.StackId}
		for _, o := range stack.Outputs {
			described[*stack.StackName][*o.OutputKey] = *o.OutputValue
		}
	}
	return described, nil
}

// https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStacks.html
func TestDescribeStacks(t *testing.T) {
	clock := clockwork.NewFakeClockAt(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	s := cloudformation.New(cloudformation.Options{Clock: clock})
	if got, err := describe(t, s, nil, nil); err != nil || len(got) != 0 {
		t.Errorf("before the stacks are created: %v, %v; want none", got, err)
	}
	s.SetOutputs(map[string]map[string]string{"Shop": {"Url": "http://x/?a&b"}, "Empty": nil})
	const id = "arn:aws:cloudformation:us-east-1:000000000000:stack/"
	shop := map[string]string{"created": "2026-01-02T03:04:05Z", "status": "CREATE_COMPLETE", "id": id + "Shop/local", "Url": "http://x/?a&b"}
	empty := map[string]string{"created": "2026-01-02T03:04:05Z", "status": "CREATE_COMPLETE", "id": id + "Empty/local"}
	tests := []struct {
		name  string
		stack *string
		want  map[string]map[string]string
		error string
	}{
		{"all", nil, map[string]map[string]string{"Shop": shop, "Empty": empty}, ""},
		{"by name", new("Shop"), map[string]map[string]string{"Shop": shop}, ""},
		{"by ID", new(id + "Empty/local"), map[string]map[string]string{"Empty": empty}, ""},
		{"missing", new("Sho"), nil, "ValidationError: Stack with id Sho does not exist"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := describe(t, s, nil, tt.stack)
			if tt.error != "" && (err == nil || !strings.Contains(err.Error(), tt.error)) || tt.error == "" && err != nil {
				t.Fatalf("got error %v, want %q", err, tt.error)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("stacks (-want +got):\n%s", diff)
			}
		})
	}
	nobody := &api.Principal{Allow: func(string, string, api.Keys) error { return &api.Error{Code: "AccessDenied", Message: "no"} }}
	if _, err := describe(t, s, nobody, new("Shop")); err == nil || !strings.Contains(err.Error(), "AccessDenied") {
		t.Errorf("without a permission: %v", err)
	}
}

// What is not signed reaches the answers of functions, and never the API.
func TestAnswersAreNoCalls(t *testing.T) {
	s := cloudformation.New(cloudformation.Options{Clock: clockwork.NewFakeClock()})
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodPost, cloudformation.Path+"x", strings.NewReader("Action=DescribeStacks&Version=2010-05-15"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	s.ServeHTTP(w, r)
	if w.Code != http.StatusMethodNotAllowed {
		t.Errorf("it is answered %d: %s", w.Code, w.Body)
	}
}
