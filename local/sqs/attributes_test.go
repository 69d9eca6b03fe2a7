package sqs_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/noidle/noidle/local/sqs"
)

// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html
func TestCreateQueueRefuses(t *testing.T) {
	fifo := func(name, value string) map[string]string { return map[string]string{"FifoQueue": "true", name: value} }
	dlq := `{"deadLetterTargetArn":"` + sqs.ARN("dlq") + `","maxReceiveCount":`
	tests := []struct {
		name, queue string
		attributes  map[string]string
		want        string
	}{
		{"exists", "dlq", nil, "QueueNameExists"},
		{"no name", "", nil, "1 to 80"},
		{"characters", "a.b", nil, "alphanumeric"},
		{"long name", strings.Repeat("a", 81), nil, "1 to 80"},
		{"FIFO without suffix", "a", fifo("FifoQueue", "true"), "must end with .fifo"},
		{"suffix without FIFO", "a.fifo", nil, "alphanumeric"},
		{"FIFO attribute", "a", map[string]string{"ContentBasedDeduplication": "true"}, "InvalidAttributeName"},
		{"unknown attribute", "a", map[string]string{"Foo": "1"}, "Unknown Attribute Foo."},
		{"policy", "a", map[string]string{"Policy": "{}"}, "Unknown Attribute Policy."},
		{"delay", "a", map[string]string{"DelaySeconds": "901"}, "Invalid value for the parameter DelaySeconds."},
		{"size", "a", map[string]string{"MaximumMessageSize": "1023"}, "MaximumMessageSize"},
		{"large size", "a", map[string]string{"MaximumMessageSize": "1048577"}, "MaximumMessageSize"},
		{"retention", "a", map[string]string{"MessageRetentionPeriod": "59"}, "MessageRetentionPeriod"},
		{"wait", "a", map[string]string{"ReceiveMessageWaitTimeSeconds": "21"}, "ReceiveMessageWaitTimeSeconds"},
		{"visibility", "a", map[string]string{"VisibilityTimeout": "43201"}, "VisibilityTimeout"},
		{"no number", "a", map[string]string{"VisibilityTimeout": "x"}, "VisibilityTimeout"},
		{"encryption", "a", map[string]string{"SqsManagedSseEnabled": "yes"}, "SqsManagedSseEnabled"},
		{"scope", "a.fifo", fifo("DeduplicationScope", "x"), "DeduplicationScope"},
		{"throughput", "a.fifo", fifo("FifoThroughputLimit", "perMessageGroupId"), "messageGroup"},
		{"policy syntax", "a", map[string]string{"RedrivePolicy": "x"}, "not a valid JSON map"},
		{"no target", "a", map[string]string{"RedrivePolicy": `{"deadLetterTargetArn":"` + sqs.ARN("x") + `"}`}, "Dead letter target does not exist."},
		{"no ARN", "a", map[string]string{"RedrivePolicy": `{"deadLetterTargetArn":"dlq"}`}, "Dead letter target does not exist."},
		{"receive count", "a", map[string]string{"RedrivePolicy": dlq + `0}`}, "maxReceiveCount: 0"},
		{"large receive count", "a", map[string]string{"RedrivePolicy": dlq + `1001}`}, "maxReceiveCount: 1001"},
		{"type of target", "a.fifo", fifo("RedrivePolicy", dlq+`1}`), "same type"},
		{"denied", "a", map[string]string{"RedrivePolicy": `{"deadLetterTargetArn":"` + sqs.ARN("closed") + `"}`}, "RedriveAllowPolicy"},
		{"not among sources", "b", map[string]string{"RedrivePolicy": `{"deadLetterTargetArn":"` + sqs.ARN("open-to-a") + `"}`}, "RedriveAllowPolicy"},
		{"no permission", "a", map[string]string{"RedriveAllowPolicy": `{}`}, "redrivePermission"},
		{"sources without byQueue", "a", map[string]string{"RedriveAllowPolicy": `{"redrivePermission":"allowAll","sourceQueueArns":["x"]}`}, "redrivePermission"},
		{"byQueue without sources", "a", map[string]string{"RedriveAllowPolicy": `{"redrivePermission":"byQueue"}`}, "redrivePermission"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := newCloud(t, nil)
			c.queue("dlq", nil)
			c.queue("closed", map[string]string{"RedriveAllowPolicy": `{"redrivePermission":"denyAll"}`})
			c.queue("open-to-a", map[string]string{"RedriveAllowPolicy": `{"redrivePermission":"byQueue","sourceQueueArns":["` + sqs.ARN("a") + `"]}`})
			c.queue("a-source", map[string]string{"RedriveAllowPolicy": `{"redrivePermission":"allowAll"}`})
			if err := c.service.CreateQueue(test.queue, test.attributes); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
	t.Run("source that is allowed", func(t *testing.T) {
		c := newCloud(t, nil)
		c.queue("open-to-a", map[string]string{"RedriveAllowPolicy": `{"redrivePermission":"byQueue","sourceQueueArns":["` + sqs.ARN("a") + `"]}`})
		c.queue("a", map[string]string{"RedrivePolicy": `{"deadLetterTargetArn":"` + sqs.ARN("open-to-a") + `","maxReceiveCount":"3"}`})
	})
}

// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html
func TestGetQueueAttributes(t *testing.T) {
	c := newCloud(t, nil)
	c.queue("dlq.fifo", nil)
	standard := c.queue("jobs", map[string]string{"VisibilityTimeout": "0", "KmsMasterKeyId": "alias/aws/sqs"})
	fifo := c.queue("jobs.fifo", map[string]string{
		"RedrivePolicy":             `{"deadLetterTargetArn":"` + sqs.ARN("dlq.fifo") + `","maxReceiveCount":"3"}`,
		"ContentBasedDeduplication": "true",
	})
	initial := map[string]string{
		"DelaySeconds": "0", "MaximumMessageSize": "1048576", "MessageRetentionPeriod": "345600",
		"ReceiveMessageWaitTimeSeconds": "0", "VisibilityTimeout": "30", "SqsManagedSseEnabled": "true",
		"CreatedTimestamp": "1767323045", "LastModifiedTimestamp": "1767323045",
		"ApproximateNumberOfMessages": "0", "ApproximateNumberOfMessagesNotVisible": "0", "ApproximateNumberOfMessagesDelayed": "0",
	}
	with := func(more map[string]string) map[string]string {
		merged := map[string]string{}
		for _, m := range []map[string]string{initial, more} {
			for name, value := range m {
				merged[name] = value
			}
		}
		return merged
	}
	want(t, c.attributes(standard, "All"), with(map[string]string{
		"QueueArn": sqs.ARN("jobs"), "VisibilityTimeout": "0", "KmsMasterKeyId": "alias/aws/sqs",
	}))
	want(t, c.attributes(fifo, "All"), with(map[string]string{
		"QueueArn": sqs.ARN("jobs.fifo"), "FifoQueue": "true", "ContentBasedDeduplication": "true",
		"DeduplicationScope": "queue", "FifoThroughputLimit": "perQueue",
		"RedrivePolicy": `{"deadLetterTargetArn":"` + sqs.ARN("dlq.fifo") + `","maxReceiveCount":3}`,
	}))
	want(t, c.attributes(standard, "QueueArn", "RedrivePolicy", "FifoQueue", "Policy"), map[string]string{"QueueArn": sqs.ARN("jobs")})
	want(t, len(c.attributes(standard)), 0)
	_, err := c.GetQueueAttributes(t.Context(), &sdk.GetQueueAttributesInput{QueueUrl: standard, AttributeNames: []types.QueueAttributeName{"Foo"}})
	wantError(t, err, "InvalidAttributeName", "Unknown Attribute Foo.")
}

func TestCountsOfMessages(t *testing.T) {
	c := newCloud(t, nil)
	jobs := c.queue("jobs", nil)
	c.send(jobs, "a", "b", "c")
	must(c.SendMessage(t.Context(), &sdk.SendMessageInput{QueueUrl: jobs, MessageBody: new("d"), DelaySeconds: 5}))(t)
	must(c.ReceiveMessage(t.Context(), &sdk.ReceiveMessageInput{QueueUrl: jobs, MaxNumberOfMessages: 2}))(t)
	count := func() (counts string) {
		got := c.attributes(jobs, "All")
		return got["ApproximateNumberOfMessages"] + got["ApproximateNumberOfMessagesNotVisible"] + got["ApproximateNumberOfMessagesDelayed"]
	}
	want(t, count(), "121")
	c.clock.Advance(5 * time.Second)
	want(t, count(), "220")
	c.clock.Advance(25 * time.Second)
	want(t, count(), "400")
}

// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
func TestSetQueueAttributes(t *testing.T) {
	c := newCloud(t, nil)
	c.queue("dlq", nil)
	jobs := c.queue("jobs", nil)
	c.clock.Advance(time.Minute)
	_, err := c.SetQueueAttributes(t.Context(), &sdk.SetQueueAttributesInput{QueueUrl: jobs, Attributes: map[string]string{
		"DelaySeconds": "10", "VisibilityTimeout": "x",
	}})
	wantError(t, err, "InvalidAttributeValue", "VisibilityTimeout")
	want(t, c.attributes(jobs, "DelaySeconds", "LastModifiedTimestamp"), map[string]string{"DelaySeconds": "0", "LastModifiedTimestamp": "1767323045"})

	policy := `{"deadLetterTargetArn":"` + sqs.ARN("dlq") + `","maxReceiveCount":1}`
	for name, value := range map[string]string{"DelaySeconds": "10", "RedrivePolicy": policy} {
		if err := c.set(jobs, name, value); err != nil {
			t.Fatal(err)
		}
	}
	want(t, c.attributes(jobs, "DelaySeconds", "LastModifiedTimestamp", "RedrivePolicy"),
		map[string]string{"DelaySeconds": "10", "LastModifiedTimestamp": "1767323105", "RedrivePolicy": policy})
	if err := c.set(jobs, "RedrivePolicy", ""); err != nil {
		t.Fatal(err)
	}
	want(t, len(c.attributes(jobs, "RedrivePolicy")), 0)
	wantError(t, c.set(jobs, "FifoQueue", "true"), "InvalidAttributeName", "FifoQueue")
}

// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ListDeadLetterSourceQueues.html
func TestListDeadLetterSourceQueues(t *testing.T) {
	c := newCloud(t, nil)
	dlq := c.queue("dlq", nil)
	c.queue("other", nil)
	for _, name := range []string{"c", "a", "b"} {
		c.queue(name, map[string]string{"RedrivePolicy": `{"deadLetterTargetArn":"` + sqs.ARN("dlq") + `"}`})
	}
	pages := sdk.NewListDeadLetterSourceQueuesPaginator(c, &sdk.ListDeadLetterSourceQueuesInput{QueueUrl: dlq, MaxResults: aws.Int32(2)})
	var got [][]string
	for pages.HasMorePages() {
		got = append(got, must(pages.NextPage(t.Context()))(t).QueueUrls)
	}
	want(t, got, [][]string{{queueURL("a"), queueURL("b")}, {queueURL("c")}})
}
