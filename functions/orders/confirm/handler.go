package main

import (
	"context"

	"github.com/noidle/noidle/functions/internal/order"
	"github.com/noidle/noidle/functions/internal/stock"
	"github.com/noidle/noidle/functions/kit/saga"
	"github.com/noidle/noidle/functions/orders/internal/step"
)

type handler struct{ store stock.Store }

// result is what the step returns.
type result struct {
	Reservation stock.Reservation `json:"reservation"`
}

// handle makes the order's reservation final.
func (h handler) handle(ctx context.Context, s saga.State[order.Order]) (result, error) {
	return step.Run(ctx, s, func(ctx context.Context, o order.Order) (result, error) {
		r, err := stock.Confirm(ctx, h.store, o)
		return result{Reservation: r}, err
	})
}
