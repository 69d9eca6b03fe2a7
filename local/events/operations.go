package events

import (
	"cmp"
	"encoding/json"
	"fmt"

	"github.com/noidle/noidle/local/api"
	"github.com/noidle/noidle/local/pattern"
)

// Operations returns the operations of EventBridge's API that are supported
// (https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_Operations.html).
func (s *Service) Operations() api.Operations {
	return api.Operations{
		"DescribeEventBus":  api.Op(s.describeEventBus),
		"DescribeRule":      onRule(s, "DescribeRule", (*rule).output),
		"DisableRule":       onRule(s, "DisableRule", func(r *rule) any { r.State = disabled; return struct{}{} }),
		"EnableRule":        onRule(s, "EnableRule", func(r *rule) any { r.State = enabled; return struct{}{} }),
		"ListEventBuses":    api.Op(s.listEventBuses),
		"ListRules":         api.Op(s.listRules),
		"ListTargetsByRule": onRule(s, "ListTargetsByRule", (*rule).targets),
		"PutEvents":         api.Op(s.putEvents),
		"TestEventPattern":  api.Op(s.testEventPattern),
	}
}

// testEventPattern follows
// https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_TestEventPattern.html.
func (s *Service) testEventPattern(call *api.Call, in *struct{ EventPattern, Event string }) (any, error) {
	if err := call.Authorize("events:TestEventPattern", "*", nil); err != nil {
		return nil, err
	}
	p, err := pattern.Parse([]byte(in.EventPattern))
	if err != nil {
		return nil, invalidPattern(err)
	}
	if !json.Valid([]byte(in.Event)) {
		return nil, invalid("Parameter Event is not valid. Reason: it is not JSON.")
	}
	event, _ := decode([]byte(in.Event)).(map[string]any)
	for _, name := range []string{"id", "account", "source", "time", "region", "resources", "detail-type"} {
		if _, ok := event[name]; !ok {
			return nil, invalid("Parameter Event is not valid. Reason: %s is a required argument.", name)
		}
	}
	return struct{ Result bool }{p.Match(event)}, nil
}

func (b *bus) output() any {
	return struct {
		Arn, Name    string
		CreationTime api.Timestamp
	}{BusARN(b.name), b.name, api.Timestamp{Time: b.created}}
}

func (s *Service) listEventBuses(call *api.Call, in *struct{ NamePrefix string }) (any, error) {
	if err := call.Authorize("events:ListEventBuses", "*", nil); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return struct{ EventBuses []any }{outputs(sorted(s.buses, in.NamePrefix))}, nil
}

// onBus calls f with a bus that a request names, unless the caller may not do the
// action on the resource.
func (s *Service) onBus(call *api.Call, action, resource, bus string, f func(*bus) (any, error)) (any, error) {
	if err := call.Authorize("events:"+action, resource, nil); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.bus(bus)
	if err != nil {
		return nil, err
	}
	return f(b)
}

func (s *Service) describeEventBus(call *api.Call, in *struct{ Name string }) (any, error) {
	return s.onBus(call, "DescribeEventBus", BusARN(busName(in.Name)), in.Name, func(b *bus) (any, error) { return b.output(), nil })
}

func (s *Service) listRules(call *api.Call, in *struct{ EventBusName, NamePrefix string }) (any, error) {
	return s.onBus(call, "ListRules", "*", in.EventBusName, func(b *bus) (any, error) {
		return struct{ Rules []any }{outputs(sorted(b.rules, in.NamePrefix))}, nil
	})
}

func outputs[V interface{ output() any }](values []V) []any {
	all := []any{}
	for _, value := range values {
		all = append(all, value.output())
	}
	return all
}

// onRule makes the operation of a name on a rule. ListTargetsByRule has the
// rule's name in Rule, others in Name.
func onRule(s *Service, operation string, f func(*rule) any) api.Operation {
	return api.Op(func(call *api.Call, in *struct{ Name, Rule, EventBusName string }) (any, error) {
		name := cmp.Or(in.Name, in.Rule)
		return s.onBus(call, operation, RuleARN(busName(in.EventBusName), name), in.EventBusName, func(b *bus) (any, error) {
			r, ok := b.rules[name]
			if !ok {
				return nil, &api.Error{Code: "ResourceNotFoundException", Message: fmt.Sprintf("Rule %s does not exist on EventBus %s.", name, b.name)}
			}
			return f(r), nil
		})
	})
}

func (r *rule) output() any {
	return struct {
		Arn, EventBusName, Name, State string
		EventPattern                   string `json:",omitempty"`
		ScheduleExpression             string `json:",omitempty"`
	}{r.arn, r.Bus, r.Name, r.State, string(r.Pattern), r.Schedule}
}

// targets returns the rule's targets with what they were given of a target's
// members (https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_Target.html).
func (r *rule) targets() any {
	all := []map[string]any{}
	for _, t := range r.Targets {
		target := map[string]any{"Id": t.ID, "Arn": t.ARN}
		set := func(name string, given bool, value any) {
			if given {
				target[name] = value
			}
		}
		retry := map[string]any{}
		if t.MaximumEventAge != 0 {
			retry["MaximumEventAgeInSeconds"] = int(t.MaximumEventAge.Seconds())
		}
		if t.MaximumRetryAttempts != nil {
			retry["MaximumRetryAttempts"] = *t.MaximumRetryAttempts
		}
		set("Input", t.Input != "", t.Input)
		set("InputPath", t.InputPath != "", t.InputPath)
		set("InputTransformer", t.InputTransformer != nil, t.InputTransformer)
		set("DeadLetterConfig", t.DeadLetterARN != "", map[string]string{"Arn": t.DeadLetterARN})
		set("SqsParameters", t.MessageGroupID != "", map[string]string{"MessageGroupId": t.MessageGroupID})
		set("RetryPolicy", len(retry) > 0, retry)
		if t.Role != nil {
			target["RoleArn"] = t.Role.ARN
		}
		all = append(all, target)
	}
	return struct{ Targets any }{all}
}
