package kinesis_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"github.com/noidle/noidle/local/api"
	"github.com/noidle/noidle/local/kinesis"
)

func wantCode(t *testing.T, err error, code string) {
	t.Helper()
	if failure, ok := errors.AsType[*api.Error](err); !ok || failure.Code != code {
		t.Errorf("error %v, want %s", err, code)
	}
}

// https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetShardIterator.html
func TestShardIteratorTypes(t *testing.T) {
	c := newCloud(t, clicks(1))
	sequences := c.put("a", "b", "c")
	first := *must(c.ListShards(t.Context(), &sdk.ListShardsInput{StreamName: new("clicks")}))(t).Shards[0].SequenceNumberRange.StartingSequenceNumber
	if number(t, first).Cmp(number(t, sequences[0])) >= 0 {
		t.Errorf("the shard starts with %s, the first record is %s", first, sequences[0])
	}
	at := func(after time.Duration) *time.Time { return new(start.Add(after)) }
	tests := []struct {
		name     string
		in       sdk.GetShardIteratorInput
		sequence string
		want     []string
	}{
		{"trim horizon", sdk.GetShardIteratorInput{ShardIteratorType: "TRIM_HORIZON"}, "", []string{"a", "b", "c", "d"}},
		{"latest", sdk.GetShardIteratorInput{ShardIteratorType: "LATEST"}, "", []string{"d"}},
		{"at the first", sdk.GetShardIteratorInput{ShardIteratorType: "AT_SEQUENCE_NUMBER"}, sequences[0], []string{"a", "b", "c", "d"}},
		{"at the last", sdk.GetShardIteratorInput{ShardIteratorType: "AT_SEQUENCE_NUMBER"}, sequences[2], []string{"c", "d"}},
		{"after the first", sdk.GetShardIteratorInput{ShardIteratorType: "AFTER_SEQUENCE_NUMBER"}, sequences[0], []string{"b", "c", "d"}},
		{"after the last", sdk.GetShardIteratorInput{ShardIteratorType: "AFTER_SEQUENCE_NUMBER"}, sequences[2], []string{"d"}},
		{"at the start of the shard", sdk.GetShardIteratorInput{ShardIteratorType: "AT_SEQUENCE_NUMBER"}, first, []string{"a", "b", "c", "d"}},
		{"after the start of the shard", sdk.GetShardIteratorInput{ShardIteratorType: "AFTER_SEQUENCE_NUMBER"}, first, []string{"a", "b", "c", "d"}},
		{"at a record's time", sdk.GetShardIteratorInput{ShardIteratorType: "AT_TIMESTAMP", Timestamp: at(time.Second)}, "", []string{"b", "c", "d"}},
		{"between records", sdk.GetShardIteratorInput{ShardIteratorType: "AT_TIMESTAMP", Timestamp: at(time.Second + time.Millisecond)}, "", []string{"c", "d"}},
		{"before the stream", sdk.GetShardIteratorInput{ShardIteratorType: "AT_TIMESTAMP", Timestamp: at(-time.Hour)}, "", []string{"a", "b", "c", "d"}},
		{"now", sdk.GetShardIteratorInput{ShardIteratorType: "AT_TIMESTAMP", Timestamp: at(3 * time.Second)}, "", []string{"d"}},
	}
	iterators := map[string]*string{}
	for _, test := range tests {
		test.in.StreamName, test.in.ShardId = new("clicks"), new(shard0)
		if test.sequence != "" {
			test.in.StartingSequenceNumber = &test.sequence
		}
		iterators[test.name] = must(c.GetShardIterator(t.Context(), &test.in))(t).ShardIterator
		c.clock.Advance(time.Second)
	}
	c.put("d")
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c.clock.Advance(time.Second)
			out := must(c.GetRecords(t.Context(), &sdk.GetRecordsInput{ShardIterator: iterators[test.name], StreamARN: new(kinesis.StreamARN("clicks"))}))(t)
			want(t, texts(out.Records), test.want)
		})
	}
}

