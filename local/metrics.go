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

// count puts a value, now, to a metric with dimensions: name, value, ...
func (c *Cloud) count(namespace, name string, value float64, dimensions ...string) {
	c.countAt(c.clock.Now(), namespace, name, value, dimensions...)
}

func (c *Cloud) countAt(at time.Time, namespace, name string, value float64, dimensions ...string) {
	m := cloudwatch.Metric{Namespace: namespace, Name: name, Dimensions: map[string]string{}}
	for i := 0; i < len(dimensions); i += 2 {
		m.Dimensions[dimensions[i]] = dimensions[i+1]
	}
	c.cloudwatch.Put(m, value, at)
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
	c.count("AWS/Lambda", "Invocations", 1, "FunctionName", function)
	c.count("AWS/Lambda", "Errors", one(failed), "FunctionName", function)
	c.count("AWS/Lambda", "Duration", milliseconds(duration), "FunctionName", function)
}

// countAnswer follows
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html.
func (c *Cloud) countAnswer(a *apigateway.API, status int, latency time.Duration) {
	for _, dimensions := range [][]string{{"ApiId", a.ID}, {"ApiId", a.ID, "Stage", a.Stage.Name}} {
		c.count("AWS/ApiGateway", "Count", 1, dimensions...)
		c.count("AWS/ApiGateway", "4xx", one(status/100 == 4), dimensions...)
		c.count("AWS/ApiGateway", "5xx", one(status/100 == 5), dimensions...)
		c.count("AWS/ApiGateway", "Latency", milliseconds(latency), dimensions...)
	}
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
	if status == "RUNNING" {
		c.count("AWS/States", "ExecutionsStarted", 1, "StateMachineArn", stateMachine)
		return
	}
	// What is so comes last: who sees it sees the others, too, in the same minute.
	at := c.clock.Now()
	for of, name := range executionMetrics {
		if of != status {
			c.countAt(at, "AWS/States", name, 0, "StateMachineArn", stateMachine)
		}
	}
	c.countAt(at, "AWS/States", executionMetrics[status], 1, "StateMachineArn", stateMachine)
}

// sampleQueues follows
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html.
func (c *Cloud) sampleQueues(at time.Time) {
	c.sqs.Sample(func(queue string, visible int, oldest time.Duration) {
		c.countAt(at, "AWS/SQS", "ApproximateNumberOfMessagesVisible", float64(visible), "QueueName", queue)
		c.countAt(at, "AWS/SQS", "ApproximateAgeOfOldestMessage", oldest.Seconds(), "QueueName", queue)
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
