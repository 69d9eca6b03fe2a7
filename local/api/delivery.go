package api

import (
	"errors"
	"net/http"
	"strings"
)

// Delivery is what a service sends to another's resource on behalf of one of its
// own.
type Delivery struct {
	// Source is the ARN of the resource on whose behalf: aws:SourceArn.
	Source string
	// Role is who delivers. Nil means the service itself, as far as the policy of
	// the target lets it.
	Role *Principal
	// Target is the ARN of what to deliver to.
	Target string
	// Payload is the message, event or input.
	Payload []byte
	// MessageGroupID is the message group in a queue.
	MessageGroupID string
	// MessageDeduplicationID is the deduplication ID in a FIFO queue.
	MessageDeduplicationID string
	// Attributes are message attributes in a queue.
	Attributes map[string]Attribute
}

// Attribute is a message attribute as Amazon SNS and Amazon SQS have it
// (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_MessageAttributeValue.html).
type Attribute struct {
	DataType    string `json:",omitempty"`
	StringValue string `json:",omitempty"`
	BinaryValue []byte `json:",omitempty"`
}

// Throttled says whether an error is that there were too many requests.
func Throttled(err error) bool {
	failure, ok := errors.AsType[*Error](err)
	return ok && (failure.Status == http.StatusTooManyRequests ||
		strings.Contains(failure.Code, "Throttl") || strings.HasPrefix(failure.Code, "TooManyRequests") ||
		failure.Code == "ProvisionedThroughputExceededException")
}

// Retryable says whether what failed may succeed when it is tried again: any
// error but one that says that the client is wrong.
func Retryable(err error) bool {
	failure, ok := errors.AsType[*Error](err)
	return !ok || failure.Status >= http.StatusInternalServerError || Throttled(err)
}
