package messaging

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/constructs-go/constructs/v10"

	"github.com/noidle/noidle/constructs/internal/alarm"
	"github.com/noidle/noidle/constructs/internal/function"
	"github.com/noidle/noidle/constructs/internal/overlay"
)

// The limits of SQS and of its event source mapping, from
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-queues.html,
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html and
// https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-parameters.html.
const (
	maxReceives          = 1000
	maxBatchSize         = 10000
	maxFIFOBatchSize     = 10
	maxBatchWindow       = 5 * time.Minute
	minConcurrency       = 2
	maxConcurrency       = 1000
	maxVisibilityTimeout = 12 * time.Hour
	visibilityFactor     = 6
)

// QueueWorkerProps configures a [QueueWorker]. Only Handler is required.
type QueueWorkerProps struct {
	// Handler drains the queue. It reports the messages it could not handle as
	// a partial batch response; package functions/kit/batch does that.
	Handler awslambda.IFunction
	// FIFO makes the queue and its dead-letter queue FIFO: ordered within each
	// message group. A handler stops at a group's first failure.
	FIFO bool
	// MaxReceives is how often a message is tried before it moves to the
	// dead-letter queue, 1 to 1000. Zero means 5.
	MaxReceives int
	// BatchSize is how many messages the handler gets at once at the most, 1
	// to 10,000, and to 10 for FIFO. Zero means 10. More than 10 needs a
	// BatchWindow of at least a second.
	BatchSize int
	// BatchWindow is how long Lambda gathers messages for a batch, whole
	// seconds up to 5 minutes, not for FIFO. Zero means not at all.
	BatchWindow time.Duration
	// MaxConcurrency limits how many batches are handled at the same time, 2
	// to 1000. Zero means no limit but the function's own.
	MaxConcurrency int
	// VisibilityTimeout is how long a message that is being handled stays
	// hidden from other handlers, whole seconds up to 12 hours. Zero means six
	// times the handler's timeout plus BatchWindow, which is also the least
	// that is accepted
	// (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html).
	// It is required for a handler whose timeout is not known here, such as
	// one imported by ARN.
	VisibilityTimeout time.Duration
	// OldestMessageAge is the age of the oldest message at which an alarm
	// fires, whole seconds: the handler does not keep up. Zero means 15
	// minutes, or the visibility timeout where that is longer.
	OldestMessageAge time.Duration
	// Queue overrides queue settings; nil fields keep the defaults. Fifo,
	// VisibilityTimeout and DeadLetterQueue are not to be set here.
	Queue *awssqs.QueueProps
	// DeadLetterQueue overrides settings of the dead-letter queue; nil fields
	// keep the defaults of [DeadLetterQueueProps].
	DeadLetterQueue *awssqs.QueueProps
}

// QueueWorker is a queue, the function that drains it, and the dead-letter
// queue that catches what the function cannot handle.
type QueueWorker struct {
	constructs.Construct

	// Queue holds the messages to handle.
	Queue awssqs.Queue
	// DeadLetterQueue holds the messages that failed MaxReceives times.
	DeadLetterQueue *DeadLetterQueue
	// Mapping invokes the handler with batches of messages.
	Mapping awslambda.EventSourceMapping
	// AgeAlarm fires when the oldest message has waited for OldestMessageAge.
	AgeAlarm awscloudwatch.Alarm
}

// NewQueueWorker adds a QueueWorker to scope. It panics if props are invalid.
func NewQueueWorker(scope constructs.Construct, id string, props *QueueWorkerProps) *QueueWorker {
	w := &QueueWorker{}
	settings, err := props.complete()
	if err != nil {
		panic(fmt.Errorf("messaging: QueueWorker %q: %w", id, err))
	}
	constructs.NewConstruct_Override(w, scope, &id)

	w.DeadLetterQueue = NewDeadLetterQueue(w, "DeadLetterQueue", &DeadLetterQueueProps{
		FIFO:  settings.FIFO,
		Queue: settings.DeadLetterQueue,
	})

	queue := queueDefaults(settings.FIFO)
	overlay.Set(queue, settings.Queue)
	queue.VisibilityTimeout = awscdk.Duration_Seconds(new(settings.VisibilityTimeout.Seconds()))
	queue.DeadLetterQueue = &awssqs.DeadLetterQueue{
		Queue:           w.DeadLetterQueue.Queue,
		MaxReceiveCount: new(float64(settings.MaxReceives)),
	}
	w.Queue = awssqs.NewQueue(w, new("Queue"), queue)

	grantPolling(w.Queue, settings.Handler)
	w.Mapping = awslambda.NewEventSourceMapping(w, new("Mapping"), mappingProps(w.Queue, settings))

	w.AgeAlarm = alarm.AtLeast(w, "AgeAlarm", w.Queue.MetricApproximateAgeOfOldestMessage(alarm.Maximum()), settings.OldestMessageAge.Seconds(),
		"The oldest message waits too long: the handler fails, is throttled, or is too slow for what arrives.")
	return w
}

// GrantSend allows grantee to send messages to the queue, and nothing else. With
// a KMS key of your own that takes two actions on the key, too
// (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html).
func (w *QueueWorker) GrantSend(grantee awsiam.IGrantable) awsiam.Grant {
	if key := w.Queue.EncryptionMasterKey(); key != nil {
		key.Grant(grantee, new("kms:GenerateDataKey"), new("kms:Decrypt"))
	}
	return w.Queue.Grant(grantee, new("sqs:SendMessage"))
}

