package batch_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"

	"github.com/aws/aws-lambda-go/events"

	"github.com/noidle/noidle/functions/kit/batch"
)

// One message of three is refused: only it comes back.
func ExampleSQS() {
	slog.SetDefault(slog.New(slog.DiscardHandler))
	event := events.SQSEvent{Records: []events.SQSMessage{
		{MessageId: "m-1", Body: "good"},
		{MessageId: "m-2", Body: "bad"},
		{MessageId: "m-3", Body: "good"},
	}}
	handler := func(ctx context.Context, e events.SQSEvent) (events.SQSEventResponse, error) {
		return batch.SQS(ctx, e, func(_ context.Context, m events.SQSMessage) error {
			if m.Body == "bad" {
				return errors.New("cannot read it")
			}
			return nil
		})
	}

	response, err := handler(context.Background(), event)
	if err != nil {
		panic(err)
	}
	text, err := json.Marshal(response)
	if err != nil {
		panic(err)
	}
	fmt.Println(string(text))
	// Output: {"batchItemFailures":[{"itemIdentifier":"m-2"}]}
}
