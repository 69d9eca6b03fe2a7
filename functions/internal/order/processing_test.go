package order_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/noidle/noidle/functions/internal/order"
	"github.com/noidle/noidle/functions/internal/payment"
	"github.com/noidle/noidle/functions/internal/rejection"
	"github.com/noidle/noidle/functions/internal/stock"
)

// world is the stock and the ledger of all orders. Like DynamoDB, it carries out
// each call whole, one after the other.
type world struct {
	t            *testing.T
	mu           sync.Mutex
	taken        map[string]int
	reservations map[string]stock.Status
	charges      map[string]payment.Status
	charged      map[string]int // how often a charge was made
}

func newWorld(t *testing.T) *world {
	return &world{
		t: t, taken: map[string]int{},
		reservations: map[string]stock.Status{}, charges: map[string]payment.Status{}, charged: map[string]int{},
	}
}

func (w *world) take(lines []stock.Line, sign int) {
	for _, l := range lines {
		w.taken[l.SKU] += sign * l.Quantity
		if left := l.Initial - w.taken[l.SKU]; left < 0 || left > l.Initial {
			w.t.Errorf("of %s there are %d left of %d", l.SKU, left, l.Initial)
		}
	}
}

func (w *world) Reserve(_ context.Context, id string, lines []stock.Line) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch status, ok := w.reservations[id]; {
	case status == stock.Released:
		return stock.ErrReleased
	case ok:
		return nil
	}
	var short []stock.Shortage
	for _, l := range lines {
		if left := l.Initial - w.taken[l.SKU]; left < l.Quantity {
			short = append(short, stock.Shortage{SKU: l.SKU, Wanted: l.Quantity, Left: left})
		}
	}
	if short != nil {
		return &stock.ShortageError{Shortages: short}
	}
	w.take(lines, 1)
	w.reservations[id] = stock.Reserved
	return nil
}

func (w *world) Confirm(_ context.Context, id string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch status, ok := w.reservations[id]; {
	case !ok:
		return stock.ErrNotReserved
	case status == stock.Released:
		return stock.ErrReleased
	}
	w.reservations[id] = stock.Confirmed
	return nil
}

func (w *world) Release(_ context.Context, id string, lines []stock.Line) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if status, ok := w.reservations[id]; ok && status != stock.Released {
		w.take(lines, -1)
	}
	w.reservations[id] = stock.Released
	return nil
}

// ledger is the world as a payment.Ledger.
type ledger struct{ *world }

func (l ledger) Charge(_ context.Context, c payment.Charge) (existed bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch l.charges[c.OrderID] {
	case payment.Charged:
		return true, nil
	case payment.Refunded, payment.Void:
		return true, payment.ErrVoided
	}
	l.charges[c.OrderID] = payment.Charged
	l.charged[c.OrderID]++
	return false, nil
}

func (l ledger) Refund(_ context.Context, id string) (payment.Charge, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch l.charges[id] {
	case payment.Charged:
		l.charges[id] = payment.Refunded
	case "":
		l.charges[id] = payment.Void
	}
	return payment.Charge{OrderID: id, Status: l.charges[id]}, nil
}

// saga carries out one order as the state machine does, on a machine on which
// everything that can go wrong does. Each of its calls has a moment of its own, so
// that orders run into each other, in the same way for the same seed.
type saga struct {
	world *world
	rand  *rand.Rand
}

var errFault = errors.New("fault")

// call makes a call to a step with one of the faults that a caller sees as one.
func (s *saga) call(do func() error) error {
	s.pause(time.Second)
	switch s.rand.IntN(10) {
	case 0: // It stops before its effect.
		return errFault
	case 1: // It stops after its effect.
		_ = do()
		return errFault
	case 2: // It is given up, but has its effect later.
		s.later(do)
		return errFault
	case 3: // It is delivered twice, once much later.
		s.later(do)
	case 4: // It is delivered twice at once.
		_ = do()
	}
	return do()
}

// pause waits for a random time.
func (s *saga) pause(most time.Duration) { time.Sleep(time.Duration(s.rand.Int64N(int64(most)))) }

// later makes a call that nobody waits for any more.
func (s *saga) later(do func() error) {
	after := time.Duration(s.rand.Int64N(int64(time.Minute)))
	time.AfterFunc(after, func() { _ = do() })
}

