package stacks

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"

	"github.com/noidle/noidle/constructs/observe"
)

// OperationsStackProps configures an [OperationsStack]. The Scopes of Alarms are
// required.
type OperationsStackProps struct {
	// StackProps are the CDK's settings of the stack.
	StackProps awscdk.StackProps
	// Alarms tell of the stacks to look after, which are its Scopes.
	Alarms observe.AlarmsProps
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
	if props == nil {
		props = &OperationsStackProps{}
	}
	s := &OperationsStack{}
	awscdk.NewStack_Override(s, scope, &id, &props.StackProps)
	s.Alarms = observe.NewAlarms(s, "Alarms", &props.Alarms)
	s.Dashboard = observe.NewDashboard(s, "Dashboard", &observe.DashboardProps{Scopes: props.Alarms.Scopes, Runbook: props.Alarms.Runbook})
	s.Queries = observe.NewQueries(s, "Queries", &observe.QueriesProps{Scopes: props.Alarms.Scopes})
	if props.Budget != nil {
		observe.NewBudget(s, "Budget", props.Budget)
	}
	output(s, "DashboardName", s.DashboardName())
	output(s, "AlarmTopic", s.Alarms.TopicARN())
	return s
}

// DashboardName returns the name of the dashboard, which is the output DashboardName.
func (s *OperationsStack) DashboardName() *string { return s.Dashboard.Name() }
