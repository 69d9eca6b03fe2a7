package main

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/noidle/noidle/functions/internal/order"
	"github.com/noidle/noidle/functions/kit/idempotency"
	"github.com/noidle/noidle/functions/kit/problem"
)

type handler struct {
	orders order.Store
	queue  order.Queue
	keys   *idempotency.Store
	now    func() time.Time
}

// receipt is the answer to an order that was accepted.
type receipt struct {
	OrderID string       `json:"orderId"`
	Status  order.Status `json:"status"`
}

// handle accepts the order, once for each idempotency key. The same order under
// the same key gets the same answer.
func (h handler) handle(ctx context.Context, r events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
	q, refusal := read(r)
	if refusal != nil {
		return refusal.Response(refusal.headers), nil
	}
	got, err := idempotency.Do(ctx, h.keys, q.key, q.draft.Canonical(), func(ctx context.Context) (receipt, error) {
		return h.accept(ctx, q)
	})
	if err != nil {
		return failed(ctx, err), nil
	}
	return accepted(ctx, got), nil
}

func (h handler) accept(ctx context.Context, q request) (receipt, error) {
	o := q.draft.Order(q.key, h.now())
	if err := order.Accept(ctx, h.queue, h.orders, o); err != nil {
		return receipt{}, err
	}
	slog.InfoContext(ctx, "order accepted", "orderId", o.OrderID)
	return receipt{OrderID: o.OrderID, Status: order.Accepted}, nil
}

// accepted tells where the order is by a relative address, which is right wherever
// the API is mounted.
func accepted(ctx context.Context, r receipt) events.APIGatewayV2HTTPResponse {
	body, err := json.Marshal(r)
	if err != nil {
		return failed(ctx, err)
	}
	return events.APIGatewayV2HTTPResponse{
		StatusCode: http.StatusAccepted,
		Headers:    map[string]string{"content-type": "application/json", "location": "orders/" + r.OrderID},
		Body:       string(body),
	}
}

// failed answers a request that was in order but not carried out. What went wrong
// inside is for the log alone.
func failed(ctx context.Context, err error) events.APIGatewayV2HTTPResponse {
	retry := map[string]string{"retry-after": "1"}
	switch {
	case errors.Is(err, idempotency.ErrPayloadMismatch):
		return problem.Problem{
			Status: http.StatusUnprocessableEntity,
			Detail: "the idempotency key was used for another order",
			Errors: []problem.FieldError{{Header: keyHeader, Detail: "used for another order"}},
		}.Response(nil)
	case errors.Is(err, idempotency.ErrInProgress):
		return problem.Problem{
			Status: http.StatusConflict,
			Detail: "a request with this idempotency key is being worked on",
		}.Response(retry)
	}
	slog.ErrorContext(ctx, "order not accepted", "error", err.Error())
	return problem.Problem{
		Status: http.StatusServiceUnavailable,
		Detail: "the order cannot be taken now; send it again with the same idempotency key",
	}.Response(retry)
}
