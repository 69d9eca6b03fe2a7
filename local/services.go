package local

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/noidle/noidle/local/api"
	"github.com/noidle/noidle/local/chaos"
	"github.com/noidle/noidle/local/dynamodb"
	"github.com/noidle/noidle/local/events"
	"github.com/noidle/noidle/local/eventsource"
	"github.com/noidle/noidle/local/iam"
	"github.com/noidle/noidle/local/lambda"
	"github.com/noidle/noidle/local/logs"
	"github.com/noidle/noidle/local/sns"
	"github.com/noidle/noidle/local/sqs"
	"github.com/noidle/noidle/local/states"
)

// openServices makes the services and gives each the neighbours it needs.
func (c *Cloud) openServices() {
	c.authority = iam.New(c.clock)
	c.logs = logs.New(c.clock)
	c.dynamodb = dynamodb.New(c.clock)
	c.sqs = sqs.New(c.clock, c.queueURL)
	c.lambda = lambda.New(lambda.Options{
		Clock:   c.clock,
		Random:  c.random(),
		Log:     func(group, stream string, line []byte) { c.logs.Append(group, stream, line) },
		Deliver: c.deliverOutcome,
		Fault:   c.functionFault,
		Report:  c.options.Report,
	})
	c.sns = sns.New(sns.Options{
		Clock:   c.clock,
		Random:  c.random(),
		Deliver: func(ctx context.Context, d api.Delivery) error { return c.deliver(ctx, "sns.amazonaws.com", d) },
		Dropped: c.dropped,
	})
	c.events = events.New(events.Options{
		Clock:   c.clock,
		Random:  c.random(),
		Deliver: func(ctx context.Context, d api.Delivery) error { return c.deliver(ctx, "events.amazonaws.com", d) },
		Dropped: c.dropped,
	})
	c.states = states.New(states.Options{
		Clock:  c.clock,
		Random: c.random(),
		Call:   c.callTask,
		Log:    func(group, line string) { c.logs.Append(group, "states", []byte(line)) },
	})
	c.mappings = eventsource.New(eventsource.Options{
		Clock: c.clock,
		Call:  c.call,
		Invoke: func(call *api.Call, function string, payload []byte) ([]byte, error) {
			// Lambda itself invokes, as nobody else has to be allowed to.
			return c.lambda.Invoke(&api.Call{Context: call.Context, RequestID: uuid.NewString()}, function, payload)
		},
		Duplicate: func(function string) bool {
			return c.faults.Next("delivery to "+function, chaos.DuplicateDelivery) != ""
		},
		Log: func(function, line string) {
			c.logs.Append(c.functions[lastPart(function, ":")].logGroup, "event source mapping", []byte(line))
		},
	})
	c.operations = map[string]api.Operations{
		"dynamodb": c.dynamodb.Operations(),
		"events":   c.events.Operations(),
		"lambda":   c.lambda.Operations(),
		"logs":     c.logs.Operations(),
		"sns":      c.sns.Operations(),
		"sqs":      c.sqs.Operations(),
		"states":   c.states.Operations(),
	}
}

// endpoint is the AWS endpoint, with every service's protocol.
func (c *Cloud) endpoint() *api.Endpoint {
	handlers := map[string]http.Handler{}
	for name, operations := range c.operations {
		handlers[name] = operations.JSON()
	}
	handlers["lambda"] = c.lambda.Handler()
	handlers["sns"] = c.operations["sns"].Query(sns.Namespace)
	return &api.Endpoint{
		Services: handlers,
		Principal: func(key string) *api.Principal {
			principal, _ := c.principals.Load(key)
			p, _ := principal.(*api.Principal)
			return p
		},
		Fault: c.callFault,
	}
}

// call calls an operation of a service without HTTP.
func (c *Cloud) call(call *api.Call, service, operation string, input []byte) ([]byte, error) {
	operations, ok := c.operations[service]
	if !ok {
		return nil, &api.Error{Code: "UnknownOperationException", Message: fmt.Sprintf("service %q is not supported locally", service)}
	}
	return operations.Call(call, operation, input)
}

// callJSON is call with an input that is still to be encoded.
func (c *Cloud) callJSON(call *api.Call, service, operation string, input any) error {
	encoded, err := json.Marshal(input)
	if err != nil {
		return err
	}
	_, err = c.call(call, service, operation, encoded)
	return err
}

// deliver takes what a rule or a topic sends to its target, as the service or as
// the rule's role.
func (c *Cloud) deliver(ctx context.Context, service string, d api.Delivery) error {
	as := d.Role
	if as == nil {
		as = c.authority.Service(service, d.Source)
	}
	call := &api.Call{Context: ctx, Principal: as, RequestID: uuid.NewString()}
	switch serviceOf(d.Target) {
	case "sqs":
		message := map[string]any{
			"QueueUrl":          c.queueURL(lastPart(d.Target, ":")),
			"MessageBody":       string(d.Payload),
			"MessageAttributes": d.Attributes,
		}
		if d.MessageGroupID != "" {
			message["MessageGroupId"] = d.MessageGroupID
		}
		if d.MessageDeduplicationID != "" {
			message["MessageDeduplicationId"] = d.MessageDeduplicationID
		}
		return c.callJSON(call, "sqs", "SendMessage", message)
	case "lambda":
		return c.lambda.InvokeAsync(call, d.Target, d.Payload)
	case "sns":
		return c.callJSON(call, "sns", "Publish", map[string]any{"TopicArn": d.Target, "Message": string(d.Payload)})
	case "states":
		return c.callJSON(call, "states", "StartExecution", map[string]any{"stateMachineArn": d.Target, "input": string(d.Payload)})
	case "events":
		return c.forward(call, d)
	}
	return &api.Error{Code: "ValidationException", Message: fmt.Sprintf("target %q is not supported locally", d.Target)}
}

