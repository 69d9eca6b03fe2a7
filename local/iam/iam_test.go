package iam_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jonboulle/clockwork"

	"github.com/noidle/noidle/local/api"
	"github.com/noidle/noidle/local/iam"
)

const (
	jobs   = "arn:aws:sqs:us-east-1:000000000000:jobs"
	role   = "arn:aws:iam::000000000000:role/worker"
	lambda = `{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"lambda.amazonaws.com"}}}`
)

var noon = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

func parse(t *testing.T, document string) *iam.Policy {
	t.Helper()
	policy, err := iam.ParsePolicy([]byte(document))
	if err != nil {
		t.Fatalf("ParsePolicy(%s): %v", document, err)
	}
	return policy
}

// worker returns an Authority and a caller whose role has the given policies.
func worker(t *testing.T, policies ...string) (*iam.Authority, *api.Principal) {
	t.Helper()
	a := iam.New(clockwork.NewFakeClockAt(noon))
	a.AddRole(role, "Stack/Worker", parse(t, lambda))
	for _, policy := range policies {
		if err := a.AddRolePolicy(role, parse(t, policy)); err != nil {
			t.Fatal(err)
		}
	}
	p, err := a.Assume(role, "lambda.amazonaws.com", "work")
	if err != nil {
		t.Fatal(err)
	}
	return a, p
}

func statement(body string) string { return `{"Version":"2012-10-17","Statement":[` + body + `]}` }

// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
func TestActionsAndResources(t *testing.T) {
	tests := []struct {
		name, statement string
		allowed         bool
	}{
		{"exact", `{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"` + jobs + `"}`, true},
		{"case of actions does not matter", `{"Effect":"Allow","Action":"SQS:sendmessage","Resource":"` + jobs + `"}`, true},
		{"another action", `{"Effect":"Allow","Action":"sqs:ReceiveMessage","Resource":"*"}`, false},
		{"another resource", `{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"` + jobs + `2"}`, false},
		{"one of several", `{"Effect":"Allow","Action":["sqs:ReceiveMessage","sqs:SendMessage"],"Resource":["a","` + jobs + `"]}`, true},
		{"wildcard action", `{"Effect":"Allow","Action":"sqs:Send*","Resource":"*"}`, true},
		{"question mark", `{"Effect":"Allow","Action":"sqs:SendMessag?","Resource":"` + jobs[:len(jobs)-1] + `?"}`, true},
		{"wildcard spans segments", `{"Effect":"Allow","Action":"*","Resource":"arn:aws:sqs:*jobs"}`, true},
		{"wildcard needs the rest", `{"Effect":"Allow","Action":"*","Resource":"arn:aws:sqs:*jobz"}`, false},
		{"NotAction", `{"Effect":"Allow","NotAction":"sqs:Delete*","Resource":"*"}`, true},
		{"NotAction excludes", `{"Effect":"Allow","NotAction":"sqs:Send*","Resource":"*"}`, false},
		{"NotResource", `{"Effect":"Allow","Action":"*","NotResource":"arn:aws:s3:::*"}`, true},
		{"NotResource excludes", `{"Effect":"Allow","Action":"*","NotResource":"` + jobs + `"}`, false},
		{"variable", `{"Effect":"Allow","Action":"*","Resource":"arn:aws:sqs:${aws:RequestedRegion}:*:jobs"}`, true},
		{"variable without a value", `{"Effect":"Allow","Action":"*","Resource":"arn:aws:sqs:*${aws:username}"}`, false},
		{"variable with a default", `{"Effect":"Allow","Action":"*","Resource":"arn:aws:sqs:*:${aws:username, 'jobs'}"}`, true},
		{"deny wins", `{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"sqs:*","Resource":"*"}`, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, p := worker(t, statement(tt.statement))
			if err := p.Allow("sqs:SendMessage", jobs, nil); (err == nil) != tt.allowed {
				t.Errorf("allowed = %v, want %v: %v", err == nil, tt.allowed, err)
			}
		})
	}
}

// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
func TestConditions(t *testing.T) {
	keys := api.Keys{
		"dynamodb:LeadingKeys": {"user1", "user2"},
		"sns:Protocol":         {"sqs"},
		"s3:max-keys":          {"10"},
	}
	tests := []struct {
		name, condition string
		holds           bool
	}{
		{"StringEquals", `{"StringEquals":{"sns:Protocol":"sqs"}}`, true},
		{"StringEquals, one of several", `{"StringEquals":{"sns:Protocol":["lambda","sqs"]}}`, true},
		{"StringEquals, other case", `{"StringEquals":{"sns:Protocol":"SQS"}}`, false},
		{"key in another case", `{"StringEquals":{"SNS:protocol":"sqs"}}`, true},
		{"StringEquals, missing key", `{"StringEquals":{"aws:Missing":"x"}}`, false},
		{"StringEqualsIfExists, missing key", `{"StringEqualsIfExists":{"aws:Missing":"x"}}`, true},
		{"StringNotEquals", `{"StringNotEquals":{"sns:Protocol":"sqs"}}`, false},
		{"StringNotEquals, none of several", `{"StringNotEquals":{"sns:Protocol":["a","b"]}}`, true},
		{"StringNotEquals, missing key", `{"StringNotEquals":{"aws:Missing":"x"}}`, true},
		{"StringEqualsIgnoreCase", `{"StringEqualsIgnoreCase":{"sns:Protocol":"SQS"}}`, true},
		{"StringNotEqualsIgnoreCase", `{"StringNotEqualsIgnoreCase":{"sns:Protocol":"SQS"}}`, false},
		{"StringLike", `{"StringLike":{"sns:Protocol":"s?s"}}`, true},
		{"StringNotLike", `{"StringNotLike":{"sns:Protocol":"s*"}}`, false},
		{"ForAllValues holds", `{"ForAllValues:StringLike":{"dynamodb:LeadingKeys":"user*"}}`, true},
		{"ForAllValues fails", `{"ForAllValues:StringEquals":{"dynamodb:LeadingKeys":"user1"}}`, false},
		{"ForAllValues, missing key", `{"ForAllValues:StringEquals":{"aws:Missing":"x"}}`, true},
		{"ForAnyValue holds", `{"ForAnyValue:StringEquals":{"dynamodb:LeadingKeys":"user2"}}`, true},
		{"ForAnyValue fails", `{"ForAnyValue:StringEquals":{"dynamodb:LeadingKeys":"user3"}}`, false},
		{"ForAnyValue, missing key", `{"ForAnyValue:StringEquals":{"aws:Missing":"x"}}`, false},
		{"Null, missing", `{"Null":{"aws:Missing":"true"}}`, true},
		{"Null, present", `{"Null":{"sns:Protocol":true}}`, false},
		{"Null false, present", `{"Null":{"sns:Protocol":"false"}}`, true},
		{"Bool", `{"Bool":{"aws:SecureTransport":"true"}}`, true},
		{"Bool as JSON", `{"Bool":{"aws:SecureTransport":true}}`, true},
		{"Bool, other", `{"Bool":{"aws:SecureTransport":"false"}}`, false},
		{"NumericLessThan", `{"NumericLessThan":{"s3:max-keys":"11"}}`, true},
		{"NumericLessThanEquals", `{"NumericLessThanEquals":{"s3:max-keys":10}}`, true},
		{"NumericGreaterThan", `{"NumericGreaterThan":{"s3:max-keys":"10"}}`, false},
		{"NumericGreaterThanEquals", `{"NumericGreaterThanEquals":{"s3:max-keys":"10.0"}}`, true},
		{"NumericEquals", `{"NumericEquals":{"s3:max-keys":"1e1"}}`, true},
		{"NumericNotEquals", `{"NumericNotEquals":{"s3:max-keys":"10"}}`, false},
		{"NumericEquals of text", `{"NumericEquals":{"sns:Protocol":"10"}}`, false},
		{"DateGreaterThan", `{"DateGreaterThan":{"aws:CurrentTime":"2026-11-01T11:59:59Z"}}`, true},
		{"DateLessThan a day", `{"DateLessThan":{"aws:CurrentTime":"2026-11-01"}}`, false},
		{"DateEquals seconds", `{"DateEquals":{"aws:CurrentTime":"1793534400"}}`, true},
		{"DateNotEquals", `{"DateNotEquals":{"aws:CurrentTime":"2026-11-01T12:00:00Z"}}`, false},
		{"IpAddress", `{"IpAddress":{"aws:SourceIp":"127.0.0.0/8"}}`, true},
		{"IpAddress alone", `{"IpAddress":{"aws:SourceIp":"127.0.0.1"}}`, true},
		{"NotIpAddress", `{"NotIpAddress":{"aws:SourceIp":["10.0.0.0/8","127.0.0.0/8"]}}`, false},
		{"ArnLike", `{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/work*"}}`, true},
		{"ArnLike compares parts", `{"ArnLike":{"aws:PrincipalArn":"arn:aws:*:role/worker"}}`, false},
		{"ArnEquals", `{"ArnEquals":{"aws:PrincipalArn":"` + role + `"}}`, true},
		{"ArnNotEquals", `{"ArnNotEquals":{"aws:PrincipalArn":"` + role + `"}}`, false},
		{"ArnNotLike", `{"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/other"}}`, true},
		{"all operators and keys must hold", `{"StringEquals":{"sns:Protocol":"sqs","aws:Missing":"x"}}`, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, p := worker(t, statement(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":`+tt.condition+`}`))
			if err := p.Allow("sqs:SendMessage", jobs, keys); (err == nil) != tt.holds {
				t.Errorf("holds = %v, want %v: %v", err == nil, tt.holds, err)
			}
		})
	}
}

// What cannot be evaluated is an error and never an allow.
func TestParsePolicyRefuses(t *testing.T) {
	tests := []struct{ name, document, want string }{
		{"not JSON", `{`, "unexpected EOF"},
		{"unknown operator", statement(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringSounds":{"a":"b"}}}`), `condition operator "StringSounds" is not supported`},
		{"unknown qualifier", statement(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"ForNoValues:Bool":{"a":"b"}}}`), `condition operator "ForNoValues:Bool" is not supported`},
		{"NullIfExists", statement(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"NullIfExists":{"a":"true"}}}`), `condition operator "NullIfExists" is not supported`},
		{"effect", statement(`{"Effect":"allow","Action":"*","Resource":"*"}`), `effect "allow": want Allow or Deny`},
		{"no action", statement(`{"Effect":"Allow","Resource":"*"}`), "want either Action or NotAction"},
		{"both actions", statement(`{"Effect":"Allow","Action":"a:b","NotAction":"a:c","Resource":"*"}`), "want either Action or NotAction"},
		{"both resources", statement(`{"Effect":"Allow","Action":"a:b","Resource":"*","NotResource":"x"}`), "want only one of Resource and NotResource"},
		{"unknown element", statement(`{"Effect":"Allow","Action":"*","Resource":"*","When":"now"}`), `unknown field "When"`},
		{"principal", statement(`{"Effect":"Allow","Action":"*","Resource":"*","Principal":{"Robot":"x"}}`), `principal "Robot"`},
		{"action that is an object", statement(`{"Effect":"Allow","Action":{"a":1},"Resource":"*"}`), "neither text nor a list"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := iam.ParsePolicy([]byte(tt.document)); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("ParsePolicy = %v, want an error with %q", err, tt.want)
			}
		})
	}
}

