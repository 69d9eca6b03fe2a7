package states

import (
	"strings"
	"testing"
)

// https://docs.aws.amazon.com/step-functions/latest/dg/concepts-input-output-filtering.html
func TestInputOutputProcessing(t *testing.T) {
	const input = `{"a":{"b":[1,2,{"c":"x"}]},"n":1.50,"big":12345678901234567890.123,"my-key":1,"items":[{"id":1,"p":5},{"id":2,"p":15}]}`
	const where = "An error occurred while executing the state 'S' (entered at the event id #2). "
	tests := []struct{ name, state, want string }{
		{"as it is", `{"Type":"Pass","End":true}`, input},
		{"input path", `{"Type":"Pass","End":true,"InputPath":"$.a.b[2]"}`, `{"c":"x"}`},
		{"input path in brackets", `{"Type":"Pass","End":true,"InputPath":"$['a'][\"b\"][0]"}`, `1`},
		{"input path with a hyphen", `{"Type":"Pass","End":true,"InputPath":"$.my-key"}`, `1`},
		{"input path null", `{"Type":"Pass","End":true,"InputPath":null}`, `{}`},
		{"input path into the context", `{"Type":"Pass","End":true,"InputPath":"$$.Execution.Name"}`, `"e"`},
		{"input path without result", `{"Type":"Pass","End":true,"InputPath":"$.x.y"}`, "FAILED States.Runtime: " + where + "Invalid path '$.x.y': No results for path: $.x.y"},
		{"output path", `{"Type":"Pass","End":true,"OutputPath":"$.n"}`, `1.50`},
		{"output path null", `{"Type":"Pass","End":true,"OutputPath":null}`, `{}`},
		{"output path without result", `{"Type":"Pass","End":true,"OutputPath":"$.a.b[7]"}`, "FAILED States.Runtime: " + where + "Invalid path '$.a.b[7]': No results for path: $.a.b[7]"},
		{"numbers are exact", `{"Type":"Pass","End":true,"Parameters":{"v.$":"$.big","w":0.10}}`, `{"v":12345678901234567890.123,"w":0.10}`},
		{"indefinite path", `{"Type":"Pass","End":true,"InputPath":"$.items[*].id"}`, `[1,2]`},
		{"filter", `{"Type":"Pass","End":true,"Parameters":{"v.$":"$.items[?(@.p > 10)]"}}`, `{"v":[{"id":2,"p":15}]}`},
		{"filter that finds nothing", `{"Type":"Pass","End":true,"Parameters":{"v.$":"$.items[?(@.p > 100)]"}}`, `{"v":[]}`},
		{"slice", `{"Type":"Pass","End":true,"Parameters":{"v.$":"$.a.b[0:2]"}}`, `{"v":[1,2]}`},
		{"from the end", `{"Type":"Pass","End":true,"Parameters":{"v.$":"$.a.b[-1].c"}}`, `{"v":"x"}`},
		{"descendants", `{"Type":"Pass","End":true,"Parameters":{"v.$":"$..id"}}`, `{"v":[1,2]}`},
		{"members in order", `{"Type":"Pass","End":true,"Parameters":{"v.$":"$.items[0].*"}}`, `{"v":[1,5]}`},
		{"nested template", `{"Type":"Pass","End":true,"Parameters":{"l":[{"x.$":"$.n"},"$.n"],"o":{"y.$":"$$.State.Name"}}}`, `{"l":[{"x":1.50},"$.n"],"o":{"y":"S"}}`},
		{"parameter without result", `{"Type":"Pass","InputPath":"$.a.b[2]","End":true,"Parameters":{"v.$":"$.no"}}`,
			"FAILED States.ParameterPathFailure: " + where + `The JSONPath '$.no' specified for the field 'v.$' could not be found in the input '{"c":"x"}'`},
		{"result", `{"Type":"Pass","InputPath":"$.a.b[2]","End":true,"Result":{"r.$":"$.a"}}`, `{"r.$":"$.a"}`},
		{"result path", `{"Type":"Pass","InputPath":"$.a.b[2]","End":true,"Result":1,"ResultPath":"$.c.d"}`,
			strings.TrimSuffix(strings.Replace(input, `"big":12345678901234567890.123,`, `"big":12345678901234567890.123,"c":{"d":1},`, 1), "}") + "}"},
		{"result path null", `{"Type":"Pass","End":true,"Result":1,"ResultPath":null}`, input},
		{"result path into an array", `{"Type":"Pass","End":true,"Result":1,"ResultPath":"$.a.b[1]","OutputPath":"$.a"}`, `{"b":[1,1,{"c":"x"}]}`},
		{"result path that does not fit", `{"Type":"Pass","InputPath":"$.a","End":true,"ResultPath":"$.n.x"}`,
			"FAILED States.ResultPathMatchFailure: " + where + `Unable to apply step "$.n.x" to input '` + input + "'"},
		{"result path past the end", `{"Type":"Pass","InputPath":"$.my-key","End":true,"ResultPath":"$.a.b[3]"}`,
			"FAILED States.ResultPathMatchFailure: " + where + `Unable to apply step "$.a.b[3]" to input '` + input + "'"},
		// https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html
		{"context", `{"Type":"Pass","End":true,"Parameters":{"c.$":"$$"},"OutputPath":"$.c"}`,
			`{"Execution":{"Id":"arn:aws:states:us-east-1:000000000000:execution:m:e","Input":` + input + `,"Name":"e","RedriveCount":0,"RoleArn":"arn:aws:iam::000000000000:role/machine","StartTime":"2026-03-01T12:00:00.000Z"},` +
				`"State":{"EnteredTime":"2026-03-01T12:00:00.000Z","Name":"S","RetryCount":0},"StateMachine":{"Id":"arn:aws:states:us-east-1:000000000000:stateMachine:m","Name":"m"}}`},
		{"succeed", `{"Type":"Succeed","InputPath":"$.a","OutputPath":"$.b[1]"}`, `2`},
		{"fail", `{"Type":"Fail","Error":"E","Cause":"because"}`, "FAILED E: because"},
		{"fail without a word", `{"Type":"Fail"}`, "FAILED :"},
		// https://docs.aws.amazon.com/step-functions/latest/dg/state-fail.html
		{"fail with paths", `{"Type":"Fail","ErrorPath":"$.a.b[2].c","CausePath":"States.Format('number {}', $.n)"}`, "FAILED x: number 1.50"},
		{"fail with a path to a number", `{"Type":"Fail","ErrorPath":"$.n"}`, "FAILED States.Runtime: " + where + "ErrorPath and CausePath must select a string, but one selects 1.50"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := run(t, one(tt.state), input, nil)
			want := tt.want
			if strings.HasPrefix(want, "{") {
				want, got = canonical(t, want), canonical(t, got)
			}
			wantEqual(t, "output", got, want)
		})
	}
}

