package main

import (
	"context"

	"github.com/noidle/noidle/functions/internal/order"
	"github.com/noidle/noidle/functions/internal/payment"
	"github.com/noidle/noidle/functions/kit/saga"
	"github.com/noidle/noidle/functions/orders/internal/step"
)

type handler struct{ payments payment.Service }

// result is what the step returns.
type result struct {
	Charge payment.Charge `json:"charge"`
}

// handle charges the order's payment.
func (h handler) handle(ctx context.Context, s saga.State[order.Order]) (result, error) {
	return step.Run(ctx, s, func(ctx context.Context, o order.Order) (result, error) {
		c, err := h.payments.Charge(ctx, o)
		return result{Charge: c}, err
	})
}
