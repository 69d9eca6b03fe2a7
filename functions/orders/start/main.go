// Command start takes accepted orders from the queue and starts the state machine
// for each.
//
// Environment: ORDERS_TABLE is the name of the table, STATE_MACHINE_ARN the ARN of
// the state machine.
package main

import (
	"log/slog"
	"os"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/sfn"

	"github.com/noidle/noidle/functions/kit/awsconfig"
	"github.com/noidle/noidle/functions/orders/internal/execution"
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
	env, err := awsconfig.Require("ORDERS_TABLE", "STATE_MACHINE_ARN")
	if err != nil {
		return handler{}, err
	}
	cfg, err := awsconfig.FromEnvironment()
	if err != nil {
		return handler{}, err
	}
	return handler{
		orders:   table.NewOrders(dynamodb.NewFromConfig(cfg), env["ORDERS_TABLE"]),
		workflow: execution.New(sfn.NewFromConfig(cfg), env["STATE_MACHINE_ARN"]),
	}, nil
}
