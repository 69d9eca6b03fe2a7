package test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/google/go-cmp/cmp"

	"github.com/noidle/noidle/constructs/analytics"
	"github.com/noidle/noidle/constructs/compute"
	"github.com/noidle/noidle/constructs/orders"
	"github.com/noidle/noidle/constructs/thumbnails"
	"github.com/noidle/noidle/constructs/web"
	"github.com/noidle/noidle/constructs/workflow"
)

func TestGoFunctionDefaults(t *testing.T) {
	got := render(t, func(s awscdk.Stack) { newFunction(s, "Hello") })
	f := got.only(t, "AWS::Lambda::Function").Properties
	for property, want := range map[string]any{
		"Runtime":       "provided.al2023",
		"Handler":       "bootstrap",
		"Architectures": []any{"arm64"},
		"MemorySize":    256.0,
		"Timeout":       10.0,
		"TracingConfig": map[string]any{"Mode": "Active"},
		"RecursiveLoop": "Terminate",
	} {
		if diff := cmp.Diff(want, f[property]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", property, diff)
		}
	}
	if format := f["LoggingConfig"].(map[string]any)["LogFormat"]; format != "JSON" {
		t.Errorf("logs are written as %v, want JSON", format)
	}
	if days := got.only(t, "AWS::Logs::LogGroup").Properties["RetentionInDays"]; days != 30.0 {
		t.Errorf("logs are kept %v days, want 30", days)
	}
	if managed := got.only(t, "AWS::IAM::Role").Properties["ManagedPolicyArns"]; managed != nil {
		t.Errorf("the role has managed policies %v", managed)
	}
	want := []string{
		"logs:CreateLogStream HelloLogGroup",
		"logs:PutLogEvents HelloLogGroup",
		"xray:PutTelemetryRecords *", // X-Ray has no resources to name: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html
		"xray:PutTraceSegments *",
	}
	if diff := cmp.Diff(want, got.statements("HelloRole")); diff != "" {
		t.Errorf("what the role may do (-want +got):\n%s", diff)
	}
}

func TestGoFunctionTakesWhatTheCallerBrings(t *testing.T) {
	got := render(t, func(s awscdk.Stack) {
		role := awsiam.NewRole(s, new("OwnRole"), &awsiam.RoleProps{AssumedBy: awsiam.NewServicePrincipal(new("lambda.amazonaws.com"), nil)})
		logs := awslogs.NewLogGroup(s, new("OwnLogs"), nil)
		f := compute.NewGoFunction(s, "Hello", &compute.GoFunctionProps{
			Package:  "./functions/hello",
			Function: &awslambda.FunctionProps{Role: role, LogGroup: logs, Tracing: awslambda.Tracing_DISABLED},
		})
		if f.LogGroup != nil {
			t.Error("the construct made a log group of its own")
		}
	})
	f := got.only(t, "AWS::Lambda::Function").Properties
	if f["TracingConfig"] != nil {
		t.Errorf("tracing is %v, want it off", f["TracingConfig"])
	}
	if ids := got.ofType("AWS::IAM::Role"); len(ids) != 1 || !strings.HasPrefix(ids[0], "OwnRole") {
		t.Errorf("roles %v, want only the caller's", ids)
	}
	if ids := got.ofType("AWS::Logs::LogGroup"); len(ids) != 1 || !strings.HasPrefix(ids[0], "OwnLogs") {
		t.Errorf("log groups %v, want only the caller's", ids)
	}
}

// TestGoFunctionAsync: failed events are kept, however the function is invoked.
func TestGoFunctionAsync(t *testing.T) {
	got := render(t, func(s awscdk.Stack) { fullFunction(s, "Hello") })
	queue := got.ofType("AWS::SQS::Queue")
	configs := got.ofType("AWS::Lambda::EventInvokeConfig")
	if len(queue) != 1 || len(configs) != 2 {
		t.Fatalf("queues %v and event invoke configs %v, want one queue, and a config for the function and its alias", queue, configs)
	}
	for _, id := range configs {
		p := got.Resources[id].Properties
		destination := p["DestinationConfig"].(map[string]any)["OnFailure"].(map[string]any)["Destination"]
		if diff := cmp.Diff(map[string]any{"Fn::GetAtt": []any{queue[0], "Arn"}}, destination); diff != "" {
			t.Errorf("%s: destination of failures (-want +got):\n%s", id, diff)
		}
		if p["MaximumRetryAttempts"] != 1.0 || p["MaximumEventAgeInSeconds"] != 3600.0 {
			t.Errorf("%s: %v retries within %v seconds, want 1 within 3600", id, p["MaximumRetryAttempts"], p["MaximumEventAgeInSeconds"])
		}
	}
	got.only(t, "AWS::CloudWatch::Alarm")
}

