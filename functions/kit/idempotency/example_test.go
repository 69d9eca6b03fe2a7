package idempotency_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/noidle/noidle/functions/kit/awsconfig"
	"github.com/noidle/noidle/functions/kit/idempotency"
)

type payment struct {
	ID string `json:"id"`
}

// A request that comes twice is charged once, and answered twice the same.
func ExampleDo() {
	cfg, err := awsconfig.FromEnvironment()
	if err != nil {
		fmt.Println(err)
		return
	}
	store := idempotency.New(dynamodb.NewFromConfig(cfg), "idempotency", nil)

	key, body := "8e03978e-40d5-43e8-bc93-6894a57f9324", []byte(`{"amount":30000}`)
	result, err := idempotency.Do(context.Background(), store, key, body, func(ctx context.Context) (payment, error) {
		return charge(ctx, key, 30000)
	})
	switch {
	case errors.Is(err, idempotency.ErrPayloadMismatch):
		fmt.Println("this key was used for another payment")
	case errors.Is(err, idempotency.ErrInProgress):
		fmt.Println("come back in a second")
	case err != nil:
		fmt.Println("failed:", err)
	default:
		fmt.Println("charged:", result.ID)
	}
}

// charge is repeatable by itself: the payment's ID follows from the key.
func charge(_ context.Context, key string, _ int) (payment, error) {
	return payment{ID: "payment-" + key}, nil
}
