package local

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/noidle/noidle/local/api"
	"github.com/noidle/noidle/local/chaos"
	"github.com/noidle/noidle/local/cloudformation"
	"github.com/noidle/noidle/local/cloudfront"
	"github.com/noidle/noidle/local/cloudwatch"
	"github.com/noidle/noidle/local/cognito"
	"github.com/noidle/noidle/local/dynamodb"
	"github.com/noidle/noidle/local/events"
	"github.com/noidle/noidle/local/eventsource"
	"github.com/noidle/noidle/local/firehose"
	"github.com/noidle/noidle/local/iam"
	"github.com/noidle/noidle/local/kinesis"
	"github.com/noidle/noidle/local/lambda"
	"github.com/noidle/noidle/local/logs"
	"github.com/noidle/noidle/local/s3"
	"github.com/noidle/noidle/local/sns"
	"github.com/noidle/noidle/local/sqs"
	"github.com/noidle/noidle/local/states"
)

// openServices makes the services and gives each the neighbours it needs.
func (c *Cloud) openServices() {
	c.authority = iam.New(c.clock)
	c.cognito = cognito.New(cognito.Options{Clock: c.clock, Report: c.options.Report})
	c.logs = logs.New(c.clock)
	c.cloudfront = cloudfront.NewService(c.clock)
	c.cloudwatch = cloudwatch.New(cloudwatch.Options{Clock: c.clock, Sample: c.sampleQueues, Publish: c.publishAlarm, Report: c.options.Report})
	c.dynamodb = dynamodb.New(c.clock)
	c.sqs = sqs.New(c.clock, c.queueURL)
	c.kinesis = kinesis.New(kinesis.Options{Clock: c.clock, Exceeded: func(stream string) {
		c.cloudwatch.Count("AWS/Kinesis", dimensions("StreamName", stream), values{"WriteProvisionedThroughputExceeded": 1})
	}})
	c.lambda = lambda.New(lambda.Options{
		Clock:   c.clock,
		Random:  c.random(),
		Log:     func(group, stream string, line []byte) { c.logs.Append(group, stream, line) },
		Deliver: c.deliverOutcome,
		Fault:   c.functionFault,
		Report:  c.options.Report,

		Invoked: c.countInvocation,
		Throttled: func(function string) {
			c.cloudwatch.Count("AWS/Lambda", dimensions("FunctionName", function), values{"Throttles": 1})
		},
	})
	c.custom = cloudformation.New(cloudformation.Options{
		Clock: c.clock,
		URL:   c.URL,
		Invoke: func(ctx context.Context, function string, event []byte) error {
			_, err := c.lambda.Invoke(&api.Call{Context: ctx, RequestID: uuid.NewString()}, function, event)
			return err
		},
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
	c.s3 = s3.New(s3.Options{
		Clock:   c.clock,
		Secret:  c.secret,
		Publish: func(e s3.Event) { c.events.Publish("aws.s3", e.DetailType, e.Resources, e.Detail) },
	})
	c.states = states.New(states.Options{
		Clock:  c.clock,
		Random: c.random(),
		Call:   c.callTask,
		Log:    func(group, line string) { c.logs.Append(group, "states", []byte(line)) },

		Changed: c.countExecution,
	})
	c.mappings = eventsource.New(eventsource.Options{
		Clock:  c.clock,
		Call:   c.call,
		Invoke: c.invokeBatch,
		Duplicate: func(function string) bool {
			return c.faults.Next("delivery to "+function, chaos.DuplicateDelivery) != ""
		},
		Age: func(function string, age time.Duration) {
			c.cloudwatch.Count("AWS/Lambda", dimensions("FunctionName", lastPart(function, ":")), values{"IteratorAge": milliseconds(age)})
		},
		Await: c.kinesis.Await,
		Deliver: func(ctx context.Context, d api.Delivery) error {
			return c.deliver(ctx, "lambda.amazonaws.com", d)
		},
		Log: func(function, line string) {
			c.logs.Append(c.functions[lastPart(function, ":")].logGroup, "event source mapping", []byte(line))
		},
	})
	c.firehose = firehose.New(firehose.Options{Clock: c.clock, Call: c.call, Put: c.putObject, Report: c.options.Report})
	c.operations = map[string]api.Operations{
		"cloudformation": c.custom.Operations(),
		"cognito-idp":    c.cognito.Operations(),
		"dynamodb":       c.dynamodb.Operations(),
		"events":         c.events.Operations(),
		"kinesis":        c.kinesis.Operations(),
		"lambda":         c.lambda.Operations(),
		"logs":           c.logs.Operations(),
		"sns":            c.sns.Operations(),
		"sqs":            c.sqs.Operations(),
		"states":         c.states.Operations(),
	}
}

// endpoint is the AWS endpoint, with every service's protocol.
func (c *Cloud) endpoint() *api.Endpoint {
	handlers := map[string]http.Handler{}
	for name, operations := range c.operations {
		handlers[name] = operations.JSON()
	}
	handlers["cloudfront"] = c.cloudfront
	handlers["cognito-idp"] = c.cognito.Handler()
	handlers["lambda"] = c.lambda.Handler()
	handlers["cloudformation"] = c.custom
	handlers["sns"] = c.operations["sns"].Query(sns.Namespace)
	for name, handler := range handlers {
		handlers[name] = guard(handler, false, nil)
	}
	handlers["s3"] = guard(c.s3, false, c.bucketAllows)
	return &api.Endpoint{
		Services: handlers,
		Principal: func(key string) *api.Principal {
			principal, _ := c.principals.Load(key)
			p, _ := principal.(*api.Principal)
			return p
		},
		Unsigned: c.takesUnsigned,
		Fault:    c.callFault,
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
