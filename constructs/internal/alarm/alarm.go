// Package alarm makes CloudWatch alarms that all read the same way: in alarm as
// soon as one period reaches the threshold, quiet while there is no data.
package alarm

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/constructs-go/constructs/v10"
)

// AtLeast adds an alarm to scope that fires when the metric reaches threshold
// in one of its periods. description tells the operator what happened and what
// to do.
func AtLeast(scope constructs.Construct, id string, metric awscloudwatch.IMetric, threshold float64, description string) awscloudwatch.Alarm {
	return awscloudwatch.NewAlarm(scope, &id, &awscloudwatch.AlarmProps{
		Metric:             metric,
		Threshold:          &threshold,
		EvaluationPeriods:  new(1.0),
		ComparisonOperator: awscloudwatch.ComparisonOperator_GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
		TreatMissingData:   awscloudwatch.TreatMissingData_NOT_BREACHING,
		AlarmDescription:   &description,
	})
}

// Maximum is the option for a metric's highest value in each minute.
func Maximum() *awscloudwatch.MetricOptions {
	return &awscloudwatch.MetricOptions{
		Statistic: new("Maximum"),
		Period:    awscdk.Duration_Minutes(new(1.0)),
	}
}

// Sum is the option for a metric's total in each minute.
func Sum() *awscloudwatch.MetricOptions {
	return &awscloudwatch.MetricOptions{
		Statistic: new("Sum"),
		Period:    awscdk.Duration_Minutes(new(1.0)),
	}
}
