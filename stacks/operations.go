package stacks

import (
	"errors"
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"

	"github.com/noidle/noidle/constructs/observe"
)

// OperationsStackProps configures an [OperationsStack]. Scopes are required.
type OperationsStackProps struct {
	// StackProps are the CDK's settings of the stack.
	StackProps awscdk.StackProps
	// Scopes are the stacks to look after.
	Scopes []constructs.Construct
	// Emails, ChatWebhook and Runbook are those of [observe.AlarmsProps].
	Emails               []string
	ChatWebhook, Runbook string
	// Budget is what a month may cost. Nil means that nobody watches.
	Budget *observe.BudgetProps
}

// OperationsStack is the reference of operations: a dashboard of other stacks, their
// alarms and saved queries on their logs. It depends on those stacks, and they do not
// depend on it.
//
// Its outputs are DashboardName and AlarmTopic (ARN).
type OperationsStack struct {
	awscdk.Stack

	// Dashboard draws the stacks.
	Dashboard *observe.Dashboard
	// Alarms tells of the stacks' alarms.
	Alarms *observe.Alarms
	// Queries ask the stacks' logs.
	Queries *observe.Queries
}

// NewOperationsStack adds an OperationsStack to scope, after the stacks that it looks
// after. It panics if there are none.
func NewOperationsStack(scope constructs.Construct, id string, props *OperationsStackProps) *OperationsStack {
	if props == nil || len(props.Scopes) == 0 {
		panic(fmt.Errorf("stacks: OperationsStack %q: %w", id, errors.New("no Scopes: set the stacks to look after")))
	}
	s := &OperationsStack{}
	awscdk.NewStack_Override(s, scope, &id, &props.StackProps)
	s.Alarms = observe.NewAlarms(s, "Alarms", &observe.AlarmsProps{
		Scopes: props.Scopes, Emails: props.Emails, ChatWebhook: props.ChatWebhook, Runbook: props.Runbook,
	})
	s.Dashboard = observe.NewDashboard(s, "Dashboard", &observe.DashboardProps{Scopes: props.Scopes, Runbook: props.Runbook})
	s.Queries = observe.NewQueries(s, "Queries", &observe.QueriesProps{Scopes: props.Scopes})
	if props.Budget != nil {
		observe.NewBudget(s, "Budget", props.Budget)
	}
	output(s, "DashboardName", s.DashboardName())
	output(s, "AlarmTopic", s.Alarms.TopicARN())
	return s
}

// DashboardName returns the name of the dashboard, which is the output DashboardName.
func (s *OperationsStack) DashboardName() *string { return s.Dashboard.Name() }
