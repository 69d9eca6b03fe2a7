package payment_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/noidle/noidle/functions/internal/order"
	"github.com/noidle/noidle/functions/internal/payment"
)

// memory is a Ledger in memory. It keeps the contract of the interface and counts
// the charges and refunds that moved money.
type memory struct {
	charges          map[string]payment.Charge
	charged, refunds int
	down             error // what every call returns, if set
}

func newMemory() *memory { return &memory{charges: map[string]payment.Charge{}} }

func (m *memory) Charge(_ context.Context, c payment.Charge) (bool, error) {
	old, existed := m.charges[c.OrderID]
	switch {
	case m.down != nil:
		return false, m.down
	case !existed:
		m.charges[c.OrderID] = c
		m.charged++
		return false, nil
	case old.Status != payment.Charged:
		return true, payment.ErrVoided
	case old != c:
		return true, errors.New("charged something else")
	}
	return true, nil
}

func (m *memory) Refund(_ context.Context, id string) (payment.Charge, error) {
	if m.down != nil {
		return payment.Charge{}, m.down
	}
	c, existed := m.charges[id]
	if !existed {
		c = payment.Charge{OrderID: id, Status: payment.Void}
	}
	if c.Status == payment.Charged {
		c.Status = payment.Refunded
		m.refunds++
	}
	m.charges[id] = c
	return c, nil
}

func pay(token order.Token) order.Order {
	return order.Order{OrderID: "o-1", PaymentToken: token, Amount: 30000, Currency: "KRW"}
}

const voided = "PaymentVoided: the payment was voided"

func TestPayments(t *testing.T) {
	charge := func(s payment.Service, o order.Order) (payment.Charge, error) {
		return s.Charge(context.Background(), o)
	}
	refund := func(s payment.Service, o order.Order) (payment.Charge, error) {
		return s.Refund(context.Background(), o)
	}
	type action struct {
		do   func(payment.Service, order.Order) (payment.Charge, error)
		want string // the status or the error's text
	}
	const late = "payment: order o-1: charge: payment: the provider did not answer in time"
	for _, test := range []struct {
		name             string
		token            order.Token
		actions          []action
		charged, refunds int
	}{
		{name: "ok", token: "tok_ok", actions: []action{{charge, "CHARGED"}}, charged: 1},
		{name: "ok, twice", token: "tok_ok", actions: []action{{charge, "CHARGED"}, {charge, "CHARGED"}}, charged: 1},
		{name: "declined", token: "tok_declined", actions: []action{{charge, "PaymentDeclined: payment declined"}}},
		{name: "unknown", token: "tok_stolen", actions: []action{{charge, "PaymentDeclined: payment token not known"}}},
		{name: "none", token: "", actions: []action{{charge, "PaymentDeclined: payment token not known"}}},
		{name: "late, then found in the ledger", token: "tok_timeout", actions: []action{{charge, late}, {charge, "CHARGED"}}, charged: 1},
		{name: "late, then refunded", token: "tok_timeout", actions: []action{{charge, late}, {refund, "REFUNDED"}, {charge, voided}}, charged: 1, refunds: 1},
		{name: "refund", token: "tok_ok", actions: []action{{charge, "CHARGED"}, {refund, "REFUNDED"}}, charged: 1, refunds: 1},
		{name: "refund, twice", token: "tok_ok", actions: []action{{charge, "CHARGED"}, {refund, "REFUNDED"}, {refund, "REFUNDED"}}, charged: 1, refunds: 1},
		{name: "charge after refund", token: "tok_ok", actions: []action{{charge, "CHARGED"}, {refund, "REFUNDED"}, {charge, voided}}, charged: 1, refunds: 1},
		{name: "refund before a late charge", token: "tok_ok", actions: []action{{refund, "VOID"}, {charge, voided}, {refund, "VOID"}}},
		{name: "refund of a declined charge", token: "tok_declined", actions: []action{{charge, "PaymentDeclined: payment declined"}, {refund, "VOID"}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ledger := newMemory()
				s := payment.Service{Provider: payment.Simulator{Ledger: ledger}}
				for i, a := range test.actions {
					got, err := a.do(s, pay(test.token))
					text := string(got.Status)
					if err != nil {
						text = err.Error()
					}
					if text != a.want {
						t.Errorf("action %d: got %s, want %s", i, text, a.want)
					}
				}
				if ledger.charged != test.charged || ledger.refunds != test.refunds {
					t.Errorf("charged %d times, refunded %d times, want %d and %d", ledger.charged, ledger.refunds, test.charged, test.refunds)
				}
			})
		})
	}
}

func TestChargeReturnsWhatWasCharged(t *testing.T) {
	s := payment.Service{Provider: payment.Simulator{Ledger: newMemory()}}
	got, err := s.Charge(t.Context(), pay("tok_ok"))
	if err != nil {
		t.Fatal(err)
	}
	want := payment.Charge{OrderID: "o-1", Status: payment.Charged, Amount: 30000, Currency: "KRW"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("charge (-want +got):\n%s", diff)
	}
}

func TestTimeout(t *testing.T) {
	for _, test := range []struct {
		name    string
		timeout time.Duration
		caller  time.Duration // the caller's own deadline, if not 0
		want    error
		after   time.Duration
	}{
		{name: "default", want: payment.ErrTimeout, after: 2 * time.Second},
		{name: "set", timeout: 5 * time.Second, want: payment.ErrTimeout, after: 5 * time.Second},
		{name: "the caller's deadline is nearer", caller: time.Second, want: context.DeadlineExceeded, after: time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.Background(), context.CancelFunc(func() {})
				if test.caller > 0 {
					ctx, cancel = context.WithTimeout(ctx, test.caller)
				}
				defer cancel()
				begin := time.Now()
				s := payment.Service{Provider: payment.Simulator{Ledger: newMemory()}, Timeout: test.timeout}
				_, err := s.Charge(ctx, pay("tok_timeout"))
				if !errors.Is(err, test.want) {
					t.Errorf("got error %v, want %v", err, test.want)
				}
				if got := time.Since(begin); got != test.after {
					t.Errorf("returned after %v, want %v", got, test.after)
				}
			})
		})
	}
}

// TestLedgerDown: an error of the ledger is no rejection.
func TestLedgerDown(t *testing.T) {
	down := errors.New("down")
	ledger := newMemory()
	ledger.down = down
	s := payment.Service{Provider: payment.Simulator{Ledger: ledger}}
	if _, err := s.Charge(t.Context(), pay("tok_ok")); !errors.Is(err, down) || err.Error() != "payment: order o-1: charge: down" {
		t.Errorf("charge: got error %v", err)
	}
	if _, err := s.Refund(t.Context(), pay("tok_ok")); !errors.Is(err, down) || err.Error() != "payment: order o-1: refund: down" {
		t.Errorf("refund: got error %v", err)
	}
}

func TestAnotherAmountIsNoRejection(t *testing.T) {
	ledger := newMemory()
	s := payment.Service{Provider: payment.Simulator{Ledger: ledger}}
	if _, err := s.Charge(t.Context(), pay("tok_ok")); err != nil {
		t.Fatal(err)
	}
	other := pay("tok_ok")
	other.Amount++
	if _, err := s.Charge(t.Context(), other); err == nil || err.Error() != "payment: order o-1: charge: charged something else" {
		t.Errorf("got error %v", err)
	}
}
