package payment

import (
	"context"

	"github.com/noidle/noidle/functions/internal/order"
	"github.com/noidle/noidle/functions/internal/rejection"
)

// The tokens that a [Simulator] knows. It declines all others.
const (
	TokenOK       order.Token = "tok_ok"       // is charged
	TokenDeclined order.Token = "tok_declined" // is declined
	TokenTimeout  order.Token = "tok_timeout"  // is charged; the first answer does not come in time
)

// Ledger remembers charges.
type Ledger interface {
	// Charge notes the charge as CHARGED. It reports whether it was noted before. It
	// returns ErrVoided if the order was refunded or barred, and another error if it was
	// charged something else.
	Charge(ctx context.Context, c Charge) (existed bool, err error)
	// Refund notes a charge that is CHARGED as REFUNDED, one that does not exist as
	// VOID, and leaves others. It returns the charge as it is then.
	Refund(ctx context.Context, orderID string) (Charge, error)
}

// Simulator is a [Provider] that moves no money: it decides by the payment token
// and remembers its charges in a ledger.
type Simulator struct {
	Ledger Ledger
}

// Charge decides by the order's payment token. With [TokenTimeout], the charge is
// made, but the answer to the first attempt does not come before ctx ends.
func (s Simulator) Charge(ctx context.Context, o order.Order) error {
	switch o.PaymentToken {
	case TokenOK, TokenTimeout:
	case TokenDeclined:
		return &rejection.Error{Code: PaymentDeclined, Reason: "payment declined"}
	default:
		return &rejection.Error{Code: PaymentDeclined, Reason: "payment token not known"}
	}
	existed, err := s.Ledger.Charge(ctx, Charge{
		OrderID: o.OrderID, Status: Charged, Amount: o.Amount, Currency: o.Currency,
	})
	if err != nil {
		return err
	}
	if o.PaymentToken == TokenTimeout && !existed {
		<-ctx.Done()
		return ctx.Err()
	}
	return nil
}

// Refund refunds or bars the order's charge.
func (s Simulator) Refund(ctx context.Context, o order.Order) (Charge, error) {
	return s.Ledger.Refund(ctx, o.OrderID)
}
