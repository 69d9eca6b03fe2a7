package local

import (
	"cmp"
	"debug/elf"
	"debug/macho"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/noidle/noidle/local/api"
	"github.com/noidle/noidle/local/assembly"
	"github.com/noidle/noidle/local/eventsource"
	"github.com/noidle/noidle/local/iam"
	"github.com/noidle/noidle/local/lambda"
	"github.com/noidle/noidle/local/pattern"
)

type functionProperties struct {
	Architectures noEffect // the binaries are built for this machine
	Code          struct {
		S3Bucket noEffect
		S3Key    string
	}
	DeadLetterConfig struct{ TargetArn string }
	Description      noEffect
	Environment      struct{ Variables map[string]string }
	EphemeralStorage noEffect
	FunctionName     string
	Handler          noEffect // the runtimes on offer start bootstrap
	KmsKeyArn        noEffect
	LoggingConfig    struct {
		ApplicationLogLevel string
		LogFormat           string
		LogGroup            string
		SystemLogLevel      noEffect
	}
	MemorySize                   int
	PackageType                  string
	RecursiveLoop                noEffect
	ReservedConcurrentExecutions *int
	Role                         string
	Runtime                      string
	Tags                         noEffect
	Timeout                      int
	TracingConfig                noEffect
}

// customRuntimes are the runtimes that start an executable named bootstrap
// (https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html).
var customRuntimes = []string{"provided.al2023", "provided.al2"}

func planFunction(c *Cloud, r *assembly.Resource, p *functionProperties) (planned, error) {
	name := cmp.Or(p.FunctionName, physicalName(r, 64))
	dir, err := bootstrapDirectory(r, p.Code.S3Key)
	if !slices.Contains(customRuntimes, p.Runtime) {
		err = errors.Join(err, fmt.Errorf("runtime %q is not supported locally: want one of %q", p.Runtime, customRuntimes))
	}
	if p.PackageType != "" && p.PackageType != "Zip" {
		err = errors.Join(err, fmt.Errorf("package type %q is not supported locally", p.PackageType))
	}
	function := lambda.Function{
		Name:        name,
		Dir:         dir,
		Memory:      cmp.Or(p.MemorySize, 128),
		Timeout:     time.Duration(cmp.Or(p.Timeout, 3)) * time.Second,
		JSONLogs:    p.LoggingConfig.LogFormat == "JSON",
		LogGroup:    p.LoggingConfig.LogGroup,
		Environment: p.Environment.Variables,
	}
	create := func() error {
		role, err := c.authority.Assume(p.Role, "lambda.amazonaws.com", name)
		if err != nil {
			return err
		}
		function.Environment = c.environment(function, role, p.LoggingConfig.ApplicationLogLevel)
		return c.lambda.CreateFunction(lambda.Configuration{
			Function:            function,
			Role:                role,
			Runtime:             p.Runtime,
			ReservedConcurrency: p.ReservedConcurrentExecutions,
			Async:               lambda.Async{DeadLetter: p.DeadLetterConfig.TargetArn},
		})
	}
	c.functions[name] = plannedFunction{role: p.Role, timeout: function.Timeout, logGroup: cmp.Or(function.LogGroup, "/aws/lambda/"+name)}
	return named(name, function.ARN(), create), err
}

// plannedFunction is what a mapping needs to know of its function.
type plannedFunction struct {
	role     string // its ARN
	timeout  time.Duration
	logGroup string
}

// environment adds what the function needs to call services: credentials of its
// own, by which its calls are known, and the address of this cloud.
func (c *Cloud) environment(f lambda.Function, role *api.Principal, level string) map[string]string {
	key := functionKeys + digest(f.Name)[:11]
	c.principals.Store(key, role)
	environment := map[string]string{
		"AWS_ACCESS_KEY_ID":     key,
		"AWS_SECRET_ACCESS_KEY": functionSecret(key),
		"AWS_SESSION_TOKEN":     "local",
		"AWS_ENDPOINT_URL":      c.URL(),
	}
	if level != "" {
		environment["AWS_LAMBDA_LOG_LEVEL"] = level
	}
	maps.Copy(environment, f.Environment)
	return environment
}

// bootstrapDirectory finds the directory of a function's code, and sees to it
// that its executable runs on this machine.
func bootstrapDirectory(r *assembly.Resource, key string) (string, error) {
	asset, ok := r.Stack.Assets()[key]
	if !ok {
		return "", fmt.Errorf("code %q is not in the assembly: only code of its assets is supported locally", key)
	}
	dir, err := filepath.Abs(asset.Path)
	if err != nil {
		return "", err
	}
	bootstrap := filepath.Join(dir, "bootstrap")
	if _, err := os.Stat(bootstrap); err != nil {
		return "", fmt.Errorf("the code's asset holds no executable named bootstrap: %w: synthesize with the context noidle:target=host", err)
	}
	if target := builtFor(bootstrap); target != "" && target != runtime.GOOS+"/"+runtime.GOARCH {
		return "", fmt.Errorf("the function is built for %s, and this machine is %s/%s: synthesize with the context noidle:target=host", target, runtime.GOOS, runtime.GOARCH)
	}
	return dir, nil
}

