package local_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	kinesistypes "github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/jonboulle/clockwork"

	"github.com/noidle/noidle/local"
	"github.com/noidle/noidle/local/cloudwatch"
)

const (
	failingMachine = `
		"MachineRole": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {"Statement":
			{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "states.amazonaws.com"}}}}},
		"Machine": {"Type": "AWS::StepFunctions::StateMachine", "Properties": {"StateMachineName": "m", "RoleArn": {"Fn::GetAtt": ["MachineRole", "Arn"]},
			"DefinitionString": "{\"StartAt\": \"No\", \"States\": {\"No\": {\"Type\": \"Fail\"}}}"}}`
	sumAlarm = `"Alarm": {"Type": "AWS::CloudWatch::Alarm", "Properties": {
		"AlarmName": "unfinished", "AlarmActions": ["arn:aws:sns:us-east-1:000000000000:ops"], "EvaluationPeriods": 1, "Threshold": 1,
		"ComparisonOperator": "GreaterThanOrEqualToThreshold", "Metrics": [
			{"Id": "e", "Expression": "failed + aborted"},
			{"Id": "failed", "ReturnData": false, "MetricStat": {"Period": 60, "Stat": "Sum", "Metric": {"Namespace": "AWS/States", "MetricName": "ExecutionsFailed",
				"Dimensions": [{"Name": "StateMachineArn", "Value": {"Ref": "Machine"}}]}}},
			{"Id": "aborted", "ReturnData": false, "MetricStat": {"Period": 60, "Stat": "Sum", "Metric": {"Namespace": "AWS/States", "MetricName": "ExecutionsAborted",
				"Dimensions": [{"Name": "StateMachineArn", "Value": {"Ref": "Machine"}}]}}}]}}`
	topic    = `"Ops": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "ops"}}`
	mayAlarm = `"OpsPolicy": {"Type": "AWS::SNS::TopicPolicy", "Properties": {"Topics": [{"Ref": "Ops"}], "PolicyDocument": {"Statement":
		{"Effect": "Allow", "Action": "sns:Publish", "Resource": {"Ref": "Ops"}, "Principal": {"Service": "cloudwatch.amazonaws.com"}}}}}`
	lateFilter = `"Group": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "g"}},
		"Filter": {"Type": "AWS::Logs::MetricFilter", "Properties": {"LogGroupName": {"Ref": "Group"}, "FilterPattern": "{ $.msg = \"late\" }",
			"MetricTransformations": [{"MetricNamespace": "N", "MetricName": "Late", "MetricValue": "$.count"}]}}`
)

// TestAlarmOfExecutions: a failed execution makes an alarm of a sum fire. Its message
// needs a topic, and a policy of it that lets CloudWatch publish
// (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html).
func TestAlarmOfExecutions(t *testing.T) {
	tests := []struct {
		name  string
		topic []string
		lost  string // why the message is
	}{
		{"with a policy", []string{topic, mayAlarm}, ""},
		{"without a policy", []string{topic}, "not authorized to perform: sns:Publish"},
		{"without a topic", nil, "sns:Publish"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			clock, reports := clockwork.NewFakeClock(), make(chan string, 10)
			c := cloud(t, local.Options{Clock: clock, Report: func(message string) { reports <- message }}, append(tt.topic, failingMachine, sumAlarm)...)
			client := sfn.New(sfn.Options{Region: "us-east-1", BaseEndpoint: new(c.URL()), Credentials: anybody})
			if _, err := client.StartExecution(t.Context(), &sfn.StartExecutionInput{StateMachineArn: new("arn:aws:states:us-east-1:000000000000:stateMachine:m")}); err != nil {
				t.Fatal(err)
			}
			for total(c, "ExecutionsFailed") == 0 {
				time.Sleep(time.Millisecond) // the execution runs in real time
			}
			clock.Advance(time.Minute)
			if got := <-reports; !strings.HasPrefix(got, "alarm unfinished is in ALARM: ") {
				t.Errorf("reported is %q, want the alarm", got)
			}
			if tt.lost == "" {
				return
			}
			if got := <-reports; !strings.Contains(got, "the message to arn:aws:sns:us-east-1:000000000000:ops is lost: ") || !strings.Contains(got, tt.lost) {
				t.Errorf("reported is %q, want that the message is lost: %s", got, tt.lost)
			}
		})
	}
}

// total is the sum of a metric.
func total(c *local.Cloud, name string) float64 {
	for _, m := range c.Metrics() {
		if m.Name == name {
			return m.Sum
		}
	}
	return 0
}

func TestMetricFilter(t *testing.T) {
	c := cloud(t, local.Options{}, lateFilter)
	client := cloudwatchlogs.New(cloudwatchlogs.Options{Region: "us-east-1", BaseEndpoint: new(c.URL()), Credentials: anybody})
	if _, err := client.CreateLogStream(t.Context(), &cloudwatchlogs.CreateLogStreamInput{LogGroupName: new("g"), LogStreamName: new("s")}); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{`{"msg":"late","count":3}`, `{"msg":"early","count":5}`, `{"msg":"late","count":4}`, `{"msg":"late"}`, `late`} {
		if _, err := client.PutLogEvents(t.Context(), &cloudwatchlogs.PutLogEventsInput{
			LogGroupName: new("g"), LogStreamName: new("s"),
			LogEvents: []types.InputLogEvent{{Message: &line, Timestamp: new(time.Now().UnixMilli())}},
		}); err != nil {
			t.Fatal(err)
		}
	}
	if got := total(c, "Late"); got != 7 {
		t.Errorf("the metric is %v, want 7", got)
	}
}

