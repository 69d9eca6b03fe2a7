package table_test

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/noidle/noidle/functions/internal/order"
	"github.com/noidle/noidle/functions/orders/internal/table"
)

var (
	_ order.Store = (*table.Orders)(nil)

	accepted = order.Order{
		OrderID:      "abcdefghijklmnopqrstuvwxyz",
		CustomerID:   "c-1",
		Currency:     "KRW",
		PaymentToken: "tok_secret",
		Items:        []order.Item{{SKU: "book-1", Quantity: 2, UnitPrice: 15000}, {SKU: "book-2", Quantity: 1, UnitPrice: 9000}},
		Amount:       39000,
		AcceptedAt:   order.At(time.Date(2026, 3, 1, 12, 0, 0, 120e6, time.UTC)),
	}
)

func TestOrdersCreate(t *testing.T) {
	f := &fake{answers: []answer{success}}
	if err := table.NewOrders(f.client(), "orders").Create(t.Context(), accepted); err != nil {
		t.Fatal(err)
	}
	f.match(t, "orders_create")
	content, err := os.ReadFile("testdata/orders_create.json")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(content), "tok_secret") {
		t.Error("the payment token is in the table")
	}
}

func TestOrdersCreateAnswers(t *testing.T) {
	for _, test := range []struct {
		name   string
		answer answer
		err    string
	}{
		{name: "created", answer: success},
		{name: "there already", answer: refused("")},
		{name: "failure", answer: failure, err: "no such table"},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := &fake{answers: []answer{test.answer}}
			checkError(t, table.NewOrders(f.client(), "orders").Create(t.Context(), accepted), test.err)
		})
	}
}

func TestOrdersGet(t *testing.T) {
	content, err := os.ReadFile("testdata/order_item.json")
	if err != nil {
		t.Fatal(err)
	}
	f := &fake{answers: []answer{{200, `{"Item":` + string(content) + `}`}}}
	got, err := table.NewOrders(f.client(), "orders").Get(t.Context(), accepted.OrderID)
	if err != nil {
		t.Fatal(err)
	}
	f.match(t, "orders_get")
	at := func(ms int) order.Timestamp {
		return order.At(time.Date(2026, 3, 1, 12, 0, 0, ms*1e6, time.UTC))
	}
	want := order.Record{
		OrderID: accepted.OrderID, Status: order.Failed, Reason: "payment declined",
		CustomerID: "c-1", Currency: "KRW", Amount: 39000, Items: accepted.Items,
		History: []order.Change{{Status: order.Accepted, At: at(120)}, {Status: order.Reserved, At: at(987)}, {Status: order.Failed, At: at(1000)}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("record (-want +got):\n%s", diff)
	}
}

func TestOrdersGetRefuses(t *testing.T) {
	content, err := os.ReadFile("testdata/order_item.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ name, old, new, err string }{
		{"no status", `"status": {"S": "FAILED"},`, ``, `attribute "status" is no string`},
		{"amount", `{"N": "39000"}`, `{"N": "1.5"}`, `attribute "amount" is no integer`},
		{"items", `"items": {"L"`, `"items": {"SS": ["a"]}, "old": {"L"`, `attribute "items" is no list`},
		{"item", `{"M": {"sku": {"S": "book-1"}, "quantity": {"N": "2"}, "unitPrice": {"N": "15000"}}}`, `{"S": "book-1"}`, `attribute "items[0]" is no map`},
		{"time", `{"S": "2026-03-01T12:00:00.987Z"}`, `{"S": "noon"}`, `attribute "at" is no time`},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := &fake{answers: []answer{{200, `{"Item":` + strings.Replace(string(content), test.old, test.new, 1) + `}`}}}
			_, err := table.NewOrders(f.client(), "orders").Get(t.Context(), accepted.OrderID)
			checkError(t, err, "order "+accepted.OrderID+": table: "+test.err)
		})
	}
	t.Run("none", func(t *testing.T) {
		f := &fake{answers: []answer{success}}
		if _, err := table.NewOrders(f.client(), "orders").Get(t.Context(), "x"); !errors.Is(err, order.ErrNotFound) {
			t.Errorf("got error %v, want ErrNotFound", err)
		}
	})
	t.Run("failure", func(t *testing.T) {
		f := &fake{answers: []answer{failure}}
		_, err := table.NewOrders(f.client(), "orders").Get(t.Context(), "x")
		checkError(t, err, "no such table")
	})
}
