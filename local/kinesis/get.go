package kinesis

import "time"

// How much GetRecords returns, in records and in bytes with the partition keys
// (https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetRecords.html).
const (
	maximumLimit = 10_000
	maximumRead  = 10 << 20
)

type getRecordsInput struct {
	ShardIterator token
	Limit         *int
	StreamARN     string
}

// arn returns that of the iterator's stream.
func (in getRecordsInput) arn() (string, error) {
	arn := StreamARN(in.ShardIterator.stream)
	if in.ShardIterator.stream == "" || in.StreamARN != "" && in.StreamARN != arn {
		return "", errInvalidToken
	}
	return arn, nil
}

type getRecordsOutput struct {
	Records            []gotRecord
	NextShardIterator  token
	MillisBehindLatest int64
}

type gotRecord struct {
	// ApproximateArrivalTimestamp is in seconds since 1970, to the millisecond.
	ApproximateArrivalTimestamp float64
	Data                        []byte
	PartitionKey                string
	SequenceNumber              string
}

// getRecords returns the records from an iterator on, or from the first that has
// not expired.
func (s *Service) getRecords(st *stream, in *getRecordsInput) (out getRecordsOutput, err error) {
	if in.Limit != nil && *in.Limit > maximumLimit {
		return out, invalid("Limit must not be greater than %d. Specified value was %d.", maximumLimit, *in.Limit)
	}
	limit, err := within("limit", in.Limit, maximumLimit, maximumLimit)
	if err != nil {
		return out, err
	}
	now := s.clock.Now()
	st.lock(now)
	defer st.mutex.Unlock()
	sh, expired, err := in.ShardIterator.find(st, now)
	switch {
	case err != nil:
		return out, err
	case expired:
		return out, fail("ExpiredIteratorException", "Iterator expired. The iterator was created at time %s while right now it is %s which is further in the future than the tolerated delay of %d milliseconds.",
			time.UnixMilli(in.ShardIterator.issued).UTC().Format(time.UnixDate), now.UTC().Format(time.UnixDate), maximumAge.Milliseconds())
	case !sh.reads.admit(now):
		return out, fail(throughputExceeded, "%s", st.rateExceeded(sh))
	}
	number := max(in.ShardIterator.number, sh.first)
	records, size := sh.from(number, limit)
	sh.reads.bytes += size
	out.Records = make([]gotRecord, len(records))
	for i, r := range records {
		out.Records[i] = gotRecord{float64(r.arrived) / 1000, r.data, r.key, st.sequence(sh, number, r.arrived)}
		number++
	}
	if number < sh.next() {
		out.MillisBehindLatest = max(1, now.UnixMilli()-sh.records[number-sh.first].arrived)
	}
	out.NextShardIterator = token{st.Name, sh.index, number, now.UnixMilli()}
	return out, nil
}
