package states

import (
	"fmt"
	"testing"
)

// https://docs.aws.amazon.com/step-functions/latest/dg/state-choice.html#amazon-states-language-choice-state-rules
func TestChoice(t *testing.T) {
	const input = `{"s":"hello","t":"world","n":5,"m":5.0,"big":9007199254740993,"b":true,"f":false,"z":null,"d":"2026-03-01T12:00:00Z","e":"2026-03-01T13:00:00.5+01:00","star":"a*b","slash":"a\\b","none":[]}`
	tests := []struct {
		rule string
		want bool
	}{
		{`"Variable":"$.s","StringEquals":"hello"`, true},
		{`"Variable":"$.s","StringEquals":"Hello"`, false},
		{`"Variable":"$.n","StringEquals":"5"`, false},
		{`"Variable":"$.s","StringEqualsPath":"$.t"`, false},
		{`"Variable":"$.s","StringEqualsPath":"$.s"`, true},
		{`"Variable":"$.s","StringLessThan":"world"`, true},
		{`"Variable":"$.s","StringLessThanPath":"$.t"`, true},
		{`"Variable":"$.s","StringGreaterThan":"world"`, false},
		{`"Variable":"$.t","StringGreaterThanPath":"$.s"`, true},
		{`"Variable":"$.s","StringLessThanEquals":"hello"`, true},
		{`"Variable":"$.s","StringLessThanEqualsPath":"$.t"`, true},
		{`"Variable":"$.s","StringGreaterThanEquals":"hello"`, true},
		{`"Variable":"$.s","StringGreaterThanEqualsPath":"$.t"`, false},
		{`"Variable":"$.s","StringMatches":"h*o"`, true},
		{`"Variable":"$.s","StringMatches":"*"`, true},
		{`"Variable":"$.s","StringMatches":"h.llo"`, false},
		{`"Variable":"$.s","StringMatches":"ello"`, false},
		{`"Variable":"$.n","StringMatches":"*"`, false},
		{`"Variable":"$.star","StringMatches":"a\\*b"`, true},
		{`"Variable":"$.s","StringMatches":"h\\*o"`, false},
		{`"Variable":"$.slash","StringMatches":"a\\\\*"`, true},
		{`"Variable":"$.n","NumericEquals":5`, true},
		{`"Variable":"$.n","NumericEquals":5.0`, true},
		{`"Variable":"$.big","NumericEquals":9007199254740992`, false},
		{`"Variable":"$.s","NumericEquals":5`, false},
		{`"Variable":"$.n","NumericEqualsPath":"$.m"`, true},
		{`"Variable":"$.n","NumericEqualsPath":"$.s"`, false},
		{`"Variable":"$.n","NumericLessThan":6`, true},
		{`"Variable":"$.n","NumericLessThanPath":"$.m"`, false},
		{`"Variable":"$.n","NumericGreaterThan":4.99`, true},
		{`"Variable":"$.n","NumericGreaterThanPath":"$.big"`, false},
		{`"Variable":"$.n","NumericLessThanEquals":5`, true},
		{`"Variable":"$.n","NumericLessThanEqualsPath":"$.m"`, true},
		{`"Variable":"$.n","NumericGreaterThanEquals":5.01`, false},
		{`"Variable":"$.n","NumericGreaterThanEqualsPath":"$.m"`, true},
		{`"Variable":"$.b","BooleanEquals":true`, true},
		{`"Variable":"$.f","BooleanEquals":true`, false},
		{`"Variable":"$.z","BooleanEquals":false`, false},
		{`"Variable":"$.b","BooleanEqualsPath":"$.f"`, false},
		{`"Variable":"$.d","TimestampEquals":"2026-03-01T12:00:00.000Z"`, true},
		{`"Variable":"$.s","TimestampEquals":"2026-03-01T12:00:00Z"`, false},
		{`"Variable":"$.d","TimestampEqualsPath":"$.e"`, false},
		{`"Variable":"$.d","TimestampLessThan":"2026-03-01T12:00:01Z"`, true},
		{`"Variable":"$.d","TimestampLessThanPath":"$.e"`, true},
		{`"Variable":"$.d","TimestampGreaterThan":"2026-03-01T11:00:00Z"`, true},
		{`"Variable":"$.d","TimestampGreaterThanPath":"$.e"`, false},
		{`"Variable":"$.d","TimestampLessThanEquals":"2026-03-01T12:00:00Z"`, true},
		{`"Variable":"$.d","TimestampLessThanEqualsPath":"$.d"`, true},
		{`"Variable":"$.d","TimestampGreaterThanEquals":"2026-03-01T12:00:00Z"`, true},
		{`"Variable":"$.d","TimestampGreaterThanEqualsPath":"$.e"`, false},
		{`"Variable":"$.s","IsPresent":true`, true},
		{`"Variable":"$.no.way","IsPresent":true`, false},
		{`"Variable":"$.no.way","IsPresent":false`, true},
		{`"Variable":"$.z","IsPresent":true`, true},
		{`"Variable":"$.z","IsNull":true`, true},
		{`"Variable":"$.s","IsNull":false`, true},
		{`"Variable":"$.n","IsNumeric":true`, true},
		{`"Variable":"$.s","IsNumeric":true`, false},
		{`"Variable":"$.s","IsString":true`, true},
		{`"Variable":"$.b","IsBoolean":true`, true},
		{`"Variable":"$.n","IsBoolean":false`, true},
		{`"Variable":"$.d","IsTimestamp":true`, true},
		{`"Variable":"$.s","IsTimestamp":true`, false},
		{`"Variable":"$$.Execution.Name","StringEquals":"e"`, true},
		{`"And":[{"Variable":"$.b","BooleanEquals":true},{"Variable":"$.f","BooleanEquals":false}]`, true},
		{`"And":[{"Variable":"$.no","IsPresent":true},{"Variable":"$.no","StringEquals":"x"}]`, false},
		{`"Or":[{"Variable":"$.b","BooleanEquals":true},{"Variable":"$.no","StringEquals":"x"}]`, true},
		{`"Or":[{"Variable":"$.b","BooleanEquals":false},{"Variable":"$.f","BooleanEquals":true}]`, false},
		{`"Not":{"Variable":"$.b","BooleanEquals":true}`, false},
		{`"Not":{"Or":[{"Variable":"$.n","NumericGreaterThan":10},{"Not":{"Variable":"$.s","IsString":true}}]}`, true},
	}
	for _, tt := range tests {
		t.Run(tt.rule, func(t *testing.T) {
			definition := `{"StartAt":"S","States":{"S":{"Type":"Choice","Choices":[{` + tt.rule + `,"Next":"Yes"}],"Default":"No"},
				"Yes":{"Type":"Pass","Result":true,"End":true},"No":{"Type":"Pass","Result":false,"End":true}}}`
			wantEqual(t, "outcome", run(t, definition, input, nil), fmt.Sprint(tt.want))
		})
	}
}