// https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetShardIterator.html
func TestGetShardIteratorRefuses(t *testing.T) {
	c := newCloud(t, clicks(2))
	sequence := new(c.put("a")[0])
	stranger := newCloud(t)
	stranger.clock.Advance(time.Minute)
	if err := stranger.service.CreateStream(clicks(2)); err != nil {
		t.Fatal(err)
	}
	other := shard0
	if *must(c.PutRecord(t.Context(), &sdk.PutRecordInput{StreamName: new("clicks"), Data: []byte("b"), PartitionKey: new("key")}))(t).ShardId == shard0 {
		other = shard1
	}
	tests := []struct {
		name       string
		in         sdk.GetShardIteratorInput
		code, text string
	}{
		{"no shard", sdk.GetShardIteratorInput{ShardId: new("shardId-000000000002"), ShardIteratorType: "LATEST"}, "ResourceNotFoundException", "Could not find shard shardId-000000000002 in stream clicks under account 000000000000."},
		{"type", sdk.GetShardIteratorInput{ShardIteratorType: "OLDEST"}, "ValidationException", "shardIteratorType"},
		{"no sequence number", sdk.GetShardIteratorInput{ShardIteratorType: "AT_SEQUENCE_NUMBER"}, "InvalidArgumentException", "StartingSequenceNumber"},
		{"sequence number", sdk.GetShardIteratorInput{ShardIteratorType: "LATEST", StartingSequenceNumber: sequence}, "InvalidArgumentException", "StartingSequenceNumber"},
		{"no number", sdk.GetShardIteratorInput{ShardIteratorType: "AT_SEQUENCE_NUMBER", StartingSequenceNumber: new("x")}, "InvalidArgumentException", "did not come from this shard"},
		{"another shard's", sdk.GetShardIteratorInput{ShardId: &other, ShardIteratorType: "AFTER_SEQUENCE_NUMBER", StartingSequenceNumber: sequence}, "InvalidArgumentException", "did not come from this shard"},
		{"another stream's", sdk.GetShardIteratorInput{ShardIteratorType: "AT_SEQUENCE_NUMBER", StartingSequenceNumber: new(stranger.put("a")[0])}, "InvalidArgumentException", "did not come from this shard"},
		{"no timestamp", sdk.GetShardIteratorInput{ShardIteratorType: "AT_TIMESTAMP"}, "InvalidArgumentException", "Timestamp"},
		{"timestamp", sdk.GetShardIteratorInput{ShardIteratorType: "TRIM_HORIZON", Timestamp: &start}, "InvalidArgumentException", "Timestamp"},
		{"future", sdk.GetShardIteratorInput{ShardIteratorType: "AT_TIMESTAMP", Timestamp: new(start.Add(time.Hour))}, "InvalidArgumentException", "cannot be greater than the currentTimestampInMillis"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.in.StreamName = new("clicks")
			if test.in.ShardId == nil {
				test.in.ShardId = new(shard0)
			}
			_, err := c.GetShardIterator(t.Context(), &test.in)
			wantError(t, err, test.code, test.text)
		})
	}
}

// https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetRecords.html
func TestGetRecordsPages(t *testing.T) {
	c := newCloud(t, clicks(1))
	c.put("a", "b", "c")
	iterator := c.iterator(shard0)
	var behind []int64
	for _, page := range [][]string{{"a", "b"}, {"c"}, {}, {}} {
		out := must(c.GetRecords(t.Context(), &sdk.GetRecordsInput{ShardIterator: iterator, Limit: aws.Int32(2)}))(t)
		want(t, texts(out.Records), page)
		iterator, behind = out.NextShardIterator, append(behind, *out.MillisBehindLatest)
	}
	// The third record arrived a second ago.
	want(t, behind, []int64{1000, 0, 0, 0})
	c.clock.Advance(time.Second)
	// The same iterator reads the same again.
	for range 2 {
		c.put("d")
		out := must(c.GetRecords(t.Context(), &sdk.GetRecordsInput{ShardIterator: iterator, Limit: aws.Int32(1)}))(t)
		want(t, texts(out.Records), []string{"d"})
	}
}

// https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetRecords.html
// Zero says that there is nothing more, so that what arrived just now counts.
func TestMillisBehindLatestOfNewRecords(t *testing.T) {
	c := newCloud(t, clicks(1))
	must(c.PutRecords(t.Context(), &sdk.PutRecordsInput{StreamName: new("clicks"), Records: entries(2, 1)}))(t)
	out := must(c.GetRecords(t.Context(), &sdk.GetRecordsInput{ShardIterator: c.iterator(shard0), Limit: aws.Int32(1)}))(t)
	want(t, *out.MillisBehindLatest, 1)
}

