package table_test

import (
	"errors"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/noidle/noidle/functions/internal/payment"
	"github.com/noidle/noidle/functions/orders/internal/table"
)

var _ payment.Ledger = (*table.Ledger)(nil)

var charge = payment.Charge{OrderID: "o-1", Status: payment.Charged, Amount: 30000, Currency: "KRW"}

// entry is the JSON of the ledger's entry of the charge with a status.
func entry(status string) string {
	return `{"orderId":{"S":"o-1"},"status":{"S":"` + status + `"},"amount":{"N":"30000"},"currency":{"S":"KRW"},"at":{"S":"2026-03-01T12:00:00.000Z"}}`
}

const barred = `{"orderId":{"S":"o-1"},"status":{"S":"VOID"},"at":{"S":"2026-03-01T12:00:00.000Z"}}`

// TestLedgerRequests runs in a bubble, where the time is known.
func TestLedgerRequests(t *testing.T) {
	for _, test := range []struct {
		name    string
		answers []answer
		do      func(*testing.T, *table.Ledger) error
	}{
		{"ledger_charge", []answer{success}, func(t *testing.T, l *table.Ledger) error {
			_, err := l.Charge(t.Context(), charge)
			return err
		}},
		{"ledger_refund", []answer{{200, `{"Attributes":` + entry("REFUNDED") + `}`}}, func(t *testing.T, l *table.Ledger) error {
			_, err := l.Refund(t.Context(), "o-1")
			return err
		}},
		{"ledger_refund_nothing", []answer{refused(""), success}, func(t *testing.T, l *table.Ledger) error {
			_, err := l.Refund(t.Context(), "o-1")
			return err
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{answers: test.answers}
				if err := test.do(t, table.NewLedger(f.client(), "ledger")); err != nil {
					t.Fatal(err)
				}
				f.match(t, test.name)
			})
		})
	}
}

func TestLedgerChargeAnswers(t *testing.T) {
	for _, test := range []struct {
		name    string
		charge  payment.Charge
		answer  answer
		existed bool
		voided  bool
		err     string
	}{
		{name: "charged", charge: charge, answer: success},
		{name: "charged before", charge: charge, answer: refused(entry("CHARGED")), existed: true},
		{name: "refunded before", charge: charge, answer: refused(entry("REFUNDED")), existed: true, voided: true},
		{name: "barred before", charge: charge, answer: refused(barred), existed: true, voided: true},
		{
			name: "another amount", charge: payment.Charge{OrderID: "o-1", Amount: 1, Currency: "KRW"},
			answer: refused(entry("CHARGED")), existed: true, err: "table: charged 30000 KRW before, not 1 KRW",
		},
		{
			name: "another currency", charge: payment.Charge{OrderID: "o-1", Amount: 30000, Currency: "EUR"},
			answer: refused(entry("CHARGED")), existed: true, err: "table: charged 30000 KRW before, not 30000 EUR",
		},
		{name: "unknown status", charge: charge, answer: refused(entry("ODD")), existed: true, err: `attribute "status" is no status of a charge`},
		{name: "refused without an entry", charge: charge, answer: refused(""), existed: true, err: `attribute "orderId" is no string`},
		{name: "failure", charge: charge, answer: failure, err: "no such table"},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := &fake{answers: []answer{test.answer}}
			existed, err := table.NewLedger(f.client(), "ledger").Charge(t.Context(), test.charge)
			if existed != test.existed {
				t.Errorf("existed: got %t, want %t", existed, test.existed)
			}
			if test.voided {
				if !errors.Is(err, payment.ErrVoided) {
					t.Errorf("got error %v, want ErrVoided", err)
				}
				return
			}
			checkError(t, err, test.err)
		})
	}
}

func TestLedgerRefundAnswers(t *testing.T) {
	refunded := payment.Charge{OrderID: "o-1", Status: payment.Refunded, Amount: 30000, Currency: "KRW"}
	void := payment.Charge{OrderID: "o-1", Status: payment.Void}
	done := answer{200, `{"Attributes":` + entry("REFUNDED") + `}`}
	for _, test := range []struct {
		name    string
		answers []answer
		want    payment.Charge
		calls   int
		err     string
	}{
		{name: "refunded", answers: []answer{done}, want: refunded, calls: 1},
		{name: "refunded before", answers: []answer{refused(entry("REFUNDED"))}, want: refunded, calls: 1},
		{name: "barred before", answers: []answer{refused(barred)}, want: void, calls: 1},
		{name: "nothing charged", answers: []answer{refused(""), success}, want: void, calls: 2},
		{name: "charged in between", answers: []answer{refused(""), refused(""), done}, want: refunded, calls: 3},
		{
			name:    "contradictory answers end",
			answers: []answer{refused(""), refused(""), refused(""), refused(""), refused(""), refused("")},
			calls:   6, err: "table: the charge of order o-1 changes all the time",
		},
		{name: "failure", answers: []answer{failure}, calls: 1, err: "no such table"},
		{name: "failure to bar", answers: []answer{refused(""), failure}, calls: 2, err: "no such table"},
		{name: "no attributes", answers: []answer{success}, calls: 1, err: `attribute "orderId" is no string`},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := &fake{answers: test.answers}
			got, err := table.NewLedger(f.client(), "ledger").Refund(t.Context(), "o-1")
			checkError(t, err, test.err)
			if diff := cmp.Diff(test.want, got); err == nil && diff != "" {
				t.Errorf("charge (-want +got):\n%s", diff)
			}
			if len(f.requests) != test.calls {
				t.Errorf("%d requests (%s), want %d", len(f.requests), f.operations(), test.calls)
			}
		})
	}
}
