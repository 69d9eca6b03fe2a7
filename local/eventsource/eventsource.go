// Package eventsource is Lambda's event source mappings for the local cloud:
// what receives messages from a queue, invokes a function with batches of them,
// and deletes those that the function took care of
// (https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html), and what reads
// the records of a stream in order and has a function process them
// (https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html).
package eventsource

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jonboulle/clockwork"

	"github.com/noidle/noidle/local/api"
	"github.com/noidle/noidle/local/pattern"
)

// Mapping has a function process the messages of a queue
// (https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html).
type Mapping struct {
	// ID is the mapping's UUID.
	ID string
	// Queue is the ARN of the queue.
	Queue string
	// Function is the ARN or name of the function.
	Function string
	// Timeout is that of the function, which the queue's visibility timeout must
	// not be shorter than. Zero means that this is not checked.
	Timeout time.Duration
	// BatchSize is how many messages an invocation gets at most, up to 10,000 and
	// for FIFO queues 10. More than 10 need a BatchingWindow. Zero means 10.
	BatchSize int
	// BatchingWindow is how long messages are gathered, up to 300 seconds, in
	// whole seconds. FIFO queues have none.
	BatchingWindow time.Duration
	// MaximumConcurrency is how many batches are processed at a time, 2 to 1,000
	// (https://docs.aws.amazon.com/lambda/latest/api/API_ScalingConfig.html).
	// Zero means up to 50, where AWS has up to 1,250.
	MaximumConcurrency int
	// ReportBatchItemFailures has the function answer which messages failed.
	ReportBatchItemFailures bool
	// Filters say which messages the function gets: those that one of them
	// matches. The others are deleted. None means all messages, up to 5 are possible.
	Filters []*pattern.Pattern
	// Enabled has messages received at all.
	Enabled bool
	// Role is the function's execution role, which receives and deletes.
	Role *api.Principal
}

// Options are what a Service needs of the rest of the cloud.
type Options struct {
	Clock clockwork.Clock
	// Call calls an operation of another service.
	Call func(call *api.Call, service, operation string, input []byte) ([]byte, error)
	// Invoke invokes a function and returns its response. An [api.Error] says that
	// it was not invoked, such as TooManyRequestsException that it was throttled.
	// Any other error is the function's.
	Invoke func(call *api.Call, function string, payload []byte) ([]byte, error)
	// Duplicate returns whether a function gets a batch a second time. Nil means
	// never.
	Duplicate func(function string) bool
	// Age is told how old the last record of each batch of a stream is. Nil means that
	// nobody is.
	Age func(function string, age time.Duration)
	// Log is told what goes wrong between a queue or stream and a function. Nil
	// means that nobody is.
	Log func(function, line string)
	// Await returns when a record is put to a stream after the call began, or the
	// context is done. It is needed for streams only.
	Await func(ctx context.Context, streamARN string)
	// Deliver delivers what is told of discarded records to an on-failure
	// destination. It is needed for streams only.
	Deliver func(ctx context.Context, delivery api.Delivery) error
}

// Service runs event source mappings.
type Service struct {
	Options
	polling context.Context
	stop    context.CancelFunc
	running sync.WaitGroup
}

// New returns a Service without mappings. Close it after use.
func New(options Options) *Service {
	s := &Service{Options: options}
	s.polling, s.stop = context.WithCancel(context.Background())
	if s.Duplicate == nil {
		s.Duplicate = func(string) bool { return false }
	}
	if s.Age == nil {
		s.Age = func(string, time.Duration) {}
	}
	if s.Log == nil {
		s.Log = func(string, string) {}
	}
	return s
}

// Close stops receiving, and waits for the batches that are being processed.
func (s *Service) Close() {
	s.stop()
	s.running.Wait()
}

// wait returns false if the service closes before the time is over.
func (s *Service) wait(d time.Duration) bool {
	timer := s.Clock.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.Chan():
		return true
	case <-s.polling.Done():
		return false
	}
}

