package kinesis

import (
	"encoding/base64"
	"fmt"
	"time"
)

// maximumAge is how long tokens are good
// (https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetShardIterator.html,
// https://docs.aws.amazon.com/kinesis/latest/APIReference/API_ListShards.html).
const maximumAge = 5 * time.Minute

// token is a position in a stream that clients see encoded: an iterator, at the
// record with a number in a shard, or, in a list of shards, at a shard.
type token struct {
	stream string
	shard  int
	number uint64
	// issued is when it was made, in milliseconds since 1970.
	issued int64
}

const tokenFormat = "%s %d %d %d"

// MarshalText implements encoding.TextMarshaler.
func (t token) MarshalText() ([]byte, error) {
	text := fmt.Appendf(nil, tokenFormat, t.stream, t.shard, t.number, t.issued)
	return base64.StdEncoding.AppendEncode(nil, text), nil
}

// UnmarshalText implements encoding.TextUnmarshaler. It takes nothing but what
// MarshalText writes.
func (t *token) UnmarshalText(encoded []byte) error {
	text, err := base64.StdEncoding.AppendDecode(nil, encoded)
	if err != nil {
		return errInvalidToken
	}
	_, err = fmt.Sscanf(string(text), tokenFormat, &t.stream, &t.shard, &t.number, &t.issued)
	if again, _ := t.MarshalText(); err != nil || string(again) != string(encoded) {
		return errInvalidToken
	}
	return nil
}

var errInvalidToken = invalid("The ShardIterator or NextToken is invalid.")

// find returns the shard of a token, which must be of this stream, and whether
// the token has expired.
func (t token) find(st *stream, now time.Time) (sh *shard, expired bool, err error) {
	age := now.Sub(time.UnixMilli(t.issued)).Truncate(time.Millisecond)
	if t.shard < 0 || t.shard >= len(st.shards) || t.number < 1 || t.number > st.shards[t.shard].next() || age < 0 {
		return nil, false, errInvalidToken
	}
	return st.shards[t.shard], age > maximumAge, nil
}
