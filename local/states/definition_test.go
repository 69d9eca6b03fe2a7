package states

import (
	"strings"
	"testing"
	"time"

	"github.com/noidle/noidle/local/api"
)

// https://docs.aws.amazon.com/step-functions/latest/dg/statemachine-structure.html
func TestParseRefuses(t *testing.T) {
	task := func(fields string) string {
		return one(`{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","End":true,` + fields + `}`)
	}
	resource := func(arn string) string { return one(`{"Type":"Task","Resource":"` + arn + `","End":true}`) }
	tests := []struct {
		name, definition string
		want             []string
	}{
		{"no JSON", `{`, []string{"unexpected end"}},
		{"nothing", `{}`, []string{"exactly one of StartAt", "exactly one of States"}},
		{"too long", strings.Repeat(" ", definitionLimit+1), []string{"at most"}},
		{"unknown field", `{"StartAt":"S","States":{"S":{"Type":"Succeed"}},"Foo":1}`, []string{`field "Foo" is not supported`}},
		{"case of a field", `{"startAt":"S","States":{"S":{"Type":"Succeed"}}}`, []string{`field "startAt"`}},
		{"version", `{"Version":"2.0","StartAt":"S","States":{"S":{"Type":"Succeed"}}}`, []string{"Version: 2.0 is not supported"}},
		{"JSONata", `{"QueryLanguage":"JSONata","StartAt":"S","States":{"S":{"Type":"Succeed"}}}`, []string{"QueryLanguage: JSONata is not supported"}},
		{"JSONata state", one(`{"Type":"Succeed","QueryLanguage":"JSONata"}`), []string{`state "S": QueryLanguage: JSONata`}},
		{"timeout", `{"TimeoutSeconds":0,"StartAt":"S","States":{"S":{"Type":"Succeed"}}}`, []string{"TimeoutSeconds: 0 is not from 1"}},
		{"unknown type", one(`{"Type":"Loop"}`), []string{`state "S": type "Loop" is not supported`}},
		{"state name", `{"StartAt":"` + strings.Repeat("x", 81) + `","States":{"` + strings.Repeat("x", 81) + `":{"Type":"Succeed"}}}`, []string{"1 to 80 characters"}},
		{"no start", `{"StartAt":"X","States":{"S":{"Type":"Succeed"}}}`, []string{`StartAt: there is no state "X"`, `state "S" is not reachable`}},
		{"no next", one(`{"Type":"Pass"}`), []string{`state "S": exactly one of Next, End is required`}},
		{"both next and end", one(`{"Type":"Pass","Next":"S","End":true}`), []string{"exactly one of Next, End"}},
		{"end false", one(`{"Type":"Pass","End":false}`), []string{"End: false is not supported"}},
		{"next empty", one(`{"Type":"Pass","Next":null}`), []string{"Next: the name of a state is required"}},
		{"next nowhere", one(`{"Type":"Pass","Next":"T"}`), []string{`state "S": there is no state "T"`}},
		{"catch nowhere", task(`"Catch":[{"ErrorEquals":["E"],"Next":"T"}]`), []string{`there is no state "T"`}},
		{"several", `{"StartAt":"A","States":{"A":{"Type":"Pass","Nxt":"B","Next":"B"},"B":{"Type":"Wait","Seconds":"1","Next":"C"}}}`,
			[]string{`state "A": field "Nxt"`, `state "B": Seconds:`, `there is no state "C"`}},
		{"field of another type", one(`{"Type":"Succeed","Next":"S"}`), []string{`field "Next"`}},
		{"variables", one(`{"Type":"Pass","End":true,"Assign":{"x":1}}`), []string{`field "Assign" is not supported`}},
		{"credentials", task(`"Credentials":{}`), []string{`field "Credentials"`}},
		{"bad path", one(`{"Type":"Pass","End":true,"InputPath":"a.b"}`), []string{"InputPath:"}},
		{"path with a function", one(`{"Type":"Pass","End":true,"InputPath":"$.a.length()"}`), []string{"InputPath:"}},
		{"result path that searches", one(`{"Type":"Pass","End":true,"ResultPath":"$.a[*]"}`), []string{"not a reference path"}},
		{"result path into the context", one(`{"Type":"Pass","End":true,"ResultPath":"$$.a"}`), []string{"context object"}},
		{"parameters that are no object", one(`{"Type":"Pass","End":true,"Parameters":[1]}`), []string{"Parameters: [1] is not a JSON object"}},
		{"parameter that is no path", one(`{"Type":"Pass","End":true,"Parameters":{"a.$":"x","b.$":1}}`), []string{"the field 'a.$' must be a valid JSONPath", "the field 'b.$' must be a STRING"}},
		{"activity", resource("arn:aws:states:us-east-1:000000000000:activity:a"), []string{"activity:a", "is not supported"}},
		{"sync", resource("arn:aws:states:::states:startExecution.sync:2"), []string{`"arn:aws:states:::states:startExecution.sync:2" is not supported`}},
		{"token where there is none", resource("arn:aws:states:::dynamodb:getItem.waitForTaskToken"), []string{"is not supported"}},
		{"unknown operation", resource("arn:aws:states:::dynamodb:query"), []string{"is not supported"}},
		{"unknown service", resource("arn:aws:states:::aws-sdk:ec2:runInstances"), []string{"is not supported"}},
		{"function by the SDK", resource("arn:aws:states:::aws-sdk:lambda:invoke"), []string{"is not supported"}},
		{"timeouts", task(`"TimeoutSeconds":1,"TimeoutSecondsPath":"$.t"`), []string{"exactly one of TimeoutSeconds, TimeoutSecondsPath"}},
		{"heartbeat", task(`"TimeoutSeconds":5,"HeartbeatSeconds":5`), []string{"HeartbeatSeconds must be smaller"}},
		{"retrier", task(`"Retry":[{"ErrorEquals":["E"],"BackoffRate":0.5,"IntervalSeconds":0,"MaxAttempts":-1,"JitterStrategy":"HALF","Foo":1}]`),
			[]string{"IntervalSeconds: 0", "MaxAttempts: -1", "BackoffRate: 0.5", "JitterStrategy: HALF", `field "Foo"`}},
		{"longest delay", task(`"Retry":[{"ErrorEquals":["E"],"IntervalSeconds":5,"MaxDelaySeconds":5}]`), []string{"MaxDelaySeconds: 5 must be more"}},
		{"no errors", task(`"Retry":[{"ErrorEquals":[]}]`), []string{"ErrorEquals must name"}},
		{"all before others", task(`"Retry":[{"ErrorEquals":["States.ALL"]},{"ErrorEquals":["E"]}]`), []string{"States.ALL must be alone"}},
		{"all with others", task(`"Catch":[{"ErrorEquals":["States.ALL","E"],"Next":"S"}]`), []string{"States.ALL must be alone"}},
		{"no rules", one(`{"Type":"Choice","Choices":[]}`), []string{"at least one rule"}},
		{"rule without next", one(`{"Type":"Choice","Choices":[{"Variable":"$","IsNull":true}]}`), []string{"Next: a choice rule needs"}},
		{"rule without operator", one(`{"Type":"Choice","Choices":[{"Variable":"$","Next":"S"}]}`), []string{"exactly one operator"}},
		{"rule with two operators", one(`{"Type":"Choice","Choices":[{"Variable":"$","IsNull":true,"IsString":true,"Next":"S"}]}`), []string{"exactly one operator"}},
		{"unknown operator", one(`{"Type":"Choice","Choices":[{"Variable":"$","BooleanLessThan":true,"Next":"S"}]}`), []string{`operator "BooleanLessThan"`}},
		{"operator without variable", one(`{"Type":"Choice","Choices":[{"IsNull":true,"Next":"S"}]}`), []string{`operator "IsNull"`}},
		{"wrong operand", one(`{"Type":"Choice","Choices":[{"Variable":"$","NumericEquals":"1","Next":"S"}]}`), []string{"wrong type"}},
		{"wrong pattern", one(`{"Type":"Choice","Choices":[{"Variable":"$","StringMatches":"a\\b","Next":"S"}]}`), []string{"StringMatches"}},
		{"wait for nothing", one(`{"Type":"Wait","End":true}`), []string{"exactly one of Seconds, SecondsPath, Timestamp, TimestampPath"}},
		{"wait until a wrong time", one(`{"Type":"Wait","Timestamp":"tomorrow","End":true}`), []string{"Timestamp:"}},
		{"wait too long", one(`{"Type":"Wait","Seconds":100000000,"End":true}`), []string{"Seconds: 100000000 is not from 0"}},
		{"no branches", one(`{"Type":"Parallel","Branches":[],"End":true}`), []string{"at least one"}},
		{"problem in a branch", one(`{"Type":"Parallel","Branches":[{"StartAt":"B","States":{"B":{"Type":"Nope"}}}],"End":true}`), []string{`state "S": Branches: state "B": type "Nope"`}},
		{"distributed", one(`{"Type":"Map","ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED"},"StartAt":"B","States":{"B":{"Type":"Succeed"}}},"End":true}`), []string{`Mode "DISTRIBUTED" is not supported`}},
		{"tolerated failures", one(`{"Type":"Map","ToleratedFailureCount":1,"ItemProcessor":{"StartAt":"B","States":{"B":{"Type":"Succeed"}}},"End":true}`), []string{`field "ToleratedFailureCount"`}},
		{"name used twice", one(`{"Type":"Parallel","Branches":[{"StartAt":"S","States":{"S":{"Type":"Succeed"}}}],"End":true}`), []string{`state "S": the name is used 2 times`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse([]byte(tt.definition))
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q is not in the error:\n%v", want, err)
				}
			}
		})
	}
}

