package local_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"
	"github.com/jonboulle/clockwork"

	"github.com/noidle/noidle/local"
	"github.com/noidle/noidle/local/iam"
)

// bucket is a bucket, with the properties that the CDK gives it by default.
func bucket(id, properties string) string {
	return fmt.Sprintf(`%q: {"Type": "AWS::S3::Bucket", "UpdateReplacePolicy": "Retain", "DeletionPolicy": "Retain", "Properties": {"BucketName": %q,
		"BucketEncryption": {"ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]},
		"LifecycleConfiguration": {"Rules": [{"Status": "Enabled", "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7}}]},
		"OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}%s}}`, id, strings.ToLower(id), properties)
}

// bucketPolicy is the policy of the bucket Photos, after what the CDK's EnforceSSL
// adds to it.
func bucketPolicy(statements ...string) string {
	statements = append([]string{`{"Effect": "Deny", "Action": "s3:*", "Principal": {"AWS": "*"}, "Condition": {"Bool": {"aws:SecureTransport": "false"}},
		"Resource": [{"Fn::GetAtt": ["Photos", "Arn"]}, {"Fn::Join": ["", [{"Fn::GetAtt": ["Photos", "Arn"]}, "/*"]]}]}`}, statements...)
	return `"PhotosPolicy": {"Type": "AWS::S3::BucketPolicy", "Properties": {"Bucket": {"Ref": "Photos"}, "PolicyDocument": {"Version": "2012-10-17", "Statement": [` + strings.Join(statements, ",") + `]}}}`
}

func objects(c *local.Cloud, key, secret, token string) *s3.Client {
	return s3.New(s3.Options{
		Region: "us-east-1", BaseEndpoint: new(c.URL()), RetryMaxAttempts: 1, RequestChecksumCalculation: aws.RequestChecksumCalculationWhenSupported,
		Credentials: credentials.NewStaticCredentialsProvider(key, secret, token),
	})
}

// asFunction returns a client with the credentials of the relay.
func asFunction(t *testing.T, c *local.Cloud) *s3.Client {
	t.Helper()
	for {
		out, err := lambda.New(lambda.Options{Region: "us-east-1", BaseEndpoint: new(c.URL()), Credentials: anybody}).
			Invoke(t.Context(), &lambda.InvokeInput{FunctionName: new("relay"), Payload: []byte(`"who are you"`)})
		if err != nil {
			t.Fatal(err)
		}
		var c3 [3]string
		if json.Unmarshal(out.Payload, &c3) == nil { // or else a fault struck
			return objects(c, c3[0], c3[1], c3[2])
		}
	}
}

func putObject(t *testing.T, c *s3.Client, key string) error {
	t.Helper()
	_, err := c.PutObject(t.Context(), &s3.PutObjectInput{Bucket: new("photos"), Key: &key, Body: strings.NewReader("meow")})
	return err
}

func errorCode(err error) string {
	if failure, ok := errors.AsType[smithy.APIError](err); ok {
		return failure.ErrorCode()
	}
	return fmt.Sprint(err)
}

