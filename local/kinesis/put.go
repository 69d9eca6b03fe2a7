package kinesis

import (
	"crypto/md5"
	"fmt"
	"math/big"
	"regexp"
	"time"
	"unicode/utf8"
)

// How much a request may put, in bytes with the partition keys, and the default
// of how large a record may be
// (https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html).
const (
	maximumRecords = 500
	maximumRequest = 10 << 20
	maximumRecord  = 1 << 20
)

type putEntry struct {
	Data            []byte
	PartitionKey    string
	ExplicitHashKey string
}

type putRecordInput struct {
	target
	putEntry
	SequenceNumberForOrdering string
}

type putResult struct {
	SequenceNumber string `json:",omitempty"`
	ShardID        string `json:"ShardId,omitempty"`
	ErrorCode      string `json:",omitempty"`
	ErrorMessage   string `json:",omitempty"`
}

// putRecord puts a record. Sequence numbers grow in any case, so that
// SequenceNumberForOrdering only has to be one of the stream.
func (s *Service) putRecord(st *stream, in *putRecordInput) (out putResult, err error) {
	key, err := in.check("")
	if err != nil {
		return out, err
	}
	now := s.clock.Now()
	st.lock(now)
	defer st.mutex.Unlock()
	if in.SequenceNumberForOrdering != "" {
		if _, _, ok := st.number(in.SequenceNumberForOrdering); !ok {
			return out, invalid("SequenceNumberForOrdering %s is invalid because it did not come from stream %s.", in.SequenceNumberForOrdering, st.Name)
		}
	}
	if out = st.put(now, in.putEntry, key); out.ErrorCode != "" {
		return putResult{}, fail(out.ErrorCode, "%s", out.ErrorMessage)
	}
	st.wake()
	return out, nil
}

type putRecordsInput struct {
	target
	Records []putEntry
}

type putRecordsOutput struct {
	FailedRecordCount int
	Records           []putResult
}

// putRecords puts each record that its shard takes. An entry that breaks a rule
// of the API fails the request.
func (s *Service) putRecords(st *stream, in *putRecordsInput) (out putRecordsOutput, err error) {
	if n := len(in.Records); n < 1 || n > maximumRecords {
		return out, constraint(fmt.Sprintf("[%d records]", n), "records", fmt.Sprintf("Member must have length between 1 and %d", maximumRecords))
	}
	keys, size := make([]hashKey, len(in.Records)), 0
	for i, entry := range in.Records {
		if keys[i], err = entry.check(fmt.Sprintf("records.%d.member.", i+1)); err != nil {
			return out, err
		}
		size += entry.record().size()
	}
	if size > maximumRequest {
		return out, invalid("Records size exceeds 10 MB limit")
	}
	out.Records = make([]putResult, len(in.Records))
	now := s.clock.Now()
	st.lock(now)
	defer st.mutex.Unlock()
	for i, entry := range in.Records {
		out.Records[i] = st.put(now, entry, keys[i])
		if out.Records[i].ErrorCode != "" {
			out.FailedRecordCount++
		}
	}
	if out.FailedRecordCount < len(out.Records) {
		st.wake()
	}
	return out, nil
}

// put adds a record to its shard, or says that the shard is too busy.
func (st *stream) put(now time.Time, entry putEntry, key hashKey) putResult {
	sh, r := st.route(key), entry.record()
	if !sh.admit(now, r.size()) {
		st.exceeded(st.Name)
		return putResult{ErrorCode: throughputExceeded, ErrorMessage: st.rateExceeded(sh)}
	}
	number := sh.add(r, now.UnixMilli())
	return putResult{SequenceNumber: st.sequence(sh, number, sh.arrived), ShardID: sh.id}
}

// wake ends the waits for a record.
func (st *stream) wake() {
	close(st.changed)
	st.changed = make(chan struct{})
}

func (e *putEntry) record() record { return record{data: e.Data, key: e.PartitionKey} }

var decimal = regexp.MustCompile(`^(0|[1-9]\d{0,38})$`)

// check returns the hash key of an entry whose members' names follow a prefix
// (https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecordsRequestEntry.html).
func (e *putEntry) check(prefix string) (key hashKey, err error) {
	size := e.record().size()
	switch length := utf8.RuneCountInString(e.PartitionKey); {
	case e.Data == nil:
		return key, constraint("null", prefix+"data", "Member must not be null")
	case length < 1 || length > 256:
		return key, constraint(e.PartitionKey, prefix+"partitionKey", "Member must have length between 1 and 256")
	case size > maximumRecord:
		return key, invalid("The record at '%sdata' and its partition key have %d bytes. The maximum record size of the stream is %d bytes.", prefix, size, maximumRecord)
	case e.ExplicitHashKey == "":
		return md5.Sum([]byte(e.PartitionKey)), nil
	case !decimal.MatchString(e.ExplicitHashKey):
		return key, constraint(e.ExplicitHashKey, prefix+"explicitHashKey", "Member must satisfy regular expression pattern: 0|([1-9]\\d{0,38})")
	}
	number, _ := new(big.Int).SetString(e.ExplicitHashKey, 10)
	if number.BitLen() > 128 {
		return key, invalid("Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. Specified value was %s", e.ExplicitHashKey)
	}
	number.FillBytes(key[:])
	return key, nil
}
