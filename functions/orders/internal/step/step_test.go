package step_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/lambda/messages"

	"github.com/noidle/noidle/functions/internal/order"
	"github.com/noidle/noidle/functions/internal/rejection"
	"github.com/noidle/noidle/functions/kit/saga"
	"github.com/noidle/noidle/functions/orders/internal/step"
)

func TestRun(t *testing.T) {
	valid := order.Order{
		OrderID: "abcdefghijklmnopqrstuvwxyz", PaymentToken: "tok_secret",
		Items: []order.Item{{SKU: "book-1", Quantity: 1}},
	}
	noItems, noID := valid, valid
	noItems.Items, noID.OrderID = nil, ""
	down := errors.New("down")
	for _, test := range []struct {
		name  string
		input order.Order
		fate  error
		want  string
		err   error // compared by value
		text  string
		log   string
	}{
		{name: "done", input: valid, want: "ok", log: `"message":"step done"`},
		{
			name: "rejected", input: valid,
			fate: fmt.Errorf("wrapped: %w", &rejection.Error{Code: "OutOfStock", Reason: "rare-1: 6 wanted, 5 left"}),
			err:  messages.InvokeResponse_Error{Type: "OutOfStock", Message: "rare-1: 6 wanted, 5 left"},
			log:  `"code":"OutOfStock","reason":"rare-1: 6 wanted, 5 left"`,
		},
		{name: "failed", input: valid, fate: down, err: down, log: `"message":"step failed","orderId":"abcdefghijklmnopqrstuvwxyz","error":"down"`},
		{name: "no order", text: `step: the input is no order: ID "", 0 items`},
		{name: "no items", input: noItems, text: `step: the input is no order: ID "abcdefghijklmnopqrstuvwxyz", 0 items`},
		{name: "no ID", input: noID, text: `step: the input is no order: ID "", 1 items`},
	} {
		t.Run(test.name, func(t *testing.T) {
			log := captureLog(t)
			called := false
			got, err := step.Run(t.Context(), saga.State[order.Order]{Input: test.input}, func(context.Context, order.Order) (string, error) {
				called = true
				return "ok", test.fate
			})
			if got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
			if test.text != "" {
				if called || err == nil || err.Error() != test.text {
					t.Errorf("called: %t, got error %v, want %s", called, err, test.text)
				}
				return
			}
			if !sameError(err, test.err) {
				t.Errorf("got error %#v, want %#v", err, test.err)
			}
			if !strings.Contains(log.String(), test.log) || strings.Contains(log.String(), "tok_secret") {
				t.Errorf("log lacks %s or shows the token: %s", test.log, log)
			}
		})
	}
}

// sameError holds a rejection against its parts: Lambda reports it only if it is
// not wrapped.
func sameError(got, want error) bool {
	if w, ok := want.(messages.InvokeResponse_Error); ok {
		g, ok := got.(messages.InvokeResponse_Error)
		return ok && g.Type == w.Type && g.Message == w.Message
	}
	return errors.Is(got, want)
}

func captureLog(t *testing.T) *bytes.Buffer {
	t.Helper()
	var log bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.MessageKey {
				a.Key = "message"
			}
			return a
		},
	})))
	t.Cleanup(func() { slog.SetDefault(before) })
	return &log
}