func TestGoFunctionInvocable(t *testing.T) {
	stack := newStack(t)
	plain := newFunction(stack, "Plain")
	if plain.Invocable() != awslambda.IFunction(plain.Function) {
		t.Error("a function without provisioned concurrency is not invoked directly")
	}
	ready := compute.NewGoFunction(stack, "Ready", &compute.GoFunctionProps{Package: "./functions/hello", ProvisionedConcurrency: 1})
	if ready.Invocable() != awslambda.IFunction(ready.Alias) {
		t.Error("a function with provisioned concurrency is not invoked through its alias")
	}
}

// TestGoFunctionDeployment: CodeDeploy moves the alias
// (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-updatepolicy.html),
// back as well, and may move no other.
func TestGoFunctionDeployment(t *testing.T) {
	got := render(t, func(s awscdk.Stack) {
		if f := canaryFunction(s, "Hello"); f.Invocable() != awslambda.IFunction(f.Alias) {
			t.Error("the function is not invoked through its alias")
		}
	})
	application, group := got.ofType("AWS::CodeDeploy::Application")[0], got.ofType("AWS::CodeDeploy::DeploymentGroup")[0]
	policy := map[string]any{"CodeDeployLambdaAliasUpdate": map[string]any{
		"ApplicationName": map[string]any{"Ref": application}, "DeploymentGroupName": map[string]any{"Ref": group},
	}}
	if diff := cmp.Diff(policy, got.only(t, "AWS::Lambda::Alias").UpdatePolicy); diff != "" {
		t.Errorf("how the alias is updated (-want +got):\n%s", diff)
	}
	p := got.Resources[group].Properties
	if p["DeploymentConfigName"] != "CodeDeployDefault.LambdaCanary10Percent5Minutes" {
		t.Errorf("the shift is %v", p["DeploymentConfigName"])
	}
	events := []any{"DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_REQUEST", "DEPLOYMENT_STOP_ON_ALARM"}
	if diff := cmp.Diff(map[string]any{"Enabled": true, "Events": events}, p["AutoRollbackConfiguration"]); diff != "" {
		t.Errorf("what rolls back (-want +got):\n%s", diff)
	}
	var alarms []string
	for _, a := range p["AlarmConfiguration"].(map[string]any)["Alarms"].([]any) {
		alarms = append(alarms, target(a.(map[string]any)["Name"]))
	}
	if diff := cmp.Diff([]string{"HelloDeploymentAlarm", "HelloDeadAlarm"}, alarms); diff != "" {
		t.Errorf("alarms (-want +got):\n%s", diff)
	}
	if managed := got.find(t, "AWS::IAM::Role", "HelloDeploymentRole").Properties["ManagedPolicyArns"]; managed != nil {
		t.Errorf("the role has managed policies %v", managed)
	}
	want := []string{
		"cloudwatch:DescribeAlarms *",
		"lambda:GetAlias HelloFunction", "lambda:GetAlias HelloFunction:live",
		"lambda:GetProvisionedConcurrencyConfig HelloFunction", "lambda:GetProvisionedConcurrencyConfig HelloFunction:live",
		"lambda:UpdateAlias HelloFunction", "lambda:UpdateAlias HelloFunction:live",
	}
	if diff := cmp.Diff(want, got.statements("HelloDeploymentRole")); diff != "" {
		t.Errorf("what CodeDeploy may do (-want +got):\n%s", diff)
	}
}

