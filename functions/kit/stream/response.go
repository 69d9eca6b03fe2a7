package stream

import "encoding/json"

// Response is what a function answers to an event. The zero value says that all
// records are processed.
type Response struct {
	// State is what the next invocation for the window gets, as JSON of at most
	// 1 MB. With tumbling windows there must be one
	// (https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-windows.html).
	State json.RawMessage `json:"state,omitempty"`
	// BatchItemFailures are the records that failed. Lambda resumes at the lowest of
	// them, if the event source mapping reports batch item failures
	// (https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html).
	BatchItemFailures []Failure `json:"batchItemFailures"`
}

// Failure names a record that failed by its sequence number.
type Failure struct {
	ItemIdentifier string `json:"itemIdentifier"`
}

// MarshalJSON returns the response as Lambda reads it, the list of failures never
// null. A handler calls it directly: it copies the state, where [json.Marshal]
// would check it byte by byte.
func (r Response) MarshalJSON() ([]byte, error) {
	failures, err := json.Marshal(append([]Failure{}, r.BatchItemFailures...))
	if err != nil {
		return nil, err
	}
	text := make([]byte, 0, len(r.State)+len(failures)+len(`{"state":,"batchItemFailures":}`))
	text = append(text, '{')
	if len(r.State) > 0 {
		text = append(text, `"state":`...)
		text = append(text, r.State...)
		text = append(text, ',')
	}
	text = append(text, `"batchItemFailures":`...)
	text = append(text, failures...)
	return append(text, '}'), nil
}
