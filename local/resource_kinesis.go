package local

import (
	"cmp"
	"fmt"
	"time"

	"github.com/noidle/noidle/local/assembly"
	"github.com/noidle/noidle/local/kinesis"
)

type streamProperties struct {
	DesiredShardLevelMetrics noEffect
	Name                     string
	RetentionPeriodHours     int
	ShardCount               int
	StreamEncryption         noEffect
	StreamModeDetails        struct{ StreamMode string }
	Tags                     noEffect
}

// planStream plans a stream, provisioned unless it says on-demand
// (https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-kinesis-stream.html).
func planStream(c *Cloud, r *assembly.Resource, p *streamProperties) (planned, error) {
	stream := kinesis.Stream{
		Name:      cmp.Or(p.Name, physicalName(r, 128)),
		OnDemand:  p.StreamModeDetails.StreamMode == "ON_DEMAND",
		Shards:    p.ShardCount,
		Retention: time.Duration(p.RetentionPeriodHours) * time.Hour,
	}
	var err error
	switch p.StreamModeDetails.StreamMode {
	case "", "PROVISIONED":
		stream.Shards = cmp.Or(stream.Shards, 1)
	case "ON_DEMAND":
	default:
		err = fmt.Errorf("property StreamModeDetails.StreamMode: %q: want ON_DEMAND or PROVISIONED", p.StreamModeDetails.StreamMode)
	}
	return named(stream.Name, kinesis.StreamARN(stream.Name), func() error { return c.kinesis.CreateStream(stream) }), err
}
