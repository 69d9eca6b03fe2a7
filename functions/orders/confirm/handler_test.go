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

func (f fake) Reserve(context.Context, string, []stock.Line) error { return errUnexpected }

func (f fake) Confirm(_ context.Context, orderID string) error {
	return f(orderID, nil)
}

func (f fake) Release(context.Context, string, []stock.Line) error { return errUnexpected }

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
		{name: "done", want: `{"reservation":{"orderId":"abcdefghijklmnopqrstuvwxyz","status":"CONFIRMED","lines":[{"sku":"book-1","quantity":2}]}}`},
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
				if diff := cmp.Diff([]stock.Line(nil), lines); diff != "" {
					t.Errorf("lines (-want +got):\n%s", diff)
				}
				return test.fate
			})}
			handlertest.CheckStep(t, h.handle, state, test.want, test.err)
		})
	}
}
