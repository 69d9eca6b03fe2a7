package table_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/noidle/noidle/functions/internal/stock"
	"github.com/noidle/noidle/functions/orders/internal/table"
)

var _ stock.Store = (*table.Stock)(nil)

// lines are two of which there may be enough, and one of which there never is
// until the stock is raised.
var lines = []stock.Line{
	{SKU: "book-1", Quantity: 2, Initial: 1000000},
	{SKU: "rare-1", Quantity: 5, Initial: 5},
	{SKU: "rare-2", Quantity: 6, Initial: 5},
}

// note is the JSON of a noted reservation of lines with a status.
func note(status string) string {
	return `{"id":{"S":"order#o-1"},"status":{"S":"` + status + `"},"lines":{"L":[` +
		`{"M":{"sku":{"S":"book-1"},"quantity":{"N":"2"}}},` +
		`{"M":{"sku":{"S":"rare-1"},"quantity":{"N":"5"}}},` +
		`{"M":{"sku":{"S":"rare-2"},"quantity":{"N":"6"}}}]}}`
}

const (
	conditionFailed = "ConditionalCheckFailed"
	tombstone       = `{"id":{"S":"order#o-1"},"status":{"S":"RELEASED"}}`
	odd             = `{"id":{"S":"order#o-1"},"status":{"S":"ODD"}}`
)

func TestStockRequests(t *testing.T) {
	for _, test := range []struct {
		name    string
		answers []answer
		do      func(*table.Stock) error
	}{
		{"stock_reserve", []answer{success}, func(s *table.Stock) error { return s.Reserve(t.Context(), "o-1", lines) }},
		{"stock_confirm", []answer{success}, func(s *table.Stock) error { return s.Confirm(t.Context(), "o-1") }},
		{"stock_release", []answer{success}, func(s *table.Stock) error { return s.Release(t.Context(), "o-1", lines) }},
		{
			"stock_release_nothing", []answer{cancelled(conditionFailed, "None", "None", "None"), success},
			func(s *table.Stock) error { return s.Release(t.Context(), "o-1", lines) },
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := &fake{answers: test.answers}
			if err := test.do(table.NewStock(f.client(), "stock")); err != nil {
				t.Fatal(err)
			}
			f.match(t, test.name)
		})
	}
}

func TestStockReserveAnswers(t *testing.T) {
	short := func(shortages ...stock.Shortage) error { return &stock.ShortageError{Shortages: shortages} }
	for _, test := range []struct {
		name   string
		answer answer
		want   error  // compared by value
		err    string // or by text
	}{
		{name: "reserved", answer: success},
		{name: "reserved before", answer: cancelled(conditionFailed+" "+note("RESERVED"), "None", "None", "None")},
		{
			name:   "reserved before, which took the last",
			answer: cancelled(conditionFailed+" "+note("RESERVED"), "None", conditionFailed+` {"id":{"S":"sku#rare-1"},"available":{"N":"0"}}`, conditionFailed),
		},
		{name: "confirmed before", answer: cancelled(conditionFailed+" "+note("CONFIRMED"), "None", "None", "None")},
		{name: "released before", answer: cancelled(conditionFailed+" "+note("RELEASED"), "None", "None", "None"), want: stock.ErrReleased},
		{name: "barred before", answer: cancelled(conditionFailed+" "+tombstone, "None", "None", "None"), want: stock.ErrReleased},
		{
			name:   "short, of what was never reserved",
			answer: cancelled("None", "None", "None", conditionFailed),
			want:   short(stock.Shortage{SKU: "rare-2", Wanted: 6, Left: 5}),
		},
		{
			name: "short of two",
			answer: cancelled("None", "None", conditionFailed+` {"id":{"S":"sku#rare-1"},"available":{"N":"4"}}`,
				conditionFailed+` {"id":{"S":"sku#rare-2"},"available":{"N":"0"}}`),
			want: short(stock.Shortage{SKU: "rare-1", Wanted: 5, Left: 4}, stock.Shortage{SKU: "rare-2", Wanted: 6, Left: 0}),
		},
		{
			name:   "short of one, conflict on another",
			answer: cancelled("None", "TransactionConflict", "None", conditionFailed),
			want:   short(stock.Shortage{SKU: "rare-2", Wanted: 6, Left: 5}),
		},
		{
			name:   "short, but another attempt is under way",
			answer: cancelled("TransactionConflict", "None", "None", conditionFailed),
			err:    "table: transaction cancelled; order#o-1: TransactionConflict; sku#rare-2: ConditionalCheckFailed",
		},
		{name: "conflict", answer: cancelled("None", "TransactionConflict", "None", "None"), err: "table: transaction cancelled; sku#book-1: TransactionConflict"},
		{name: "conflict on the order", answer: cancelled("TransactionConflict", "None", "None", "None"), err: "order#o-1: TransactionConflict"},
		{name: "throttled", answer: cancelled("None", "None", "ThrottlingError", "None"), err: "sku#rare-1: ThrottlingError"},
		{name: "over capacity", answer: cancelled("None", "None", "ProvisionedThroughputExceeded", "None"), err: "sku#rare-1: ProvisionedThroughputExceeded"},
		{name: "not valid", answer: cancelled("None", "ValidationError", "None", "None"), err: "sku#book-1: ValidationError"},
		{name: "collection too large", answer: cancelled("None", "ItemCollectionSizeLimitExceeded", "None", "None"), err: "sku#book-1: ItemCollectionSizeLimitExceeded"},
		{name: "fewer reasons than actions", answer: cancelled(conditionFailed), err: "TransactionCanceledException"},
		{name: "failure", answer: failure, err: "no such table"},
		{name: "unknown status", answer: cancelled(conditionFailed+" "+odd, "None", "None", "None"), err: `table: order#o-1 has the unknown status "ODD"`},
		{
			name:   "other lines",
			answer: cancelled(conditionFailed+` {"id":{"S":"order#o-1"},"status":{"S":"RESERVED"},"lines":{"L":[{"M":{"sku":{"S":"book-1"},"quantity":{"N":"2"}}}]}}`, "None", "None", "None"),
			err:    "table: order#o-1 has reserved other lines",
		},
		{
			name:   "no lines",
			answer: cancelled(conditionFailed+` {"id":{"S":"order#o-1"},"status":{"S":"RESERVED"}}`, "None", "None", "None"),
			err:    `table: attribute "lines" is no list`,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := &fake{answers: []answer{test.answer}}
			err := table.NewStock(f.client(), "stock").Reserve(t.Context(), "o-1", lines)
			if test.want != nil {
				checkSame(t, err, test.want)
				return
			}
			checkError(t, err, test.err)
		})
	}
}