// Within an account, the policy of the caller or that of the resource is enough,
// and a deny in either is final
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html).
func TestResourcePolicies(t *testing.T) {
	const allowAll = `{"Effect":"Allow","Action":"*","Resource":"*"}`
	tests := []struct {
		name, identity, resource string
		allowed                  bool
	}{
		{"resource names the role", "", `{"Effect":"Allow","Action":"sqs:*","Resource":"*","Principal":{"AWS":"` + role + `"}}`, true},
		{"resource names the session", "", `{"Effect":"Allow","Action":"sqs:*","Resource":"*","Principal":{"AWS":"arn:aws:sts::000000000000:assumed-role/worker/work"}}`, true},
		{"resource names the account", "", `{"Effect":"Allow","Action":"sqs:*","Resource":"*","Principal":{"AWS":"000000000000"}}`, true},
		{"resource names everyone", "", `{"Effect":"Allow","Action":"sqs:*","Resource":"*","Principal":"*"}`, true},
		{"resource names another", "", `{"Effect":"Allow","Action":"sqs:*","Resource":"*","Principal":{"AWS":"arn:aws:iam::000000000000:role/other"}}`, false},
		{"resource names a service", "", `{"Effect":"Allow","Action":"sqs:*","Resource":"*","Principal":{"Service":"sns.amazonaws.com"}}`, false},
		{"resource denies", allowAll, `{"Effect":"Deny","Action":"sqs:*","Resource":"*","Principal":"*"}`, false},
		{"resource denies others", allowAll, `{"Effect":"Deny","Action":"sqs:*","Resource":"*","NotPrincipal":{"AWS":"` + role + `"}}`, true},
		{"resource denies plain HTTP", allowAll, `{"Effect":"Deny","Action":"sqs:*","Resource":"*","Principal":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}`, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, p := worker(t, statement(tt.identity))
			a.AddResourcePolicy(jobs, parse(t, statement(tt.resource)))
			if err := p.Allow("sqs:SendMessage", jobs, nil); (err == nil) != tt.allowed {
				t.Errorf("allowed = %v, want %v: %v", err == nil, tt.allowed, err)
			}
			if err := p.Allow("sqs:SendMessage", jobs+"2", nil); (err == nil) != (tt.identity != "") {
				t.Errorf("the policy of one resource decides about another: %v", err)
			}
		})
	}
}

