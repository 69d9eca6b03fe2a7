// Package kpl packs many small records of a Kinesis stream into one and unpacks
// them, as the Kinesis Producer Library and the Kinesis Client Library do
// (https://docs.aws.amazon.com/streams/latest/dev/kinesis-kpl-concepts.html).
// Lambda hands aggregated records to a function as they are.
//
// An aggregated record is four magic bytes, a protocol buffer of the records and
// a table of their partition keys, and the MD5 digest of the protocol buffer.
package kpl

import (
	"bytes"
	"crypto/md5"

	"google.golang.org/protobuf/encoding/protowire"
)

// Record is a record that is aggregated with others.
type Record struct {
	PartitionKey string
	Data         []byte
}

const magic = "\xf3\x89\x9a\xc2"

// The numbers of the protocol buffer's fields.
const (
	partitionKeyTable protowire.Number = 1
	records           protowire.Number = 3

	partitionKeyIndex protowire.Number = 1 // of a record
	recordData        protowire.Number = 3
)

// Aggregate returns the data of one Kinesis record that holds all the records. It
// adds 6 to 10 bytes to each, and each partition key once. Kinesis limits the sum
// (https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html).
// The partition keys, and the one it is put with, must be of one shard: the Kinesis
// Client Library drops what is of another.
func Aggregate(packed []Record) []byte {
	out := []byte(magic)
	index := map[string]uint64{}
	for _, r := range packed {
		if _, ok := index[r.PartitionKey]; !ok {
			index[r.PartitionKey] = uint64(len(index))
			out = protowire.AppendTag(out, partitionKeyTable, protowire.BytesType)
			out = protowire.AppendString(out, r.PartitionKey)
		}
	}
	var record []byte
	for _, r := range packed {
		record = protowire.AppendTag(record[:0], partitionKeyIndex, protowire.VarintType)
		record = protowire.AppendVarint(record, index[r.PartitionKey])
		record = protowire.AppendTag(record, recordData, protowire.BytesType)
		record = protowire.AppendBytes(record, r.Data)
		out = protowire.AppendTag(out, records, protowire.BytesType)
		out = protowire.AppendBytes(out, record)
	}
	digest := md5.Sum(out[len(magic):])
	return append(out, digest[:]...)
}

// AppendData appends to dst the data of the records in the data of a Kinesis
// record, without copying it. If that is not aggregated, it is appended itself. So
// is what looks aggregated but has another digest, or no protocol buffer of the
// right form: the Kinesis Client Library does the same.
func AppendData(dst [][]byte, data []byte) [][]byte {
	message, ok := bytes.CutPrefix(data, []byte(magic))
	size := len(message) - md5.Size
	if !ok || size <= 0 || md5.Sum(message[:size]) != [md5.Size]byte(message[size:]) {
		return append(dst, data)
	}
	n := len(dst)
	valid := fields(message[:size], func(number protowire.Number, kind protowire.Type, value []byte) bool {
		if number != records || kind != protowire.BytesType {
			return true
		}
		record, ok := unpack(value)
		dst = append(dst, record)
		return ok
	})
	if !valid {
		return append(dst[:n], data)
	}
	return dst
}

// unpack returns the data of a record. A record must have data and a partition key.
func unpack(record []byte) (data []byte, ok bool) {
	hasKey, hasData := false, false
	ok = fields(record, func(number protowire.Number, kind protowire.Type, value []byte) bool {
		switch {
		case number == partitionKeyIndex && kind == protowire.VarintType:
			hasKey = true
		case number == recordData && kind == protowire.BytesType:
			data, hasData = value, true
		}
		return true
	})
	return data, ok && hasKey && hasData
}

// fields calls f for each field of a message, with the value of those that are
// bytes. It returns whether the message is well-formed and f took all fields.
func fields(message []byte, f func(protowire.Number, protowire.Type, []byte) bool) bool {
	for len(message) > 0 {
		number, kind, size := protowire.ConsumeField(message)
		if size < 0 {
			return false
		}
		_, _, tag := protowire.ConsumeTag(message)
		var value []byte
		if kind == protowire.BytesType {
			value, _ = protowire.ConsumeBytes(message[tag:size])
		}
		if !f(number, kind, value[:len(value):len(value)]) {
			return false
		}
		message = message[size:]
	}
	return true
}
