package local_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	ebtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/google/go-cmp/cmp"
	"github.com/jonboulle/clockwork"

	"github.com/noidle/noidle/local"
	"github.com/noidle/noidle/local/iam"
)

// relay is the directory in which the function of testdata/relay is built.
var relay string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "noidle-relay-")
	if err != nil {
		panic(err)
	}
	relay = dir
	out, err := exec.Command("go", "build", "-tags", "lambda.norpc", "-o", filepath.Join(dir, "bootstrap"), "./testdata/relay").CombinedOutput()
	if err != nil {
		panic(string(out))
	}
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// write writes an assembly with one stack, Main, of the given resources and
// outputs, and with the relay function as the asset relay.zip.
func write(t testing.TB, resources, outputs string) string {
	t.Helper()
	dir := t.TempDir()
	assets, err := json.Marshal(map[string]any{"files": map[string]any{"relay": map[string]any{
		"source":       map[string]any{"path": relay},
		"destinations": map[string]any{"here": map[string]any{"objectKey": "relay.zip"}},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{
		"Main.assets.json":   string(assets),
		"Main.template.json": `{"Resources": {` + resources + `}, "Outputs": {` + outputs + `}}`,
		"manifest.json": `{"artifacts": {
			"Main.assets": {"type": "cdk:asset-manifest", "properties": {"file": "Main.assets.json"}},
			"Main": {"type": "aws:cloudformation:stack", "dependencies": ["Main.assets"], "properties": {"templateFile": "Main.template.json"}}
		}}`,
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// cloud runs an assembly of resources and outputs until the test ends.
func cloud(t testing.TB, options local.Options, resources ...string) *local.Cloud {
	t.Helper()
	c, err := local.Start(write(t, strings.Join(resources, ","), ""), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// The resources that tests are made of.

func queue(id string) string {
	return fmt.Sprintf(`%q: {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": %q}}`, id, strings.ToLower(id))
}

// function is a relay to the queue Out. Statements are its role's permissions.
func function(properties string, statements ...string) string {
	return fmt.Sprintf(`
		"Role": {"Type": "AWS::IAM::Role", "Metadata": {"aws:cdk:path": "Main/Role/Resource"}, "Properties": {
			"AssumeRolePolicyDocument": {"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}},
			"Policies": [{"PolicyName": "p", "PolicyDocument": {"Statement": [%s]}}]
		}},
		"Relay": {"Type": "AWS::Lambda::Function", "Properties": {
			"FunctionName": "relay", "Runtime": "provided.al2023", "Handler": "bootstrap", "Timeout": 10,
			"Code": {"S3Bucket": "assets", "S3Key": "relay.zip"},
			"Role": {"Fn::GetAtt": ["Role", "Arn"]}%s
		}}`, strings.Join(statements, ","), properties)
}

const (
	toOut    = `, "Environment": {"Variables": {"QUEUE_URL": {"Ref": "Out"}}}`
	maySend  = `{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}`
	mayDrain = `{"Effect": "Allow", "Action": ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"], "Resource": "*"}`
)

// permission lets a service invoke the relay.
func permission(service, source string) string {
	return fmt.Sprintf(`"Permission": {"Type": "AWS::Lambda::Permission", "Properties": {
		"Action": "lambda:InvokeFunction", "FunctionName": {"Fn::GetAtt": ["Relay", "Arn"]}, "Principal": %q, "SourceArn": %q}}`, service, source)
}

// queuePolicy lets a service send to the queue Out.
func queuePolicy(service string) string {
	return fmt.Sprintf(`"OutPolicy": {"Type": "AWS::SQS::QueuePolicy", "Properties": {"Queues": [{"Ref": "Out"}], "PolicyDocument": {
		"Statement": [{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": {"Fn::GetAtt": ["Out", "Arn"]}, "Principal": {"Service": %q}}]}}}`, service)
}

func httpAPI(settings string) string {
	return `
		"Api": {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"Name": "Api", "ProtocolType": "HTTP"}},
		"Integration": {"Type": "AWS::ApiGatewayV2::Integration", "Properties": {"ApiId": {"Ref": "Api"}, "IntegrationType": "AWS_PROXY",
			"IntegrationUri": {"Fn::GetAtt": ["Relay", "Arn"]}, "PayloadFormatVersion": "2.0"}},
		"Route": {"Type": "AWS::ApiGatewayV2::Route", "Properties": {"ApiId": {"Ref": "Api"}, "RouteKey": "GET /relay", "Target": {"Fn::Sub": "integrations/${Integration}"}}},
		"Stage": {"Type": "AWS::ApiGatewayV2::Stage", "Properties": {"ApiId": {"Ref": "Api"}, "StageName": "$default", "AutoDeploy": true` + settings + `}}`
}

func queues(c *local.Cloud) *sqs.Client {
	return sqs.New(sqs.Options{Region: "us-east-1", BaseEndpoint: new(c.URL()), Credentials: anybody})
}

// anybody is an outside client: the account's administrator.
var anybody = credentials.NewStaticCredentialsProvider("any", "body", "")

// receive waits for a message in a queue.
func receive(t *testing.T, c *local.Cloud, name string) string {
	t.Helper()
	out, err := queues(c).ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: new(c.URL() + "/000000000000/" + name), WaitTimeSeconds: 10})
	if err != nil {
		t.Fatal(err)
	}
	if len(out.Messages) != 1 {
		t.Fatalf("queue %s has no message", name)
	}
	return *out.Messages[0].Body
}

// Everything that is not supported is named at once, and nothing is started.
func TestRefusals(t *testing.T) {
	dir := write(t, `
		"Stream": {"Type": "AWS::Kinesis::StreamConsumer"},
		"Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"AccessControl": "PublicRead", "BucketName": "Photos", "ReplicationConfiguration": {}, "WebsiteConfiguration": {},
			"VersioningConfiguration": {"Status": "On"}, "NotificationConfiguration": {"QueueConfigurations": []}}},
		"Photos": {"Type": "AWS::S3::Bucket", "Properties": {"AccessControl": "PublicRead", "BucketName": "Photos", "VersioningConfiguration": {"Status": "On"}}},
		"Blocked": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "blocked"}},
		"BlockedPolicy": {"Type": "AWS::S3::BucketPolicy", "Properties": {"Bucket": {"Ref": "Blocked"}, "PolicyDocument": {"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Principal": "*"}}}},
		"OtherPolicy": {"Type": "AWS::S3::BucketPolicy", "Properties": {"Bucket": "other", "PolicyDocument": {"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Principal": {"AWS": "1"}}}}},
		"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"Colour": "red", "DelaySeconds": {"a": 1}}},
		"Function": {"Type": "AWS::Lambda::Function", "Properties": {"Runtime": "nodejs24.x", "Code": {"S3Key": "relay.zip", "ImageUri": "x"}, "Role": "r",
			"Environment": {"Variables": {"KEY": {"Fn::Join": ["", ["{{resolve:ssm:/", {"Ref": "AWS::Region"}, "/key}}"]]}}}}},
		"User": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {"Statement": {"Effect": "Allow", "Action": "*", "Principal": {"AWS": "{{resolve:ssm:/user}}"}}}}},
		"Table": {"Type": "AWS::DynamoDB::Table", "Properties": {"StreamSpecification": {}}},
		"Wide": {"Type": "AWS::DynamoDB::Table", "Properties": {"KeySchema": [{"AttributeName": "a", "KeyType": "HASH"}, {"AttributeName": "b", "KeyType": "HASH"}]}},
		"Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {"Statement": {"Effect": "Allow", "Action": "*", "Condition": {"Odd": {}}}}}},
		"Machine": {"Type": "AWS::StepFunctions::StateMachine", "Properties": {"RoleArn": "r", "DefinitionString": "{\"StartAt\":\"A\",\"QueryLanguage\":\"JSONata\",\"States\":{\"A\":{\"Type\":\"Succeed\"}}}"}},
		"Rule": {"Type": "AWS::Events::Rule", "Properties": {"EventPattern": {"source": [{"sounds-like": "x"}]}, "Targets": [{"Id": "t", "Arn": "arn:aws:kinesis:us-east-1:000000000000:stream/s"}]}},
		"Mapping": {"Type": "AWS::Lambda::EventSourceMapping", "Properties": {"FunctionName": "f", "EventSourceArn": "arn:aws:dynamodb:us-east-1:000000000000:table/t/stream/s"}},
		"Subscription": {"Type": "AWS::SNS::Subscription", "Properties": {"Protocol": "sms", "TopicArn": "t"}}
	`, `"Arn": {"Value": {"Fn::GetAtt": ["Stream", "Arn"]}}`)
	_, err := local.Start(dir, local.Options{})
	if err == nil {
		t.Fatal("the assembly starts")
	}
	for _, want := range []string{
		"stack Main: resource Stream: type AWS::Kinesis::StreamConsumer is not supported locally",
		"stack Main: resource Bucket: AWS::S3::Bucket: property NotificationConfiguration.QueueConfigurations is not supported locally: use EventBridge",
		"stack Main: resource Bucket: AWS::S3::Bucket: property ReplicationConfiguration is not supported locally",
		"stack Main: resource Bucket: AWS::S3::Bucket: property WebsiteConfiguration is not supported locally",
		`stack Main: resource Photos: AWS::S3::Bucket: property BucketName: "Photos" is no name of a bucket`,
		`stack Main: resource Photos: AWS::S3::Bucket: property AccessControl: "PublicRead" is not supported locally: use a bucket policy`,
		`stack Main: resource Photos: AWS::S3::Bucket: property VersioningConfiguration.Status: "On": want Enabled or Suspended`,
		`stack Main: resource BlockedPolicy: AWS::S3::BucketPolicy: the policy of bucket "blocked" lets in anybody`,
		`stack Main: resource OtherPolicy: AWS::S3::BucketPolicy: bucket "other" is not in this assembly`,
		"stack Main: resource Queue: AWS::SQS::Queue: property Colour is not supported locally",
		"stack Main: resource Queue: AWS::SQS::Queue: property DelaySeconds: want a string, not map[a:1]",
		"stack Main: resource Function: AWS::Lambda::Function: property Code.ImageUri is not supported locally",
		"property Environment.Variables.KEY: dynamic reference {{resolve:ssm:/us-east-1/key}} is not supported locally",
		"resource User: AWS::IAM::Role: property AssumeRolePolicyDocument: dynamic reference {{resolve:ssm:/user}} is not supported locally",
		"stack Main: resource Table: AWS::DynamoDB::Table: property StreamSpecification is not supported locally",
		"stack Main: resource Wide: AWS::DynamoDB::Table: property KeySchema: several HASH attributes are not supported locally",
		`stack Main: resource Role: AWS::IAM::Role: AssumeRolePolicyDocument: policy: statement 1: condition operator "Odd" is not supported`,
		"stack Main: resource Machine: AWS::StepFunctions::StateMachine: ",
		"JSONata",
		"stack Main: resource Rule: AWS::Events::Rule: ",
		"sounds-like",
		`stack Main: resource Rule: AWS::Events::Rule: target "arn:aws:kinesis:us-east-1:000000000000:stream/s" is not supported locally: want one of lambda, sqs, sns, states, events`,
		`stack Main: resource Mapping: AWS::Lambda::EventSourceMapping: event source "arn:aws:dynamodb:`,
		`stack Main: resource Mapping: AWS::Lambda::EventSourceMapping: function "f" is not in this assembly`,
		`stack Main: resource Subscription: AWS::SNS::Subscription: protocol "sms" is not supported locally`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error lacks %q:\n%v", want, err)
		}
	}
}

func TestStartRefuses(t *testing.T) {
	tests := []struct {
		name, resources string
		options         local.Options
		want            string
	}{
		{"address that others could reach", queue("Out"), local.Options{Addr: "0.0.0.0:0"}, `address "0.0.0.0:0": want a loopback address`},
		{"chaos beyond all", queue("Out"), local.Options{Chaos: 2}, "chaos 2: want a rate from 0 to 1"},
		{"code that is not in the assembly", strings.Replace(function(""), "relay.zip", "other.zip", 1), local.Options{}, `code "other.zip" is not in the assembly`},
		{"role that Lambda may not assume", strings.Replace(function(""), "lambda.amazonaws.com", "ec2.amazonaws.com", 1), local.Options{}, "cannot be assumed by lambda.amazonaws.com"},
		{"mapping whose function may not receive", queue("In") + "," + function("") + "," + mapping(""), local.Options{}, "sqs:ReceiveMessage"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, err := local.Start(write(t, tt.resources, ""), tt.options)
			if err == nil {
				c.Close()
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Start = %v, want an error with %q", err, tt.want)
			}
		})
	}
}

func TestAddressInUse(t *testing.T) {
	first := cloud(t, local.Options{}, queue("Out"))
	addr := strings.TrimPrefix(first.URL(), "http://")
	_, err := local.Start(write(t, queue("Out"), ""), local.Options{Addr: addr})
	if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("address %q is in use", addr)) {
		t.Errorf("Start = %v, want the address and the way out", err)
	}
}

// A binary for another machine does not just fail with its first event.
func TestFunctionForAnotherMachine(t *testing.T) {
	other := t.TempDir()
	build := exec.Command("go", "build", "-tags", "lambda.norpc", "-o", filepath.Join(other, "bootstrap"), "./testdata/relay")
	build.Env = append(os.Environ(), "GOOS=linux", "GOARCH=riscv64", "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	dir := write(t, function("")+","+httpAPI(`, "RouteSettings": {"GET /relay": {"ThrottlingBurstLimit": 1, "ThrottlingRateLimit": 1}}`), "")
	assets := filepath.Join(dir, "Main.assets.json")
	text, err := os.ReadFile(assets)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(assets, []byte(strings.ReplaceAll(string(text), relay, other)), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = local.Start(dir, local.Options{})
	if err != nil && strings.Contains(err.Error(), "\n") {
		t.Errorf("what follows from the function is reported, too: %v", err)
	}
	if err == nil || !strings.Contains(err.Error(), "the function is built for linux/EM_RISCV, and this machine is") || !strings.Contains(err.Error(), "noidle:target=host") {
		t.Errorf("Start = %v, want the target and the way out", err)
	}
}

func mapping(properties string) string {
	return `"Mapping": {"Type": "AWS::Lambda::EventSourceMapping", "Properties": {"EventSourceArn": {"Fn::GetAtt": ["In", "Arn"]}, "FunctionName": {"Ref": "Relay"}, "BatchSize": 1` + properties + `}}`
}

// What a function may do stands in its role: nothing more, and without a
// statement nothing at all
// (https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html).
func TestFunctionsNeedPermissions(t *testing.T) {
	tests := []struct {
		name      string
		statement string
		want      string
	}{
		{"allowed", maySend, `"body":"sent"`},
		{"no statement", `{"Effect": "Allow", "Action": "sqs:GetQueueUrl", "Resource": "*"}`, "assumed-role/Main-Role/relay is not authorized to perform: sqs:SendMessage on resource: arn:aws:sqs:us-east-1:000000000000:out"},
		{"another queue", `{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "arn:aws:sqs:us-east-1:000000000000:other"}`, "is not authorized"},
		{"denied", maySend + `, {"Effect": "Deny", "Action": "sqs:*", "Resource": "*"}`, "with an explicit deny in an identity-based policy"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := cloud(t, local.Options{}, queue("Out"), function(toOut, tt.statement))
			out, err := lambda.New(lambda.Options{Region: "us-east-1", BaseEndpoint: new(c.URL()), Credentials: anybody}).
				Invoke(t.Context(), &lambda.InvokeInput{FunctionName: new("relay"), Payload: []byte(`{}`)})
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(out.Payload), tt.want) {
				t.Errorf("the function answers %s, want %s in it", out.Payload, tt.want)
			}
		})
	}
}

// A stack may use what another exports, and parameters and conditions say what
// there is
// (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-exports.html).
func TestStacksTogether(t *testing.T) {
	dir := write(t, strings.ReplaceAll(function(toOut, maySend), `{"Ref": "Out"}`, `{"Fn::ImportValue": "out-url"}`), "")
	files := map[string]string{
		"Queues.template.json": `{
			"Parameters": {"Spare": {"Type": "String", "Default": "no"}},
			"Conditions": {"WithSpare": {"Fn::Equals": [{"Ref": "Spare"}, "yes"]}},
			"Resources": {` + queue("Out") + `, "Spare": {"Type": "AWS::Kinesis::StreamConsumer", "Condition": "WithSpare"}},
			"Outputs": {"Url": {"Value": {"Ref": "Out"}, "Export": {"Name": "out-url"}}}
		}`,
		"manifest.json": `{"artifacts": {
			"Main.assets": {"type": "cdk:asset-manifest", "properties": {"file": "Main.assets.json"}},
			"Main": {"type": "aws:cloudformation:stack", "dependencies": ["Queues", "Main.assets"], "properties": {"templateFile": "Main.template.json"}},
			"Queues": {"type": "aws:cloudformation:stack", "properties": {"templateFile": "Queues.template.json"}}
		}}`,
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c, err := local.Start(dir, local.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	client := lambda.New(lambda.Options{Region: "us-east-1", BaseEndpoint: new(c.URL()), Credentials: anybody})
	if _, err := client.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: new("relay"), Payload: []byte(`"across"`)}); err != nil {
		t.Fatal(err)
	}
	if got := receive(t, c, "out"); got != `"across"` {
		t.Errorf("the other stack's queue gets %s", got)
	}
}

// A service delivers only to what lets it
// (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html,
// https://docs.aws.amazon.com/sns/latest/dg/subscribe-sqs-queue-to-sns-topic.html).
func TestDeliveriesNeedResourcePolicies(t *testing.T) {
	const (
		rule = `"Rule": {"Type": "AWS::Events::Rule", "Properties": {"Name": "rule", "EventPattern": {"source": ["test"]}, "Targets": [
			{"Id": "t", "Arn": {"Fn::GetAtt": [%q, "Arn"]}, "DeadLetterConfig": {"Arn": {"Fn::GetAtt": ["Dead", "Arn"]}}}]}}`
		topic = `"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "topic"}},
			"Subscription": {"Type": "AWS::SNS::Subscription", "Properties": {"TopicArn": {"Ref": "Topic"}, "Protocol": %q, "Endpoint": {"Fn::GetAtt": [%q, "Arn"]},
				"RedrivePolicy": {"deadLetterTargetArn": {"Fn::GetAtt": ["Dead", "Arn"]}}}}`
		deadPolicy = `"DeadPolicy": {"Type": "AWS::SQS::QueuePolicy", "Properties": {"Queues": [{"Ref": "Dead"}], "PolicyDocument": {
			"Statement": {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*", "Principal": "*"}}}}`
	)
	put := func(t *testing.T, c *local.Cloud) {
		client := eventbridge.New(eventbridge.Options{Region: "us-east-1", BaseEndpoint: new(c.URL()), Credentials: anybody})
		out, err := client.PutEvents(t.Context(), &eventbridge.PutEventsInput{Entries: []ebtypes.PutEventsRequestEntry{
			{Source: new("test"), DetailType: new("Test"), Detail: new(`{"text":"hello"}`)},
		}})
		if err != nil || out.FailedEntryCount != 0 {
			t.Fatalf("PutEvents = %v, %v", out, err)
		}
	}
	publish := func(t *testing.T, c *local.Cloud) {
		client := sns.New(sns.Options{Region: "us-east-1", BaseEndpoint: new(c.URL()), Credentials: anybody})
		if _, err := client.Publish(t.Context(), &sns.PublishInput{TopicArn: new("arn:aws:sns:us-east-1:000000000000:topic"), Message: new("hello")}); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		name      string
		send      func(*testing.T, *local.Cloud)
		resources []string
		policy    string
	}{
		{"rule to queue", put, []string{fmt.Sprintf(rule, "Out")}, queuePolicy("events.amazonaws.com")},
		{"rule to function", put, []string{fmt.Sprintf(rule, "Relay"), function(toOut, maySend)}, permission("events.amazonaws.com", "arn:aws:events:us-east-1:000000000000:rule/rule")},
		{"topic to queue", publish, []string{fmt.Sprintf(topic, "sqs", "Out")}, queuePolicy("sns.amazonaws.com")},
		{"topic to function", publish, []string{fmt.Sprintf(topic, "lambda", "Relay"), function(toOut, maySend)}, permission("sns.amazonaws.com", "arn:aws:sns:us-east-1:000000000000:topic")},
	}
	for _, tt := range tests {
		resources := append(tt.resources, queue("Out"), queue("Dead"), deadPolicy)
		t.Run(tt.name+" with a policy", func(t *testing.T) {
			c := cloud(t, local.Options{}, append(resources, tt.policy)...)
			tt.send(t, c)
			if got := receive(t, c, "out"); !strings.Contains(got, "hello") {
				t.Errorf("the queue gets %s", got)
			}
		})
		t.Run(tt.name+" without a policy", func(t *testing.T) {
			c := cloud(t, local.Options{}, resources...)
			tt.send(t, c)
			if got := receive(t, c, "dead"); !strings.Contains(got, "hello") {
				t.Errorf("the dead-letter queue gets %s", got)
			}
		})
	}
}

// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
func TestHTTPAPI(t *testing.T) {
	const source = "arn:aws:execute-api:us-east-1:000000000000:*/*/GET/relay"
	tests := []struct {
		name, permission, settings string
		path                       string
		want                       int
	}{
		{"allowed", permission("apigateway.amazonaws.com", source), "", "/relay", 200},
		{"no permission", permission("apigateway.amazonaws.com", "arn:aws:execute-api:us-east-1:000000000000:*/*/POST/relay"), "", "/relay", 500},
		{"unknown route", permission("apigateway.amazonaws.com", source), "", "/other", 404},
		{"throttled", permission("apigateway.amazonaws.com", source), `, "DefaultRouteSettings": {"ThrottlingRateLimit": 0.001, "ThrottlingBurstLimit": 1}`, "/relay", 429},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := write(t, strings.Join([]string{function(""), httpAPI(tt.settings), tt.permission}, ","), `
				"Endpoint": {"Value": {"Fn::GetAtt": ["Api", "ApiEndpoint"]}},
				"AsOnAWS": {"Value": {"Fn::Sub": "https://${Api}.execute-api.${AWS::Region}.${AWS::URLSuffix}/relay"}}`)
			c, err := local.Start(dir, local.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			url := c.Outputs()["Main"]["Endpoint"]
			if c.Outputs()["Main"]["AsOnAWS"] != url+"/relay" {
				t.Errorf("outputs %v, want both with one address", c.Outputs())
			}
			var response *http.Response
			for range 2 {
				if response, err = http.Get(url + tt.path); err != nil {
					t.Fatal(err)
				}
				_, _ = io.Copy(io.Discard, response.Body)
				_ = response.Body.Close()
			}
			if response.StatusCode != tt.want {
				t.Errorf("status %d, want %d", response.StatusCode, tt.want)
			}
		})
	}
}

// CloudFormation adds tags of its own to a queue's
// (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-resource-tags.html).
func TestQueueTags(t *testing.T) {
	c := cloud(t, local.Options{}, `"Jobs": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "jobs", "Tags": [{"Key": "team", "Value": "shop"}]}}`)
	out, err := queues(c).ListQueueTags(t.Context(), &sqs.ListQueueTagsInput{QueueUrl: new(c.URL() + "/000000000000/jobs")})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"team": "shop", "aws:cloudformation:logical-id": "Jobs", "aws:cloudformation:stack-name": "Main",
		"aws:cloudformation:stack-id": "arn:aws:cloudformation:us-east-1:000000000000:stack/Main/local",
	}
	if diff := cmp.Diff(want, out.Tags); diff != "" {
		t.Errorf("tags (-want +got):\n%s", diff)
	}
}

// A message that fails is tried again after its visibility timeout, and after
// the last time it is in the dead-letter queue. Nothing sleeps: the clock is
// advanced
// (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html,
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html).
func TestPoisonEndsInTheDeadLetterQueue(t *testing.T) {
	clock := clockwork.NewFakeClock()
	c := cloud(t, local.Options{Clock: clock}, queue("Dead"), queue("Out"), function(toOut, maySend, mayDrain), mapping(""),
		`"In": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "in", "VisibilityTimeout": 60,
			"RedrivePolicy": {"deadLetterTargetArn": {"Fn::GetAtt": ["Dead", "Arn"]}, "maxReceiveCount": 3}}}`)
	for _, body := range []string{"please fail", "a good one"} {
		if _, err := queues(c).SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: new(c.URL() + "/000000000000/in"), MessageBody: &body}); err != nil {
			t.Fatal(err)
		}
	}
	var dead *sqs.ReceiveMessageOutput
	for dead == nil || len(dead.Messages) == 0 {
		if c.Running() == 0 {
			clock.Advance(time.Second)
		}
		var err error
		if dead, err = queues(c).ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: new(c.URL() + "/000000000000/dead")}); err != nil {
			t.Fatal(err)
		}
	}
	if got := *dead.Messages[0].Body; got != "please fail" {
		t.Errorf("the dead-letter queue has %q", got)
	}
	if good := receive(t, c, "out"); !strings.Contains(good, "a good one") {
		t.Errorf("the queue has %q", good)
	}
}

