package observe

import (
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
)

// pointing are types that there are no graphs for, but that point to what is drawn.
var pointing = map[string]bool{
	"AWS::Lambda::Alias":              true,
	"AWS::Lambda::EventInvokeConfig":  true,
	"AWS::Lambda::EventSourceMapping": true,
	"AWS::Pipes::Pipe":                true,
	"AWS::SNS::Subscription":          true,
	"AWS::Scheduler::Schedule":        true,
}

// connections are what resources tell of others, which have a stack and a logical ID.
type connections struct {
	deadLetters map[string]bool   // queues that take what failed
	readers     map[string]bool   // functions and aliases that read a stream
	functions   map[string]string // of aliases
}

func newConnections() connections {
	return connections{deadLetters: map[string]bool{}, readers: map[string]bool{}, functions: map[string]string{}}
}

// note keeps what a resource tells.
func (c connections) note(r awscdk.CfnResource, p properties) {
	stack := *r.Stack().Node().Path() + " "
	deadLettersIn(map[string]any(p), func(id string) { c.deadLetters[stack+id] = true })
	switch *r.CfnResourceType() {
	case "AWS::Lambda::Alias":
		references(p.get("FunctionName"), func(id string) { c.functions[stack+*r.Stack().GetLogicalId(r)] = stack + id })
	case "AWS::Lambda::EventSourceMapping":
		if p.get("StartingPosition") != nil {
			references(p.get("FunctionName"), func(id string) { c.readers[stack+id] = true })
		}
	}
}

// readsStream returns whether a function reads a stream, itself or through an alias.
func (c connections) readsStream(function string) bool {
	for alias, of := range c.functions {
		if of == function && c.readers[alias] {
			return true
		}
	}
	return c.readers[function]
}

// deadLettersIn adds the logical IDs of what failed messages, events and records are
// sent to.
func deadLettersIn(value any, add func(id string)) {
	switch value := value.(type) {
	case map[string]any:
		for name, member := range value {
			switch strings.ToLower(name) {
			case "redrivepolicy", "deadletterconfig", "onfailure":
				references(member, add)
			default:
				deadLettersIn(member, add)
			}
		}
	case []any:
		for _, element := range value {
			deadLettersIn(element, add)
		}
	}
}

// references adds the logical IDs of what a value is taken from.
func references(value any, add func(id string)) {
	switch value := value.(type) {
	case map[string]any:
		if id, ok := value["Ref"].(string); ok {
			add(id)
		}
		if attribute, ok := value["Fn::GetAtt"].([]any); ok {
			if id, ok := attribute[0].(string); ok {
				add(id)
			}
			return
		}
		for _, member := range value {
			references(member, add)
		}
	case []any:
		for _, element := range value {
			references(element, add)
		}
	}
}
