package stacks

import (
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/constructs-go/constructs/v10"

	"github.com/noidle/noidle/constructs/compute"
	"github.com/noidle/noidle/constructs/orders"
	"github.com/noidle/noidle/constructs/storage"
	"github.com/noidle/noidle/constructs/suppress"
	"github.com/noidle/noidle/constructs/workflow"
)

// OrderStackProps configures an [OrderStack]. Nil means all defaults.
type OrderStackProps struct {
	// StackProps are the CDK's settings of the stack.
	StackProps awscdk.StackProps
	// RemovalPolicy says what becomes of orders, stock and payments when the
	// stack goes. Empty means that they are retained.
	RemovalPolicy awscdk.RemovalPolicy
}

// OrderStack is the reference of backend order processing: an OrderQueue whose
// steps reserve the stock, charge the payment and confirm the reservation.
//
// Its outputs are OrdersUrl, OrdersTable (name), OrderQueue and
// OrderDeadLetterQueue (URLs), and OrderSaga (ARN).
type OrderStack struct {
	awscdk.Stack

	// Orders takes and carries out the orders.
	Orders *orders.OrderQueue
	// Stock holds what is in stock and what is reserved for an order.
	Stock awsdynamodb.TableV2
	// Ledger holds what each order was charged.
	Ledger awsdynamodb.TableV2
}

// NewOrderStack adds an OrderStack to scope.
func NewOrderStack(scope constructs.Construct, id string, props *OrderStackProps) *OrderStack {
	if props == nil {
		props = &OrderStackProps{}
	}
	s := &OrderStack{}
	awscdk.NewStack_Override(s, scope, &id, &props.StackProps)
	s.Stock = storage.NewTable(s, "Stock", &storage.TableProps{PartitionKey: "id", RemovalPolicy: props.RemovalPolicy})
	s.Ledger = storage.NewTable(s, "Ledger", &storage.TableProps{PartitionKey: "orderId", RemovalPolicy: props.RemovalPolicy})
	suppress.Findings(s.Stock, map[string]string{"table-ttl": "stock is kept for ever"})
	suppress.Findings(s.Ledger, map[string]string{"table-ttl": "books are kept for ever"})
	s.Orders = orders.NewOrderQueue(s, "Orders", &orders.OrderQueueProps{
		Steps:         s.steps(),
		RemovalPolicy: props.RemovalPolicy,
	})
	output(s, "OrdersUrl", s.OrdersURL())
	output(s, "OrdersTable", s.Orders.Table.TableName())
	output(s, "OrderQueue", s.Orders.Worker.Queue.QueueUrl())
	output(s, "OrderDeadLetterQueue", s.Orders.Worker.DeadLetterQueue.Queue.QueueUrl())
	output(s, "OrderSaga", s.Orders.Saga.StateMachine.StateMachineArn())
	return s
}

// OrdersURL returns the address of the orders, which is the output OrdersUrl.
func (s *OrderStack) OrdersURL() *string { return s.Orders.URL() }

// steps are what is done for an order, and what undoes it.
func (s *OrderStack) steps() []orders.Step {
	reserve := s.step("Reserve", "reserve", "STOCK_TABLE", s.Stock, "dynamodb:UpdateItem")
	release := s.step("Release", "release", "STOCK_TABLE", s.Stock, "dynamodb:UpdateItem")
	charge := s.step("Charge", "charge", "LEDGER_TABLE", s.Ledger, "dynamodb:PutItem")
	refund := s.step("Refund", "refund", "LEDGER_TABLE", s.Ledger, "dynamodb:UpdateItem")
	confirm := s.step("Confirm", "confirm", "STOCK_TABLE", s.Stock, "dynamodb:UpdateItem")
	return []orders.Step{
		{Status: "RESERVED", Step: workflow.Step{
			Name:           "ReserveStock",
			Function:       reserve.Invocable(),
			Compensation:   release.Invocable(),
			BusinessErrors: []string{"OutOfStock", "UnknownItem", "ReservationReleased"},
			// Transactions on one popular item cancel each other.
			Retry: workflow.Retry{MaxAttempts: 10},
		}},
		{Status: "PAID", Step: workflow.Step{
			Name:           "ChargePayment",
			Function:       charge.Invocable(),
			Compensation:   refund.Invocable(),
			BusinessErrors: []string{"PaymentDeclined", "PaymentVoided"},
		}},
		{Step: workflow.Step{
			Name:           "ConfirmOrder",
			Function:       confirm.Invocable(),
			BusinessErrors: []string{"ReservationReleased"},
		}},
	}
}

// step makes the function of one step, which may do one action on one table and
// nothing else. What a transaction does is allowed by the action of its parts
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html).
func (s *OrderStack) step(id, name, variable string, table awsdynamodb.TableV2, action string) *compute.GoFunction {
	f := compute.NewGoFunction(s, id, &compute.GoFunctionProps{
		Package:     "github.com/noidle/noidle/functions/orders/" + name,
		Timeout:     10 * time.Second,
		Environment: map[string]string{variable: *table.TableName()},
	})
	storage.Grant(table, f.Function, action)
	return f
}
