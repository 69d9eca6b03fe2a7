package dashboard

import (
	"maps"
	"slices"
	"time"
)

// Kind is what a resource is. It is the CloudFormation type but for
// [DeadLetterQueue].
type Kind string

// The kinds of resources that there are graphs for.
const (
	HTTPAPI         Kind = "AWS::ApiGatewayV2::Api"
	RESTAPI         Kind = "AWS::ApiGateway::RestApi"
	Distribution    Kind = "AWS::CloudFront::Distribution"
	Table           Kind = "AWS::DynamoDB::Table"
	Rule            Kind = "AWS::Events::Rule"
	Stream          Kind = "AWS::Kinesis::Stream"
	DeliveryStream  Kind = "AWS::KinesisFirehose::DeliveryStream"
	Function        Kind = "AWS::Lambda::Function"
	Topic           Kind = "AWS::SNS::Topic"
	Queue           Kind = "AWS::SQS::Queue"
	StateMachine    Kind = "AWS::StepFunctions::StateMachine"
	DeadLetterQueue Kind = "dead-letter queue"
)

// Resource is something to draw.
type Resource struct {
	// Kind is what it is.
	Kind Kind
	// UseCase is the heading that it is drawn under, and Label what it is called
	// there.
	UseCase, Label string
	// Name is the value of its metrics' dimension: its name, or of an HTTP API the
	// ID, of a state machine the ARN.
	Name string
	// Region is where its metrics are.
	Region string
	// Timeout, MemoryMB and ReservedConcurrency are those of a function; zero means
	// that it has AWS's own, of the last that it has none.
	Timeout                       time.Duration
	MemoryMB, ReservedConcurrency float64
	// ReadsStream is set for a function that reads a stream.
	ReadsStream bool
	// Shards are those of a stream; zero means that they are on demand.
	Shards float64
}

// source is where the metrics of a kind are.
type source struct {
	namespace, dimension string
	types                []string // of CloudFormation, besides the kind's own
}

var sources = map[Kind]source{
	HTTPAPI:         {namespace: "AWS/ApiGateway", dimension: "ApiId"},
	RESTAPI:         {namespace: "AWS/ApiGateway", dimension: "ApiName"},
	Distribution:    {namespace: "AWS/CloudFront", dimension: "DistributionId"},
	Table:           {namespace: "AWS/DynamoDB", dimension: "TableName", types: []string{"AWS::DynamoDB::GlobalTable"}},
	Rule:            {namespace: "AWS/Events", dimension: "RuleName"},
	Stream:          {namespace: "AWS/Kinesis", dimension: "StreamName"},
	DeliveryStream:  {namespace: "AWS/Firehose", dimension: "DeliveryStreamName"},
	Function:        {namespace: "AWS/Lambda", dimension: "FunctionName"},
	Topic:           {namespace: "AWS/SNS", dimension: "TopicName"},
	Queue:           {namespace: "AWS/SQS", dimension: "QueueName"},
	DeadLetterQueue: {namespace: "AWS/SQS", dimension: "QueueName"},
	StateMachine:    {namespace: "AWS/States", dimension: "StateMachineArn"},
}

// KindOf returns the kind of a CloudFormation type, and whether there is one.
func KindOf(cloudFormationType string) (Kind, bool) {
	for kind, s := range sources {
		if string(kind) == cloudFormationType || slices.Contains(s.types, cloudFormationType) {
			return kind, true
		}
	}
	return "", false
}

// Types returns the CloudFormation types that there are graphs for, sorted.
func Types() []string {
	var types []string
	for _, kind := range slices.Sorted(maps.Keys(sources)) {
		if kind != DeadLetterQueue {
			types = append(append(types, string(kind)), sources[kind].types...)
		}
	}
	return types
}
