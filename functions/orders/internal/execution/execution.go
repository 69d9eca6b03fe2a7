// Package execution processes orders as executions of a Step Functions state
// machine.
package execution

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"github.com/noidle/noidle/functions/internal/order"
)

// Client is the part of the Step Functions client that [Executions] uses.
type Client interface {
	StartExecution(context.Context, *sfn.StartExecutionInput, ...func(*sfn.Options)) (*sfn.StartExecutionOutput, error)
}

// Executions is an [order.Workflow]: a standard state machine. An execution has the
// order's ID as its name. It needs states:StartExecution.
type Executions struct {
	client Client
	arn    string
}

// New returns the Executions of the state machine with the ARN.
func New(client Client, arn string) *Executions { return &Executions{client: client, arn: arn} }

// Start starts the order's execution with the order as its input. If there is one of
// that name, running or ended within the last 90 days, it returns nil
// (https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html).
func (e *Executions) Start(ctx context.Context, o order.Order) error {
	input, err := json.Marshal(o)
	if err != nil {
		return fmt.Errorf("execution: %w", err)
	}
	_, err = e.client.StartExecution(ctx, &sfn.StartExecutionInput{
		StateMachineArn: aws.String(e.arn),
		Name:            aws.String(o.OrderID),
		Input:           aws.String(string(input)),
	})
	if _, exists := errors.AsType[*types.ExecutionAlreadyExists](err); exists {
		return nil
	}
	return err
}