// https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html
func TestServices(t *testing.T) {
	const api1 = "arn:aws:execute-api:us-east-1:000000000000:abc/$default/GET/orders"
	tests := []struct {
		name, statement string
		allowed         bool
	}{
		{"service and source", `{"Effect":"Allow","Action":"lambda:InvokeFunction","Resource":"*","Principal":{"Service":"apigateway.amazonaws.com"},"Condition":{"ArnLike":{"aws:SourceArn":"arn:aws:execute-api:us-east-1:000000000000:abc/*/*/orders"}}}`, true},
		{"another source", `{"Effect":"Allow","Action":"lambda:InvokeFunction","Resource":"*","Principal":{"Service":"apigateway.amazonaws.com"},"Condition":{"ArnLike":{"aws:SourceArn":"arn:aws:execute-api:us-east-1:000000000000:xyz/*"}}}`, false},
		{"another service", `{"Effect":"Allow","Action":"lambda:InvokeFunction","Resource":"*","Principal":{"Service":"events.amazonaws.com"}}`, false},
		{"source account", `{"Effect":"Allow","Action":"lambda:InvokeFunction","Resource":"*","Principal":{"Service":"apigateway.amazonaws.com"},"Condition":{"StringEquals":{"aws:SourceAccount":"000000000000"}}}`, true},
		{"none", ``, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := iam.New(clockwork.NewFakeClock())
			a.AddResourcePolicy(jobs, parse(t, statement(tt.statement)))
			err := a.Service("apigateway.amazonaws.com", api1).Allow("lambda:InvokeFunction", jobs, nil)
			if (err == nil) != tt.allowed {
				t.Errorf("allowed = %v, want %v: %v", err == nil, tt.allowed, err)
			}
		})
	}
}

// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
func TestAssumeNeedsTrust(t *testing.T) {
	a, _ := worker(t)
	if _, err := a.Assume(role, "states.amazonaws.com", "x"); err == nil || !strings.Contains(err.Error(), "cannot be assumed by states.amazonaws.com") {
		t.Errorf("Assume = %v, want an error that names the service", err)
	}
	if _, err := a.Assume(role+"2", "lambda.amazonaws.com", "x"); err == nil || !strings.Contains(err.Error(), "does not exist") {
		t.Errorf("Assume = %v, want an error about the missing role", err)
	}
}

func TestDenialNamesPrincipalActionAndResource(t *testing.T) {
	_, p := worker(t)
	call := &api.Call{Context: context.Background(), Principal: p}
	err := call.Authorize("sqs:SendMessage", jobs, nil)
	failure, ok := errors.AsType[*api.Error](err)
	if !ok || failure.Code != "AccessDeniedException" {
		t.Fatalf("Authorize = %v, want AccessDeniedException", err)
	}
	want := "User: arn:aws:sts::000000000000:assumed-role/worker/work is not authorized to perform: sqs:SendMessage on resource: " + jobs + " because no identity-based policy allows the sqs:SendMessage action"
	if diff := cmp.Diff(want, failure.Message); diff != "" {
		t.Errorf("message (-want +got):\n%s", diff)
	}
	if err := (&api.Call{Context: context.Background()}).Authorize("sqs:SendMessage", jobs, nil); err != nil {
		t.Errorf("the administrator is denied: %v", err)
	}
}