// checkSame holds an error against another, a shortage by its lines.
func checkSame(t *testing.T, err, want error) {
	t.Helper()
	if w, ok := want.(*stock.ShortageError); ok {
		got, _ := errors.AsType[*stock.ShortageError](err)
		if diff := cmp.Diff(w, got); diff != "" {
			t.Errorf("error %v: shortage (-want +got):\n%s", err, diff)
		}
		return
	}
	if !errors.Is(err, want) {
		t.Errorf("got error %v, want %v", err, want)
	}
}

func TestStockConfirmAnswers(t *testing.T) {
	for _, test := range []struct {
		name   string
		answer answer
		want   error
		err    string
	}{
		{name: "confirmed, now or before", answer: success},
		{name: "released", answer: refused(note("RELEASED")), want: stock.ErrReleased},
		{name: "barred", answer: refused(tombstone), want: stock.ErrReleased},
		{name: "not reserved", answer: refused(""), want: stock.ErrNotReserved},
		{name: "unknown status", answer: refused(odd), err: `table: order#o-1 has the unknown status "ODD"`},
		{name: "failure", answer: failure, err: "no such table"},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := &fake{answers: []answer{test.answer}}
			err := table.NewStock(f.client(), "stock").Confirm(t.Context(), "o-1")
			if test.want != nil {
				checkSame(t, err, test.want)
				return
			}
			checkError(t, err, test.err)
		})
	}
}

func TestStockReleaseAnswers(t *testing.T) {
	nothing := cancelled(conditionFailed, "None", "None", "None")
	for _, test := range []struct {
		name       string
		answers    []answer
		operations string
		err        string
	}{
		{name: "released", answers: []answer{success}, operations: "TransactWriteItems"},
		{
			name:       "released before",
			answers:    []answer{cancelled(conditionFailed+" "+note("RELEASED"), "None", "None", "None")},
			operations: "TransactWriteItems",
		},
		{
			name:       "barred before",
			answers:    []answer{cancelled(conditionFailed+" "+tombstone, "None", "None", "None")},
			operations: "TransactWriteItems",
		},
		{name: "nothing reserved", answers: []answer{nothing, success}, operations: "TransactWriteItems UpdateItem"},
		{
			name:       "reserved in between",
			answers:    []answer{nothing, refused(""), success},
			operations: "TransactWriteItems UpdateItem TransactWriteItems",
		},
		{
			name:       "contradictory answers end",
			answers:    []answer{nothing, refused(""), nothing, refused(""), nothing, refused("")},
			operations: "TransactWriteItems UpdateItem TransactWriteItems UpdateItem TransactWriteItems UpdateItem",
			err:        "table: order#o-1 changes all the time",
		},
		{
			name:       "conflict",
			answers:    []answer{cancelled("None", "None", "TransactionConflict", "None")},
			operations: "TransactWriteItems", err: "table: transaction cancelled; sku#rare-1: TransactionConflict",
		},
		{
			name:       "conflict on the order",
			answers:    []answer{cancelled("TransactionConflict", "None", "None", "None")},
			operations: "TransactWriteItems", err: "order#o-1: TransactionConflict",
		},
		{
			name:       "unknown status",
			answers:    []answer{cancelled(conditionFailed+" "+odd, "None", "None", "None")},
			operations: "TransactWriteItems", err: `table: order#o-1 has the unknown status "ODD"`,
		},
		{name: "failure", answers: []answer{failure}, operations: "TransactWriteItems", err: "no such table"},
		{name: "failure to bar", answers: []answer{nothing, failure}, operations: "TransactWriteItems UpdateItem", err: "no such table"},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := &fake{answers: test.answers}
			err := table.NewStock(f.client(), "stock").Release(t.Context(), "o-1", lines)
			checkError(t, err, test.err)
			if got := f.operations(); got != test.operations {
				t.Errorf("got operations %s, want %s", got, test.operations)
			}
		})
	}
}
