package messaging

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsevents"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
)

// ReceiveEvents makes the queue the target of an EventBridge rule, in place of any
// that it has. EventBridge tries for a day to deliver an event
// (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html);
// one that it cannot deliver goes to the dead-letter queue, where the message's
// attributes say why.
func (w *QueueWorker) ReceiveEvents(rule awsevents.CfnRule) {
	for _, queue := range []awssqs.Queue{w.Queue, w.DeadLetterQueue.Queue} {
		acceptEvents(queue, rule)
	}
	rule.SetTargets([]any{&awsevents.CfnRule_TargetProperty{
		Id:               new("Queue"),
		Arn:              w.Queue.QueueArn(),
		DeadLetterConfig: &awsevents.CfnRule_DeadLetterConfigProperty{Arn: w.DeadLetterQueue.Queue.QueueArn()},
	}})
}

// acceptEvents lets EventBridge send messages for the rule, and for no other
// (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html).
// The policy of a key cannot name the rule, which comes after the queue, and the
// queue after the key: it names the account.
func acceptEvents(queue awssqs.Queue, rule awsevents.CfnRule) {
	queue.AddToResourcePolicy(allowEvents(queue.QueueArn(),
		map[string]any{"ArnEquals": map[string]any{"aws:SourceArn": rule.AttrArn()}}, "sqs:SendMessage"))
	if key := queue.EncryptionMasterKey(); key != nil {
		key.AddToResourcePolicy(allowEvents(new("*"),
			map[string]any{"StringEquals": map[string]any{"aws:SourceAccount": awscdk.Aws_ACCOUNT_ID()}}, "kms:GenerateDataKey", "kms:Decrypt"), nil)
	}
}

func allowEvents(resource *string, conditions map[string]any, actions ...string) awsiam.PolicyStatement {
	var pointers []*string
	for _, action := range actions {
		pointers = append(pointers, &action)
	}
	return awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Principals: &[]awsiam.IPrincipal{awsiam.NewServicePrincipal(new("events.amazonaws.com"), nil)},
		Actions:    &pointers,
		Resources:  &[]*string{resource},
		Conditions: &conditions,
	})
}
