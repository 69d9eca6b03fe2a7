package stream_test

import (
	"encoding/json"
	"testing"

	"github.com/noidle/noidle/functions/kit/stream"
)

func TestResponse(t *testing.T) {
	for name, test := range map[string]struct {
		response stream.Response
		want     string
	}{
		"zero":     {stream.Response{}, `{"batchItemFailures":[]}`},
		"state":    {stream.Response{State: json.RawMessage(`{"a":1}`)}, `{"state":{"a":1},"batchItemFailures":[]}`},
		"failures": {stream.Response{BatchItemFailures: []stream.Failure{{"7"}, {"8"}}}, `{"batchItemFailures":[{"itemIdentifier":"7"},{"itemIdentifier":"8"}]}`},
		"both":     {stream.Response{State: json.RawMessage(`[]`), BatchItemFailures: []stream.Failure{{`"`}}}, `{"state":[],"batchItemFailures":[{"itemIdentifier":"\""}]}`},
	} {
		t.Run(name, func(t *testing.T) {
			direct, err := test.response.MarshalJSON()
			if err != nil || string(direct) != test.want {
				t.Errorf("got %s, %v, want %s", direct, err, test.want)
			}
			// The same comes of a handler that returns the response itself.
			checked, err := json.Marshal(test.response)
			if err != nil || string(checked) != test.want {
				t.Errorf("got %s, %v, want %s", checked, err, test.want)
			}
		})
	}
}
