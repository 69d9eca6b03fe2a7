package local_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/noidle/noidle/local"
)

// deployed are a version and an alias of the relay, which CodeDeploy moves.
const deployed = `
	"Version": {"Type": "AWS::Lambda::Version", "Properties": {"FunctionName": {"Ref": "Relay"}}},
	"Alias": {"Type": "AWS::Lambda::Alias", "Properties": {"Name": "live", "FunctionName": {"Ref": "Relay"}, "FunctionVersion": {"Fn::GetAtt": ["Version", "Version"]}},
		"UpdatePolicy": {"CodeDeployLambdaAliasUpdate": {"ApplicationName": {"Ref": "Application"}, "DeploymentGroupName": {"Ref": "Group"}}}},
	"Application": {"Type": "AWS::CodeDeploy::Application", "Properties": {"ComputePlatform": "Lambda"}},
	"Group": {"Type": "AWS::CodeDeploy::DeploymentGroup", "Properties": {"ApplicationName": {"Ref": "Application"}}}`

// byAlias changes what refers to the function so that it refers to the alias, as the
// CDK does: by name.
func byAlias(resource string) string {
	return strings.Replace(resource, `{"Ref": "Relay"}`, `{"Fn::Join": [":", [{"Ref": "Relay"}, {"Fn::Select": [7, {"Fn::Split": [":", {"Ref": "Alias"}]}]}]]}`, 1)
}

func TestAliasOfAMapping(t *testing.T) {
	c := cloud(t, local.Options{}, queue("In"), queue("Out"), function(toOut, maySend, mayDrain), deployed, byAlias(mapping("")))
	if _, err := queues(c).SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: new(c.URL() + "/000000000000/in"), MessageBody: new("by alias")}); err != nil {
		t.Fatal(err)
	}
	if got := receive(t, c, "out"); !strings.Contains(got, "by alias") {
		t.Errorf("the queue has %q", got)
	}
}

// Asynchronous events are configured for the alias.
func TestAliasOfAnInvokeConfig(t *testing.T) {
	c := cloud(t, local.Options{}, queue("Out"), function("", maySend), deployed,
		`"Config": {"Type": "AWS::Lambda::EventInvokeConfig", "Properties": {"FunctionName": {"Ref": "Relay"}, "Qualifier": {"Fn::Select": [7, {"Fn::Split": [":", {"Ref": "Alias"}]}]},
			"MaximumRetryAttempts": 0, "DestinationConfig": {"OnFailure": {"Destination": {"Fn::GetAtt": ["Out", "Arn"]}}}}}`)
	client := lambda.New(lambda.Options{Region: "us-east-1", BaseEndpoint: new(c.URL()), Credentials: anybody})
	if _, err := client.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: new("relay:live"), InvocationType: "Event", Payload: []byte(`"please fail"`)}); err != nil {
		t.Fatal(err)
	}
	if got := receive(t, c, "out"); !strings.Contains(got, "RetriesExhausted") {
		t.Errorf("the queue has %q", got)
	}
}

// What is allowed for an alias is allowed for nothing else, and the other way round
// (https://docs.aws.amazon.com/lambda/latest/dg/configuration-aliases.html).
func TestPermissionOfAnAlias(t *testing.T) {
	alias := strings.Replace(permission("apigateway.amazonaws.com", "*"), `{"Fn::GetAtt": ["Relay", "Arn"]}`, `{"Ref": "Alias"}`, 1)
	api := strings.Replace(httpAPI(""), `{"Fn::GetAtt": ["Relay", "Arn"]}`, `{"Ref": "Alias"}`, 1)
	tests := []struct {
		name            string
		api, permission string
		status          int
	}{
		{"both of the alias", api, alias, 200},
		{"permission of the function", api, permission("apigateway.amazonaws.com", "*"), 500},
		{"permission of the alias", httpAPI(""), alias, 500},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := write(t, strings.Join([]string{function(""), deployed, tt.api, tt.permission}, ","), `"Endpoint": {"Value": {"Fn::GetAtt": ["Api", "ApiEndpoint"]}}`)
			c, err := local.Start(dir, local.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			response, err := http.Get(c.Outputs()["Main"]["Endpoint"] + "/relay")
			if err != nil {
				t.Fatal(err)
			}
			_ = response.Body.Close()
			if response.StatusCode != tt.status {
				t.Errorf("status %d, want %d", response.StatusCode, tt.status)
			}
		})
	}
}
