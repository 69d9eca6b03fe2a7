// Command start takes accepted orders from the queue and starts the state machine
// for each.
//
// Environment: ORDERS_TABLE is the name of the table, STATE_MACHINE_ARN the ARN of
// the state machine.
package main

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/sfn"

	"github.com/noidle/noidle/functions/kit/function"
	"github.com/noidle/noidle/functions/orders/internal/execution"
	"github.com/noidle/noidle/functions/orders/internal/table"
)

func main() {
	function.Start(func(cfg aws.Config, env map[string]string) (any, error) {
		return handler{
			orders:   table.NewOrders(dynamodb.NewFromConfig(cfg), env["ORDERS_TABLE"]),
			workflow: execution.New(sfn.NewFromConfig(cfg), env["STATE_MACHINE_ARN"]),
		}.handle, nil
	}, "ORDERS_TABLE", "STATE_MACHINE_ARN")
}
