package states

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// Definition is a state machine in the Amazon States Language, checked and
// ready to run (https://docs.aws.amazon.com/step-functions/latest/dg/concepts-amazon-states-language.html).
type Definition struct {
	flow
	// callbacks are the states that wait for a task token.
	callbacks []string
}

// flow is a set of states: a state machine, a branch, or what a Map state does
// for each item.
type flow struct {
	Comment, Version, StartAt, QueryLanguage string
	TimeoutSeconds                           int
	States                                   map[string]*state
	ProcessorConfig                          map[string]string
}

// state is a state of any type. Those of other types leave fields empty.
type state struct {
	Type, Comment, QueryLanguage, Next, Default string
	End                                         bool
	InputPath, OutputPath                       selector
	ResultPath                                  place
	Parameters, ResultSelector, ItemSelector    template
	Result                                      literal
	Retry                                       []retrier
	Catch                                       []catcher

	Resource                                 integration
	TimeoutSeconds, HeartbeatSeconds         int
	TimeoutSecondsPath, HeartbeatSecondsPath place

	Choices []rule

	Seconds                    int
	Timestamp                  time.Time
	SecondsPath, TimestampPath place

	Error, Cause         string
	ErrorPath, CausePath formula

	Branches                      []*flow
	ItemProcessor, Iterator       *flow
	ItemsPath, MaxConcurrencyPath place
	MaxConcurrency                int
}

// The fields that there may be: "!" marks what must be there, "|" what excludes
// each other.
var (
	stateFields = map[string]string{
		"Task":     "Resource! Next|End! InputPath OutputPath Parameters ResultSelector ResultPath Retry Catch TimeoutSeconds|TimeoutSecondsPath HeartbeatSeconds|HeartbeatSecondsPath",
		"Pass":     "Next|End! InputPath OutputPath Parameters Result ResultPath",
		"Choice":   "Choices! Default InputPath OutputPath",
		"Wait":     "Seconds|SecondsPath|Timestamp|TimestampPath! Next|End! InputPath OutputPath",
		"Succeed":  "InputPath OutputPath",
		"Fail":     "Error|ErrorPath Cause|CausePath",
		"Parallel": "Branches! Next|End! InputPath OutputPath Parameters ResultSelector ResultPath Retry Catch",
		"Map":      "ItemProcessor|Iterator! Next|End! InputPath OutputPath ItemsPath ItemSelector|Parameters MaxConcurrency|MaxConcurrencyPath ResultSelector ResultPath Retry Catch",
	}
	everyState = " Type! Comment QueryLanguage"
)

const (
	branchFields    = "StartAt! States! Comment"
	processorFields = branchFields + " ProcessorConfig QueryLanguage"
	machineFields   = branchFields + " Version TimeoutSeconds QueryLanguage"
)

// definitionLimit is the most bytes that a definition may have
// (https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html).
const definitionLimit = 1024 * 1024

// Parse reads and checks a definition. Its error lists all problems, those of a
// state under the state's name. What is not supported here is one of them.
func Parse(definition []byte) (*Definition, error) {
	if len(definition) > definitionLimit {
		return nil, fmt.Errorf("a definition has at most %d bytes: split it into several state machines", definitionLimit)
	}
	d := &Definition{}
	names := map[string]int{}
	problems := []error{d.decode(definition, machineFields)}
	d.walk(func(name string, s *state) {
		names[name]++
		if s.Resource.token {
			d.callbacks = append(d.callbacks, name)
		}
	})
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if names[name] > 1 {
			problems = append(problems, fmt.Errorf("state %q: the name is used %d times, but must be unique in the state machine", name, names[name]))
		}
	}
	return d, errors.Join(problems...)
}

// walk visits all states, nested ones as well.
func (f *flow) walk(visit func(name string, s *state)) {
	for name, s := range f.States {
		visit(name, s)
		for _, nested := range append(s.Branches, s.ItemProcessor) {
			if nested != nil {
				nested.walk(visit)
			}
		}
	}
}

