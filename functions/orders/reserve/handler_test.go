package main

import (
	"context"
	"errors"
	"testing"

	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/google/go-cmp/cmp"

	"github.com/noidle/noidle/functions/internal/stock"
	"github.com/noidle/noidle/functions/orders/internal/handlertest"
)

// fake is a stock.Store made of a function, for the one call that the handler makes.
type fake func(orderID string, lines []stock.Line) error

func (f fake) Reserve(_ context.Context, orderID string, lines []stock.Line) error {
	return f(orderID, lines)
}

func (f fake) Confirm(context.Context, string) error { return errUnexpected }

// Release bars a reservation that was rejected.
func (f fake) Release(context.Context, string, []stock.Line) error { return nil }

var (
	errDown       = errors.New("down")
	errUnexpected = errors.New("not to be called")
)

// TestHandle invokes the handler as Lambda does, with the state of a saga.
func TestHandle(t *testing.T) {
	state := handlertest.State(t)
	for _, test := range []struct {
		name string
		fate error
		want string
		err  error
	}{
		{name: "done", want: `{"reservation":{"orderId":"abcdefghijklmnopqrstuvwxyz","status":"RESERVED","lines":[{"sku":"book-1","quantity":2}]}}`},
		{
			name: "out of stock", fate: &stock.ShortageError{Shortages: []stock.Shortage{{SKU: "book-1", Wanted: 2, Left: 1}}},
			err: messages.InvokeResponse_Error{Type: "OutOfStock", Message: "book-1: 2 wanted, 1 left"},
		},
		{
			name: "released", fate: stock.ErrReleased,
			err: messages.InvokeResponse_Error{Type: "ReservationReleased", Message: "the reservation was released"},
		},
		{name: "store down", fate: errDown, err: errDown},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := handler{store: fake(func(orderID string, lines []stock.Line) error {
				if orderID != "abcdefghijklmnopqrstuvwxyz" {
					t.Errorf("got order %q", orderID)
				}
				if diff := cmp.Diff([]stock.Line{{SKU: "book-1", Quantity: 2, Initial: 1000000}}, lines); diff != "" {
					t.Errorf("lines (-want +got):\n%s", diff)
				}
				return test.fate
			})}
			handlertest.CheckStep(t, h.handle, state, test.want, test.err)
		})
	}
}
