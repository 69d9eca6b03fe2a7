package queue_test

import (
	"context"
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/google/go-cmp/cmp"

	"github.com/noidle/noidle/functions/internal/order"
	"github.com/noidle/noidle/functions/orders/internal/queue"
)

var _ order.Queue = (*queue.Queue)(nil)

// client is an SQS client made of a function.
type client func(*sqs.SendMessageInput) error

func (c client) SendMessage(_ context.Context, in *sqs.SendMessageInput, _ ...func(*sqs.Options)) (*sqs.SendMessageOutput, error) {
	return &sqs.SendMessageOutput{}, c(in)
}

var accepted = order.Order{
	OrderID: "abcdefghijklmnopqrstuvwxyz", CustomerID: "c-1", Currency: "KRW", PaymentToken: "tok_ok",
	Items: []order.Item{{SKU: "book-1", Quantity: 2, UnitPrice: 15000}}, Amount: 30000,
}

func TestSend(t *testing.T) {
	const url = "https://sqs.eu-west-1.amazonaws.com/123456789012/orders"
	q := queue.New(client(func(in *sqs.SendMessageInput) error {
		if *in.QueueUrl != url {
			t.Errorf("got queue %s", *in.QueueUrl)
		}
		if in.MessageGroupId != nil || in.MessageDeduplicationId != nil || in.DelaySeconds != 0 {
			t.Errorf("unexpected settings: %+v", in)
		}
		got, err := order.ParseMessage([]byte(*in.MessageBody))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(accepted, got); diff != "" {
			t.Errorf("order (-want +got):\n%s", diff)
		}
		return nil
	}), url)
	if err := q.Send(t.Context(), accepted); err != nil {
		t.Fatal(err)
	}
}

func TestSendFails(t *testing.T) {
	down := errors.New("down")
	q := queue.New(client(func(*sqs.SendMessageInput) error { return down }), "url")
	if err := q.Send(t.Context(), accepted); !errors.Is(err, down) {
		t.Errorf("got error %v, want %v", err, down)
	}
}
