package compute

import (
	"runtime"
	"testing"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/google/go-cmp/cmp"

	"github.com/noidle/noidle/constructs/internal/expect"
	"github.com/noidle/noidle/constructs/internal/gobuild"
)

func TestValidate(t *testing.T) {
	const pkg = "./functions/hello"
	tests := []struct {
		name  string
		props *GoFunctionProps
		want  string
	}{
		{"nil", nil, "no Package"},
		{"no package", &GoFunctionProps{}, "no Package"},
		{"only a package", &GoFunctionProps{Package: pkg}, ""},
		{"all at their least", &GoFunctionProps{Package: pkg, Memory: 128, Timeout: time.Second, ReservedConcurrency: 1, ProvisionedConcurrency: 1}, ""},
		{"all at their most", &GoFunctionProps{Package: pkg, Memory: 10240, Timeout: 15 * time.Minute}, ""},
		{"too little memory", &GoFunctionProps{Package: pkg, Memory: 127}, "Memory is 127: must be 128 to 10240 MB"},
		{"too much memory", &GoFunctionProps{Package: pkg, Memory: 10241}, "Memory is 10241"},
		{"negative timeout", &GoFunctionProps{Package: pkg, Timeout: -time.Second}, "Timeout is -1s"},
		{"too long a timeout", &GoFunctionProps{Package: pkg, Timeout: 15*time.Minute + time.Second}, "Timeout is 15m1s: must be whole seconds up to 15m0s"},
		{"timeout of half a second", &GoFunctionProps{Package: pkg, Timeout: 500 * time.Millisecond}, "Timeout is 500ms"},
		{"negative concurrency", &GoFunctionProps{Package: pkg, ReservedConcurrency: -1}, "ReservedConcurrency is -1"},
		{"negative provisioned concurrency", &GoFunctionProps{Package: pkg, ProvisionedConcurrency: -1}, "ProvisionedConcurrency is -1"},
		{"more provisioned than reserved", &GoFunctionProps{Package: pkg, ReservedConcurrency: 1, ProvisionedConcurrency: 2}, "must not be more than ReservedConcurrency, 1"},
		{"all at once", &GoFunctionProps{Package: pkg, Deployment: &Deployment{}}, ""},
		{"canary", &GoFunctionProps{Package: pkg, Deployment: &Deployment{Shift: Canary10Percent5Minutes}}, ""},
		{"linear", &GoFunctionProps{Package: pkg, Deployment: &Deployment{Shift: Linear10PercentEvery1Minute}}, ""},
		// https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_AlarmConfiguration.html
		{"as many alarms as CodeDeploy takes", &GoFunctionProps{Package: pkg, Deployment: &Deployment{Shift: Canary10Percent5Minutes, Alarms: make([]awscloudwatch.IAlarm, 9)}}, ""},
		{"more alarms than CodeDeploy takes", &GoFunctionProps{Package: pkg, Deployment: &Deployment{Shift: Canary10Percent5Minutes, Alarms: make([]awscloudwatch.IAlarm, 10)}}, "Deployment.Alarms are 10: must be 9 at most"},
		{"unknown shift", &GoFunctionProps{Package: pkg, Deployment: &Deployment{Shift: "Canary"}}, `Deployment.Shift is "Canary": must be AllAtOnce`},
		{"alarms and no shift", &GoFunctionProps{Package: pkg, Deployment: &Deployment{Alarms: make([]awscloudwatch.IAlarm, 1)}}, "Deployment has Alarms and no Shift"},
		{"a setting that Memory decides", &GoFunctionProps{Package: pkg, Function: &awslambda.FunctionProps{MemorySize: new(1.0)}}, "Function.MemorySize is set: set Memory instead"},
		{"a setting that the pattern decides", &GoFunctionProps{Package: pkg, Function: &awslambda.FunctionProps{Handler: new("main")}}, "Function.Handler is set"},
		{"a setting that passes through", &GoFunctionProps{Package: pkg, Function: &awslambda.FunctionProps{Description: new("hello")}}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { expect.Error(t, tt.props.validate(), tt.want) })
	}
}

func TestChooseTarget(t *testing.T) {
	arm := gobuild.Target{OS: "linux", Arch: "arm64"}
	tests := []struct {
		name   string
		value  any
		target gobuild.Target
		build  bool
		want   string
	}{
		{"not set", nil, arm, true, ""},
		{"arm64", "arm64", arm, true, ""},
		{"x86_64", "x86_64", gobuild.Target{OS: "linux", Arch: "amd64"}, true, ""},
		{"host", "host", gobuild.Target{OS: runtime.GOOS, Arch: runtime.GOARCH}, true, ""},
		{"none", "none", arm, false, ""},
		{"Go's name", "amd64", gobuild.Target{}, false, "context noidle:target is amd64: must be arm64, x86_64, host or none"},
		{"no text", 1.0, gobuild.Target{}, false, "context noidle:target is 1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			target, build, err := chooseTarget(tt.value)
			expect.Error(t, err, tt.want)
			if diff := cmp.Diff(tt.target, target); diff != "" || build != tt.build {
				t.Errorf("build is %t, want %t; target (-want +got):\n%s", build, tt.build, diff)
			}
		})
	}
}
