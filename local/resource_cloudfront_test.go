package local_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	ebtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/go-cmp/cmp"
	"github.com/jonboulle/clockwork"

	"github.com/noidle/noidle/local"
)

// distribution is a distribution of the bucket Photos with the properties that the
// CDK gives it, and an origin access control.
func distribution(settings string) string {
	return `
		"Control": {"Type": "AWS::CloudFront::OriginAccessControl", "Properties": {"OriginAccessControlConfig": {
			"Name": "Control", "OriginAccessControlOriginType": "s3", "SigningBehavior": "always", "SigningProtocol": "sigv4"}}},
		"Web": {"Type": "AWS::CloudFront::Distribution", "Properties": {"DistributionConfig": {
			"Comment": "photos", "Enabled": true, "HttpVersion": "http2and3", "IPV6Enabled": true,
			"DefaultCacheBehavior": {"CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6", "Compress": false,
				"ResponseHeadersPolicyId": "67f7725c-6f97-4210-82d7-5512b31e9d03", "TargetOriginId": "Photos", "ViewerProtocolPolicy": "redirect-to-https"},
			"Origins": [{"Id": "Photos", "DomainName": {"Fn::GetAtt": ["Photos", "RegionalDomainName"]},
				"OriginAccessControlId": {"Fn::GetAtt": ["Control", "Id"]}, "S3OriginConfig": {"OriginAccessIdentity": ""}}]` + settings + `}}}`
}

// distributionMay is the statement that the CDK adds to the bucket's policy.
func distributionMay(distribution string) string {
	return `{"Effect": "Allow", "Action": "s3:GetObject", "Principal": {"Service": "cloudfront.amazonaws.com"}, "Resource": {"Fn::Join": ["", [{"Fn::GetAtt": ["Photos", "Arn"]}, "/*"]]},
		"Condition": {"StringEquals": {"AWS:SourceArn": {"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, ":cloudfront::", {"Ref": "AWS::AccountId"}, ":distribution/", ` + distribution + `]]}}}}`
}

const blocked = `, "PublicAccessBlockConfiguration": {"BlockPublicAcls": true, "BlockPublicPolicy": true, "IgnorePublicAcls": true, "RestrictPublicBuckets": true}`

func fetch(t *testing.T, url string, headers ...string) (status int, body string, header http.Header) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(content), response.Header
}

// The URL in a stack's outputs works, and what it gets is up to the policy of the
// bucket and the clock
// (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-restricting-access-to-s3.html).
func TestDistribution(t *testing.T) {
	tests := []struct {
		name, policy string
		want         int
	}{
		{"allowed", bucketPolicy(distributionMay(`{"Ref": "Web"}`)), 200},
		{"not allowed", bucketPolicy(), 403},
		{"another distribution", bucketPolicy(distributionMay(`"EOTHER"`)), 403},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			clock := clockwork.NewFakeClock()
			c, err := local.Start(write(t, strings.Join([]string{bucket("Photos", blocked), tt.policy, distribution("")}, ","), `
				"URL": {"Value": {"Fn::Join": ["", ["https://", {"Fn::GetAtt": ["Web", "DomainName"]}]]}},
				"Domain": {"Value": {"Fn::GetAtt": ["Web", "DomainName"]}},
				"ID": {"Value": {"Fn::GetAtt": ["Web", "Id"]}}, "Ref": {"Value": {"Ref": "Web"}}`), local.Options{Clock: clock})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			outputs := c.Outputs()["Main"]
			if outputs["URL"] != "http://"+outputs["Domain"] || outputs["ID"] != outputs["Ref"] || !strings.HasPrefix(outputs["ID"], "E") {
				t.Errorf("outputs %v", outputs)
			}
			if err := putObject(t, objects(c, "test", "test", ""), "in/a cat+ü"); err != nil {
				t.Fatal(err)
			}
			for _, cached := range []string{"Miss from cloudfront", "Hit from cloudfront"} {
				status, body, header := fetch(t, outputs["URL"]+"/in/a%20cat%2B%C3%BC?size=mobile")
				if status != tt.want || header.Get("X-Content-Type-Options") != "nosniff" {
					t.Errorf("status %d, want %d: %s %v", status, tt.want, body, header)
				}
				if tt.want == 200 && (body != "meow" || header.Get("X-Cache") != cached) {
					t.Errorf("%s %v", body, header)
				}
			}
			if status, _, _ := fetch(t, c.URL()+"/photos/in/a%20cat%2B%C3%BC"); status != 403 {
				t.Errorf("without the distribution: status %d, want 403", status)
			}
			clock.Advance(24 * time.Hour)
			if _, _, header := fetch(t, outputs["URL"]+"/in/a%20cat%2B%C3%BC"); tt.want == 200 && header.Get("X-Cache") != "RefreshHit from cloudfront" {
				t.Errorf("a day later: %v", header)
			}
			if status, _, _ := fetch(t, outputs["URL"]+"/missing"); status != 403 {
				t.Errorf("missing: status %d, want 403", status)
			}
		})
	}
}