// https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetRecords.html
func TestGetRecordsRefuses(t *testing.T) {
	c := newCloud(t, clicks(1), kinesis.Stream{Name: "taps", Shards: 1})
	iterator := c.iterator(shard0)
	tests := []struct {
		name string
		in   sdk.GetRecordsInput
		code string
	}{
		{"garbage", sdk.GetRecordsInput{ShardIterator: new("x")}, "InvalidArgumentException"},
		{"empty", sdk.GetRecordsInput{ShardIterator: new("")}, "InvalidArgumentException"},
		{"limit", sdk.GetRecordsInput{ShardIterator: iterator, Limit: aws.Int32(10_001)}, "InvalidArgumentException"},
		{"no limit", sdk.GetRecordsInput{ShardIterator: iterator, Limit: aws.Int32(0)}, "ValidationException"},
		{"another stream", sdk.GetRecordsInput{ShardIterator: iterator, StreamARN: new(kinesis.StreamARN("taps"))}, "InvalidArgumentException"},
		{"from the future", sdk.GetRecordsInput{ShardIterator: token("clicks", 0, 1, start.Add(time.Millisecond))}, "InvalidArgumentException"},
		{"no such shard", sdk.GetRecordsInput{ShardIterator: token("clicks", 1, 1, start)}, "InvalidArgumentException"},
		{"negative shard", sdk.GetRecordsInput{ShardIterator: token("clicks", -1, 1, start)}, "InvalidArgumentException"},
		{"no such record", sdk.GetRecordsInput{ShardIterator: token("clicks", 0, 2, start)}, "InvalidArgumentException"},
		{"no such stream", sdk.GetRecordsInput{ShardIterator: token("swipes", 0, 1, start)}, "ResourceNotFoundException"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := c.GetRecords(t.Context(), &test.in)
			wantError(t, err, test.code, "")
		})
	}
}

// token returns one as the service writes it.
func token(stream string, shard, number int, issued time.Time) *string {
	return new(base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "%s %d %d %d", stream, shard, number, issued.UnixMilli())))
}

// https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetShardIterator.html
// An iterator expires five minutes after it was returned.
func TestIteratorExpires(t *testing.T) {
	c := newCloud(t, clicks(1))
	iterator := c.iterator(shard0)
	c.clock.Advance(5 * time.Minute)
	out := must(c.GetRecords(t.Context(), &sdk.GetRecordsInput{ShardIterator: iterator}))(t)
	c.clock.Advance(time.Millisecond)
	_, err := c.GetRecords(t.Context(), &sdk.GetRecordsInput{ShardIterator: iterator})
	wantError(t, err, "ExpiredIteratorException", "Iterator expired. The iterator was created at time Fri Jan  2 03:04:05 UTC 2026 while right now it is Fri Jan  2 03:09:05 UTC 2026")
	if _, ok := errors.AsType[*types.ExpiredIteratorException](err); !ok {
		t.Errorf("error %T", err)
	}
	must(c.GetRecords(t.Context(), &sdk.GetRecordsInput{ShardIterator: out.NextShardIterator}))(t)
}

// https://docs.aws.amazon.com/streams/latest/dev/kinesis-extended-retention.html
func TestRetention(t *testing.T) {
	for _, retention := range []time.Duration{0, 24 * time.Hour, 48 * time.Hour, 365 * 24 * time.Hour} {
		t.Run(retention.String(), func(t *testing.T) {
			c := newCloud(t, kinesis.Stream{Name: "clicks", Shards: 1, Retention: retention})
			sequences := c.put("a", "b", "c")
			c.clock.Advance(max(retention, 24*time.Hour) - 4*time.Second)
			want(t, texts(c.get().Records), []string{"a", "b", "c"})
			old := c.iterator(shard0)
			c.clock.Advance(time.Second)
			want(t, texts(c.get().Records), []string{"b", "c"})
			// An old iterator, and an old sequence number, go on with the oldest record.
			want(t, texts(must(c.GetRecords(t.Context(), &sdk.GetRecordsInput{ShardIterator: old}))(t).Records), []string{"b", "c"})
			at := must(c.GetShardIterator(t.Context(), &sdk.GetShardIteratorInput{
				StreamName: new("clicks"), ShardId: new(shard0), ShardIteratorType: "AT_SEQUENCE_NUMBER", StartingSequenceNumber: &sequences[0],
			}))(t).ShardIterator
			want(t, texts(must(c.GetRecords(t.Context(), &sdk.GetRecordsInput{ShardIterator: at}))(t).Records), []string{"b", "c"})
			c.clock.Advance(time.Minute)
			want(t, texts(c.get().Records), []string{})
			c.put("d")
			want(t, texts(c.get().Records), []string{"d"})
		})
	}
}

