package kinesis_test

import (
	"bytes"
	"crypto/md5"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"github.com/noidle/noidle/local/api"
	"github.com/noidle/noidle/local/kinesis"
)

const (
	maximumHashKey = "340282366920938463463374607431768211455"
	exceeded       = "ProvisionedThroughputExceededException"
)

// https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecord.html
func TestPutRecord(t *testing.T) {
	c := newCloud(t, clicks(1))
	sequences := c.put("a", "b")
	got := c.get()
	want(t, texts(got.Records), []string{"a", "b"})
	for i, r := range got.Records {
		want(t, *r.SequenceNumber, sequences[i])
		want(t, *r.PartitionKey, "key")
		want(t, r.ApproximateArrivalTimestamp.UTC(), start.Add(time.Duration(i)*time.Second))
	}
}

// https://docs.aws.amazon.com/streams/latest/dev/key-concepts.html#partition-key
// The MD5 hash of the partition key, or ExplicitHashKey, chooses the shard.
func TestShardOfRecord(t *testing.T) {
	for _, shards := range []int{1, 2, 3, 7, 100} {
		t.Run(fmt.Sprint(shards, " shards"), func(t *testing.T) {
			c := newCloud(t, clicks(shards))
			all := must(c.DescribeStream(t.Context(), &sdk.DescribeStreamInput{StreamName: new("clicks")}))(t).StreamDescription.Shards
			var entries []types.PutRecordsRequestEntry
			var wanted []string
			for _, sh := range all {
				for _, key := range []*string{sh.HashKeyRange.StartingHashKey, sh.HashKeyRange.EndingHashKey} {
					entries = append(entries, types.PutRecordsRequestEntry{Data: []byte{}, PartitionKey: new("k"), ExplicitHashKey: key})
					wanted = append(wanted, *sh.ShardId)
				}
			}
			for i := range 200 {
				key := fmt.Sprint("ключ ", i)
				sum := md5.Sum([]byte(key))
				hash := new(big.Int).SetBytes(sum[:])
				entries = append(entries, types.PutRecordsRequestEntry{Data: []byte("a"), PartitionKey: &key})
				for _, sh := range all {
					ending, _ := new(big.Int).SetString(*sh.HashKeyRange.EndingHashKey, 10)
					if hash.Cmp(ending) <= 0 {
						wanted = append(wanted, *sh.ShardId)
						break
					}
				}
			}
			var got []string
			for _, r := range must(c.PutRecords(t.Context(), &sdk.PutRecordsInput{StreamName: new("clicks"), Records: entries}))(t).Records {
				got = append(got, *r.ShardId)
			}
			want(t, got, wanted)
		})
	}
}

// https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecord.html
// https://docs.aws.amazon.com/streams/latest/dev/large-records.html
func TestPutRecordLimits(t *testing.T) {
	other := newCloud(t, clicks(1)).put("a")[0]
	tests := []struct {
		name       string
		in         sdk.PutRecordInput
		code, text string
	}{
		{"no data", sdk.PutRecordInput{Data: []byte{}, PartitionKey: new("k")}, "", ""},
		{"1 MiB with its key", sdk.PutRecordInput{Data: make([]byte, 1<<20-1), PartitionKey: new("k")}, "", ""},
		{"more than 1 MiB", sdk.PutRecordInput{Data: make([]byte, 1<<20), PartitionKey: new("k")}, "InvalidArgumentException", "have 1048577 bytes"},
		{"256 characters", sdk.PutRecordInput{Data: []byte("a"), PartitionKey: new(strings.Repeat("ü", 256))}, "", ""},
		{"257 characters", sdk.PutRecordInput{Data: []byte("a"), PartitionKey: new(strings.Repeat("k", 257))}, "ValidationException", "partitionKey"},
		{"no partition key", sdk.PutRecordInput{Data: []byte("a")}, "ValidationException", "partitionKey"},
		{"largest hash key", sdk.PutRecordInput{Data: []byte("a"), PartitionKey: new("k"), ExplicitHashKey: new(maximumHashKey)}, "", ""},
		{"too large hash key", sdk.PutRecordInput{Data: []byte("a"), PartitionKey: new("k"), ExplicitHashKey: new("340282366920938463463374607431768211456")}, "InvalidArgumentException", "[0, 2^128-1]"},
		{"hash key with a zero", sdk.PutRecordInput{Data: []byte("a"), PartitionKey: new("k"), ExplicitHashKey: new("01")}, "ValidationException", "explicitHashKey"},
		{"negative hash key", sdk.PutRecordInput{Data: []byte("a"), PartitionKey: new("k"), ExplicitHashKey: new("-1")}, "ValidationException", "explicitHashKey"},
		{"order by nothing", sdk.PutRecordInput{Data: []byte("a"), PartitionKey: new("k"), SequenceNumberForOrdering: new("1")}, "InvalidArgumentException", "SequenceNumberForOrdering 1 is invalid"},
		{"order by the future", sdk.PutRecordInput{Data: []byte("a"), PartitionKey: new("k"), SequenceNumberForOrdering: &other}, "InvalidArgumentException", "did not come from stream clicks"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := newCloud(t, clicks(1))
			test.in.StreamName = new("clicks")
			_, err := c.PutRecord(t.Context(), &test.in)
			wantError(t, err, test.code, test.text)
			kept := 0
			if test.code == "" {
				kept = 1
			}
			want(t, len(c.get().Records), kept)
		})
	}
}

