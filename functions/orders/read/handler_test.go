package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"github.com/noidle/noidle/functions/internal/order"
	"github.com/noidle/noidle/functions/orders/internal/handlertest"
)

// store is an order.Store that can only be read.
type store func(id string) (order.Record, error)

func (s store) Get(_ context.Context, id string) (order.Record, error) { return s(id) }

func (s store) Create(context.Context, order.Order) error { return errors.New("not to be called") }

const id = "abcdefghijklmnopqrstuvwxyz"

func TestHandle(t *testing.T) {
	at := func(second int) order.Timestamp {
		return order.At(time.Date(2026, 3, 1, 12, 0, second, 120e6, time.UTC))
	}
	record := order.Record{
		OrderID: id, Status: order.Reserved, CustomerID: "c-1", Currency: "KRW", Amount: 30000,
		Items:   []order.Item{{SKU: "book-1", Quantity: 2, UnitPrice: 15000}},
		History: []order.Change{{Status: order.Accepted, At: at(0)}, {Status: order.Reserved, At: at(1)}},
	}
	const details = `"customerId":"c-1","currency":"KRW","amount":30000,"items":[{"sku":"book-1","quantity":2,"unitPrice":15000}],` +
		`"history":[{"status":"ACCEPTED","at":"2026-03-01T12:00:00.120Z"},{"status":"RESERVED","at":"2026-03-01T12:00:01.120Z"}]}`
	failed := record
	failed.Status, failed.Reason = order.Failed, "payment declined"

	ok := map[string]string{"content-type": "application/json", "cache-control": "no-store"}
	notFound := events.APIGatewayV2HTTPResponse{
		StatusCode: 404,
		Headers:    map[string]string{"content-type": "application/problem+json", "cache-control": "no-store"},
		Body:       `{"type":"about:blank","title":"Not Found","status":404,"detail":"there is no order with this ID"}`,
	}
	for _, test := range []struct {
		name   string
		id     string
		record order.Record
		err    error
		want   events.APIGatewayV2HTTPResponse
		log    string
	}{
		{
			name: "found", id: id, record: record,
			want: events.APIGatewayV2HTTPResponse{StatusCode: 200, Headers: ok, Body: `{"orderId":"` + id + `","status":"RESERVED","reason":"",` + details},
		},
		{
			name: "failed", id: id, record: failed,
			want: events.APIGatewayV2HTTPResponse{StatusCode: 200, Headers: ok, Body: `{"orderId":"` + id + `","status":"FAILED","reason":"payment declined",` + details},
		},
		{name: "unknown", id: id, err: fmt.Errorf("wrapped: %w", order.ErrNotFound), want: notFound},
		{name: "malformed", id: "../secrets", err: errors.New("not to be called"), want: notFound},
		{name: "none", id: "", err: errors.New("not to be called"), want: notFound},
		{
			name: "store down", id: id, err: errors.New("AccessDenied: internal"), log: "AccessDenied: internal",
			want: events.APIGatewayV2HTTPResponse{
				StatusCode: 503,
				Headers:    map[string]string{"content-type": "application/problem+json", "cache-control": "no-store", "retry-after": "1"},
				Body:       `{"type":"about:blank","title":"Service Unavailable","status":503,"detail":"the order cannot be read now"}`,
			},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			log := handlertest.Log(t)
			h := handler{orders: store(func(got string) (order.Record, error) {
				if got != test.id {
					t.Errorf("read %q, want %q", got, test.id)
				}
				return test.record, test.err
			})}
			r := get(t)
			r.PathParameters["orderId"] = test.id
			got, err := h.handle(t.Context(), r)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("response (-want +got):\n%s", diff)
			}
			if !strings.Contains(log.String(), test.log) || test.log == "" && log.Len() > 0 {
				t.Errorf("got log %s, want %s", log, test.log)
			}
		})
	}
}

// get is a request as API Gateway sends it.
func get(t testing.TB) events.APIGatewayV2HTTPRequest {
	t.Helper()
	return handlertest.Event[events.APIGatewayV2HTTPRequest](t, "testdata/get.json")
}