func TestBucketAttributes(t *testing.T) {
	c, err := local.Start(write(t, bucket("Photos", "")+`, "Thumbnails": {"Type": "AWS::S3::Bucket"}`, `
		"Name": {"Value": {"Ref": "Photos"}}, "Arn": {"Value": {"Fn::GetAtt": ["Photos", "Arn"]}}, "Other": {"Value": {"Ref": "Thumbnails"}},
		"Domain": {"Value": {"Fn::GetAtt": ["Photos", "DomainName"]}}, "Regional": {"Value": {"Fn::GetAtt": ["Photos", "RegionalDomainName"]}}`), local.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	want := map[string]string{
		"Name": "photos", "Arn": "arn:aws:s3:::photos", "Other": "main-thumbnails",
		"Domain": "photos.s3.amazonaws.com", "Regional": "photos.s3.us-east-1.amazonaws.com",
	}
	if diff := cmp.Diff(want, c.Outputs()["Main"]); diff != "" {
		t.Errorf("outputs (-want +got):\n%s", diff)
	}
}

// What a function may do with objects stands in its role and in the bucket's
// policy (https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-management.html).
func TestBucketPermissions(t *testing.T) {
	const (
		mayPut    = `{"Effect": "Allow", "Action": "s3:PutObject", "Resource": {"Fn::Join": ["", [{"Fn::GetAtt": ["Photos", "Arn"]}, "/in/*"]]}}`
		roleMay   = `{"Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::photos/*", "Principal": {"AWS": {"Fn::GetAtt": ["Role", "Arn"]}}}`
		roleMayNo = `{"Effect": "Deny", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::photos/in/private/*", "Principal": {"AWS": {"Fn::GetAtt": ["Role", "Arn"]}}}`
		other     = `{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}`
	)
	tests := []struct {
		name, statement, policy, key string
		want                         string
	}{
		{"role", mayPut, bucketPolicy(), "in/cat", "<nil>"},
		{"role, another prefix", mayPut, bucketPolicy(), "out/cat", "assumed-role/Main-Role/relay is not authorized to perform: s3:PutObject on resource: arn:aws:s3:::photos/out/cat because no identity-based policy allows the s3:PutObject action"},
		{"bucket", other, bucketPolicy(roleMay), "out/cat", "<nil>"},
		{"bucket denies", mayPut, bucketPolicy(roleMay, roleMayNo), "in/private/cat", "with an explicit deny in a resource-based policy"},
		{"nobody", other, bucketPolicy(), "in/cat", "AccessDenied"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := cloud(t, local.Options{}, bucket("Photos", ""), tt.policy, function("", tt.statement))
			if err := putObject(t, asFunction(t, c), tt.key); !strings.Contains(fmt.Sprint(err), tt.want) {
				t.Errorf("PutObject = %v, want %s", err, tt.want)
			}
		})
	}
}

func TestBucketCredentials(t *testing.T) {
	c := cloud(t, local.Options{}, bucket("Photos", ""), function(""))
	tests := []struct{ name, key, secret, want string }{
		{"the administrator", "test", "test", "<nil>"},
		{"another secret", "test", "secret", "SignatureDoesNotMatch"},
		{"no function's key", "ASIALOCALNOBODY", "ASIALOCALNOBODY", "InvalidAccessKeyId"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := errorCode(putObject(t, objects(c, tt.key, tt.secret, ""), "cat")); got != tt.want {
				t.Errorf("PutObject: %s, want %s", got, tt.want)
			}
		})
	}
}