// The SDK does not send a record without data.
func TestDataIsRequired(t *testing.T) {
	for operation, input := range map[string]string{
		"PutRecord":  `{"StreamName":"clicks","PartitionKey":"k"}`,
		"PutRecords": `{"StreamName":"clicks","Records":[{"Data":null,"PartitionKey":"k"}]}`,
	} {
		_, err := newService(t).Operations().Call(&api.Call{Context: t.Context()}, operation, []byte(input))
		wantCode(t, err, "ValidationException")
	}
}

// https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecord.html
func TestSequenceNumberForOrdering(t *testing.T) {
	c := newCloud(t, clicks(3))
	previous := c.put("a")[0]
	for range 5 {
		out := must(c.PutRecord(t.Context(), &sdk.PutRecordInput{
			StreamName: new("clicks"), Data: []byte("a"), PartitionKey: new("key"), SequenceNumberForOrdering: &previous,
		}))(t)
		if number(t, *out.SequenceNumber).Cmp(number(t, previous)) <= 0 {
			t.Errorf("%s is not more than %s", *out.SequenceNumber, previous)
		}
		previous = *out.SequenceNumber
	}
	// It is still good when the record has expired.
	c.clock.Advance(25 * time.Hour)
	must(c.PutRecord(t.Context(), &sdk.PutRecordInput{
		StreamName: new("clicks"), Data: []byte("a"), PartitionKey: new("key"), SequenceNumberForOrdering: &previous,
	}))(t)
}

func number(t *testing.T, sequence string) *big.Int {
	t.Helper()
	n, ok := new(big.Int).SetString(sequence, 10)
	if !ok || len(sequence) != 56 {
		t.Errorf("sequence number %q", sequence)
	}
	return n
}

// entries returns a number of records with data of a size and the key "k".
func entries(count, size int) []types.PutRecordsRequestEntry {
	all := make([]types.PutRecordsRequestEntry, count)
	for i := range all {
		all[i] = types.PutRecordsRequestEntry{Data: bytes.Repeat([]byte{'a'}, size), PartitionKey: new("k")}
	}
	return all
}

// https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html
// A request that breaks a rule puts nothing.
func TestPutRecordsLimits(t *testing.T) {
	bad := func(entry types.PutRecordsRequestEntry) []types.PutRecordsRequestEntry {
		return append(entries(1, 1), entry)
	}
	tests := []struct {
		name       string
		records    []types.PutRecordsRequestEntry
		code, text string
	}{
		{"500 records", entries(500, 1), "", ""},
		{"no records", []types.PutRecordsRequestEntry{}, "ValidationException", "length between 1 and 500"},
		{"501 records", entries(501, 1), "ValidationException", "length between 1 and 500"},
		{"10 MiB with the keys", entries(10, 1<<20-1), "", ""},
		{"more than 10 MiB", append(entries(10, 1<<20-1), entries(1, 0)...), "InvalidArgumentException", "Records size exceeds 10 MB limit"},
		{"large record", bad(entries(1, 1<<20)[0]), "InvalidArgumentException", "'records.2.member.data'"},
		{"no key", bad(types.PutRecordsRequestEntry{Data: []byte("a")}), "ValidationException", "'records.2.member.partitionKey'"},
		{"hash key", bad(types.PutRecordsRequestEntry{Data: []byte("a"), PartitionKey: new("k"), ExplicitHashKey: new("x")}), "ValidationException", "'records.2.member.explicitHashKey'"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := newCloud(t, clicks(1))
			_, err := c.PutRecords(t.Context(), &sdk.PutRecordsInput{StreamName: new("clicks"), Records: test.records})
			wantError(t, err, test.code, test.text)
			if got := len(c.get().Records); (got > 0) != (test.code == "") {
				t.Errorf("%d records", got)
			}
		})
	}
}

