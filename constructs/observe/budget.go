package observe

import (
	"errors"
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsbudgets"
	"github.com/aws/constructs-go/constructs/v10"
)

// BudgetProps configures a [Budget]. Monthly and Emails are required.
type BudgetProps struct {
	// Monthly is what a month may cost, in US dollars.
	Monthly float64
	// Emails are who is told, 1 to 10 addresses
	// (https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-budgets-budget-notificationwithsubscribers.html).
	Emails []string
	// TagKey and TagValue count only what has this tag, which must be activated as a
	// cost allocation tag
	// (https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/activating-tags.html).
	// Empty means that the whole account counts.
	TagKey, TagValue string
}

// Budget tells by e-mail when a month has cost 80 % of a sum, when it has cost all
// of it, and when it is forecast to.
type Budget struct {
	constructs.Construct

	// Budget is the budget.
	Budget awsbudgets.CfnBudget
}

// NewBudget adds a Budget to scope. It panics if props are invalid.
func NewBudget(scope constructs.Construct, id string, props *BudgetProps) *Budget {
	if err := props.validate(); err != nil {
		panic(fmt.Errorf("observe: Budget %q: %w", id, err))
	}
	b := &Budget{}
	constructs.NewConstruct_Override(b, scope, &id)
	data := &awsbudgets.CfnBudget_BudgetDataProperty{
		BudgetType:  new("COST"),
		TimeUnit:    new("MONTHLY"),
		BudgetLimit: &awsbudgets.CfnBudget_SpendProperty{Amount: &props.Monthly, Unit: new("USD")},
	}
	if props.TagKey != "" {
		// https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_budgets_Budget.html
		data.CostFilters = map[string]any{"TagKeyValue": []string{"user:" + props.TagKey + "$" + props.TagValue}}
	}
	var subscribers []any
	for _, email := range props.Emails {
		subscribers = append(subscribers, &awsbudgets.CfnBudget_SubscriberProperty{SubscriptionType: new("EMAIL"), Address: &email})
	}
	b.Budget = awsbudgets.NewCfnBudget(b, new("Budget"), &awsbudgets.CfnBudgetProps{
		Budget: data,
		NotificationsWithSubscribers: []any{
			notification("ACTUAL", 80, subscribers),
			notification("ACTUAL", 100, subscribers),
			notification("FORECASTED", 100, subscribers),
		},
	})
	return b
}

// Name returns the budget's name, as a CDK token.
func (b *Budget) Name() *string { return b.Budget.Ref() }

func notification(kind string, percent float64, subscribers []any) *awsbudgets.CfnBudget_NotificationWithSubscribersProperty {
	return &awsbudgets.CfnBudget_NotificationWithSubscribersProperty{
		Notification: &awsbudgets.CfnBudget_NotificationProperty{
			NotificationType: &kind, ComparisonOperator: new("GREATER_THAN"), Threshold: &percent, ThresholdType: new("PERCENTAGE"),
		},
		Subscribers: subscribers,
	}
}

const maxBudgetEmails = 10

func (p *BudgetProps) validate() error {
	if p == nil {
		return errors.New("no Monthly: set what a month may cost, in US dollars")
	}
	switch {
	case p.Monthly <= 0:
		return fmt.Errorf("Monthly is %v: must be more than 0 US dollars", p.Monthly)
	case len(p.Emails) == 0 || len(p.Emails) > maxBudgetEmails:
		return fmt.Errorf("Emails are %d: must be 1 to %d", len(p.Emails), maxBudgetEmails)
	case (p.TagKey == "") != (p.TagValue == ""):
		return fmt.Errorf("TagKey is %q and TagValue %q: set both or none", p.TagKey, p.TagValue)
	}
	return validateEmails(p.Emails)
}
