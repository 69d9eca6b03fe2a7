package local

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/noidle/noidle/local/api"
	"github.com/noidle/noidle/local/assembly"
	"github.com/noidle/noidle/local/dynamodb"
	"github.com/noidle/noidle/local/logs"
	"github.com/noidle/noidle/local/states"
)

type keyElement struct{ AttributeName, KeyType string }

type indexProperties struct {
	ContributorInsightsSpecification   noEffect
	IndexName                          string
	KeySchema                          []keyElement
	OnDemandThroughput                 noEffect
	Projection                         projection
	ProvisionedThroughput              noEffect
	ReadOnDemandThroughputSettings     noEffect
	ReadProvisionedThroughputSettings  noEffect
	WarmThroughput                     noEffect
	WriteOnDemandThroughputSettings    noEffect
	WriteProvisionedThroughputSettings noEffect
}

type projection struct {
	NonKeyAttributes []string
	ProjectionType   string
}

// tableProperties are those of AWS::DynamoDB::Table and AWS::DynamoDB::GlobalTable.
type tableProperties struct {
	AttributeDefinitions             []struct{ AttributeName, AttributeType string }
	BillingMode                      noEffect
	ContributorInsightsSpecification noEffect
	DeletionProtectionEnabled        noEffect
	GlobalSecondaryIndexes           []indexProperties
	KeySchema                        []keyElement
	LocalSecondaryIndexes            []indexProperties
	OnDemandThroughput               noEffect
	PointInTimeRecoverySpecification noEffect
	ProvisionedThroughput            noEffect
	Replicas                         []struct {
		ContributorInsightsSpecification  noEffect
		DeletionProtectionEnabled         noEffect
		GlobalSecondaryIndexes            noEffect
		KinesisStreamSpecification        any
		PointInTimeRecoverySpecification  noEffect
		ReadOnDemandThroughputSettings    noEffect
		ReadProvisionedThroughputSettings noEffect
		Region                            string
		SSESpecification                  noEffect
		TableClass                        noEffect
		Tags                              noEffect
	}
	SSESpecification        noEffect
	TableClass              noEffect
	TableName               string
	Tags                    noEffect
	TimeToLiveSpecification struct {
		AttributeName string
		Enabled       bool
	}
	WarmThroughput                     noEffect
	WriteOnDemandThroughputSettings    noEffect
	WriteProvisionedThroughputSettings noEffect
}

func planTable(c *Cloud, r *assembly.Resource, p *tableProperties) (planned, error) {
	table := dynamodb.Table{
		Name:       cmp.Or(p.TableName, physicalName(r, 255)),
		Attributes: map[string]string{},
	}
	var problems []error
	for _, replica := range p.Replicas {
		if replica.Region != api.Region {
			problems = append(problems, fmt.Errorf("property Replicas: a replica in %s is not supported locally", replica.Region))
		}
		if replica.KinesisStreamSpecification != nil {
			problems = append(problems, errors.New("property Replicas.KinesisStreamSpecification is not supported locally"))
		}
	}
	for _, a := range p.AttributeDefinitions {
		table.Attributes[a.AttributeName] = a.AttributeType
	}
	var err error
	table.Key, err = keySchema(p.KeySchema)
	problems = append(problems, err)
	for _, declared := range p.GlobalSecondaryIndexes {
		index, err := declared.index(true)
		table.Indexes, problems = append(table.Indexes, index), append(problems, err)
	}
	for _, declared := range p.LocalSecondaryIndexes {
		index, err := declared.index(false)
		table.Indexes, problems = append(table.Indexes, index), append(problems, err)
	}
	if p.TimeToLiveSpecification.Enabled {
		table.TimeToLive = p.TimeToLiveSpecification.AttributeName
	}
	result := named(table.Name, dynamodb.TableARN(table.Name), func() error { return c.dynamodb.CreateTable(table) })
	result.Attributes["TableId"] = identifier(r)
	return result, errors.Join(problems...)
}

func (p indexProperties) index(global bool) (dynamodb.Index, error) {
	key, err := keySchema(p.KeySchema)
	return dynamodb.Index{
		Name:       p.IndexName,
		Global:     global,
		Key:        key,
		Projection: p.Projection.ProjectionType,
		Include:    p.Projection.NonKeyAttributes,
	}, err
}

