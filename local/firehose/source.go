package firehose

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/noidle/noidle/local/api"
)

// shard is how far a shard of the source was read.
type shard struct {
	id string
	// iterator is where to read on. Empty means after the record last, or if that is
	// empty, too, from the records of a time on.
	iterator, last string
	since          time.Time
}

type record struct {
	Data                        []byte
	SequenceNumber              string
	ApproximateArrivalTimestamp api.Timestamp
}

// kinesis calls an operation on the source.
func (d *delivery) kinesis(operation string, input map[string]any, output any) error {
	input["StreamARN"] = d.Source
	encoded, err := json.Marshal(input)
	if err != nil {
		return err
	}
	answer, err := d.service.Call(d.service.as(d.SourceRole), "kinesis", operation, encoded)
	if err != nil {
		return err
	}
	return json.Unmarshal(answer, output)
}

// describe finds the shards of the source, and the position LATEST in each.
func (d *delivery) describe() error {
	input := map[string]any{}
	for {
		var output struct {
			StreamDescription struct {
				Shards               []struct{ ShardID string }
				HasMoreShards        bool
				RetentionPeriodHours int
			}
		}
		if err := d.kinesis("DescribeStream", input, &output); err != nil {
			return err
		}
		for _, described := range output.StreamDescription.Shards {
			s := &shard{id: described.ShardID, since: d.service.Clock.Now()}
			// If this fails, it is tried again.
			_ = d.locate(s, map[string]any{"ShardIteratorType": "LATEST"})
			d.shards = append(d.shards, s)
			input["ExclusiveStartShardId"] = s.id
		}
		if !output.StreamDescription.HasMoreShards {
			d.retention = time.Duration(output.StreamDescription.RetentionPeriodHours) * time.Hour
			return nil
		}
	}
}

func (d *delivery) locate(s *shard, position map[string]any) error {
	position["ShardId"] = s.id
	var output struct{ ShardIterator string }
	err := d.kinesis("GetShardIterator", position, &output)
	s.iterator = output.ShardIterator
	return err
}

// read buffers the next records of a shard.
func (d *delivery) read(s *shard) error {
	if s.iterator == "" {
		position := map[string]any{"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "StartingSequenceNumber": s.last}
		if s.last == "" {
			position = map[string]any{"ShardIteratorType": "AT_TIMESTAMP", "Timestamp": api.Timestamp{Time: s.since}}
		}
		if err := d.locate(s, position); err != nil {
			return err
		}
	}
	var output struct {
		NextShardIterator string
		Records           []record
	}
	now := d.service.Clock.Now()
	err := d.kinesis("GetRecords", map[string]any{"ShardIterator": s.iterator}, &output)
	if failure, ok := errors.AsType[*api.Error](err); ok && failure.Code == "ExpiredIteratorException" {
		s.iterator = ""
		return nil
	}
	if err != nil {
		return err
	}
	s.iterator, s.since = output.NextShardIterator, now
	for _, r := range output.Records {
		s.last = r.SequenceNumber
		for _, r.Data = range split(r.Data) {
			d.add(r)
		}
	}
	return nil
}
