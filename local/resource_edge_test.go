package local_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront/types"
	"github.com/aws/smithy-go"

	"github.com/noidle/noidle/local"
)

// web is a distribution of a bucket and an HTTP API with a function and headers of
// its own, as the CDK writes them.
const web = `
	"Strip": {"Type": "AWS::CloudFront::Function", "Properties": {"Name": "strip", "AutoPublish": true,
		"FunctionConfig": {"Comment": "c", "Runtime": "cloudfront-js-2.0"},
		"FunctionCode": "function handler(event) { const r = event.request; r.uri = r.uri.substring(4); return r; }"}},
	"Headers": {"Type": "AWS::CloudFront::ResponseHeadersPolicy", "Properties": {"ResponseHeadersPolicyConfig": {"Name": "h",
		"CustomHeadersConfig": {"Items": [{"Header": "X-Own", "Value": "own", "Override": true}]},
		"SecurityHeadersConfig": {
			"ContentSecurityPolicy": {"ContentSecurityPolicy": {"Fn::Sub": "img-src https://${Photos.RegionalDomainName} https://${Photos.DomainName}/a"}, "Override": true},
			"ContentTypeOptions": {"Override": true}, "FrameOptions": {"FrameOption": "DENY", "Override": true},
			"ReferrerPolicy": {"ReferrerPolicy": "no-referrer", "Override": true},
			"StrictTransportSecurity": {"AccessControlMaxAgeSec": 60, "IncludeSubdomains": true, "Override": true, "Preload": true},
			"XSSProtection": {"Protection": true, "ModeBlock": true, "Override": true}}}}},
	"Web": {"Type": "AWS::CloudFront::Distribution", "Properties": {"DistributionConfig": {"Enabled": true,
		"CacheBehaviors": [{"PathPattern": "/api/*", "TargetOriginId": "Api", "CachePolicyId": "4135ea2d-6df8-44a3-9df3-4b5a84be39ad",
			"OriginRequestPolicyId": "b689b0a8-53d0-40ab-baf2-68738e2966ac", "ResponseHeadersPolicyId": {"Ref": "Headers"},
			"AllowedMethods": ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE"],
			"FunctionAssociations": [{"EventType": "viewer-request", "FunctionARN": {"Fn::GetAtt": ["Strip", "FunctionARN"]}}]}],
		"DefaultCacheBehavior": {"CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6", "TargetOriginId": "Photos"},
		"Origins": [{"Id": "Photos", "DomainName": {"Fn::GetAtt": ["Photos", "RegionalDomainName"]}, "S3OriginConfig": {"OriginAccessIdentity": ""}},
			{"Id": "Api", "DomainName": {"Fn::Sub": "${Api}.execute-api.${AWS::Region}.amazonaws.com"},
				"CustomOriginConfig": {"OriginProtocolPolicy": "https-only", "OriginSSLProtocols": ["TLSv1.2"]}}]}}}`

const mayInvoke = `"MayInvoke": {"Type": "AWS::Lambda::Permission", "Properties": {"Action": "lambda:InvokeFunction", "FunctionName": {"Fn::GetAtt": ["Relay", "Arn"]},
	"Principal": "apigateway.amazonaws.com"}}`

