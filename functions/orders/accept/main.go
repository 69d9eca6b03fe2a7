// Command accept answers POST /orders: it queues the order and answers 202 with
// its ID.
//
// Environment: ORDERS_TABLE and IDEMPOTENCY_TABLE are names of tables, QUEUE_URL is
// the queue's URL.
package main

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/noidle/noidle/functions/kit/function"
	"github.com/noidle/noidle/functions/kit/idempotency"
	"github.com/noidle/noidle/functions/orders/internal/queue"
	"github.com/noidle/noidle/functions/orders/internal/table"
)

func main() {
	function.Start(func(cfg aws.Config, env map[string]string) (any, error) {
		db := dynamodb.NewFromConfig(cfg)
		return handler{
			orders: table.NewOrders(db, env["ORDERS_TABLE"]),
			queue:  queue.New(sqs.NewFromConfig(cfg), env["QUEUE_URL"]),
			keys:   idempotency.New(db, env["IDEMPOTENCY_TABLE"], nil),
			now:    time.Now,
		}.handle, nil
	}, "ORDERS_TABLE", "IDEMPOTENCY_TABLE", "QUEUE_URL")
}
