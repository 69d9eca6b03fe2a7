package messaging

import (
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/constructs-go/constructs/v10"

	"github.com/noidle/noidle/constructs/internal/alarm"
	"github.com/noidle/noidle/constructs/internal/overlay"
)

// DeadLetterQueueProps configures a [DeadLetterQueue]. Nil means all defaults.
type DeadLetterQueueProps struct {
	// FIFO makes a FIFO queue, which is what a FIFO queue needs for its dead
	// letters
	// (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html).
	FIFO bool
	// Queue overrides queue settings; nil fields keep the defaults: 14 days of
	// retention, the longest that SQS offers, encryption with a key that SQS
	// manages, and a policy that refuses requests without TLS. FIFO is not to
	// be set here.
	Queue *awssqs.QueueProps
}

// DeadLetterQueue keeps what could not be handled until somebody looks at it,
// and raises an alarm as soon as it holds anything.
type DeadLetterQueue struct {
	constructs.Construct

	// Queue holds the dead letters.
	Queue awssqs.Queue
	// Alarm fires when the queue holds at least one message.
	Alarm awscloudwatch.Alarm
}

// NewDeadLetterQueue adds a DeadLetterQueue to scope. It panics if props are
// invalid.
func NewDeadLetterQueue(scope constructs.Construct, id string, props *DeadLetterQueueProps) *DeadLetterQueue {
	if props == nil {
		props = &DeadLetterQueueProps{}
	}
	if err := props.validate(); err != nil {
		panic(fmt.Errorf("messaging: DeadLetterQueue %q: %w", id, err))
	}
	d := &DeadLetterQueue{}
	constructs.NewConstruct_Override(d, scope, &id)

	settings := queueDefaults(props.FIFO)
	settings.RetentionPeriod = awscdk.Duration_Days(new(14.0))
	overlay.Set(settings, props.Queue)
	d.Queue = awssqs.NewQueue(d, new("Queue"), settings)

	d.Alarm = alarm.AtLeast(d, "Alarm", d.Metric(), 1,
		"Messages could not be handled and wait in the dead-letter queue. Read one, mend the cause, then redrive the queue.")
	return d
}

func (p *DeadLetterQueueProps) validate() error {
	if p.Queue != nil && p.Queue.Fifo != nil {
		return fmt.Errorf("Queue.Fifo is %t: set FIFO instead", *p.Queue.Fifo)
	}
	return nil
}

// Metric returns how many dead letters wait, the highest number in each minute.
func (d *DeadLetterQueue) Metric() awscloudwatch.Metric {
	return d.Queue.MetricApproximateNumberOfMessagesVisible(alarm.Maximum())
}

// queueDefaults are the settings of every queue here.
func queueDefaults(fifo bool) *awssqs.QueueProps {
	settings := &awssqs.QueueProps{
		Encryption: awssqs.QueueEncryption_SQS_MANAGED,
		EnforceSSL: new(true),
	}
	if fifo {
		settings.Fifo = new(true)
	}
	return settings
}
