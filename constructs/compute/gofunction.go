package compute

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscodedeploy"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambdadestinations"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/constructs-go/constructs/v10"

	"github.com/noidle/noidle/constructs/internal/overlay"
	"github.com/noidle/noidle/constructs/messaging"
	"github.com/noidle/noidle/constructs/suppress"
)

// The limits of Lambda, in MB and time, from
// https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html.
const (
	minMemory  = 128
	maxMemory  = 10240
	maxTimeout = 15 * time.Minute
)

// GoFunctionProps configures a [GoFunction]. Only Package is required.
type GoFunctionProps struct {
	// Package is the main package to build: an import path of the app's module
	// or of one of its dependencies, or a directory, relative to the working
	// directory if it starts with "./" or "../".
	Package string
	// Memory is the function's memory in MB, 128 to 10,240, which also decides
	// its share of CPU. Zero means 256.
	Memory int
	// Timeout is how long one invocation may take, whole seconds up to 15
	// minutes. Zero means 10 seconds.
	Timeout time.Duration
	// Environment holds the function's environment variables. Values may be
	// CDK tokens.
	Environment map[string]string
	// ReservedConcurrency limits how many invocations run at the same time, and
	// sets that much of the account's concurrency aside. Zero means no limit
	// but the account's.
	ReservedConcurrency int
	// ProvisionedConcurrency keeps that many instances ready behind an alias
	// named live, which costs money while idle. Invoke the function through
	// [GoFunction.Invocable] to use them. Zero means none.
	ProvisionedConcurrency int
	// Deployment says how a new version takes over from the one before. Nil means all
	// at once.
	Deployment *Deployment
	// Async says that the function is invoked asynchronously, as by S3, SNS or
	// EventBridge: events whose retries all failed go to a dead-letter queue.
	// How often and how long Lambda retries is in Function's RetryAttempts and
	// MaxEventAge.
	Async bool
	// LogRetention is how long logs are kept. Empty means one month.
	LogRetention awslogs.RetentionDays
	// Function overrides settings of the function; nil fields keep the
	// defaults. Code, Handler, Runtime and Architecture are not to be set here,
	// nor what has a field of its own above.
	Function *awslambda.FunctionProps
}

// GoFunction is a Lambda function built from a Go main package. It has a role
// of its own with no managed policy, a log group of its own with JSON logs, an
// X-Ray trace, and Lambda's protection against recursive loops. An unhandled
// asynchronous event, where there can be one, goes to a dead-letter queue.
type GoFunction struct {
	constructs.Construct

	// Function is the Lambda function.
	Function awslambda.Function
	// LogGroup holds the function's logs; it is nil if the props brought one.
	LogGroup awslogs.LogGroup
	// Alias is the alias that has provisioned concurrency, or is moved to new versions
	// by CodeDeploy; nil if there is neither.
	Alias awslambda.Alias
	// DeploymentGroup is what CodeDeploy moves the alias by; nil if it does not.
	DeploymentGroup awscodedeploy.LambdaDeploymentGroup
	// DeploymentAlarm fires when an invocation of the alias fails, and then rolls back
	// a deployment; nil if CodeDeploy makes none.
	DeploymentAlarm awscloudwatch.Alarm
	// DeadLetterQueue holds events that failed; nil unless the function is
	// invoked asynchronously.
	DeadLetterQueue *messaging.DeadLetterQueue
}

// NewGoFunction builds the package and adds a GoFunction to scope. It panics if
// props are invalid or the package does not build; the message holds the
// compiler's.
func NewGoFunction(scope constructs.Construct, id string, props *GoFunctionProps) *GoFunction {
	if err := props.validate(); err != nil {
		panic(fmt.Errorf("compute: GoFunction %q: %w", id, err))
	}
	f := &GoFunction{}
	constructs.NewConstruct_Override(f, scope, &id)

	built, err := buildCode(f, props.Package)
	if err != nil {
		panic(fmt.Errorf("compute: GoFunction %q: %w", *f.Node().Path(), err))
	}
	settings := f.defaults(props)
	overlay.Set(settings, props.Function)
	settings.Code = built.asset
	settings.Architecture = built.architecture
	settings.Runtime = awslambda.Runtime_PROVIDED_AL2023()
	settings.Handler = new("bootstrap")
	if settings.Vpc != nil {
		settings.Role.AddToPrincipalPolicy(attachToVPC())
	}
	f.Function = awslambda.NewFunction(f, new("Function"), settings)
	if built.local {
		suppress.Findings(f.Function, map[string]string{"function-architecture": "it is built to run on this machine"})
	}
	if f.LogGroup != nil {
		f.LogGroup.GrantWrite(settings.Role)
	}
	if props.ProvisionedConcurrency > 0 || props.Deployment.shifts() {
		f.addAlias(props.ProvisionedConcurrency, settings)
	}
	if props.Deployment.shifts() {
		f.addDeployment(props.Deployment)
	}
	return f
}

