package compute_test

import (
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"

	"github.com/noidle/noidle/constructs/compute"
)

func ExampleNewGoFunction() {
	app := awscdk.NewApp(nil)
	stack := awscdk.NewStack(app, new("Hello"), nil)

	compute.NewGoFunction(stack, "Hello", &compute.GoFunctionProps{
		Package:     "./functions/hello",
		Timeout:     5 * time.Second,
		Environment: map[string]string{"GREETING": "hello"},
	})
	app.Synth(nil)
}

// A function that S3, SNS or EventBridge invokes keeps the events that it could
// not handle.
func ExampleNewGoFunction_async() {
	app := awscdk.NewApp(nil)
	stack := awscdk.NewStack(app, new("Audit"), nil)

	audit := compute.NewGoFunction(stack, "Audit", &compute.GoFunctionProps{
		Package: "./functions/audit",
		Async:   true,
	})
	awscdk.NewCfnOutput(stack, new("FailedEvents"), &awscdk.CfnOutputProps{
		Value: audit.DeadLetterQueue.Queue.QueueUrl(),
	})
	app.Synth(nil)
}
