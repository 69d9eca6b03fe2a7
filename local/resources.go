package local

// customTypes stands for the types of custom resources that a team names itself.
const customTypes = "Custom::*"

// resourceTypes are the types of resources that are supported, by name.
var resourceTypes = map[string]resourceType{
	"AWS::ApiGatewayV2::Api":                 supports(planAPI),
	"AWS::ApiGatewayV2::Authorizer":          supports(planAuthorizer),
	"AWS::ApiGatewayV2::Integration":         supports(planIntegration),
	"AWS::ApiGatewayV2::Route":               supports(planRoute),
	"AWS::ApiGatewayV2::Stage":               supports(planStage),
	"AWS::CloudFormation::CustomResource":    supports(planCustomResource),
	"AWS::CloudFront::Distribution":          supports(planDistribution),
	"AWS::CloudFront::OriginAccessControl":   supports(planOriginAccessControl),
	"AWS::Cognito::UserPool":                 supports(planUserPool),
	"AWS::Cognito::UserPoolClient":           supports(planUserPoolClient),
	"AWS::Cognito::UserPoolDomain":           supports(planUserPoolDomain),
	"AWS::Cognito::UserPoolGroup":            supports(planUserPoolGroup),
	"AWS::Cognito::UserPoolIdentityProvider": supports(planUserPoolIdentityProvider),
	"AWS::DynamoDB::GlobalTable":             supports(planTable),
	"AWS::DynamoDB::Table":                   supports(planTable),
	"AWS::Events::EventBus":                  supports(planBus),
	"AWS::Events::Rule":                      supports(planRule),
	"AWS::IAM::ManagedPolicy":                supports(planManagedPolicy),
	"AWS::IAM::Policy":                       supports(planPolicy),
	"AWS::IAM::Role":                         supports(planRole),
	"AWS::Kinesis::Stream":                   supports(planStream),
	"AWS::KinesisFirehose::DeliveryStream":   supports(planDeliveryStream),
	"AWS::Lambda::EventInvokeConfig":         supports(planInvokeConfig),
	"AWS::Lambda::EventSourceMapping":        supports(planEventSourceMapping),
	"AWS::Lambda::Function":                  supports(planFunction),
	"AWS::Lambda::Permission":                supports(planPermission),
	"AWS::Logs::LogGroup":                    supports(planLogGroup),
	"AWS::S3::Bucket":                        supports(planBucket),
	"AWS::S3::BucketPolicy":                  supports(planBucketPolicy),
	"AWS::SNS::Subscription":                 supports(planSubscription),
	"AWS::SNS::Topic":                        supports(planTopic),
	"AWS::SNS::TopicPolicy":                  supports(planTopicPolicy),
	"AWS::SQS::Queue":                        supports(planQueue),
	"AWS::SQS::QueuePolicy":                  supports(planQueuePolicy),
	"AWS::StepFunctions::StateMachine":       supports(planStateMachine),
	"AWS::CloudFront::Function":              supports(planEdgeFunction),
	"AWS::CloudFront::ResponseHeadersPolicy": supports(planResponseHeadersPolicy),

	customTypes: supports(planCustomResource),

	// What watches, counts or draws has no effect here.
	"AWS::CDK::Metadata":              withoutEffect("cdk"),
	"AWS::CloudWatch::Alarm":          withoutEffect("cloudwatch"),
	"AWS::CloudWatch::CompositeAlarm": withoutEffect("cloudwatch"),
	"AWS::CloudWatch::Dashboard":      withoutEffect("cloudwatch"),
	"AWS::Logs::LogStream":            withoutEffect("logs"),
	"AWS::Logs::MetricFilter":         withoutEffect("logs"),
	"AWS::Logs::QueryDefinition":      withoutEffect("logs"),
	"AWS::XRay::Group":                withoutEffect("xray"),
	"AWS::XRay::SamplingRule":         withoutEffect("xray"),
}
