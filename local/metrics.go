package local

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/noidle/noidle/local/api"
	"github.com/noidle/noidle/local/apigateway"
	"github.com/noidle/noidle/local/cloudwatch"
)

// Alarms returns the states of all alarms.
func (c *Cloud) Alarms() []cloudwatch.Status { return c.cloudwatch.Alarms() }

// Metrics returns how much was put to each metric since the start.
func (c *Cloud) Metrics() []cloudwatch.Total { return c.cloudwatch.Totals() }

// values are those of metrics, by their names.
type values = map[string]float64

// dimensions are name, value, ...
func dimensions(pairs ...string) map[string]string {
	all := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		all[pairs[i]] = pairs[i+1]
	}
	return all
}

// one is 1 if something is so: a metric counts what did not happen as 0.
func one(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// countInvocation follows
// https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html.
func (c *Cloud) countInvocation(function string, duration time.Duration, failed bool) {
	c.cloudwatch.Count("AWS/Lambda", dimensions("FunctionName", function),
		values{"Invocations": 1, "Errors": one(failed), "Duration": milliseconds(duration)})
}

// countAnswer follows
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html.
func (c *Cloud) countAnswer(a *apigateway.API, status int, latency time.Duration) {
	counted := values{"Count": 1, "4xx": one(status/100 == 4), "5xx": one(status/100 == 5), "Latency": milliseconds(latency)}
	c.cloudwatch.Count("AWS/ApiGateway", dimensions("ApiId", a.ID), counted)
	c.cloudwatch.Count("AWS/ApiGateway", dimensions("ApiId", a.ID, "Stage", a.Stage.Name), counted)
}

// executionMetrics are those of an execution's end, by its status.
var executionMetrics = map[string]string{
	"SUCCEEDED": "ExecutionsSucceeded",
	"FAILED":    "ExecutionsFailed",
	"TIMED_OUT": "ExecutionsTimedOut",
	"ABORTED":   "ExecutionsAborted",
}

// countExecution follows
// https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html.
func (c *Cloud) countExecution(stateMachine, status string) {
	counted := values{}
	if status == "RUNNING" {
		counted["ExecutionsStarted"] = 1
	} else {
		for of, name := range executionMetrics {
			counted[name] = one(of == status)
		}
	}
	c.cloudwatch.Count("AWS/States", dimensions("StateMachineArn", stateMachine), counted)
}

// sampleQueues follows
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html.
func (c *Cloud) sampleQueues(at time.Time) {
	c.sqs.Sample(func(queue string, visible int, oldest time.Duration) {
		of := dimensions("QueueName", queue)
		c.cloudwatch.Put(cloudwatch.Metric{Namespace: "AWS/SQS", Name: "ApproximateNumberOfMessagesVisible", Dimensions: of}, float64(visible), at)
		c.cloudwatch.Put(cloudwatch.Metric{Namespace: "AWS/SQS", Name: "ApproximateAgeOfOldestMessage", Dimensions: of}, oldest.Seconds(), at)
	})
}

// publishAlarm sends an alarm's message to a topic, as far as its policy lets
// CloudWatch.
func (c *Cloud) publishAlarm(alarm, topic, subject, message string) {
	call := &api.Call{Context: context.Background(), Principal: c.authority.Service("cloudwatch.amazonaws.com", alarm), RequestID: uuid.NewString()}
	err := c.callJSON(call, "sns", "Publish", map[string]any{"TopicArn": topic, "Subject": subject, "Message": message})
	if err != nil {
		c.options.Report(fmt.Sprintf("%s: the message to %s is lost: %v", alarm, topic, err))
	}
}
