package test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/google/go-cmp/cmp"

	"github.com/noidle/noidle/constructs/workflow"
)

// definition returns the state machine's states. Whatever stands for a name
// that only deployment knows is the target's logical ID.
func definition(t *testing.T, machine resource) map[string]map[string]any {
	t.Helper()
	var text strings.Builder
	switch v := machine.Properties["DefinitionString"].(type) {
	case string:
		text.WriteString(v)
	case map[string]any:
		for _, part := range v["Fn::Join"].([]any)[1].([]any) {
			text.WriteString(target(part))
		}
	}
	var parsed struct{ States map[string]map[string]any }
	if err := json.Unmarshal([]byte(text.String()), &parsed); err != nil {
		t.Fatalf("the definition is no JSON: %v\n%s", err, text.String())
	}
	return parsed.States
}

func TestSagaDefaults(t *testing.T) {
	got := render(t, func(s awscdk.Stack) { defaultSaga(s, "Saga") })
	machine := got.only(t, "AWS::StepFunctions::StateMachine")
	if machine.Properties["StateMachineType"] != "STANDARD" {
		t.Errorf("the type is %v, want STANDARD", machine.Properties["StateMachineType"])
	}
	if diff := cmp.Diff(map[string]any{"Enabled": true}, machine.Properties["TracingConfiguration"]); diff != "" {
		t.Errorf("tracing (-want +got):\n%s", diff)
	}
	if level := machine.Properties["LoggingConfiguration"].(map[string]any)["Level"]; level != "ERROR" {
		t.Errorf("logs of level %v, want ERROR", level)
	}
	step := definition(t, machine)["Only"]
	if step["TimeoutSeconds"] != 15.0 {
		t.Errorf("the step's timeout is %v, want the function's 10 s and 5 to start it", step["TimeoutSeconds"])
	}
	retry := []any{map[string]any{
		"ErrorEquals": []any{"States.ALL"}, "IntervalSeconds": 1.0, "BackoffRate": 2.0,
		"MaxDelaySeconds": 30.0, "JitterStrategy": "FULL", "MaxAttempts": 4.0,
	}}
	if diff := cmp.Diff(retry, step["Retry"]); diff != "" {
		t.Errorf("retries (-want +got):\n%s", diff)
	}
}

// TestSagaRole: the state machine may invoke its own functions and make its own
// calls, nothing else. What concerns all resources cannot be narrowed
// (https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html,
// https://docs.aws.amazon.com/step-functions/latest/dg/xray-iam.html).
func TestSagaRole(t *testing.T) {
	got := render(t, func(s awscdk.Stack) { fullSaga(s, "Saga") })
	var may []string
	for _, statement := range got.statements("SagaStateMachineRole") {
		if !strings.HasSuffix(statement, " *") {
			may = append(may, statement)
			continue
		}
		if !strings.HasPrefix(statement, "logs:") && !strings.HasPrefix(statement, "xray:") {
			t.Errorf("the state machine may %s", statement)
		}
	}
	want := []string{
		"dynamodb:PutItem SagaTable",
		"lambda:InvokeFunction SagaBookFunction",
		"lambda:InvokeFunction SagaCancelFunction",
		"lambda:InvokeFunction SagaNotifyFunction",
	}
	if diff := cmp.Diff(want, may); diff != "" {
		t.Errorf("what the state machine may do (-want +got):\n%s", diff)
	}
}

func TestSagaExpress(t *testing.T) {
	got := render(t, func(s awscdk.Stack) { expressSaga(s, "Saga") })
	machine := got.only(t, "AWS::StepFunctions::StateMachine").Properties
	if machine["StateMachineType"] != "EXPRESS" {
		t.Errorf("the type is %v, want EXPRESS", machine["StateMachineType"])
	}
	if level := machine["LoggingConfiguration"].(map[string]any)["Level"]; level != "ALL" {
		t.Errorf("logs of level %v, want ALL: they are the only history", level)
	}
}

func TestSagaAlarm(t *testing.T) {
	got := render(t, func(s awscdk.Stack) { defaultSaga(s, "Saga") })
	metrics, err := json.Marshal(got.only(t, "AWS::CloudWatch::Alarm").Properties["Metrics"])
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"failed + timedOut + aborted", "ExecutionsFailed", "ExecutionsTimedOut", "ExecutionsAborted"} {
		if !strings.Contains(string(metrics), want) {
			t.Errorf("the alarm does not watch %s: %s", want, metrics)
		}
	}
}

// TestSagaTimeoutOfAnImportedFunction: what is not known is 30 seconds.
func TestSagaTimeoutOfAnImportedFunction(t *testing.T) {
	got := render(t, func(s awscdk.Stack) {
		workflow.NewSaga(s, "Saga", &workflow.SagaProps{Steps: []workflow.Step{{
			Name:     "Only",
			Function: awslambda.Function_FromFunctionArn(s, new("Imported"), new("arn:aws:lambda:eu-west-1:111122223333:function:only")),
		}}})
	})
	if seconds := definition(t, got.only(t, "AWS::StepFunctions::StateMachine"))["Only"]["TimeoutSeconds"]; seconds != 30.0 {
		t.Errorf("the step's timeout is %v, want 30", seconds)
	}
}

func TestSagaPanics(t *testing.T) {
	message := panics(func() { workflow.NewSaga(newStack(t), "Saga", nil) })
	if want := `workflow: Saga "Saga": no Steps: a saga has at least one`; message != want {
		t.Errorf("it panics with %q, want %q", message, want)
	}
}
