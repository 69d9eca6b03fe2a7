// Command refund undoes the step charge: it gives the payment back.
//
// Environment: LEDGER_TABLE is the name of the table.
package main

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/noidle/noidle/functions/internal/payment"
	"github.com/noidle/noidle/functions/kit/function"
	"github.com/noidle/noidle/functions/orders/internal/table"
)

func main() {
	function.Start(func(cfg aws.Config, env map[string]string) (any, error) {
		ledger := table.NewLedger(dynamodb.NewFromConfig(cfg), env["LEDGER_TABLE"])
		return handler{payments: payment.Service{Provider: payment.Simulator{Ledger: ledger}}}.handle, nil
	}, "LEDGER_TABLE")
}