// The number of batches that are processed at a time
// (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html). The
// maximum is a local one.
const (
	initialConcurrency = 5
	maximumConcurrency = 50
)

// Create checks a mapping and starts it. The error is an [api.Error].
func (s *Service) Create(mapping Mapping) error {
	mapping.BatchSize = cmp.Or(mapping.BatchSize, 10)
	m := &poller{Mapping: mapping, service: s, limit: cmp.Or(mapping.MaximumConcurrency, maximumConcurrency)}
	if err := m.check(); err != nil {
		return err
	}
	if mapping.Enabled {
		for range min(initialConcurrency, m.limit) {
			m.grow()
		}
	}
	return nil
}

func invalid(format string, args ...any) error {
	return &api.Error{Code: "InvalidParameterValueException", Message: fmt.Sprintf(format, args...)}
}

// check refuses what AWS refuses when a mapping is made
// (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html).
func (m *poller) check() error {
	switch {
	case m.BatchSize < 1 || m.BatchSize > 10_000 || m.fifo() && m.BatchSize > 10:
		return invalid("batch size %d is invalid: it must be 1 to 10000, and 10 at most for a FIFO queue", m.BatchSize)
	case m.BatchingWindow < 0 || m.BatchingWindow > 300*time.Second || m.BatchingWindow%time.Second != 0:
		return invalid("batching window %s is invalid: it must be 0 to 300 whole seconds", m.BatchingWindow)
	case m.fifo() && m.BatchingWindow > 0:
		return invalid("Batching window is not supported for FIFO queues.")
	case m.BatchSize > 10 && m.BatchingWindow == 0:
		return invalid("Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10")
	case m.MaximumConcurrency != 0 && (m.MaximumConcurrency < 2 || m.MaximumConcurrency > 1000):
		return invalid("maximum concurrency %d is invalid: it must be 2 to 1000", m.MaximumConcurrency)
	case len(m.Filters) > 5:
		return invalid("%d filters are too many: a mapping has 5 at most", len(m.Filters))
	}
	call := m.call(m.service.polling)
	for _, action := range []string{"ReceiveMessage", "DeleteMessage", "GetQueueAttributes"} {
		if err := call.Authorize("sqs:"+action, m.Queue, nil); err != nil {
			return invalid("The function execution role does not have permissions to call %s on SQS: %v", action, err)
		}
	}
	visibility, err := m.visibilityTimeout()
	if err != nil {
		return invalid("Error occurred while calling SQS GetQueueAttributes. SQS Error Message: %v", err)
	}
	if visibility < m.Timeout {
		return invalid("Queue visibility timeout: %.0f seconds is less than Function timeout: %.0f seconds", visibility.Seconds(), m.Timeout.Seconds())
	}
	return nil
}

func (m *poller) fifo() bool { return strings.HasSuffix(m.Queue, ".fifo") }

func (m *poller) call(ctx context.Context) *api.Call {
	return &api.Call{Context: ctx, Principal: m.Role, RequestID: uuid.NewString()}
}

// sqs calls an operation on the queue.
func (m *poller) sqs(ctx context.Context, operation string, input map[string]any, output any) error {
	input["QueueUrl"] = m.Queue[strings.LastIndexByte(m.Queue, ':')+1:]
	encoded, err := json.Marshal(input)
	if err != nil {
		return err
	}
	answer, err := m.service.Call(m.call(ctx), "sqs", operation, encoded)
	if err != nil {
		return err
	}
	return json.Unmarshal(answer, output)
}

func (m *poller) visibilityTimeout() (time.Duration, error) {
	var output struct{ Attributes map[string]string }
	names := map[string]any{"AttributeNames": []string{"VisibilityTimeout"}}
	if err := m.sqs(m.service.polling, "GetQueueAttributes", names, &output); err != nil {
		return 0, err
	}
	seconds, err := strconv.Atoi(output.Attributes["VisibilityTimeout"])
	return time.Duration(seconds) * time.Second, err
}
