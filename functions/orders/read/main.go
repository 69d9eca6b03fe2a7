// Command read answers GET /orders/{orderId} with the order's record.
//
// Environment: ORDERS_TABLE is the name of the table.
package main

import (
	"log/slog"
	"os"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/noidle/noidle/functions/kit/awsconfig"
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
	env, err := awsconfig.Require("ORDERS_TABLE")
	if err != nil {
		return handler{}, err
	}
	cfg, err := awsconfig.FromEnvironment()
	if err != nil {
		return handler{}, err
	}
	return handler{orders: table.NewOrders(dynamodb.NewFromConfig(cfg), env["ORDERS_TABLE"])}, nil
}
