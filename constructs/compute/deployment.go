package compute

import (
	"errors"
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscodedeploy"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/interfaces/interfacesawscloudwatch"
	"github.com/aws/jsii-runtime-go"

	"github.com/noidle/noidle/constructs/internal/alarm"
	"github.com/noidle/noidle/constructs/suppress"
)

// Shift says how invocations move to a new version of a function
// (https://docs.aws.amazon.com/codedeploy/latest/userguide/deployment-configurations.html).
type Shift string

// The shifts on offer.
const (
	// AllAtOnce moves all of them at once, without CodeDeploy.
	AllAtOnce Shift = ""
	// Canary10Percent5Minutes moves one in ten, and the rest five minutes later.
	Canary10Percent5Minutes Shift = "CodeDeployDefault.LambdaCanary10Percent5Minutes"
	// Linear10PercentEvery1Minute moves one in ten more each minute.
	Linear10PercentEvery1Minute Shift = "CodeDeployDefault.LambdaLinear10PercentEvery1Minute"
)

// Deployment says how a new version of a function takes over from the one before.
type Deployment struct {
	// Shift says how invocations move to the new version. Any but AllAtOnce makes an
	// alias, which callers invoke through [GoFunction.Invocable], and has CodeDeploy
	// move them. A deployment of the stack takes as long.
	Shift Shift
	// Alarms are further alarms that take all invocations back to the old version when
	// one fires during the shift, beside that of the alias's errors: 9 at most
	// (https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_AlarmConfiguration.html).
	// An alarm that is firing already lets no deployment begin.
	Alarms []awscloudwatch.IAlarm
}

// maxAlarms is how many alarms a deployment group has, with that of the alias's errors.
const maxAlarms = 10

func (d *Deployment) validate() error {
	switch {
	case d == nil:
		return nil
	case d.Shift == AllAtOnce && len(d.Alarms) > 0:
		return errors.New("Deployment has Alarms and no Shift: nothing could be taken back")
	case len(d.Alarms) >= maxAlarms:
		return fmt.Errorf("Deployment.Alarms are %d: must be %d at most, or one composite alarm of them", len(d.Alarms), maxAlarms-1)
	case d.Shift != AllAtOnce && d.Shift != Canary10Percent5Minutes && d.Shift != Linear10PercentEvery1Minute:
		return fmt.Errorf("Deployment.Shift is %q: must be AllAtOnce, Canary10Percent5Minutes or Linear10PercentEvery1Minute", d.Shift)
	}
	return nil
}

// shifts says whether CodeDeploy moves the invocations.
func (d *Deployment) shifts() bool { return d != nil && d.Shift != AllAtOnce }

// aliasName is the name of the alias that callers invoke.
const aliasName = "live"

// addAlias makes the alias of the newest version.
func (f *GoFunction) addAlias(provisioned int, settings *awslambda.FunctionProps) {
	props := &awslambda.AliasProps{
		AliasName: new(aliasName),
		Version:   f.Function.CurrentVersion(),
		// What becomes of asynchronous events is set for each alias anew.
		OnFailure:     settings.OnFailure,
		OnSuccess:     settings.OnSuccess,
		MaxEventAge:   settings.MaxEventAge,
		RetryAttempts: settings.RetryAttempts,
	}
	if provisioned > 0 {
		props.ProvisionedConcurrentExecutions = new(float64(provisioned))
	}
	f.Alias = awslambda.NewAlias(f, new("Alias"), props)
}

// addDeployment has CodeDeploy move the alias to a new version.
func (f *GoFunction) addDeployment(d *Deployment) {
	f.DeploymentAlarm = alarm.AtLeast(f, "DeploymentAlarm", f.Alias.MetricErrors(alarm.Sum()), 1,
		"Invocations of the function fail. A deployment that is under way is rolled back. Look into the function's log.")
	alarms := []interfacesawscloudwatch.IAlarmRef{f.DeploymentAlarm}
	for _, a := range d.Alarms {
		alarms = append(alarms, a)
	}
	role := f.deploymentRole()
	f.DeploymentGroup = awscodedeploy.NewLambdaDeploymentGroup(f, new("DeploymentGroup"), &awscodedeploy.LambdaDeploymentGroupProps{
		Alias:            f.Alias,
		Alarms:           &alarms,
		DeploymentConfig: awscodedeploy.LambdaDeploymentConfig_FromLambdaDeploymentConfigName(f, new("Shift"), jsii.String(string(d.Shift))),
		AutoRollback:     &awscodedeploy.AutoRollbackConfig{StoppedDeployment: new(true)},
		// Else the CDK attaches AWSCodeDeployRoleForLambdaLimited, which moves the
		// aliases of every function.
		Role: role.WithoutPolicyUpdates(nil),
	})
	// The first deployment may follow at once, and needs the role's rights.
	f.DeploymentGroup.Node().AddDependency(role)
}

// deploymentRole may move this function's alias, and read the states of alarms: of any,
// as those of a composite alarm are read by no narrower right
// (https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html).
// It names the alias by its function, as the alias waits for the role.
func (f *GoFunction) deploymentRole() awsiam.Role {
	role := awsiam.NewRole(f, new("DeploymentRole"), &awsiam.RoleProps{
		AssumedBy: awsiam.NewServicePrincipal(new("codedeploy.amazonaws.com"), nil),
	})
	arn := f.Function.FunctionArn()
	role.AddToPolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Actions:   jsii.Strings("lambda:GetAlias", "lambda:GetProvisionedConcurrencyConfig", "lambda:UpdateAlias"),
		Resources: &[]*string{arn, new(*arn + ":" + aliasName)},
	}))
	role.AddToPolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Actions:   jsii.Strings("cloudwatch:DescribeAlarms"),
		Resources: jsii.Strings("*"),
	}))
	suppress.Findings(role.Node().FindChild(new("DefaultPolicy")), map[string]string{
		"iam-wildcard-resource": "a composite alarm's state is read by no narrower right",
	})
	return role
}
