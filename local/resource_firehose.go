package local

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/noidle/noidle/local/assembly"
	"github.com/noidle/noidle/local/firehose"
	"github.com/noidle/noidle/local/s3"
)

type deliveryStreamProperties struct {
	DeliveryStreamName                 string
	DeliveryStreamType                 string
	ExtendedS3DestinationConfiguration struct {
		BucketARN                string
		BufferingHints           struct{ IntervalInSeconds, SizeInMBs *int }
		CloudWatchLoggingOptions noEffect
		CompressionFormat        string
		EncryptionConfiguration  noEffect
		ErrorOutputPrefix        string
		FileExtension            string
		Prefix                   string
		ProcessingConfiguration  struct {
			Enabled    bool
			Processors []struct {
				Parameters []struct{ ParameterName, ParameterValue string }
				Type       string
			}
		}
		RoleARN string
	}
	KinesisStreamSourceConfiguration struct{ KinesisStreamARN, RoleARN string }
	Tags                             noEffect
}

// planDeliveryStream plans a Firehose stream from a data stream to a bucket
// (https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-kinesisfirehose-deliverystream.html).
func planDeliveryStream(c *Cloud, r *assembly.Resource, p *deliveryStreamProperties) (planned, error) {
	from, to := p.KinesisStreamSourceConfiguration, p.ExtendedS3DestinationConfiguration
	stream := firehose.DeliveryStream{
		Name:              cmp.Or(p.DeliveryStreamName, physicalName(r, 64)),
		Source:            from.KinesisStreamARN,
		Bucket:            strings.TrimPrefix(to.BucketARN, s3.ARN("")),
		IntervalInSeconds: 300,
		SizeInMBs:         5,
		GZIP:              to.CompressionFormat == "GZIP",
		AppendDelimiter:   to.ProcessingConfiguration.Enabled && len(to.ProcessingConfiguration.Processors) > 0,
		Prefix:            to.Prefix,
		ErrorOutputPrefix: to.ErrorOutputPrefix,
		FileExtension:     to.FileExtension,
	}
	if hints := to.BufferingHints; hints.IntervalInSeconds != nil && hints.SizeInMBs != nil {
		stream.IntervalInSeconds, stream.SizeInMBs = *hints.IntervalInSeconds, *hints.SizeInMBs
	}
	err := p.check()
	if _, ok := c.buckets[stream.Bucket]; !ok {
		err = errors.Join(err, fmt.Errorf("bucket %q is not in this assembly", to.BucketARN))
	}
	return named(stream.Name, firehose.ARN(stream.Name), func() (err error) {
		if stream.SourceRole, err = c.authority.Assume(from.RoleARN, "firehose.amazonaws.com", stream.Name); err != nil {
			return err
		}
		if stream.Role, err = c.authority.Assume(to.RoleARN, "firehose.amazonaws.com", stream.Name); err != nil {
			return err
		}
		return c.firehose.Create(stream)
	}), errors.Join(err, stream.Check())
}

// check refuses what is not supported. One buffering hint needs the other
// (https://docs.aws.amazon.com/firehose/latest/APIReference/API_BufferingHints.html),
// and the processor that appends a new line has no parameter, or says \n
// (https://docs.aws.amazon.com/firehose/latest/APIReference/API_Processor.html).
func (p *deliveryStreamProperties) check() error {
	to := p.ExtendedS3DestinationConfiguration
	var problems []error
	if p.DeliveryStreamType != "KinesisStreamAsSource" {
		problems = append(problems, fmt.Errorf("property DeliveryStreamType: %q is not supported locally: want KinesisStreamAsSource", p.DeliveryStreamType))
	}
	switch to.CompressionFormat {
	case "", "GZIP", "UNCOMPRESSED":
	default:
		problems = append(problems, fmt.Errorf("property CompressionFormat: %q is not supported locally: want GZIP or UNCOMPRESSED", to.CompressionFormat))
	}
	if (to.BufferingHints.IntervalInSeconds == nil) != (to.BufferingHints.SizeInMBs == nil) {
		problems = append(problems, errors.New("property BufferingHints: want both or none of IntervalInSeconds and SizeInMBs"))
	}
	for _, processor := range to.ProcessingConfiguration.Processors {
		if processor.Type != "AppendDelimiterToRecord" {
			problems = append(problems, fmt.Errorf("processor %q is not supported locally: want AppendDelimiterToRecord", processor.Type))
		}
		for _, parameter := range processor.Parameters {
			if parameter.ParameterName != "Delimiter" || parameter.ParameterValue != `\n` {
				problems = append(problems, fmt.Errorf(`processor parameter %s %q is not supported locally: want Delimiter \n`, parameter.ParameterName, parameter.ParameterValue))
			}
		}
	}
	return errors.Join(problems...)
}