// What functions and other resources get as a distribution's URL works, too, as
// well as that of an HTTP API.
func TestDistributionURLInProperties(t *testing.T) {
	environment := `, "Environment": {"Variables": {"DISTRIBUTION_URL": {"Fn::Sub": "https://${Web.DomainName}/cat"}}}`
	rule := `"Rule": {"Type": "AWS::Events::Rule", "Properties": {"EventPattern": {"source": ["shop"]}, "Targets": [{"Id": "t", "Arn": {"Fn::GetAtt": ["Out", "Arn"]},
		"Input": {"Fn::Sub": "[\"https://${Web.DomainName}/cat\",\"https://${Api}.execute-api.${AWS::Region}.amazonaws.com/relay\"]"}}]}}`
	c := cloud(t, local.Options{}, bucket("Photos", blocked), bucketPolicy(distributionMay(`{"Ref": "Web"}`)), distribution(""),
		queue("Out"), queuePolicy("events.amazonaws.com"), function(environment), httpAPI(""), rule)
	if err := putObject(t, objects(c, "test", "test", ""), "cat"); err != nil {
		t.Fatal(err)
	}
	out, err := lambda.New(lambda.Options{Region: "us-east-1", BaseEndpoint: new(c.URL()), Credentials: anybody}).
		Invoke(t.Context(), &lambda.InvokeInput{FunctionName: new("relay"), Payload: []byte(`"where is it"`)})
	if err != nil {
		t.Fatal(err)
	}
	var url string
	if err := json.Unmarshal(out.Payload, &url); err != nil {
		t.Fatalf("%v: %s", err, out.Payload)
	}
	if status, body, _ := fetch(t, url); status != 200 || body != "meow" {
		t.Errorf("%s: %d %s", url, status, body)
	}
	_, err = eventbridge.New(eventbridge.Options{Region: "us-east-1", BaseEndpoint: new(c.URL()), Credentials: anybody}).
		PutEvents(t.Context(), &eventbridge.PutEventsInput{Entries: []ebtypes.PutEventsRequestEntry{{Source: new("shop"), DetailType: new("t"), Detail: new("{}")}}})
	if err != nil {
		t.Fatal(err)
	}
	var urls []string
	if err := json.Unmarshal([]byte(receive(t, c, "out")), &urls); err != nil {
		t.Fatal(err)
	}
	if urls[0] != url {
		t.Errorf("the rule has %s, want %s", urls[0], url)
	}
	if status, body, _ := fetch(t, urls[1]); status == 404 {
		t.Errorf("%s: %d %s", urls[1], status, body)
	}
}

