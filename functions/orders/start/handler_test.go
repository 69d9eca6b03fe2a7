package main

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"github.com/noidle/noidle/functions/internal/order"
	"github.com/noidle/noidle/functions/orders/internal/handlertest"
)

// backend is the store and the workflow. It notes its calls.
type backend struct {
	calls         []string
	create, start func(id string) error
}

func (b *backend) Create(_ context.Context, o order.Order) error {
	b.calls = append(b.calls, "create "+o.OrderID)
	return b.create(o.OrderID)
}

func (b *backend) Get(context.Context, string) (order.Record, error) {
	return order.Record{}, errors.New("not to be called")
}

func (b *backend) Start(_ context.Context, o order.Order) error {
	b.calls = append(b.calls, "start "+o.OrderID)
	return b.start(o.OrderID)
}

// The messages and orders of the fixture. The second message is no order.
const (
	message1, order1 = "059f36b4-87a3-44ab-83d2-661975830a7d", "abcdefghijklmnopqrstuvwxyz"
	message2         = "2e1424d4-f796-459a-8184-9c92662be6da"
	message3, order3 = "7b1c0e0e-6a5b-4c3d-9e8f-001122334455", "zyxwvutsrqponmlkjihgfedcba"
)

func TestHandle(t *testing.T) {
	ok := func(string) error { return nil }
	failFor := func(id string) func(string) error {
		return func(got string) error {
			if got == id {
				return errors.New("down")
			}
			return nil
		}
	}
	for _, test := range []struct {
		name          string
		create, start func(string) error
		calls         []string
		failed        []string
	}{
		{
			name: "all but what is no order", create: ok, start: ok,
			calls:  []string{"create " + order1, "start " + order1, "create " + order3, "start " + order3},
			failed: []string{message2},
		},
		{
			name: "store down for one", create: failFor(order1), start: ok,
			calls:  []string{"create " + order1, "create " + order3, "start " + order3},
			failed: []string{message1, message2},
		},
		{
			name: "workflow down for one", create: ok, start: failFor(order3),
			calls:  []string{"create " + order1, "start " + order1, "create " + order3, "start " + order3},
			failed: []string{message2, message3},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			log := handlertest.Log(t)
			b := &backend{create: test.create, start: test.start}
			response, err := handler{orders: b, workflow: b}.handle(t.Context(), event(t))
			if err != nil {
				t.Fatal(err)
			}
			var failed []string
			for _, f := range response.BatchItemFailures {
				failed = append(failed, f.ItemIdentifier)
			}
			if diff := cmp.Diff(test.failed, failed); diff != "" {
				t.Errorf("failed (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.calls, b.calls); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
			if !strings.Contains(log.String(), `"id":"`+message2+`","error":"order: /orderId: missing; `) {
				t.Errorf("the log lacks the reason: %s", log)
			}
			if strings.Contains(log.String(), "tok_") {
				t.Errorf("the log shows a payment token: %s", log)
			}
		})
	}
}

// event is a batch as Lambda sends it.
func event(t testing.TB) events.SQSEvent {
	t.Helper()
	return handlertest.Event[events.SQSEvent](t, "testdata/sqs.json")
}