// https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetRecords.html
// A shard is read five times per second.
func TestReadCalls(t *testing.T) {
	c := newCloud(t, clicks(2))
	iterators := []*string{c.iterator(shard0), c.iterator(shard1)}
	get := func(shard int) error {
		_, err := c.GetRecords(t.Context(), &sdk.GetRecordsInput{ShardIterator: iterators[shard]})
		return err
	}
	for range 2 {
		for range 5 {
			wantError(t, get(0), "", "")
		}
		c.clock.Advance(time.Second - time.Millisecond)
		wantError(t, get(0), exceeded, "Rate exceeded for shard shardId-000000000000 in stream clicks")
		wantError(t, get(1), "", "")
		c.clock.Advance(time.Millisecond)
	}
	for range 4 {
		c.iterator(shard0)
	}
	_, err := c.GetShardIterator(t.Context(), &sdk.GetShardIteratorInput{StreamName: new("clicks"), ShardId: new(shard0), ShardIteratorType: "LATEST"})
	wantError(t, err, "", "")
	_, err = c.GetShardIterator(t.Context(), &sdk.GetShardIteratorInput{StreamName: new("clicks"), ShardId: new(shard0), ShardIteratorType: "LATEST"})
	wantError(t, err, exceeded, shard0)
}

// https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetRecords.html
// A call returns up to 10 MiB, and a shard up to 2 MiB per second, so that it then
// cannot be read for five seconds.
func TestReadBytes(t *testing.T) {
	tests := []struct {
		name          string
		size, records int
		got           int
		pause         time.Duration
	}{
		{"less than 2 MiB", 1<<20 - 2, 2, 2, 0},
		{"2 MiB", 1<<20 - 1, 2, 2, time.Second},
		{"3 MiB", 1<<20 - 1, 3, 3, 1500 * time.Millisecond},
		{"10 MiB", 1<<20 - 1, 11, 10, 5 * time.Second},
		{"a record less than 10 MiB", 900_000, 12, 11, 9_900_011 * time.Second / (2 << 20)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := newCloud(t, clicks(1))
			for range test.records {
				must(c.PutRecords(t.Context(), &sdk.PutRecordsInput{StreamName: new("clicks"), Records: entries(1, test.size)}))(t)
				c.clock.Advance(time.Second)
			}
			out := c.get()
			want(t, len(out.Records), test.got)
			get := func() error {
				_, err := c.GetRecords(t.Context(), &sdk.GetRecordsInput{ShardIterator: out.NextShardIterator})
				return err
			}
			if test.pause > 0 {
				c.clock.Advance(test.pause - 1)
				wantError(t, get(), exceeded, shard0)
				c.clock.Advance(1)
			}
			wantError(t, get(), "", "")
		})
	}
}

// https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetRecords.html
// A call returns up to 10,000 records.
func TestReadRecords(t *testing.T) {
	c := newCloud(t, clicks(1))
	for range 11 {
		for range 2 {
			must(c.PutRecords(t.Context(), &sdk.PutRecordsInput{StreamName: new("clicks"), Records: entries(500, 1)}))(t)
		}
		c.clock.Advance(time.Second)
	}
	out := c.get()
	want(t, len(out.Records), 10_000)
	want(t, *out.MillisBehindLatest, 1000)
	want(t, len(must(c.GetRecords(t.Context(), &sdk.GetRecordsInput{ShardIterator: out.NextShardIterator}))(t).Records), 1000)
}

// Whatever is sent as an iterator or a token is answered.
func FuzzTokens(f *testing.F) {
	for _, seed := range []*string{
		token("clicks", 0, 1, start), token("clicks", 0, 2, start), token("clicks", 1, 0, start), token("clicks", -1, -1, start),
		token("clicks", 1<<62, 1<<62, start), token("", 0, 1, start), token("a b", 0, 1, start), token("clicks", 0, 1, time.UnixMilli(-1<<62)),
		new(""), new("="), new("AAAA"), new(*token("clicks", 0, 1, start) + "\n"),
	} {
		f.Add(*seed)
	}
	operations := newService(f).Operations()
	f.Fuzz(func(t *testing.T, text string) {
		encoded := must(json.Marshal(text))(t)
		for operation, member := range map[string]string{"GetRecords": "ShardIterator", "ListShards": "NextToken"} {
			_, err := operations.Call(&api.Call{Context: t.Context()}, operation, fmt.Appendf(nil, "{%q:%s}", member, encoded))
			if _, ok := errors.AsType[*api.Error](err); err != nil && !ok {
				t.Errorf("%s: %v", operation, err)
			}
		}
	})
}
