package stock

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/noidle/noidle/functions/internal/order"
	"github.com/noidle/noidle/functions/internal/rejection"
)

// memory is a Store in memory. It keeps the contract of the interface.
type memory struct {
	taken        map[string]int
	reservations map[string]Status
	down         error // what every call returns, if set
}

func newMemory() *memory {
	return &memory{taken: map[string]int{}, reservations: map[string]Status{}}
}

func (m *memory) Reserve(_ context.Context, id string, lines []Line) error {
	switch status, ok := m.reservations[id]; {
	case m.down != nil:
		return m.down
	case status == Released:
		return ErrReleased
	case ok:
		return nil
	}
	var short []Shortage
	for _, l := range lines {
		if left := l.Initial - m.taken[l.SKU]; left < l.Quantity {
			short = append(short, Shortage{SKU: l.SKU, Wanted: l.Quantity, Left: left})
		}
	}
	if short != nil {
		return &ShortageError{Shortages: short}
	}
	for _, l := range lines {
		m.taken[l.SKU] += l.Quantity
	}
	m.reservations[id] = Reserved
	return nil
}

func (m *memory) Confirm(_ context.Context, id string) error {
	switch status, ok := m.reservations[id]; {
	case m.down != nil:
		return m.down
	case !ok:
		return ErrNotReserved
	case status == Released:
		return ErrReleased
	}
	m.reservations[id] = Confirmed
	return nil
}

func (m *memory) Release(_ context.Context, id string, lines []Line) error {
	if m.down != nil {
		return m.down
	}
	if status, ok := m.reservations[id]; ok && status != Released {
		for _, l := range lines {
			m.taken[l.SKU] -= l.Quantity
		}
	}
	m.reservations[id] = Released
	return nil
}

// buy is an order for quantities of SKUs: pairs of them.
func buy(id string, pairs ...any) order.Order {
	o := order.Order{OrderID: id}
	for i := 0; i < len(pairs); i += 2 {
		o.Items = append(o.Items, order.Item{SKU: pairs[i].(string), Quantity: pairs[i+1].(int)})
	}
	return o
}

// action is one of the domain's verbs on an order.
type action struct {
	do    func(context.Context, Store, order.Order) (Reservation, error)
	order order.Order
	// want is the status or the rejection's text.
	want string
}

func TestReservations(t *testing.T) {
	three, four, six := buy("o-3", "rare-1", 3), buy("o-4", "rare-1", 4), buy("o-6", "rare-1", 6)
	for _, test := range []struct {
		name    string
		actions []action
		taken   map[string]int
	}{
		{
			name:    "reserve and confirm",
			actions: []action{{Reserve, three, "RESERVED"}, {Confirm, three, "CONFIRMED"}},
			taken:   map[string]int{"rare-1": 3},
		},
		{
			name:    "everything twice",
			actions: []action{{Reserve, three, "RESERVED"}, {Reserve, three, "RESERVED"}, {Confirm, three, "CONFIRMED"}, {Confirm, three, "CONFIRMED"}},
			taken:   map[string]int{"rare-1": 3},
		},
		{
			name:    "reserve after confirm",
			actions: []action{{Reserve, three, "RESERVED"}, {Confirm, three, "CONFIRMED"}, {Reserve, three, "RESERVED"}},
			taken:   map[string]int{"rare-1": 3},
		},
		{
			name:    "more than there is",
			actions: []action{{Reserve, six, "OutOfStock: rare-1: 6 wanted, 5 left"}},
		},
		{
			name:    "more than is left",
			actions: []action{{Reserve, three, "RESERVED"}, {Reserve, four, "OutOfStock: rare-1: 4 wanted, 2 left"}},
			taken:   map[string]int{"rare-1": 3},
		},
		{
			name:    "lines of one sku are one",
			actions: []action{{Reserve, buy("o", "rare-1", 3, "book-1", 1, "rare-1", 3), "OutOfStock: rare-1: 6 wanted, 5 left"}},
		},
		{
			name:    "all or nothing, all shortages",
			actions: []action{{Reserve, buy("o", "rare-1", 6, "book-1", 1000001, "book-2", 1), "OutOfStock: rare-1: 6 wanted, 5 left; book-1: 1000001 wanted, 1000000 left"}},
		},
		{
			name: "a late attempt takes nothing after out of stock",
			actions: []action{
				{Reserve, three, "RESERVED"}, {Reserve, four, "OutOfStock: rare-1: 4 wanted, 2 left"}, {Release, three, "RELEASED"},
				{Reserve, four, "ReservationReleased: the reservation was released"},
			},
			taken: map[string]int{"rare-1": 0},
		},
		{
			name:    "unknown items, nothing taken",
			actions: []action{{Reserve, buy("o", "no-such", 1, "book-1", 1, "nor-this", 1), "UnknownItem: no-such: not in the catalogue; nor-this: not in the catalogue"}},
		},
		{
			name:    "release gives back",
			actions: []action{{Reserve, three, "RESERVED"}, {Release, three, "RELEASED"}},
			taken:   map[string]int{"rare-1": 0},
		},
		{
			name:    "release gives back once",
			actions: []action{{Reserve, three, "RESERVED"}, {Release, three, "RELEASED"}, {Release, three, "RELEASED"}},
			taken:   map[string]int{"rare-1": 0},
		},
		{
			name:    "release after confirm",
			actions: []action{{Reserve, three, "RESERVED"}, {Confirm, three, "CONFIRMED"}, {Release, three, "RELEASED"}},
			taken:   map[string]int{"rare-1": 0},
		},
		{
			name:    "release before a late reserve",
			actions: []action{{Release, three, "RELEASED"}, {Reserve, three, "ReservationReleased: the reservation was released"}},
		},
		{
			name:    "release of unknown items",
			actions: []action{{Release, buy("o", "no-such", 1), "RELEASED"}},
		},
		{
			name:    "confirm after release",
			actions: []action{{Reserve, three, "RESERVED"}, {Release, three, "RELEASED"}, {Confirm, three, "ReservationReleased: the reservation was released"}},
			taken:   map[string]int{"rare-1": 0},
		},
		{
			name:    "confirm of nothing is no rejection",
			actions: []action{{Confirm, three, "stock: order o-3: confirm: stock: nothing is reserved"}},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			store := newMemory()
			for i, a := range test.actions {
				got, err := a.do(t.Context(), store, a.order)
				text := string(got.Status)
				if err != nil {
					text = err.Error()
				}
				if text != a.want {
					t.Errorf("action %d: got %s, want %s", i, text, a.want)
				}
			}
			if diff := cmp.Diff(test.taken, store.taken, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("taken (-want +got):\n%s", diff)
			}
		})
	}
}