// An asynchronous event that fails goes where its function says, if the
// function's role may send there
// (https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html).
func TestAsynchronousFailures(t *testing.T) {
	const (
		config = `"Config": {"Type": "AWS::Lambda::EventInvokeConfig", "Properties": {"FunctionName": {"Ref": "Relay"}, "Qualifier": "$LATEST",
			"MaximumRetryAttempts": 0, "DestinationConfig": {"OnFailure": {"Destination": {"Fn::GetAtt": ["Out", "Arn"]}}}}}`
		deadLetter = `, "DeadLetterConfig": {"TargetArn": {"Fn::GetAtt": ["Out", "Arn"]}}`
	)
	tests := []struct {
		name      string
		resources []string
		want      string // in the queue
		report    string // or reported
	}{
		{"destination", []string{function("", maySend), config}, `"condition":"RetriesExhausted"`, ""},
		{"dead-letter queue", []string{function(deadLetter, maySend), strings.Replace(config, `, "DestinationConfig": {"OnFailure": {"Destination": {"Fn::GetAtt": ["Out", "Arn"]}}}`, "", 1)}, `"please fail"`, ""},
		{"event bus", []string{
			function("", `{"Effect": "Allow", "Action": "events:PutEvents", "Resource": "*"}`),
			strings.Replace(config, `{"Fn::GetAtt": ["Out", "Arn"]}`, `{"Fn::Sub": "arn:aws:events:${AWS::Region}:${AWS::AccountId}:event-bus/default"}`, 1),
			`"Rule": {"Type": "AWS::Events::Rule", "Properties": {"EventPattern": {"source": ["lambda"], "detail-type": ["Lambda Function Invocation Result - Failure"],
				"resources": ["arn:aws:lambda:us-east-1:000000000000:function:relay:$LATEST"]}, "Targets": [{"Id": "t", "Arn": {"Fn::GetAtt": ["Out", "Arn"]}}]}}`,
			queuePolicy("events.amazonaws.com"),
		}, `"condition":"RetriesExhausted"`, ""},
		{"destination without permission", []string{function(""), config}, "", "is not authorized to perform: sqs:SendMessage"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			reports := make(chan string, 1)
			c := cloud(t, local.Options{Report: func(message string) { reports <- message }}, append(tt.resources, queue("Out"))...)
			client := lambda.New(lambda.Options{Region: "us-east-1", BaseEndpoint: new(c.URL()), Credentials: anybody})
			if _, err := client.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: new("relay"), InvocationType: "Event", Payload: []byte(`"please fail"`)}); err != nil {
				t.Fatal(err)
			}
			if tt.report != "" {
				if got := <-reports; !strings.Contains(got, tt.report) {
					t.Errorf("reported %q, want %q in it", got, tt.report)
				}
				return
			}
			if got := receive(t, c, "out"); !strings.Contains(got, tt.want) {
				t.Errorf("the queue gets %s, want %s in it", got, tt.want)
			}
		})
	}
}

