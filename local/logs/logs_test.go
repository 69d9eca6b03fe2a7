package logs_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"
	"github.com/jonboulle/clockwork"

	"github.com/noidle/noidle/local/api"
	"github.com/noidle/noidle/local/logs"
)

var start = time.Date(2026, 3, 12, 12, 0, 0, 0, time.UTC)

// serve returns a service and a client of it, which calls as the principal.
func serve(t *testing.T, principal *api.Principal) (*logs.Service, *cloudwatchlogs.Client, *clockwork.FakeClock) {
	t.Helper()
	clock := clockwork.NewFakeClockAt(start)
	service := logs.New(clock)
	server := httptest.NewServer(&api.Endpoint{
		Services:  map[string]http.Handler{"logs": service.Operations().JSON()},
		Principal: func(string) *api.Principal { return principal },
	})
	t.Cleanup(server.Close)
	client := cloudwatchlogs.New(cloudwatchlogs.Options{
		BaseEndpoint: &server.URL,
		Region:       "us-east-1",
		Credentials:  credentials.NewStaticCredentialsProvider("x", "x", ""),
		Retryer:      aws.NopRetryer{},
		HTTPClient:   &http.Client{Transport: wholeRequests{}},
	})
	return service, client, clock
}

// wholeRequests sends requests in one piece. The SDK closes a request's body
// when the answer begins, which breaks the connection if the server is faster
// than the goroutine that writes the request.
type wholeRequests struct{}

func (wholeRequests) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r = r.Clone(r.Context())
	r.Body = io.NopCloser(bytes.NewReader(body))
	return http.DefaultTransport.RoundTrip(r)
}

func check(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// code returns an error's code, and "" for nil.
func code(t *testing.T, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	failure, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		t.Fatal(err)
	}
	return failure.ErrorCode()
}