// https://docs.aws.amazon.com/step-functions/latest/dg/state-choice.html
func TestChoiceFails(t *testing.T) {
	tests := []struct{ name, rule, want string }{
		{"no rule", `"Variable":"$.s","StringEquals":"x"`, "FAILED States.NoChoiceMatched: An error occurred while executing the state 'S' (entered at the event id #2). Failed to transition out of the state. The state does not point to a next state."},
		{"no variable", `"Variable":"$.no","StringEquals":"x"`, "FAILED States.Runtime: An error occurred while executing the state 'S' (entered at the event id #2). Invalid path '$.no': The choice state's condition path references an invalid value."},
		{"no variable for IsNull", `"Variable":"$.no","IsNull":true`, "FAILED States.Runtime: An error occurred while executing the state 'S' (entered at the event id #2). Invalid path '$.no': The choice state's condition path references an invalid value."},
		{"no right side", `"Variable":"$.s","StringEqualsPath":"$.no"`, "FAILED States.Runtime: An error occurred while executing the state 'S' (entered at the event id #2). Invalid path '$.no': The choice state's condition path references an invalid value."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			definition := `{"StartAt":"S","States":{"S":{"Type":"Choice","Choices":[{` + tt.rule + `,"Next":"Yes"}]},"Yes":{"Type":"Succeed"}}}`
			wantEqual(t, "outcome", run(t, definition, `{"s":"y"}`, nil), tt.want)
		})
	}
}
