package eventsource

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/noidle/noidle/local/api"
	"github.com/noidle/noidle/local/pattern"
)

// readRecord is a record as Kinesis answers it
// (https://docs.aws.amazon.com/kinesis/latest/APIReference/API_Record.html).
type readRecord struct {
	ApproximateArrivalTimestamp float64
	Data                        []byte
	EncryptionType              string
	PartitionKey                string
	SequenceNumber              string
}

// streamRecord is a record that is to be processed.
type streamRecord struct {
	sequenceNumber string
	arrival        time.Time
	encoded        json.RawMessage
}

// record returns a record as functions get it
// (https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html).
func (s *shard) record(r readRecord) streamRecord {
	arrival := time.UnixMilli(int64(math.Round(r.ApproximateArrivalTimestamp * 1000))).UTC()
	type data struct {
		KinesisSchemaVersion        string        `json:"kinesisSchemaVersion"`
		PartitionKey                string        `json:"partitionKey"`
		SequenceNumber              string        `json:"sequenceNumber"`
		Data                        []byte        `json:"data"`
		ApproximateArrivalTimestamp api.Timestamp `json:"approximateArrivalTimestamp"`
	}
	return streamRecord{r.SequenceNumber, arrival, encode(struct {
		Kinesis           data   `json:"kinesis"`
		EventSource       string `json:"eventSource"`
		EventVersion      string `json:"eventVersion"`
		EventID           string `json:"eventID"`
		EventName         string `json:"eventName"`
		InvokeIdentityARN string `json:"invokeIdentityArn"`
		AWSRegion         string `json:"awsRegion"`
		EventSourceARN    string `json:"eventSourceARN"`
	}{
		data{"1.0", r.PartitionKey, r.SequenceNumber, r.Data, api.Timestamp{Time: arrival}},
		"aws:kinesis", "1.0", s.id + ":" + r.SequenceNumber, "aws:kinesis:record", s.RoleARN, api.Region, s.Stream,
	})}
}

// matches returns whether one of the filters matches a record's data, or there
// are none. Data that is not JSON matches none
// (https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis-filtering.html).
func (r readRecord) matches(filters []*pattern.Pattern) bool {
	if len(filters) == 0 {
		return true
	}
	if !json.Valid(r.Data) {
		return false
	}
	decoder := json.NewDecoder(bytes.NewReader(r.Data))
	decoder.UseNumber()
	var data any
	_ = decoder.Decode(&data) // valid JSON decodes
	fields := map[string]any{"data": data}
	return slices.ContainsFunc(filters, func(p *pattern.Pattern) bool { return p.Match(fields) })
}

// event returns the event of records, and of the window that they are in.
func (l *lane) event(records []streamRecord, final, early bool) []byte {
	payload := []byte(`{"Records":[`)
	for i, r := range records {
		if i > 0 {
			payload = append(payload, ',')
		}
		payload = append(payload, r.encoded...)
	}
	payload = append(payload, ']')
	if l.window != nil {
		members := encode(l.window.members(l, final, early))
		return append(append(payload, ','), members[1:]...)
	}
	return append(payload, '}')
}

// maximumSize is how large the records of an event may be together.
func (l *lane) maximumSize() int {
	size := maximumPayload - len(`{"Records":[]}`)
	if l.TumblingWindow > 0 {
		// What is told of the window, too, except its state, is about 300 bytes.
		size -= maximumState + 1<<10
	}
	return size
}

var errNoState = errors.New("the response has no state, which a tumbling window needs")

// outcome returns how many records a response says are processed, from the first
// one, and the state that comes with them. The error says why others are not.
//
// The lowest sequence number that is reported is the checkpoint
// (https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html).
func (l *lane) outcome(records []streamRecord, response []byte) (done int, state json.RawMessage, err error) {
	if !l.ReportBatchItemFailures && l.window == nil {
		return len(records), nil, nil
	}
	report, err := parseReport(response)
	switch {
	case err != nil:
		return 0, nil, fmt.Errorf("response %.200q fails the whole batch: %w", response, err)
	case l.window != nil && report.state == nil:
		return 0, nil, errNoState
	case !l.ReportBatchItemFailures:
		report.failures = nil
	}
	done = len(records)
	for _, failure := range report.failures {
		id, _ := failure["itemIdentifier"].(string)
		i := slices.IndexFunc(records, func(r streamRecord) bool { return r.sequenceNumber == id })
		if i < 0 {
			return 0, nil, fmt.Errorf("response %.200q fails the whole batch: %w", response, unknownItem(failure))
		}
		if i < done {
			done, err = i, fmt.Errorf("the function reports a failure at sequence number %s", id)
		}
	}
	return done, report.state, err
}
