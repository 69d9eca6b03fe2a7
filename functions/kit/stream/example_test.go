package stream_test

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/noidle/noidle/functions/kit/stream"
)

// counter counts the records of each window. It is invoked once at a time, and so
// uses the memory of its event again.
type counter struct{ event stream.Event }

var _ lambda.Handler = (*counter)(nil)

func (c *counter) Invoke(_ context.Context, payload []byte) ([]byte, error) {
	if err := stream.Decode(payload, &c.event); err != nil {
		return nil, err
	}
	var state struct {
		Count int `json:"count"`
	}
	if err := json.Unmarshal(c.event.Window.State, &state); err != nil {
		return nil, err
	}
	state.Count += len(c.event.Records)
	text, err := json.Marshal(state)
	if err != nil {
		return nil, err
	}
	return stream.Response{State: text}.MarshalJSON()
}

// A function with tumbling windows adds to the state of the window.
func Example() {
	response, err := new(counter).Invoke(context.Background(), []byte(`{
		"Records": [
			{"kinesis": {"sequenceNumber": "8", "data": "SGVsbG8="}},
			{"kinesis": {"sequenceNumber": "9", "data": "d29ybGQ="}}
		],
		"window": {"start": "2020-12-09T07:04:00Z", "end": "2020-12-09T07:06:00Z"},
		"state": {"count": 40}
	}`))
	if err != nil {
		panic(err)
	}
	fmt.Println(string(response))
	// Output: {"state":{"count":42},"batchItemFailures":[]}
}

// The data is decoded, and the response names the record to resume at.
func ExampleDecode() {
	var event stream.Event
	payload := []byte(`{"Records": [{"kinesis": {"sequenceNumber": "8", "data": "SGVsbG8="}}]}`)
	if err := stream.Decode(payload, &event); err != nil {
		panic(err)
	}
	var response stream.Response
	for _, record := range event.Records {
		fmt.Printf("%s cannot be handled\n", record.Data)
		response.BatchItemFailures = []stream.Failure{{ItemIdentifier: record.SequenceNumber}}
		break
	}
	text, err := response.MarshalJSON()
	if err != nil {
		panic(err)
	}
	fmt.Println(string(text))
	// Output:
	// Hello cannot be handled
	// {"batchItemFailures":[{"itemIdentifier":"8"}]}
}
