package sqs_test

import (
	"context"
	"crypto/md5"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"
	"github.com/jonboulle/clockwork"

	"github.com/noidle/noidle/local/api"
	"github.com/noidle/noidle/local/sqs"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// cloud is a service with a client that talks to it over HTTP.
type cloud struct {
	*testing.T
	*sdk.Client
	clock   *clockwork.FakeClock
	service *sqs.Service
}

func newCloud(t *testing.T, principal *api.Principal) *cloud {
	c := &cloud{T: t, clock: clockwork.NewFakeClockAt(start)}
	c.service = sqs.New(c.clock, queueURL)
	server := httptest.NewServer(&api.Endpoint{
		Services:  map[string]http.Handler{"sqs": c.service.Operations().JSON()},
		Principal: func(string) *api.Principal { return principal },
	})
	t.Cleanup(server.Close)
	t.Cleanup(c.service.Close)
	c.Client = sdk.New(sdk.Options{
		Region:       "us-east-1",
		BaseEndpoint: &server.URL,
		Credentials:  credentials.NewStaticCredentialsProvider("x", "x", ""),
	})
	return c
}

func queueURL(name string) string { return "http://local/" + api.Account + "/" + name }

// queue makes a queue and returns its URL.
func (c *cloud) queue(name string, attributes map[string]string) *string {
	c.Helper()
	if strings.HasSuffix(name, ".fifo") {
		if attributes == nil {
			attributes = map[string]string{}
		}
		attributes["FifoQueue"] = "true"
	}
	if err := c.service.CreateQueue(name, attributes); err != nil {
		c.Fatal(err)
	}
	return new(queueURL(name))
}

func (c *cloud) send(url *string, bodies ...string) {
	c.Helper()
	for _, body := range bodies {
		must(c.SendMessage(c.Context(), &sdk.SendMessageInput{QueueUrl: url, MessageBody: &body}))(c.T)
	}
}

// sendTo sends a message to a group of a FIFO queue.
func (c *cloud) sendTo(url *string, group string, bodies ...string) {
	c.Helper()
	for _, body := range bodies {
		must(c.SendMessage(c.Context(), &sdk.SendMessageInput{
			QueueUrl: url, MessageBody: &body, MessageGroupId: &group, MessageDeduplicationId: new(group + body),
		}))(c.T)
	}
}

// receive returns up to ten messages that are there now, with all attributes.
func (c *cloud) receive(url *string) []types.Message {
	c.Helper()
	return must(c.ReceiveMessage(c.Context(), all(url)))(c.T).Messages
}

func all(url *string) *sdk.ReceiveMessageInput {
	return &sdk.ReceiveMessageInput{
		QueueUrl: url, MaxNumberOfMessages: 10, MessageAttributeNames: []string{"All"},
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{"All"},
	}
}

func (c *cloud) receiveBodies(url *string) []string { c.Helper(); return bodies(c.receive(url)) }

func bodies(messages []types.Message) []string {
	texts := []string{}
	for _, m := range messages {
		texts = append(texts, *m.Body)
	}
	return texts
}

func (c *cloud) deleteAll(url *string, messages []types.Message) {
	c.Helper()
	for _, m := range messages {
		must(c.DeleteMessage(c.Context(), &sdk.DeleteMessageInput{QueueUrl: url, ReceiptHandle: m.ReceiptHandle}))(c.T)
	}
}

func (c *cloud) attributes(url *string, names ...types.QueueAttributeName) map[string]string {
	c.Helper()
	return must(c.GetQueueAttributes(c.Context(), &sdk.GetQueueAttributesInput{QueueUrl: url, AttributeNames: names}))(c.T).Attributes
}

// set sets one attribute of a queue.
func (c *cloud) set(url *string, name, value string) error {
	_, err := c.SetQueueAttributes(c.Context(), &sdk.SetQueueAttributesInput{QueueUrl: url, Attributes: map[string]string{name: value}})
	return err
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

// call calls an operation without HTTP.
func (c *cloud) call(operation, input string) []byte {
	c.Helper()
	return must(c.service.Operations().Call(&api.Call{Context: c.Context()}, operation, []byte(input)))(c.T)
}

var receiptHandle = regexp.MustCompile(`"ReceiptHandle":"([^"]*)"`)

// waiters returns how many calls wait on the clock.
func (c *cloud) waiters() int {
	ctx, cancel := context.WithCancel(c.Context())
	cancel()
	if c.clock.BlockUntilContext(ctx, 1) == nil {
		return 1
	}
	return 0
}

func md5Of(text string) string { return fmt.Sprintf("%x", md5.Sum([]byte(text))) }

func wantSame[T any](t *testing.T, got, want T, options ...cmp.Option) {
	t.Helper()
	if diff := cmp.Diff(want, got, options...); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func want[T any](t *testing.T, got, want T) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// wantError checks the code of an error, and that the message has a text.
func wantError(t *testing.T, err error, code, text string) {
	t.Helper()
	failure, ok := errors.AsType[smithy.APIError](err)
	if !ok || failure.ErrorCode() != code || !strings.Contains(failure.ErrorMessage(), text) {
		t.Errorf("error %v, want %s with %q", err, code, text)
	}
}

// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueUrl.html
func TestGetQueueURL(t *testing.T) {
	c := newCloud(t, nil)
	c.queue("jobs", nil)
	got := must(c.GetQueueUrl(t.Context(), &sdk.GetQueueUrlInput{QueueName: new("jobs"), QueueOwnerAWSAccountId: new(api.Account)}))(t)
	want(t, *got.QueueUrl, queueURL("jobs"))
	for _, in := range []*sdk.GetQueueUrlInput{
		{QueueName: new("others")},
		{QueueName: new("jobs"), QueueOwnerAWSAccountId: new("111111111111")},
	} {
		_, err := c.GetQueueUrl(t.Context(), in)
		wantError(t, err, "AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist.")
		if _, ok := errors.AsType[*types.QueueDoesNotExist](err); !ok {
			t.Errorf("error %T, want QueueDoesNotExist", err)
		}
	}
}

func TestQueueOfURL(t *testing.T) {
	c := newCloud(t, nil)
	c.queue("jobs", nil)
	tests := []struct{ name, url, code string }{
		{"other host", "https://sqs.us-east-1.amazonaws.com/000000000000/jobs", ""},
		{"name alone", "jobs", ""},
		{"unknown", queueURL("others"), "AWS.SimpleQueueService.NonExistentQueue"},
		{"empty", "", "MissingParameter"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := c.ReceiveMessage(t.Context(), &sdk.ReceiveMessageInput{QueueUrl: &test.url})
			if test.code == "" && err != nil {
				t.Error(err)
			} else if test.code != "" {
				wantError(t, err, test.code, "")
			}
		})
	}
}

// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ListQueues.html
func TestListQueues(t *testing.T) {
	c := newCloud(t, nil)
	want(t, must(c.ListQueues(t.Context(), &sdk.ListQueuesInput{}))(t).QueueUrls, []string{})
	for i := range 5 {
		c.queue(fmt.Sprintf("jobs-%d", i), nil)
	}
	c.queue("other", nil)
	pages := sdk.NewListQueuesPaginator(c, &sdk.ListQueuesInput{QueueNamePrefix: new("jobs"), MaxResults: aws.Int32(2)})
	var sizes []int
	var urls []string
	for pages.HasMorePages() {
		page := must(pages.NextPage(t.Context()))(t)
		sizes, urls = append(sizes, len(page.QueueUrls)), append(urls, page.QueueUrls...)
	}
	want(t, sizes, []int{2, 2, 1})
	want(t, urls, []string{queueURL("jobs-0"), queueURL("jobs-1"), queueURL("jobs-2"), queueURL("jobs-3"), queueURL("jobs-4")})
	_, err := c.ListQueues(t.Context(), &sdk.ListQueuesInput{MaxResults: aws.Int32(1001)})
	wantError(t, err, "InvalidParameterValue", "MaxResults")
}

// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_PurgeQueue.html
func TestPurgeQueue(t *testing.T) {
	c := newCloud(t, nil)
	jobs := c.queue("jobs", nil)
	c.send(jobs, "a", "b", "c")
	must(c.ReceiveMessage(t.Context(), &sdk.ReceiveMessageInput{QueueUrl: jobs}))(t)
	purge := func() error {
		_, err := c.PurgeQueue(t.Context(), &sdk.PurgeQueueInput{QueueUrl: jobs})
		return err
	}
	if err := purge(); err != nil {
		t.Fatal(err)
	}
	got := c.attributes(jobs, "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
	want(t, got, map[string]string{"ApproximateNumberOfMessages": "0", "ApproximateNumberOfMessagesNotVisible": "0"})
	c.clock.Advance(59 * time.Second)
	wantError(t, purge(), "AWS.SimpleQueueService.PurgeQueueInProgress", "every 60 seconds")
	c.clock.Advance(time.Second)
	if err := purge(); err != nil {
		t.Error(err)
	}
}

// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsqs.html
// and, for moves,
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-dead-letter-queue-redrive.html
func TestPermissions(t *testing.T) {
	dlq := sqs.ARN("dlq")
	onDLQ := func(action string) []string {
		return []string{action + " " + dlq, "sqs:ReceiveMessage " + dlq, "sqs:DeleteMessage " + dlq, "sqs:GetQueueAttributes " + dlq}
	}
	handle := "eCBhcm46YXdzOnNxczp1cy1lYXN0LTE6MDAwMDAwMDAwMDAwOmRscQ=="
	tests := []struct {
		operation, input string
		want             []string
	}{
		{"SendMessage", `{"QueueUrl":"jobs","MessageBody":"b"}`, []string{"sqs:SendMessage " + sqs.ARN("jobs")}},
		{"SendMessageBatch", `{"QueueUrl":"jobs","Entries":[{"Id":"a","MessageBody":"b"}]}`, []string{"sqs:SendMessage " + sqs.ARN("jobs")}},
		{"ReceiveMessage", `{"QueueUrl":"jobs"}`, []string{"sqs:ReceiveMessage " + sqs.ARN("jobs")}},
		{"DeleteMessage", `{"QueueUrl":"jobs","ReceiptHandle":"x"}`, []string{"sqs:DeleteMessage " + sqs.ARN("jobs")}},
		{"DeleteMessageBatch", `{"QueueUrl":"jobs","Entries":[{"Id":"a","ReceiptHandle":"b"}]}`, []string{"sqs:DeleteMessage " + sqs.ARN("jobs")}},
		{"ChangeMessageVisibility", `{"QueueUrl":"jobs","ReceiptHandle":"x","VisibilityTimeout":0}`, []string{"sqs:ChangeMessageVisibility " + sqs.ARN("jobs")}},
		{"ChangeMessageVisibilityBatch", `{"QueueUrl":"jobs","Entries":[{"Id":"a","ReceiptHandle":"b","VisibilityTimeout":0}]}`, []string{"sqs:ChangeMessageVisibility " + sqs.ARN("jobs")}},
		{"PurgeQueue", `{"QueueUrl":"jobs"}`, []string{"sqs:PurgeQueue " + sqs.ARN("jobs")}},
		{"GetQueueAttributes", `{"QueueUrl":"jobs"}`, []string{"sqs:GetQueueAttributes " + sqs.ARN("jobs")}},
		{"SetQueueAttributes", `{"QueueUrl":"jobs","Attributes":{}}`, []string{"sqs:SetQueueAttributes " + sqs.ARN("jobs")}},
		{"GetQueueUrl", `{"QueueName":"jobs"}`, []string{"sqs:GetQueueUrl " + sqs.ARN("jobs")}},
		{"ListQueueTags", `{"QueueUrl":"jobs"}`, []string{"sqs:ListQueueTags " + sqs.ARN("jobs")}},
		{"ListQueues", `{}`, []string{"sqs:ListQueues *"}},
		{"ListDeadLetterSourceQueues", `{"QueueUrl":"dlq"}`, []string{"sqs:ListDeadLetterSourceQueues " + dlq}},
		{"StartMessageMoveTask", `{"SourceArn":"` + dlq + `"}`, append(onDLQ("sqs:StartMessageMoveTask"), "sqs:SendMessage "+sqs.ARN("jobs"))},
		{"StartMessageMoveTask", `{"SourceArn":"` + dlq + `","DestinationArn":"` + sqs.ARN("other") + `"}`, append(onDLQ("sqs:StartMessageMoveTask"), "sqs:SendMessage "+sqs.ARN("other"))},
		{"ListMessageMoveTasks", `{"SourceArn":"` + dlq + `"}`, onDLQ("sqs:ListMessageMoveTasks")},
		{"CancelMessageMoveTask", `{"TaskHandle":"` + handle + `"}`, onDLQ("sqs:CancelMessageMoveTask")},
	}
	denied := &api.Error{Code: "AccessDenied", Message: "no"}
	var tested []string
	for _, test := range tests {
		t.Run(test.operation, func(t *testing.T) {
			c := newCloud(t, nil)
			c.queue("dlq", nil)
			c.queue("jobs", map[string]string{"RedrivePolicy": `{"deadLetterTargetArn":"` + dlq + `"}`})
			call := func(allowed int) (asked []string, err error) {
				principal := &api.Principal{ARN: "arn", Allow: func(action, resource string, _ api.Keys) error {
					asked = append(asked, action+" "+resource)
					if len(asked) > allowed {
						return denied
					}
					return nil
				}}
				_, err = c.service.Operations().Call(&api.Call{Context: t.Context(), Principal: principal}, test.operation, []byte(test.input))
				return asked, err
			}
			for allowed := range test.want {
				asked, err := call(allowed)
				want(t, asked, test.want[:allowed+1])
				if !errors.Is(err, denied) {
					t.Errorf("error %v with %d permissions", err, allowed)
				}
			}
			asked, err := call(len(test.want))
			want(t, asked, test.want)
			if errors.Is(err, denied) {
				t.Error(err)
			}
		})
		tested = append(tested, test.operation)
	}
	slices.Sort(tested)
	want(t, slices.Compact(tested), newCloud(t, nil).service.Operations().Names())
}

func TestDeniedOverHTTP(t *testing.T) {
	c := newCloud(t, &api.Principal{ARN: "arn:aws:sts::000000000000:assumed-role/r/s", Allow: func(action, resource string, _ api.Keys) error {
		return &api.Error{Code: "AccessDenied", Message: "not authorized to perform: " + action + " on resource: " + resource, Status: 403}
	}})
	jobs := c.queue("jobs", nil)
	_, err := c.SendMessage(t.Context(), &sdk.SendMessageInput{QueueUrl: jobs, MessageBody: new("b")})
	wantError(t, err, "AccessDenied", "sqs:SendMessage on resource: arn:aws:sqs:us-east-1:000000000000:jobs")
}

func TestCloseEndsReceives(t *testing.T) {
	clock := clockwork.NewFakeClockAt(start)
	service := sqs.New(clock, queueURL)
	if err := service.CreateQueue("jobs", nil); err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() {
		_, err := service.Operations().Call(&api.Call{Context: context.Background()}, "ReceiveMessage", []byte(`{"QueueUrl":"jobs","WaitTimeSeconds":20}`))
		done <- err
	}()
	if err := clock.BlockUntilContext(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	service.Close()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
