// Command release undoes the step reserve: it gives the order's items back.
//
// Environment: STOCK_TABLE is the name of the table.
package main

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/noidle/noidle/functions/kit/function"
	"github.com/noidle/noidle/functions/orders/internal/table"
)

func main() {
	function.Start(func(cfg aws.Config, env map[string]string) (any, error) {
		return handler{store: table.NewStock(dynamodb.NewFromConfig(cfg), env["STOCK_TABLE"])}.handle, nil
	}, "STOCK_TABLE")
}
