package sqs_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/noidle/noidle/local/api"
)

func text(kind, value string) types.MessageAttributeValue {
	return types.MessageAttributeValue{DataType: &kind, StringValue: &value}
}

// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
func TestSendMessageRefuses(t *testing.T) {
	attributes := func(name string, value types.MessageAttributeValue) sdk.SendMessageInput {
		return sdk.SendMessageInput{MessageAttributes: map[string]types.MessageAttributeValue{name: value}}
	}
	eleven := map[string]types.MessageAttributeValue{}
	for i := range 11 {
		eleven[fmt.Sprint("a", i)] = text("String", "v")
	}
	const value = "InvalidParameterValue"
	tests := []struct {
		name       string
		in         sdk.SendMessageInput
		code, text string
	}{
		{"empty body", sdk.SendMessageInput{MessageBody: new("")}, "MissingParameter", "MessageBody"},
		{"control character", sdk.SendMessageInput{MessageBody: new("a\x01")}, "InvalidMessageContents", "#x1"},
		{"no character", sdk.SendMessageInput{MessageBody: new("a\uffff")}, "InvalidMessageContents", "#xFFFF"},
		{"too long", sdk.SendMessageInput{MessageBody: new(strings.Repeat("a", 1<<20+1))}, value, "shorter than 1048576 bytes"},
		{"long delay", sdk.SendMessageInput{DelaySeconds: 901}, value, "DelaySeconds"},
		{"negative delay", sdk.SendMessageInput{DelaySeconds: -1}, value, "DelaySeconds"},
		{"group", sdk.SendMessageInput{MessageGroupId: new("a b")}, value, "MessageGroupId"},
		{"long group", sdk.SendMessageInput{MessageGroupId: new(strings.Repeat("a", 129))}, value, "MessageGroupId"},
		{"deduplication", sdk.SendMessageInput{MessageDeduplicationId: new("a")}, value, "not valid for this queue type"},
		{"attributes", sdk.SendMessageInput{MessageAttributes: eleven}, value, "exceeds the allowed maximum [10]"},
		{"reserved name", attributes("AWS.a", text("String", "v")), value, "AWS.a"},
		{"reserved name in other case", attributes("amazon.a", text("String", "v")), value, "amazon.a"},
		{"dot at the end", attributes("a.", text("String", "v")), value, "a."},
		{"dots", attributes("a..b", text("String", "v")), value, "a..b"},
		{"long name", attributes(strings.Repeat("a", 257), text("String", "v")), value, "aaa"},
		{"type", attributes("a", text("Bool", "true")), value, "supported type prefixes"},
		{"number", attributes("a", text("Number", "x")), value, "to a number"},
		{"empty value", attributes("a", text("String", "")), value, "'a'"},
		{"value of other type", attributes("a", types.MessageAttributeValue{DataType: new("String"), BinaryValue: []byte("a")}), value, "'a'"},
		{"value is text", attributes("a", text("Binary", "a")), value, "'a'"},
		{"contents of value", attributes("a", text("String", "\x02")), "InvalidMessageContents", "#x2"},
		{"system attribute", sdk.SendMessageInput{MessageSystemAttributes: map[string]types.MessageSystemAttributeValue{
			"Foo": {DataType: new("String"), StringValue: new("v")},
		}}, value, "Foo"},
		{"list values", attributes("a", types.MessageAttributeValue{DataType: new("String"), StringListValues: []string{"a"}}), "ValidationException", "StringListValues"},
	}
	c := newCloud(t, nil)
	jobs := c.queue("jobs", nil)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.in.QueueUrl = jobs
			if test.in.MessageBody == nil {
				test.in.MessageBody = new("b")
			}
			_, err := c.SendMessage(t.Context(), &test.in)
			wantError(t, err, test.code, test.text)
		})
	}
	want(t, c.attributes(jobs, "ApproximateNumberOfMessages")["ApproximateNumberOfMessages"], "0")
}

// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
// Body and attributes count, system attributes don't.
func TestMessageSize(t *testing.T) {
	c := newCloud(t, nil)
	jobs := c.queue("jobs", map[string]string{"MaximumMessageSize": "1024"})
	tests := []struct {
		name  string
		body  int
		value string
		ok    bool
	}{
		{"body", 1024, "", true},
		{"large body", 1025, "", false},
		{"body and attribute", 1024 - len("name") - len("String") - len("value"), "value", true},
		{"large body and attribute", 1024 - len("name") - len("String") - len("value"), "value+", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			in := &sdk.SendMessageInput{
				QueueUrl: jobs, MessageBody: new(strings.Repeat("a", test.body)),
				MessageSystemAttributes: map[string]types.MessageSystemAttributeValue{
					"AWSTraceHeader": {DataType: new("String"), StringValue: new("Root=1-5759e988-bd862e3fe1be46a994272793")},
				},
			}
			if test.value != "" {
				in.MessageAttributes = map[string]types.MessageAttributeValue{"name": text("String", test.value)}
			}
			if _, err := c.SendMessage(t.Context(), in); (err == nil) != test.ok {
				t.Errorf("error %v", err)
			}
		})
	}
}

// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html
// The client verifies the checksums of bodies. Those of attributes are of the
// documented calculation, done by hand.
func TestMessageAttributes(t *testing.T) {
	c := newCloud(t, nil)
	jobs := c.queue("jobs", nil)
	attributes := map[string]types.MessageAttributeValue{
		"foo.text":   text("String", "héllo"),
		"foo.number": text("Number.int", "-1.5e3"),
		"data":       {DataType: new("Binary.png"), BinaryValue: []byte{0, 1, 255}},
	}
	sent := must(c.SendMessage(t.Context(), &sdk.SendMessageInput{
		QueueUrl: jobs, MessageBody: new("body"), MessageAttributes: attributes,
		MessageSystemAttributes: map[string]types.MessageSystemAttributeValue{"AWSTraceHeader": {DataType: new("String"), StringValue: new("Root=1")}},
	}))(t)
	want(t, *sent.MD5OfMessageBody, "841a2d689ad86bd1611447453c22c6fc")
	want(t, *sent.MD5OfMessageAttributes, md5Of(
		"\x00\x00\x00\x04data\x00\x00\x00\x0aBinary.png\x02\x00\x00\x00\x03\x00\x01\xff"+
			"\x00\x00\x00\x0afoo.number\x00\x00\x00\x0aNumber.int\x01\x00\x00\x00\x06-1.5e3"+
			"\x00\x00\x00\x08foo.text\x00\x00\x00\x06String\x01\x00\x00\x00\x06héllo"))
	want(t, *sent.MD5OfMessageSystemAttributes, md5Of("\x00\x00\x00\x0eAWSTraceHeader\x00\x00\x00\x06String\x01\x00\x00\x00\x06Root=1"))

	tests := []struct {
		name  string
		names []string
		want  []string
	}{
		{"none", nil, nil},
		{"all", []string{"All"}, []string{"foo.text", "foo.number", "data"}},
		{"all as prefix", []string{".*"}, []string{"foo.text", "foo.number", "data"}},
		{"prefix", []string{"foo.*"}, []string{"foo.text", "foo.number"}},
		{"name", []string{"data", "others"}, []string{"data"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := must(c.ReceiveMessage(t.Context(), &sdk.ReceiveMessageInput{QueueUrl: jobs, MessageAttributeNames: test.names}))(t).Messages[0]
			selected := map[string]types.MessageAttributeValue{}
			for _, name := range test.want {
				selected[name] = attributes[name]
			}
			if len(test.want) == 0 {
				want(t, got.MessageAttributes, nil)
				want(t, got.MD5OfMessageAttributes, nil)
			} else {
				wantSame(t, got.MessageAttributes, selected, cmpopts.IgnoreUnexported(types.MessageAttributeValue{}))
			}
			if test.name == "all" {
				want(t, got.MD5OfMessageAttributes, sent.MD5OfMessageAttributes)
			}
			c.clock.Advance(30 * time.Second)
		})
	}
}

// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html
func TestSystemAttributes(t *testing.T) {
	c := newCloud(t, &api.Principal{ARN: "arn:aws:sts::000000000000:assumed-role/r/s", Allow: func(string, string, api.Keys) error { return nil }})
	jobs := c.queue("jobs", nil)
	must(c.SendMessage(t.Context(), &sdk.SendMessageInput{
		QueueUrl: jobs, MessageBody: new("b"), MessageGroupId: new("tenant"),
		MessageSystemAttributes: map[string]types.MessageSystemAttributeValue{"AWSTraceHeader": {DataType: new("String"), StringValue: new("Root=1")}},
	}))(t)
	c.clock.Advance(time.Second)
	for count := range 2 {
		want(t, c.receive(jobs)[0].Attributes, map[string]string{
			"AWSTraceHeader": "Root=1", "MessageGroupId": "tenant", "SenderId": "arn:aws:sts::000000000000:assumed-role/r/s",
			"SentTimestamp": "1767323045000", "ApproximateFirstReceiveTimestamp": "1767323046000",
			"ApproximateReceiveCount": fmt.Sprint(count + 1),
		})
		c.clock.Advance(30 * time.Second)
	}
	// AttributeNames is the older name of the list.
	got := c.call("ReceiveMessage", `{"QueueUrl":"jobs","AttributeNames":["SentTimestamp"],"MessageSystemAttributeNames":["ApproximateReceiveCount","SequenceNumber"]}`)
	if !strings.Contains(string(got), `"Attributes":{"ApproximateReceiveCount":"3","SentTimestamp":"1767323045000"}`) {
		t.Errorf("%s", got)
	}
	_, err := c.ReceiveMessage(t.Context(), &sdk.ReceiveMessageInput{QueueUrl: jobs, MessageSystemAttributeNames: []types.MessageSystemAttributeName{"Foo"}})
	wantError(t, err, "InvalidAttributeName", "Unknown Attribute Foo.")
}

// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-batch-api-actions.html
func TestBatches(t *testing.T) {
	entries := func(ids ...string) (entries []types.SendMessageBatchRequestEntry) {
		for _, id := range ids {
			entries = append(entries, types.SendMessageBatchRequestEntry{Id: new(id), MessageBody: new("b")})
		}
		return entries
	}
	long := entries("a", "b")
	for i := range long {
		long[i].MessageBody = new(strings.Repeat("a", 1<<19+i))
	}
	tests := []struct {
		name       string
		entries    []types.SendMessageBatchRequestEntry
		code, text string
	}{
		{"empty", []types.SendMessageBatchRequestEntry{}, "EmptyBatchRequest", "at least one entry"},
		{"eleven", entries("a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"), "TooManyEntriesInBatchRequest", "You have sent 11"},
		{"same id", entries("a", "a"), "BatchEntryIdsNotDistinct", "Id a repeated."},
		{"id", entries("a b"), "InvalidBatchEntryId", "alphanumeric"},
		{"long id", entries(strings.Repeat("a", 81)), "InvalidBatchEntryId", "80"},
		{"too long", long, "BatchRequestTooLong", "You have sent 1048577 bytes."},
	}
	c := newCloud(t, nil)
	jobs := c.queue("jobs", nil)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := c.SendMessageBatch(t.Context(), &sdk.SendMessageBatchInput{QueueUrl: jobs, Entries: test.entries})
			wantError(t, err, "AWS.SimpleQueueService."+test.code, test.text)
		})
	}
	t.Run("partial failure", func(t *testing.T) {
		mixed := entries("good", "bad", "fine")
		mixed[1].DelaySeconds = 901
		sent := must(c.SendMessageBatch(t.Context(), &sdk.SendMessageBatchInput{QueueUrl: jobs, Entries: mixed}))(t)
		want(t, []string{*sent.Successful[0].Id, *sent.Successful[1].Id}, []string{"good", "fine"})
		want(t, *sent.Failed[0].Id+" "+*sent.Failed[0].Code, "bad InvalidParameterValue")
		want(t, sent.Failed[0].SenderFault, true)

		got := c.receive(jobs)
		want(t, []string{*got[0].MessageId, *got[1].MessageId}, []string{*sent.Successful[0].MessageId, *sent.Successful[1].MessageId})
		changed := must(c.ChangeMessageVisibilityBatch(t.Context(), &sdk.ChangeMessageVisibilityBatchInput{QueueUrl: jobs, Entries: []types.ChangeMessageVisibilityBatchRequestEntry{
			{Id: new("good"), ReceiptHandle: got[0].ReceiptHandle}, {Id: new("bad"), ReceiptHandle: new("x")},
		}}))(t)
		want(t, *changed.Successful[0].Id+" "+*changed.Failed[0].Id+" "+*changed.Failed[0].Code, "good bad ReceiptHandleIsInvalid")
		want(t, len(c.receive(jobs)), 1)
		deleted := must(c.DeleteMessageBatch(t.Context(), &sdk.DeleteMessageBatchInput{QueueUrl: jobs, Entries: []types.DeleteMessageBatchRequestEntry{
			{Id: new("good"), ReceiptHandle: got[0].ReceiptHandle}, {Id: new("bad"), ReceiptHandle: new("x")},
		}}))(t)
		want(t, *deleted.Successful[0].Id+" "+*deleted.Failed[0].Id+" "+*deleted.Failed[0].Code, "good bad ReceiptHandleIsInvalid")
		c.clock.Advance(30 * time.Second)
		want(t, len(c.receive(jobs)), 1)
	})
}
