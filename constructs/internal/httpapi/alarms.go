package httpapi

import (
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/constructs-go/constructs/v10"

	"github.com/noidle/noidle/constructs/internal/alarm"
)

// AddLatencyAlarm adds an alarm to scope that fires when one in a hundred requests of
// five minutes took as long as limit or longer. Name is what it calls the API.
func (a *API) AddLatencyAlarm(scope constructs.Construct, name string, limit time.Duration) awscloudwatch.Alarm {
	latency := a.API.MetricLatency(&awscloudwatch.MetricOptions{
		Statistic: new("p99"),
		Period:    awscdk.Duration_Minutes(new(5.0)),
	})
	return alarm.AtLeast(scope, "LatencyAlarm", latency, float64(limit.Milliseconds()),
		"One in a hundred requests to the "+name+" API takes "+limit.String()+" or longer. Look for slow routes in the access log, and at the function's duration and memory.")
}

// AddThrottleAlarm adds an alarm to scope that fires when a request is answered 429, as
// the access log tells: the API's own metrics count it among other errors of clients
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html).
// Name is what it calls the API, namespace where the metric is.
func (a *API) AddThrottleAlarm(scope constructs.Construct, name, namespace string) awscloudwatch.Alarm {
	throttled := awslogs.NewMetricFilter(scope, new("ThrottledFilter"), &awslogs.MetricFilterProps{
		LogGroup: a.AccessLog,
		// The access log writes every value as text.
		FilterPattern:   awslogs.FilterPattern_StringValue(new("$.status"), new("="), new("429")),
		MetricNamespace: &namespace,
		MetricName:      new(*awscdk.Names_UniqueId(scope) + "Throttled"),
		MetricValue:     new("1"),
	}).Metric(alarm.Sum())
	return alarm.AtLeast(scope, "ThrottleAlarm", throttled, 1,
		"The "+name+" API answered a request 429: more come than its routes' limits let pass. Look in the access log who sends them; raise the limits if they are welcome.")
}