func filter(t *testing.T, client *cloudwatchlogs.Client, in *cloudwatchlogs.FilterLogEventsInput) []string {
	t.Helper()
	out, err := client.FilterLogEvents(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	messages := []string{}
	for _, e := range out.Events {
		messages = append(messages, *e.Message)
	}
	return messages
}

func TestGroupARN(t *testing.T) {
	check(t, "ARN", logs.GroupARN("/a"), "arn:aws:logs:us-east-1:000000000000:log-group:/a:*")
}

func TestFilterLogEvents(t *testing.T) {
	service, client, clock := serve(t, nil)
	service.CreateGroup("/g", 30)
	service.Append("/g", "b/1", []byte("one\n"), []byte("two"))
	clock.Advance(time.Second)
	service.Append(logs.GroupARN("/g"), "a", []byte("three \xff"))
	clock.Advance(time.Second)
	service.Append("/g", "b/2", []byte("four"))
	name, arn := aws.String("/g"), aws.String("arn:aws:logs:us-east-1:000000000000:log-group:/g")
	second := func(n int64) *int64 { return new(start.UnixMilli() + n*1000) }
	tests := []struct {
		name string
		in   cloudwatchlogs.FilterLogEventsInput
		want []string
	}{
		// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
		{"all", cloudwatchlogs.FilterLogEventsInput{LogGroupName: name}, []string{"one", "two", "three \ufffd", "four"}},
		{"by name as identifier", cloudwatchlogs.FilterLogEventsInput{LogGroupIdentifier: name, Limit: aws.Int32(1)}, []string{"one"}},
		{"by ARN", cloudwatchlogs.FilterLogEventsInput{LogGroupIdentifier: arn, Limit: aws.Int32(1)}, []string{"one"}},
		{"from", cloudwatchlogs.FilterLogEventsInput{LogGroupName: name, StartTime: second(1)}, []string{"three \ufffd", "four"}},
		{"to", cloudwatchlogs.FilterLogEventsInput{LogGroupName: name, EndTime: second(1)}, []string{"one", "two", "three \ufffd"}},
		{"streams", cloudwatchlogs.FilterLogEventsInput{LogGroupName: name, LogStreamNames: []string{"a", "b/2"}}, []string{"three \ufffd", "four"}},
		{"prefix", cloudwatchlogs.FilterLogEventsInput{LogGroupName: name, LogStreamNamePrefix: aws.String("b/")}, []string{"one", "two", "four"}},
		{"pattern", cloudwatchlogs.FilterLogEventsInput{LogGroupName: name, FilterPattern: aws.String("?two ?four")}, []string{"two", "four"}},
		{"nothing", cloudwatchlogs.FilterLogEventsInput{LogGroupName: name, FilterPattern: aws.String("five")}, []string{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			check(t, "messages", filter(t, client, &test.in), test.want)
		})
	}
}

// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
func TestFilterLogEventsPages(t *testing.T) {
	service, client, clock := serve(t, nil)
	var want, got, ids []string
	for i := range 25 {
		message := fmt.Sprintf("line %d", i)
		service.Append("g", fmt.Sprintf("s%d", i%3), []byte(message), []byte("other"))
		clock.Advance(time.Duration(i%2) * time.Millisecond)
		want = append(want, message)
	}
	pages := cloudwatchlogs.NewFilterLogEventsPaginator(client, &cloudwatchlogs.FilterLogEventsInput{
		LogGroupName: aws.String("g"), FilterPattern: aws.String("line"), Limit: aws.Int32(5),
	})
	calls := 0
	for ; pages.HasMorePages(); calls++ {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range page.Events {
			got, ids = append(got, *e.Message), append(ids, *e.EventId)
		}
	}
	check(t, "messages", got, want)
	check(t, "pages", calls, 5)
	for i := range ids[1:] {
		if ids[i] >= ids[i+1] {
			t.Errorf("event IDs %s and %s are out of order", ids[i], ids[i+1])
		}
	}
}

// A page has 1 MB at most
// (https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html).
func TestFilterLogEventsPageSize(t *testing.T) {
	service, client, _ := serve(t, nil)
	line := []byte(strings.Repeat("a", 600_000))
	service.Append("g", "s", line, line)
	out, err := client.FilterLogEvents(t.Context(), &cloudwatchlogs.FilterLogEventsInput{LogGroupName: aws.String("g")})
	if err != nil {
		t.Fatal(err)
	}
	if len(out.Events) != 1 || out.NextToken == nil {
		t.Errorf("got %d events, next token %v", len(out.Events), out.NextToken)
	}
}

// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetLogEvents.html
func TestGetLogEvents(t *testing.T) {
	service, client, clock := serve(t, nil)
	put := func(n int) {
		service.Append("g", "s", fmt.Append(nil, n))
		service.Append("g", "other", []byte("other"))
		clock.Advance(time.Second)
	}
	for i := range 5 {
		put(i)
	}
	get := func(in cloudwatchlogs.GetLogEventsInput) (messages string, out *cloudwatchlogs.GetLogEventsOutput) {
		t.Helper()
		in.LogGroupName, in.LogStreamName = aws.String("g"), aws.String("s")
		out, err := client.GetLogEvents(t.Context(), &in)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range out.Events {
			messages += *e.Message
		}
		return messages, out
	}
	messages, out := get(cloudwatchlogs.GetLogEventsInput{Limit: aws.Int32(2)})
	check(t, "latest", messages, "34")
	messages, back := get(cloudwatchlogs.GetLogEventsInput{Limit: aws.Int32(2), NextToken: out.NextBackwardToken})
	check(t, "before", messages, "12")
	messages, back = get(cloudwatchlogs.GetLogEventsInput{Limit: aws.Int32(2), NextToken: back.NextBackwardToken})
	check(t, "first", messages, "0")
	messages, end := get(cloudwatchlogs.GetLogEventsInput{NextToken: back.NextBackwardToken})
	check(t, "before the first", messages, "")
	check(t, "token before the first", *end.NextBackwardToken, *back.NextBackwardToken)

	messages, ahead := get(cloudwatchlogs.GetLogEventsInput{NextToken: out.NextForwardToken, StartFromHead: new(true)})
	check(t, "after the last", messages, "")
	check(t, "token after the last", *ahead.NextForwardToken, *out.NextForwardToken)
	put(5)
	messages, _ = get(cloudwatchlogs.GetLogEventsInput{NextToken: ahead.NextForwardToken, StartFromHead: new(true)})
	check(t, "new ones", messages, "5")

	messages, _ = get(cloudwatchlogs.GetLogEventsInput{StartFromHead: new(true), Limit: aws.Int32(3)})
	check(t, "from the head", messages, "012")
	messages, _ = get(cloudwatchlogs.GetLogEventsInput{
		StartTime: new(start.Add(time.Second).UnixMilli()), EndTime: new(start.Add(3 * time.Second).UnixMilli()),
	})
	check(t, "range, without its end", messages, "12")
}

// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html
func TestPutLogEvents(t *testing.T) {
	const day = 24 * time.Hour
	at := func(offsets ...time.Duration) (events []types.InputLogEvent) {
		for i, offset := range offsets {
			events = append(events, types.InputLogEvent{Message: aws.String(fmt.Sprint(i)), Timestamp: new(start.Add(offset).UnixMilli())})
		}
		return events
	}
	large := at(0, 0)
	large[0].Message, large[1].Message = aws.String(strings.Repeat("a", 1<<19)), aws.String(strings.Repeat("a", 1<<19))
	tests := []struct {
		name     string
		events   []types.InputLogEvent
		rejected *types.RejectedLogEventsInfo
		stored   []string
		code     string
	}{
		{"in order", at(-time.Hour, 0, 0, time.Hour), nil, []string{"0", "1", "2", "3"}, ""},
		{"too new", at(0, 3*time.Hour, 4*time.Hour), &types.RejectedLogEventsInfo{TooNewLogEventStartIndex: aws.Int32(1)}, []string{"0"}, ""},
		{"too old", at(-15*day, -15*day, -14*day), &types.RejectedLogEventsInfo{TooOldLogEventEndIndex: aws.Int32(2), ExpiredLogEventEndIndex: aws.Int32(3)}, []string{}, ""},
		{"expired", at(-8*day, -7*day), &types.RejectedLogEventsInfo{ExpiredLogEventEndIndex: aws.Int32(1)}, []string{"1"}, ""},
		{"out of order", at(0, -1*time.Second), nil, nil, "InvalidParameterException"},
		{"more than a day", at(-25*time.Hour, 0), nil, nil, "InvalidParameterException"},
		{"too large", large, nil, nil, "InvalidParameterException"},
		{"none", []types.InputLogEvent{}, nil, nil, "InvalidParameterException"},
		{"empty", []types.InputLogEvent{{Message: aws.String(""), Timestamp: new(start.UnixMilli())}}, nil, nil, "InvalidParameterException"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			service, client, _ := serve(t, nil)
			service.CreateGroup("g", 7)
			service.Append("g", "s")
			out, err := client.PutLogEvents(t.Context(), &cloudwatchlogs.PutLogEventsInput{
				LogGroupName: aws.String("g"), LogStreamName: aws.String("s"), LogEvents: test.events, SequenceToken: aws.String("ignored"),
			})
			check(t, "code", code(t, err), test.code)
			if test.code != "" {
				return
			}
			if test.rejected == nil {
				check(t, "rejected", out.RejectedLogEventsInfo == nil, true)
			} else {
				check(t, "too new", out.RejectedLogEventsInfo.TooNewLogEventStartIndex, test.rejected.TooNewLogEventStartIndex)
				check(t, "too old", out.RejectedLogEventsInfo.TooOldLogEventEndIndex, test.rejected.TooOldLogEventEndIndex)
				check(t, "expired", out.RejectedLogEventsInfo.ExpiredLogEventEndIndex, test.rejected.ExpiredLogEventEndIndex)
			}
			check(t, "stored", filter(t, client, &cloudwatchlogs.FilterLogEventsInput{LogGroupName: aws.String("g")}), test.stored)
		})
	}
}

