package kinesis_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"
	"github.com/jonboulle/clockwork"

	"github.com/noidle/noidle/local/api"
	"github.com/noidle/noidle/local/kinesis"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 678e6, time.UTC)

const (
	shard0 = "shardId-000000000000"
	shard1 = "shardId-000000000001"
)

// cloud is a service with a client that talks to it over HTTP and does not retry.
type cloud struct {
	*testing.T
	*sdk.Client
	clock   *clockwork.FakeClock
	service *kinesis.Service
}

// reader is an HTTP client that reads responses to the end. The SDK closes a
// request's body once there is a response, which may end the connection while a
// large response is on its way.
type reader struct{}

func (reader) Do(request *http.Request) (*http.Response, error) {
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(response.Body)
	_ = response.Body.Close()
	response.Body = io.NopCloser(bytes.NewReader(body))
	return response, err
}

func newCloud(t *testing.T, streams ...kinesis.Stream) *cloud {
	return newCloudFor(t, nil, streams...)
}

func newCloudFor(t *testing.T, principal *api.Principal, streams ...kinesis.Stream) *cloud {
	t.Helper()
	c := &cloud{T: t, clock: clockwork.NewFakeClockAt(start)}
	c.service = kinesis.New(kinesis.Options{Clock: c.clock})
	for _, st := range streams {
		if err := c.service.CreateStream(st); err != nil {
			t.Fatal(err)
		}
	}
	server := httptest.NewServer(&api.Endpoint{
		Services:  map[string]http.Handler{"kinesis": c.service.Operations().JSON()},
		Principal: func(string) *api.Principal { return principal },
	})
	t.Cleanup(server.Close)
	c.Client = sdk.New(sdk.Options{
		Region:       "us-east-1",
		BaseEndpoint: &server.URL,
		Credentials:  credentials.NewStaticCredentialsProvider("x", "x", ""),
		Retryer:      aws.NopRetryer{},
		HTTPClient:   reader{},
	})
	return c
}

// clicks is a stream with a number of shards.
func clicks(shards int) kinesis.Stream { return kinesis.Stream{Name: "clicks", Shards: shards} }

// put puts records with the key "key" to clicks, one per second, and returns
// their sequence numbers.
func (c *cloud) put(data ...string) (sequences []string) {
	c.Helper()
	for _, text := range data {
		out := must(c.PutRecord(c.Context(), &sdk.PutRecordInput{StreamName: new("clicks"), PartitionKey: new("key"), Data: []byte(text)}))(c.T)
		sequences = append(sequences, *out.SequenceNumber)
		c.clock.Advance(time.Second)
	}
	return sequences
}

// iterator returns an iterator at the start of a shard of clicks.
func (c *cloud) iterator(shard string) *string {
	c.Helper()
	return must(c.GetShardIterator(c.Context(), &sdk.GetShardIteratorInput{
		StreamName: new("clicks"), ShardId: &shard, ShardIteratorType: types.ShardIteratorTypeTrimHorizon,
	}))(c.T).ShardIterator
}

// get gets what is in the first shard of clicks.
func (c *cloud) get() *sdk.GetRecordsOutput {
	c.Helper()
	return must(c.GetRecords(c.Context(), &sdk.GetRecordsInput{ShardIterator: c.iterator(shard0)}))(c.T)
}

func texts(records []types.Record) []string {
	all := []string{}
	for _, r := range records {
		all = append(all, string(r.Data))
	}
	return all
}