// attempt tries a step as often as the state machine does.
func (s *saga) attempt(times int, do func() error) error {
	var err error
	for range times {
		err = s.call(do)
		if _, refused := errors.AsType[*rejection.Error](err); err == nil || refused {
			return err
		}
	}
	return err
}

// process carries out one order and reports whether it is completed.
func (s *saga) process(o order.Order) bool {
	ctx := context.Background()
	payments := payment.Service{Provider: payment.Simulator{Ledger: ledger{s.world}}}
	steps := []struct{ do, undo func() error }{
		{
			func() error { _, err := stock.Reserve(ctx, s.world, o); return err },
			func() error { _, err := stock.Release(ctx, s.world, o); return err },
		},
		{
			func() error { _, err := payments.Charge(ctx, o); return err },
			func() error { _, err := payments.Refund(ctx, o); return err },
		},
		{
			func() error { _, err := stock.Confirm(ctx, s.world, o); return err },
			func() error { return nil },
		},
	}
	for i, step := range steps {
		err := s.attempt(3, step.do)
		if err == nil {
			continue
		}
		if _, refused := errors.AsType[*rejection.Error](err); refused {
			i-- // It had no effect.
		}
		for ; i >= 0; i-- {
			if err := s.attempt(100, steps[i].undo); err != nil {
				s.world.t.Errorf("step %d of order %s is not undone: %v", i+1, o.OrderID, err)
			}
		}
		return false
	}
	return true
}

// TestProcessing: whatever stops, is lost, comes twice or comes late, an order is
// charged at most once, exactly the completed ones stay charged, and the stock is
// neither oversold nor lost.
func TestProcessing(t *testing.T) {
	for seed := range uint64(20) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // Waiting takes no time.
				w := newWorld(t)
				const orders = 200
				placed, completed := make([]order.Order, orders), make([]bool, orders)
				var running sync.WaitGroup
				for i := range orders {
					running.Go(func() {
						s := &saga{world: w, rand: rand.New(rand.NewPCG(seed, uint64(i)))}
						placed[i] = s.randomOrder(i)
						s.pause(10 * time.Second)
						completed[i] = s.process(placed[i])
					})
				}
				running.Wait()
				time.Sleep(time.Hour) // What is late comes.
				w.check(placed, completed)
			})
		})
	}
}

func (s *saga) randomOrder(i int) order.Order {
	pick := func(of ...string) string { return of[s.rand.IntN(len(of))] }
	draft := order.Draft{
		CustomerID:   "c-1",
		Currency:     "KRW",
		PaymentToken: order.Token(pick("tok_ok", "tok_ok", "tok_ok", "tok_declined", "tok_timeout")),
		Items: []order.Item{
			{SKU: pick("book-1", "book-2", "book-3", "no-such"), Quantity: 1 + s.rand.IntN(3), UnitPrice: 15000},
			{SKU: pick("rare-1", "book-4", "book-5", "book-1"), Quantity: 1, UnitPrice: 9000},
		},
	}
	return draft.Order(fmt.Sprint(i), time.Now())
}

// check holds the world against the orders that were reported completed.
func (w *world) check(placed []order.Order, completed []bool) {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	held, done := map[string]int{}, 0
	for i, o := range placed {
		id, ok := o.OrderID, completed[i]
		if ok {
			done++
			for _, item := range o.Items {
				held[item.SKU] += item.Quantity
			}
		}
		if w.charged[id] > 1 {
			w.t.Errorf("order %d was charged %d times", i, w.charged[id])
		}
		if (w.charges[id] == payment.Charged) != ok {
			w.t.Errorf("order %d is completed: %t, and its charge is %q", i, ok, w.charges[id])
		}
		if (w.reservations[id] == stock.Confirmed) != ok || w.reservations[id] == stock.Reserved {
			w.t.Errorf("order %d is completed: %t, and its reservation is %q", i, ok, w.reservations[id])
		}
	}
	for sku, taken := range w.taken {
		if taken != held[sku] {
			w.t.Errorf("of %s %d are taken, and completed orders hold %d", sku, taken, held[sku])
		}
	}
	if done == 0 || done == len(placed) {
		w.t.Errorf("%d of %d orders are completed: nothing was put to the test", done, len(placed))
	}
}