func TestAlarmsRefused(t *testing.T) {
	composite := `"All": {"Type": "AWS::CloudWatch::CompositeAlarm", "Properties": {"AlarmRule": "ALARM(\"unfinished\")"}}`
	tests := []struct{ name, resource, old, replacement, want string }{
		{"math", sumAlarm, "failed + aborted", "failed * 2", `expression "failed * 2" is not supported locally`},
		{"periods", sumAlarm, `"Period": 60`, `"Period": 120`, "metrics of different periods, 2m0s and 1m0s"},
		{"anomaly", sumAlarm, `"Threshold": 1`, `"ThresholdMetricId": "e"`, "property ThresholdMetricId is not supported locally"},
		{"rule", composite, `ALARM(`, `FIRES(`, "alarm rule: not understood"},
		{"suppressor", composite, `"AlarmRule"`, `"ActionsSuppressor": "a", "AlarmRule"`, "property ActionsSuppressor is not supported locally"},
		{"pattern", lateFilter, `{ $.msg = \"late\" }`, "[a, b]", "not supported locally"},
		{"value", lateFilter, "$.count", "$size", `metric value "$size" is not supported locally`},
		{"dimensions", lateFilter, `"MetricName"`, `"Dimensions": [], "MetricName"`, "Dimensions is not supported locally"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, err := local.Start(write(t, failingMachine+","+strings.Replace(tt.resource, tt.old, tt.replacement, 1), ""), local.Options{})
			if err == nil {
				c.Close()
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %s", err, tt.want)
			}
		})
	}
}

// TestCompositeAlarm: it follows the alarms that it names.
func TestCompositeAlarm(t *testing.T) {
	clock := clockwork.NewFakeClock()
	c := cloud(t, local.Options{Clock: clock}, queue("Work"), `
		"Waits": {"Type": "AWS::CloudWatch::Alarm", "Properties": {"Namespace": "AWS/SQS", "MetricName": "ApproximateNumberOfMessagesVisible",
			"Dimensions": [{"Name": "QueueName", "Value": "work"}], "Statistic": "Maximum", "Period": 60, "EvaluationPeriods": 2, "Threshold": 0,
			"ComparisonOperator": "LessThanOrEqualToThreshold"}}`, `
		"All": {"Type": "AWS::CloudWatch::CompositeAlarm", "Properties": {"AlarmRule": {"Fn::Sub": "ALARM(\"${Waits}\") AND NOT ALARM(\"other\")"}}}`)
	for range 2 {
		if all := c.Alarms(); all[0].State == cloudwatch.InAlarm || all[1].State == cloudwatch.InAlarm {
			t.Errorf("alarms %v fire after less than two minutes", all)
		}
		clock.Advance(time.Minute)
	}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		all := c.Alarms()
		if all[0].State == cloudwatch.InAlarm && all[1].State == cloudwatch.InAlarm {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("alarms %v, want both in alarm", all)
		}
	}
}

// TestStreamMetric: a shard takes 1,000 records a second, and the others are counted.
func TestStreamMetric(t *testing.T) {
	c := cloud(t, local.Options{Clock: clockwork.NewFakeClock()}, stream(`, "ShardCount": 1`))
	streams := kinesis.New(kinesis.Options{Region: "us-east-1", BaseEndpoint: new(c.URL()), Credentials: anybody})
	records := slices.Repeat([]kinesistypes.PutRecordsRequestEntry{{Data: []byte("x"), PartitionKey: new("k")}}, 500)
	for range 3 {
		if _, err := streams.PutRecords(t.Context(), &kinesis.PutRecordsInput{StreamName: new("posts"), Records: records}); err != nil {
			t.Fatal(err)
		}
	}
	if got := total(c, "WriteProvisionedThroughputExceeded"); got != 500 {
		t.Errorf("%v records are counted, want 500", got)
	}
}

// TestFunctionMetrics: what a function does, fails to do, and is not let do is counted.
func TestFunctionMetrics(t *testing.T) {
	c := cloud(t, local.Options{}, queue("Out"), function(toOut, maySend), strings.NewReplacer(
		`"Role": {"Type"`, `"OtherRole": {"Type"`, `["Role", `, `["OtherRole", `, `"Relay": {`, `"Other": {`, `"relay"`, `"other"`,
	).Replace(function(`, "ReservedConcurrentExecutions": 0`+toOut, maySend)))
	client := lambda.New(lambda.Options{Region: "us-east-1", BaseEndpoint: new(c.URL()), Credentials: anybody, RetryMaxAttempts: 1})
	for _, payload := range []string{`"works"`, `"please fail"`, `"works"`} {
		if _, err := client.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: new("relay"), Payload: []byte(payload)}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := client.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: new("other"), Payload: []byte("1")}); err == nil {
		t.Error("a function without concurrency was invoked")
	}
	for name, want := range map[string]float64{"Invocations": 3, "Errors": 1, "Throttles": 1} {
		if got := total(c, name); got != want {
			t.Errorf("%s are %v, want %v", name, got, want)
		}
	}
}
