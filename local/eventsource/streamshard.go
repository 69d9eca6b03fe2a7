package eventsource

import (
	"hash/fnv"
	"sync"
	"time"

	"github.com/noidle/noidle/local/api"
)

// shard reads a shard of a stream for a mapping. Its lanes process the records,
// and read when they have none left: a shard has AWS's limits on reading, so it
// is read once for all of them.
type shard struct {
	*streamPoller
	id string

	mutex sync.Mutex
	lanes []*lane
	// iterator is where to read on. Empty means after the record last.
	iterator, last string
	// caughtUp is when no more records were there than had been read.
	caughtUp time.Time
	// behind says that there are more records than have been read.
	behind bool
	// due is when to read again in any case, and idle how long nothing was read.
	due  time.Time
	idle time.Duration
	// put is closed when a record is put to the stream, and changed when records
	// were read.
	put, changed chan struct{}
}

// The waits until a shard is read again. The first is AWS's, which reads a shard
// once per second (https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html).
// They grow, as a record that is put ends them.
const (
	firstIdle   = time.Second
	longestIdle = time.Minute
)

// list returns the IDs of the stream's shards.
func (m *streamPoller) list() (ids []string, err error) {
	input := map[string]any{}
	for {
		var output struct {
			Shards []struct {
				ShardID string `json:"ShardId"`
			}
			NextToken string
		}
		if err := m.kinesis("ListShards", input, &output); err != nil {
			return nil, err
		}
		for _, s := range output.Shards {
			ids = append(ids, s.ShardID)
		}
		if output.NextToken == "" {
			return ids, nil
		}
		input = map[string]any{"NextToken": output.NextToken}
	}
}

// start starts processing a shard.
func (m *streamPoller) start(id string) {
	s := &shard{streamPoller: m, id: id, idle: firstIdle, behind: true, changed: make(chan struct{})}
	if m.StartingPosition == Latest {
		// If this fails, the records since now are read.
		s.caughtUp = m.service.Clock.Now()
		_ = s.locate(map[string]any{"ShardIteratorType": Latest})
	}
	s.watch()
	for range m.ParallelizationFactor {
		s.lanes = append(s.lanes, &lane{shard: s})
	}
	for _, l := range s.lanes {
		m.service.running.Go(l.run)
	}
}

// watch has put closed when the next record is put to the stream.
func (s *shard) watch() {
	put := make(chan struct{})
	s.put = put
	s.service.running.Go(func() {
		s.service.Await(s.service.polling, s.Stream)
		close(put)
	})
}

// poll reads the shard if there may be something to read, or by force. It returns
// whether it did.
func (s *shard) poll(now time.Time, force bool) bool {
	select {
	case <-s.put:
		// Watching starts before reading, lest a record be put in between.
		s.watch()
	default:
		if !s.behind && !force && now.Before(s.due) {
			return false
		}
	}
	n, err := s.read(now)
	switch {
	case err != nil:
		// That others read the shard, too, is no failure.
		if failure := refused(err); failure == nil || failure.Code != "ProvisionedThroughputExceededException" {
			s.log("reading records failed", err)
		}
		s.behind, s.due = false, now.Add(time.Second)
	case n > 0:
		s.idle, s.due = firstIdle, now.Add(firstIdle)
		close(s.changed)
		s.changed = make(chan struct{})
	default:
		s.behind, s.due = false, now.Add(s.idle)
		s.idle = min(2*s.idle, longestIdle)
	}
	return err == nil
}

// read reads records and gives those that the function gets to the lanes of their
// partition keys. It returns how many there were.
func (s *shard) read(now time.Time) (int, error) {
	if s.iterator == "" {
		if err := s.locate(s.position()); err != nil {
			return 0, err
		}
	}
	var output struct {
		NextShardIterator  string
		MillisBehindLatest int64
		Records            []readRecord
	}
	err := s.kinesis("GetRecords", map[string]any{"ShardIterator": s.iterator}, &output)
	if failure := refused(err); failure != nil && failure.Code == "ExpiredIteratorException" {
		if err = s.locate(s.position()); err == nil {
			err = s.kinesis("GetRecords", map[string]any{"ShardIterator": s.iterator}, &output)
		}
	}
	if err != nil {
		return 0, err
	}
	s.iterator, s.behind = output.NextShardIterator, output.MillisBehindLatest > 0
	for _, r := range output.Records {
		s.last = r.SequenceNumber
		if r.matches(s.Filters) {
			key := fnv.New32a()
			_, _ = key.Write([]byte(r.PartitionKey))
			l := s.lanes[key.Sum32()%uint32(len(s.lanes))]
			l.buffer = append(l.buffer, s.record(r))
		}
	}
	if !s.behind {
		s.caughtUp = now
	}
	return len(output.Records), nil
}

// position returns where to read on: after what was read, or where the mapping
// starts, which for Latest is when the shard was last found empty.
func (s *shard) position() map[string]any {
	switch {
	case s.last != "":
		return map[string]any{"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "StartingSequenceNumber": s.last}
	case s.StartingPosition == Latest:
		return map[string]any{"ShardIteratorType": AtTimestamp, "Timestamp": api.Timestamp{Time: s.caughtUp}}
	case s.StartingPosition == AtTimestamp:
		return map[string]any{"ShardIteratorType": AtTimestamp, "Timestamp": api.Timestamp{Time: s.StartingPositionTimestamp}}
	}
	return map[string]any{"ShardIteratorType": TrimHorizon}
}

func (s *shard) locate(position map[string]any) error {
	position["ShardId"] = s.id
	var output struct{ ShardIterator string }
	if err := s.kinesis("GetShardIterator", position, &output); err != nil {
		return err
	}
	s.iterator = output.ShardIterator
	return nil
}
