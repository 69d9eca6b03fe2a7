package local_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/go-cmp/cmp"
	"github.com/jonboulle/clockwork"

	"github.com/noidle/noidle/local"
)

func custom(properties string) string {
	return `"Site": {"Type": "Custom::Site", "Properties": {"ServiceToken": {"Fn::GetAtt": ["Relay", "Arn"]}` + properties + `}}`
}

const succeeds = `, "Answer": {"Status": "SUCCESS", "PhysicalResourceId": "site"}`

// The function gets what CloudFormation sends, with numbers and booleans as texts
// (https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/crpg-ref-requests.html),
// while nobody advances the clock, and no fault strikes.
func TestCustomResource(t *testing.T) {
	c := cloud(t, local.Options{Clock: clockwork.NewFakeClock(), Chaos: 1}, queue("Out"), function(toOut, maySend),
		custom(succeeds+`, "Count": 3, "On": true, "List": [1.5, {"Deep": false}], "ServiceTimeout": 60`))
	var event map[string]any
	if err := json.Unmarshal([]byte(receive(t, c, "out")), &event); err != nil {
		t.Fatal(err)
	}
	if url, _ := event["ResponseURL"].(string); !strings.HasPrefix(url, c.URL()+"/") {
		t.Errorf("ResponseURL is %q", url)
	}
	if event["RequestId"] == "" {
		t.Error("there is no RequestId")
	}
	delete(event, "ResponseURL")
	delete(event, "RequestId")
	want := map[string]any{
		"RequestType": "Create", "StackId": "arn:aws:cloudformation:us-east-1:000000000000:stack/Main/local",
		"ResourceType": "Custom::Site", "LogicalResourceId": "Site",
		"ResourceProperties": map[string]any{
			"ServiceToken": "arn:aws:lambda:us-east-1:000000000000:function:relay", "ServiceTimeout": "60",
			"Answer": map[string]any{"Status": "SUCCESS", "PhysicalResourceId": "site"},
			"Count":  "3", "On": "true", "List": []any{"1.5", map[string]any{"Deep": "false"}},
		},
	}
	if diff := cmp.Diff(want, event); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
}

func TestCustomResourceRefusals(t *testing.T) {
	token := func(arn string) string {
		return `"Site": {"Type": "AWS::CloudFormation::CustomResource", "Properties": {"ServiceToken": "` + arn + `"}}`
	}
	tests := []struct{ name, resources, outputs, want string }{
		{"function fails", function("") + "," + custom(`, "Answer": {"Status": "FAILED", "Reason": "no space"}`), "",
			"stack Main: resource Site: Custom::Site: the function failed: no space"},
		{"function crashes", function("") + "," + custom(`, "Say": "please fail"`), "", "the function ended without an answer: errorString: as you like"},
		{"no answer", function("") + "," + custom(""), "", "the function ended without an answer: it has to PUT one"},
		{"no function", token(""), "", "AWS::CloudFormation::CustomResource: property ServiceToken is missing"},
		{"topic", token("arn:aws:sns:us-east-1:000000000000:topic"), "", `topic "arn:aws:sns:us-east-1:000000000000:topic" is not supported locally`},
		{"function of others", token("arn:aws:lambda:us-east-1:000000000000:function:other"), "", "is not the ARN of a function in this assembly"},
		{"too long", function("") + "," + custom(`, "ServiceTimeout": 3601`), "", "property ServiceTimeout: 3601: want 1 to 3600 seconds"},
		{"reference", function("") + "," + custom(succeeds), `"O": {"Value": {"Ref": "Site"}}`, "the ID of Site is known only once it is created"},
		{"attribute", function("") + "," + custom(succeeds), `"O": {"Value": {"Fn::GetAtt": ["Site", "Changed"]}}`, "attribute Changed of Site is not supported locally"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, err := local.Start(write(t, tt.resources, tt.outputs), local.Options{Clock: clockwork.NewFakeClock()})
			if err == nil {
				c.Close()
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Start = %v, want an error with %q", err, tt.want)
			}
		})
	}
}

// The bucket of assets holds what resources refer to, and not the code of
// functions.
func TestAssetBucket(t *testing.T) {
	reference := `, "Source": {"Bucket": {"Fn::Sub": "cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}"}, "Key": "site.zip"}, "Other": {"Fn::Sub": "s3://x/note.txt"}`
	dir := write(t, function("")+","+custom(succeeds+reference), "")
	for name, text := range map[string]string{"site/index.html": "<p>hi", "site/js/app.js": "go()", "note.txt": "note"} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	asset := func(path, packaging, key string) map[string]any {
		return map[string]any{
			"source":       map[string]any{"path": path, "packaging": packaging},
			"destinations": map[string]any{"here": map[string]any{"bucketName": "cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}", "objectKey": key}},
		}
	}
	manifest, err := json.Marshal(map[string]any{"files": map[string]any{
		"relay": asset(relay, "zip", "relay.zip"), "site": asset("site", "zip", "site.zip"), "note": asset("note.txt", "file", "note.txt"),
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "Main.assets.json"), manifest, 0o600); err != nil {
		t.Fatal(err)
	}
	read := func() map[string]string {
		c, err := local.Start(dir, local.Options{Chaos: 1})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		client, bucket := objects(c, "any", "any", ""), "cdk-hnb659fds-assets-000000000000-us-east-1"
		list, err := client.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: &bucket})
		if err != nil {
			t.Fatal(err)
		}
		contents := map[string]string{}
		for _, object := range list.Contents {
			out, err := client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: object.Key})
			if err != nil {
				t.Fatal(err)
			}
			text, err := io.ReadAll(out.Body)
			if err != nil {
				t.Fatal(err)
			}
			contents[*object.Key] = string(text)
		}
		return contents
	}
	first, second := read(), read()
	if diff := cmp.Diff(first, second); diff != "" {
		t.Errorf("another run has other assets (-first +second):\n%s", diff)
	}
	if len(first) != 2 || first["note.txt"] != "note" {
		t.Fatalf("the bucket holds %d objects, and the note %q", len(first), first["note.txt"])
	}
	archive, err := zip.NewReader(bytes.NewReader([]byte(first["site.zip"])), int64(len(first["site.zip"])))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range archive.File {
		names = append(names, f.Name)
	}
	if diff := cmp.Diff([]string{"index.html", "js/app.js"}, names); diff != "" {
		t.Errorf("the zip file (-want +got):\n%s", diff)
	}
}
