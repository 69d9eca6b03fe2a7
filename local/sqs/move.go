package sqs

import (
	"encoding/base64"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/noidle/noidle/local/api"
)

// task moves the messages of a dead-letter queue elsewhere.
type task struct {
	TaskHandle                        string `json:",omitempty"`
	Status                            string
	ApproximateNumberOfMessagesMoved  int
	ApproximateNumberOfMessagesToMove int
	FailureReason                     string `json:",omitempty"`
	StartedTimestamp                  int64
	startMoveInput
}

// The states in which a task is.
const (
	running   = "RUNNING"
	completed = "COMPLETED"
	cancelled = "CANCELLED"
	failed    = "FAILED"
)

// source is the dead-letter queue of a request.
type source struct {
	SourceARN string `json:"SourceArn"`
}

func (in source) queue() (string, error) {
	name := in.SourceARN[strings.LastIndexByte(in.SourceARN, ':')+1:]
	if ARN(name) != in.SourceARN {
		name = ""
	}
	return name, fail("ResourceNotFoundException", "The resource that you specified for the SourceArn parameter doesn't exist.")
}

func (s *Service) byARN(arn string) *queue {
	name, _ := source{arn}.queue()
	return s.queues[name]
}

type startMoveInput struct {
	source
	DestinationARN               *string `json:"DestinationArn"`
	MaxNumberOfMessagesPerSecond *int
}

// startMove starts a task, for which the caller must also be allowed to send
// to wherever messages may go.
func (s *Service) startMove(q *queue, call *api.Call, in *startMoveInput) (output, error) {
	destinations := map[string]*queue{}
	for name, other := range s.queues {
		if q.isSource(other) {
			destinations[ARN(name)] = other
		}
	}
	if len(destinations) == 0 {
		return nil, invalid("Source queue must be configured as a Dead Letter Queue.")
	}
	if in.DestinationARN != nil {
		destinations = map[string]*queue{*in.DestinationARN: s.byARN(*in.DestinationARN)}
	}
	for _, arn := range slices.Sorted(maps.Keys(destinations)) {
		to := destinations[arn]
		if err := call.Authorize("sqs:SendMessage", arn, nil); err != nil {
			return nil, err
		}
		switch {
		case to == nil:
			return nil, fail("ResourceNotFoundException", "The resource that you specified for the DestinationArn parameter doesn't exist.")
		case to == q || to.fifo != q.fifo:
			return nil, invalidValue("DestinationArn", arn, "It must be another queue of the same type.")
		}
	}
	_, err := within("MaxNumberOfMessagesPerSecond", in.MaxNumberOfMessagesPerSecond, 0, 1, 500)
	switch {
	case err != nil:
		return nil, err
	case len(q.tasks) > 0 && q.tasks[0].Status == running:
		return nil, invalid("There is already a task running. Only one active task is allowed for a source queue arn at a given time.")
	}
	t := &task{
		TaskHandle: base64.StdEncoding.EncodeToString([]byte(uuid.NewString() + " " + in.SourceARN)),
		Status:     running, ApproximateNumberOfMessagesToMove: q.count[visible],
		StartedTimestamp: s.clock.Now().UnixMilli(), startMoveInput: *in,
	}
	q.tasks = slices.Insert(q.tasks, 0, t)
	s.running.Go(func() { s.run(q, t) })
	return output{"TaskHandle": t.TaskHandle}, nil
}

// run moves messages each second until the task is over.
func (s *Service) run(q *queue, t *task) {
	second := s.clock.NewTicker(time.Second)
	defer second.Stop()
	for s.step(q, t) {
		select {
		case <-second.Chan():
		case <-s.done:
			return
		}
	}
}

// step moves the messages of one second, which are all when no rate is given.
// It reports whether the task goes on.
func (s *Service) step(q *queue, t *task) bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	q.advance(s.clock.Now())
	quota, _ := within("", t.MaxNumberOfMessagesPerSecond, t.ApproximateNumberOfMessagesToMove, 1, 500)
	for range quota {
		if t.Status == running {
			s.moveOne(q, t)
		}
	}
	if t.Status == running && t.ApproximateNumberOfMessagesMoved == t.ApproximateNumberOfMessagesToMove {
		t.Status = completed
	}
	return t.Status == running
}

// moveOne sends a message on as a new one. A message that does not come from
// another queue has none to go back to.
func (s *Service) moveOne(q *queue, t *task) {
	g, ok := q.available.Min()
	if !ok || t.ApproximateNumberOfMessagesMoved == t.ApproximateNumberOfMessagesToMove {
		t.Status = completed
		return
	}
	m, _ := g.visible.Min()
	arn := m.deadLetterSource
	if t.DestinationARN != nil {
		arn = *t.DestinationARN
	}
	to := s.byARN(arn)
	if to == nil {
		t.Status, t.FailureReason = failed, "CouldNotDetermineMessageSource"
		return
	}
	q.change(m, gone, time.Time{})
	m.id, m.sent, m.receives, m.deadLetterSource = uuid.NewString(), s.clock.Now(), 0, ""
	s.enqueue(m, to, time.Time{})
	t.ApproximateNumberOfMessagesMoved++
}

type listMovesInput struct {
	source
	MaxResults *int
}

func (s *Service) listMoves(q *queue, _ *api.Call, in *listMovesInput) (output, error) {
	limit, err := within("MaxResults", in.MaxResults, 1, 1, 10)
	listed := []task{}
	for _, t := range q.tasks[:min(limit, len(q.tasks))] {
		listed = append(listed, *t)
		if t.Status != running {
			listed[len(listed)-1].TaskHandle = ""
		}
	}
	return output{"Results": listed}, err
}

type cancelMoveInput struct{ TaskHandle string }

func (in cancelMoveInput) queue() (string, error) {
	decoded, _ := base64.StdEncoding.DecodeString(in.TaskHandle)
	_, arn, _ := strings.Cut(string(decoded), " ")
	name, _ := source{arn}.queue()
	return name, errNoTask
}

var errNoTask = fail("ResourceNotFoundException", "Task does not exist.")

func (s *Service) cancelMove(q *queue, _ *api.Call, in *cancelMoveInput) (output, error) {
	if len(q.tasks) == 0 || q.tasks[0].TaskHandle != in.TaskHandle || q.tasks[0].Status != running {
		return nil, errNoTask
	}
	q.tasks[0].Status = cancelled
	return output{"ApproximateNumberOfMessagesMoved": q.tasks[0].ApproximateNumberOfMessagesMoved}, nil
}
