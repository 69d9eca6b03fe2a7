package eventsource

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/noidle/noidle/local/api"
	"github.com/noidle/noidle/local/pattern"
)

// The starting positions of a [StreamMapping]
// (https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-parameters.html).
const (
	// TrimHorizon has all records of the stream processed.
	TrimHorizon = "TRIM_HORIZON"
	// Latest has records processed that come after the mapping.
	Latest = "LATEST"
	// AtTimestamp has records processed since a time.
	AtTimestamp = "AT_TIMESTAMP"
)

// StreamMapping has a function process the records of a Kinesis data stream
// (https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-parameters.html).
type StreamMapping struct {
	// Stream is the ARN of the data stream.
	Stream string
	// Function is the ARN of the function.
	Function string
	// BatchSize is how many records an invocation gets at most, up to 10,000. Zero
	// means 100.
	BatchSize int
	// BatchingWindow is how long records are gathered, up to 300 seconds, in whole
	// seconds.
	BatchingWindow time.Duration
	// ParallelizationFactor is how many batches of a shard are processed at a time,
	// up to 10. Records of one partition key stay in order. Zero means 1.
	ParallelizationFactor int
	// StartingPosition is [TrimHorizon], [Latest] or [AtTimestamp].
	StartingPosition string
	// StartingPositionTimestamp is the time for AtTimestamp.
	StartingPositionTimestamp time.Time
	// MaximumRetryAttempts is how often a batch is tried again after the function
	// failed, up to 10,000. Nil and -1 mean until its records expire.
	MaximumRetryAttempts *int
	// MaximumRecordAgeInSeconds is the age, 60 to 604,800, over which records are
	// discarded. Nil and -1 mean that they are not until they expire.
	MaximumRecordAgeInSeconds *int
	// BisectBatchOnFunctionError has a batch split in two when the function fails.
	BisectBatchOnFunctionError bool
	// TumblingWindow is how long the windows are whose state the function keeps, up
	// to 900 seconds, in whole seconds. Zero means that there are none
	// (https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-windows.html).
	TumblingWindow time.Duration
	// ReportBatchItemFailures has the function answer from which record on it failed.
	ReportBatchItemFailures bool
	// OnFailure is the ARN of the queue or topic that is told of discarded records.
	// Empty means none.
	OnFailure string
	// Filters say which records the function gets: those whose JSON data, in the
	// field "data", one of them matches. None means all, up to 5 are possible
	// (https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis-filtering.html).
	Filters []*pattern.Pattern
	// Enabled has records read at all.
	Enabled bool
	// Role is the function's execution role, which reads and tells the destination.
	Role *api.Principal
	// RoleARN is the role's ARN, as events tell it.
	RoleARN string
}

// streamPoller reads for a mapping, each shard with as many goroutines as the
// parallelization factor says.
type streamPoller struct {
	StreamMapping
	service        *Service
	maximumRetries int           // negative means any number
	maximumAge     time.Duration // negative means any age
}

// CreateStream checks a mapping and starts it. The error is an [api.Error].
func (s *Service) CreateStream(mapping StreamMapping) error {
	mapping.BatchSize = cmp.Or(mapping.BatchSize, 100)
	mapping.ParallelizationFactor = cmp.Or(mapping.ParallelizationFactor, 1)
	m := &streamPoller{StreamMapping: mapping, service: s, maximumRetries: -1, maximumAge: -time.Second}
	if mapping.MaximumRetryAttempts != nil {
		m.maximumRetries = *mapping.MaximumRetryAttempts
	}
	if mapping.MaximumRecordAgeInSeconds != nil {
		m.maximumAge = time.Duration(*mapping.MaximumRecordAgeInSeconds) * time.Second
	}
	for _, check := range []func() error{m.checkRanges, m.checkPosition, m.checkCombination, m.checkDestination, m.checkStream} {
		if err := check(); err != nil {
			return err
		}
	}
	shards, err := m.list()
	if err != nil {
		return m.inaccessible(err)
	}
	if m.Enabled {
		for _, id := range shards {
			m.start(id)
		}
	}
	return nil
}

// checkRanges refuses numbers out of range as AWS's APIs do
// (https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html).
func (m *streamPoller) checkRanges() error {
	for _, number := range []struct {
		name               string
		value, least, most int
	}{
		{"batchSize", m.BatchSize, 1, 10_000},
		{"maximumBatchingWindowInSeconds", int(m.BatchingWindow / time.Second), 0, 300},
		{"parallelizationFactor", m.ParallelizationFactor, 1, 10},
		{"maximumRetryAttempts", m.maximumRetries, -1, 10_000},
		{"maximumRecordAgeInSeconds", int(m.maximumAge / time.Second), -1, 604_800},
		{"tumblingWindowInSeconds", int(m.TumblingWindow / time.Second), 0, 900},
	} {
		var constraint string
		switch {
		case number.value < number.least:
			constraint = fmt.Sprintf("greater than or equal to %d", number.least)
		case number.value > number.most:
			constraint = fmt.Sprintf("less than or equal to %d", number.most)
		default:
			continue
		}
		return &api.Error{Code: "ValidationException", Message: fmt.Sprintf(
			"1 validation error detected: Value '%d' at '%s' failed to satisfy constraint: Member must have value %s", number.value, number.name, constraint)}
	}
	return nil
}

