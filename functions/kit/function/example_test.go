package function_test

import (
	"context"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/noidle/noidle/functions/kit/batch"
	"github.com/noidle/noidle/functions/kit/function"
)

type handler struct {
	db    *dynamodb.Client
	table string
}

func (h handler) handle(ctx context.Context, e events.SQSEvent) (events.SQSEventResponse, error) {
	return batch.SQS(ctx, e, h.note)
}

func (h handler) note(context.Context, events.SQSMessage) error { return nil }

// The main of a function that drains a queue into a table.
func ExampleStart() {
	function.Start(func(cfg aws.Config, env map[string]string) (any, error) {
		return handler{db: dynamodb.NewFromConfig(cfg), table: env["NOTES_TABLE"]}.handle, nil
	}, "NOTES_TABLE")
}
