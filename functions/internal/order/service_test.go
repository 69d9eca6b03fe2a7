package order_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/noidle/noidle/functions/internal/order"
)

// fake is a Store, a Queue and a Workflow that notes its calls.
type fake struct {
	calls []string
	fail  map[string]error
}

func (f *fake) call(name string) error {
	f.calls = append(f.calls, name)
	return f.fail[name]
}

func (f *fake) Create(context.Context, order.Order) error { return f.call("create") }

func (f *fake) Get(context.Context, string) (order.Record, error) {
	return order.Record{}, f.call("get")
}

type fakeQueue struct{ *fake }

func (q fakeQueue) Send(context.Context, order.Order) error { return q.call("send") }

type fakeWorkflow struct{ *fake }

func (w fakeWorkflow) Start(context.Context, order.Order) error { return w.call("start") }

var errDown = errors.New("down")

func TestServices(t *testing.T) {
	accept := func(f *fake, o order.Order) error { return order.Accept(context.Background(), fakeQueue{f}, f, o) }
	start := func(f *fake, o order.Order) error { return order.Start(context.Background(), f, fakeWorkflow{f}, o) }
	for _, test := range []struct {
		name  string
		do    func(*fake, order.Order) error
		fail  string
		calls []string
		err   string
	}{
		{name: "accept", do: accept, calls: []string{"send", "create"}},
		{name: "accept, queue down: no record", do: accept, fail: "send", calls: []string{"send"}, err: "order o-1: send: down"},
		{name: "accept, store down", do: accept, fail: "create", calls: []string{"send", "create"}, err: "order o-1: create: down"},
		{name: "start", do: start, calls: []string{"create", "start"}},
		{name: "start, store down: no workflow", do: start, fail: "create", calls: []string{"create"}, err: "order o-1: create: down"},
		{name: "start, workflow down", do: start, fail: "start", calls: []string{"create", "start"}, err: "order o-1: start: down"},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := &fake{fail: map[string]error{test.fail: errDown}}
			err := test.do(f, order.Order{OrderID: "o-1"})
			if diff := cmp.Diff(test.calls, f.calls); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
			switch {
			case test.err == "" && err != nil:
				t.Errorf("unexpected error: %v", err)
			case test.err != "" && (!errors.Is(err, errDown) || err.Error() != test.err):
				t.Errorf("got error %v, want %s", err, test.err)
			}
		})
	}
}
