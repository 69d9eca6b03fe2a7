// Package stock is the domain of the stock: an order reserves what it needs, then
// confirms the reservation or releases it.
//
// A reservation is known by its order's ID. Whatever is repeated, and in whatever
// order it arrives, an order takes its items once, gives them back at most once,
// and takes nothing any more after it has given them back.
package stock

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/noidle/noidle/functions/internal/order"
	"github.com/noidle/noidle/functions/internal/rejection"
)

// The codes of the rejections.
const (
	OutOfStock          = "OutOfStock"          // too little is left
	UnknownItem         = "UnknownItem"         // not in the catalogue
	ReservationReleased = "ReservationReleased" // the order gave its items back
)

// Status is the state of a reservation.
type Status string

// The statuses of a reservation. A reservation that is RELEASED stays so.
const (
	Reserved  Status = "RESERVED"
	Confirmed Status = "CONFIRMED"
	Released  Status = "RELEASED"
)

// Line is a quantity of one SKU.
type Line struct {
	SKU      string `json:"sku"`
	Quantity int    `json:"quantity"`
	// Initial is how many there are before the first reservation.
	Initial int `json:"-"`
}

// Reservation is what an order has set aside.
type Reservation struct {
	OrderID string `json:"orderId"`
	Status  Status `json:"status"`
	// Lines has one line for each SKU, in the order in which the order names them.
	Lines []Line `json:"lines"`
}

var (
	// ErrReleased means that the order gave its items back.
	ErrReleased = errors.New("stock: the reservation was released")
	// ErrNotReserved means that the order has no reservation.
	ErrNotReserved = errors.New("stock: nothing is reserved")
)

// Shortage is a line of which there is too little.
type Shortage struct {
	SKU          string
	Wanted, Left int
}

// ShortageError lists what there is too little of.
type ShortageError struct {
	// Shortages has at least one element.
	Shortages []Shortage
}

// Error returns the list, such as "rare-1: 6 wanted, 5 left".
func (e *ShortageError) Error() string {
	parts := make([]string, len(e.Shortages))
	for i, s := range e.Shortages {
		parts[i] = fmt.Sprintf("%s: %d wanted, %d left", s.SKU, s.Wanted, s.Left)
	}
	return strings.Join(parts, "; ")
}

// Store keeps the stock and the reservations. Each call has its whole effect or
// none. After any error but those named, either may be the case: the call is to
// be repeated.
type Store interface {
	// Reserve takes the lines, which name each SKU once, from the stock. It returns nil
	// if the order has its reservation already, ErrReleased if it was released, and a
	// *ShortageError if there is too little.
	Reserve(ctx context.Context, orderID string, lines []Line) error
	// Confirm makes the reservation final. It returns nil if it is final already,
	// ErrReleased if it was released, and ErrNotReserved if there is none.
	Confirm(ctx context.Context, orderID string) error
	// Release gives the lines, which must be those that were reserved, back to the
	// stock. It returns nil if they were given back before. If there is no
	// reservation, it notes the release, so that Reserve returns ErrReleased.
	Release(ctx context.Context, orderID string, lines []Line) error
}

//go:embed catalogue.json
var catalogueJSON []byte

// catalogue has the initial stock of every SKU.
var catalogue = readCatalogue()

func readCatalogue() map[string]int {
	var entries []struct {
		SKU   string `json:"sku"`
		Stock int    `json:"stock"`
	}
	if err := json.Unmarshal(catalogueJSON, &entries); err != nil {
		panic(fmt.Errorf("stock: catalogue: %w", err))
	}
	c := make(map[string]int, len(entries))
	for _, e := range entries {
		c[e.SKU] = e.Stock
	}
	return c
}

// Reserve sets the order's items aside. It returns a [*rejection.Error] with the
// code OutOfStock, UnknownItem or ReservationReleased if that cannot be.
//
// An order that is short of stock is released as well as rejected: should an
// earlier attempt, given up as lost, still be under way, it takes nothing after the
// rejection.
func Reserve(ctx context.Context, s Store, o order.Order) (Reservation, error) {
	lines := merge(o.Items)
	if err := known(lines); err != nil {
		return Reservation{}, err
	}
	err := s.Reserve(ctx, o.OrderID, lines)
	if short, ok := errors.AsType[*ShortageError](err); ok {
		if err := s.Release(ctx, o.OrderID, lines); err != nil {
			return Reservation{}, fmt.Errorf("stock: order %s: bar the reservation: %w", o.OrderID, err)
		}
		return Reservation{}, &rejection.Error{Code: OutOfStock, Reason: short.Error()}
	}
	if err := outcome("reserve", o, err); err != nil {
		return Reservation{}, err
	}
	return Reservation{OrderID: o.OrderID, Status: Reserved, Lines: lines}, nil
}

// Confirm makes the order's reservation final. It returns a [*rejection.Error] with
// the code ReservationReleased if it was released.
func Confirm(ctx context.Context, s Store, o order.Order) (Reservation, error) {
	if err := outcome("confirm", o, s.Confirm(ctx, o.OrderID)); err != nil {
		return Reservation{}, err
	}
	return Reservation{OrderID: o.OrderID, Status: Confirmed, Lines: merge(o.Items)}, nil
}

// Release gives the order's items back, if it has any, and bars it from taking
// them later. It is the compensation of [Reserve] and never rejects.
func Release(ctx context.Context, s Store, o order.Order) (Reservation, error) {
	lines := merge(o.Items)
	if err := s.Release(ctx, o.OrderID, lines); err != nil {
		return Reservation{}, fmt.Errorf("stock: order %s: release: %w", o.OrderID, err)
	}
	return Reservation{OrderID: o.OrderID, Status: Released, Lines: lines}, nil
}

func outcome(verb string, o order.Order, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrReleased):
		return &rejection.Error{Code: ReservationReleased, Reason: "the reservation was released"}
	}
	return fmt.Errorf("stock: order %s: %s: %w", o.OrderID, verb, err)
}

// merge returns one line for each SKU.
func merge(items []order.Item) []Line {
	var lines []Line
	index := map[string]int{}
	for _, item := range items {
		i, ok := index[item.SKU]
		if !ok {
			i = len(lines)
			index[item.SKU] = i
			lines = append(lines, Line{SKU: item.SKU, Initial: catalogue[item.SKU]})
		}
		lines[i].Quantity += item.Quantity
	}
	return lines
}

// known rejects lines that are not in the catalogue.
func known(lines []Line) error {
	var unknown []string
	for _, l := range lines {
		if _, ok := catalogue[l.SKU]; !ok {
			unknown = append(unknown, l.SKU+": not in the catalogue")
		}
	}
	if len(unknown) > 0 {
		return &rejection.Error{Code: UnknownItem, Reason: strings.Join(unknown, "; ")}
	}
	return nil
}
