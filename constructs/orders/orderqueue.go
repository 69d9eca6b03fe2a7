package orders

import (
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsevents"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/constructs-go/constructs/v10"

	"github.com/noidle/noidle/constructs/compute"
	"github.com/noidle/noidle/constructs/internal/httpapi"
	"github.com/noidle/noidle/constructs/messaging"
	"github.com/noidle/noidle/constructs/storage"
	"github.com/noidle/noidle/constructs/suppress"
	"github.com/noidle/noidle/constructs/workflow"
)

// OrderQueueProps configures an [OrderQueue]. Only Steps is required.
type OrderQueueProps struct {
	// Steps are what is done for each order, in this order. Each step's
	// function gets the order as the input of its saga's state (see
	// [workflow.Step]):
	//
	//	{"orderId", "customerId", "currency", "paymentToken",
	//	 "items": [{"sku", "quantity", "unitPrice"}], "amount", "acceptedAt"}
	Steps []Step
	// PlaceThrottle limits POST /orders. Zero fields mean 500 requests a second
	// and a burst of 1000.
	PlaceThrottle Throttle
	// ReadThrottle limits GET /orders/{orderId}. Zero fields mean 1000 requests
	// a second and a burst of 2000.
	ReadThrottle Throttle
	// MaxConcurrency limits how many batches of orders are started at the same
	// time, 2 to 1000: what waits stays in the queue. Zero means no limit.
	MaxConcurrency int
	// Deployment says how new versions of the functions take over, as in
	// [compute.GoFunctionProps]. Nil means all at once.
	Deployment *compute.Deployment
	// RemovalPolicy says what becomes of the tables when they leave their
	// stack. Empty means that they are retained.
	RemovalPolicy awscdk.RemovalPolicy
	// Table overrides settings of the orders table; nil fields keep the
	// defaults. Its key is not to be set here.
	Table *awsdynamodb.TablePropsV2
	// Queue overrides settings of the queue, as in
	// [messaging.QueueWorkerProps]; nil fields keep the defaults.
	Queue *awssqs.QueueProps
}

// Step is one step of an order.
type Step struct {
	workflow.Step
	// Status is the status of an order that has passed the step, such as PAID:
	// capital letters, digits and underscores. Empty means that the step leaves
	// the status as it was.
	Status string
}

// Throttle limits requests: to RatePerSecond a second, and to Burst at once above
// that. What is over the limit is answered 429
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-throttling.html).
type Throttle = httpapi.Throttle

// The statuses of an order that every OrderQueue knows.
const (
	StatusAccepted  = "ACCEPTED"  // taken, and in the queue
	StatusCompleted = "COMPLETED" // every step has succeeded
	StatusFailed    = "FAILED"    // a step failed, and those before it are undone
)

// OrderQueue takes orders over HTTP, queues them, and carries out the steps of
// each as a saga: all of them, or none. What an order is worth and what a step
// does is not known here; it comes with the props.
//
//	POST /orders            answers 202 with {"orderId"} and Location
//	GET  /orders/{orderId}  answers {"orderId", "status", "reason", "history", …}
type OrderQueue struct {
	constructs.Construct

	// API is the HTTP API; it takes more routes.
	API awsapigatewayv2.HttpApi
	// Stage is the API's only stage.
	Stage awsapigatewayv2.HttpStage
	// AccessLog holds one JSON line for each request.
	AccessLog awslogs.LogGroup
	// Accept answers POST /orders.
	Accept *compute.GoFunction
	// Read answers GET /orders/{orderId}.
	Read *compute.GoFunction
	// Start drains the queue and starts the saga of each order.
	Start *compute.GoFunction
	// Worker is the queue of accepted orders with its dead-letter queue.
	Worker *messaging.QueueWorker
	// Saga carries out the steps.
	Saga *workflow.Saga
	// Table holds the orders, by orderId.
	Table awsdynamodb.TableV2
	// Idempotency holds the idempotency keys of a day.
	Idempotency awsdynamodb.TableV2
	// Bus carries an event for each order that came to an end: source
	// [EventSource], detail type [EventCompleted] or [EventFailed], and in its
	// detail orderId, customerId, status, reason and at.
	Bus awsevents.EventBus
	// Topic carries the same details as messages, with the status as message
	// attribute to filter by.
	Topic awssns.Topic
	// ServerErrorAlarm fires when the API answers a request with a 5xx status.
	ServerErrorAlarm awscloudwatch.Alarm
}

// functions is where the functions of every OrderQueue come from.
const functions = "github.com/noidle/noidle/functions/orders/"

// NewOrderQueue adds an OrderQueue to scope. It panics if props are invalid.
func NewOrderQueue(scope constructs.Construct, id string, props *OrderQueueProps) *OrderQueue {
	if err := props.validate(); err != nil {
		panic(fmt.Errorf("orders: OrderQueue %q: %w", id, err))
	}
	q := &OrderQueue{}
	constructs.NewConstruct_Override(q, scope, &id)

	q.addTables(props)
	q.addNotifications()
	q.Saga = workflow.NewSaga(q, "Saga", q.saga(props))
	storage.Grant(q.Table, q.Saga.StateMachine, recordPermission)
	q.addWorker(props)
	q.addAPI(props)
	return q
}

// URL returns the address of the orders, without a slash at its end.
func (q *OrderQueue) URL() *string {
	return new(*q.API.ApiEndpoint() + "/orders")
}

func (q *OrderQueue) addTables(props *OrderQueueProps) {
	q.Table = storage.NewTable(q, "Table", &storage.TableProps{
		PartitionKey:  "orderId",
		RemovalPolicy: props.RemovalPolicy,
		Table:         props.Table,
	})
	if props.Table == nil || props.Table.TimeToLiveAttribute == nil {
		suppress.Findings(q.Table, map[string]string{"table-ttl": "orders are kept for ever"})
	}
	q.Idempotency = storage.NewTable(q, "Idempotency", &storage.TableProps{
		PartitionKey:  "id",
		TimeToLive:    "expiry",
		RemovalPolicy: awscdk.RemovalPolicy_DESTROY,
	})
	suppress.Findings(q.Idempotency, map[string]string{
		"retain-stateful": "a key is kept for a day, and the ID of an order follows from it: without it, a repeated order is still the same",
	})
}

// addNotifications makes what tells others that an order came to an end.
func (q *OrderQueue) addNotifications() {
	q.Bus = awsevents.NewEventBus(q, new("Bus"), nil)
	q.Topic = awssns.NewTopic(q, new("Topic"), &awssns.TopicProps{
		EnforceSSL: new(true),
		MasterKey:  awskms.Alias_FromAliasName(q, new("TopicKey"), new("alias/aws/sns")),
	})
}

// addWorker makes the queue of accepted orders and the function that starts
// their sagas.
func (q *OrderQueue) addWorker(props *OrderQueueProps) {
	q.Start = compute.NewGoFunction(q, "Start", &compute.GoFunctionProps{
		Package:    functions + "start",
		Deployment: props.Deployment,
		Environment: map[string]string{
			"ORDERS_TABLE":      *q.Table.TableName(),
			"STATE_MACHINE_ARN": *q.Saga.StateMachine.StateMachineArn(),
		},
	})
	storage.Grant(q.Table, q.Start.Function, "dynamodb:PutItem")
	q.Saga.GrantStart(q.Start.Function)
	q.Worker = messaging.NewQueueWorker(q, "Worker", &messaging.QueueWorkerProps{
		Handler:        q.Start.Invocable(),
		MaxConcurrency: props.MaxConcurrency,
		Queue:          props.Queue,
	})
}
