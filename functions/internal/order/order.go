// Package order is the domain of order processing: what an order is, how it is
// accepted and how its processing is started.
//
// An order is accepted by [Accept]: it is put into a [Queue] and into the
// [Store]. [Start] takes it from the queue and starts the [Workflow] that reserves
// stock, charges the payment and brings the order to its last status.
package order

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"time"
)

// Status is how far an order has come.
type Status string

// The statuses of an order. COMPLETED and FAILED are final.
const (
	Accepted  Status = "ACCEPTED"  // will be processed
	Reserved  Status = "RESERVED"  // the items are set aside
	Paid      Status = "PAID"      // the payment is charged
	Completed Status = "COMPLETED" // the reservation is confirmed
	Failed    Status = "FAILED"    // undone, for the reason in the record
)

// Token stands for a means of payment. It is a secret: it prints as "[redacted]",
// only as JSON it is what it is.
type Token string

// String returns "[redacted]".
func (Token) String() string { return "[redacted]" }

// GoString returns "[redacted]".
func (Token) GoString() string { return "[redacted]" }

// Item is a line of an order.
type Item struct {
	// SKU is what is ordered.
	SKU string `json:"sku"`
	// Quantity is how many, 1 to 1000.
	Quantity int `json:"quantity"`
	// UnitPrice is the price of one, in minor units of the order's currency.
	UnitPrice int64 `json:"unitPrice"`
}

// Draft is an order as a client asks for it, see [Parse].
type Draft struct {
	// CustomerID says who orders.
	CustomerID string `json:"customerId"`
	// Currency is the ISO 4217 code of the prices, such as KRW.
	Currency string `json:"currency"`
	// PaymentToken stands for the means of payment.
	PaymentToken Token `json:"paymentToken"`
	// Items is what is ordered, 1 to 100 lines. A SKU may occur more than once.
	Items []Item `json:"items"`
}

// Order returns the order that the draft becomes when it is accepted at the given
// time, to the millisecond, under an idempotency key. The order's ID follows from the key
// and the draft alone: a repeated attempt makes the same order.
func (d Draft) Order(key string, at time.Time) Order {
	return Order{
		OrderID:      newID(key, d),
		CustomerID:   d.CustomerID,
		Currency:     d.Currency,
		PaymentToken: d.PaymentToken,
		Items:        d.Items,
		Amount:       sum(d.Items),
		AcceptedAt:   At(at),
	}
}

// Canonical returns the draft as JSON without insignificant white space, with
// its fields in a fixed order. Equal drafts have equal canonical forms.
func (d Draft) Canonical() []byte {
	text, err := json.Marshal(d)
	if err != nil { // strings and integers always marshal
		panic(err)
	}
	return text
}

// Order is an accepted order.
type Order struct {
	// OrderID identifies the order, see [ValidID].
	OrderID string `json:"orderId"`
	// CustomerID says who orders.
	CustomerID string `json:"customerId"`
	// Currency is the ISO 4217 code of the prices, such as KRW.
	Currency string `json:"currency"`
	// PaymentToken stands for the means of payment.
	PaymentToken Token `json:"paymentToken"`
	// Items is what is ordered.
	Items []Item `json:"items"`
	// Amount is the sum of the items, in minor units of Currency.
	Amount int64 `json:"amount"`
	// AcceptedAt is when the order was accepted.
	AcceptedAt Timestamp `json:"acceptedAt"`
}

// LogValue keeps the payment token out of the log, whatever its format.
func (o Order) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("orderId", o.OrderID),
		slog.String("currency", o.Currency),
		slog.Int64("amount", o.Amount),
	)
}

// sum is the amount of the items. Within the limits of [Parse] it is at most 10^14.
func sum(items []Item) int64 {
	var amount int64
	for _, i := range items {
		amount += int64(i.Quantity) * i.UnitPrice
	}
	return amount
}

// Record is what the store knows about an order. It has no payment token.
type Record struct {
	OrderID    string   `json:"orderId"`
	Status     Status   `json:"status"`
	Reason     string   `json:"reason"` // why the order failed, or ""
	CustomerID string   `json:"customerId"`
	Currency   string   `json:"currency"`
	Amount     int64    `json:"amount"` // in minor units of Currency
	Items      []Item   `json:"items"`
	History    []Change `json:"history"` // oldest first
}

// Change is a status that an order came to.
type Change struct {
	Status Status    `json:"status"`
	At     Timestamp `json:"at"`
}

// timestampLayout is RFC 3339 in UTC with milliseconds, always 24 characters.
const timestampLayout = "2006-01-02T15:04:05.000Z"

// Timestamp is a time in UTC to the millisecond. As text and as JSON it is RFC 3339
// with exactly three digits of the second: 2026-03-01T12:00:00.000Z.
type Timestamp struct{ time.Time }

// At returns t as a Timestamp, cut to the millisecond.
func At(t time.Time) Timestamp { return Timestamp{t.UTC().Truncate(time.Millisecond)} }

// ParseTimestamp reads any RFC 3339 time. It returns an error that shows the
// value if it is not one.
func ParseTimestamp(s string) (Timestamp, error) {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return Timestamp{}, fmt.Errorf("order: time %s is not RFC 3339", quote(s))
	}
	return At(t), nil
}

// String returns the time as RFC 3339 with milliseconds.
func (t Timestamp) String() string { return t.UTC().Format(timestampLayout) }

// MarshalJSON writes the text of [Timestamp.String].
func (t Timestamp) MarshalJSON() ([]byte, error) { return json.Marshal(t.String()) }

// UnmarshalJSON reads any RFC 3339 time.
func (t *Timestamp) UnmarshalJSON(text []byte) error {
	var s string
	if err := json.Unmarshal(text, &s); err != nil {
		return err
	}
	read, err := ParseTimestamp(s)
	if err != nil {
		return err
	}
	*t = read
	return nil
}

// idLength is the length of an order ID: 130 bits in base 32.
const idLength = 26

// newID derives an order ID. The length in front of the key keeps (key, draft)
// pairs apart whose texts would join to the same.
func newID(key string, d Draft) string {
	h := sha256.New()
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(key))))
	h.Write([]byte(key))
	h.Write(d.Canonical())
	return strings.ToLower(base32.StdEncoding.EncodeToString(h.Sum(nil)))[:idLength]
}

// ValidID reports whether s has the form of an order ID: ^[a-z0-9]{26}$.
func ValidID(s string) bool {
	if len(s) != idLength {
		return false
	}
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}
