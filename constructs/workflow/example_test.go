package workflow_test

import (
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"

	"github.com/noidle/noidle/constructs/compute"
	"github.com/noidle/noidle/constructs/workflow"
)

// A journey is booked whole or not at all: without a flight the hotel is
// cancelled again.
func ExampleNewSaga() {
	app := awscdk.NewApp(nil)
	stack := awscdk.NewStack(app, new("Journey"), nil)
	function := func(id, pkg string) awslambda.IFunction {
		return compute.NewGoFunction(stack, id, &compute.GoFunctionProps{Package: pkg}).Function
	}

	workflow.NewSaga(stack, "Booking", &workflow.SagaProps{
		Steps: []workflow.Step{
			{
				Name:           "BookHotel",
				Function:       function("BookHotel", "./functions/bookhotel"),
				Compensation:   function("CancelHotel", "./functions/cancelhotel"),
				BusinessErrors: []string{"FullyBooked"},
			},
			{
				Name:           "BookFlight",
				Function:       function("BookFlight", "./functions/bookflight"),
				Compensation:   function("CancelFlight", "./functions/cancelflight"),
				BusinessErrors: []string{"SoldOut"},
				Retry:          workflow.Retry{MaxAttempts: 6, MaxDelay: time.Minute},
			},
		},
	})
	app.Synth(nil)
}
