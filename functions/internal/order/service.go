package order

import (
	"context"
	"errors"
	"fmt"
)

// ErrNotFound means that the store has no order with that ID.
var ErrNotFound = errors.New("order: not found")

// Store keeps the records of orders.
type Store interface {
	// Create puts the order in, with the status ACCEPTED. It returns nil, and leaves
	// the record as it is, if there is one: the same ID means the same order.
	Create(ctx context.Context, o Order) error
	// Get returns the record of an order. It returns ErrNotFound if there is none.
	Get(ctx context.Context, id string) (Record, error)
}

// Queue carries accepted orders to [Start].
type Queue interface {
	// Send puts the order into the queue. Nil means that it will be delivered, at
	// least once.
	Send(ctx context.Context, o Order) error
}

// Workflow processes orders.
type Workflow interface {
	// Start starts processing the order. It returns nil if that was started before.
	Start(ctx context.Context, o Order) error
}

// Accept takes responsibility for the order. It may be repeated.
//
// The order goes into the queue first: after a failure in between there may be a
// message without a record, which [Start] mends, but never a record that nobody
// will process.
func Accept(ctx context.Context, q Queue, s Store, o Order) error {
	if err := q.Send(ctx, o); err != nil {
		return fmt.Errorf("order %s: send: %w", o.OrderID, err)
	}
	if err := s.Create(ctx, o); err != nil {
		return fmt.Errorf("order %s: create: %w", o.OrderID, err)
	}
	return nil
}

// Start has the order processed. It may be repeated. The record is there before
// the workflow, which changes it.
func Start(ctx context.Context, s Store, w Workflow, o Order) error {
	if err := s.Create(ctx, o); err != nil {
		return fmt.Errorf("order %s: create: %w", o.OrderID, err)
	}
	if err := w.Start(ctx, o); err != nil {
		return fmt.Errorf("order %s: start: %w", o.OrderID, err)
	}
	return nil
}