// grantPolling gives the handler's role what Lambda needs to poll the queue
// (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html#events-sqs-permissions).
func grantPolling(queue awssqs.Queue, handler awslambda.IFunction) {
	queue.Grant(handler, new("sqs:ReceiveMessage"), new("sqs:DeleteMessage"), new("sqs:GetQueueAttributes"))
	if key := queue.EncryptionMasterKey(); key != nil {
		key.GrantDecrypt(handler)
	}
}

func mappingProps(queue awssqs.Queue, p QueueWorkerProps) *awslambda.EventSourceMappingProps {
	m := &awslambda.EventSourceMappingProps{
		Target:                  p.Handler,
		EventSourceArn:          queue.QueueArn(),
		BatchSize:               new(float64(p.BatchSize)),
		ReportBatchItemFailures: new(true),
	}
	if p.BatchWindow > 0 {
		m.MaxBatchingWindow = awscdk.Duration_Seconds(new(p.BatchWindow.Seconds()))
	}
	if p.MaxConcurrency > 0 {
		m.MaxConcurrency = new(float64(p.MaxConcurrency))
	}
	return m
}

// complete returns the props with their defaults filled in.
func (p *QueueWorkerProps) complete() (QueueWorkerProps, error) {
	if p == nil || p.Handler == nil {
		return QueueWorkerProps{}, errors.New("no Handler: set the function that drains the queue")
	}
	settings := *p
	settings.MaxReceives = cmp.Or(settings.MaxReceives, 5)
	settings.BatchSize = cmp.Or(settings.BatchSize, 10)
	if err := settings.validate(); err != nil {
		return settings, err
	}
	timeout, known := function.Timeout(p.Handler)
	if err := settings.completeVisibility(timeout, known); err != nil {
		return settings, err
	}
	settings.OldestMessageAge = cmp.Or(settings.OldestMessageAge, max(15*time.Minute, settings.VisibilityTimeout))
	return settings, nil
}

func (p *QueueWorkerProps) validate() error {
	batchLimit := maxBatchSize
	if p.FIFO {
		batchLimit = maxFIFOBatchSize
	}
	switch {
	case p.MaxReceives < 1 || p.MaxReceives > maxReceives:
		return fmt.Errorf("MaxReceives is %d: must be 1 to %d", p.MaxReceives, maxReceives)
	case p.BatchSize < 1 || p.BatchSize > batchLimit:
		return fmt.Errorf("BatchSize is %d: must be 1 to %d", p.BatchSize, batchLimit)
	case p.BatchWindow < 0 || p.BatchWindow > maxBatchWindow || p.BatchWindow%time.Second != 0:
		return fmt.Errorf("BatchWindow is %v: must be whole seconds up to %v", p.BatchWindow, maxBatchWindow)
	case p.FIFO && p.BatchWindow != 0:
		return fmt.Errorf("BatchWindow is %v: a FIFO queue has none", p.BatchWindow)
	case p.BatchSize > 10 && p.BatchWindow < time.Second:
		return fmt.Errorf("BatchSize is %d: more than 10 needs a BatchWindow of at least 1s", p.BatchSize)
	case p.MaxConcurrency != 0 && (p.MaxConcurrency < minConcurrency || p.MaxConcurrency > maxConcurrency):
		return fmt.Errorf("MaxConcurrency is %d: must be %d to %d, or 0 for no limit", p.MaxConcurrency, minConcurrency, maxConcurrency)
	case p.VisibilityTimeout < 0 || p.VisibilityTimeout > maxVisibilityTimeout || p.VisibilityTimeout%time.Second != 0:
		return fmt.Errorf("VisibilityTimeout is %v: must be whole seconds up to %v", p.VisibilityTimeout, maxVisibilityTimeout)
	case p.OldestMessageAge < 0 || p.OldestMessageAge%time.Second != 0:
		return fmt.Errorf("OldestMessageAge is %v: must be whole seconds", p.OldestMessageAge)
	}
	return p.validateQueue()
}

// validateQueue refuses queue settings that the construct decides.
func (p *QueueWorkerProps) validateQueue() error {
	if p.Queue != nil {
		switch {
		case p.Queue.Fifo != nil:
			return fmt.Errorf("Queue.Fifo is %t: set FIFO instead", *p.Queue.Fifo)
		case p.Queue.VisibilityTimeout != nil:
			return errors.New("Queue.VisibilityTimeout is set: set VisibilityTimeout instead")
		case p.Queue.DeadLetterQueue != nil:
			return errors.New("Queue.DeadLetterQueue is set: the construct makes its own, which DeadLetterQueue configures")
		}
	}
	if p.DeadLetterQueue != nil && p.DeadLetterQueue.Fifo != nil {
		return fmt.Errorf("DeadLetterQueue.Fifo is %t: set FIFO instead", *p.DeadLetterQueue.Fifo)
	}
	return nil
}

// completeVisibility fills in the visibility timeout, or checks the one given
// against the function's timeout.
func (p *QueueWorkerProps) completeVisibility(timeout time.Duration, known bool) error {
	if !known {
		if p.VisibilityTimeout == 0 {
			return fmt.Errorf("no VisibilityTimeout: the handler's timeout is not known here, so set at least %d times it", visibilityFactor)
		}
		return nil
	}
	least := visibilityFactor*timeout + p.BatchWindow
	switch {
	case p.VisibilityTimeout == 0:
		p.VisibilityTimeout = least
	case p.VisibilityTimeout < least:
		return fmt.Errorf("VisibilityTimeout is %v: must be at least %v, %d times the handler's timeout of %v plus BatchWindow", p.VisibilityTimeout, least, visibilityFactor, timeout)
	}
	return nil
}
