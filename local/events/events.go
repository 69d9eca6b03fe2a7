// Package events is Amazon EventBridge: event buses, rules that match events or
// follow a schedule, and the delivery of events to the rules' targets
// (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-what-is.html).
package events

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/noidle/noidle/local/api"
	"github.com/noidle/noidle/local/pattern"
)

// DefaultBus is the name of the event bus that every account has.
const DefaultBus = "default"

// The states of a rule.
const (
	enabled  = "ENABLED"
	disabled = "DISABLED"
)

// Options are what a Service needs.
type Options struct {
	// Clock tells the time of events and schedules and waits between deliveries.
	Clock clockwork.Clock
	// Random varies the time between deliveries.
	Random *rand.Rand
	// Deliver delivers to a target or a dead-letter queue. An *api.Error with a
	// status of 500 or more, or one that says that there were too many requests,
	// has it tried again, as does any other type of error.
	Deliver func(ctx context.Context, delivery api.Delivery) error
	// Dropped is told of deliveries that failed for good without reaching a
	// dead-letter queue.
	Dropped func(delivery api.Delivery, err error)
}

// Rule sends the events of a bus that match a pattern, or those of a schedule,
// to targets.
type Rule struct {
	// Name is the rule's name.
	Name string
	// Bus is the name of the event bus. Empty means the default one.
	Bus string
	// Pattern is the event pattern in JSON.
	Pattern []byte
	// Schedule is a schedule expression: rate(...) or cron(...). Only rules of the
	// default bus have one.
	Schedule string
	// State is ENABLED or DISABLED. Empty means ENABLED.
	State string
	// Targets are at most 5.
	Targets []Target
}

// Target is where a rule sends events, and what of them.
type Target struct {
	// ID names the target within the rule.
	ID string
	// ARN is the target's.
	ARN string
	// Input is JSON that the target gets in place of the event.
	Input string
	// InputPath is the JSON path of the part of the event that the target gets.
	InputPath string
	// InputTransformer makes what the target gets of the event.
	InputTransformer *InputTransformer
	// DeadLetterARN is that of the queue for events that cannot be delivered.
	DeadLetterARN string
	// MaximumEventAge is how long delivery is tried. Zero means 24 hours.
	MaximumEventAge time.Duration
	// MaximumRetryAttempts is how often delivery is tried again. Nil means 185.
	MaximumRetryAttempts *int
	// MessageGroupID is the message group in a target that is a FIFO queue.
	MessageGroupID string
	// Role delivers to the target. Nil means the service, as far as the target's
	// own policy lets it.
	Role *api.Principal
}

// Service is Amazon EventBridge.
type Service struct {
	options Options
	ctx     context.Context
	cancel  context.CancelFunc
	work    sync.WaitGroup

	mu    sync.Mutex
	buses map[string]*bus
}

type bus struct {
	name    string
	created time.Time
	rules   map[string]*rule
}

type rule struct {
	Rule
	arn      string
	pattern  *pattern.Pattern // nil without one
	schedule schedule         // nil without one
}

// New returns a service with the default event bus.
func New(options Options) *Service {
	s := &Service{options: options, buses: map[string]*bus{}}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.buses[DefaultBus] = &bus{DefaultBus, options.Clock.Now(), map[string]*rule{}}
	return s
}

// Close ends schedules and deliveries, also those that still have attempts.
func (s *Service) Close() {
	s.mu.Lock()
	s.cancel()
	s.mu.Unlock()
	s.work.Wait()
}

// start runs f until it ends by itself or Close ends it. The caller holds mu.
func (s *Service) start(f func()) {
	if s.ctx.Err() == nil {
		s.work.Go(f)
	}
}

// BusARN returns the ARN of an event bus.
func BusARN(name string) string { return api.ARN("events", "event-bus/"+name) }

// RuleARN returns the ARN of a rule. It has the name of its bus, but for the
// default bus.
func RuleARN(bus, name string) string {
	if bus != "" && bus != DefaultBus {
		name = bus + "/" + name
	}
	return api.ARN("events", "rule/"+name)
}

