// Command read answers GET /orders/{orderId} with the order's record.
//
// Environment: ORDERS_TABLE is the name of the table.
package main

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/noidle/noidle/functions/kit/function"
	"github.com/noidle/noidle/functions/orders/internal/table"
)

func main() {
	function.Start(func(cfg aws.Config, env map[string]string) (any, error) {
		return handler{orders: table.NewOrders(dynamodb.NewFromConfig(cfg), env["ORDERS_TABLE"])}.handle, nil
	}, "ORDERS_TABLE")
}
