package observe

import (
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/constructs-go/constructs/v10"

	"github.com/noidle/noidle/constructs/compute"
)

// parameterName is what Parameter Store allows
// (https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html).
var parameterName = regexp.MustCompile(`^(/[A-Za-z0-9_.-]+)+$|^[A-Za-z0-9_.-]+$`)

// cloudWatchMayPublish allows the alarms of this account, and no other
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html).
func cloudWatchMayPublish(a *Alarms) awsiam.PolicyStatement {
	return awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Principals: &[]awsiam.IPrincipal{awsiam.NewServicePrincipal(new("cloudwatch.amazonaws.com"), nil)},
		Actions:    &[]*string{new("sns:Publish")},
		Resources:  &[]*string{a.Topic.TopicArn()},
		Conditions: &map[string]any{"StringEquals": map[string]any{"aws:SourceAccount": awscdk.Stack_Of(a).Account()}},
	})
}

func (a *Alarms) subscribe(props *AlarmsProps) {
	emails := constructs.NewConstruct(a, new("Emails"))
	for _, email := range props.Emails {
		awssns.NewSubscription(emails, &email, &awssns.SubscriptionProps{Topic: a.Topic, Protocol: awssns.SubscriptionProtocol_EMAIL, Endpoint: &email})
	}
	if props.ChatWebhook == "" {
		return
	}
	a.Chat = compute.NewGoFunction(a, "Chat", &compute.GoFunctionProps{
		Package:     "github.com/noidle/noidle/functions/observe/notify",
		Timeout:     30 * time.Second,
		Environment: map[string]string{"WEBHOOK_PARAMETER": props.ChatWebhook},
		Async:       true,
	})
	function := a.Chat.Function
	function.AddToRolePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Actions: &[]*string{new("ssm:GetParameter")},
		Resources: &[]*string{awscdk.Stack_Of(a).FormatArn(&awscdk.ArnComponents{
			Service: new("ssm"), Resource: new("parameter"), ResourceName: new(strings.TrimPrefix(props.ChatWebhook, "/")),
		})},
	}))
	function.AddPermission(new("AllowTopic"), &awslambda.Permission{
		Principal: awsiam.NewServicePrincipal(new("sns.amazonaws.com"), nil),
		SourceArn: a.Topic.TopicArn(),
	})
	awssns.NewSubscription(a, new("ChatSubscription"), &awssns.SubscriptionProps{
		Topic: a.Topic, Protocol: awssns.SubscriptionProtocol_LAMBDA, Endpoint: function.FunctionArn(),
		DeadLetterQueue: a.Chat.DeadLetterQueue.Queue,
	})
}
