package observe_test

import (
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/constructs-go/constructs/v10"

	"github.com/noidle/noidle/constructs/observe"
)

// Any stack, whoever made it: here with a table of the CDK's own.
func ExampleNewDashboard() {
	app := awscdk.NewApp(nil)
	stack := awscdk.NewStack(app, new("Shop"), nil)
	awsdynamodb.NewTableV2(stack, new("Orders"), &awsdynamodb.TablePropsV2{
		PartitionKey: &awsdynamodb.Attribute{Name: new("id"), Type: awsdynamodb.AttributeType_STRING},
	})
	observe.NewDashboard(stack, "Dashboard", &observe.DashboardProps{Scopes: []constructs.Construct{stack}})
	app.Synth(nil)
}

// The alarms of two stacks, to people and to a chat.
func ExampleNewAlarms() {
	app := awscdk.NewApp(nil)
	shop, blog := awscdk.NewStack(app, new("Shop"), nil), awscdk.NewStack(app, new("Blog"), nil)
	// ... what has alarms ...
	operations := awscdk.NewStack(app, new("Operations"), nil)
	observe.NewAlarms(operations, "Alarms", &observe.AlarmsProps{
		Scopes:      []constructs.Construct{shop, blog},
		Emails:      []string{"ops@example.com"},
		ChatWebhook: "/operations/chat-webhook", // a SecureString with the address
		Runbook:     "https://wiki.example.com/shop",
	})
	app.Synth(nil)
}

// Questions to the logs; what takes two seconds is slow.
func ExampleNewQueries() {
	app := awscdk.NewApp(nil)
	shop := awscdk.NewStack(app, new("Shop"), nil)
	// ... functions with log groups ...
	observe.NewQueries(shop, "Queries", &observe.QueriesProps{Scopes: []constructs.Construct{shop}, Slow: 2 * time.Second})
	app.Synth(nil)
}

// A hundred dollars a month for what has the tag team=shop.
func ExampleNewBudget() {
	app := awscdk.NewApp(nil)
	stack := awscdk.NewStack(app, new("Operations"), nil)
	observe.NewBudget(stack, "Budget", &observe.BudgetProps{
		Monthly: 100, Emails: []string{"ops@example.com"}, TagKey: "team", TagValue: "shop",
	})
	app.Synth(nil)
}

// Who did what, for seven years, with each run of a function.
func ExampleNewAuditTrail() {
	app := awscdk.NewApp(nil)
	stack := awscdk.NewStack(app, new("Audit"), nil)
	observe.NewAuditTrail(stack, "AuditTrail", &observe.AuditTrailProps{KeepFor: 7 * 365 * 24 * time.Hour, FunctionEvents: true})
	app.Synth(nil)
}