// saga is a state machine as the constructs make them.
const saga = `{"StartAt":"Start","States":{
	"Start":{"Type":"Pass","Parameters":{"input.$":"$","results":{}},"Next":"Reserve"},
	"Reserve":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","TimeoutSeconds":15,"Parameters":{"FunctionName":"reserve","Payload.$":"$"},
		"ResultSelector":{"output.$":"$.Payload"},"ResultPath":"$.results.Reserve","Next":"Record",
		"Retry":[{"ErrorEquals":["OutOfStock"],"MaxAttempts":0},{"ErrorEquals":["States.ALL"],"IntervalSeconds":1,"BackoffRate":2,"MaxDelaySeconds":30,"JitterStrategy":"FULL","MaxAttempts":10}],
		"Catch":[{"ErrorEquals":["OutOfStock"],"ResultPath":"$.failure","Next":"Rejected"},{"ErrorEquals":["States.DataLimitExceeded"],"ResultPath":"$.failure","Next":"Failed"},{"ErrorEquals":["States.ALL"],"ResultPath":"$.failure","Next":"Failed"}]},
	"Record":{"Type":"Task","Resource":"arn:aws:states:::dynamodb:updateItem","TimeoutSeconds":10,"ResultPath":null,"Next":"Put",
		"Parameters":{"TableName":"orders","Key":{"orderId":{"S.$":"$.input.orderId"}},"UpdateExpression":"SET at = :at","ExpressionAttributeValues":{":at":{"S.$":"$$.State.EnteredTime"}}},
		"Retry":[{"ErrorEquals":["DynamoDB.ConditionalCheckFailedException"],"MaxAttempts":0}],
		"Catch":[{"ErrorEquals":["DynamoDB.ConditionalCheckFailedException"],"ResultPath":null,"Next":"Put"}]},
	"Put":{"Type":"Task","Resource":"arn:aws:states:::events:putEvents","TimeoutSeconds":10,"ResultPath":null,"Next":"Succeeded",
		"Parameters":{"Entries":[{"Detail":{"orderId.$":"$.input.orderId"},"DetailType":"OrderCompleted","EventBusName":"orders","Source":"noidle.orders"}]}},
	"Rejected":{"Type":"Pass","Parameters":{"cause.$":"States.StringToJson($.failure.Cause)","error.$":"$.failure.Error","step":"Reserve"},"ResultPath":"$.failure","Next":"Outcome"},
	"Failed":{"Type":"Pass","Parameters":{"cause":{"errorMessage":"step Reserve failed"},"error.$":"$.failure.Error","step":"Reserve"},"ResultPath":"$.failure","Next":"Outcome"},
	"Outcome":{"Type":"Choice","Choices":[{"Variable":"$.compensationFailure","IsPresent":true,"Next":"FailedToCompensate"}],"Default":"Compensated"},
	"FailedToCompensate":{"Type":"Fail","Error":"FailedToCompensate","Cause":"by hand"},
	"Compensated":{"Type":"Succeed"},"Succeeded":{"Type":"Succeed"}}}`

