package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/google/go-cmp/cmp"

	"github.com/noidle/noidle/functions/internal/payment"
)

// ledger is a payment.Ledger that can only charge.
type ledger func(payment.Charge) (existed bool, err error)

func (l ledger) Charge(_ context.Context, c payment.Charge) (bool, error) { return l(c) }

func (l ledger) Refund(context.Context, string) (payment.Charge, error) {
	return payment.Charge{}, errors.New("not to be called")
}

// TestHandle invokes the handler as Lambda does, with the state of a saga.
func TestHandle(t *testing.T) {
	state, err := os.ReadFile("testdata/state.json")
	if err != nil {
		t.Fatal(err)
	}
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
				log := captureLog(t)
				h := handler{payments: payment.Service{Provider: payment.Simulator{Ledger: ledger(func(c payment.Charge) (bool, error) {
					want := payment.Charge{OrderID: "abcdefghijklmnopqrstuvwxyz", Status: payment.Charged, Amount: 30000, Currency: "KRW"}
					if diff := cmp.Diff(want, c); diff != "" {
						t.Errorf("charge (-want +got):\n%s", diff)
					}
					return test.existed, test.fate
				})}}}
				input := strings.Replace(string(state), "tok_ok", test.token, 1)
				got, err := lambda.NewHandler(h.handle).Invoke(t.Context(), []byte(input))
				if diff := cmp.Diff(test.want, string(got)); diff != "" {
					t.Errorf("result (-want +got):\n%s", diff)
				}
				checkError(t, err, test.err)
				if strings.Contains(log.String(), "tok_") {
					t.Errorf("the log shows the payment token: %s", log)
				}
			})
		})
	}
}

// checkError holds a rejection against its parts: Lambda reports it only if it is
// not wrapped.
func checkError(t *testing.T, err, want error) {
	t.Helper()
	if w, rejected := want.(messages.InvokeResponse_Error); rejected {
		got, ok := err.(messages.InvokeResponse_Error)
		if !ok || got.Type != w.Type || got.Message != w.Message {
			t.Errorf("got error %#v, want %#v", err, want)
		}
		return
	}
	if !errors.Is(err, want) {
		t.Errorf("got error %v, want %v", err, want)
	}
}

func captureLog(t *testing.T) *bytes.Buffer {
	t.Helper()
	var log bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewJSONHandler(&log, nil)))
	t.Cleanup(func() { slog.SetDefault(before) })
	return &log
}
