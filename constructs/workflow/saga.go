package workflow

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsstepfunctions"
	"github.com/aws/constructs-go/constructs/v10"

	"github.com/noidle/noidle/constructs/internal/alarm"
	"github.com/noidle/noidle/constructs/internal/function"
	"github.com/noidle/noidle/constructs/internal/overlay"
)

// maxExpress is the longest that an Express execution runs
// (https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html).
const maxExpress = 5 * time.Minute

// maxDefinition is the size of a state machine's definition, the limit of a
// request to Step Functions
// (https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html).
const maxDefinition = 1 << 20

// SagaProps configures a [Saga]. Only Steps is required.
type SagaProps struct {
	// Steps are what the saga does, in this order.
	Steps []Step
	// Succeeded is what the state machine does when every step has succeeded.
	Succeeded []Action
	// Compensated is what it does when a step failed and everything is undone.
	// [FailureReason] is the path of the reason.
	Compensated []Action
	// CompensationFailed is what it does when a step failed and something could
	// not be undone.
	CompensationFailed []Action
	// Express makes an Express state machine: cheaper for many short sagas,
	// but each is over after 5 minutes at the latest, and starting one twice
	// runs it twice. All steps and compensations with all their retries must
	// fit into that time.
	Express bool
	// StateMachine overrides settings of the state machine; nil fields keep the
	// defaults. The definition, StateMachineType and Timeout are not to be set
	// here: an execution that a timeout ends is not compensated.
	StateMachine *awsstepfunctions.StateMachineProps
}

// Saga is a sequence of steps of which either all take effect or none does: when
// one fails for good, the compensations of the steps before it run, in reverse
// order. An execution ends as succeeded or compensated, both of which are in
// order, or fails, which raises an alarm: something could not be undone or
// recorded.
type Saga struct {
	constructs.Construct

	// StateMachine runs the steps.
	StateMachine awsstepfunctions.StateMachine
	// LogGroup holds its logs; it is nil if the props brought one.
	LogGroup awslogs.LogGroup
	// Alarm fires when an execution failed, timed out or was aborted.
	Alarm awscloudwatch.Alarm
}

// NewSaga adds a Saga to scope. It panics if props are invalid.
func NewSaga(scope constructs.Construct, id string, props *SagaProps) *Saga {
	if err := props.validate(); err != nil {
		panic(fmt.Errorf("workflow: Saga %q: %w", id, err))
	}
	def := props.definition()
	text := def.compile().JSON()
	if err := props.validateSize(def, text); err != nil {
		panic(fmt.Errorf("workflow: Saga %q: %w", id, err))
	}
	s := &Saga{}
	constructs.NewConstruct_Override(s, scope, &id)

	settings := s.defaults(props)
	overlay.Set(settings, props.StateMachine)
	settings.DefinitionBody = awsstepfunctions.DefinitionBody_FromString(&text)
	s.StateMachine = awsstepfunctions.NewStateMachine(s, new("StateMachine"), settings)
	for _, permission := range props.permissions() {
		s.StateMachine.AddToRolePolicy(permission)
	}

	s.Alarm = alarm.AtLeast(s, "Alarm", unfinished(s.StateMachine), 1,
		"An execution of the saga failed: something could not be undone or recorded. Read its last error, mend the cause, then redrive it or undo by hand.")
	return s
}

// GrantStart allows grantee to start executions, and nothing else.
func (s *Saga) GrantStart(grantee awsiam.IGrantable) awsiam.Grant {
	return s.StateMachine.GrantStartExecution(grantee)
}

// defaults are the settings of the state machine before the caller's.
func (s *Saga) defaults(props *SagaProps) *awsstepfunctions.StateMachineProps {
	settings := &awsstepfunctions.StateMachineProps{
		StateMachineType: awsstepfunctions.StateMachineType_STANDARD,
		TracingEnabled:   new(true),
	}
	// A Standard execution keeps its history itself, an Express one only in
	// the logs.
	level := awsstepfunctions.LogLevel_ERROR
	if props.Express {
		settings.StateMachineType = awsstepfunctions.StateMachineType_EXPRESS
		level = awsstepfunctions.LogLevel_ALL
	}
	if props.StateMachine == nil || props.StateMachine.Logs == nil {
		s.LogGroup = awslogs.NewLogGroup(s, new("LogGroup"), &awslogs.LogGroupProps{
			Retention:     awslogs.RetentionDays_ONE_MONTH,
			RemovalPolicy: awscdk.RemovalPolicy_DESTROY,
		})
		settings.Logs = &awsstepfunctions.LogOptions{Destination: s.LogGroup, Level: level}
	}
	return settings
}

// unfinished counts the executions that ended in no final state of the saga.
func unfinished(m awsstepfunctions.StateMachine) awscloudwatch.IMetric {
	return awscloudwatch.NewMathExpression(&awscloudwatch.MathExpressionProps{
		Expression: new("failed + timedOut + aborted"),
		Label:      new("Unfinished"),
		Period:     alarm.Sum().Period,
		UsingMetrics: &map[string]awscloudwatch.IMetric{
			"failed":   m.MetricFailed(alarm.Sum()),
			"timedOut": m.MetricTimedOut(alarm.Sum()),
			"aborted":  m.MetricAborted(alarm.Sum()),
		},
	})
}

