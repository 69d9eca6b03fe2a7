package states

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/noidle/noidle/local/api"
)

// https://docs.aws.amazon.com/step-functions/latest/dg/integrate-optimized.html
// and https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html
func TestIntegrations(t *testing.T) {
	const execution = "arn:aws:states:us-east-1:000000000000:execution:m:e"
	const function = "arn:aws:lambda:us-east-1:000000000000:function:f"
	tests := []struct{ name, resource, parameters, answer, call, want string }{
		{"function", function, `{"a":1.0}`, `{"StatusCode":200,"ExecutedVersion":"$LATEST","Payload":{"b":2.0}}`,
			`lambda Invoke {"FunctionName":"` + function + `","Payload":{"a":1.0}}`, `{"b":2.0}`},
		{"lambda:invoke", "arn:aws:states:::lambda:invoke", `{"FunctionName":"f","Payload":[1]}`, `{"StatusCode":200,"Payload":null}`,
			`lambda Invoke {"FunctionName":"f","Payload":[1]}`, `{"StatusCode":200,"Payload":null}`},
		{"dynamodb", "arn:aws-cn:states:::dynamodb:getItem", `{"TableName":"t"}`, `{"Item":{"a":{"S":"x"}}}`, `dynamodb GetItem {"TableName":"t"}`, `{"Item":{"a":{"S":"x"}}}`},
		{"sqs object", "arn:aws:states:::sqs:sendMessage", `{"QueueUrl":"q","MessageBody":{"a":"<"}}`, `{"MessageId":"1"}`, `sqs SendMessage {"MessageBody":"{\"a\":\"<\"}","QueueUrl":"q"}`, `{"MessageId":"1"}`},
		{"sqs string", "arn:aws:states:::sqs:sendMessage", `{"MessageBody":"a"}`, `{}`, `sqs SendMessage {"MessageBody":"a"}`, `{}`},
		{"sns", "arn:aws:states:::sns:publish", `{"Message":{"a":1}}`, `{}`, `sns Publish {"Message":"{\"a\":1}"}`, `{}`},
		{"events", "arn:aws:states:::events:putEvents", `{"Entries":[{"Detail":{"a":1},"Resources":["r"]},{"Detail":"{}"}]}`, `{"FailedEntryCount":0,"Entries":[{"EventId":"1"}]}`,
			`events PutEvents {"Entries":[{"Detail":"{\"a\":1}","Resources":["r","` + execution + `","` + ARN("m") + `"]},{"Detail":"{}","Resources":["` + execution + `","` + ARN("m") + `"]}]}`,
			`{"FailedEntryCount":0,"Entries":[{"EventId":"1"}]}`},
		{"states", "arn:aws:states:::states:startExecution", `{"StateMachineArn":"n","Input":{"a":1}}`, `{"executionArn":"x","startDate":1.5}`,
			`states StartExecution {"input":"{\"a\":1}","stateMachineArn":"n"}`, `{"ExecutionArn":"x","StartDate":1.5}`},
		{"SDK dynamodb", "arn:aws:states:::aws-sdk:dynamodb:query", `{"TableName":"t"}`, `{"Count":0}`, `dynamodb Query {"TableName":"t"}`, `{"Count":0}`},
		{"SDK eventbridge sends as it is", "arn:aws:states:::aws-sdk:eventbridge:putEvents", `{"Entries":[{"Detail":"{}"}]}`, `{"FailedEntryCount":1}`, `events PutEvents {"Entries":[{"Detail":"{}"}]}`, `{"FailedEntryCount":1}`},
		{"SDK sfn", "arn:aws:states:::aws-sdk:sfn:describeExecution", `{"ExecutionArn":"x"}`, `{"status":"RUNNING"}`, `states DescribeExecution {"executionArn":"x"}`, `{"Status":"RUNNING"}`},
		{"parameters that are no object", "arn:aws:states:::sqs:sendMessage", `[]`, `{}`, "",
			"FAILED States.Runtime: An error occurred while executing the state 'S' (entered at the event id #2). The Parameters '[]' could not be used to start the Task: an object is required"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t, answers(tt.answer))
			e := f.start(one(`{"Type":"Task","Resource":"`+tt.resource+`","End":true}`), tt.parameters)
			wantEqual(t, "outcome", e.outcome(), tt.want)
			var want []string
			if tt.call != "" {
				want = []string{tt.call}
			}
			wantEqual(t, "calls", f.calls, want)
		})
	}
}

