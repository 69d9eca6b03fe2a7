package kinesis_test

import (
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"github.com/noidle/noidle/local/kinesis"
)

// https://docs.aws.amazon.com/kinesis/latest/APIReference/API_CreateStream.html
// https://docs.aws.amazon.com/streams/latest/dev/kinesis-extended-retention.html
func TestCreateStreamRefuses(t *testing.T) {
	day := 24 * time.Hour
	tests := []struct {
		name   string
		stream kinesis.Stream
		code   string
	}{
		{"all characters", kinesis.Stream{Name: "aZ09_.-", Shards: 1}, ""},
		{"long name", kinesis.Stream{Name: strings.Repeat("a", 128), Shards: 1}, ""},
		{"on-demand", kinesis.Stream{Name: "a", OnDemand: true}, ""},
		{"longest retention", kinesis.Stream{Name: "a", Shards: 1, Retention: 365 * day}, ""},
		{"exists", kinesis.Stream{Name: "clicks", Shards: 1}, "ResourceInUseException"},
		{"no name", kinesis.Stream{Shards: 1}, "ValidationException"},
		{"characters", kinesis.Stream{Name: "a b", Shards: 1}, "ValidationException"},
		{"too long name", kinesis.Stream{Name: strings.Repeat("a", 129), Shards: 1}, "ValidationException"},
		{"no shards", kinesis.Stream{Name: "a"}, "ValidationException"},
		{"negative shards", kinesis.Stream{Name: "a", Shards: -1}, "ValidationException"},
		{"on-demand with shards", kinesis.Stream{Name: "a", OnDemand: true, Shards: 1}, "ValidationException"},
		{"short retention", kinesis.Stream{Name: "a", Shards: 1, Retention: 23 * time.Hour}, "InvalidArgumentException"},
		{"long retention", kinesis.Stream{Name: "a", Shards: 1, Retention: 366 * day}, "InvalidArgumentException"},
		{"half an hour", kinesis.Stream{Name: "a", Shards: 1, Retention: day + 30*time.Minute}, "InvalidArgumentException"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := newService(t).CreateStream(test.stream)
			if test.code == "" && err != nil {
				t.Error(err)
			} else if test.code != "" {
				wantCode(t, err, test.code)
			}
		})
	}
}

// https://docs.aws.amazon.com/kinesis/latest/APIReference/API_DescribeStream.html
func TestDescribeStream(t *testing.T) {
	c := newCloud(t, clicks(3))
	out := must(c.DescribeStream(t.Context(), &sdk.DescribeStreamInput{StreamName: new("clicks")}))(t).StreamDescription
	var ranges []string
	for _, sh := range out.Shards {
		ranges = append(ranges, *sh.ShardId+" "+*sh.HashKeyRange.StartingHashKey+" "+*sh.HashKeyRange.EndingHashKey)
		want(t, sh.SequenceNumberRange.EndingSequenceNumber, nil)
		number(t, *sh.SequenceNumberRange.StartingSequenceNumber)
	}
	want(t, ranges, []string{
		"shardId-000000000000 0 113427455640312821154458202477256070484",
		"shardId-000000000001 113427455640312821154458202477256070485 226854911280625642308916404954512140969",
		"shardId-000000000002 226854911280625642308916404954512140970 340282366920938463463374607431768211455",
	})
	want(t, *out.StreamName+" "+*out.StreamARN, "clicks "+kinesis.StreamARN("clicks"))
	want(t, out.StreamStatus, types.StreamStatusActive)
	want(t, out.StreamModeDetails.StreamMode, types.StreamModeProvisioned)
	want(t, out.EncryptionType, types.EncryptionTypeNone)
	want(t, *out.RetentionPeriodHours, 24)
	want(t, out.StreamCreationTimestamp.UTC(), start)
	want(t, *out.HasMoreShards, false)
	want(t, len(out.EnhancedMonitoring), 1)
}

// https://docs.aws.amazon.com/kinesis/latest/APIReference/API_DescribeStream.html
func TestDescribeStreamPages(t *testing.T) {
	c := newCloud(t, clicks(250))
	last := new("")
	var pages []int
	for more := true; more; {
		out := must(c.DescribeStream(t.Context(), &sdk.DescribeStreamInput{StreamName: new("clicks"), ExclusiveStartShardId: last, Limit: aws.Int32(1000)}))(t).StreamDescription
		last, more, pages = out.Shards[len(out.Shards)-1].ShardId, *out.HasMoreShards, append(pages, len(out.Shards))
	}
	want(t, pages, []int{100, 100, 50})
	_, err := c.DescribeStream(t.Context(), &sdk.DescribeStreamInput{StreamName: new("clicks"), Limit: aws.Int32(0)})
	wantError(t, err, "ValidationException", "limit")
}

// https://docs.aws.amazon.com/kinesis/latest/APIReference/API_DescribeStreamSummary.html
func TestDescribeStreamSummary(t *testing.T) {
	c := newCloud(t, kinesis.Stream{Name: "clicks", OnDemand: true, Retention: 48 * time.Hour})
	out := must(c.DescribeStreamSummary(t.Context(), &sdk.DescribeStreamSummaryInput{StreamName: new("clicks")}))(t).StreamDescriptionSummary
	want(t, out.StreamModeDetails.StreamMode, types.StreamModeOnDemand)
	want(t, []int32{*out.OpenShardCount, *out.ConsumerCount, *out.RetentionPeriodHours, *out.MaxRecordSizeInKiB}, []int32{4, 0, 48, 1024})
	want(t, *out.StreamARN, kinesis.StreamARN("clicks"))
	want(t, out.StreamStatus, types.StreamStatusActive)
}

