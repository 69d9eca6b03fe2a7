package dashboard

import "time"

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
	// Provisioned is set for a table that is not paid by request. Its quota is its own
	// and may be scaled.
	Provisioned bool
}

// source is where the metrics of a kind are.
type source struct{ namespace, dimension string }

var sources = map[Kind]source{
	HTTPAPI:         {"AWS/ApiGateway", "ApiId"},
	RESTAPI:         {"AWS/ApiGateway", "ApiName"},
	Distribution:    {"AWS/CloudFront", "DistributionId"},
	Table:           {"AWS/DynamoDB", "TableName"},
	Rule:            {"AWS/Events", "RuleName"},
	Stream:          {"AWS/Kinesis", "StreamName"},
	DeliveryStream:  {"AWS/Firehose", "DeliveryStreamName"},
	Function:        {"AWS/Lambda", "FunctionName"},
	Topic:           {"AWS/SNS", "TopicName"},
	Queue:           {"AWS/SQS", "QueueName"},
	DeadLetterQueue: {"AWS/SQS", "QueueName"},
	StateMachine:    {"AWS/States", "StateMachineArn"},
}

// KindOf returns the kind of a CloudFormation type, and whether there is one.
func KindOf(cloudFormationType string) (Kind, bool) {
	kind := Kind(cloudFormationType)
	if cloudFormationType == "AWS::DynamoDB::GlobalTable" {
		kind = Table
	}
	_, ok := sources[kind]
	return kind, ok
}
