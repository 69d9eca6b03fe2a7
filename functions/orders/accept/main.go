// Command accept answers POST /orders: it queues the order and answers 202 with
// its ID.
//
// Environment: ORDERS_TABLE and IDEMPOTENCY_TABLE are names of tables, QUEUE_URL is
// the queue's URL.
package main

import (
	"log/slog"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/noidle/noidle/functions/kit/awsconfig"
	"github.com/noidle/noidle/functions/kit/idempotency"
	"github.com/noidle/noidle/functions/orders/internal/queue"
	"github.com/noidle/noidle/functions/orders/internal/table"
)

func main() {
	slog.SetDefault(lambdacontext.NewLogger())
	h, err := newHandler()
	if err != nil {
		slog.Error("cannot start", "error", err.Error())
		os.Exit(1)
	}
	lambda.Start(h.handle)
}

func newHandler() (handler, error) {
	env, err := awsconfig.Require("ORDERS_TABLE", "IDEMPOTENCY_TABLE", "QUEUE_URL")
	if err != nil {
		return handler{}, err
	}
	cfg, err := awsconfig.FromEnvironment()
	if err != nil {
		return handler{}, err
	}
	db := dynamodb.NewFromConfig(cfg)
	return handler{
		orders: table.NewOrders(db, env["ORDERS_TABLE"]),
		queue:  queue.New(sqs.NewFromConfig(cfg), env["QUEUE_URL"]),
		keys:   idempotency.New(db, env["IDEMPOTENCY_TABLE"], nil),
		now:    time.Now,
	}, nil
}