// CreateBus creates an event bus.
func (s *Service) CreateBus(name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.buses[name]; ok {
		return &api.Error{Code: "ResourceAlreadyExistsException", Message: fmt.Sprintf("Event bus %s already exists.", name)}
	}
	s.buses[name] = &bus{name, s.options.Clock.Now(), map[string]*rule{}}
	return nil
}

// CreateRule creates a rule with its targets. A rule with a schedule starts now.
func (s *Service) CreateRule(definition Rule) error {
	definition.Bus = cmp.Or(definition.Bus, DefaultBus)
	definition.State = cmp.Or(definition.State, enabled)
	r := &rule{Rule: definition, arn: RuleARN(definition.Bus, definition.Name)}
	if err := r.validate(); err != nil {
		return fmt.Errorf("rule %s: %w", definition.Name, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.bus(definition.Bus)
	if err != nil {
		return err
	}
	if _, ok := b.rules[r.Name]; ok {
		return &api.Error{Code: "ResourceAlreadyExistsException", Message: fmt.Sprintf("Rule %s already exists on EventBus %s.", r.Name, b.name)}
	}
	b.rules[r.Name] = r
	if r.schedule != nil {
		s.start(func() { s.runSchedule(r) })
	}
	return nil
}

// validate checks a rule by what PutRule and PutTargets check
// (https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutTargets.html).
func (r *rule) validate() (err error) {
	if r.Pattern != nil {
		if r.pattern, err = pattern.Parse(r.Pattern); err != nil {
			return invalidPattern(err)
		}
	}
	if r.Schedule != "" {
		if r.schedule, err = parseSchedule(r.Schedule); err != nil {
			return err
		}
	}
	switch {
	case r.Pattern == nil && r.Schedule == "":
		return invalid("Parameter(s) EventPattern or ScheduleExpression must be specified.")
	case r.Schedule != "" && r.Bus != DefaultBus:
		return invalid("ScheduleExpression is supported only on the default event bus.")
	case r.State != enabled && r.State != disabled:
		return invalid("state %q is not supported locally: use ENABLED or DISABLED", r.State)
	case len(r.Targets) > 5:
		return &api.Error{Code: "LimitExceededException", Message: "The requested resource exceeds the maximum number allowed."}
	}
	for _, target := range r.Targets {
		if err := target.validate(); err != nil {
			return err
		}
	}
	return nil
}

func (t *Target) validate() error {
	ways := 0
	for _, given := range []bool{t.Input != "", t.InputPath != "", t.InputTransformer != nil} {
		if given {
			ways++
		}
	}
	switch {
	case ways > 1:
		return invalid("Only one of Input, InputPath, or InputTransformer must be provided for target %s.", t.ID)
	case t.Input != "" && !json.Valid([]byte(t.Input)):
		return invalid("JSON syntax error in input for target %s", t.ID)
	case strings.HasSuffix(t.DeadLetterARN, ".fifo"):
		return invalid("The dead-letter queue of target %s must not be a FIFO queue.", t.ID)
	}
	if t.InputPath != "" {
		if _, err := parsePath(t.InputPath); err != nil {
			return invalid("Invalid InputPath for target %s: %v", t.ID, err)
		}
	}
	return t.InputTransformer.validate(t.ID)
}

// busName returns the name of a bus that a request names or gives the ARN of.
func busName(text string) string {
	return cmp.Or(strings.TrimPrefix(text, BusARN("")), DefaultBus)
}

// bus returns the bus that a request names or gives the ARN of.
func (s *Service) bus(text string) (*bus, error) {
	name := busName(text)
	if b, ok := s.buses[name]; ok {
		return b, nil
	}
	return nil, &api.Error{Code: "ResourceNotFoundException", Message: fmt.Sprintf("Event bus %s does not exist.", name)}
}

// sorted returns a map's values by their names.
func sorted[V any](m map[string]V, prefix string) []V {
	var values []V
	for _, name := range slices.Sorted(maps.Keys(m)) {
		if strings.HasPrefix(name, prefix) {
			values = append(values, m[name])
		}
	}
	return values
}

func invalid(format string, arguments ...any) error {
	return &api.Error{Code: "ValidationException", Message: fmt.Sprintf(format, arguments...)}
}

func invalidPattern(err error) error {
	return &api.Error{Code: "InvalidEventPatternException", Message: "Event pattern is not valid. Reason: " + err.Error()}
}