// https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
func TestTaskErrors(t *testing.T) {
	plain := func(*api.Call, string, string, []byte) ([]byte, error) {
		return nil, errors.New("connection refused")
	}
	tests := []struct {
		name, resource string
		call           Caller
		want           string
	}{
		{"function", "arn:aws:lambda:us-east-1:1:function:f", answers(`{"FunctionError":"Unhandled","Payload":{"errorType":"E","errorMessage":"m"}}`), `FAILED E: {"errorMessage":"m","errorType":"E"}`},
		{"lambda:invoke", "arn:aws:states:::lambda:invoke", answers(`{"FunctionError":"Unhandled","Payload":{"errorType":"E","errorMessage":"m"}}`), `FAILED E: {"errorMessage":"m","errorType":"E"}`},
		{"no type", "arn:aws:states:::lambda:invoke", answers(`{"FunctionError":"Unhandled","Payload":"x"}`), `FAILED Lambda.Unknown: The cause could not be determined because Lambda did not return an error type. Returned payload: "x"`},
		{"lambda busy", "arn:aws:lambda:us-east-1:1:function:f", refuses("TooManyRequestsException", "Rate Exceeded."), "FAILED Lambda.TooManyRequestsException: Rate Exceeded. (Service: AWSLambda; Status Code: 400; Error Code: TooManyRequestsException; "},
		{"lambda denied", "arn:aws:states:::lambda:invoke", refuses("AccessDeniedException", "not authorized"), "FAILED Lambda.AWSLambdaException: not authorized (Service: AWSLambda; Status Code: 400; Error Code: AccessDeniedException; "},
		{"condition", "arn:aws:states:::dynamodb:putItem", refuses("ConditionalCheckFailedException", "The conditional request failed"), "FAILED DynamoDB.ConditionalCheckFailedException: The conditional request failed ("},
		{"SDK condition", "arn:aws:states:::aws-sdk:dynamodb:putItem", refuses("ConditionalCheckFailedException", "m"), "FAILED DynamoDb.ConditionalCheckFailedException: m ("},
		{"dynamodb denied", "arn:aws:states:::dynamodb:putItem", refuses("AccessDeniedException", "m"), "FAILED DynamoDB.AmazonDynamoDBException: m ("},
		{"SDK denied", "arn:aws:states:::aws-sdk:dynamodb:query", refuses("AccessDeniedException", "m"), "FAILED DynamoDb.DynamoDbException: m ("},
		{"no queue", "arn:aws:states:::sqs:sendMessage", refuses("QueueDoesNotExist", "m"), "FAILED SQS.QueueDoesNotExistException: m ("},
		{"SDK sqs", "arn:aws:states:::aws-sdk:sqs:sendMessage", refuses("QueueDoesNotExist", "m"), "FAILED Sqs.QueueDoesNotExistException: m ("},
		{"sns", "arn:aws:states:::sns:publish", refuses("NotFoundException", "m"), "FAILED SNS.NotFoundException: m ("},
		{"SDK sns", "arn:aws:states:::aws-sdk:sns:publish", refuses("NotFound", "m"), "FAILED Sns.NotFoundException: m ("},
		{"nested", "arn:aws:states:::states:startExecution", refuses("ExecutionAlreadyExists", "m"), "FAILED StepFunctions.ExecutionAlreadyExistsException: m ("},
		{"SDK nested", "arn:aws:states:::aws-sdk:sfn:startExecution", refuses("ExecutionAlreadyExists", "m"), "FAILED Sfn.ExecutionAlreadyExistsException: m ("},
		{"entries", "arn:aws:states:::events:putEvents", answers(`{"FailedEntryCount":1}`), `FAILED EventBridge.FailedEntry: {"FailedEntryCount":1}`},
		{"connection", "arn:aws:states:::sqs:sendMessage", plain, "FAILED SQS.SdkClientException: connection refused"},
		{"no JSON", "arn:aws:states:::sqs:sendMessage", answers(`?`), `FAILED SQS.SdkClientException: sqs answered "?"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := run(t, one(`{"Type":"Task","Resource":"`+tt.resource+`","End":true}`), `{}`, tt.call)
			if !strings.HasPrefix(got, tt.want) {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
	caught := run(t, one(`{"Type":"Task","Resource":"arn:aws:states:::sns:publish","End":true,"Catch":[{"ErrorEquals":["States.Permissions"],"ResultPath":null,"Next":"T"}]},"T":{"Type":"Succeed"}`), `{}`, refuses("AccessDenied", "m"))
	wantEqual(t, "caught by States.Permissions", caught, `{}`)
}

func TestTasksCallAsRole(t *testing.T) {
	role := &api.Principal{ARN: "role"}
	var got *api.Principal
	f := newFixture(t, func(call *api.Call, _, _ string, _ []byte) ([]byte, error) {
		got = call.Principal
		return []byte(`{}`), nil
	})
	if err := f.CreateStateMachine(StateMachine{Name: "m", Type: typeExpress, Role: role, Definition: []byte(one(`{"Type":"Task","Resource":"arn:aws:states:::sqs:sendMessage","End":true}`))}); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Operations().Call(admin(), "StartSyncExecution", []byte(`{"stateMachineArn":"`+ARN("m")+`"}`)); err != nil {
		t.Fatal(err)
	}
	if got != role {
		t.Errorf("principal %v", got)
	}
}

// https://docs.aws.amazon.com/step-functions/latest/dg/state-task.html: TimeoutSeconds
func TestTaskTimeout(t *testing.T) {
	tests := []struct{ name, fields, want string }{
		{"not caught", `"TimeoutSeconds":5`, "FAILED States.Timeout:"},
		{"path", `"TimeoutSecondsPath":"$.t"`, "FAILED States.Timeout:"},
		{"caught", `"TimeoutSeconds":5,"Catch":[{"ErrorEquals":["States.TaskFailed"],"Next":"X"},{"ErrorEquals":["States.Timeout"],"Next":"T"}]`, `{"Cause":"","Error":"States.Timeout"}`},
		{"caught by all", `"TimeoutSeconds":5,"Catch":[{"ErrorEquals":["States.ALL"],"Next":"T"}]`, `{"Cause":"","Error":"States.Timeout"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ended := make(chan struct{})
			f := newFixture(t, func(call *api.Call, _, _ string, _ []byte) ([]byte, error) {
				<-call.Done()
				close(ended)
				return nil, call.Err()
			})
			states := `{"Type":"Task","Resource":"arn:aws:states:::sqs:sendMessage","End":true,` + tt.fields + `}`
			if strings.Contains(tt.fields, "Catch") {
				states += `,"T":{"Type":"Pass","End":true}`
			}
			if strings.Contains(tt.fields, `"X"`) {
				states += `,"X":{"Type":"Fail"}`
			}
			e := f.start(one(states), `{"t":5}`)
			f.advance(1, 5*time.Second)
			wantEqual(t, "outcome", e.outcome(), tt.want)
			<-ended
		})
	}
}