// builtFor says for which system an executable is built, if it is a binary.
func builtFor(path string) string {
	if f, err := elf.Open(path); err == nil {
		defer func() { _ = f.Close() }()
		architectures := map[elf.Machine]string{elf.EM_X86_64: "amd64", elf.EM_AARCH64: "arm64"}
		return "linux/" + cmp.Or(architectures[f.Machine], f.Machine.String())
	}
	if f, err := macho.Open(path); err == nil {
		defer func() { _ = f.Close() }()
		architectures := map[macho.Cpu]string{macho.CpuAmd64: "amd64", macho.CpuArm64: "arm64"}
		return "darwin/" + cmp.Or(architectures[f.Cpu], f.Cpu.String())
	}
	return ""
}

type permissionProperties struct {
	Action                string
	FunctionName          string
	FunctionURLAuthType   string `property:"FunctionUrlAuthType"`
	InvokedViaFunctionURL bool   `property:"InvokedViaFunctionUrl"`
	Principal             string
	SourceAccount         string
	SourceArn             string
}

// conditions are what a permission asks of a request
// (https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html).
func (p *permissionProperties) conditions() map[string]map[string]string {
	conditions := map[string]map[string]string{}
	if p.SourceArn != "" {
		conditions["ArnLike"] = map[string]string{"aws:SourceArn": p.SourceArn}
	}
	equal := map[string]string{"aws:SourceAccount": p.SourceAccount, "lambda:FunctionUrlAuthType": p.FunctionURLAuthType}
	maps.DeleteFunc(equal, func(_, value string) bool { return value == "" })
	if len(equal) > 0 {
		conditions["StringEquals"] = equal
	}
	if p.InvokedViaFunctionURL {
		conditions["Bool"] = map[string]string{"lambda:InvokedViaFunctionUrl": "true"}
	}
	return conditions
}

// planPermission adds a statement to a function's policy
// (https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html).
func planPermission(c *Cloud, r *assembly.Resource, p *permissionProperties) (planned, error) {
	principal := map[string]string{"AWS": p.Principal}
	if len(p.Principal) > len(".amazonaws.com") && p.Principal[len(p.Principal)-len(".amazonaws.com"):] == ".amazonaws.com" {
		principal = map[string]string{"Service": p.Principal}
	}
	arn := functionARN(p.FunctionName)
	document, err := json.Marshal(map[string]any{"Statement": map[string]any{
		"Effect":    "Allow",
		"Action":    p.Action,
		"Principal": principal,
		"Resource":  arn,
		"Condition": p.conditions(),
	}})
	if err != nil {
		return planned{}, err
	}
	policy, err := iam.ParsePolicy(document)
	return named(physicalName(r, 100), "", func() error {
		c.authority.AddResourcePolicy(arn, policy)
		return nil
	}), err
}

type invokeConfigProperties struct {
	DestinationConfig struct {
		OnSuccess, OnFailure struct{ Destination string }
	}
	FunctionName             string
	MaximumEventAgeInSeconds int
	MaximumRetryAttempts     *int
	Qualifier                noEffect // a version is the function
}

func planInvokeConfig(c *Cloud, r *assembly.Resource, p *invokeConfigProperties) (planned, error) {
	var err error
	for _, destination := range []string{p.DestinationConfig.OnSuccess.Destination, p.DestinationConfig.OnFailure.Destination} {
		err = errors.Join(err, oneOf("destination", destination, "sqs", "sns", "lambda", "events"))
	}
	return named(physicalName(r, 100), "", func() error {
		return c.lambda.ConfigureAsync(p.FunctionName, lambda.Async{
			Retries:   p.MaximumRetryAttempts,
			MaxAge:    time.Duration(p.MaximumEventAgeInSeconds) * time.Second,
			OnSuccess: p.DestinationConfig.OnSuccess.Destination,
			OnFailure: p.DestinationConfig.OnFailure.Destination,
		})
	}), err
}

type eventSourceMappingProperties struct {
	BatchSize                  int
	BisectBatchOnFunctionError bool
	DestinationConfig          struct{ OnFailure struct{ Destination string } }
	Enabled                    *bool
	EventSourceArn             string
	FilterCriteria             struct {
		Filters []struct{ Pattern string }
	}
	FunctionName                   string
	FunctionResponseTypes          []string
	KmsKeyArn                      noEffect
	MaximumBatchingWindowInSeconds int
	MaximumRecordAgeInSeconds      *int
	MaximumRetryAttempts           *int
	MetricsConfig                  noEffect
	ParallelizationFactor          int
	ScalingConfig                  struct{ MaximumConcurrency int }
	StartingPosition               string
	StartingPositionTimestamp      float64
	Tags                           noEffect
	TumblingWindowInSeconds        int
}

