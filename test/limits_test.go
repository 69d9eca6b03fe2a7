package test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// limits are those of the services, which no stack of the reference app comes closer to
// than half of.
var limits = []struct {
	name    string
	limit   int
	measure func(t *testing.T, app assembly, text []byte) int
}{
	// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
	{"bytes of the template in S3", 1_000_000, func(_ *testing.T, _ assembly, text []byte) int { return len(text) }},
	{"resources", 500, func(_ *testing.T, app assembly, _ []byte) int { return len(app.template.Resources) }},
	{"outputs", 200, func(_ *testing.T, app assembly, _ []byte) int { return len(app.template.Outputs) }},
	// https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
	{"bytes of a zipped function", 50 << 20, func(t *testing.T, app assembly, _ []byte) int { return largestFunction(t, app, zipped) }},
	{"bytes of an unzipped function", 250 << 20, func(t *testing.T, app assembly, _ []byte) int { return largestFunction(t, app, unzipped) }},
	{"bytes of environment variables", 4 << 10, func(t *testing.T, app assembly, _ []byte) int {
		return largest(t, app, "AWS::Lambda::Function", "Environment")
	}},
	// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
	{"characters of a role's inline policies", 10_240, func(t *testing.T, app assembly, _ []byte) int {
		return largest(t, app, "AWS::IAM::Policy", "PolicyDocument")
	}},
	// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html
	{"bytes of a bucket policy", 20 << 10, func(t *testing.T, app assembly, _ []byte) int {
		return largest(t, app, "AWS::S3::BucketPolicy", "PolicyDocument")
	}},
	// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
	{"routes of an API", 300, func(_ *testing.T, app assembly, _ []byte) int {
		return len(app.template.ofType("AWS::ApiGatewayV2::Route"))
	}},
	// https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
	{"characters of a state machine's definition", 1_000_000, func(t *testing.T, app assembly, _ []byte) int {
		return largest(t, app, "AWS::StepFunctions::StateMachine", "DefinitionString")
	}},
	// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html
	{"bytes of a CloudFront function", 10 << 10, func(t *testing.T, app assembly, _ []byte) int {
		return largest(t, app, "AWS::CloudFront::Function", "FunctionCode")
	}},
}

// TestLimits: what the services limit has room to grow. Where a stack has more than one
// role, API or function, its largest counts.
func TestLimits(t *testing.T) {
	for _, name := range []string{ordersStack, thumbnailsStack, analyticsStack, webAppStack, helloLambdaStack, helloServerlessStack} {
		app := referenceApp(t).stack(t, name)
		text, err := os.ReadFile(filepath.Join(app.dir, name+".template.json"))
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range limits {
			if size := l.measure(t, app, text); size > l.limit/2 {
				t.Errorf("%s: %s: %d, more than half of the limit of %d", name, l.name, size, l.limit)
			} else {
				t.Logf("%s: %s: %d of %d, %.1f %%", name, l.name, size, l.limit, 100*float64(size)/float64(l.limit))
			}
		}
	}
}

// largest returns the size of the largest property of one name that resources of a type
// have, in its shortest JSON: with what refers to others, which is longer than a name.
func largest(t *testing.T, app assembly, resourceType, property string) int {
	t.Helper()
	size := 0
	for _, id := range app.template.ofType(resourceType) {
		text, err := json.Marshal(app.template.Resources[id].Properties[property])
		if err != nil {
			t.Fatal(err)
		}
		size = max(size, len(text))
	}
	return size
}

// largestFunction returns the size of the largest function of a stack.
func largestFunction(t *testing.T, app assembly, size func(*testing.T, string) int) int {
	t.Helper()
	found := 0
	for _, id := range app.template.ofType("AWS::Lambda::Function") {
		found = max(found, size(t, filepath.Join(app.asset(t, id), "bootstrap")))
	}
	return found
}

func unzipped(t *testing.T, file string) int {
	t.Helper()
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	return int(info.Size())
}

// zippedSizes are the sizes of files that were zipped before.
var zippedSizes = map[string]int{}

func zipped(t *testing.T, file string) int {
	t.Helper()
	if size, ok := zippedSizes[file]; ok {
		return size
	}
	content, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = content.Close() }()
	var archive bytes.Buffer
	writer := zip.NewWriter(&archive)
	entry, err := writer.Create("bootstrap")
	if err == nil {
		_, err = io.Copy(entry, content)
	}
	if err == nil {
		err = writer.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	zippedSizes[file] = archive.Len()
	return archive.Len()
}

// TestTemplatesAreUploaded: no template is bound to the 51,200 bytes that
// CloudFormation takes without a bucket, as the CDK uploads all to its own
// (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html).
func TestTemplatesAreUploaded(t *testing.T) {
	app := referenceApp(t)
	var manifest struct {
		Artifacts map[string]struct {
			Type       string
			Properties struct {
				Template string `json:"stackTemplateAssetObjectUrl"`
			}
		}
	}
	readJSON(t, filepath.Join(app.dir, "manifest.json"), &manifest)
	for name, artifact := range manifest.Artifacts {
		if artifact.Type == "aws:cloudformation:stack" && !strings.HasPrefix(artifact.Properties.Template, "s3://") {
			t.Errorf("%s: the template is not uploaded", name)
		}
	}
}