func TestSaga(t *testing.T) {
	f := newFixture(t, func(_ *api.Call, service, _ string, _ []byte) ([]byte, error) {
		if service == "dynamodb" {
			return nil, &api.Error{Code: "ConditionalCheckFailedException", Message: "The conditional request failed"}
		}
		return []byte(`{"StatusCode":200,"FailedEntryCount":0,"Payload":{"id":7}}`), nil
	})
	e := f.start(saga, `{"orderId":"o-1"}`)
	wantEqual(t, "outcome", e.outcome(), `{"input":{"orderId":"o-1"},"results":{"Reserve":{"output":{"id":7}}}}`)
	wantEqual(t, "calls", f.calls, []string{
		`lambda Invoke {"FunctionName":"reserve","Payload":{"input":{"orderId":"o-1"},"results":{}}}`,
		`dynamodb UpdateItem {"ExpressionAttributeValues":{":at":{"S":"2026-03-01T12:00:00.000Z"}},"Key":{"orderId":{"S":"o-1"}},"TableName":"orders","UpdateExpression":"SET at = :at"}`,
		`events PutEvents {"Entries":[{"Detail":"{\"orderId\":\"o-1\"}","DetailType":"OrderCompleted","EventBusName":"orders","Resources":["` + e.arn + `","` + ARN("m") + `"],"Source":"noidle.orders"}]}`,
	})
	rejected := run(t, saga, `{}`, answers(`{"FunctionError":"Unhandled","Payload":{"errorType":"OutOfStock","errorMessage":"none"}}`))
	wantEqual(t, "outcome of a rejected order", rejected, `{"failure":{"cause":{"errorMessage":"none","errorType":"OutOfStock"},"error":"OutOfStock","step":"Reserve"},"input":{},"results":{}}`)
}

