package order_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/noidle/noidle/functions/internal/order"
)

var (
	at = time.Date(2026, 3, 1, 13, 0, 0, 120_999_999, time.FixedZone("CET", 3600))

	draft = order.Draft{
		CustomerID:   "c-1",
		Currency:     "KRW",
		PaymentToken: "tok_ok",
		Items: []order.Item{
			{SKU: "book-1", Quantity: 2, UnitPrice: 15000},
			{SKU: "book-2", Quantity: 1, UnitPrice: 9000},
		},
	}
)

func TestOrderJSON(t *testing.T) {
	o := draft.Order("key-1", at)
	got, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"orderId":"` + o.OrderID + `","customerId":"c-1","currency":"KRW","paymentToken":"tok_ok",` +
		`"items":[{"sku":"book-1","quantity":2,"unitPrice":15000},{"sku":"book-2","quantity":1,"unitPrice":9000}],` +
		`"amount":39000,"acceptedAt":"2026-03-01T12:00:00.120Z"}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("JSON (-want +got):\n%s", diff)
	}
	var back order.Order
	if err := json.Unmarshal(got, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(o, back); diff != "" {
		t.Errorf("does not round-trip (-first +second):\n%s", diff)
	}
}

// TestOrderID: the ID is a contract with everyone who repeats a request, also
// across versions of this code.
func TestOrderID(t *testing.T) {
	id := func(key string, change func(*order.Draft)) string {
		d := draft
		d.Items = append([]order.Item(nil), draft.Items...)
		if change != nil {
			change(&d)
		}
		return d.Order(key, at).OrderID
	}
	first := id("key-1", nil)
	if want := "amxzv7oqnkjttq22pvqkfi4a4b"; first != want {
		t.Errorf("got %q, want %q", first, want)
	}
	if later := draft.Order("key-1", at.Add(time.Hour)).OrderID; later != first {
		t.Errorf("a later attempt makes %q, the first %q", later, first)
	}
	form := regexp.MustCompile(`^[a-z0-9]{26}$`)
	seen := map[string]string{first: "the first"}
	for _, other := range []struct {
		name string
		id   string
	}{
		{"another key", id("key-2", nil)},
		{"no key", id("", nil)},
		{"another customer", id("key-1", func(d *order.Draft) { d.CustomerID = "c-2" })},
		{"another currency", id("key-1", func(d *order.Draft) { d.Currency = "EUR" })},
		{"another token", id("key-1", func(d *order.Draft) { d.PaymentToken = "tok_declined" })},
		{"another price", id("key-1", func(d *order.Draft) { d.Items[0].UnitPrice++ })},
		{"another order of the items", id("key-1", func(d *order.Draft) { d.Items[0], d.Items[1] = d.Items[1], d.Items[0] })},
		{"a key that runs into the order", id("key-1"+string(draft.Canonical()), nil)},
	} {
		if !form.MatchString(other.id) || !order.ValidID(other.id) {
			t.Errorf("%s: %q is not an ID", other.name, other.id)
		}
		if before, ok := seen[other.id]; ok {
			t.Errorf("%s has the ID of %s", other.name, before)
		}
		seen[other.id] = other.name
	}
}

func TestValidID(t *testing.T) {
	for id, want := range map[string]bool{
		"abcdefghijklmnopqrstuvwxyz":  true,
		"01234567890123456789012345":  true,
		"":                            false,
		"abcdefghijklmnopqrstuvwxy":   false,
		"abcdefghijklmnopqrstuvwxyza": false,
		"Abcdefghijklmnopqrstuvwxyz":  false,
		"abcdefghijklm/opqrstuvwxyz":  false,
		"abcdefghijklmnopqrstuvwxé":   false,
	} {
		if got := order.ValidID(id); got != want {
			t.Errorf("ValidID(%q) = %t, want %t", id, got, want)
		}
	}
}

func TestTimestamp(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"2026-03-01T12:00:00Z", "2026-03-01T12:00:00.000Z"},
		{"2026-03-01T12:00:00.1Z", "2026-03-01T12:00:00.100Z"},
		{"2026-03-01T12:00:00.123999Z", "2026-03-01T12:00:00.123Z"},
		{"2026-03-01T13:00:00.123+01:00", "2026-03-01T12:00:00.123Z"},
	} {
		got, err := order.ParseTimestamp(test.text)
		if err != nil || got.String() != test.want {
			t.Errorf("%s: got %s, %v, want %s", test.text, got, err, test.want)
		}
	}
	if _, err := order.ParseTimestamp("yesterday"); err == nil || err.Error() != `order: time "yesterday" is not RFC 3339` {
		t.Errorf("got error %v", err)
	}
	for _, text := range []string{`7`, `"yesterday"`} {
		var got order.Timestamp
		if err := json.Unmarshal([]byte(text), &got); err == nil {
			t.Errorf("%s: no error", text)
		}
	}
}

// TestTokenIsNotPrinted tries the ways by which a token might get into a log.
func TestTokenIsNotPrinted(t *testing.T) {
	const secret = "tok_very_secret"
	d := draft
	d.PaymentToken = secret
	o := d.Order("key-1", at)
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("m", "order", o, "token", o.PaymentToken)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("m", "order", o)
	printed := log.String()
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		printed += fmt.Sprintf(format, o) + fmt.Sprintf(format, d) + fmt.Sprintf(format, o.PaymentToken)
	}
	if strings.Contains(printed, secret) {
		t.Errorf("the token is printed: %s", printed)
	}
	if !strings.Contains(log.String(), o.OrderID) {
		t.Errorf("the log lacks the order ID: %s", log.String())
	}
}
