package main

import (
	"context"
	"errors"
	"testing"

	"github.com/noidle/noidle/functions/internal/payment"
	"github.com/noidle/noidle/functions/orders/internal/handlertest"
)

// ledger is a payment.Ledger that can only refund.
type ledger func(orderID string) (payment.Charge, error)

func (l ledger) Refund(_ context.Context, orderID string) (payment.Charge, error) {
	return l(orderID)
}

func (l ledger) Charge(context.Context, payment.Charge) (bool, error) {
	return false, errors.New("not to be called")
}

// TestHandle invokes the handler as Lambda does, with the state of a saga.
func TestHandle(t *testing.T) {
	state := handlertest.State(t)
	down := errors.New("down")
	const id = "abcdefghijklmnopqrstuvwxyz"
	for _, test := range []struct {
		name   string
		charge payment.Charge
		fate   error
		want   string
	}{
		{
			name:   "refunded",
			charge: payment.Charge{OrderID: id, Status: payment.Refunded, Amount: 30000, Currency: "KRW"},
			want:   `{"charge":{"orderId":"` + id + `","status":"REFUNDED","amount":30000,"currency":"KRW"}}`,
		},
		{
			name:   "nothing to refund",
			charge: payment.Charge{OrderID: id, Status: payment.Void},
			want:   `{"charge":{"orderId":"` + id + `","status":"VOID","amount":0,"currency":""}}`,
		},
		{name: "ledger down", fate: down},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := handler{payments: payment.Service{Provider: payment.Simulator{Ledger: ledger(func(orderID string) (payment.Charge, error) {
				if orderID != id {
					t.Errorf("refund of order %q", orderID)
				}
				return test.charge, test.fate
			})}}}
			handlertest.CheckStep(t, h.handle, state, test.want, test.fate)
		})
	}
}