func TestReport(t *testing.T) {
	c := cloud(t, local.Options{}, queue("Out"), function(toOut, maySend, mayDrain))
	client := lambda.New(lambda.Options{Region: "us-east-1", BaseEndpoint: new(c.URL()), Credentials: anybody})
	if _, err := client.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: new("relay")}); err != nil {
		t.Fatal(err)
	}
	report := c.Report()
	if len(report.Roles) != 1 || report.Roles[0].Role != "Main/Role" {
		t.Fatalf("the report is about %v", report.Roles)
	}
	never := []iam.Grant{{Action: "sqs:DeleteMessage", Resource: "*"}, {Action: "sqs:GetQueueAttributes", Resource: "*"}, {Action: "sqs:ReceiveMessage", Resource: "*"}}
	if diff := cmp.Diff(never, report.Roles[0].NeverUsed); diff != "" {
		t.Errorf("never used (-want +got):\n%s", diff)
	}
}

// The same seed injects the same faults.
func TestChaosFollowsFromTheSeed(t *testing.T) {
	run := func(seed uint64) local.Report {
		c := cloud(t, local.Options{Chaos: 0.3, Seed: seed}, queue("Out"), function(toOut, maySend))
		defer c.Close()
		client := lambda.New(lambda.Options{Region: "us-east-1", BaseEndpoint: new(c.URL()), Credentials: anybody})
		for range 12 {
			if _, err := client.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: new("relay")}); err != nil {
				t.Fatal(err)
			}
		}
		return c.Report()
	}
	first := run(1)
	if len(first.Faults) < 2 {
		t.Errorf("faults %v, want several kinds", first.Faults)
	}
	if diff := cmp.Diff(first.Faults, run(1).Faults); diff != "" {
		t.Errorf("the same seed injects other faults (-first +second):\n%s", diff)
	}
	if cmp.Equal(first.Faults, run(2).Faults) {
		t.Error("another seed injects the same faults")
	}
}

// What Close leaves: no process and no open port.
func TestClose(t *testing.T) {
	c := cloud(t, local.Options{}, function(""), httpAPI(""), permission("apigateway.amazonaws.com", "*"))
	client := lambda.New(lambda.Options{Region: "us-east-1", BaseEndpoint: new(c.URL()), Credentials: anybody})
	if _, err := client.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: new("relay")}); err != nil {
		t.Fatal(err)
	}
	pids := c.Processes()
	if len(pids) != 1 {
		t.Fatalf("processes %v, want one", pids)
	}
	c.Close()
	if _, err := os.Stat(fmt.Sprintf("/proc/%d", pids[0])); err == nil {
		t.Error("the function's process is still there")
	}
	if _, err := http.Get(c.URL()); err == nil {
		t.Error("the endpoint still answers")
	}
	c.Close()
}

var update = flag.Bool("update", false, "rewrite the page of what is supported")

// The page of what is supported is what the code says.
func TestSupported(t *testing.T) {
	const page = "../docs/local-cloud-reference.md"
	if *update {
		if err := os.WriteFile(page, []byte(local.Supported()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(text), local.Supported()); diff != "" {
		t.Errorf("%s is out of date: run make update (-page +code):\n%s", page, diff)
	}
}
