package main

import (
	"context"
	"log/slog"

	"github.com/aws/aws-lambda-go/events"

	"github.com/noidle/noidle/functions/internal/order"
	"github.com/noidle/noidle/functions/kit/batch"
)

type handler struct {
	orders   order.Store
	workflow order.Workflow
}

// handle starts every order it can and returns the other messages for redelivery. A
// message that is no order fails each time and so comes to the dead-letter queue.
func (h handler) handle(ctx context.Context, e events.SQSEvent) (events.SQSEventResponse, error) {
	return batch.SQS(ctx, e, func(ctx context.Context, m events.SQSMessage) error {
		o, err := order.ParseMessage([]byte(m.Body))
		if err != nil {
			return err
		}
		if err := order.Start(ctx, h.orders, h.workflow, o); err != nil {
			return err
		}
		slog.InfoContext(ctx, "order started", "orderId", o.OrderID)
		return nil
	})
}
