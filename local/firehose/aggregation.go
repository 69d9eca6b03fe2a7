package firehose

import (
	"bytes"
	"crypto/md5"

	"google.golang.org/protobuf/encoding/protowire"
)

// magic starts a record that the Kinesis Producer Library made of several. A message
// AggregatedRecord follows, whose field 3 are the records, and its MD5 sum. A
// record's field 3 is its data
// (https://github.com/awslabs/amazon-kinesis-producer/blob/master/aggregation-format.md).
var magic = []byte{0xF3, 0x89, 0x9A, 0xC2}

// split returns the data of the records that a record was made of, or else its own
// (https://docs.aws.amazon.com/firehose/latest/dev/writing-with-kinesis-streams.html).
func split(data []byte) [][]byte {
	body, aggregated := bytes.CutPrefix(data, magic)
	message := body[:max(0, len(body)-md5.Size)]
	sum := md5.Sum(message)
	if !aggregated || !bytes.Equal(sum[:], body[len(message):]) {
		return [][]byte{data}
	}
	var split [][]byte
	for _, record := range thirdFields(message) {
		split = append(split, thirdFields(record)...)
	}
	if len(split) == 0 {
		return [][]byte{data}
	}
	return split
}

// thirdFields returns the values of a message's field 3, up to where it is no message.
func thirdFields(message []byte) (values [][]byte) {
	for len(message) > 0 {
		number, kind, n := protowire.ConsumeTag(message)
		size := protowire.ConsumeFieldValue(number, kind, message[max(0, n):])
		if n < 0 || size < 0 {
			return values
		}
		if value, ok := protowire.ConsumeBytes(message[n:]); number == 3 && kind == protowire.BytesType && ok >= 0 {
			values = append(values, value)
		}
		message = message[n+size:]
	}
	return values
}
