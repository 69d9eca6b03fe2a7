package kinesis

import (
	"bytes"
	"crypto/md5"
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/noidle/noidle/local/api"
)

// Stream is what a stream is made with.
type Stream struct {
	// Name identifies the stream in the account: 1 to 128 letters, digits,
	// underscores, hyphens and periods.
	Name string
	// OnDemand says that AWS manages the shards. There are four.
	OnDemand bool
	// Shards is how many shards a stream has that is not on-demand, at least one.
	Shards int
	// Retention is how long records are kept: 24 hours, which zero means, to 365
	// days, in whole hours.
	Retention time.Duration
}

// The retention period of a stream
// (https://docs.aws.amazon.com/streams/latest/dev/kinesis-extended-retention.html).
const (
	minimumRetention = 24 * time.Hour
	maximumRetention = 365 * 24 * time.Hour
)

// onDemandShards is how many shards carry the 4 MB and 4,000 records per second
// of a new on-demand stream
// (https://docs.aws.amazon.com/streams/latest/dev/how-do-i-size-a-stream.html).
const onDemandShards = 4

type stream struct {
	Stream
	created time.Time

	mutex  sync.Mutex
	shards []*shard
	// changed is closed, and made anew, when records are put.
	changed chan struct{}
	// exceeded is told of records that are not taken.
	exceeded func(stream string)
}

var streamName = regexp.MustCompile(`^[a-zA-Z0-9_.-]{1,128}$`)

// CreateStream makes a stream, which is active at once. A name that is taken is a
// ResourceInUseException
// (https://docs.aws.amazon.com/kinesis/latest/APIReference/API_CreateStream.html).
func (s *Service) CreateStream(of Stream) error {
	if of.Retention == 0 {
		of.Retention = minimumRetention
	}
	switch {
	case !streamName.MatchString(of.Name):
		return constraint(of.Name, "streamName", "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+ and have length between 1 and 128")
	case of.OnDemand && of.Shards != 0:
		return fail("ValidationException", "ShardCount cannot be set for a stream in ON_DEMAND mode.")
	case !of.OnDemand && of.Shards < 1:
		return constraint(of.Shards, "shardCount", "Member must have value greater than or equal to 1")
	case of.Retention < minimumRetention || of.Retention > maximumRetention || of.Retention%time.Hour != 0:
		return invalid("Retention period must be between 24 and 8760 hours, in whole hours. Specified value was %s.", of.Retention)
	}
	if of.OnDemand {
		of.Shards = onDemandShards
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.streams[of.Name] != nil {
		return fail("ResourceInUseException", "Stream %s under account %s already exists.", of.Name, api.Account)
	}
	st := &stream{Stream: of, created: s.clock.Now(), changed: make(chan struct{}), exceeded: s.exceeded}
	for index, start := range hashKeys(of.Shards) {
		st.shards = append(st.shards, &shard{index: index, id: fmt.Sprintf("shardId-%012d", index), start: start, first: 1})
	}
	s.streams[of.Name] = st
	return nil
}

// lock locks the stream and drops the records that have expired.
func (st *stream) lock(now time.Time) {
	st.mutex.Lock()
	trim := now.Add(-st.Retention).UnixMilli()
	for _, sh := range st.shards {
		sh.expire(trim)
	}
}

// nameOf returns the name of the stream with an ARN, or else the ARN.
func nameOf(arn string) string { return strings.TrimPrefix(arn, StreamARN("")) }

// hashKey is a 128-bit number, the highest byte first. It compares as bytes do.
type hashKey = [md5.Size]byte

// hashKeys returns where each of a number of even ranges of hash keys starts.
func hashKeys(count int) []hashKey {
	width := new(big.Int).Lsh(big.NewInt(1), 128)
	width.Div(width, big.NewInt(int64(count)))
	starts := make([]hashKey, count)
	for i := range starts {
		new(big.Int).Mul(width, big.NewInt(int64(i))).FillBytes(starts[i][:])
	}
	return starts
}

// route returns the shard that a hash key belongs to.
func (st *stream) route(key hashKey) *shard {
	i, found := slices.BinarySearchFunc(st.shards, key, func(sh *shard, key hashKey) int { return bytes.Compare(sh.start[:], key[:]) })
	if !found {
		i--
	}
	return st.shards[i]
}

// endingHashKey returns the last hash key of a shard.
func (st *stream) endingHashKey(sh *shard) *big.Int {
	next := new(big.Int).Lsh(big.NewInt(1), 128)
	if sh.index+1 < len(st.shards) {
		next.SetBytes(st.shards[sh.index+1].start[:])
	}
	return next.Sub(next, big.NewInt(1))
}

// shard returns the shard with an ID.
func (st *stream) shard(id string) (*shard, error) {
	i, found := slices.BinarySearchFunc(st.shards, id, func(sh *shard, id string) int { return strings.Compare(sh.id, id) })
	if !found {
		return nil, fail("ResourceNotFoundException", "Could not find shard %s in stream %s under account %s.", id, st.Name, api.Account)
	}
	return st.shards[i], nil
}
