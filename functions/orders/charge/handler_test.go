package main

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/google/go-cmp/cmp"

	"github.com/noidle/noidle/functions/internal/payment"
	"github.com/noidle/noidle/functions/orders/internal/handlertest"
)

// ledger is a payment.Ledger that can only charge.
type ledger func(payment.Charge) (existed bool, err error)

func (l ledger) Charge(_ context.Context, c payment.Charge) (bool, error) { return l(c) }

func (l ledger) Refund(context.Context, string) (payment.Charge, error) {
	return payment.Charge{}, errors.New("not to be called")
}

// TestHandle invokes the handler as Lambda does, with the state of a saga.
func TestHandle(t *testing.T) {
	state := handlertest.State(t)
	down := errors.New("down")
	const charged = `{"charge":{"orderId":"abcdefghijklmnopqrstuvwxyz","status":"CHARGED","amount":30000,"currency":"KRW"}}`
	for _, test := range []struct {
		name    string
		token   string
		existed bool
		fate    error
		want    string
		err     error
	}{
		{name: "charged", token: "tok_ok", want: charged},
		{name: "charged before", token: "tok_ok", existed: true, want: charged},
		{name: "late", token: "tok_timeout", err: payment.ErrTimeout},
		{name: "late, charged before", token: "tok_timeout", existed: true, want: charged},
		{name: "declined", token: "tok_declined", err: messages.InvokeResponse_Error{Type: "PaymentDeclined", Message: "payment declined"}},
		{name: "unknown token", token: "tok_x", err: messages.InvokeResponse_Error{Type: "PaymentDeclined", Message: "payment token not known"}},
		{name: "voided", token: "tok_ok", fate: payment.ErrVoided, err: messages.InvokeResponse_Error{Type: "PaymentVoided", Message: "the payment was voided"}},
		{name: "ledger down", token: "tok_ok", fate: down, err: down},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := handler{payments: payment.Service{Provider: payment.Simulator{Ledger: ledger(func(c payment.Charge) (bool, error) {
					want := payment.Charge{OrderID: "abcdefghijklmnopqrstuvwxyz", Status: payment.Charged, Amount: 30000, Currency: "KRW"}
					if diff := cmp.Diff(want, c); diff != "" {
						t.Errorf("charge (-want +got):\n%s", diff)
					}
					return test.existed, test.fate
				})}}}
				handlertest.CheckStep(t, h.handle, strings.Replace(state, "tok_ok", test.token, 1), test.want, test.err)
			})
		})
	}
}