// canonical writes JSON with its members in order.
func canonical(t *testing.T, text string) string {
	t.Helper()
	value, err := unmarshal(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	ordered, err := marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return ordered
}

// https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
func TestPayloadLimit(t *testing.T) {
	half := `"` + strings.Repeat("x", 150_000) + `"`
	tests := []struct{ name, state, want string }{
		{"state output", `{"Type":"Pass","End":true,"Parameters":{"a.$":"$","b.$":"$"}}`, "FAILED States.DataLimitExceeded:"},
		{"task output", `{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","End":true,"ResultPath":null,"Parameters":{}}`, "FAILED States.DataLimitExceeded:"},
		{"not caught by States.ALL", `{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","End":true,"Catch":[{"ErrorEquals":["States.ALL"],"Next":"T"}]},"T":{"Type":"Pass","End":true}`, "FAILED States.DataLimitExceeded:"},
		{"not caught by States.TaskFailed", `{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","End":true,"Catch":[{"ErrorEquals":["States.TaskFailed"],"Next":"T"}]},"T":{"Type":"Pass","End":true}`, "FAILED States.DataLimitExceeded:"},
		{"caught by name", `{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","End":true,"Parameters":{},"Catch":[{"ErrorEquals":["States.DataLimitExceeded"],"Next":"T"}]},"T":{"Type":"Pass","Result":"caught","End":true}`, `"caught"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			input := half
			if strings.Contains(tt.state, "Task") {
				input = `{}`
			}
			got := run(t, one(tt.state), input, answers(`{"Payload":"`+strings.Repeat("x", payloadLimit)+`"}`))
			if !strings.HasPrefix(got, tt.want) {
				t.Errorf("got %.200s, want %s", got, tt.want)
			}
		})
	}
}

// https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
func TestHistoryLimit(t *testing.T) {
	e := newFixture(t, nil).start(`{"StartAt":"A","States":{"A":{"Type":"Pass","Next":"B"},"B":{"Type":"Pass","Next":"A"}}}`, `{}`)
	wantEqual(t, "outcome", e.outcome(), "FAILED States.Runtime: The execution reached the maximum number of history events (25000).")
	wantEqual(t, "events", len(e.kinds()), historyLimit)
}