func (f *flow) decode(data []byte, allowed string) error {
	var raw struct{ States map[string]json.RawMessage }
	if err := json.Unmarshal(data, &raw); err != nil {
		return err
	}
	problems := []error{decodeFields(data, f, allowed, "States")}
	f.States = map[string]*state{}
	for _, name := range slices.Sorted(maps.Keys(raw.States)) {
		s := &state{}
		f.States[name] = s
		if err := cmp.Or(checkStateName(name), s.decode(raw.States[name])); err != nil {
			problems = append(problems, fmt.Errorf("state %q: %w", name, err))
		}
	}
	for key, value := range f.ProcessorConfig {
		if key != "Mode" || value != "INLINE" {
			problems = append(problems, fmt.Errorf("ProcessorConfig: %s %q is not supported: use Mode INLINE alone", key, value))
		}
	}
	return errors.Join(append(problems, f.checkTransitions())...)
}

// UnmarshalJSON implements json.Unmarshaler for branches and item processors.
func (f *flow) UnmarshalJSON(data []byte) error { return f.decode(data, processorFields) }

func (s *state) decode(data []byte) error {
	var kind struct{ Type string }
	if err := json.Unmarshal(data, &kind); err != nil {
		return err
	}
	allowed, ok := stateFields[kind.Type]
	if !ok {
		return fmt.Errorf("type %q is not supported", kind.Type)
	}
	err := decodeFields(data, s, allowed+everyState)
	if s.Type == "Map" {
		s.ItemProcessor = cmp.Or(s.ItemProcessor, s.Iterator)
		if s.Parameters.evaluate != nil {
			s.ItemSelector, s.Parameters = s.Parameters, template{}
		}
	}
	return errors.Join(err, s.check())
}

func (s *state) check() error {
	problems := []error{checkLast(s.Retry), checkLast(s.Catch)}
	for problem, found := range map[string]bool{
		"ResultPath: the context object cannot be changed":     s.ResultPath.path != nil && s.ResultPath.path.context,
		"HeartbeatSeconds must be smaller than TimeoutSeconds": s.TimeoutSeconds > 0 && s.HeartbeatSeconds >= s.TimeoutSeconds,
		"Choices: at least one rule is required":               s.Type == "Choice" && len(s.Choices) == 0,
		"Branches: at least one is required":                   s.Type == "Parallel" && len(s.Branches) == 0,
	} {
		if found {
			problems = append(problems, errors.New(problem))
		}
	}
	return errors.Join(problems...)
}

// checkTransitions returns an error for states that do not exist and for those
// that nothing leads to.
func (f *flow) checkTransitions() error {
	var problems []error
	reached := map[string]bool{f.StartAt: true}
	lead := func(from, to string) {
		if _, ok := f.States[to]; !ok && to != "" {
			problems = append(problems, fmt.Errorf("%s: there is no state %q", from, to))
		}
		reached[to] = true
	}
	lead("StartAt", f.StartAt)
	names := slices.Sorted(maps.Keys(f.States))
	for _, name := range names {
		s := f.States[name]
		from := fmt.Sprintf("state %q", name)
		lead(from, s.Next)
		lead(from, s.Default)
		for _, c := range s.Choices {
			lead(from, c.next)
		}
		for _, c := range s.Catch {
			lead(from, c.Next)
		}
	}
	for _, name := range names {
		if !reached[name] {
			problems = append(problems, fmt.Errorf("state %q is not reachable", name))
		}
	}
	return errors.Join(problems...)
}

// literal is a field that holds any JSON. The zero literal is none.
type literal struct {
	set bool
	payload
}

// UnmarshalJSON implements json.Unmarshaler.
func (l *literal) UnmarshalJSON(data []byte) error {
	value, err := unmarshal(string(data))
	if err != nil {
		return err
	}
	l.set = true
	l.payload, err = encode(value)
	return err
}
