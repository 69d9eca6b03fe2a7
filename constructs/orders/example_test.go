package orders_test

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsevents"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"

	"github.com/noidle/noidle/constructs/compute"
	"github.com/noidle/noidle/constructs/orders"
	"github.com/noidle/noidle/constructs/workflow"
)

func ExampleNewOrderQueue() {
	app := awscdk.NewApp(nil)
	stack := awscdk.NewStack(app, new("Shop"), nil)
	function := func(id, pkg string) awslambda.IFunction {
		return compute.NewGoFunction(stack, id, &compute.GoFunctionProps{Package: pkg}).Function
	}

	queue := orders.NewOrderQueue(stack, "Orders", &orders.OrderQueueProps{
		Steps: []orders.Step{
			{Status: "PAID", Step: workflow.Step{
				Name:           "Charge",
				Function:       function("Charge", "./functions/charge"),
				Compensation:   function("Refund", "./functions/refund"),
				BusinessErrors: []string{"PaymentDeclined"},
			}},
			{Status: "SHIPPED", Step: workflow.Step{
				Name:     "Ship",
				Function: function("Ship", "./functions/ship"),
			}},
		},
		PlaceThrottle: orders.Throttle{RatePerSecond: 50, Burst: 100},
	})

	// Others hear of orders that came to an end from the bus.
	awsevents.NewRule(stack, new("Completed"), &awsevents.RuleProps{
		EventBus:     queue.Bus,
		EventPattern: &awsevents.EventPattern{DetailType: &[]*string{new(orders.EventCompleted)}},
	})
	app.Synth(nil)
}
