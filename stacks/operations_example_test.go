package stacks_test

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"

	"github.com/noidle/noidle/constructs/observe"
	"github.com/noidle/noidle/stacks"
)

// A shop that somebody looks after.
func ExampleNewOperationsStack() {
	app := awscdk.NewApp(nil)
	orders := stacks.NewOrderStack(app, "Orders", nil)
	stacks.NewOperationsStack(app, "Operations", &stacks.OperationsStackProps{
		Alarms: observe.AlarmsProps{Scopes: []constructs.Construct{orders}, Emails: []string{"ops@example.com"}},
		Budget: &observe.BudgetProps{Monthly: 50, Emails: []string{"ops@example.com"}},
	})
	app.Synth(nil)
}
