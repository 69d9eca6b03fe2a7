package saga_test

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/aws/aws-lambda-go/lambda/messages"

	"github.com/noidle/noidle/functions/kit/saga"
)

type trip struct {
	Traveller string `json:"traveller"`
}

type ticket struct {
	Seat string `json:"seat"`
}

// A step reads what an earlier step returned and rejects what it cannot do.
func Example() {
	bookMeal := func(_ context.Context, s saga.State[trip]) (string, error) {
		var t ticket
		if err := s.Results["BookSeat"].Decode(&t); err != nil {
			return "", err
		}
		if t.Seat == "roof" {
			return "", saga.Reject("NoMealOnTheRoof", "no meals on the roof")
		}
		return "meal for " + s.Input.Traveller + " at " + t.Seat, nil
	}

	for _, text := range []string{
		`{"input":{"traveller":"Ada"},"results":{"BookSeat":{"output":{"seat":"12a"}}}}`,
		`{"input":{"traveller":"Bob"},"results":{"BookSeat":{"output":{"seat":"roof"}}}}`,
	} {
		var state saga.State[trip]
		if err := json.Unmarshal([]byte(text), &state); err != nil {
			panic(err)
		}
		meal, err := bookMeal(context.Background(), state)
		if rejection, ok := err.(messages.InvokeResponse_Error); ok {
			fmt.Println("rejected:", rejection.Type)
			continue
		}
		fmt.Println(meal)
	}
	// Output:
	// meal for Ada at 12a
	// rejected: NoMealOnTheRoof
}
