// Package step runs a step of the order saga: it hands the order to the domain
// and tells the state machine what came of it.
package step

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/noidle/noidle/functions/internal/order"
	"github.com/noidle/noidle/functions/internal/rejection"
	"github.com/noidle/noidle/functions/kit/saga"
)

// Run calls do with the order that the saga is about and returns its result. A
// [*rejection.Error] becomes the error that [saga.Reject] returns. An input that has
// no valid order ID or no items is an error.
func Run[R any](ctx context.Context, s saga.State[order.Order], do func(context.Context, order.Order) (R, error)) (R, error) {
	var none R
	o := s.Input
	if !order.ValidID(o.OrderID) || len(o.Items) == 0 {
		return none, fmt.Errorf("step: the input is no order: ID %.40q, %d items", o.OrderID, len(o.Items))
	}
	result, err := do(ctx, o)
	if r, rejected := errors.AsType[*rejection.Error](err); rejected {
		slog.InfoContext(ctx, "step rejected", "orderId", o.OrderID, "code", r.Code, "reason", r.Reason)
		return none, saga.Reject(r.Code, r.Reason)
	}
	if err != nil {
		slog.ErrorContext(ctx, "step failed", "orderId", o.OrderID, "error", err.Error())
		return none, err
	}
	slog.InfoContext(ctx, "step done", "orderId", o.OrderID, "result", result)
	return result, nil
}