// Behaviors, pages of errors, the root object and origins without access control.
func TestDistributionSettings(t *testing.T) {
	settings := `, "DefaultRootObject": "index.html",
		"CacheBehaviors": [{"PathPattern": "live/*", "TargetOriginId": "Photos", "CachePolicyId": "4135ea2d-6df8-44a3-9df3-4b5a84be39ad", "AllowedMethods": ["GET", "HEAD", "OPTIONS"], "CachedMethods": ["GET", "HEAD"], "ViewerProtocolPolicy": "allow-all"}],
		"CustomErrorResponses": [{"ErrorCode": 403, "ErrorCachingMinTTL": 60, "ResponseCode": 404, "ResponsePagePath": "/missing.html"}],
		"Aliases": ["photos.example.com"], "Logging": {"Bucket": "logs.s3.amazonaws.com"}, "PriceClass": "PriceClass_100", "WebACLId": "arn",
		"ViewerCertificate": {"AcmCertificateArn": "arn", "MinimumProtocolVersion": "TLSv1.2_2021", "SslSupportMethod": "sni-only"}`
	public := strings.NewReplacer(`"always"`, `"never"`).Replace(distribution(settings))
	anybodyMay := `{"Effect": "Allow", "Action": "s3:GetObject", "Principal": "*", "Resource": "arn:aws:s3:::photos/*"}`
	tests := []struct{ name, bucket, policy, distribution string }{
		{"with access control", bucket("Photos", blocked), bucketPolicy(distributionMay(`{"Ref": "Web"}`)), distribution(settings)},
		{"public", bucket("Photos", `, "PublicAccessBlockConfiguration": {}`), bucketPolicy(anybodyMay), public},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, err := local.Start(write(t, strings.Join([]string{tt.bucket, tt.policy, tt.distribution}, ","), `"URL": {"Value": {"Fn::Sub": "https://${Web.DomainName}/"}}`), local.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			client := objects(c, "test", "test", "")
			for _, key := range []string{"index.html", "missing.html", "live/cat"} {
				if _, err := client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: new("photos"), Key: &key, Body: strings.NewReader(key)}); err != nil {
					t.Fatal(err)
				}
			}
			var got []string
			for _, path := range []string{"", "index.html", "live/cat", "live/cat", "dog"} {
				status, body, header := fetch(t, c.Outputs()["Main"]["URL"]+path)
				got = append(got, fmt.Sprint(status, " ", body, " ", strings.TrimSuffix(header.Get("X-Cache"), " from cloudfront")))
			}
			want := []string{"200 index.html Miss", "200 index.html Hit", "200 live/cat Miss", "200 live/cat Miss", "404 missing.html Error"}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("answers (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDistributionRefusals(t *testing.T) {
	behavior := func(property string) string {
		return `, "CacheBehaviors": [{"PathPattern": "a", "TargetOriginId": "Photos", "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6", ` + property + `}]`
	}
	tests := []struct{ name, old, replacement, want string }{
		{"custom origin", `"S3OriginConfig": {"OriginAccessIdentity": ""}`, `"CustomOriginConfig": {"OriginProtocolPolicy": "https-only"}`, `origin "Photos": domain name "photos.s3.us-east-1.amazonaws.com" is not supported locally: want that of an HTTP API`},
		{"protocol of a custom origin", `"S3OriginConfig": {"OriginAccessIdentity": ""}`, `"CustomOriginConfig": {"OriginProtocolPolicy": "http-only"}`, `origin "Photos": origin protocol policy "http-only": want https-only`},
		{"custom headers", `"S3OriginConfig"`, `"OriginCustomHeaders": [], "S3OriginConfig"`, "property DistributionConfig.Origins[0].OriginCustomHeaders is not supported locally"},
		{"origin access identity", `"OriginAccessIdentity": ""`, `"OriginAccessIdentity": "origin-access-identity/cloudfront/E1"`, `origin "Photos": an origin access identity is not supported locally: use an origin access control`},
		{"another domain", `{"Fn::GetAtt": ["Photos", "RegionalDomainName"]}`, `"example.com"`, `origin "Photos": domain name "example.com" is not supported locally: want the RegionalDomainName of a bucket`},
		{"another bucket", `{"Fn::GetAtt": ["Photos", "RegionalDomainName"]}`, `"other.s3.us-east-1.amazonaws.com"`, `origin "Photos": domain name "other.s3.us-east-1.amazonaws.com" is not supported locally`},
		{"no kind of origin", `, "S3OriginConfig": {"OriginAccessIdentity": ""}`, ``, `origin "Photos": want an S3OriginConfig`},
		{"another access control", `{"Fn::GetAtt": ["Control", "Id"]}`, `"E1"`, `origin "Photos": origin access control "E1" is not in this assembly`},
		{"origin path", `"S3OriginConfig"`, `"OriginPath": "a/", "S3OriginConfig"`, `origin "Photos": origin path "a/": want a path that starts with a slash`},
		{"type of access control", `"OriginAccessControlOriginType": "s3"`, `"OriginAccessControlOriginType": "lambda"`, `resource Control: AWS::CloudFront::OriginAccessControl: origin type "lambda" is not supported locally: want s3`},
		{"signing behavior", `"always"`, `"no-override"`, `signing behavior "no-override" is not supported locally: want always or never`},
		{"own cache policy", `"658327ea-f89d-4fab-a63d-7e88639e58f6"`, `"mine"`, `cache behavior "*": cache policy "mine" is not supported locally`},
		{"own response headers policy", `"67f7725c-6f97-4210-82d7-5512b31e9d03"`, `"mine"`, `cache behavior "*": response headers policy "mine" is not supported locally`},
		{"origin of a behavior", `"TargetOriginId": "Photos"`, `"TargetOriginId": "other"`, `cache behavior "*": origin "other" is not one of the distribution`},
		{"geographic restriction", `"Comment"`, `"Restrictions": {"GeoRestriction": {"RestrictionType": "whitelist", "Locations": ["KR"]}}, "Comment"`, "property DistributionConfig.Restrictions is not supported locally"},
		{"origin groups", `"Comment"`, `"OriginGroups": {"Quantity": 1}, "Comment"`, "property DistributionConfig.OriginGroups is not supported locally"},
		{"function", `"Comment"`, behavior(`"FunctionAssociations": [{"EventType": "viewer-request", "FunctionARN": "f"}]`)[2:] + `, "Comment"`, `cache behavior "a": function "f" is not in this assembly`},
		{"viewer response", `"Comment"`, behavior(`"FunctionAssociations": [{"EventType": "viewer-response", "FunctionARN": "f"}]`)[2:] + `, "Comment"`, `cache behavior "a": event type "viewer-response" of a function is not supported locally`},
		{"Lambda@Edge", `"Comment"`, behavior(`"LambdaFunctionAssociations": []`)[2:] + `, "Comment"`, "property DistributionConfig.CacheBehaviors[0].LambdaFunctionAssociations is not supported locally"},
		{"signed URLs", `"Comment"`, behavior(`"TrustedKeyGroups": ["g"]`)[2:] + `, "Comment"`, "property DistributionConfig.CacheBehaviors[0].TrustedKeyGroups is not supported locally"},
		{"origin request policy", `"Comment"`, behavior(`"OriginRequestPolicyId": "p"`)[2:] + `, "Comment"`, `cache behavior "a": origin request policy "p" is not supported locally`},
		{"forwarded values", `"Comment"`, behavior(`"ForwardedValues": {}`)[2:] + `, "Comment"`, "property DistributionConfig.CacheBehaviors[0].ForwardedValues is not supported locally"},
		{"methods", `"Comment"`, behavior(`"AllowedMethods": ["GET", "HEAD", "POST"]`)[2:] + `, "Comment"`, `cache behavior "a": allowed method POST is not supported locally`},
		{"status of an error", `"Comment"`, `"CustomErrorResponses": [{"ErrorCode": 418}], "Comment"`, "custom error response 418: want a status of"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			changed := strings.Replace(distribution(""), tt.old, tt.replacement, 1)
			if changed == distribution("") {
				t.Fatalf("there is no %s", tt.old)
			}
			_, err := local.Start(write(t, bucket("Photos", "")+","+changed, ""), local.Options{})
			if err == nil || !strings.Contains(err.Error(), "stack Main: resource ") || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Start = %v, want %s", err, tt.want)
			}
		})
	}
}

// A distribution ends with its cloud.
func TestCloseDistribution(t *testing.T) {
	c, err := local.Start(write(t, bucket("Photos", "")+","+distribution(""), `"URL": {"Value": {"Fn::Sub": "https://${Web.DomainName}"}}`), local.Options{})
	if err != nil {
		t.Fatal(err)
	}
	url := c.Outputs()["Main"]["URL"]
	if status, _, _ := fetch(t, url); status != 403 {
		t.Errorf("status %d, want 403", status)
	}
	c.Close()
	if _, err := http.Get(url); err == nil {
		t.Error("the distribution still answers")
	}
}
