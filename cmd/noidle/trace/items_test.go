package trace

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/google/go-cmp/cmp"

	"github.com/noidle/noidle/cmd/noidle/deadletters"
)

// Keys of objects are URL-encoded in the events of S3
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html).
func TestNames(t *testing.T) {
	for _, tt := range []struct {
		name, body, id string
		want           bool
	}{
		{"an order", `{"orderId": "abc", "amount": 3}`, "abc", true},
		{"another order", `{"orderId": "abcd", "amount": 3}`, "abc", false},
		{"a photo", `{"Records": [{"s3": {"object": {"key": "photo.jpg"}}}]}`, "photo.jpg", true},
		{"a photo with a longer key", `{"Records": [{"s3": {"object": {"key": "my/photo.jpg"}}}]}`, "photo.jpg", false},
		{"a photo whose key is encoded", `{"Records": [{"s3": {"object": {"key": "a+dir/%C3%BC%22.jpg"}}}]}`, `a dir/ü".jpg`, true},
		{"a key with a percent sign", `{"key": "100%.jpg"}`, "100%.jpg", true},
		{"a text", `"abc"`, "abc", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var body any
			if err := json.Unmarshal([]byte(tt.body), &body); err != nil {
				t.Fatal(err)
			}
			if got := names(body, tt.id); got != tt.want {
				t.Errorf("whether it names %s is %v", tt.id, got)
			}
		})
	}
}

// fullQueue has more dead letters than are looked at.
type fullQueue struct {
	deadletters.Client
	received int
}

func (q *fullQueue) ReceiveMessage(_ context.Context, in *sqs.ReceiveMessageInput, _ ...func(*sqs.Options)) (*sqs.ReceiveMessageOutput, error) {
	out := &sqs.ReceiveMessageOutput{}
	for range in.MaxNumberOfMessages {
		q.received++
		out.Messages = append(out.Messages, sqstypes.Message{MessageId: new(fmt.Sprint(q.received)), Body: new(`{"orderId": "other"}`)})
	}
	return out, nil
}

func (q *fullQueue) ChangeMessageVisibility(context.Context, *sqs.ChangeMessageVisibilityInput, ...func(*sqs.Options)) (*sqs.ChangeMessageVisibilityOutput, error) {
	return nil, nil
}

// TestManyDeadLetters: that not all were looked at is told.
func TestManyDeadLetters(t *testing.T) {
	var told []string
	f := Finder{Queues: &fullQueue{}, Progress: func(message string) { told = append(told, message) }}
	timeline := &Timeline{ID: "abc"}
	if err := f.deadLetters(t.Context(), timeline, map[string]string{"OrderDeadLetterQueue": "http://aws/dead"}); err != nil || len(timeline.Entries) > 0 {
		t.Fatalf("it finds %v, %v", timeline.Entries, err)
	}
	if diff := cmp.Diff([]string{`looked at 100 dead letters of dead: "abc" may be among the others`}, told); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
}

// logClient has one log group with some lines.
type logClient []string

func (c logClient) DescribeLogGroups(context.Context, *cloudwatchlogs.DescribeLogGroupsInput, ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.DescribeLogGroupsOutput, error) {
	return &cloudwatchlogs.DescribeLogGroupsOutput{LogGroups: []types.LogGroup{{LogGroupName: new("Photos-ResizeLogGroup01234567")}}}, nil
}

func (c logClient) FilterLogEvents(context.Context, *cloudwatchlogs.FilterLogEventsInput, ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.FilterLogEventsOutput, error) {
	out := &cloudwatchlogs.FilterLogEventsOutput{}
	for _, line := range c {
		out.Events = append(out.Events, types.FilteredLogEvent{Message: &line, Timestamp: new(int64(0)), EventId: &line})
	}
	return out, nil
}

// TestLinesOfAPhoto: a pattern of CloudWatch Logs finds a key as a part of others.
func TestLinesOfAPhoto(t *testing.T) {
	lines := logClient{
		`{"msg":"photo made","key":"p.jpg"}`,
		`{"msg":"photo made","key":"map.jpg"}`,
		`panic: p.jpg`,
	}
	f := Finder{Logs: lines, Progress: func(string) {}}
	for kind, want := range map[string][]string{
		"photo": {"photo made", "panic: p.jpg"},
		"":      {"photo made", "photo made key=map.jpg", "panic: p.jpg"},
	} {
		timeline := &Timeline{Kind: kind, ID: "p.jpg"}
		if err := f.logs(t.Context(), timeline, []string{"Photos"}); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, e := range timeline.Entries {
			got = append(got, e.What)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("lines of a %q (-want +got):\n%s", kind, diff)
		}
	}
}
