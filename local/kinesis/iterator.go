package kinesis

import "math"

type getShardIteratorInput struct {
	target
	ShardID                string `json:"ShardId"`
	ShardIteratorType      string
	StartingSequenceNumber string
	// Timestamp is in seconds since 1970.
	Timestamp *float64
}

type getShardIteratorOutput struct{ ShardIterator token }

func (s *Service) getShardIterator(st *stream, in *getShardIteratorInput) (out getShardIteratorOutput, err error) {
	now := s.clock.Now()
	st.lock(now)
	defer st.mutex.Unlock()
	sh, err := st.shard(in.ShardID)
	if err != nil {
		return out, err
	}
	number, err := in.position(st, sh, now.UnixMilli())
	if err != nil {
		return out, err
	}
	if !sh.iterators.admit(now) {
		return out, fail(throughputExceeded, "%s", st.rateExceeded(sh))
	}
	return getShardIteratorOutput{token{st.Name, sh.index, number, now.UnixMilli()}}, nil
}

// position returns the number of the first record to read, which is that of the
// first that has not expired at least.
func (in *getShardIteratorInput) position(st *stream, sh *shard, now int64) (uint64, error) {
	bySequence := in.ShardIteratorType == "AT_SEQUENCE_NUMBER" || in.ShardIteratorType == "AFTER_SEQUENCE_NUMBER"
	byTime := in.ShardIteratorType == "AT_TIMESTAMP"
	switch {
	case bySequence != (in.StartingSequenceNumber != ""):
		return 0, invalid("StartingSequenceNumber must be specified for the types AT_SEQUENCE_NUMBER and AFTER_SEQUENCE_NUMBER, and for no others.")
	case byTime != (in.Timestamp != nil):
		return 0, invalid("Timestamp must be specified for the type AT_TIMESTAMP, and for no others.")
	case bySequence:
		return in.bySequence(st, sh)
	case byTime:
		arrived := int64(math.Round(*in.Timestamp * 1000))
		if arrived > now {
			return 0, invalid("The timestampInMillis parameter cannot be greater than the currentTimestampInMillis. timestampInMillis: %d, currentTimestampInMillis: %d", arrived, now)
		}
		return sh.since(arrived), nil
	case in.ShardIteratorType == "TRIM_HORIZON":
		return sh.first, nil
	case in.ShardIteratorType == "LATEST":
		return sh.next(), nil
	}
	return 0, constraint(in.ShardIteratorType, "shardIteratorType",
		"Member must satisfy enum value set: [AFTER_SEQUENCE_NUMBER, LATEST, AT_TIMESTAMP, AT_SEQUENCE_NUMBER, TRIM_HORIZON]")
}

func (in *getShardIteratorInput) bySequence(st *stream, sh *shard) (uint64, error) {
	from, number, ok := st.number(in.StartingSequenceNumber)
	if !ok || from != sh {
		return 0, invalid("StartingSequenceNumber %s used in GetShardIterator on shard %s in stream %s is invalid because it did not come from this shard.",
			in.StartingSequenceNumber, sh.id, st.Name)
	}
	if in.ShardIteratorType == "AFTER_SEQUENCE_NUMBER" {
		number++
	}
	return max(number, sh.first), nil
}