// FuzzDefinition runs what parses, with answers that let most states go on, until
// it ends by itself or many events have happened.
func FuzzDefinition(f *testing.F) {
	for _, seed := range []string{
		saga, one(`{"Type":"Wait","Seconds":1,"Next":"S"}`), one(`{"Type":"Parallel","End":true,"Branches":[{"StartAt":"A","States":{"A":{"Type":"Pass","Next":"A"}}}]}`),
		one(`{"Type":"Map","End":true,"ItemsPath":"$.Payload","MaxConcurrency":2,"Iterator":{"StartAt":"A","States":{"A":{"Type":"Fail"}}}}`),
		one(`{"Type":"Choice","Choices":[{"Not":{"Variable":"$..*","StringMatches":"*"},"Next":"S"}]}`),
		one(`{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:1:function:f","Retry":[{"ErrorEquals":["States.ALL"],"BackoffRate":1e300}],"End":true}`),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, definition []byte) {
		if _, err := Parse(definition); err != nil {
			return
		}
		fixture := newFixture(t, answers(`{"Payload":[1,{"a":"b"}],"x":{}}`))
		defer fixture.Close()
		e := fixture.start(string(definition), `{"Payload":[1,{"a":"b"}],"x":{}}`)
		deadline := time.After(time.Minute)
		for {
			select {
			case <-e.done:
				return
			case <-deadline:
				t.Fatal("does not end")
			default:
			}
			e.mu.Lock()
			enough := e.events > 300
			e.mu.Unlock()
			if enough {
				return
			}
			fixture.clock.Advance(time.Hour)
		}
	})
}
