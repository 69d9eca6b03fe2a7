package orders

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2"

	"github.com/noidle/noidle/constructs/compute"
	"github.com/noidle/noidle/constructs/internal/httpapi"
	"github.com/noidle/noidle/constructs/storage"
)

// addAPI makes the HTTP API and the functions behind it.
func (q *OrderQueue) addAPI(props *OrderQueueProps) {
	q.addFunctions(props)
	api := httpapi.New(q, "orders", []httpapi.Route{
		{Method: awsapigatewayv2.HttpMethod_POST, Path: "/orders", Function: q.Accept, Throttle: httpapi.Complete(props.PlaceThrottle, 500, 1000)},
		{Method: awsapigatewayv2.HttpMethod_GET, Path: "/orders/{orderId}", Function: q.Read, Throttle: httpapi.Complete(props.ReadThrottle, 1000, 2000)},
	})
	q.API, q.Stage, q.AccessLog, q.ServerErrorAlarm = api.API, api.Stage, api.AccessLog, api.ServerErrorAlarm
}

// addFunctions makes the functions behind the API, each with just the rights
// that it needs.
func (q *OrderQueue) addFunctions(props *OrderQueueProps) {
	q.Accept = compute.NewGoFunction(q, "Accept", &compute.GoFunctionProps{
		Package:    functions + "accept",
		Deployment: props.Deployment,
		Environment: map[string]string{
			"ORDERS_TABLE":      *q.Table.TableName(),
			"IDEMPOTENCY_TABLE": *q.Idempotency.TableName(),
			"QUEUE_URL":         *q.Worker.Queue.QueueUrl(),
		},
	})
	q.Worker.GrantSend(q.Accept.Function)
	storage.Grant(q.Table, q.Accept.Function, "dynamodb:PutItem")
	storage.Grant(q.Idempotency, q.Accept.Function, "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem")

	q.Read = compute.NewGoFunction(q, "Read", &compute.GoFunctionProps{
		Package:     functions + "read",
		Deployment:  props.Deployment,
		Environment: map[string]string{"ORDERS_TABLE": *q.Table.TableName()},
	})
	storage.Grant(q.Table, q.Read.Function, "dynamodb:GetItem")
}
