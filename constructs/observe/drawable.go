package observe

import (
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"

	"github.com/noidle/noidle/constructs/internal/dashboard"
)

// sighting is a resource to draw, with where it is.
type sighting struct {
	dashboard.Resource
	stack   string   // its path
	below   []string // the rest of its path
	logical string   // its stack and logical ID
}

// drawable returns what there are graphs for below scopes.
func drawable(scopes []constructs.Construct) []dashboard.Resource {
	var seen []sighting
	told := newConnections()
	for _, r := range below(scopes, func(string) bool { return true }) {
		stack := *r.Stack().Node().Path()
		kind, ok := dashboard.KindOf(*r.CfnResourceType())
		if !ok && !pointing[*r.CfnResourceType()] {
			continue
		}
		p := propertiesOf(r)
		told.note(r, p)
		if !ok {
			continue
		}
		name := metricName(r, kind, p)
		if name == "" {
			continue
		}
		seen = append(seen, sighting{
			stack:   stack,
			below:   strings.Split(strings.TrimPrefix(*r.Node().Path(), stack+"/"), "/"),
			logical: stack + " " + *r.Stack().GetLogicalId(r),
			Resource: dashboard.Resource{
				Kind: kind, Name: name, Region: *r.Stack().Region(),
				Timeout:             time.Duration(p.number("Timeout")) * time.Second,
				MemoryMB:            p.number("MemorySize"),
				ReservedConcurrency: p.number("ReservedConcurrentExecutions"),
				Shards:              p.number("ShardCount"),
				Provisioned:         p.get("ProvisionedThroughput") != nil,
			},
		})
	}
	useCases := useCasesOf(seen)
	var resources, rest []dashboard.Resource // the rest of a stack comes after its use cases
	for i, s := range seen {
		if s.Kind == dashboard.Queue && (told.deadLetters[s.logical] || slices.Contains(s.below, "DeadLetterQueue")) {
			s.Kind = dashboard.DeadLetterQueue
		}
		s.ReadsStream = told.readsStream(s.logical)
		s.UseCase, s.Label = useCases.name(s)
		if i > 0 && seen[i-1].stack != s.stack {
			resources, rest = append(resources, rest...), nil
		}
		if s.UseCase == s.stack {
			rest = append(rest, s.Resource)
		} else {
			resources = append(resources, s.Resource)
		}
	}
	return append(resources, rest...)
}

// metricName returns the value of the dimension of a resource's metrics, empty if it
// has none that can be known.
func metricName(r awscdk.CfnResource, kind dashboard.Kind, p properties) string {
	switch kind {
	case dashboard.Queue:
		return *awscdk.Token_AsString(r.GetAtt(new("QueueName"), awscdk.ResolutionTypeHint_STRING), nil)
	case dashboard.Topic:
		return *awscdk.Token_AsString(r.GetAtt(new("TopicName"), awscdk.ResolutionTypeHint_STRING), nil)
	case dashboard.RESTAPI:
		name, _ := p.get("Name").(string)
		return name
	case dashboard.HTTPAPI:
		if p.get("ProtocolType") == "WEBSOCKET" {
			return ""
		}
	case dashboard.Rule: // those of a bus of one's own have metrics by bus and rule
		if p.get("EventBusName") != nil {
			return ""
		}
	}
	return *r.Ref()
}

// useCases are the constructs directly in a stack that hold several kinds.
type useCases map[string]bool

func useCasesOf(seen []sighting) useCases {
	first, several := map[string]dashboard.Kind{}, useCases{}
	for _, s := range seen {
		path := s.stack + "/" + s.below[0]
		kind, ok := first[path]
		if first[path] = s.Kind; ok && kind != s.Kind {
			several[path] = true
		}
	}
	return several
}

// name returns the use case that a resource belongs to, and what it is called there:
// its path without what says nothing.
func (u useCases) name(s sighting) (useCase, label string) {
	useCase, path := s.stack, s.below
	if u[s.stack+"/"+path[0]] {
		useCase, path = s.stack+"/"+path[0], path[1:]
	}
	for len(path) > 1 && slices.Contains([]string{"Resource", "Default", "Function", "Queue", "StateMachine"}, path[len(path)-1]) {
		path = path[:len(path)-1]
	}
	return useCase, strings.Join(path, "/")
}
