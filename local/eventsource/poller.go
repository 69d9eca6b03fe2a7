package eventsource

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/noidle/noidle/local/api"
)

// poller receives for a mapping: a few goroutines at first, each with one
// batch at a time, and more while batches come back full.
type poller struct {
	Mapping
	service *Service
	limit   int

	mutex   sync.Mutex
	pollers int
}

// maximumPayload is how large an event may be, in bytes
// (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html).
const maximumPayload = 6 << 20

// The waits before what failed is tried again, each twice the one before.
const (
	firstBackoff   = 250 * time.Millisecond
	longestBackoff = 10 * time.Second
)

// poll processes batches until the service closes, or there is too little to do
// for this goroutine.
func (m *poller) poll() {
	for m.service.polling.Err() == nil {
		b, err := m.collect()
		if err != nil {
			m.service.Log(m.Function, "receiving messages failed: "+err.Error())
			m.service.wait(time.Second)
		}
		if len(b.records) >= m.BatchSize {
			m.grow()
		}
		ok := m.process(b)
		if (!ok && !m.ReportBatchItemFailures || len(b.records) == 0) && m.shrink() {
			return
		}
	}
}

// grow starts a goroutine more, if the limit allows it.
func (m *poller) grow() {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if m.pollers < m.limit {
		m.pollers++
		m.service.running.Go(m.poll)
	}
}

// shrink returns whether there is a goroutine more than at the start.
func (m *poller) shrink() bool {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if m.pollers <= initialConcurrency {
		return false
	}
	m.pollers--
	return true
}

// batch is what a function gets in one invocation, or several if it is large.
type batch struct {
	records []record
	// received is when the first messages came.
	received time.Time
}

// collect gathers the records of the first receive that has any, and more as
// long as the batching window and the service are open.
func (m *poller) collect() (b batch, err error) {
	wait, size := 20*time.Second, 0
	for wait > 0 && len(b.records) < m.BatchSize && size < maximumPayload && m.service.polling.Err() == nil {
		received, err := m.receive(min(10, m.BatchSize-len(b.records)), wait)
		now := m.service.Clock.Now()
		accepted := m.filter(received)
		switch {
		case err != nil, len(accepted) == 0 && len(b.records) == 0:
			return b, err
		case len(b.records) == 0:
			b.received = now
		}
		for _, r := range accepted {
			size += len(r.encoded)
		}
		b.records = append(b.records, accepted...)
		wait = min(b.received.Add(m.BatchingWindow).Sub(now).Round(time.Second), 20*time.Second)
	}
	return b, nil
}

func (m *poller) receive(limit int, wait time.Duration) ([]record, error) {
	var output struct{ Messages []record }
	err := m.sqs(m.service.polling, "ReceiveMessage", map[string]any{
		"MaxNumberOfMessages": limit, "WaitTimeSeconds": wait / time.Second,
		"MessageSystemAttributeNames": []string{"All"}, "MessageAttributeNames": []string{"All"},
	}, &output)
	if m.service.polling.Err() != nil {
		err = nil
	}
	return output.Messages, err
}

// process invokes the function with the records, in as many events as their
// size asks for. In a FIFO queue those after a failure wait for their next
// delivery, lest they overtake the failed ones.
func (m *poller) process(b batch) (ok bool) {
	ok = true
	for len(b.records) > 0 && (ok || !m.fifo()) {
		n, payload := event(b.records)
		deliveries := 1
		if m.service.Duplicate(m.Function) {
			deliveries = 2
		}
		for range deliveries {
			ok = m.deliver(b.records[:n], payload, b.received) && ok
		}
		b.records = b.records[n:]
	}
	return ok
}

// deliver invokes the function with one event and deletes the messages that it
// took care of. It returns whether those were all.
func (m *poller) deliver(records []record, payload []byte, received time.Time) bool {
	response, err := m.invoke(payload, received)
	if err != nil {
		m.service.Log(m.Function, "processing a batch failed: "+err.Error())
		return false
	}
	if !m.ReportBatchItemFailures {
		m.remove(records)
		return true
	}
	done, err := succeeded(records, response)
	if err != nil {
		m.service.Log(m.Function, fmt.Sprintf("response %.200q fails the whole batch: %v", response, err))
	}
	m.remove(done)
	return len(done) == len(records)
}

// invoke invokes the function. A throttled invocation is tried again until the
// messages are visible in the queue again
// (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-backoff-strategy).
func (m *poller) invoke(payload []byte, received time.Time) ([]byte, error) {
	ctx := context.WithoutCancel(m.service.polling)
	for backoff := firstBackoff; ; backoff = min(2*backoff, longestBackoff) {
		response, err := m.service.Invoke(&api.Call{Context: ctx, RequestID: m.call(ctx).RequestID}, m.Function, payload)
		if !api.Throttled(err) {
			return response, err
		}
		visibility, attributesErr := m.visibilityTimeout()
		late := !m.service.Clock.Now().Add(backoff).Before(received.Add(visibility))
		if attributesErr != nil || late || !m.service.wait(backoff) {
			return nil, err
		}
	}
}

// remove deletes messages, ten at a time.
func (m *poller) remove(records []record) {
	ctx := context.WithoutCancel(m.service.polling)
	for len(records) > 0 {
		n := min(10, len(records))
		entries := make([]map[string]string, n)
		for i, r := range records[:n] {
			entries[i] = map[string]string{"Id": r.MessageID, "ReceiptHandle": r.ReceiptHandle}
		}
		var output struct{ Failed []json.RawMessage }
		err := m.sqs(ctx, "DeleteMessageBatch", map[string]any{"Entries": entries}, &output)
		if err != nil || len(output.Failed) > 0 {
			m.service.Log(m.Function, fmt.Sprintf("deleting messages failed: %v %s", err, output.Failed))
		}
		records = records[n:]
	}
}