// defaults makes what the function stands on, except what the caller brings,
// and returns the settings that join them.
func (f *GoFunction) defaults(props *GoFunctionProps) *awslambda.FunctionProps {
	brought := props.Function
	if brought == nil {
		brought = &awslambda.FunctionProps{}
	}
	settings := &awslambda.FunctionProps{
		MemorySize:    new(float64(cmp.Or(props.Memory, 256))),
		Timeout:       awscdk.Duration_Seconds(new(cmp.Or(props.Timeout, 10*time.Second).Seconds())),
		LoggingFormat: awslambda.LoggingFormat_JSON,
		Tracing:       awslambda.Tracing_ACTIVE,
		RecursiveLoop: awslambda.RecursiveLoop_TERMINATE,
	}
	if len(props.Environment) > 0 {
		environment := map[string]*string{}
		for name, value := range props.Environment {
			environment[name] = &value
		}
		settings.Environment = &environment
	}
	if props.ReservedConcurrency > 0 {
		settings.ReservedConcurrentExecutions = new(float64(props.ReservedConcurrency))
	}
	if brought.Role == nil {
		settings.Role = awsiam.NewRole(f, new("Role"), &awsiam.RoleProps{
			AssumedBy: awsiam.NewServicePrincipal(new("lambda.amazonaws.com"), nil),
		})
	}
	if brought.LogGroup == nil {
		f.LogGroup = awslogs.NewLogGroup(f, new("LogGroup"), &awslogs.LogGroupProps{
			Retention:     cmp.Or(props.LogRetention, awslogs.RetentionDays_ONE_MONTH),
			RemovalPolicy: awscdk.RemovalPolicy_DESTROY,
		})
		settings.LogGroup = f.LogGroup
	}
	if props.Async && brought.OnFailure == nil {
		f.DeadLetterQueue = messaging.NewDeadLetterQueue(f, "DeadLetterQueue", nil)
		settings.OnFailure = awslambdadestinations.NewSqsDestination(f.DeadLetterQueue.Queue)
	}
	return settings
}

// attachToVPC allows a function to attach itself to a VPC. The actions know no
// resources that could be named beforehand
// (https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html).
func attachToVPC() awsiam.PolicyStatement {
	return awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Actions: &[]*string{
			new("ec2:CreateNetworkInterface"),
			new("ec2:DescribeNetworkInterfaces"),
			new("ec2:DescribeSubnets"),
			new("ec2:DeleteNetworkInterface"),
			new("ec2:AssignPrivateIpAddresses"),
			new("ec2:UnassignPrivateIpAddresses"),
		},
		Resources: &[]*string{new("*")},
	})
}

// Invocable returns what callers are to invoke: the alias if there is one, else the
// function.
func (f *GoFunction) Invocable() awslambda.IFunction {
	if f.Alias != nil {
		return f.Alias
	}
	return f.Function
}

func (p *GoFunctionProps) validate() error {
	if p == nil || p.Package == "" {
		return errors.New("no Package: set the main package to build, such as \"./functions/hello\"")
	}
	switch {
	case p.Memory != 0 && (p.Memory < minMemory || p.Memory > maxMemory):
		return fmt.Errorf("Memory is %d: must be %d to %d MB", p.Memory, minMemory, maxMemory)
	case p.Timeout < 0 || p.Timeout > maxTimeout || p.Timeout%time.Second != 0:
		return fmt.Errorf("Timeout is %v: must be whole seconds up to %v", p.Timeout, maxTimeout)
	case p.ReservedConcurrency < 0:
		return fmt.Errorf("ReservedConcurrency is %d: must not be negative", p.ReservedConcurrency)
	case p.ProvisionedConcurrency < 0:
		return fmt.Errorf("ProvisionedConcurrency is %d: must not be negative", p.ProvisionedConcurrency)
	case p.ReservedConcurrency > 0 && p.ProvisionedConcurrency > p.ReservedConcurrency:
		return fmt.Errorf("ProvisionedConcurrency is %d: must not be more than ReservedConcurrency, %d", p.ProvisionedConcurrency, p.ReservedConcurrency)
	}
	if err := p.Deployment.validate(); err != nil {
		return err
	}
	return validateFunction(p.Function)
}

// validateFunction refuses function settings that the construct decides.
func validateFunction(f *awslambda.FunctionProps) error {
	if f == nil {
		return nil
	}
	for _, setting := range []struct {
		name   string
		set    bool
		reason string
	}{
		{"Code", f.Code != nil, "the code comes from Package"},
		{"Handler", f.Handler != nil, "a Go function has none"},
		{"Runtime", f.Runtime != nil, "a Go function runs on provided.al2023"},
		{"Architecture", f.Architecture != nil, "the context " + TargetContext + " chooses it"},
		{"MemorySize", f.MemorySize != nil, "set Memory instead"},
		{"Timeout", f.Timeout != nil, "set Timeout instead"},
		{"Environment", f.Environment != nil, "set Environment instead"},
		{"ReservedConcurrentExecutions", f.ReservedConcurrentExecutions != nil, "set ReservedConcurrency instead"},
	} {
		if setting.set {
			return fmt.Errorf("Function.%s is set: %s", setting.name, setting.reason)
		}
	}
	return nil
}