// Even ranges cover every hash key once.
func TestHashKeyRanges(t *testing.T) {
	for _, count := range []int{1, 2, 3, 5, 16, 97} {
		c := newCloud(t, clicks(count))
		next := big.NewInt(0)
		shards := must(c.ListShards(t.Context(), &sdk.ListShardsInput{StreamName: new("clicks")}))(t).Shards
		want(t, len(shards), count)
		for _, sh := range shards {
			want(t, *sh.HashKeyRange.StartingHashKey, next.String())
			next.SetString(*sh.HashKeyRange.EndingHashKey, 10)
			next.Add(next, big.NewInt(1))
		}
		want(t, next.String(), "340282366920938463463374607431768211456")
	}
}

// https://docs.aws.amazon.com/kinesis/latest/APIReference/API_ListShards.html
func TestListShards(t *testing.T) {
	c := newCloud(t, clicks(5))
	in := &sdk.ListShardsInput{StreamName: new("clicks"), MaxResults: aws.Int32(2)}
	var got []string
	for in.StreamName != nil || in.NextToken != nil {
		page := must(c.ListShards(t.Context(), in))(t)
		got = append(got, fmt.Sprint(len(page.Shards), " from ", *page.Shards[0].ShardId))
		in = &sdk.ListShardsInput{NextToken: page.NextToken, MaxResults: aws.Int32(2)}
	}
	want(t, got, []string{"2 from shardId-000000000000", "2 from shardId-000000000002", "1 from shardId-000000000004"})
	after := must(c.ListShards(t.Context(), &sdk.ListShardsInput{StreamName: new("clicks"), ExclusiveStartShardId: new("shardId-000000000003")}))(t)
	want(t, len(after.Shards), 1)
	want(t, after.NextToken, nil)

	first := must(c.ListShards(t.Context(), &sdk.ListShardsInput{StreamName: new("clicks"), MaxResults: aws.Int32(2)}))(t)
	c.clock.Advance(300 * time.Second)
	rest := must(c.ListShards(t.Context(), &sdk.ListShardsInput{NextToken: first.NextToken}))(t)
	want(t, len(rest.Shards), 3)
	c.clock.Advance(time.Millisecond)
	for _, test := range []struct {
		in   sdk.ListShardsInput
		code string
	}{
		{sdk.ListShardsInput{NextToken: first.NextToken}, "ExpiredNextTokenException"},
		{sdk.ListShardsInput{NextToken: first.NextToken, StreamName: new("clicks")}, "InvalidArgumentException"},
		{sdk.ListShardsInput{NextToken: first.NextToken, ExclusiveStartShardId: new(shard0)}, "InvalidArgumentException"},
		{sdk.ListShardsInput{NextToken: token("clicks", 5, 1, start)}, "InvalidArgumentException"},
		{sdk.ListShardsInput{StreamName: new("clicks"), MaxResults: aws.Int32(10_001)}, "ValidationException"},
	} {
		_, err := c.ListShards(t.Context(), &test.in)
		wantError(t, err, test.code, "")
	}
}

// https://docs.aws.amazon.com/kinesis/latest/APIReference/API_ListShards.html
// At most 1,000 shards are returned, whatever MaxResults says.
func TestListManyShards(t *testing.T) {
	c := newCloud(t, clicks(1001))
	for _, limit := range []*int32{nil, aws.Int32(1000), aws.Int32(5000)} {
		out := must(c.ListShards(t.Context(), &sdk.ListShardsInput{StreamName: new("clicks"), MaxResults: limit}))(t)
		want(t, len(out.Shards), 1000)
	}
}

// https://docs.aws.amazon.com/kinesis/latest/APIReference/API_ListStreams.html
func TestListStreams(t *testing.T) {
	c := newCloud(t)
	empty := must(c.ListStreams(t.Context(), &sdk.ListStreamsInput{}))(t)
	want(t, len(empty.StreamNames), 0)
	want(t, *empty.HasMoreStreams, false)
	for _, name := range []string{"e", "c", "a", "b", "d"} {
		if err := c.service.CreateStream(kinesis.Stream{Name: name, Shards: 1}); err != nil {
			t.Fatal(err)
		}
	}
	pages := sdk.NewListStreamsPaginator(c, &sdk.ListStreamsInput{Limit: aws.Int32(2)})
	var got [][]string
	for pages.HasMorePages() {
		got = append(got, must(pages.NextPage(t.Context()))(t).StreamNames)
	}
	want(t, got, [][]string{{"a", "b"}, {"c", "d"}, {"e"}})
	after := must(c.ListStreams(t.Context(), &sdk.ListStreamsInput{ExclusiveStartStreamName: new("d")}))(t)
	want(t, after.StreamNames, []string{"e"})
	want(t, *after.StreamSummaries[0].StreamARN, kinesis.StreamARN("e"))
	want(t, after.StreamSummaries[0].StreamModeDetails.StreamMode, types.StreamModeProvisioned)
	_, err := c.ListStreams(t.Context(), &sdk.ListStreamsInput{Limit: aws.Int32(0)})
	wantError(t, err, "ValidationException", "limit")
}
