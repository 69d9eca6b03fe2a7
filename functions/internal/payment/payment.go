// Package payment is the domain of payments: an order is charged, and refunded if
// it fails later. The provider is simulated, see [Simulator].
//
// A charge is known by its order's ID. Whatever is repeated, and in whatever order
// it arrives, an order is charged at most once, refunded at most once, and not
// charged any more after its refund.
package payment

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/noidle/noidle/functions/internal/order"
	"github.com/noidle/noidle/functions/internal/rejection"
)

// The codes of the rejections.
const (
	PaymentDeclined = "PaymentDeclined" // the provider refuses the charge
	PaymentVoided   = "PaymentVoided"   // the order was refunded, or its charge barred
)

// Status is the state of a charge.
type Status string

// The statuses of a charge. Only CHARGED may change, to REFUNDED.
const (
	Charged  Status = "CHARGED"
	Refunded Status = "REFUNDED"
	Void     Status = "VOID" // barred before it was charged
)

// Charge is what an order was charged.
type Charge struct {
	OrderID string `json:"orderId"`
	Status  Status `json:"status"`
	// Amount is in minor units of Currency. A charge that is VOID has none.
	Amount   int64  `json:"amount"`
	Currency string `json:"currency"`
}

var (
	// ErrTimeout means that the provider did not answer in time. Whether it charged is
	// not known; charging again settles it.
	ErrTimeout = errors.New("payment: the provider did not answer in time")
	// ErrVoided means that the order was refunded, or its charge barred.
	ErrVoided = errors.New("payment: the charge was voided")
)

// Provider charges means of payment.
type Provider interface {
	// Charge charges the order's amount, once for the order's ID. It returns nil if that
	// was done before, a *rejection.Error if the provider refuses, and ErrVoided after
	// Refund. When ctx ends, it returns an error; the charge may have been made.
	Charge(ctx context.Context, o order.Order) error
	// Refund gives back what the order was charged, once. If it was not charged, it is
	// barred from being charged. It returns what became of the charge.
	Refund(ctx context.Context, o order.Order) (Charge, error)
}

// defaultTimeout is how long [Service] waits for the provider.
const defaultTimeout = 2 * time.Second

// Service charges and refunds orders.
type Service struct {
	// Provider is asked to. Required.
	Provider Provider
	// Timeout is how long to wait for the answer to a charge. Zero means 2 seconds.
	Timeout time.Duration
}

// Charge charges the order's amount. It returns a [*rejection.Error] with the code
// PaymentDeclined or PaymentVoided if that cannot be, and [ErrTimeout] if the
// provider does not answer in time: the charge is to be repeated.
func (s Service) Charge(ctx context.Context, o order.Order) (Charge, error) {
	timeout := s.Timeout
	if timeout == 0 {
		timeout = defaultTimeout
	}
	waiting, cancel := context.WithTimeoutCause(ctx, timeout, ErrTimeout)
	defer cancel()

	err := s.Provider.Charge(waiting, o)
	if _, refused := errors.AsType[*rejection.Error](err); refused {
		return Charge{}, err
	}
	switch {
	case errors.Is(err, ErrVoided):
		return Charge{}, &rejection.Error{Code: PaymentVoided, Reason: "the payment was voided"}
	case err != nil && waiting.Err() != nil:
		return Charge{}, fmt.Errorf("payment: order %s: charge: %w", o.OrderID, context.Cause(waiting))
	case err != nil:
		return Charge{}, fmt.Errorf("payment: order %s: charge: %w", o.OrderID, err)
	}
	return Charge{OrderID: o.OrderID, Status: Charged, Amount: o.Amount, Currency: o.Currency}, nil
}

// Refund gives back what the order was charged, if it was, and bars it from being
// charged later. It is the compensation of Charge and never rejects.
func (s Service) Refund(ctx context.Context, o order.Order) (Charge, error) {
	c, err := s.Provider.Refund(ctx, o)
	if err != nil {
		return Charge{}, fmt.Errorf("payment: order %s: refund: %w", o.OrderID, err)
	}
	return c, nil
}