const waiting = `{"Type":"Task","Resource":"arn:aws:states:::sqs:sendMessage.waitForTaskToken","End":true,"Parameters":{"MessageBody":{"token.$":"$$.Task.Token"}}`

// startWaiting starts a task that waits for its token, which it returns.
func startWaiting(t *testing.T, fields string) (*fixture, *execution, string) {
	t.Helper()
	tokens := make(chan string, 1)
	f := newFixture(t, func(_ *api.Call, _, _ string, input []byte) ([]byte, error) {
		var message struct{ MessageBody string }
		var body struct{ Token string }
		if err := errors.Join(json.Unmarshal(input, &message), json.Unmarshal([]byte(message.MessageBody), &body)); err != nil {
			t.Error(err)
		}
		tokens <- body.Token
		return []byte(`{"MessageId":"1"}`), nil
	})
	e := f.start(one(waiting+fields+`}`), `{}`)
	return f, e, <-tokens
}

// https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html#connect-wait-token
func TestTaskToken(t *testing.T) {
	tests := []struct {
		name, operation, input, want string
		events                       []string
	}{
		{"success", "SendTaskSuccess", `"output":"{\"ok\":1.0}"`, `{"ok":1.0}`, []string{"TaskSubmitted", "TaskSucceeded", "TaskStateExited", "ExecutionSucceeded"}},
		{"failure", "SendTaskFailure", `"error":"E","cause":"c"`, "FAILED E: c", []string{"TaskSubmitted", "TaskFailed", "ExecutionFailed"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, e, token := startWaiting(t, "")
			send := func(operation, token, members string) error {
				_, err := f.Operations().Call(admin(), operation, []byte(`{"taskToken":"`+token+`"`+members+`}`))
				return err
			}
			if err := send("SendTaskSuccess", token, `,"output":"{"`); err == nil || !strings.HasPrefix(err.Error(), "InvalidOutput") {
				t.Errorf("error %v for an output that is no JSON", err)
			}
			if err := send(tt.operation, token, ","+tt.input); err != nil {
				t.Fatal(err)
			}
			wantEqual(t, "outcome", e.outcome(), tt.want)
			wantEqual(t, "events", e.kinds(), append([]string{"ExecutionStarted", "TaskStateEntered", "TaskScheduled", "TaskStarted"}, tt.events...))
			for _, operation := range []string{"SendTaskSuccess", "SendTaskFailure", "SendTaskHeartbeat"} {
				members := ""
				if operation == "SendTaskSuccess" {
					members = `,"output":"1"`
				}
				if err := send(operation, token, members); err == nil || !strings.HasPrefix(err.Error(), "TaskTimedOut") {
					t.Errorf("%s: error %v for a task that has ended", operation, err)
				}
				if err := send(operation, "nope", members); err == nil || !strings.HasPrefix(err.Error(), "InvalidToken") {
					t.Errorf("%s: error %v for no token", operation, err)
				}
			}
		})
	}
}