func (m *streamPoller) checkPosition() error {
	timestamp := !m.StartingPositionTimestamp.IsZero()
	switch m.StartingPosition {
	case TrimHorizon, Latest, AtTimestamp:
	default:
		return invalid("starting position %q is invalid: a stream needs %s, %s or %s", m.StartingPosition, TrimHorizon, Latest, AtTimestamp)
	}
	switch {
	case timestamp != (m.StartingPosition == AtTimestamp):
		return invalid("StartingPositionTimestamp is for starting position %s, and needed there", AtTimestamp)
	case m.StartingPositionTimestamp.After(m.service.Clock.Now()):
		return invalid("StartingPositionTimestamp %s is in the future", m.StartingPositionTimestamp.Format(time.RFC3339))
	}
	return nil
}

func (m *streamPoller) checkCombination() error {
	switch {
	case m.BatchingWindow%time.Second != 0, m.TumblingWindow%time.Second != 0:
		return invalid("batching window %s and tumbling window %s must be whole seconds", m.BatchingWindow, m.TumblingWindow)
	case m.maximumAge >= 0 && m.maximumAge < time.Minute:
		return invalid("MaximumRecordAgeInSeconds must be either -1 (forever) or between 60 and 604800 (inclusive)")
	case m.TumblingWindow > 0 && m.ParallelizationFactor > 1:
		return invalid("a tumbling window is not possible with a parallelization factor of %d: it must be 1", m.ParallelizationFactor)
	case len(m.Filters) > 5:
		return invalid("%d filters are too many: a mapping has 5 at most", len(m.Filters))
	case strings.Contains(m.Stream, "/consumer/"):
		return invalid("stream consumer %q is not supported locally: name the stream", m.Stream)
	}
	return nil
}

// checkDestination refuses destinations that the role may not tell
// (https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html).
func (m *streamPoller) checkDestination() error {
	action, service := "", ""
	switch {
	case m.OnFailure == "":
		return nil
	case strings.HasPrefix(m.OnFailure, "arn:aws:sqs:") && !strings.HasSuffix(m.OnFailure, ".fifo"):
		action, service = "SendMessage", "SQS"
	case strings.HasPrefix(m.OnFailure, "arn:aws:sns:") && !strings.HasSuffix(m.OnFailure, ".fifo"):
		action, service = "Publish", "SNS"
	default:
		return invalid("on-failure destination %q is not supported locally: it must be a standard queue or topic", m.OnFailure)
	}
	if err := m.call(m.service.polling).Authorize(strings.ToLower(service)+":"+action, m.OnFailure, nil); err != nil {
		return invalid("The provided execution role does not have permissions to call %s on %s: %v", action, service, err)
	}
	return nil
}

// checkStream refuses streams that the role may not read
// (https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-create.html).
// ListStreams, which is on that page, too, is for the console.
func (m *streamPoller) checkStream() error {
	call := m.call(m.service.polling)
	for _, action := range []string{"GetRecords", "GetShardIterator", "DescribeStream", "ListShards", "DescribeStreamSummary"} {
		if err := call.Authorize("kinesis:"+action, m.Stream, nil); err != nil {
			return m.inaccessible(err)
		}
	}
	return nil
}

func (m *streamPoller) inaccessible(err error) error {
	return invalid("Cannot access stream %s. Please ensure the role can perform the GetRecords, GetShardIterator, "+
		"DescribeStream, ListShards, and DescribeStreamSummary Actions on your stream in IAM. %v", m.Stream, err)
}

func (m *streamPoller) call(ctx context.Context) *api.Call {
	return &api.Call{Context: ctx, Principal: m.Role, RequestID: uuid.NewString()}
}

// kinesis calls an operation on the stream.
func (m *streamPoller) kinesis(operation string, input map[string]any, output any) error {
	input["StreamARN"] = m.Stream
	encoded, err := json.Marshal(input)
	if err != nil {
		return err
	}
	answer, err := m.service.Call(m.call(m.service.polling), "kinesis", operation, encoded)
	if err != nil {
		return err
	}
	return json.Unmarshal(answer, output)
}

// log tells what went wrong, unless it is that the service closes.
func (m *streamPoller) log(what string, err error) {
	if m.service.polling.Err() == nil {
		m.service.Log(m.Function, what+": "+err.Error())
	}
}

// refused returns the error of who does not invoke a function, or nil if it was
// invoked.
func refused(err error) *api.Error {
	failure, _ := errors.AsType[*api.Error](err)
	return failure
}

func statusOf(failure *api.Error) int {
	if api.Throttled(failure) {
		return http.StatusTooManyRequests
	}
	return cmp.Or(failure.Status, http.StatusBadRequest)
}