func TestReservationNamesTheMergedLines(t *testing.T) {
	got, err := Reserve(t.Context(), newMemory(), buy("o", "book-2", 1, "book-1", 2, "book-2", 3))
	if err != nil {
		t.Fatal(err)
	}
	want := Reservation{OrderID: "o", Status: Reserved, Lines: []Line{
		{SKU: "book-2", Quantity: 4, Initial: 1000000},
		{SKU: "book-1", Quantity: 2, Initial: 1000000},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("reservation (-want +got):\n%s", diff)
	}
}

// TestStoreDown: an error of the store is no rejection.
func TestStoreDown(t *testing.T) {
	down := errors.New("down")
	store := newMemory()
	store.down = down
	for name, do := range map[string]func(context.Context, Store, order.Order) (Reservation, error){
		"reserve": Reserve, "confirm": Confirm, "release": Release,
	} {
		t.Run(name, func(t *testing.T) {
			_, err := do(t.Context(), store, buy("o-1", "book-1", 1))
			if want := "stock: order o-1: " + name + ": down"; !errors.Is(err, down) || err.Error() != want {
				t.Errorf("got error %v, want %s", err, want)
			}
		})
	}
}

// unbarred is a store whose Release fails.
type unbarred struct{ *memory }

func (unbarred) Release(context.Context, string, []Line) error { return errors.New("down") }

// TestShortageIsNoRejectionUnlessBarred: the state machine does not compensate a
// rejection, so it must not be given while a late attempt could still succeed.
func TestShortageIsNoRejectionUnlessBarred(t *testing.T) {
	_, err := Reserve(t.Context(), unbarred{newMemory()}, buy("o-1", "rare-1", 6))
	if _, ok := errors.AsType[*rejection.Error](err); ok || err == nil {
		t.Errorf("got error %v, want one that is no rejection", err)
	}
}

// TestCatalogue: the stock to start with, and the limit of
// 100 actions of a transaction, one of which is the reservation
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html).
func TestCatalogue(t *testing.T) {
	want := map[string]int{"rare-1": 5}
	for i := range 12 {
		want[fmt.Sprintf("book-%d", i+1)] = 1000000
	}
	if diff := cmp.Diff(want, catalogue); diff != "" {
		t.Errorf("catalogue (-want +got):\n%s", diff)
	}
	if len(catalogue) > 99 {
		t.Errorf("%d SKUs: an order of all does not fit into a transaction", len(catalogue))
	}
}