// forward sends an event on to another bus.
func (c *Cloud) forward(call *api.Call, d api.Delivery) error {
	var event struct {
		Source     string          `json:"source"`
		DetailType string          `json:"detail-type"`
		Resources  []string        `json:"resources"`
		Detail     json.RawMessage `json:"detail"`
	}
	if err := json.Unmarshal(d.Payload, &event); err != nil {
		return &api.Error{Code: "ValidationException", Message: "an event bus takes events only: " + err.Error()}
	}
	entries, err := json.Marshal(map[string]any{"Entries": []any{map[string]any{
		"EventBusName": d.Target,
		"Source":       event.Source,
		"DetailType":   event.DetailType,
		"Resources":    event.Resources,
		"Detail":       string(event.Detail),
	}}})
	if err != nil {
		return err
	}
	answer, err := c.call(call, "events", "PutEvents", entries)
	if err != nil {
		return err
	}
	var outcome struct {
		Entries []struct{ ErrorCode, ErrorMessage string }
	}
	if err := json.Unmarshal(answer, &outcome); err != nil {
		return err
	}
	for _, entry := range outcome.Entries {
		if entry.ErrorCode != "" {
			return &api.Error{Code: entry.ErrorCode, Message: entry.ErrorMessage}
		}
	}
	return nil
}

// deliverOutcome takes what Lambda tells of an asynchronous event to its
// destination or dead-letter queue. An event bus gets it as an event
// (https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html).
func (c *Cloud) deliverOutcome(ctx context.Context, d api.Delivery) error {
	if serviceOf(d.Target) == "events" {
		var record struct {
			RequestContext struct{ Condition string } `json:"requestContext"`
		}
		if err := json.Unmarshal(d.Payload, &record); err != nil {
			return err
		}
		kind := "Failure"
		if record.RequestContext.Condition == "Success" {
			kind = "Success"
		}
		event, err := json.Marshal(map[string]any{
			"source":      "lambda",
			"detail-type": "Lambda Function Invocation Result - " + kind,
			"resources":   []string{d.Target, d.Source + ":$LATEST"},
			"detail":      json.RawMessage(d.Payload),
		})
		if err != nil {
			return err
		}
		d.Payload = event
	}
	return c.deliver(ctx, "lambda.amazonaws.com", d)
}

func (c *Cloud) dropped(d api.Delivery, err error) {
	c.options.Report(fmt.Sprintf("%s: delivery to %s is lost: it has no dead-letter queue: %v", d.Source, d.Target, err))
}

// serviceOf is the service in an ARN.
func serviceOf(arn string) string {
	if parts := strings.SplitN(arn, ":", 4); len(parts) == 4 {
		return parts[2]
	}
	return ""
}

// slowAnswer is how late a call is answered that is made slow, in real time:
// the function that waits for it runs in real time.
const slowAnswer = 200 * time.Millisecond

// The faults of calls to services, as their answers.
var callErrors = map[chaos.Kind]*api.Error{
	chaos.ThrottledCall: {Code: "ThrottlingException", Message: "Rate exceeded", Status: http.StatusBadRequest},
	chaos.FailedCall:    {Code: "InternalServerError", Message: "Internal server error", Status: http.StatusInternalServerError},
	chaos.LostAnswer:    {Code: "InternalServerError", Message: "Internal server error", Status: http.StatusInternalServerError},
}

func (c *Cloud) nextCallFault(call *api.Call) chaos.Kind {
	return c.faults.Next("calls of "+call.Principal.ARN, chaos.ThrottledCall, chaos.FailedCall, chaos.LostAnswer, chaos.SlowCall)
}

// callFault strikes a function's call to a service.
func (c *Cloud) callFault(call *api.Call, _ string, service http.Handler) http.Handler {
	kind := c.nextCallFault(call)
	failure := callErrors[kind]
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch kind {
		case chaos.SlowCall:
			time.Sleep(slowAnswer)
			service.ServeHTTP(w, r)
		case chaos.LostAnswer:
			service.ServeHTTP(discarded{http.Header{}}, r)
			api.WriteJSONError(w, r, failure)
		case chaos.ThrottledCall, chaos.FailedCall:
			api.WriteJSONError(w, r, failure)
		default:
			service.ServeHTTP(w, r)
		}
	})
}

// callTask is call for a state machine, whose calls are struck, too. It waits
// for invocations, which are struck as such.
func (c *Cloud) callTask(call *api.Call, service, operation string, input []byte) ([]byte, error) {
	if service == "lambda" || call.Principal == nil {
		return c.call(call, service, operation, input)
	}
	kind := c.nextCallFault(call)
	if kind == chaos.ThrottledCall || kind == chaos.FailedCall {
		return nil, callErrors[kind]
	}
	output, err := c.call(call, service, operation, input)
	if kind == chaos.LostAnswer {
		return nil, callErrors[kind]
	}
	return output, err
}

// functionFault strikes an invocation.
func (c *Cloud) functionFault(function string) lambda.Fault {
	switch c.faults.Next("invocations of "+function, chaos.CrashBefore, chaos.CrashAfter, chaos.Timeout) {
	case chaos.CrashBefore:
		return lambda.CrashBefore
	case chaos.CrashAfter:
		return lambda.CrashAfter
	case chaos.Timeout:
		return lambda.Timeout
	}
	return lambda.NoFault
}

// discarded takes an answer that nobody gets.
type discarded struct{ header http.Header }

func (d discarded) Header() http.Header         { return d.header }
func (d discarded) Write(p []byte) (int, error) { return len(p), nil }
func (d discarded) WriteHeader(int)             {}