// Events are in the order of their timestamps, then of their arrival
// (https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html).
func TestOrder(t *testing.T) {
	service, client, _ := serve(t, nil)
	service.Append("g", "s", []byte("now"))
	_, err := client.PutLogEvents(t.Context(), &cloudwatchlogs.PutLogEventsInput{
		LogGroupName: aws.String("g"), LogStreamName: aws.String("s"), LogEvents: []types.InputLogEvent{
			{Message: aws.String("earlier"), Timestamp: new(start.UnixMilli() - 1)}, {Message: aws.String("same"), Timestamp: new(start.UnixMilli())},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	check(t, "messages", filter(t, client, &cloudwatchlogs.FilterLogEventsInput{LogGroupName: aws.String("g")}), []string{"earlier", "now", "same"})
}

func TestBoundedMemory(t *testing.T) {
	service, client, _ := serve(t, nil)
	service.Append("other", "s", []byte("kept"))
	for i := range 6 {
		service.Append("g", "s", fmt.Appendf(nil, "%d%s", i, strings.Repeat("a", 1_000_000)))
	}
	var kept string
	pages := cloudwatchlogs.NewFilterLogEventsPaginator(client, &cloudwatchlogs.FilterLogEventsInput{LogGroupName: aws.String("g")})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range page.Events {
			kept += (*e.Message)[:1]
		}
	}
	check(t, "kept", kept, "45")
	check(t, "other group", filter(t, client, &cloudwatchlogs.FilterLogEventsInput{LogGroupName: aws.String("other")}), []string{"kept"})
}

// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
func TestRetention(t *testing.T) {
	service, client, clock := serve(t, nil)
	service.CreateGroup("g", 1)
	service.Append("g", "s", []byte("old"))
	clock.Advance(25 * time.Hour)
	service.Append("g", "s", []byte("new"))
	check(t, "messages", filter(t, client, &cloudwatchlogs.FilterLogEventsInput{LogGroupName: aws.String("g")}), []string{"new"})
}

// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeLogGroups.html
func TestDescribeLogGroups(t *testing.T) {
	service, client, _ := serve(t, nil)
	service.CreateGroup("/b/2", 7)
	service.CreateGroup("/a/1", 0)
	service.Append("/b/1", "s", []byte("1234"))
	describe := func(in cloudwatchlogs.DescribeLogGroupsInput) (names []string) {
		t.Helper()
		pages := cloudwatchlogs.NewDescribeLogGroupsPaginator(client, &in)
		for pages.HasMorePages() {
			page, err := pages.NextPage(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, g := range page.LogGroups {
				names = append(names, *g.LogGroupName)
			}
		}
		return names
	}
	check(t, "all", describe(cloudwatchlogs.DescribeLogGroupsInput{}), []string{"/a/1", "/b/1", "/b/2"})
	check(t, "pages", describe(cloudwatchlogs.DescribeLogGroupsInput{Limit: aws.Int32(1)}), []string{"/a/1", "/b/1", "/b/2"})
	check(t, "prefix", describe(cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: aws.String("/b")}), []string{"/b/1", "/b/2"})
	check(t, "pattern", describe(cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePattern: aws.String("/1")}), []string{"/a/1", "/b/1"})
	out, err := client.DescribeLogGroups(t.Context(), &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: aws.String("/b")})
	if err != nil {
		t.Fatal(err)
	}
	first, second := out.LogGroups[0], out.LogGroups[1]
	check(t, "ARN", *first.Arn, "arn:aws:logs:us-east-1:000000000000:log-group:/b/1:*")
	check(t, "log group ARN", *first.LogGroupArn, "arn:aws:logs:us-east-1:000000000000:log-group:/b/1")
	check(t, "created", *first.CreationTime, start.UnixMilli())
	check(t, "stored", *first.StoredBytes, int64(30))
	check(t, "retention", []*int32{first.RetentionInDays, second.RetentionInDays}, []*int32{nil, aws.Int32(7)})
}

// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeLogStreams.html
func TestDescribeLogStreams(t *testing.T) {
	service, client, clock := serve(t, nil)
	service.Append("g", "b", []byte("1"))
	clock.Advance(time.Second)
	service.Append("g", "a", []byte("2"))
	service.Append("g", "b2")
	clock.Advance(time.Second)
	service.Append("g", "b", []byte("3"))
	_, err := client.CreateLogStream(t.Context(), &cloudwatchlogs.CreateLogStreamInput{LogGroupName: aws.String("g"), LogStreamName: aws.String("empty")})
	if err != nil {
		t.Fatal(err)
	}
	describe := func(in cloudwatchlogs.DescribeLogStreamsInput) (names []string, streams []types.LogStream) {
		t.Helper()
		in.LogGroupName = aws.String("g")
		pages := cloudwatchlogs.NewDescribeLogStreamsPaginator(client, &in)
		for pages.HasMorePages() {
			page, err := pages.NextPage(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range page.LogStreams {
				names, streams = append(names, *s.LogStreamName), append(streams, s)
			}
		}
		return names, streams
	}
	names, streams := describe(cloudwatchlogs.DescribeLogStreamsInput{})
	check(t, "by name", names, []string{"a", "b", "b2", "empty"})
	check(t, "ARN", *streams[1].Arn, "arn:aws:logs:us-east-1:000000000000:log-group:g:log-stream:b")
	check(t, "first event", *streams[1].FirstEventTimestamp, start.UnixMilli())
	check(t, "last event", *streams[1].LastEventTimestamp, start.Add(2*time.Second).UnixMilli())
	check(t, "no event", streams[2].LastEventTimestamp == nil, true)
	names, _ = describe(cloudwatchlogs.DescribeLogStreamsInput{OrderBy: types.OrderByLastEventTime, Descending: new(true), Limit: aws.Int32(2)})
	check(t, "by time", names, []string{"b", "a", "empty", "b2"})
	names, _ = describe(cloudwatchlogs.DescribeLogStreamsInput{LogStreamNamePrefix: aws.String("b")})
	check(t, "prefix", names, []string{"b", "b2"})
}

func TestErrors(t *testing.T) {
	const missing, exists, invalid = "ResourceNotFoundException", "ResourceAlreadyExistsException", "InvalidParameterException"
	g, s, none := aws.String("g"), aws.String("s"), aws.String("none")
	tests := []struct {
		name string
		call func(ctx context.Context, c *cloudwatchlogs.Client) error
		want string
	}{
		{"group is there", func(ctx context.Context, c *cloudwatchlogs.Client) error {
			_, err := c.CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: g})
			return err
		}, exists},
		{"name of a group", func(ctx context.Context, c *cloudwatchlogs.Client) error {
			_, err := c.CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String("a:b")})
			return err
		}, invalid},
		{"stream is there", func(ctx context.Context, c *cloudwatchlogs.Client) error {
			_, err := c.CreateLogStream(ctx, &cloudwatchlogs.CreateLogStreamInput{LogGroupName: g, LogStreamName: s})
			return err
		}, exists},
		{"name of a stream", func(ctx context.Context, c *cloudwatchlogs.Client) error {
			_, err := c.CreateLogStream(ctx, &cloudwatchlogs.CreateLogStreamInput{LogGroupName: g, LogStreamName: aws.String("a:b")})
			return err
		}, invalid},
		{"stream of no group", func(ctx context.Context, c *cloudwatchlogs.Client) error {
			_, err := c.CreateLogStream(ctx, &cloudwatchlogs.CreateLogStreamInput{LogGroupName: none, LogStreamName: s})
			return err
		}, missing},
		{"streams of no group", func(ctx context.Context, c *cloudwatchlogs.Client) error {
			_, err := c.DescribeLogStreams(ctx, &cloudwatchlogs.DescribeLogStreamsInput{LogGroupName: none})
			return err
		}, missing},
		{"streams by prefix and time", func(ctx context.Context, c *cloudwatchlogs.Client) error {
			_, err := c.DescribeLogStreams(ctx, &cloudwatchlogs.DescribeLogStreamsInput{LogGroupName: g, LogStreamNamePrefix: s, OrderBy: types.OrderByLastEventTime})
			return err
		}, invalid},
		{"groups by prefix and pattern", func(ctx context.Context, c *cloudwatchlogs.Client) error {
			_, err := c.DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: g, LogGroupNamePattern: g})
			return err
		}, invalid},
		{"too many groups", func(ctx context.Context, c *cloudwatchlogs.Client) error {
			_, err := c.DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{Limit: aws.Int32(51)})
			return err
		}, invalid},
		{"events of no group", func(ctx context.Context, c *cloudwatchlogs.Client) error {
			_, err := c.FilterLogEvents(ctx, &cloudwatchlogs.FilterLogEventsInput{LogGroupName: none})
			return err
		}, missing},
		{"events of no stream", func(ctx context.Context, c *cloudwatchlogs.Client) error {
			_, err := c.FilterLogEvents(ctx, &cloudwatchlogs.FilterLogEventsInput{LogGroupName: g, LogStreamNames: []string{"none"}})
			return err
		}, missing},
		{"events by name and prefix", func(ctx context.Context, c *cloudwatchlogs.Client) error {
			_, err := c.FilterLogEvents(ctx, &cloudwatchlogs.FilterLogEventsInput{LogGroupName: g, LogStreamNames: []string{"s"}, LogStreamNamePrefix: s})
			return err
		}, invalid},
		{"group named twice", func(ctx context.Context, c *cloudwatchlogs.Client) error {
			_, err := c.FilterLogEvents(ctx, &cloudwatchlogs.FilterLogEventsInput{LogGroupName: g, LogGroupIdentifier: g})
			return err
		}, invalid},
		{"no group named", func(ctx context.Context, c *cloudwatchlogs.Client) error {
			_, err := c.FilterLogEvents(ctx, &cloudwatchlogs.FilterLogEventsInput{})
			return err
		}, invalid},
		{"token of events", func(ctx context.Context, c *cloudwatchlogs.Client) error {
			_, err := c.FilterLogEvents(ctx, &cloudwatchlogs.FilterLogEventsInput{LogGroupName: g, NextToken: s})
			return err
		}, invalid},
		{"pattern", func(ctx context.Context, c *cloudwatchlogs.Client) error {
			_, err := c.FilterLogEvents(ctx, &cloudwatchlogs.FilterLogEventsInput{LogGroupName: g, FilterPattern: aws.String("[a, b]")})
			return err
		}, invalid},
		{"read of no stream", func(ctx context.Context, c *cloudwatchlogs.Client) error {
			_, err := c.GetLogEvents(ctx, &cloudwatchlogs.GetLogEventsInput{LogGroupName: g, LogStreamName: none})
			return err
		}, missing},
		{"token of a stream", func(ctx context.Context, c *cloudwatchlogs.Client) error {
			_, err := c.GetLogEvents(ctx, &cloudwatchlogs.GetLogEventsInput{LogGroupName: g, LogStreamName: s, NextToken: aws.String("x/1")})
			return err
		}, invalid},
		{"limit", func(ctx context.Context, c *cloudwatchlogs.Client) error {
			_, err := c.GetLogEvents(ctx, &cloudwatchlogs.GetLogEventsInput{LogGroupName: g, LogStreamName: s, Limit: aws.Int32(10_001)})
			return err
		}, invalid},
		{"write to no stream", func(ctx context.Context, c *cloudwatchlogs.Client) error {
			_, err := c.PutLogEvents(ctx, &cloudwatchlogs.PutLogEventsInput{LogGroupName: g, LogStreamName: none, LogEvents: []types.InputLogEvent{{Message: s, Timestamp: new(start.UnixMilli())}}})
			return err
		}, missing},
		{"member that is not supported", func(ctx context.Context, c *cloudwatchlogs.Client) error {
			_, err := c.FilterLogEvents(ctx, &cloudwatchlogs.FilterLogEventsInput{LogGroupName: g, Unmask: true})
			return err
		}, "ValidationException"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			service, client, _ := serve(t, nil)
			service.Append("g", "s", []byte("line"))
			check(t, "code", code(t, test.call(t.Context(), client)), test.want)
		})
	}
}

// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatchlogs.html
func TestAuthorization(t *testing.T) {
	const group, stream = "arn:aws:logs:us-east-1:000000000000:log-group:g:*", "arn:aws:logs:us-east-1:000000000000:log-group:g:log-stream:s"
	tests := []struct{ operation, input, resource string }{
		{"CreateLogGroup", `{"logGroupName":"g"}`, group},
		{"CreateLogStream", `{"logGroupName":"g","logStreamName":"s"}`, group},
		{"DescribeLogGroups", `{}`, "arn:aws:logs:us-east-1:000000000000:log-group:*:*"},
		{"DescribeLogStreams", `{"logGroupName":"g"}`, group},
		{"FilterLogEvents", `{"logGroupIdentifier":"arn:aws:logs:us-east-1:000000000000:log-group:g","interleaved":true}`, group},
		{"GetLogEvents", `{"logGroupName":"g","logStreamName":"s"}`, stream},
		{"PutLogEvents", `{"logGroupName":"g","logStreamName":"s","logEvents":[{"message":"m","timestamp":1}]}`, stream},
	}
	operations := logs.New(clockwork.NewFakeClockAt(start)).Operations()
	for i, test := range tests {
		t.Run(test.operation, func(t *testing.T) {
			check(t, "operation", operations.Names()[i], test.operation)
			var asked []string
			call := &api.Call{Context: t.Context(), Principal: &api.Principal{Allow: func(action, resource string, _ api.Keys) error {
				asked = append(asked, action+" "+resource)
				return &api.Error{Code: "AccessDeniedException", Message: "no"}
			}}}
			_, err := operations.Call(call, test.operation, []byte(test.input))
			if failure, ok := errors.AsType[*api.Error](err); !ok || failure.Code != "AccessDeniedException" {
				t.Errorf("got error %v", err)
			}
			check(t, "asked", asked, []string{"logs:" + test.operation + " " + test.resource})
		})
	}
	check(t, "operations", len(operations), len(tests))
}