// must returns what a call returned, unless it failed.
func must[T any](value T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

func want[T any](t *testing.T, got, want T) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// wantError checks the code of an error, and that the message has a text. An
// empty code means no error.
func wantError(t *testing.T, err error, code, text string) {
	t.Helper()
	if code == "" {
		if err != nil {
			t.Error(err)
		}
		return
	}
	failure, ok := errors.AsType[smithy.APIError](err)
	if !ok || failure.ErrorCode() != code || !strings.Contains(failure.ErrorMessage(), text) {
		t.Errorf("error %v, want %s with %q", err, code, text)
	}
}

// https://docs.aws.amazon.com/kinesis/latest/APIReference/API_DescribeStreamSummary.html
// A stream is named by its name, its ARN or both.
func TestStreamOfRequest(t *testing.T) {
	c := newCloud(t, clicks(1))
	arn := kinesis.StreamARN("clicks")
	want(t, arn, "arn:aws:kinesis:us-east-1:000000000000:stream/clicks")
	tests := []struct {
		name       string
		in         sdk.DescribeStreamSummaryInput
		code, text string
	}{
		{"name", sdk.DescribeStreamSummaryInput{StreamName: new("clicks")}, "", ""},
		{"ARN", sdk.DescribeStreamSummaryInput{StreamARN: &arn}, "", ""},
		{"both", sdk.DescribeStreamSummaryInput{StreamName: new("clicks"), StreamARN: &arn}, "", ""},
		{"neither", sdk.DescribeStreamSummaryInput{}, "InvalidArgumentException", "StreamName or StreamARN"},
		{"different", sdk.DescribeStreamSummaryInput{StreamName: new("taps"), StreamARN: &arn}, "InvalidArgumentException", "is not that of the stream taps"},
		{"unknown name", sdk.DescribeStreamSummaryInput{StreamName: new("taps")}, "ResourceNotFoundException", "Stream taps under account 000000000000 not found."},
		{"unknown ARN", sdk.DescribeStreamSummaryInput{StreamARN: new(kinesis.StreamARN("taps"))}, "ResourceNotFoundException", "Stream taps under"},
		{"another account", sdk.DescribeStreamSummaryInput{StreamARN: new(strings.ReplaceAll(arn, "000000000000", "111111111111"))}, "ResourceNotFoundException", "111111111111"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := c.DescribeStreamSummary(t.Context(), &test.in)
			wantError(t, err, test.code, test.text)
		})
	}
}

func TestNotSupported(t *testing.T) {
	c := newCloud(t, clicks(1))
	tests := []struct{ operation, input, code string }{
		{"SubscribeToShard", `{"ConsumerARN":"c","ShardId":"s"}`, "UnknownOperationException"},
		{"RegisterStreamConsumer", `{"StreamARN":"s","ConsumerName":"c"}`, "UnknownOperationException"},
		{"SplitShard", `{}`, "UnknownOperationException"},
		{"CreateStream", `{}`, "UnknownOperationException"},
		{"PutRecords", `{"StreamName":"clicks","Records":[],"DryRun":true}`, "ValidationException"},
		{"PutRecord", `{"StreamName":"clicks","StreamId":"x"}`, "ValidationException"},
		{"ListShards", `{"StreamName":"clicks","ShardFilter":{"Type":"AT_LATEST"}}`, "ValidationException"},
		{"PutRecords", `{"StreamName":"clicks","Records":[{"Data":"!","PartitionKey":"k"}]}`, "SerializationException"},
	}
	for _, test := range tests {
		t.Run(test.operation, func(t *testing.T) {
			_, err := c.service.Operations().Call(&api.Call{Context: t.Context()}, test.operation, []byte(test.input))
			failure, ok := errors.AsType[*api.Error](err)
			if !ok || failure.Code != test.code {
				t.Errorf("error %v, want %s", err, test.code)
			}
		})
	}
}

// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonkinesisdatastreams.html
func TestPermissions(t *testing.T) {
	arn := kinesis.StreamARN("clicks")
	c := newCloud(t, clicks(2))
	iterator := *c.iterator(shard0)
	token := *must(c.ListShards(t.Context(), &sdk.ListShardsInput{StreamName: new("clicks"), MaxResults: aws.Int32(1)}))(t).NextToken
	tests := []struct{ operation, input, want string }{
		{"PutRecord", `{"StreamName":"clicks","Data":"YQ==","PartitionKey":"k"}`, "kinesis:PutRecord " + arn},
		{"PutRecord", `{"StreamARN":"` + arn + `","Data":"YQ==","PartitionKey":"k"}`, "kinesis:PutRecord " + arn},
		{"PutRecords", `{"StreamName":"clicks","Records":[{"Data":"YQ==","PartitionKey":"k"}]}`, "kinesis:PutRecords " + arn},
		{"GetShardIterator", `{"StreamName":"clicks","ShardId":"` + shard0 + `","ShardIteratorType":"LATEST"}`, "kinesis:GetShardIterator " + arn},
		{"GetRecords", `{"ShardIterator":"` + iterator + `"}`, "kinesis:GetRecords " + arn},
		{"ListShards", `{"StreamName":"clicks"}`, "kinesis:ListShards " + arn},
		{"ListShards", `{"NextToken":"` + token + `"}`, "kinesis:ListShards " + arn},
		{"DescribeStream", `{"StreamName":"clicks"}`, "kinesis:DescribeStream " + arn},
		{"DescribeStreamSummary", `{"StreamName":"clicks"}`, "kinesis:DescribeStreamSummary " + arn},
		{"DescribeStreamSummary", `{"StreamName":"absent"}`, "kinesis:DescribeStreamSummary " + kinesis.StreamARN("absent")},
		{"ListStreams", `{}`, "kinesis:ListStreams *"},
	}
	denied := &api.Error{Code: "AccessDeniedException", Message: "no"}
	var tested []string
	for _, test := range tests {
		t.Run(test.operation, func(t *testing.T) {
			for _, refusal := range []error{denied, nil} {
				var asked []string
				principal := &api.Principal{ARN: "arn", Allow: func(action, resource string, _ api.Keys) error {
					asked = append(asked, action+" "+resource)
					return refusal
				}}
				_, err := c.service.Operations().Call(&api.Call{Context: t.Context(), Principal: principal}, test.operation, []byte(test.input))
				want(t, asked, []string{test.want})
				if errors.Is(err, denied) != (refusal != nil) {
					t.Errorf("error %v, refused: %v", err, refusal)
				}
			}
		})
		tested = append(tested, test.operation)
	}
	slices.Sort(tested)
	want(t, slices.Compact(tested), c.service.Operations().Names())
}

