package main

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"

	"github.com/aws/aws-lambda-go/events"

	"github.com/noidle/noidle/functions/internal/order"
	"github.com/noidle/noidle/functions/kit/problem"
)

type handler struct{ orders order.Store }

// handle answers with the order's record. An ID that cannot be one is as unknown as
// any other.
func (h handler) handle(ctx context.Context, r events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
	id := r.PathParameters["orderId"]
	if !order.ValidID(id) {
		return notFound(), nil
	}
	record, err := h.orders.Get(ctx, id)
	if errors.Is(err, order.ErrNotFound) {
		return notFound(), nil
	}
	if err != nil {
		return unavailable(ctx, id, err), nil
	}
	body, err := json.Marshal(record)
	if err != nil {
		return unavailable(ctx, id, err), nil
	}
	return events.APIGatewayV2HTTPResponse{
		StatusCode: http.StatusOK,
		Headers:    map[string]string{"content-type": "application/json", "cache-control": "no-store"},
		Body:       string(body),
	}, nil
}

func notFound() events.APIGatewayV2HTTPResponse {
	p := problem.Problem{Status: http.StatusNotFound, Detail: "there is no order with this ID"}
	return p.Response(map[string]string{"cache-control": "no-store"})
}

func unavailable(ctx context.Context, id string, err error) events.APIGatewayV2HTTPResponse {
	slog.ErrorContext(ctx, "order not read", "orderId", id, "error", err.Error())
	p := problem.Problem{Status: http.StatusServiceUnavailable, Detail: "the order cannot be read now"}
	return p.Response(map[string]string{"cache-control": "no-store", "retry-after": "1"})
}