func keySchema(elements []keyElement) (dynamodb.KeySchema, error) {
	var key dynamodb.KeySchema
	for _, e := range elements {
		attribute := &key.Partition
		if e.KeyType == "RANGE" {
			attribute = &key.Sort
		}
		if *attribute != "" {
			return key, fmt.Errorf("property KeySchema: several %s attributes are not supported locally", e.KeyType)
		}
		*attribute = e.AttributeName
	}
	return key, nil
}

type logGroupProperties struct {
	DataProtectionPolicy noEffect
	FieldIndexPolicies   noEffect
	KMSKeyID             noEffect `property:"KmsKeyId"`
	LogGroupClass        noEffect
	LogGroupName         string
	RetentionInDays      int
	Tags                 noEffect
}

func planLogGroup(c *Cloud, r *assembly.Resource, p *logGroupProperties) (planned, error) {
	name := cmp.Or(p.LogGroupName, physicalName(r, 512))
	return named(name, logs.GroupARN(name), func() error {
		c.logs.CreateGroup(name, p.RetentionInDays)
		return nil
	}), nil
}

type stateMachineProperties struct {
	Definition              any
	DefinitionString        string
	DefinitionSubstitutions map[string]string
	EncryptionConfiguration noEffect
	LoggingConfiguration    struct {
		Destinations []struct {
			CloudWatchLogsLogGroup struct{ LogGroupArn string }
		}
		IncludeExecutionData bool
		Level                string
	}
	RoleArn              string
	StateMachineName     string
	StateMachineType     string
	Tags                 noEffect
	TracingConfiguration noEffect
}

// logDelivery is what a state machine's role needs so that its executions are
// logged (https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html#cloudwatch-iam-policy).
var logDelivery = []string{
	"logs:CreateLogDelivery",
	"logs:GetLogDelivery",
	"logs:UpdateLogDelivery",
	"logs:DeleteLogDelivery",
	"logs:ListLogDeliveries",
	"logs:PutResourcePolicy",
	"logs:DescribeResourcePolicies",
	"logs:DescribeLogGroups",
}

func planStateMachine(c *Cloud, r *assembly.Resource, p *stateMachineProperties) (planned, error) {
	definition, err := p.definition()
	if err == nil {
		_, err = states.Parse(definition)
	}
	machine := states.StateMachine{
		Name:       cmp.Or(p.StateMachineName, physicalName(r, 80)),
		Type:       cmp.Or(p.StateMachineType, "STANDARD"),
		Definition: definition,
		RoleARN:    p.RoleArn,
		Logging:    states.Logging{Level: p.LoggingConfiguration.Level, IncludeExecutionData: p.LoggingConfiguration.IncludeExecutionData},
	}
	for _, destination := range p.LoggingConfiguration.Destinations {
		machine.Logging.LogGroup = destination.CloudWatchLogsLogGroup.LogGroupArn
	}
	arn := states.ARN(machine.Name)
	result := named(arn, arn, func() error {
		var err error
		if machine.Role, err = c.authority.Assume(p.RoleArn, "states.amazonaws.com", machine.Name); err != nil {
			return err
		}
		if machine.Logging.LogGroup != "" && machine.Logging.Level != "OFF" {
			if err := mayDeliverLogs(machine.Role); err != nil {
				return err
			}
		}
		return c.states.CreateStateMachine(machine)
	})
	result.Attributes["Name"] = machine.Name
	return result, err
}

func mayDeliverLogs(role *api.Principal) error {
	var problems []error
	for _, action := range logDelivery {
		problems = append(problems, role.Allow(action, "*", nil))
	}
	return errors.Join(problems...)
}

func (p *stateMachineProperties) definition() ([]byte, error) {
	text := p.DefinitionString
	if p.Definition != nil {
		object, err := json.Marshal(p.Definition)
		if err != nil {
			return nil, err
		}
		text = string(object)
	}
	for name, value := range p.DefinitionSubstitutions {
		text = strings.ReplaceAll(text, "${"+name+"}", value)
	}
	return []byte(text), nil
}
