// Package cloudwatch is the local Amazon CloudWatch: metrics in minutes, and the
// alarms that watch them, evaluated once a minute of the clock.
package cloudwatch

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/noidle/noidle/local/api"
)

// Options are a service's surroundings.
type Options struct {
	// Clock is what minutes go by.
	Clock clockwork.Clock
	// Sample puts the metrics of what is there, such as messages in queues, once a
	// minute.
	Sample func(at time.Time)
	// Publish sends an alarm's message to a topic.
	Publish func(alarmARN, topicARN, subject, message string)
	// Report is told when an alarm fires and when it is over.
	Report func(message string)
}

// Service is Amazon CloudWatch. It is safe for concurrent use.
type Service struct {
	options Options

	mu     sync.Mutex
	series map[string]*series
	alarms []*alarm
	next   time.Time // when alarms are evaluated again
	timer  clockwork.Timer
	closed bool
	ticks  sync.WaitGroup
}

// New returns a service without alarms.
func New(options Options) *Service {
	return &Service{options: options, series: map[string]*series{}}
}

// Start has the alarms evaluated from the next minute on, until Close.
func (s *Service) Start() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next = s.options.Clock.Now().Truncate(time.Minute).Add(time.Minute)
	s.wait()
}

// wait sets the timer for the next evaluation. The caller holds mu.
func (s *Service) wait() {
	s.timer = s.options.Clock.AfterFunc(s.next.Sub(s.options.Clock.Now()), s.tick)
}

// Close ends the evaluation.
func (s *Service) Close() {
	s.mu.Lock()
	s.closed = true
	if s.timer != nil {
		s.timer.Stop()
	}
	s.mu.Unlock()
	s.ticks.Wait()
}

// tick evaluates every minute that has passed, as a clock may advance by many.
func (s *Service) tick() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.ticks.Add(1)
	defer s.ticks.Done()
	for !s.closed {
		now := s.options.Clock.Now()
		if now.Before(s.next) {
			s.wait()
			return
		}
		if kept := now.Truncate(time.Minute).Add(-retention); s.next.Before(kept) {
			s.next = kept // there is nothing to see before
		}
		minute := s.next
		s.next = minute.Add(time.Minute)
		s.mu.Unlock()
		s.options.Sample(minute.Add(-time.Nanosecond))
		s.mu.Lock()
		changes := s.evaluate(minute)
		s.mu.Unlock()
		for _, c := range changes {
			s.tell(c)
		}
		s.mu.Lock()
	}
}

// ARN returns the ARN of the alarm with a name.
func ARN(alarm string) string { return api.ARN("cloudwatch", "alarm:"+alarm) }

// CreateAlarm adds an alarm, or returns an error that says what is wrong with it.
func (s *Service) CreateAlarm(definition Alarm) error {
	a, err := newAlarm(definition)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if slices.ContainsFunc(s.alarms, func(other *alarm) bool { return other.Name == a.Name }) {
		return fmt.Errorf("alarm %q: there is one with the same name", a.Name)
	}
	a.status = Status{Name: a.Name, State: InsufficientData, Reason: "Unchecked: Initial alarm creation", Since: s.options.Clock.Now()}
	s.alarms = append(s.alarms, a)
	return nil
}

// Alarms returns the states of all alarms, in the order of their creation.
func (s *Service) Alarms() []Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Status
	for _, a := range s.alarms {
		all = append(all, a.status)
	}
	return all
}

// evaluate returns the changes at a full minute: of metric alarms, then of the
// composite ones, until all agree. The caller holds mu.
func (s *Service) evaluate(minute time.Time) (changes []change) {
	set := func(a *alarm, state, reason string) {
		if state == a.status.State {
			return
		}
		before := a.status.State
		a.status = Status{Name: a.Name, State: state, Reason: reason, Since: minute}
		changes = append(changes, change{a.Alarm, a.status, before})
	}
	for _, a := range s.alarms {
		if a.rule == nil {
			state, reason := a.judge(s.points(a, minute), a.status.State)
			set(a, state, reason)
		}
	}
	for range s.alarms {
		before := len(changes)
		for _, a := range s.alarms {
			if a.rule != nil {
				state, reason := s.follow(a)
				set(a, state, reason)
			}
		}
		if len(changes) == before {
			break
		}
	}
	return changes
}