func startWeb(t *testing.T) (*local.Cloud, map[string]string) {
	t.Helper()
	c, err := local.Start(write(t, strings.Join([]string{bucket("Photos", ""), function(""), httpAPI(""), mayInvoke, web}, ","),
		`"URL": {"Value": {"Fn::Sub": "https://${Web.DomainName}"}}, "ID": {"Value": {"Ref": "Web"}}`), local.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c, c.Outputs()["Main"]
}

// An HTTP API behind a distribution, the path without its prefix, with headers of a
// policy (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/understanding-response-headers-policies.html).
func TestDistributionOfAPI(t *testing.T) {
	c, outputs := startWeb(t)
	for path, want := range map[string]int{"/api/unknown": 404, "/other/relay": 403} {
		status, body, header := fetch(t, outputs["URL"]+path)
		if status != want {
			t.Errorf("%s: status %d, want %d: %s", path, status, want, body)
		}
		if got := header.Get("X-Own"); (got == "own") != (want == 404) {
			t.Errorf("%s: X-Own %q", path, got)
		}
	}
	response, err := http.Post(outputs["URL"]+"/api/relay", "text/plain", strings.NewReader("hello"))
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != 404 || response.Header.Get("Apigw-Requestid") == "" {
		t.Errorf("POST: %v", response)
	}
	_, _, header := fetch(t, outputs["URL"]+"/api/unknown")
	for name, want := range map[string]string{
		"Content-Security-Policy":   fmt.Sprintf("img-src %s %s/photos/a", c.URL(), c.URL()),
		"X-Content-Type-Options":    "nosniff",
		"X-Frame-Options":           "DENY",
		"Referrer-Policy":           "no-referrer",
		"Strict-Transport-Security": "max-age=60; includeSubDomains; preload",
		"X-Xss-Protection":          "1; mode=block",
	} {
		if got := header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if status, body, _ := fetch(t, outputs["URL"]+"/api/relay"); status != 200 || body != "nothing to do" {
		t.Errorf("%d %s", status, body)
	}
}

// https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateInvalidation.html
func TestCreateInvalidation(t *testing.T) {
	c, outputs := startWeb(t)
	client := cloudfront.New(cloudfront.Options{Region: "us-east-1", BaseEndpoint: new(c.URL()), Credentials: anybody})
	create := func(id, reference string, paths ...string) (*cloudfront.CreateInvalidationOutput, error) {
		return client.CreateInvalidation(t.Context(), &cloudfront.CreateInvalidationInput{DistributionId: &id, InvalidationBatch: &types.InvalidationBatch{
			CallerReference: &reference, Paths: &types.Paths{Quantity: new(int32(len(paths))), Items: paths}}})
	}
	id := outputs["ID"]
	first, err := create(id, "1", "/*", "/a&b")
	if err != nil {
		t.Fatal(err)
	}
	again, err := create(id, "1", "/*", "/a&b")
	if err != nil || *again.Invalidation.Id != *first.Invalidation.Id {
		t.Errorf("again: %v, %v", again, err)
	}
	input := &cloudfront.GetInvalidationInput{DistributionId: &id, Id: first.Invalidation.Id}
	got, err := cloudfront.NewInvalidationCompletedWaiter(client).WaitForOutput(t.Context(), input, time.Minute)
	if err != nil || got.Invalidation.InvalidationBatch.Paths.Items[1] != "/a&b" || got.Invalidation.CreateTime.IsZero() {
		t.Errorf("wait: %v, %v", got, err)
	}
	many := make([]string, 3_001)
	for i := range many {
		many[i] = fmt.Sprint("/", i)
	}
	tests := []struct {
		name, id, reference, want string
		paths                     []string
	}{
		{"another distribution", "EOTHER", "2", "NoSuchDistribution", []string{"/*"}},
		{"without slash", id, "3", "InvalidArgument", []string{"a"}},
		{"many", id, "4", "InvalidArgument", many},
		{"none", id, "5", "InvalidArgument", nil},
		{"wildcards", id, "7", "TooManyInvalidationsInProgress", slices.Repeat([]string{"/a*"}, 16)},
		{"long path", id, "8", "InvalidArgument", []string{"/" + strings.Repeat("a", 4_000)}},
		{"used reference", id, "1", "InvalidationBatchAlreadyExists", []string{"/b"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := create(tt.id, tt.reference, tt.paths...)
			if failure, ok := errors.AsType[smithy.APIError](err); !ok || failure.ErrorCode() != tt.want {
				t.Errorf("CreateInvalidation = %v, want %s", err, tt.want)
			}
		})
	}
	if _, err := create(id, "6", many[:3_000]...); err != nil {
		t.Error(err)
	}
	input.Id = new("IOTHER")
	if _, err := client.GetInvalidation(t.Context(), input); err == nil || !strings.Contains(err.Error(), "NoSuchInvalidation") {
		t.Errorf("GetInvalidation = %v", err)
	}
}