func TestReport(t *testing.T) {
	a, p := worker(t, statement(`{"Effect":"Allow","Action":["sqs:Send*","sqs:PurgeQueue","xray:PutTraceSegments"],"Resource":"`+jobs+`"}`))
	for range 2 {
		if err := p.Allow("sqs:SendMessage", jobs, nil); err != nil {
			t.Fatal(err)
		}
	}
	if p.Allow("sqs:DeleteMessage", jobs, nil) == nil {
		t.Fatal("DeleteMessage is allowed")
	}
	want := []iam.RoleReport{{
		Role: "Stack/Worker",
		ARN:  role,
		Granted: []iam.Count{
			{Grant: iam.Grant{Action: "sqs:PurgeQueue", Resource: jobs}},
			{Grant: iam.Grant{Action: "sqs:Send*", Resource: jobs}, Count: 2},
			{Grant: iam.Grant{Action: "xray:PutTraceSegments", Resource: jobs}},
		},
		Sole:      []iam.Count{{Grant: iam.Grant{Action: "sqs:Send*", Resource: jobs}, Count: 2}},
		Used:      []iam.Count{{Grant: iam.Grant{Action: "sqs:SendMessage", Resource: jobs}, Count: 2}},
		Denied:    []iam.Count{{Grant: iam.Grant{Action: "sqs:DeleteMessage", Resource: jobs}, Count: 1}},
		NeverUsed: []iam.Grant{{Action: "sqs:PurgeQueue", Resource: jobs}},
		NotHere:   []iam.Grant{{Action: "xray:PutTraceSegments", Resource: jobs}},
	}}
	if diff := cmp.Diff(want, a.Report()); diff != "" {
		t.Errorf("Report (-want +got):\n%s", diff)
	}
}

func FuzzPolicy(f *testing.F) {
	f.Add(statement(`{"Effect":"Allow","Action":"sqs:*","Resource":"arn:*${aws:PrincipalArn}*"}`), "sqs:SendMessage", jobs)
	f.Add(statement(`{"Effect":"Deny","NotAction":"*?*","NotResource":["**","?"],"Condition":{"ForAnyValue:NumericLessThanIfExists":{"aws:EpochTime":"1e9"}}}`), "a:b", "*")
	f.Add(statement(`{"Effect":"Allow","Action":"*","Resource":"*","Principal":{"AWS":["*"]},"Condition":{"IpAddress":{"aws:SourceIp":"::/0"},"DateLessThan":{"aws:CurrentTime":"x"}}}`), "", "")
	f.Fuzz(func(t *testing.T, document, action, resource string) {
		policy, err := iam.ParsePolicy([]byte(document))
		if err != nil {
			return
		}
		a := iam.New(clockwork.NewFakeClockAt(noon))
		a.AddRole(role, "Fuzz", parse(t, lambda))
		if err := a.AddRolePolicy(role, policy); err != nil {
			t.Fatal(err)
		}
		a.AddResourcePolicy(resource, policy)
		p, err := a.Assume(role, "lambda.amazonaws.com", "fuzz")
		if err != nil {
			t.Fatal(err)
		}
		allowed := p.Allow(action, resource, nil) == nil
		if again := p.Allow(action, resource, nil) == nil; again != allowed {
			t.Errorf("two decisions about the same request differ")
		}
		// A deny of everything wins over whatever the document says.
		if err := a.AddRolePolicy(role, parse(t, statement(`{"Effect":"Deny","Action":"*","Resource":"*"}`))); err != nil {
			t.Fatal(err)
		}
		if p.Allow(action, resource, nil) == nil {
			t.Errorf("allowed in spite of a deny")
		}
	})
}

const photos = "arn:aws:s3:::photos"

