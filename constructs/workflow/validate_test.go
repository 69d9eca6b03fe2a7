package workflow

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsstepfunctions"

	"github.com/noidle/noidle/constructs/internal/expect"
)

// imported stands for a function that is not made in the app.
type imported struct{ awslambda.IFunction }

// anyDuration stands for a CDK duration that nobody looks into.
type anyDuration struct{ awscdk.Duration }

func TestSagaProps(t *testing.T) {
	charge := Step{Name: "Charge", Function: imported{}}
	with := func(change func(*Step)) *SagaProps {
		step := charge
		change(&step)
		return &SagaProps{Steps: []Step{step}}
	}
	action := Action{Name: "Record", Integration: "sns:publish", Permission: "sns:Publish", Resource: "arn"}
	tests := []struct {
		name  string
		props *SagaProps
		want  string
	}{
		{"nil", nil, "no Steps"},
		{"no steps", &SagaProps{}, "no Steps: a saga has at least one"},
		{"one step", &SagaProps{Steps: []Step{charge}}, ""},
		{"no name", with(func(s *Step) { s.Name = "" }), `step 1: name is "": must be a letter`},
		{"a name with a space", with(func(s *Step) { s.Name = "Charge card" }), `name is "Charge card"`},
		{"too long a name", with(func(s *Step) { s.Name = strings.Repeat("a", 41) }), "at most 40"},
		{"no function", with(func(s *Step) { s.Function = nil }), "step 1: no Function"},
		{"a compensation without a step", with(func(s *Step) { s.Function, s.Compensation = nil, imported{} }), "step 1: a compensation without a function"},
		{"two steps of one name", &SagaProps{Steps: []Step{charge, charge}}, `step 2 needs a state named "Charge", which is step 1: choose another name`},
		{"a step like another's state", &SagaProps{Steps: []Step{charge, {Name: "ChargeFailed", Function: imported{}}}}, `step 2 needs a state named "ChargeFailed", which is step 1`},
		{"a step like a saga's state", with(func(s *Step) { s.Name = "Compensated" }), `step 1 needs a state named "Compensated", which is a state of every saga`},
		{"an empty business error", with(func(s *Step) { s.BusinessErrors = []string{""} }), `business error is ""`},
		{"a business error of the service", with(func(s *Step) { s.BusinessErrors = []string{"States.Timeout"} }), `business error is "States.Timeout"`},
		{"too long a timeout", with(func(s *Step) { s.Timeout = 16 * time.Minute }), "Timeout is 16m0s: must be whole seconds up to 15m0s"},
		{"half a second of timeout", with(func(s *Step) { s.Timeout = 500 * time.Millisecond }), "Timeout is 500ms"},
		{"too many retries", with(func(s *Step) { s.Retry.MaxAttempts = 101 }), "Retry: MaxAttempts is 101: must be 1 to 100"},
		{"too long an interval", with(func(s *Step) { s.Retry.Interval = 2 * time.Hour }), "Retry: Interval is 2h0m0s"},
		{"too long a delay", with(func(s *Step) { s.CompensationRetry.MaxDelay = 25 * time.Hour }), "CompensationRetry: MaxDelay is 25h0m0s"},
		{"a delay like the interval", with(func(s *Step) { s.Retry = Retry{Interval: time.Minute, MaxDelay: time.Minute} }), "MaxDelay is 1m0s: must be more than Interval, 1m0s"},
		{"an action", &SagaProps{Steps: []Step{charge}, Succeeded: []Action{action}}, ""},
		{"an action without a name", &SagaProps{Steps: []Step{charge}, Succeeded: []Action{{Integration: "sns:publish"}}}, `action "": the name must have 1 to 80 characters`},
		{"an action without an integration", &SagaProps{Steps: []Step{charge}, Succeeded: []Action{{Name: "Record"}}}, `action "Record": no Integration`},
		{"an action without a permission", &SagaProps{Steps: []Step{charge}, Succeeded: []Action{{Name: "Record", Integration: "sns:publish"}}}, `action "Record": no Permission and Resource`},
		{"two actions of one name", &SagaProps{Steps: []Step{charge}, Succeeded: []Action{action}, Compensated: []Action{action}}, `a state named "Record", which is action "Record"`},
		{"a definition", &SagaProps{Steps: []Step{charge}, StateMachine: &awsstepfunctions.StateMachineProps{DefinitionSubstitutions: &map[string]*string{}}}, "StateMachine has a definition"},
		{"a type", &SagaProps{Steps: []Step{charge}, StateMachine: &awsstepfunctions.StateMachineProps{StateMachineType: awsstepfunctions.StateMachineType_EXPRESS}}, "set Express instead"},
		{"a timeout of the machine", &SagaProps{Steps: []Step{charge}, StateMachine: &awsstepfunctions.StateMachineProps{Timeout: anyDuration{}}}, "an execution that it ends is not compensated"},
		{"another query language", &SagaProps{Steps: []Step{charge}, StateMachine: &awsstepfunctions.StateMachineProps{QueryLanguage: awsstepfunctions.QueryLanguage_JSONATA}}, "written with JSONPath"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { expect.Error(t, tt.props.validate(), tt.want) })
	}
}

func TestSagaSize(t *testing.T) {
	long, short := booking(), booking()
	long.steps[0].Timeout = 5 * time.Minute
	for i := range short.steps {
		short.steps[i].Timeout = time.Second
	}
	tests := []struct {
		name    string
		props   SagaProps
		def     definition
		text    string
		wantErr string
	}{
		{"standard, however long", SagaProps{}, long, "", ""},
		{"express, short enough", SagaProps{Express: true}, short, "", ""},
		{"express, too long", SagaProps{Express: true}, long, "", "Express is set, but an execution may take"},
		{"too large", SagaProps{}, short, strings.Repeat("x", maxDefinition+1), "the definition has 1048577 bytes, more than the 1048576"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { expect.Error(t, tt.props.validateSize(tt.def, tt.text), tt.wantErr) })
	}
}