// TestDeploymentOfConstructs: APIs, queues, streams and sagas invoke the alias, and the
// function itself never.
func TestDeploymentOfConstructs(t *testing.T) {
	canary := &compute.Deployment{Shift: compute.Canary10Percent5Minutes}
	tests := []struct {
		name  string
		build func(awscdk.Stack)
		count int // of functions
	}{
		{"API", func(s awscdk.Stack) {
			web.NewHTTPService(s, "It", &web.HTTPServiceProps{Package: "./functions/hello", Deployment: canary})
		}, 1},
		{"queue", func(s awscdk.Stack) {
			thumbnails.NewThumbnailPipeline(s, "It", &thumbnails.ThumbnailPipelineProps{Deployment: canary})
		}, 1},
		{"stream and API", func(s awscdk.Stack) {
			analytics.NewStreamAnalytics(s, "It", &analytics.StreamAnalyticsProps{Deployment: canary})
		}, 2},
		{"saga, queue and API", func(s awscdk.Stack) {
			step := workflow.Step{Name: "Only", Function: canaryFunction(s, "Step").Invocable()}
			orders.NewOrderQueue(s, "It", &orders.OrderQueueProps{Steps: []orders.Step{{Step: step}}, Deployment: canary})
		}, 4},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := render(t, tt.build)
			if groups := got.ofType("AWS::CodeDeploy::DeploymentGroup"); len(groups) != tt.count {
				t.Errorf("deployment groups %v, want %d", groups, tt.count)
			}
			functions := got.ofType("AWS::Lambda::Function")
			for _, kind := range []string{"AWS::Lambda::EventSourceMapping", "AWS::Lambda::Permission", "AWS::ApiGatewayV2::Integration", "AWS::StepFunctions::StateMachine"} {
				for _, id := range got.ofType(kind) {
					text, err := json.Marshal(got.Resources[id].Properties)
					if err != nil {
						t.Fatal(err)
					}
					for _, f := range functions {
						if strings.Contains(string(text), `"`+f+`"`) {
							t.Errorf("%s %s invokes the function %s: %s", kind, id, f, text)
						}
					}
				}
			}
		})
	}
}

func TestGoFunctionPanics(t *testing.T) {
	tests := []struct {
		name, target, pkg string
		want              []string
	}{
		{"bad props", "none", "", []string{`compute: GoFunction "Hello": no Package`}},
		{"unknown target", "arm", "./functions/hello", []string{`compute: GoFunction "Stack/Hello": context noidle:target is arm`}},
		{"no such package", "host", "./no/such/package", []string{`compute: GoFunction "Stack/Hello"`, "no/such/package"}},
		{"a package that does not compile", "host", "./testdata/functions/broken", []string{`compute: GoFunction "Stack/Hello"`, "main.go:5:2: undefined: missing"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			stack := newStack(t)
			stack.Node().SetContext(new(compute.TargetContext), tt.target)
			message := panics(func() {
				compute.NewGoFunction(stack, "Hello", &compute.GoFunctionProps{Package: tt.pkg})
			})
			for _, want := range tt.want {
				if !strings.Contains(message, want) {
					t.Errorf("it panics with %q, want %q in it", message, want)
				}
			}
		})
	}
}

// TestGoFunctionInVPC: a function in a VPC attaches itself to it.
func TestGoFunctionInVPC(t *testing.T) {
	got := render(t, func(s awscdk.Stack) {
		compute.NewGoFunction(s, "Hello", &compute.GoFunctionProps{
			Package:  "./functions/hello",
			Function: &awslambda.FunctionProps{Vpc: awsec2.NewVpc(s, new("Vpc"), &awsec2.VpcProps{NatGateways: new(0.0)}), AllowPublicSubnet: new(true), VpcSubnets: &awsec2.SubnetSelection{SubnetType: awsec2.SubnetType_PUBLIC}},
		})
	})
	if may := got.statements("HelloRole"); !slices.Contains(may, "ec2:CreateNetworkInterface *") {
		t.Errorf("the function cannot attach itself to its VPC: it may %v", may)
	}
	if managed := got.find(t, "AWS::IAM::Role", "HelloRole").Properties["ManagedPolicyArns"]; managed != nil {
		t.Errorf("the role has managed policies %v", managed)
	}
}
