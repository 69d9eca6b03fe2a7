package analytics

import (
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskinesisfirehose"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"

	"github.com/noidle/noidle/constructs/internal/alarm"
	"github.com/noidle/noidle/constructs/storage"
	"github.com/noidle/noidle/constructs/suppress"
)

// addArchive has Firehose deliver all records of the stream to a bucket. What it
// needs of the CDK's construct is little, and that grants more than Firehose uses.
func (a *StreamAnalytics) addArchive(props *Archive, removal awscdk.RemovalPolicy) {
	a.Archive = storage.NewBucket(a, "Archive", &storage.BucketProps{RemovalPolicy: removal, Bucket: props.Bucket})
	if props.Bucket == nil || props.Bucket.LifecycleRules == nil {
		suppress.Findings(a.Archive, map[string]string{"bucket-lifecycle": "posts are archived for ever"})
	}
	a.DeliveryLog = awslogs.NewLogGroup(a, new("DeliveryLog"), &awslogs.LogGroupProps{
		Retention:     awslogs.RetentionDays_ONE_MONTH,
		RemovalPolicy: awscdk.RemovalPolicy_DESTROY,
	})
	logStream := awslogs.NewLogStream(a, new("DeliveryLogStream"), &awslogs.LogStreamProps{
		LogGroup:      a.DeliveryLog,
		RemovalPolicy: awscdk.RemovalPolicy_DESTROY,
	})
	role := a.deliveryRole(props)
	a.Delivery = awskinesisfirehose.NewCfnDeliveryStream(a, new("Delivery"), &awskinesisfirehose.CfnDeliveryStreamProps{
		DeliveryStreamType: new("KinesisStreamAsSource"),
		KinesisStreamSourceConfiguration: &awskinesisfirehose.CfnDeliveryStream_KinesisStreamSourceConfigurationProperty{
			KinesisStreamArn: a.Stream.StreamArn(),
			RoleArn:          role.RoleArn(),
		},
		ExtendedS3DestinationConfiguration: &awskinesisfirehose.CfnDeliveryStream_ExtendedS3DestinationConfigurationProperty{
			BucketArn:         a.Archive.BucketArn(),
			RoleArn:           role.RoleArn(),
			Prefix:            new(props.Prefix + "!{timestamp:yyyy/MM/dd/HH}/"),
			ErrorOutputPrefix: new(props.errorPrefix() + "!{firehose:error-output-type}/!{timestamp:yyyy/MM/dd/HH}/"),
			CompressionFormat: new("GZIP"),
			BufferingHints: &awskinesisfirehose.CfnDeliveryStream_BufferingHintsProperty{
				SizeInMBs:         new(float64(props.BufferSize)),
				IntervalInSeconds: new(props.BufferInterval.Seconds()),
			},
			CloudWatchLoggingOptions: &awskinesisfirehose.CfnDeliveryStream_CloudWatchLoggingOptionsProperty{
				Enabled:       new(true),
				LogGroupName:  a.DeliveryLog.LogGroupName(),
				LogStreamName: logStream.LogStreamName(),
			},
			// A newline after each record
			// (https://docs.aws.amazon.com/firehose/latest/APIReference/API_Processor.html).
			ProcessingConfiguration: &awskinesisfirehose.CfnDeliveryStream_ProcessingConfigurationProperty{
				Enabled:    new(true),
				Processors: []any{&awskinesisfirehose.CfnDeliveryStream_ProcessorProperty{Type: new("AppendDelimiterToRecord")}},
			},
		},
	})
	// Firehose tries the role's rights when it is made.
	a.Delivery.Node().AddDependency(role)
	a.addDeliveryAgeAlarm(props)
}

// errorPrefix is the start of the keys of what could not be delivered: beside those
// of posts, so that who reads all posts reads nothing else.
func (p *Archive) errorPrefix() string { return strings.TrimSuffix(p.Prefix, "/") + "-errors/" }

// deliveryRole makes the role that Firehose reads the stream, writes the bucket and
// logs with (https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html).
func (a *StreamAnalytics) deliveryRole(props *Archive) awsiam.Role {
	role := awsiam.NewRole(a, new("DeliveryRole"), &awsiam.RoleProps{
		AssumedBy: awsiam.NewServicePrincipal(new("firehose.amazonaws.com"), nil),
	})
	a.grantRead(role, new("kinesis:DescribeStream"), new("kinesis:GetRecords"), new("kinesis:GetShardIterator"), new("kinesis:ListShards"))
	storage.GrantObjects(a.Archive, role, []string{props.Prefix, props.errorPrefix()}, "s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject")
	awsiam.Grant_AddToPrincipal(&awsiam.GrantOnPrincipalOptions{
		Grantee:      role,
		Actions:      &[]*string{new("s3:GetBucketLocation"), new("s3:ListBucket"), new("s3:ListBucketMultipartUploads")},
		ResourceArns: &[]*string{a.Archive.BucketArn()},
	})
	a.DeliveryLog.Grant(role, new("logs:PutLogEvents"))
	return role
}

// addDeliveryAgeAlarm watches the age of the oldest post that is not in the archive
// (https://docs.aws.amazon.com/firehose/latest/dev/monitoring-with-cloudwatch-metrics.html).
func (a *StreamAnalytics) addDeliveryAgeAlarm(props *Archive) {
	highest := alarm.Maximum()
	age := awscloudwatch.NewMetric(&awscloudwatch.MetricProps{
		Namespace:     new("AWS/Firehose"),
		MetricName:    new("DeliveryToS3.DataFreshness"),
		DimensionsMap: &map[string]*string{"DeliveryStreamName": a.Delivery.Ref()},
		Statistic:     highest.Statistic,
		Period:        highest.Period,
	})
	a.DeliveryAgeAlarm = alarm.AtLeast(a, "DeliveryAgeAlarm", age, (props.BufferInterval + alarmAge).Seconds(),
		"Posts wait too long to be archived: Firehose cannot read the stream or write the bucket. Look into the log of the delivery. What becomes older than the stream's retention is lost to the archive.")
}