// https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html
// A shard takes 1,000 records and 1 MiB per second, and other shards are not
// concerned.
func TestWriteThroughput(t *testing.T) {
	tests := []struct {
		name string
		size int
		// taken is how many records a shard takes at once, and later after a time.
		taken int
		after time.Duration
		later int
	}{
		{"records", 10, 1000, 10 * time.Millisecond, 10},
		{"records of a second", 10, 1000, time.Minute, 1000},
		{"bytes", 1<<18 - 1, 4, 500 * time.Millisecond, 2},
		{"bytes of a second", 1<<19 - 1, 2, time.Minute, 2},
		{"largest record", 1<<20 - 1, 1, time.Second, 1},
		{"largest record too early", 1<<20 - 1, 1, time.Second - time.Millisecond, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := newCloud(t, clicks(2))
			put := func(hash string) error {
				_, err := c.PutRecord(t.Context(), &sdk.PutRecordInput{
					StreamName: new("clicks"), Data: make([]byte, test.size), PartitionKey: new("k"), ExplicitHashKey: &hash,
				})
				return err
			}
			for range test.taken {
				wantError(t, put("0"), "", "")
			}
			wantError(t, put("0"), exceeded, "Rate exceeded for shard shardId-000000000000 in stream clicks under account 000000000000.")
			wantError(t, put(maximumHashKey), "", "")
			c.clock.Advance(test.after)
			for range test.later {
				wantError(t, put("0"), "", "")
			}
			wantError(t, put("0"), exceeded, shard0)
		})
	}
}

// https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html
// Results are in the order of the records, and a failure does not stop those
// after it.
func TestPutRecordsPartialFailure(t *testing.T) {
	c := newCloud(t, clicks(2))
	records := entries(5, 1<<19-1)
	for i, hash := range []string{"0", "0", "0", maximumHashKey, "0"} {
		records[i].ExplicitHashKey = &hash
		records[i].Data[0] = byte('0' + i)
	}
	out := must(c.PutRecords(t.Context(), &sdk.PutRecordsInput{StreamARN: new(kinesis.StreamARN("clicks")), Records: records}))(t)
	want(t, *out.FailedRecordCount, 2)
	for i, shard := range []string{shard0, shard0, "", shard1, ""} {
		r := out.Records[i]
		if shard != "" {
			want(t, *r.ShardId, shard)
			number(t, *r.SequenceNumber)
			want(t, r.ErrorCode, nil)
			want(t, r.ErrorMessage, nil)
			continue
		}
		want(t, *r.ErrorCode, exceeded)
		want(t, *r.ErrorMessage, "Rate exceeded for shard shardId-000000000000 in stream clicks under account 000000000000.")
		want(t, r.ShardId, nil)
		want(t, r.SequenceNumber, nil)
	}
	got := c.get().Records
	want(t, len(got), 2)
	want(t, got[0].Data[0], byte('0'))
	want(t, got[1].Data[0], byte('1'))
}

// https://docs.aws.amazon.com/streams/latest/dev/how-do-i-size-a-stream.html
// A new on-demand stream takes 4,000 records per second.
func TestOnDemandThroughput(t *testing.T) {
	c := newCloud(t, kinesis.Stream{Name: "clicks", OnDemand: true})
	shards := must(c.ListShards(t.Context(), &sdk.ListShardsInput{StreamName: new("clicks")}))(t).Shards
	want(t, len(shards), 4)
	failed := 0
	for i := range 10 {
		records := entries(500, 10)
		for j := range records {
			records[j].ExplicitHashKey = shards[(i+j)%4].HashKeyRange.StartingHashKey
		}
		failed += int(*must(c.PutRecords(t.Context(), &sdk.PutRecordsInput{StreamName: new("clicks"), Records: records}))(t).FailedRecordCount)
	}
	want(t, failed, 1000)
}
