// Package kinesis is Amazon Kinesis Data Streams for the local cloud: streams in
// memory, for SDK clients and for event source mappings.
//
// Limits of the simulation:
//
//   - Streams are not resharded. An on-demand stream stays at the four shards with
//     which AWS starts it, and so at 4 MiB and 4,000 records per second, where AWS
//     would scale it up.
//   - A record is at most 1 MiB, AWS's default. Streams say that they are not
//     encrypted.
//   - Reads and writes of a shard have AWS's limits, for event source mappings, too:
//     on AWS they share them with other consumers. Describing and listing has none.
//   - There are no registered consumers (enhanced fan-out).
//
// A record takes its data, its partition key and about 100 bytes of memory until
// its retention period is over: 1,000 records of 1 KiB per second take 4 GB in an
// hour. What has expired is dropped when the stream is used the next time.
package kinesis

import (
	"context"
	"sync"

	"github.com/jonboulle/clockwork"

	"github.com/noidle/noidle/local/api"
)

// Options are what a [Service] works with.
type Options struct {
	// Clock tells when records arrive and expire, and how fast shards may be
	// written and read.
	Clock clockwork.Clock
	// Exceeded is told of each record that its shard does not take. Nil means nobody.
	Exceeded func(stream string)
}

// Service is Amazon Kinesis Data Streams.
type Service struct {
	clock    clockwork.Clock
	exceeded func(stream string)

	mutex   sync.RWMutex
	streams map[string]*stream
}

// New returns a Service without streams.
func New(options Options) *Service {
	if options.Exceeded == nil {
		options.Exceeded = func(string) {}
	}
	return &Service{clock: options.Clock, exceeded: options.Exceeded, streams: map[string]*stream{}}
}

// StreamARN returns the Amazon Resource Name of the stream with a name.
func StreamARN(name string) string { return api.ARN("kinesis", "stream/"+name) }

// Operations returns the operations that the service supports. Streams are made
// with CreateStream alone.
func (s *Service) Operations() api.Operations {
	return api.Operations{
		"PutRecord":             on(s, "PutRecord", s.putRecord),
		"PutRecords":            on(s, "PutRecords", s.putRecords),
		"GetShardIterator":      on(s, "GetShardIterator", s.getShardIterator),
		"GetRecords":            on(s, "GetRecords", s.getRecords),
		"ListShards":            on(s, "ListShards", s.listShards),
		"DescribeStream":        on(s, "DescribeStream", s.describeStream),
		"DescribeStreamSummary": on(s, "DescribeStreamSummary", s.describeStreamSummary),
		"ListStreams":           api.Op(s.listStreams),
	}
}

// Await blocks until a record is put to the stream with an ARN after the call
// began, or ctx is done. Who reads until there is nothing more and calls Await
// then does not hear of a record that was put in between: call it before the
// last read, or read again after a while.
func (s *Service) Await(ctx context.Context, streamARN string) {
	var changed <-chan struct{}
	if st, ok := s.stream(streamARN); ok {
		st.mutex.Lock()
		changed = st.changed
		st.mutex.Unlock()
	}
	select {
	case <-changed:
	case <-ctx.Done():
	}
}

func (s *Service) stream(arn string) (*stream, bool) {
	s.mutex.RLock()
	defer s.mutex.RUnlock()
	st, ok := s.streams[nameOf(arn)]
	return st, ok
}

// on makes an operation on the stream of its request, for those who may do the
// action of the same name on it. The request returns the ARN of its stream, or
// what is wrong if it names none.
func on[In interface{ arn() (string, error) }, Out any](s *Service, action string, do func(*stream, *In) (Out, error)) api.Operation {
	return api.Op(func(call *api.Call, in *In) (out Out, err error) {
		arn, err := (*in).arn()
		if err != nil {
			return out, err
		}
		if err := call.Authorize("kinesis:"+action, arn, nil); err != nil {
			return out, err
		}
		st, ok := s.stream(arn)
		if !ok {
			return out, fail("ResourceNotFoundException", "Stream %s under account %s not found.", nameOf(arn), api.Account)
		}
		return do(st, in)
	})
}

// target is the stream of a request, by its name, its ARN or both
// (https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecord.html).
type target struct {
	StreamName string
	StreamARN  string
}

func (t target) arn() (string, error) {
	switch {
	case t.StreamARN == "" && t.StreamName == "":
		return "", invalid("Either StreamName or StreamARN must be specified.")
	case t.StreamARN == "":
		return StreamARN(t.StreamName), nil
	case t.StreamName != "" && t.StreamName != nameOf(t.StreamARN):
		return "", invalid("StreamARN %s is not that of the stream %s.", t.StreamARN, t.StreamName)
	}
	return t.StreamARN, nil
}
