package execution_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/google/go-cmp/cmp"

	"github.com/noidle/noidle/functions/internal/order"
	"github.com/noidle/noidle/functions/orders/internal/execution"
)

var _ order.Workflow = (*execution.Executions)(nil)

// client is a Step Functions client made of a function.
type client func(*sfn.StartExecutionInput) error

func (c client) StartExecution(_ context.Context, in *sfn.StartExecutionInput, _ ...func(*sfn.Options)) (*sfn.StartExecutionOutput, error) {
	return &sfn.StartExecutionOutput{}, c(in)
}

var accepted = order.Order{
	OrderID: "abcdefghijklmnopqrstuvwxyz", CustomerID: "c-1", Currency: "KRW", PaymentToken: "tok_ok",
	Items: []order.Item{{SKU: "book-1", Quantity: 2, UnitPrice: 15000}}, Amount: 30000,
}

func TestStart(t *testing.T) {
	const arn = "arn:aws:states:eu-west-1:123456789012:stateMachine:orders"
	down := errors.New("down")
	for _, test := range []struct {
		name         string
		answer, want error
	}{
		{name: "started"},
		{name: "started before", answer: fmt.Errorf("operation error: %w", &types.ExecutionAlreadyExists{})},
		{name: "failure", answer: down, want: down},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := execution.New(client(func(in *sfn.StartExecutionInput) error {
				if *in.StateMachineArn != arn || *in.Name != accepted.OrderID {
					t.Errorf("got state machine %s, name %s", *in.StateMachineArn, *in.Name)
				}
				got, err := order.ParseMessage([]byte(*in.Input))
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(accepted, got); diff != "" {
					t.Errorf("input (-want +got):\n%s", diff)
				}
				return test.answer
			}), arn)
			if err := e.Start(t.Context(), accepted); !errors.Is(err, test.want) {
				t.Errorf("got error %v, want %v", err, test.want)
			}
		})
	}
}