// permissions is what the state machine's role may do. The CDK drops what is
// repeated.
func (p *SagaProps) permissions() []awsiam.PolicyStatement {
	var functions []*string
	for _, s := range p.Steps {
		functions = append(functions, s.Function.FunctionArn())
		if s.Compensation != nil {
			functions = append(functions, s.Compensation.FunctionArn())
		}
	}
	permissions := []awsiam.PolicyStatement{allow("lambda:InvokeFunction", functions...)}
	for _, a := range p.actions() {
		permissions = append(permissions, allow(a.Permission, &a.Resource))
	}
	return permissions
}

func allow(action string, resources ...*string) awsiam.PolicyStatement {
	return awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Actions:   &[]*string{&action},
		Resources: &resources,
	})
}

// actions returns all actions of the saga.
func (p *SagaProps) actions() []Action {
	var actions []Action
	for _, s := range p.Steps {
		actions = append(actions, s.Then...)
	}
	return slices.Concat(actions, p.Succeeded, p.Compensated, p.CompensationFailed)
}

// definition fills in the defaults.
func (p *SagaProps) definition() definition {
	d := definition{
		partition:          *awscdk.Aws_PARTITION(),
		succeeded:          p.Succeeded,
		compensated:        p.Compensated,
		compensationFailed: p.CompensationFailed,
		actionRetry:        Retry{}.complete(10),
		actionTimeout:      10 * time.Second,
	}
	if p.Express {
		d.actionRetry = Retry{MaxDelay: 4 * time.Second}.complete(3)
		d.actionTimeout = 5 * time.Second
	}
	for _, s := range p.Steps {
		s.Retry = s.Retry.complete(4)
		s.CompensationRetry = s.CompensationRetry.complete(8)
		if s.Timeout == 0 {
			s.Timeout = defaultTimeout(s.Function, s.Compensation)
		}
		t := task{Step: s, functionARN: *s.Function.FunctionArn()}
		if s.Compensation != nil {
			t.compensationARN = *s.Compensation.FunctionArn()
		}
		d.steps = append(d.steps, t)
	}
	return d
}

// defaultTimeout is how long an attempt of a step or its compensation may take.
func defaultTimeout(functions ...awslambda.IFunction) time.Duration {
	const toStart, unknown = 5 * time.Second, 30 * time.Second
	var longest time.Duration
	for _, f := range functions {
		if f == nil {
			continue
		}
		timeout, known := function.Timeout(f)
		if !known {
			timeout = unknown - toStart
		}
		longest = max(longest, timeout)
	}
	return min(longest+toStart, maxStepTimeout)
}

func (p *SagaProps) validate() error {
	if p == nil || len(p.Steps) == 0 {
		return errors.New("no Steps: a saga has at least one")
	}
	for i, s := range p.Steps {
		if err := s.validate(); err != nil {
			return fmt.Errorf("step %d: %w", i+1, err)
		}
	}
	for _, a := range p.actions() {
		if err := a.validate(); err != nil {
			return err
		}
	}
	if err := p.validateNames(); err != nil {
		return err
	}
	return p.validateStateMachine()
}

// validateNames refuses two states of one name.
func (p *SagaProps) validateNames() error {
	taken := map[string]string{}
	for _, own := range []string{stateStart, stateSucceeded, stateOutcome, stateCompensated, stateFailed} {
		taken[own] = "a state of every saga"
	}
	take := func(name, by string) error {
		if owner, ok := taken[name]; ok {
			return fmt.Errorf("%s needs a state named %q, which is %s: choose another name", by, name, owner)
		}
		taken[name] = by
		return nil
	}
	for i, s := range p.Steps {
		by := fmt.Sprintf("step %d", i+1)
		for _, name := range []string{s.Name, s.Name + "Rejected", s.Name + "Failed", compensation(s.Name)} {
			if err := take(name, by); err != nil {
				return err
			}
		}
	}
	for _, a := range p.actions() {
		if err := take(a.Name, fmt.Sprintf("action %q", a.Name)); err != nil {
			return err
		}
	}
	return nil
}

// validateStateMachine refuses settings that the construct decides.
func (p *SagaProps) validateStateMachine() error {
	m := p.StateMachine
	if m == nil {
		return nil
	}
	switch {
	case m.Definition != nil || m.DefinitionBody != nil || m.DefinitionSubstitutions != nil:
		return errors.New("StateMachine has a definition: the construct makes it from Steps")
	case m.StateMachineType != "":
		return fmt.Errorf("StateMachine.StateMachineType is %s: set Express instead", m.StateMachineType)
	case m.Timeout != nil:
		return errors.New("StateMachine.Timeout is set: an execution that it ends is not compensated, so set the steps' Timeout")
	case m.QueryLanguage != "":
		return fmt.Errorf("StateMachine.QueryLanguage is %s: a saga is written with JSONPath", m.QueryLanguage)
	}
	return nil
}

// validateSize refuses what the service would not take, or not finish.
func (p *SagaProps) validateSize(d definition, text string) error {
	if len(text) > maxDefinition {
		return fmt.Errorf("the definition has %d bytes, more than the %d of a state machine: use fewer steps", len(text), maxDefinition)
	}
	if longest := d.longest(); p.Express && longest > maxExpress {
		return fmt.Errorf("Express is set, but an execution may take %v with all retries, and an Express one ends after %v without compensation: shorten Timeout and Retry of the steps, or leave Express out", longest, maxExpress)
	}
	return nil
}
