package test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/google/go-cmp/cmp"

	"github.com/noidle/noidle/constructs/compute"
	"github.com/noidle/noidle/constructs/messaging"
)

func TestQueueWorkerDefaults(t *testing.T) {
	got := render(t, func(s awscdk.Stack) { defaultQueueWorker(s, "Work") })
	queue := got.find(t, "AWS::SQS::Queue", "WorkQueue").Properties
	dead := got.find(t, "AWS::SQS::Queue", "WorkDeadLetterQueue").Properties
	if queue["VisibilityTimeout"] != 60.0 {
		t.Errorf("the visibility timeout is %v, want six times the function's 10 s", queue["VisibilityTimeout"])
	}
	redrive := queue["RedrivePolicy"].(map[string]any)
	if redrive["maxReceiveCount"] != 5.0 || target(redrive["deadLetterTargetArn"]) != "WorkDeadLetterQueue" {
		t.Errorf("the redrive policy is %v, want 5 receives, then the dead-letter queue", redrive)
	}
	if dead["MessageRetentionPeriod"] != (14 * 24 * time.Hour).Seconds() {
		t.Errorf("dead letters are kept %v s, want 14 days", dead["MessageRetentionPeriod"])
	}
	for name, q := range map[string]map[string]any{"queue": queue, "dead-letter queue": dead} {
		if q["SqsManagedSseEnabled"] != true {
			t.Errorf("the %s is not encrypted", name)
		}
	}
	if n := len(got.ofType("AWS::SQS::QueuePolicy")); n != 2 {
		t.Errorf("%d queue policies, want one for each queue that refuses requests without TLS", n)
	}
	mapping := got.only(t, "AWS::Lambda::EventSourceMapping").Properties
	if diff := cmp.Diff([]any{"ReportBatchItemFailures"}, mapping["FunctionResponseTypes"]); diff != "" {
		t.Errorf("partial batch responses (-want +got):\n%s", diff)
	}
	want := []string{
		"logs:CreateLogStream WorkHandlerLogGroup",
		"logs:PutLogEvents WorkHandlerLogGroup",
		"sqs:DeleteMessage WorkQueue",
		"sqs:GetQueueAttributes WorkQueue",
		"sqs:ReceiveMessage WorkQueue",
		"xray:PutTelemetryRecords *",
		"xray:PutTraceSegments *",
	}
	if diff := cmp.Diff(want, got.statements("WorkHandlerRole")); diff != "" {
		t.Errorf("what the handler may do (-want +got):\n%s", diff)
	}
}

func TestQueueWorkerAlarms(t *testing.T) {
	got := render(t, func(s awscdk.Stack) { defaultQueueWorker(s, "Work") })
	tests := []struct {
		id, metric, queue string
		threshold         float64
	}{
		{"WorkDeadLetterQueueAlarm", "ApproximateNumberOfMessagesVisible", "WorkDeadLetterQueue", 1},
		{"WorkAgeAlarm", "ApproximateAgeOfOldestMessage", "WorkQueue", 900},
	}
	for _, tt := range tests {
		t.Run(tt.id, func(t *testing.T) {
			alarm := got.find(t, "AWS::CloudWatch::Alarm", tt.id).Properties
			dimension := alarm["Dimensions"].([]any)[0].(map[string]any)
			if alarm["MetricName"] != tt.metric || alarm["Threshold"] != tt.threshold || target(dimension["Value"]) != tt.queue {
				t.Errorf("alarm on %v of %v at %v, want %v of %v at %v", alarm["MetricName"], target(dimension["Value"]), alarm["Threshold"], tt.metric, tt.queue, tt.threshold)
			}
		})
	}
}

// TestQueueWorkerKnowsTheTimeout: of a function, and of what stands before it.
func TestQueueWorkerKnowsTheTimeout(t *testing.T) {
	function := func(s awscdk.Stack) awslambda.Function {
		return compute.NewGoFunction(s, "Handler", &compute.GoFunctionProps{Package: "./functions/hello", Timeout: 20 * time.Second}).Function
	}
	tests := []struct {
		name    string
		handler func(awscdk.Stack) awslambda.IFunction
		want    float64
	}{
		{"function", func(s awscdk.Stack) awslambda.IFunction { return function(s) }, 120},
		{"alias", func(s awscdk.Stack) awslambda.IFunction { return function(s).AddAlias(new("live"), nil) }, 120},
		{"version", func(s awscdk.Stack) awslambda.IFunction { return function(s).CurrentVersion() }, 120},
		{"function without a timeout", func(s awscdk.Stack) awslambda.IFunction {
			return awslambda.NewFunction(s, new("Plain"), &awslambda.FunctionProps{
				Runtime: awslambda.Runtime_NODEJS_LATEST(),
				Handler: new("index.handler"),
				Code:    awslambda.Code_FromInline(new("exports.handler = async () => {}")),
			})
		}, 18},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := render(t, func(s awscdk.Stack) {
				messaging.NewQueueWorker(s, "Work", &messaging.QueueWorkerProps{Handler: tt.handler(s)})
			})
			queue := got.find(t, "AWS::SQS::Queue", "WorkQueue").Properties
			if queue["VisibilityTimeout"] != tt.want {
				t.Errorf("the visibility timeout is %v, want %v", queue["VisibilityTimeout"], tt.want)
			}
		})
	}
	t.Run("imported function", func(t *testing.T) {
		stack := newStack(t)
		imported := awslambda.Function_FromFunctionArn(stack, new("Imported"), new("arn:aws:lambda:eu-west-1:111122223333:function:drain"))
		message := panics(func() {
			messaging.NewQueueWorker(stack, "Work", &messaging.QueueWorkerProps{Handler: imported})
		})
		if want := `messaging: QueueWorker "Work": no VisibilityTimeout`; !strings.HasPrefix(message, want) {
			t.Errorf("it panics with %q, want %q", message, want)
		}
	})
}

// TestQueueWorkerWithKMS: a key of one's own takes rights of its own.
func TestQueueWorkerWithKMS(t *testing.T) {
	got := render(t, func(s awscdk.Stack) { fullQueueWorker(s, "Work") })
	for role, wants := range map[string][]string{
		"WorkHandlerRole": {"kms:Decrypt WorkQueueKey"},
		"WorkSenderRole":  {"kms:Decrypt WorkQueueKey", "kms:GenerateDataKey WorkQueueKey", "sqs:SendMessage WorkQueue"},
	} {
		var may []string
		for _, s := range got.statements(role) {
			if strings.HasPrefix(s, "kms:") || strings.HasPrefix(s, "sqs:Send") {
				may = append(may, s)
			}
		}
		if diff := cmp.Diff(wants, may); diff != "" {
			t.Errorf("what %s may do with keys and to send (-want +got):\n%s", role, diff)
		}
	}
}

func TestFIFOQueueWorker(t *testing.T) {
	got := render(t, func(s awscdk.Stack) { fifoQueueWorker(s, "Work") })
	for _, id := range got.ofType("AWS::SQS::Queue") {
		if got.Resources[id].Properties["FifoQueue"] != true {
			t.Errorf("%s is no FIFO queue", id)
		}
	}
	queue := got.find(t, "AWS::SQS::Queue", "WorkQueue").Properties
	if queue["ContentBasedDeduplication"] != true {
		t.Error("the caller's queue settings are lost")
	}
}