func TestDeniedOverHTTP(t *testing.T) {
	c := newCloudFor(t, &api.Principal{ARN: "arn", Allow: func(action, resource string, _ api.Keys) error {
		return &api.Error{Code: "AccessDeniedException", Message: "not authorized to perform: " + action + " on resource: " + resource}
	}}, clicks(1))
	_, err := c.PutRecord(t.Context(), &sdk.PutRecordInput{StreamName: new("clicks"), PartitionKey: new("k"), Data: []byte("a")})
	wantError(t, err, "AccessDeniedException", "kinesis:PutRecord on resource: arn:aws:kinesis:us-east-1:000000000000:stream/clicks")
}

// Await ends with a record that is put after it began, and with its context.
func TestAwait(t *testing.T) {
	put := map[string]string{
		"PutRecord":  `{"StreamName":"clicks","Data":"YQ==","PartitionKey":"k"}`,
		"PutRecords": `{"StreamName":"clicks","Records":[{"Data":"YQ==","PartitionKey":"k"}]}`,
	}
	for operation, input := range put {
		t.Run(operation, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				service := kinesis.New(kinesis.Options{Clock: clockwork.NewFakeClockAt(start)})
				for _, name := range []string{"clicks", "taps"} {
					if err := service.CreateStream(kinesis.Stream{Name: name, Shards: 1}); err != nil {
						t.Fatal(err)
					}
				}
				call := func(input string) {
					must(service.Operations().Call(&api.Call{Context: t.Context()}, operation, []byte(input)))(t)
				}
				ended := map[string]bool{}
				ctx, cancel := context.WithCancel(t.Context())
				call(input)
				for _, name := range []string{"clicks", "taps", "absent"} {
					go func() {
						service.Await(ctx, kinesis.StreamARN(name))
						ended[name] = true
					}()
				}
				synctest.Wait()
				want(t, ended, map[string]bool{})
				call(input)
				synctest.Wait()
				want(t, ended, map[string]bool{"clicks": true})
				call(strings.Replace(input, "clicks", "taps", 1))
				synctest.Wait()
				want(t, ended, map[string]bool{"clicks": true, "taps": true})
				cancel()
				synctest.Wait()
				want(t, ended, map[string]bool{"clicks": true, "taps": true, "absent": true})
			})
		})
	}
}

// Who is throttled is not woken, since there is nothing new.
func TestAwaitIsNotEndedByThrottledRecords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		service := kinesis.New(kinesis.Options{Clock: clockwork.NewFakeClockAt(start)})
		if err := service.CreateStream(clicks(1)); err != nil {
			t.Fatal(err)
		}
		input := []byte(`{"StreamName":"clicks","Records":[` + strings.TrimSuffix(strings.Repeat(`{"Data":"YQ==","PartitionKey":"k"},`, 500), ",") + `]}`)
		call := func() []byte {
			return must(service.Operations().Call(&api.Call{Context: t.Context()}, "PutRecords", input))(t)
		}
		call()
		call()
		ctx, cancel := context.WithCancel(t.Context())
		ended := false
		go func() {
			service.Await(ctx, kinesis.StreamARN("clicks"))
			ended = true
		}()
		synctest.Wait()
		if got := string(call()); !strings.Contains(got, `"FailedRecordCount":500`) {
			t.Errorf("%.200s", got)
		}
		synctest.Wait()
		want(t, ended, false)
		cancel()
	})
}
