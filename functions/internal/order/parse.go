package order

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// The limits of an order.
const (
	maxCustomerID = 128 // characters
	maxToken      = 256 // characters
	maxSKU        = 64  // characters
	maxItems      = 100
	maxQuantity   = 1000
	maxUnitPrice  = 1_000_000_000
	maxAmount     = maxItems * maxQuantity * maxUnitPrice
)

// FieldError says what is wrong with a place in a JSON text.
type FieldError struct {
	// Pointer is the JSON pointer (RFC 6901) to the place, such as
	// /items/0/quantity. Empty means the whole text.
	Pointer string
	// Detail says what is wanted and what was there. It never shows a payment token.
	Detail string
}

// ValidationError lists everything that is wrong with an order, in the order of
// the fields.
type ValidationError struct {
	// Fields has at least one element.
	Fields []FieldError
}

// Error returns the list as one line.
func (e *ValidationError) Error() string {
	parts := make([]string, len(e.Fields))
	for i, f := range e.Fields {
		parts[i] = strings.TrimPrefix(f.Pointer+": "+f.Detail, ": ")
	}
	return "order: " + strings.Join(parts, "; ")
}

// Parse reads an order as a client sends it:
//
//	{"customerId": "c-1", "currency": "KRW", "paymentToken": "tok_ok",
//	 "items": [{"sku": "book-1", "quantity": 2, "unitPrice": 15000}]}
//
// All fields are required and no others allowed:
//   - customerId: 1 to 128 printable characters
//   - currency: three capital letters
//   - paymentToken: 1 to 256 printable ASCII characters
//   - items: 1 to 100
//   - sku: 1 to 64 letters, digits, '.', '_' and '-', beginning with a letter or digit
//   - quantity: 1 to 1000
//   - unitPrice: 0 to 1,000,000,000, in minor units
//
// Numbers are integers without fraction or exponent. It returns a
// [*ValidationError] that lists every field that is wrong; text that is not JSON
// is one error of the whole.
func Parse(body []byte) (Draft, error) {
	var c checker
	d := c.draft(c.object("", c.whole(body), draftFields...))
	if err := c.err(); err != nil {
		return Draft{}, err
	}
	return d, nil
}

// ParseMessage reads an accepted order, the JSON of [Order]. The rules are those of
// [Parse]; besides, orderId is a valid ID, amount the sum of the items and
// acceptedAt a time in UTC with milliseconds. It returns a [*ValidationError].
func ParseMessage(body []byte) (Order, error) {
	var c checker
	fields := c.object("", c.whole(body), append([]string{"orderId", "amount", "acceptedAt"}, draftFields...)...)
	o := Order{OrderID: c.orderID(fields)}
	d := c.draft(fields)
	o.CustomerID, o.Currency, o.PaymentToken, o.Items = d.CustomerID, d.Currency, d.PaymentToken, d.Items
	o.Amount = c.amount(fields, d.Items)
	o.AcceptedAt = c.acceptedAt(fields)
	if err := c.err(); err != nil {
		return Order{}, err
	}
	return o, nil
}

var (
	draftFields = []string{"customerId", "currency", "paymentToken", "items"}
	itemFields  = []string{"sku", "quantity", "unitPrice"}
)

func (c *checker) draft(fields object) Draft {
	return Draft{
		CustomerID:   c.text(fields.at("customerId"), "1 to 128 printable characters", validCustomerID),
		Currency:     c.text(fields.at("currency"), "three capital letters", validCurrency),
		PaymentToken: c.token(fields.at("paymentToken")),
		Items:        c.items(fields.at("items")),
	}
}