// https://docs.aws.amazon.com/step-functions/latest/dg/state-task.html: HeartbeatSeconds
func TestHeartbeat(t *testing.T) {
	f, e, token := startWaiting(t, `,"HeartbeatSeconds":10`)
	for range 3 {
		f.advance(1, 9*time.Second)
		if _, err := f.Operations().Call(admin(), "SendTaskHeartbeat", []byte(`{"taskToken":"`+token+`"}`)); err != nil {
			t.Fatal(err)
		}
	}
	f.advance(1, 9*time.Second)
	f.advance(1, time.Second)
	wantEqual(t, "outcome", e.outcome(), "FAILED States.HeartbeatTimeout:")

	f, e, _ = startWaiting(t, `,"HeartbeatSeconds":10,"Catch":[{"ErrorEquals":["States.TaskFailed"],"Next":"X"},{"ErrorEquals":["States.Timeout"],"Next":"T"}]},"X":{"Type":"Fail"},"T":{"Type":"Pass","End":true`)
	f.advance(1, 10*time.Second)
	wantEqual(t, "outcome", e.outcome(), `{"Cause":"","Error":"States.HeartbeatTimeout"}`)

	f, e, _ = startWaiting(t, `,"TimeoutSeconds":5`)
	f.advance(1, 5*time.Second)
	wantEqual(t, "outcome", e.outcome(), "FAILED States.Timeout:")
}
