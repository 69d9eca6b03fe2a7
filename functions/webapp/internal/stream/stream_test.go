package stream_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/google/go-cmp/cmp"
	"github.com/jonboulle/clockwork"

	"github.com/noidle/noidle/functions/webapp/internal/stream"
)

// fake is Kinesis. It refuses records that are named, as often as the number says
// (https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html).
type fake struct {
	refuse   map[string]int
	requests []string // the records of each
	down     error
}

func (f *fake) PutRecords(_ context.Context, in *kinesis.PutRecordsInput, _ ...func(*kinesis.Options)) (*kinesis.PutRecordsOutput, error) {
	out, request := &kinesis.PutRecordsOutput{}, []string{*in.StreamName}
	for _, r := range in.Records {
		data := string(r.Data)
		request = append(request, *r.PartitionKey+"="+data)
		result := types.PutRecordsResultEntry{SequenceNumber: aws.String("1")}
		if f.refuse[data]--; f.refuse[data] >= 0 {
			result = types.PutRecordsResultEntry{ErrorCode: aws.String("ProvisionedThroughputExceededException")}
		}
		out.Records = append(out.Records, result)
	}
	f.requests = append(f.requests, strings.Join(request, " "))
	return out, f.down
}

func TestPut(t *testing.T) {
	for _, tt := range []struct {
		name     string
		fake     fake
		requests []string
		left     []int
		err      string
	}{
		{"taken", fake{refuse: map[string]int{}}, []string{"posts k=a k=b k=c"}, nil, ""},
		{"busy", fake{refuse: map[string]int{"a": 1, "c": 2}}, []string{"posts k=a k=b k=c", "posts k=a k=c", "posts k=c"}, nil, ""},
		{
			"too busy", fake{refuse: map[string]int{"b": 9}}, []string{"posts k=a k=b k=c", "posts k=b", "posts k=b", "posts k=b", "posts k=b"},
			[]int{1}, "stream: 1 of 3 records refused 5 times, at last with ProvisionedThroughputExceededException",
		},
		{"down", fake{refuse: map[string]int{}, down: errors.New("no such stream")}, []string{"posts k=a k=b k=c"}, []int{0, 1, 2}, "no such stream"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			clock := clockwork.NewFakeClock()
			go func() {
				for clock.BlockUntilContext(t.Context(), 1) == nil {
					clock.Advance(time.Second)
				}
			}()
			left, err := stream.Stream{Client: &tt.fake, Name: "posts", Clock: clock}.Put(t.Context(), "k", [][]byte{[]byte("a"), []byte("b"), []byte("c")})
			if diff := cmp.Diff(tt.requests, tt.fake.requests); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.left, left); diff != "" {
				t.Errorf("left (-want +got):\n%s", diff)
			}
			if tt.err == "" && err != nil || tt.err != "" && (err == nil || err.Error() != tt.err) {
				t.Errorf("error is %v, want %s", err, tt.err)
			}
		})
	}
}

func TestPutStops(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	stop()
	f := &fake{refuse: map[string]int{"a": 9}}
	left, err := stream.Stream{Client: f, Name: "posts", Clock: clockwork.NewFakeClock()}.Put(ctx, "k", [][]byte{[]byte("a")})
	if !errors.Is(err, context.Canceled) || len(left) != 1 || len(f.requests) != 1 {
		t.Errorf("left %v, error %v after %d requests", left, err, len(f.requests))
	}
}
