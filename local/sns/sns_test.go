package sns_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	client "github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/jonboulle/clockwork"

	"github.com/noidle/noidle/local/api"
	"github.com/noidle/noidle/local/sns"
)

var start = time.Date(2026, time.March, 2, 10, 30, 15, 6e6, time.UTC)

var topic = sns.TopicARN("t")

func queue(name string) string { return api.ARN("sqs", name) }

func function(name string) string { return api.ARN("lambda", "function:"+name) }

// fixture is a service whose deliveries arrive on a channel, and a client of it.
type fixture struct {
	*sns.Service
	client    *client.Client
	clock     *clockwork.FakeClock
	delivered chan api.Delivery
	dropped   chan string
	mu        sync.Mutex
	fail      func(attempt int, delivery api.Delivery) error // nil means never
	attempts  []time.Duration                                // since the first one
	principal *api.Principal
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{clock: clockwork.NewFakeClockAt(start), delivered: make(chan api.Delivery, 1000), dropped: make(chan string, 100)}
	f.Service = sns.New(sns.Options{
		Clock:  f.clock,
		Random: rand.New(rand.NewPCG(1, 2)),
		Deliver: func(_ context.Context, delivery api.Delivery) error {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.attempts = append(f.attempts, f.clock.Since(start))
			if f.fail != nil {
				if err := f.fail(len(f.attempts), delivery); err != nil {
					return err
				}
			}
			f.delivered <- delivery
			return nil
		},
		Dropped: func(delivery api.Delivery, err error) { f.dropped <- delivery.Target + ": " + err.Error() },
	})
	t.Cleanup(f.Close)
	server := httptest.NewServer(&api.Endpoint{
		Services:  map[string]http.Handler{"sns": f.Operations().Query(sns.Namespace)},
		Principal: func(string) *api.Principal { return f.principal },
	})
	t.Cleanup(server.Close)
	f.client = client.New(client.Options{
		BaseEndpoint: aws.String(server.URL),
		Region:       "us-east-1",
		Credentials:  credentials.NewStaticCredentialsProvider("x", "x", ""),
	})
	for _, topic := range []sns.Topic{{Name: "t", DisplayName: "T"}, {Name: "t.fifo", FIFO: true}, {Name: "hashed.fifo", FIFO: true, ContentBasedDeduplication: true}} {
		if err := f.CreateTopic(topic); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

// subscribe subscribes to topic t unless the subscription has another one.
func (f *fixture) subscribe(t *testing.T, subscription sns.Subscription) (arn string) {
	t.Helper()
	if subscription.TopicARN == "" {
		subscription.TopicARN = topic
	}
	arn, err := f.Subscribe(subscription)
	if err != nil {
		t.Fatal(err)
	}
	return arn
}

// publish publishes to topic t unless the input has another one.
func (f *fixture) publish(t *testing.T, in client.PublishInput) *client.PublishOutput {
	t.Helper()
	if in.TopicArn == nil {
		in.TopicArn = aws.String(topic)
	}
	output, err := f.client.Publish(t.Context(), &in)
	if err != nil {
		t.Fatal(err)
	}
	return output
}

func (f *fixture) next(t *testing.T) api.Delivery {
	t.Helper()
	select {
	case delivery := <-f.delivered:
		return delivery
	case <-time.After(time.Minute):
		t.Fatal("nothing is delivered")
		panic("unreachable")
	}
}

func code(err error) string {
	if failure, ok := errors.AsType[smithy.APIError](err); ok {
		return failure.ErrorCode()
	}
	if failure, ok := errors.AsType[*api.Error](err); ok {
		return failure.QueryCode
	}
	return fmt.Sprint(err)
}

func text(value string) types.MessageAttributeValue {
	return types.MessageAttributeValue{DataType: aws.String("String"), StringValue: &value}
}

func attribute(kind, value string) types.MessageAttributeValue {
	return types.MessageAttributeValue{DataType: &kind, StringValue: &value}
}

func binary(value string) types.MessageAttributeValue {
	return types.MessageAttributeValue{DataType: aws.String("Binary"), BinaryValue: []byte(value)}
}

func decode(t *testing.T, data []byte) map[string]any {
	t.Helper()
	var value map[string]any
	if err := json.Unmarshal(data, &value); err != nil {
		t.Fatalf("%s: %v", data, err)
	}
	return value
}

// https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html
func TestEnvelope(t *testing.T) {
	f := newFixture(t)
	arn := f.subscribe(t, sns.Subscription{Protocol: "sqs", Endpoint: queue("q")})
	published := f.publish(t, client.PublishInput{
		Message: aws.String("a <b>"), Subject: aws.String("Hello"), MessageGroupId: aws.String("tenant"),
		MessageAttributes: map[string]types.MessageAttributeValue{"s": text("x"), "n": attribute("Number", "1.5"), "b": binary("x"), "a": attribute("String.Array", `["x"]`)},
	})
	got := f.next(t)
	want := map[string]any{
		"Type": "Notification", "MessageId": *published.MessageId, "TopicArn": topic, "Subject": "Hello", "Message": "a <b>", "Timestamp": "2026-03-02T10:30:15.006Z",
		"SignatureVersion": "1", "Signature": "RVhBTVBMRQ==",
		"SigningCertURL": "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-00000000000000000000000000000000.pem",
		"UnsubscribeURL": "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=" + strings.ReplaceAll(arn, ":", "%3A"),
		"MessageAttributes": map[string]any{
			"s": map[string]any{"Type": "String", "Value": "x"}, "n": map[string]any{"Type": "Number", "Value": "1.5"},
			"b": map[string]any{"Type": "Binary", "Value": "eA=="}, "a": map[string]any{"Type": "String.Array", "Value": `["x"]`},
		},
	}
	if diff := cmp.Diff(want, decode(t, got.Payload)); diff != "" {
		t.Error(diff)
	}
	got.Payload = nil
	if diff := cmp.Diff(api.Delivery{Source: topic, Target: queue("q"), MessageGroupID: "tenant"}, got); diff != "" {
		t.Error(diff)
	}
}

// What a message doesn't have is not in its envelope.
func TestEnvelopeOfPlainMessage(t *testing.T) {
	f := newFixture(t)
	f.subscribe(t, sns.Subscription{Protocol: "sqs", Endpoint: queue("q")})
	f.publish(t, client.PublishInput{Message: aws.String("x")})
	got := decode(t, f.next(t).Payload)
	for _, name := range []string{"Subject", "MessageAttributes", "SequenceNumber"} {
		if value, ok := got[name]; ok {
			t.Errorf("%s is %v", name, value)
		}
	}
}

// https://docs.aws.amazon.com/sns/latest/dg/sns-large-payload-raw-message-delivery.html
func TestRawMessageDelivery(t *testing.T) {
	f := newFixture(t)
	f.subscribe(t, sns.Subscription{Protocol: "sqs", Endpoint: queue("q"), RawMessageDelivery: true})
	f.publish(t, client.PublishInput{Message: aws.String("a"), MessageAttributes: map[string]types.MessageAttributeValue{"s": text("x"), "b": binary("y")}})
	want := api.Delivery{Source: topic, Target: queue("q"), Payload: []byte("a"), Attributes: map[string]api.Attribute{
		"s": {DataType: "String", StringValue: "x"}, "b": {DataType: "Binary", BinaryValue: []byte("y")},
	}}
	if diff := cmp.Diff(want, f.next(t)); diff != "" {
		t.Error(diff)
	}
}

// A raw message with more than 10 attributes is a client-side error
// (https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html).
func TestRawMessageWithTooManyAttributes(t *testing.T) {
	attributes := map[string]types.MessageAttributeValue{}
	for i := range 11 {
		attributes[fmt.Sprint("a", i)] = text("x")
	}
	f := newFixture(t)
	f.subscribe(t, sns.Subscription{Protocol: "sqs", Endpoint: queue("q"), RawMessageDelivery: true, DeadLetterARN: queue("dead")})
	f.publish(t, client.PublishInput{Message: aws.String("a"), MessageAttributes: attributes})
	if diff := cmp.Diff(api.Delivery{Source: topic, Target: queue("dead"), Payload: []byte("a")}, f.next(t)); diff != "" {
		t.Error(diff)
	}
}

// https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html. Functions get
// attributes of the types String.Array and Number as String
// (https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html).
func TestFunctionEvent(t *testing.T) {
	f := newFixture(t)
	arn := f.subscribe(t, sns.Subscription{Protocol: "lambda", Endpoint: function("f")})
	published := f.publish(t, client.PublishInput{Message: aws.String("hi"), MessageAttributes: map[string]types.MessageAttributeValue{"n": attribute("Number", "1"), "b": binary("x")}})
	got := f.next(t)
	if got.Target != function("f") || got.Source != topic {
		t.Errorf("got %+v", got)
	}
	var event events.SNSEvent
	if err := json.Unmarshal(got.Payload, &event); err != nil {
		t.Fatal(err)
	}
	want := events.SNSEvent{Records: []events.SNSEventRecord{{
		EventVersion: "1.0", EventSource: "aws:sns", EventSubscriptionArn: arn,
		SNS: events.SNSEntity{
			Type: "Notification", MessageID: *published.MessageId, TopicArn: topic, Message: "hi", Timestamp: start, SignatureVersion: "1", Signature: "RVhBTVBMRQ==",
			SigningCertURL: "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-00000000000000000000000000000000.pem",
			UnsubscribeURL: "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=" + strings.ReplaceAll(arn, ":", "%3A"),
			MessageAttributes: map[string]any{
				"n": map[string]any{"Type": "String", "Value": "1"}, "b": map[string]any{"Type": "Binary", "Value": "eA=="},
			},
		},
	}}}
	if diff := cmp.Diff(want, event); diff != "" {
		t.Error(diff)
	}
	if !strings.Contains(string(got.Payload), `"Subject":null`) {
		t.Errorf("%s", got.Payload)
	}
}

// https://docs.aws.amazon.com/sns/latest/api/API_Publish.html: bodies by
// protocol; message attributes are then not delivered
// (https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html).
func TestMessageStructure(t *testing.T) {
	f := newFixture(t)
	f.subscribe(t, sns.Subscription{Protocol: "sqs", Endpoint: queue("q"), RawMessageDelivery: true})
	f.subscribe(t, sns.Subscription{Protocol: "lambda", Endpoint: function("f")})
	f.publish(t, client.PublishInput{
		Message: aws.String(`{"default": "d", "sqs": "q", "lambda": 5}`), MessageStructure: aws.String("json"),
		MessageAttributes: map[string]types.MessageAttributeValue{"s": text("x")},
	})
	got := map[string]string{}
	for range 2 {
		delivery := f.next(t)
		got[delivery.Target] = string(delivery.Payload)
		if delivery.Attributes != nil || strings.Contains(string(delivery.Payload), `"s"`) {
			t.Errorf("attributes: %+v", delivery)
		}
	}
	if got[queue("q")] != "q" || !strings.Contains(got[function("f")], `"Message":"d"`) {
		t.Error(got)
	}
}

// https://docs.aws.amazon.com/sns/latest/api/API_Publish.html,
// https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html
func TestPublishRefuses(t *testing.T) {
	attributes := func(name string, value types.MessageAttributeValue) client.PublishInput {
		return client.PublishInput{Message: aws.String("x"), MessageAttributes: map[string]types.MessageAttributeValue{name: value}}
	}
	fifo := func(in client.PublishInput) client.PublishInput {
		in.Message, in.TopicArn = aws.String("x"), aws.String(sns.TopicARN("t.fifo"))
		return in
	}
	tests := []struct {
		name string
		in   client.PublishInput
		code string
		want string
	}{
		{"topic", client.PublishInput{Message: aws.String("x"), TopicArn: aws.String("none")}, "NotFound", "Topic does not exist"},
		{"no message", client.PublishInput{Message: aws.String("")}, "InvalidParameter", "Invalid parameter: Empty message"},
		{"size of the message", client.PublishInput{Message: aws.String(strings.Repeat("x", 262145))}, "InvalidParameter", "Invalid parameter: Message too long"},
		{
			"size of the message with its attributes",
			client.PublishInput{Message: aws.String(strings.Repeat("x", 262144-7)), MessageAttributes: map[string]types.MessageAttributeValue{"a": text("b")}},
			"InvalidParameter", "Invalid parameter: Message too long",
		},
		{"long subject", client.PublishInput{Message: aws.String("x"), Subject: aws.String(strings.Repeat("x", 100))}, "InvalidParameter", "Invalid parameter: Subject"},
		{"subject of two lines", client.PublishInput{Message: aws.String("x"), Subject: aws.String("a\nb")}, "InvalidParameter", "Invalid parameter: Subject"},
		{"structure", client.PublishInput{Message: aws.String("x"), MessageStructure: aws.String("xml")}, "InvalidParameter", "Invalid parameter: MessageStructure"},
		{"structure without JSON", client.PublishInput{Message: aws.String("x"), MessageStructure: aws.String("json")}, "InvalidParameter", "Invalid parameter: Message Structure - JSON message body failed to parse"},
		{
			"structure without default", client.PublishInput{Message: aws.String(`{"sqs":"x","default":1}`), MessageStructure: aws.String("json")},
			"InvalidParameter", "Invalid parameter: Message Structure - No default entry in JSON message body",
		},
		{"phone number", client.PublishInput{Message: aws.String("x"), PhoneNumber: aws.String("+1")}, "ValidationException", `parameter "PhoneNumber" is not supported locally`},
		{"attribute name", attributes("a..b", text("x")), "ParameterValueInvalid", "The message attribute 'a..b' has an invalid name."},
		{"reserved attribute name", attributes("aws.x", text("x")), "ParameterValueInvalid", "The message attribute 'aws.x' has an invalid name."},
		{"attribute type", attributes("a", attribute("Text", "x")), "ParameterValueInvalid", `The message attribute 'a' has an invalid message attribute type "Text": use String, String.Array, Number or Binary.`},
		{"empty attribute", attributes("a", text("")), "ParameterValueInvalid", "The message attribute 'a' must contain non-empty message attribute value for message attribute type 'String'."},
		{"number", attributes("a", attribute("Number", "five")), "ParameterValueInvalid", "The message attribute 'a' has a value that is not of its type 'Number'."},
		{"array", attributes("a", attribute("String.Array", "x")), "ParameterValueInvalid", "The message attribute 'a' has a value that is not of its type 'String.Array'."},
		{"binary in text", attributes("a", attribute("Binary", "x")), "ParameterValueInvalid", "The message attribute 'a' has a value that is not of its type 'Binary'."},
		{"group missing", fifo(client.PublishInput{MessageDeduplicationId: aws.String("d")}), "InvalidParameter", "Invalid parameter: The MessageGroupId parameter is required for FIFO topics"},
		{"deduplication ID missing", fifo(client.PublishInput{MessageGroupId: aws.String("g")}), "InvalidParameter", "Invalid parameter: The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly"},
		{
			"deduplication ID on a standard topic", client.PublishInput{Message: aws.String("x"), MessageDeduplicationId: aws.String("d")},
			"InvalidParameter", "Invalid parameter: MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not valid for this topic type",
		},
		{"group", client.PublishInput{Message: aws.String("x"), MessageGroupId: aws.String("a b")}, "InvalidParameter", "Invalid parameter: MessageGroupId Reason: it has up to 128 letters, digits and punctuation characters"},
		{
			"deduplication ID", fifo(client.PublishInput{MessageGroupId: aws.String("g"), MessageDeduplicationId: aws.String(strings.Repeat("x", 129))}),
			"InvalidParameter", "Invalid parameter: MessageDeduplicationId Reason: it has up to 128 letters, digits and punctuation characters",
		},
	}
	f := newFixture(t)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if test.in.TopicArn == nil && test.in.PhoneNumber == nil {
				test.in.TopicArn = aws.String(topic)
			}
			_, err := f.client.Publish(t.Context(), &test.in)
			failure, ok := errors.AsType[smithy.APIError](err)
			if !ok {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{test.code, test.want}, []string{failure.ErrorCode(), failure.ErrorMessage()}); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPublishAccepts(t *testing.T) {
	f := newFixture(t)
	if err := f.CreateTopic(sns.Topic{Name: "large", MaximumMessageSize: 1 << 20}); err != nil {
		t.Fatal(err)
	}
	for _, in := range []client.PublishInput{
		{Message: aws.String(strings.Repeat("x", 262144))},
		{Message: aws.String(strings.Repeat("x", 262144-8)), MessageAttributes: map[string]types.MessageAttributeValue{"a": text("b")}},
		{Message: aws.String("x"), Subject: aws.String(strings.Repeat("ä", 99))},
		{Message: aws.String("x"), TargetArn: aws.String(topic), TopicArn: aws.String("")},
		// https://docs.aws.amazon.com/sns/latest/dg/large-message-payloads.html
		{Message: aws.String(strings.Repeat("x", 1<<20)), TopicArn: aws.String(sns.TopicARN("large"))},
	} {
		f.publish(t, in)
	}
}

// https://docs.aws.amazon.com/sns/latest/dg/fifo-message-dedup.html
func TestDeduplication(t *testing.T) {
	f := newFixture(t)
	hashed := sns.TopicARN("hashed.fifo")
	f.subscribe(t, sns.Subscription{TopicARN: hashed, Protocol: "sqs", Endpoint: queue("q.fifo"), RawMessageDelivery: true})
	f.subscribe(t, sns.Subscription{TopicARN: hashed, Protocol: "sqs", Endpoint: queue("standard"), RawMessageDelivery: true})
	publish := func(message, group string, id *string) *client.PublishOutput {
		return f.publish(t, client.PublishInput{TopicArn: &hashed, Message: &message, MessageGroupId: &group, MessageDeduplicationId: id})
	}
	const hash = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881" // of x
	first := publish("x", "g", nil)
	if diff := cmp.Diff("10000000000000000001", *first.SequenceNumber); diff != "" {
		t.Error(diff)
	}
	for _, again := range []*client.PublishOutput{publish("x", "other", nil), publish("y", "g", aws.String(hash))} {
		if *again.MessageId != *first.MessageId {
			t.Error("another message")
		}
	}
	deliveries := func() []api.Delivery {
		got := []api.Delivery{f.next(t), f.next(t)}
		slices.SortFunc(got, func(a, b api.Delivery) int { return strings.Compare(a.Target, b.Target) })
		return got
	}
	want := []api.Delivery{
		{Source: hashed, Target: queue("q.fifo"), Payload: []byte("x"), MessageGroupID: "g", MessageDeduplicationID: hash},
		{Source: hashed, Target: queue("standard"), Payload: []byte("x"), MessageGroupID: "g"},
	}
	if diff := cmp.Diff(want, deliveries()); diff != "" {
		t.Error(diff)
	}
	f.clock.Advance(5 * time.Minute)
	if later := publish("x", "g", nil); *later.MessageId == *first.MessageId {
		t.Error("a duplicate after five minutes")
	}
	if diff := cmp.Diff(want, deliveries()); diff != "" {
		t.Error(diff)
	}
}

// Messages of a group are delivered in order, also when delivery is retried
// (https://docs.aws.amazon.com/sns/latest/dg/fifo-topic-message-ordering.html).
func TestOrder(t *testing.T) {
	f := newFixture(t)
	fifo := sns.TopicARN("t.fifo")
	f.fail = func(attempt int, delivery api.Delivery) error {
		if attempt <= 5 {
			return &api.Error{Code: "InternalFailure", Status: 500}
		}
		return nil
	}
	f.subscribe(t, sns.Subscription{TopicARN: fifo, Protocol: "sqs", Endpoint: queue("q.fifo"), RawMessageDelivery: true})
	var want, got []string
	for i := range 20 {
		message := fmt.Sprint(i)
		want = append(want, message)
		f.publish(t, client.PublishInput{TopicArn: &fifo, Message: &message, MessageGroupId: aws.String("g"), MessageDeduplicationId: &message})
	}
	f.advance(t, 20)
	for range 20 {
		got = append(got, string(f.next(t).Payload))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// https://docs.aws.amazon.com/sns/latest/api/API_PublishBatch.html
func TestPublishBatch(t *testing.T) {
	f := newFixture(t)
	f.subscribe(t, sns.Subscription{Protocol: "sqs", Endpoint: queue("q"), RawMessageDelivery: true})
	output, err := f.client.PublishBatch(t.Context(), &client.PublishBatchInput{TopicArn: &topic, PublishBatchRequestEntries: []types.PublishBatchRequestEntry{
		{Id: aws.String("good"), Message: aws.String("x"), MessageAttributes: map[string]types.MessageAttributeValue{"n": attribute("Number", "1"), "s": text("y")}},
		{Id: aws.String("bad"), Message: aws.String("x"), Subject: aws.String("\n")},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if len(output.Successful) != 1 || *output.Successful[0].Id != "good" || output.Successful[0].SequenceNumber != nil {
		t.Errorf("%+v", output.Successful)
	}
	want := []types.BatchResultErrorEntry{{Id: aws.String("bad"), Code: aws.String("InvalidParameter"), Message: aws.String("Invalid parameter: Subject"), SenderFault: true}}
	if diff := cmp.Diff(want, output.Failed, cmpopts.IgnoreUnexported(types.BatchResultErrorEntry{})); diff != "" {
		t.Error(diff)
	}
	wantAttributes := map[string]api.Attribute{"n": {DataType: "Number", StringValue: "1"}, "s": {DataType: "String", StringValue: "y"}}
	if diff := cmp.Diff(wantAttributes, f.next(t).Attributes); diff != "" {
		t.Error(diff)
	}
}

func TestPublishBatchRefuses(t *testing.T) {
	entries := func(n int, message, id string) []types.PublishBatchRequestEntry {
		all := []types.PublishBatchRequestEntry{}
		for i := range n {
			all = append(all, types.PublishBatchRequestEntry{Id: aws.String(strings.ReplaceAll(id, "N", fmt.Sprint(i))), Message: &message})
		}
		return all
	}
	tests := []struct {
		name    string
		entries []types.PublishBatchRequestEntry
		want    string
	}{
		{"10 entries", entries(10, "x", "N"), "<nil>"},
		{"no entries", entries(0, "x", "N"), "EmptyBatchRequest"},
		{"11 entries", entries(11, "x", "N"), "TooManyEntriesInBatchRequest"},
		{"same IDs", entries(2, "x", "same"), "BatchEntryIdsNotDistinct"},
		{"ID", entries(1, "x", "a b"), "InvalidBatchEntryId"},
		{"size together", entries(2, strings.Repeat("x", 131073), "N"), "BatchRequestTooLong"},
	}
	f := newFixture(t)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := f.client.PublishBatch(t.Context(), &client.PublishBatchInput{TopicArn: &topic, PublishBatchRequestEntries: test.entries})
			if got := code(err); got != test.want {
				t.Errorf("got %s, want %s: %v", got, test.want, err)
			}
		})
	}
}

// https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html,
// https://docs.aws.amazon.com/sns/latest/dg/string-value-matching.html
func TestFilterPolicies(t *testing.T) {
	with := func(attributes map[string]types.MessageAttributeValue) client.PublishInput {
		return client.PublishInput{Message: aws.String("x"), MessageAttributes: attributes}
	}
	body := func(text string) client.PublishInput { return client.PublishInput{Message: &text} }
	type attributes = map[string]types.MessageAttributeValue
	tests := []struct {
		name, policy, scope string
		match, no           []client.PublishInput
	}{
		{
			name: "strings", policy: `{"interest": ["rugby", {"prefix": "base"}]}`,
			match: []client.PublishInput{with(attributes{"interest": text("rugby"), "other": text("x")}), with(attributes{"interest": text("baseball")}), with(attributes{"interest": attribute("String.Array", `["x", "rugby"]`)})},
			no:    []client.PublishInput{with(nil), with(attributes{"interest": text("Rugby")}), with(attributes{"interest": binary("rugby")})},
		},
		{
			name: "anything-but", policy: `{"interest": [{"anything-but": ["rugby", "tennis"]}]}`,
			match: []client.PublishInput{with(attributes{"interest": text("football")}), with(attributes{"interest": attribute("String.Array", `["rugby", "baseball"]`)})},
			no:    []client.PublishInput{with(attributes{"interest": text("rugby")}), with(attributes{"interest": attribute("String.Array", `["rugby"]`)}), with(nil)},
		},
		// https://docs.aws.amazon.com/sns/latest/dg/numeric-value-matching.html
		{
			name: "numbers", policy: `{"price": [100, {"numeric": [">", 200, "<", 300]}]}`,
			match: []client.PublishInput{with(attributes{"price": attribute("Number", "100.0")}), with(attributes{"price": attribute("Number", "250")}), with(attributes{"price": attribute("String.Array", `[1, 250]`)})},
			no:    []client.PublishInput{with(attributes{"price": attribute("Number", "150")}), with(attributes{"price": text("100")})},
		},
		// https://docs.aws.amazon.com/sns/latest/dg/attribute-key-matching.html
		{
			name: "keys", policy: `{"store": [{"exists": false}], "event": [{"exists": true}]}`,
			match: []client.PublishInput{with(attributes{"event": text("x")})},
			no:    []client.PublishInput{with(attributes{"event": text("x"), "store": text("y")}), with(nil)},
		},
		// https://docs.aws.amazon.com/sns/latest/dg/and-or-logic.html
		{
			name: "$or", policy: `{"$or": [{"a": ["x"]}, {"b": ["y"]}]}`,
			match: []client.PublishInput{with(attributes{"a": text("x")}), with(attributes{"b": text("y")})},
			no:    []client.PublishInput{with(attributes{"a": text("y")})},
		},
		// https://docs.aws.amazon.com/sns/latest/dg/sns-message-filtering.html
		{
			name: "body", policy: `{"detail": {"total": [{"numeric": [">", 100]}]}}`, scope: "MessageBody",
			match: []client.PublishInput{body(`{"detail": {"total": 101}}`)},
			no:    []client.PublishInput{body(`{"detail": {"total": 99}}`), body("text"), body(`[1]`)},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := newFixture(t)
			f.subscribe(t, sns.Subscription{Protocol: "sqs", Endpoint: queue("q"), FilterPolicy: []byte(test.policy), FilterPolicyScope: test.scope})
			for _, in := range test.no {
				f.publish(t, in)
			}
			for i, in := range test.match {
				want := f.publish(t, in)
				if got := decode(t, f.next(t).Payload)["MessageId"]; got != *want.MessageId {
					t.Errorf("message %d does not match, or another one does", i)
				}
			}
		})
	}
}

func TestCreateRefuses(t *testing.T) {
	f := newFixture(t)
	for _, topic := range []sns.Topic{
		{Name: "t"}, {Name: "x.fifo"}, {Name: "x", FIFO: true}, {Name: "x", ContentBasedDeduplication: true},
		{Name: "x", MaximumMessageSize: 1023}, {Name: "x", MaximumMessageSize: 1<<20 + 1},
	} {
		if err := f.CreateTopic(topic); code(err) != "InvalidParameter" {
			t.Errorf("%+v: %v", topic, err)
		}
	}
	tests := []struct {
		name         string
		subscription sns.Subscription
		want         string
	}{
		{"topic", sns.Subscription{TopicARN: "none"}, "Topic does not exist"},
		{"protocol", sns.Subscription{Protocol: "email", Endpoint: "a@example.com"}, `protocol "email" is not supported locally: use sqs or lambda`},
		{"function of a FIFO topic", sns.Subscription{TopicARN: sns.TopicARN("t.fifo"), Protocol: "lambda"}, "FIFO topics deliver to queues only"},
		{"FIFO queue of a standard topic", sns.Subscription{Protocol: "sqs", Endpoint: queue("q.fifo")}, "FIFO SQS Queues can not be subscribed to standard SNS topics"},
		{"raw messages for a function", sns.Subscription{Protocol: "lambda", RawMessageDelivery: true}, "does not support raw message delivery"},
		{"scope", sns.Subscription{Protocol: "sqs", FilterPolicyScope: "Message"}, "FilterPolicyScope"},
		{"policy", sns.Subscription{Protocol: "sqs", FilterPolicy: []byte(`{"a": "x"}`)}, "FilterPolicy: a: must be an object that is not empty"},
		// https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html
		{"nested policy on attributes", sns.Subscription{Protocol: "sqs", FilterPolicy: []byte(`{"a": {"b": ["x"]}}`)}, "does not support nested filter policy"},
		{
			"six keys", sns.Subscription{Protocol: "sqs", FilterPolicyScope: "MessageBody", FilterPolicy: []byte(`{"a": [1], "$or": [{"b": {"c": [1]}}, {"d": [1]}], "e": [1], "f": [1], "g": [1]}`)},
			"Filter policy can not have more than 5 keys",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if test.subscription.TopicARN == "" {
				test.subscription.TopicARN = topic
			}
			_, err := f.Subscribe(test.subscription)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

func TestDescriptions(t *testing.T) {
	f := newFixture(t)
	arn := f.subscribe(t, sns.Subscription{Protocol: "sqs", Endpoint: queue("q"), RawMessageDelivery: true, FilterPolicy: []byte(`{"a":["x"]}`), DeadLetterARN: queue("dead")})
	fifo := f.subscribe(t, sns.Subscription{TopicARN: sns.TopicARN("t.fifo"), Protocol: "sqs", Endpoint: queue("q.fifo")})
	ctx := t.Context()
	topics, err := f.client.ListTopics(ctx, &client.ListTopicsInput{})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, topic := range topics.Topics {
		names = append(names, *topic.TopicArn)
	}
	if diff := cmp.Diff([]string{sns.TopicARN("hashed.fifo"), topic, sns.TopicARN("t.fifo")}, names); diff != "" {
		t.Error(diff)
	}
	attributes, err := f.client.GetTopicAttributes(ctx, &client.GetTopicAttributesInput{TopicArn: &topic})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"TopicArn": "arn:aws:sns:us-east-1:000000000000:t", "Owner": "000000000000", "DisplayName": "T", "SubscriptionsConfirmed": "1",
		"SubscriptionsPending": "0", "SubscriptionsDeleted": "0", "MaximumMessageSize": "262144",
	}
	if diff := cmp.Diff(want, attributes.Attributes); diff != "" {
		t.Error(diff)
	}
	if attributes, err = f.client.GetTopicAttributes(ctx, &client.GetTopicAttributesInput{TopicArn: aws.String(sns.TopicARN("hashed.fifo"))}); err != nil {
		t.Fatal(err)
	}
	if attributes.Attributes["FifoTopic"] != "true" || attributes.Attributes["ContentBasedDeduplication"] != "true" {
		t.Error(attributes.Attributes)
	}
	all, err := f.client.ListSubscriptions(ctx, &client.ListSubscriptionsInput{})
	if err != nil {
		t.Fatal(err)
	}
	ofTopic, err := f.client.ListSubscriptionsByTopic(ctx, &client.ListSubscriptionsByTopicInput{TopicArn: &topic})
	if err != nil {
		t.Fatal(err)
	}
	wantSubscriptions := []types.Subscription{
		{SubscriptionArn: &arn, Owner: aws.String("000000000000"), Protocol: aws.String("sqs"), Endpoint: aws.String(queue("q")), TopicArn: &topic},
		{SubscriptionArn: &fifo, Owner: aws.String("000000000000"), Protocol: aws.String("sqs"), Endpoint: aws.String(queue("q.fifo")), TopicArn: aws.String(sns.TopicARN("t.fifo"))},
	}
	ignore := cmpopts.IgnoreUnexported(types.Subscription{})
	if diff := cmp.Diff(wantSubscriptions, all.Subscriptions, ignore); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(wantSubscriptions[:1], ofTopic.Subscriptions, ignore); diff != "" {
		t.Error(diff)
	}
	subscription, err := f.client.GetSubscriptionAttributes(ctx, &client.GetSubscriptionAttributesInput{SubscriptionArn: &arn})
	if err != nil {
		t.Fatal(err)
	}
	want = map[string]string{
		"SubscriptionArn": arn, "TopicArn": topic, "Owner": "000000000000", "Protocol": "sqs", "Endpoint": queue("q"), "RawMessageDelivery": "true",
		"ConfirmationWasAuthenticated": "true", "PendingConfirmation": "false", "FilterPolicy": `{"a":["x"]}`, "FilterPolicyScope": "MessageAttributes",
		"RedrivePolicy": `{"deadLetterTargetArn":"` + queue("dead") + `"}`,
	}
	if diff := cmp.Diff(want, subscription.Attributes); diff != "" {
		t.Error(diff)
	}
	if _, err := f.client.GetSubscriptionAttributes(ctx, &client.GetSubscriptionAttributesInput{SubscriptionArn: &topic}); code(err) != "NotFound" {
		t.Error(err)
	}
	for _, err := range []error{
		second(f.client.GetTopicAttributes(ctx, &client.GetTopicAttributesInput{TopicArn: aws.String("none")})),
		second(f.client.ListSubscriptionsByTopic(ctx, &client.ListSubscriptionsByTopicInput{TopicArn: aws.String("none")})),
		second(f.client.PublishBatch(ctx, &client.PublishBatchInput{TopicArn: aws.String("none"), PublishBatchRequestEntries: []types.PublishBatchRequestEntry{}})),
	} {
		if code(err) != "NotFound" {
			t.Error(err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// Step Functions calls the operations in JSON.
func TestOperationsInJSON(t *testing.T) {
	f := newFixture(t)
	f.subscribe(t, sns.Subscription{Protocol: "sqs", Endpoint: queue("q"), RawMessageDelivery: true})
	output, err := f.Operations().Call(&api.Call{Context: t.Context()}, "Publish", []byte(`{"TopicArn":"`+topic+`","Message":"x","MessageAttributes":{"a":{"DataType":"String","StringValue":"y"}}}`))
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := decode(t, output)["MessageId"]; !ok {
		t.Errorf("%s", output)
	}
	want := map[string]api.Attribute{"a": {DataType: "String", StringValue: "y"}}
	if diff := cmp.Diff(want, f.next(t).Attributes); diff != "" {
		t.Error(diff)
	}
}

// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsns.html
func TestPermissions(t *testing.T) {
	tests := []struct {
		name string
		call func(ctx context.Context, c *client.Client) error
		want string
	}{
		{"GetSubscriptionAttributes", func(ctx context.Context, c *client.Client) error {
			return second(c.GetSubscriptionAttributes(ctx, &client.GetSubscriptionAttributesInput{SubscriptionArn: &topic}))
		}, "*"},
		{"GetTopicAttributes", func(ctx context.Context, c *client.Client) error {
			return second(c.GetTopicAttributes(ctx, &client.GetTopicAttributesInput{TopicArn: &topic}))
		}, topic},
		{"ListSubscriptions", func(ctx context.Context, c *client.Client) error {
			return second(c.ListSubscriptions(ctx, &client.ListSubscriptionsInput{}))
		}, "*"},
		{"ListSubscriptionsByTopic", func(ctx context.Context, c *client.Client) error {
			return second(c.ListSubscriptionsByTopic(ctx, &client.ListSubscriptionsByTopicInput{TopicArn: &topic}))
		}, topic},
		{"ListTopics", func(ctx context.Context, c *client.Client) error {
			return second(c.ListTopics(ctx, &client.ListTopicsInput{}))
		}, "*"},
		{"Publish", func(ctx context.Context, c *client.Client) error {
			return second(c.Publish(ctx, &client.PublishInput{TopicArn: &topic, Message: aws.String("x")}))
		}, topic},
		{"PublishBatch", func(ctx context.Context, c *client.Client) error {
			return second(c.PublishBatch(ctx, &client.PublishBatchInput{TopicArn: &topic, PublishBatchRequestEntries: []types.PublishBatchRequestEntry{}}))
		}, topic},
	}
	var names []string
	for _, test := range tests {
		names = append(names, test.name)
		t.Run(test.name, func(t *testing.T) {
			f := newFixture(t)
			var asked []string
			f.principal = &api.Principal{Allow: func(action, resource string, _ api.Keys) error {
				asked = append(asked, action+" "+resource)
				return &api.Error{Code: "AccessDeniedException", Message: "no"}
			}}
			if got := code(test.call(t.Context(), f.client)); got != "AuthorizationError" {
				t.Errorf("got %s", got)
			}
			// Sending a batch takes the permission to publish.
			want := "sns:" + strings.TrimSuffix(test.name, "Batch") + " " + test.want
			if diff := cmp.Diff([]string{want}, asked); diff != "" {
				t.Error(diff)
			}
		})
	}
	if diff := cmp.Diff(newFixture(t).Operations().Names(), names); diff != "" {
		t.Error(diff)
	}
}
