package eventsource

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/noidle/noidle/local/api"
	"github.com/noidle/noidle/local/pattern"
)

// attribute is a message attribute as functions get it.
type attribute struct {
	StringValue      *string  `json:"stringValue,omitempty"`
	BinaryValue      []byte   `json:"binaryValue,omitempty"`
	StringListValues []string `json:"stringListValues"`
	BinaryListValues [][]byte `json:"binaryListValues"`
	DataType         string   `json:"dataType"`
}

// record is a message as functions get it. SQS gives its members the same names
// but for their case
// (https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html#example-standard-queue-message-event).
type record struct {
	MessageID              string               `json:"messageId"`
	ReceiptHandle          string               `json:"receiptHandle"`
	Body                   string               `json:"body"`
	Attributes             map[string]string    `json:"attributes"`
	MessageAttributes      map[string]attribute `json:"messageAttributes"`
	MD5OfMessageAttributes string               `json:"md5OfMessageAttributes,omitempty"`
	MD5OfBody              string               `json:"md5OfBody"`
	EventSource            string               `json:"eventSource"`
	EventSourceARN         string               `json:"eventSourceARN"`
	AWSRegion              string               `json:"awsRegion"`
	encoded                json.RawMessage
}

// complete adds what SQS does not say.
func (r *record) complete(queue string) {
	r.EventSource, r.EventSourceARN, r.AWSRegion = "aws:sqs", queue, api.Region
	if r.MessageAttributes == nil {
		r.MessageAttributes = map[string]attribute{}
	}
	for name, a := range r.MessageAttributes {
		a.StringListValues, a.BinaryListValues = []string{}, [][]byte{}
		r.MessageAttributes[name] = a
	}
	r.encoded = encode(r)
}

// encode returns JSON of a value that always has one.
func encode(value any) []byte {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(value)
	return bytes.TrimSpace(b.Bytes())
}

// filter returns the records that the function gets, and deletes the messages
// of the others
// (https://docs.aws.amazon.com/lambda/latest/dg/with-sqs-filtering.html).
func (m *poller) filter(records []record) (accepted []record) {
	var rejected []record
	for _, r := range records {
		r.complete(m.Queue)
		if len(m.Filters) == 0 || r.matches(m.Filters) {
			accepted = append(accepted, r)
		} else {
			rejected = append(rejected, r)
		}
	}
	m.remove(rejected)
	return accepted
}

// matches matches a body that is a JSON object by its fields, and any other as
// a string.
func (r record) matches(filters []*pattern.Pattern) bool {
	fields, _ := object(r.encoded)
	if body, ok := object([]byte(r.Body)); ok {
		fields["body"] = body
	}
	return slices.ContainsFunc(filters, func(p *pattern.Pattern) bool { return p.Match(fields) })
}

func object(data []byte) (fields map[string]any, ok bool) {
	if !json.Valid(data) {
		return nil, false
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	err := decoder.Decode(&fields)
	return fields, err == nil && fields != nil
}

// event returns the event of the first records, as many as its size allows.
func event(records []record) (n int, payload []byte) {
	payload = []byte(`{"Records":[`)
	for n < len(records) && (n == 0 || len(payload)+len(records[n].encoded)+len("]}") <= maximumPayload) {
		payload = append(append(payload, records[n].encoded...), ',')
		n++
	}
	return n, append(bytes.TrimSuffix(payload, []byte(",")), "]}"...)
}

// succeeded returns the records that a response does not report as failed, and
// none with an error if it is not of the form of a report
// (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-batchfailurereporting).
func succeeded(records []record, response []byte) ([]record, error) {
	report, err := parseReport(response)
	if err != nil {
		return nil, err
	}
	done := slices.Clone(records)
	for _, failure := range report.failures {
		id, _ := failure["itemIdentifier"].(string)
		if !slices.ContainsFunc(records, func(r record) bool { return r.MessageID == id }) {
			return nil, unknownItem(failure)
		}
		done = slices.DeleteFunc(done, func(r record) bool { return r.MessageID == id })
	}
	return done, nil
}

// report is what a function answers of a batch.
type report struct {
	failures []map[string]any
	// state is that of a tumbling window. Nil means that there is none.
	state json.RawMessage
}

// parseReport returns a report of no failures for an empty response.
func parseReport(response []byte) (report, error) {
	if text := string(bytes.TrimSpace(response)); text == "" || text == `""` {
		return report{}, nil
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(response, &members); err != nil {
		return report{}, err
	}
	r := report{state: members["state"]}
	if list, ok := members["batchItemFailures"]; ok {
		if err := json.Unmarshal(list, &r.failures); err != nil {
			return report{}, err
		}
	}
	return r, nil
}

func unknownItem(failure map[string]any) error {
	return fmt.Errorf("itemIdentifier %v is none of the batch", failure["itemIdentifier"])
}