// Anybody may read what a policy opens, if the bucket does not block that.
func TestPublicBucket(t *testing.T) {
	c := cloud(t, local.Options{}, bucket("Photos", `, "PublicAccessBlockConfiguration": {"BlockPublicAcls": true, "IgnorePublicAcls": true}`),
		bucketPolicy(`{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::photos/public/*", "Principal": "*"}`))
	for _, key := range []string{"public/cat", "private/cat"} {
		if err := putObject(t, objects(c, "test", "test", ""), key); err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string]string{"/photos/public/cat": "meow", "/photos/private/cat": "User: anonymous is not authorized to perform: s3:GetObject"} {
		response, err := http.Get(c.URL() + path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil || !strings.Contains(string(body), want) {
			t.Errorf("%s: %s, %v, want %s in it", path, body, err, want)
		}
	}
}

// A rule of the default bus gets a bucket's events
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventBridge.html).
func TestBucketEvents(t *testing.T) {
	const rule = `"Rule": {"Type": "AWS::Events::Rule", "Properties": {"EventPattern": {"source": ["aws.s3"], "detail-type": ["Object Created", "Object Deleted"],
		"detail": {"bucket": {"name": [{"Ref": "Photos"}]}, "object": {"key": [{"prefix": "in/"}, {"suffix": ".jpg"}, {"wildcard": "*/x/*.png"}]}}},
		"Targets": [{"Id": "Queue", "Arn": {"Fn::GetAtt": ["Out", "Arn"]}, "DeadLetterConfig": {"Arn": {"Fn::GetAtt": ["Dead", "Arn"]}},
			"RetryPolicy": {"MaximumEventAgeInSeconds": 3600, "MaximumRetryAttempts": 3}}]}}`
	clock := clockwork.NewFakeClockAt(time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC))
	c := cloud(t, local.Options{Clock: clock}, bucket("Photos", `, "NotificationConfiguration": {"EventBridgeConfiguration": {"EventBridgeEnabled": true}}, "VersioningConfiguration": {"Status": "Enabled"}`),
		bucketPolicy(), queue("Out"), queue("Dead"), queuePolicy("events.amazonaws.com"), rule)
	client := objects(c, "test", "test", "")
	for _, key := range []string{"other/cat.gif", "in/a cat+ü", "cat.jpg", "a/x/b.png"} {
		if err := putObject(t, client, key); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := client.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: new("photos"), Key: new("cat.jpg")}); err != nil {
		t.Fatal(err)
	}
	var got []string
	for range 4 {
		var event struct {
			Version, Source, Account, Time, Region string
			DetailType                             string `json:"detail-type"`
			Resources                              []string
			Detail                                 struct {
				Object struct {
					Key     string
					Version string `json:"version-id"`
				}
				Reason string
			}
		}
		if err := json.Unmarshal([]byte(receive(t, c, "out")), &event); err != nil {
			t.Fatal(err)
		}
		if event.Detail.Object.Version == "" {
			t.Errorf("the event of %s has no version", event.Detail.Object.Key)
		}
		got = append(got, strings.Join([]string{event.Version, event.Source, event.DetailType, event.Account, event.Time, event.Region, event.Resources[0], event.Detail.Object.Key, event.Detail.Reason}, " "))
	}
	slices.Sort(got)
	const in = "000000000000 2026-07-01T12:00:00Z us-east-1 arn:aws:s3:::photos "
	want := []string{
		"0 aws.s3 Object Created " + in + "a/x/b.png PutObject",
		"0 aws.s3 Object Created " + in + "cat.jpg PutObject",
		"0 aws.s3 Object Created " + in + "in/a cat+ü PutObject",
		"0 aws.s3 Object Deleted " + in + "cat.jpg DeleteObject",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

// Faults of S3 are in S3's words, and a lost answer had its effect.
func TestBucketFaults(t *testing.T) {
	c := cloud(t, local.Options{Chaos: 0.7, Seed: 3}, bucket("Photos", ""), function("", `{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}`))
	client, admin := asFunction(t, c), objects(c, "test", "test", "")
	counts := map[string]int{}
	for i := range 40 {
		key := fmt.Sprintf("cat%d", i)
		result := errorCode(putObject(t, client, key))
		if _, err := admin.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: new("photos"), Key: &key}); err == nil {
			result += " stored"
		}
		counts[result]++
	}
	for _, result := range []string{"<nil> stored", "SlowDown", "InternalError", "InternalError stored"} {
		if counts[result] == 0 {
			t.Errorf("never %q: %v", result, counts)
		}
		delete(counts, result)
	}
	if len(counts) > 0 {
		t.Errorf("further results: %v", counts)
	}
}

// The report tells of grants by what was asked for, and not of what is asked in
// secret: whether a caller may know that a key is missing.
func TestBucketReport(t *testing.T) {
	c := cloud(t, local.Options{}, bucket("Photos", ""), function("", `{"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "arn:aws:s3:::photos/*"}`))
	_, err := asFunction(t, c).GetObject(t.Context(), &s3.GetObjectInput{Bucket: new("photos"), Key: new("missing")})
	if errorCode(err) != "AccessDenied" || !strings.Contains(err.Error(), "s3:ListBucket on resource: arn:aws:s3:::photos ") {
		t.Errorf("GetObject of what is missing = %v", err)
	}
	report := c.Report().Roles[0]
	if diff := cmp.Diff([]iam.Count{{Grant: iam.Grant{Action: "s3:GetObject", Resource: "arn:aws:s3:::photos/missing"}, Count: 1}}, report.Used); diff != "" {
		t.Errorf("used (-want +got):\n%s", diff)
	}
	asked := slices.ContainsFunc(report.Denied, func(c iam.Count) bool { return strings.HasPrefix(c.Action, "s3:") })
	if asked || len(report.NeverUsed) != 1 {
		t.Errorf("denied %v, never used %v", report.Denied, report.NeverUsed)
	}
}

// Nothing of a bucket outlives its cloud, and the process stays where it is.
func TestBucketsLeaveNothing(t *testing.T) {
	before, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", t.TempDir())
	c := cloud(t, local.Options{}, bucket("Photos", ""))
	if err := putObject(t, objects(c, "test", "test", ""), "cat"); err != nil {
		t.Fatal(err)
	}
	c.Close()
	if left, err := os.ReadDir(os.TempDir()); err != nil || len(left) > 0 {
		t.Errorf("Close leaves %v, %v", left, err)
	}
	if after, err := os.Getwd(); err != nil || after != before {
		t.Errorf("the working directory is %s, %v", after, err)
	}
}
