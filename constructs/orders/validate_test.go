package orders

import (
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"

	"github.com/noidle/noidle/constructs/internal/expect"
	"github.com/noidle/noidle/constructs/workflow"
)

// imported stands for a function that is not made in the app.
type imported struct{ awslambda.IFunction }

func TestValidate(t *testing.T) {
	step := func(status string) Step {
		return Step{Status: status, Step: workflow.Step{Name: "Charge", Function: imported{}}}
	}
	one := []Step{step("")}
	tests := []struct {
		name  string
		props *OrderQueueProps
		want  string
	}{
		{"nil", nil, "no Steps"},
		{"no steps", &OrderQueueProps{}, "no Steps"},
		{"one step", &OrderQueueProps{Steps: one}, ""},
		{"a step without a function", &OrderQueueProps{Steps: []Step{{Status: "PAID"}}}, "step 1: no function"},
		{"steps without a status", &OrderQueueProps{Steps: []Step{step(""), step("")}}, ""},
		{"a status in small letters", &OrderQueueProps{Steps: []Step{step("paid")}}, `step 1: status is "paid": must be capital letters`},
		{"a status twice", &OrderQueueProps{Steps: []Step{step("PAID"), step("PAID")}}, `step 2: status is "PAID", which is taken`},
		{"a status of every order", &OrderQueueProps{Steps: []Step{step(StatusFailed)}}, `step 1: status is "FAILED", which is taken`},
		{"a table with a key", &OrderQueueProps{Steps: one, Table: &awsdynamodb.TablePropsV2{PartitionKey: &awsdynamodb.Attribute{}}}, "Table has a key"},
		{"too fast", &OrderQueueProps{Steps: one, PlaceThrottle: Throttle{RatePerSecond: 10001}}, "PlaceThrottle: RatePerSecond is 10001: must be 1 to 10000"},
		{"negative burst", &OrderQueueProps{Steps: one, ReadThrottle: Throttle{Burst: -1}}, "ReadThrottle: Burst is -1: must be 1 to 5000"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			expect.Error(t, tt.props.validate(), tt.want)
		})
	}
}
