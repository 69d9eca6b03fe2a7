package observe

import (
	"fmt"
	"regexp"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/constructs-go/constructs/v10"

	"github.com/noidle/noidle/constructs/internal/dashboard"
)

// DashboardProps configures a [Dashboard]. Scopes are required.
type DashboardProps struct {
	// Scopes are what is drawn: an app, stacks or constructs.
	Scopes []constructs.Construct
	// Name is the dashboard's: letters, digits, - and _, at most 255
	// (https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutDashboard.html).
	// Empty means that CloudFormation makes one.
	Name string
	// Runbook is the address of what to do, which the heading links to. Empty means
	// none.
	Runbook string
}

// Dashboard is a CloudWatch dashboard of what an operator needs to know of each use
// case: traffic, errors, times, what waits, what was lost, what is throttled, how
// close the quotas are, and what is paid for.
//
// A use case is a construct directly in a stack that holds several kinds of
// resources; what else is in the stack is drawn together under the stack's name.
type Dashboard struct {
	constructs.Construct

	// Dashboard is the dashboard.
	Dashboard awscloudwatch.CfnDashboard
}

// NewDashboard adds a Dashboard to scope. It panics if props are invalid, if there is
// nothing to draw, or if it is more than a dashboard holds: 500 widgets and 2,500
// metrics
// (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html).
func NewDashboard(scope constructs.Construct, id string, props *DashboardProps) *Dashboard {
	if err := props.validate(); err != nil {
		panic(fmt.Errorf("observe: Dashboard %q: %w", id, err))
	}
	d := &Dashboard{}
	constructs.NewConstruct_Override(d, scope, &id)
	body, err := dashboard.New(heading(props.Runbook), alarmARNs(props.Scopes), drawable(props.Scopes))
	if err != nil {
		panic(fmt.Errorf("observe: Dashboard %q: %w", id, err))
	}
	settings := &awscloudwatch.CfnDashboardProps{DashboardBody: &body}
	if props.Name != "" {
		settings.DashboardName = &props.Name
	}
	d.Dashboard = awscloudwatch.NewCfnDashboard(d, new("Dashboard"), settings)
	return d
}

// Name returns the dashboard's name, as a CDK token.
func (d *Dashboard) Name() *string { return d.Dashboard.Ref() }

var dashboardName = regexp.MustCompile(`^[A-Za-z0-9_-]{0,255}$`)

func (p *DashboardProps) validate() error {
	if p == nil {
		p = &DashboardProps{}
	}
	if err := validateScopes(p.Scopes); err != nil {
		return err
	}
	if !dashboardName.MatchString(p.Name) {
		return fmt.Errorf("Name is %q: must be letters, digits, - and _, at most 255", p.Name)
	}
	return validateRunbook(p.Runbook)
}

func heading(runbook string) string {
	if runbook == "" {
		return dashboard.Quotas
	}
	return "[Runbook](" + runbook + "). " + dashboard.Quotas
}

// alarmARNs are the ARNs of the alarms below scopes, made of their names: so only
// those pass from one stack to another.
func alarmARNs(scopes []constructs.Construct) []string {
	var arns []string
	for _, alarm := range below(scopes, isMetricAlarm) {
		arns = append(arns, *alarm.Stack().FormatArn(&awscdk.ArnComponents{
			Service: new("cloudwatch"), Resource: new("alarm"), ResourceName: alarm.Ref(), ArnFormat: awscdk.ArnFormat_COLON_RESOURCE_NAME,
		}))
	}
	return arns
}