func planEventSourceMapping(c *Cloud, r *assembly.Resource, p *eventSourceMappingProperties) (planned, error) {
	problems := []error{oneOf("event source", p.EventSourceArn, "sqs", "kinesis")}
	var filters []*pattern.Pattern
	for _, f := range p.FilterCriteria.Filters {
		filter, err := pattern.Parse([]byte(f.Pattern))
		filters, problems = append(filters, filter), append(problems, err)
		if serviceOf(p.EventSourceArn) == "kinesis" {
			problems = append(problems, filtersData(f.Pattern))
		}
	}
	for _, t := range p.FunctionResponseTypes {
		if t != "ReportBatchItemFailures" {
			problems = append(problems, fmt.Errorf("property FunctionResponseTypes: %q is not supported locally", t))
		}
	}
	name, _ := lambda.ParseName(p.FunctionName)
	function, ok := c.functions[name]
	if !ok {
		problems = append(problems, fmt.Errorf("function %q is not in this assembly", p.FunctionName))
	}
	create := func() error {
		role, err := c.authority.Assume(function.role, "lambda.amazonaws.com", name)
		if err != nil {
			return err
		}
		if serviceOf(p.EventSourceArn) == "kinesis" {
			return c.mappings.CreateStream(p.stream(name, filters, role, function.role))
		}
		return c.mappings.Create(p.queue(identifier(r), name, filters, role, function.timeout))
	}
	result := named(identifier(r), api.ARN("lambda", "event-source-mapping:"+identifier(r)), create)
	result.Attributes["Id"] = identifier(r)
	result.Attributes["EventSourceMappingArn"] = result.Attributes["Arn"]
	return result, errors.Join(problems...)
}

// queue is the mapping of a queue.
func (p *eventSourceMappingProperties) queue(id, function string, filters []*pattern.Pattern, role *api.Principal, timeout time.Duration) eventsource.Mapping {
	return eventsource.Mapping{
		ID:                      id,
		Queue:                   p.EventSourceArn,
		Function:                functionARN(function),
		Timeout:                 timeout,
		BatchSize:               p.BatchSize,
		BatchingWindow:          time.Duration(p.MaximumBatchingWindowInSeconds) * time.Second,
		MaximumConcurrency:      p.ScalingConfig.MaximumConcurrency,
		ReportBatchItemFailures: len(p.FunctionResponseTypes) > 0,
		Filters:                 filters,
		Enabled:                 p.Enabled == nil || *p.Enabled,
		Role:                    role,
	}
}

// stream is the mapping of a stream.
func (p *eventSourceMappingProperties) stream(function string, filters []*pattern.Pattern, role *api.Principal, roleARN string) eventsource.StreamMapping {
	m := eventsource.StreamMapping{
		Stream:                     p.EventSourceArn,
		Function:                   functionARN(function),
		BatchSize:                  p.BatchSize,
		BatchingWindow:             time.Duration(p.MaximumBatchingWindowInSeconds) * time.Second,
		ParallelizationFactor:      p.ParallelizationFactor,
		StartingPosition:           p.StartingPosition,
		MaximumRetryAttempts:       p.MaximumRetryAttempts,
		MaximumRecordAgeInSeconds:  p.MaximumRecordAgeInSeconds,
		BisectBatchOnFunctionError: p.BisectBatchOnFunctionError,
		TumblingWindow:             time.Duration(p.TumblingWindowInSeconds) * time.Second,
		ReportBatchItemFailures:    len(p.FunctionResponseTypes) > 0,
		OnFailure:                  p.DestinationConfig.OnFailure.Destination,
		Filters:                    filters,
		Enabled:                    p.Enabled == nil || *p.Enabled,
		Role:                       role,
		RoleARN:                    roleARN,
	}
	if p.StartingPositionTimestamp > 0 {
		m.StartingPositionTimestamp = time.UnixMilli(int64(p.StartingPositionTimestamp * 1000))
	}
	return m
}

// filtersData refuses a filter of a stream by anything but data, which is all that
// one may be of (https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis-filtering.html).
func filtersData(filter string) error {
	var keys struct {
		Data map[string]json.RawMessage `json:"data"`
	}
	decoder := json.NewDecoder(strings.NewReader(filter))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&keys); err != nil {
		return fmt.Errorf("property FilterCriteria: pattern %s: want an object data alone: %w", filter, err)
	}
	return nil
}