// The policy of a bucket is about its objects, too, and anybody may do only what
// a policy lets everybody do
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/example-bucket-policies.html).
func TestBucketPolicies(t *testing.T) {
	a, p := worker(t, statement(`{"Effect":"Allow","Action":"s3:*","Resource":"*"}`))
	a.AddResourcePolicy(photos, parse(t, statement(`
		{"Effect":"Allow","Action":"s3:GetObject","Resource":"`+photos+`/public/*","Principal":"*"},
		{"Effect":"Allow","Action":"s3:GetObject","Resource":"`+photos+`/*","Principal":{"AWS":"`+role+`"}},
		{"Effect":"Deny","Action":"s3:*","Resource":["`+photos+`","`+photos+`/*"],"Principal":{"AWS":"*"},"Condition":{"Bool":{"aws:SecureTransport":"false"}}},
		{"Effect":"Deny","Action":"s3:DeleteObject","Resource":"`+photos+`/*","Principal":"*"}`)))
	tests := []struct {
		name, action, resource string
		anybody, worker        bool
	}{
		{"public object", "s3:GetObject", photos + "/public/cat", true, true},
		{"object", "s3:GetObject", photos + "/cat", false, true},
		{"denied", "s3:DeleteObject", photos + "/public/cat", false, false},
		{"bucket", "s3:ListBucket", photos, false, true},
		{"another bucket", "s3:GetObject", photos + "2/public/cat", false, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := a.Anonymous().Allow(tt.action, tt.resource, nil); (err == nil) != tt.anybody {
				t.Errorf("anybody: %v", err)
			}
			if err := p.Allow(tt.action, tt.resource, nil); (err == nil) != tt.worker {
				t.Errorf("worker: %v", err)
			}
		})
	}
}

// Check decides as Allow does, and counts what is allowed alone.
func TestCheck(t *testing.T) {
	a, p := worker(t, statement(`{"Effect":"Allow","Action":"s3:ListBucket","Resource":"`+photos+`"}`))
	if err := p.Check("s3:ListBucket", photos, nil); err != nil {
		t.Error(err)
	}
	if err := p.Check("s3:ListBucket", photos+"2", nil); err == nil {
		t.Error("another bucket is allowed")
	}
	if report := a.Report()[0]; len(report.Used) != 1 || len(report.Denied) != 0 {
		t.Errorf("used %v, denied %v; want the first used", report.Used, report.Denied)
	}
}

func TestPublic(t *testing.T) {
	tests := []struct {
		name, statement string
		want            bool
	}{
		{"everybody", `{"Effect":"Allow","Action":"s3:*","Resource":"*","Principal":"*"}`, true},
		{"everybody, in another way", `{"Effect":"Allow","Action":"s3:*","Resource":"*","Principal":{"AWS":["*"]}}`, true},
		{"all but one", `{"Effect":"Allow","Action":"s3:*","Resource":"*","NotPrincipal":{"AWS":"` + role + `"}}`, true},
		{"one", `{"Effect":"Allow","Action":"s3:*","Resource":"*","Principal":{"AWS":"` + role + `"}}`, false},
		{"a service", `{"Effect":"Allow","Action":"s3:*","Resource":"*","Principal":{"Service":"cloudfront.amazonaws.com"}}`, false},
		{"on a condition", `{"Effect":"Allow","Action":"s3:*","Resource":"*","Principal":"*","Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}}`, false},
		{"denied", `{"Effect":"Deny","Action":"s3:*","Resource":"*","Principal":"*"}`, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := parse(t, statement(tt.statement)).Public(); got != tt.want {
				t.Errorf("Public() = %v", got)
			}
		})
	}
}

// A grant is the only one of a call if no other statement, and no policy of the
// resource, allows it too.
func TestSole(t *testing.T) {
	const send = `{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"` + jobs + `"}`
	sole := []iam.Count{{Grant: iam.Grant{Action: "sqs:SendMessage", Resource: jobs}, Count: 1}}
	tests := []struct {
		name, another, resource string
		want                    []iam.Count
	}{
		{"alone", "", "", sole},
		{"another statement about something else", `{"Effect":"Allow","Action":"sqs:PurgeQueue","Resource":"*"}`, "", sole},
		{"another statement", `{"Effect":"Allow","Action":"sqs:*","Resource":"*"}`, "", []iam.Count{}},
		{"resource", "", `{"Effect":"Allow","Action":"sqs:*","Resource":"*","Principal":"*"}`, []iam.Count{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, p := worker(t, statement(send), statement(tt.another))
			a.AddResourcePolicy(jobs, parse(t, statement(tt.resource)))
			if err := p.Allow("sqs:SendMessage", jobs, nil); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, a.Report()[0].Sole); diff != "" {
				t.Errorf("sole grants (-want +got):\n%s", diff)
			}
		})
	}
}