func (c *checker) items(v value) []Item {
	elements, ok := c.list(v)
	if !ok {
		return nil
	}
	if n := len(elements); n == 0 || n > maxItems {
		c.fail(v.pointer, "want 1 to %d items, got %d", maxItems, n)
	}
	var items []Item
	for _, e := range elements[:min(len(elements), maxItems)] {
		fields := c.object(e.pointer, e.raw, itemFields...)
		items = append(items, Item{
			SKU:       c.text(fields.at("sku"), "1 to 64 letters, digits, '.', '_' and '-', beginning with a letter or digit", validSKU),
			Quantity:  int(c.integer(fields.at("quantity"), 1, maxQuantity)),
			UnitPrice: c.integer(fields.at("unitPrice"), 0, maxUnitPrice),
		})
	}
	return items
}

// token reads the payment token. No message shows what it is.
func (c *checker) token(v value) Token {
	s, ok := decodeString(v)
	switch {
	case v.raw == nil:
		return ""
	case !ok:
		c.fail(v.pointer, "want a string, got %s", kind(v.raw))
	case !validToken(s):
		c.fail(v.pointer, "want 1 to %d printable ASCII characters, got %d characters", maxToken, utf8.RuneCountInString(s))
	}
	return Token(s)
}

func (c *checker) orderID(fields object) string {
	return c.text(fields.at("orderId"), "26 lower-case letters and digits", ValidID)
}

// amount reads the amount. It is held against the items only if nothing before it
// is wrong.
func (c *checker) amount(fields object, items []Item) int64 {
	ok := len(c.failures) == 0
	v := fields.at("amount")
	amount := c.integer(v, 0, maxAmount)
	if want := sum(items); ok && len(c.failures) == 0 && amount != want {
		c.fail(v.pointer, "want %d, the sum of the items, got %d", want, amount)
	}
	return amount
}

func (c *checker) acceptedAt(fields object) Timestamp {
	s := c.text(fields.at("acceptedAt"), "a time like 2026-03-01T12:00:00.000Z", validTimestamp)
	t, err := time.Parse(timestampLayout, s)
	if err != nil { // reported, or missing
		return Timestamp{}
	}
	return At(t)
}

func validTimestamp(s string) bool {
	t, err := time.Parse(timestampLayout, s)
	return err == nil && t.Format(timestampLayout) == s
}

func validCustomerID(s string) bool {
	return inLength(s, maxCustomerID) && all(s, func(r rune) bool {
		return r != utf8.RuneError && unicode.IsPrint(r) // RuneError stands for what was no character
	})
}

func validToken(s string) bool {
	return inLength(s, maxToken) && all(s, func(r rune) bool { return ' ' <= r && r <= '~' })
}

func validCurrency(s string) bool {
	return len(s) == 3 && all(s, func(r rune) bool { return 'A' <= r && r <= 'Z' })
}

func validSKU(s string) bool {
	return inLength(s, maxSKU) && alphanumeric(rune(s[0])) && all(s, func(r rune) bool {
		return alphanumeric(r) || strings.ContainsRune("._-", r)
	})
}

func alphanumeric(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
}

// inLength reports whether s has 1 to n characters.
func inLength(s string, n int) bool {
	return s != "" && utf8.RuneCountInString(s) <= n
}

func all(s string, ok func(rune) bool) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return !ok(r) })
}

// quote shows a string in a message, shortened.
func quote(s string) string { return fmt.Sprintf("%q", shorten(s)) }

const maxShown = 40 // characters of a value in a message

func shorten(s string) string {
	n := 0
	for i := range s {
		if n == maxShown {
			return s[:i] + "…"
		}
		n++
	}
	return s
}

// show describes a JSON value in a message: scalars by their text.
func show(raw json.RawMessage) string {
	switch raw[0] {
	case '{', '[':
		return kind(raw)
	}
	return shorten(string(raw))
}

func kind(raw json.RawMessage) string {
	switch raw[0] {
	case '{':
		return "an object"
	case '[':
		return "an array"
	case '"':
		return "a string"
	case 't', 'f':
		return "a boolean"
	case 'n':
		return "null"
	}
	return "a number"
}
