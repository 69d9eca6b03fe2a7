package sqs

import (
	"cmp"
	"crypto/md5"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/noidle/noidle/local/api"
)

// attribute is a typed value that goes with a message.
type attribute struct {
	DataType    string
	StringValue *string `json:",omitempty"`
	BinaryValue []byte  `json:",omitempty"`
}

type sendInput struct {
	entry
	MessageBody             string
	DelaySeconds            *int
	MessageAttributes       map[string]attribute
	MessageSystemAttributes map[string]attribute
	MessageGroupID          string `json:"MessageGroupId"`
	MessageDeduplicationID  string `json:"MessageDeduplicationId"`
}

type sendOutput struct {
	entryResult
	MessageID                    string `json:"MessageId"`
	MD5OfMessageBody             string
	MD5OfMessageAttributes       string `json:",omitempty"`
	MD5OfMessageSystemAttributes string `json:",omitempty"`
	SequenceNumber               string `json:",omitempty"`
}

// size is that of the body and the attributes. System attributes don't count.
func (in sendInput) size() int {
	size := len(in.MessageBody)
	for name, a := range in.MessageAttributes {
		size += len(name) + len(a.DataType) + len(a.value())
	}
	return size
}

func (s *Service) send(q *queue, call *api.Call, in *sendInput) (sendOutput, error) {
	delay, err := in.check(q)
	if err != nil {
		return sendOutput{}, err
	}
	now := s.clock.Now()
	out := sendOutput{
		entryResult:                  entryResult{in.ID},
		MessageID:                    uuid.NewString(),
		MD5OfMessageBody:             digest([]byte(in.MessageBody)),
		MD5OfMessageAttributes:       attributesDigest(in.MessageAttributes),
		MD5OfMessageSystemAttributes: attributesDigest(in.MessageSystemAttributes),
	}
	m := &message{
		id: out.MessageID, body: in.MessageBody, attributes: in.MessageAttributes, sent: now,
		sender: api.Account, groupID: in.MessageGroupID, duplicateID: in.MessageDeduplicationID,
	}
	if call.Principal != nil {
		m.sender = call.Principal.ARN
	}
	if trace, ok := in.MessageSystemAttributes["AWSTraceHeader"]; ok {
		m.trace = trace.value()
	}
	if q.fifo {
		if m.duplicateID == "" {
			m.duplicateID = fmt.Sprintf("%x", sha256.Sum256([]byte(m.body)))
		}
		key := m.duplicateID
		if q.attributes["DeduplicationScope"] == "messageGroup" {
			key = m.groupID + " " + m.duplicateID
		}
		if first, ok := q.recent.find(key, now); ok {
			out.MessageID, out.SequenceNumber = first.MessageID, first.SequenceNumber
			return out, nil
		}
		out.SequenceNumber = sequence(s.order + 1)
		q.recent.add(key, out, now)
	}
	visibleAt := time.Time{}
	if delay > 0 {
		visibleAt = now.Add(delay)
	}
	s.enqueue(m, q, visibleAt)
	return out, nil
}

// enqueue adds a message to a queue behind all that were sent before.
func (s *Service) enqueue(m *message, q *queue, visibleAt time.Time) {
	s.order++
	m.order = s.order
	q.add(m, visibleAt)
}

func sequence(order uint64) string { return fmt.Sprintf("%020d", order) }

// token is what identifies groups and duplicates.
var token = regexp.MustCompile(`^[!-~]{1,128}$`)

const (
	tokenReason = "can only include alphanumeric and punctuation characters. 1 to 128 in length."
	typeReason  = "The request include parameter that is not valid for this queue type."
)

// check returns the delay of a message that the queue takes
// (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html).
func (in *sendInput) check(q *queue) (time.Duration, error) {
	delay, err := within("DelaySeconds", in.DelaySeconds, q.numbers["DelaySeconds"], 0, 900)
	switch {
	case err != nil:
		return 0, err
	case in.MessageBody == "":
		return 0, missing("MessageBody")
	case in.size() > q.numbers["MaximumMessageSize"]:
		return 0, invalid("One or more parameters are invalid. Reason: Message must be shorter than %d bytes.", q.numbers["MaximumMessageSize"])
	case in.MessageGroupID != "" && !token.MatchString(in.MessageGroupID):
		return 0, invalidValue("MessageGroupId", in.MessageGroupID, "MessageGroupId "+tokenReason)
	case in.MessageDeduplicationID != "" && !q.fifo:
		return 0, invalidValue("MessageDeduplicationId", in.MessageDeduplicationID, typeReason)
	case in.MessageDeduplicationID != "" && !token.MatchString(in.MessageDeduplicationID):
		return 0, invalidValue("MessageDeduplicationId", in.MessageDeduplicationID, "MessageDeduplicationId "+tokenReason)
	case q.fifo && in.MessageGroupID == "":
		return 0, missing("MessageGroupId")
	case q.fifo && in.MessageDeduplicationID == "" && q.attributes["ContentBasedDeduplication"] != "true":
		return 0, invalid("The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly")
	case q.fifo && in.DelaySeconds != nil && *in.DelaySeconds > 0:
		return 0, invalidValue("DelaySeconds", *in.DelaySeconds, typeReason)
	}
	return time.Duration(delay) * time.Second, cmp.Or(checkContents(in.MessageBody), in.checkAttributes())
}

func checkContents(text string) error {
	for _, r := range text {
		if r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF {
			return fail("InvalidMessageContents", fmt.Sprintf("Invalid binary character '#x%X' was found in the message, the set of allowed characters is "+
				"#x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF", r))
		}
	}
	return nil
}

var (
	attributeName = regexp.MustCompile(`^[\w-]+(\.[\w-]+)*$`)
	attributeType = regexp.MustCompile(`^(String|Number|Binary)(\.[^\x00-\x1f]+)?$`)
	decimal       = regexp.MustCompile(`^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$`)
)

// checkAttributes follows
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html.
func (in *sendInput) checkAttributes() error {
	if n := len(in.MessageAttributes); n > 10 {
		return invalid("Number of message attributes [%d] exceeds the allowed maximum [10].", n)
	}
	for name, a := range in.MessageSystemAttributes {
		if name != "AWSTraceHeader" || a.DataType != "String" || a.value() == "" {
			return invalid("Message system attribute name '%s' is invalid.", name)
		}
	}
	for name, a := range in.MessageAttributes {
		if err := a.check(name); err != nil {
			return err
		}
	}
	return nil
}

func (a attribute) check(name string) error {
	lower := strings.ToLower(name)
	kind := attributeType.FindStringSubmatch(a.DataType)
	switch {
	case len(name) > 256 || !attributeName.MatchString(name) || strings.HasPrefix(lower, "aws.") || strings.HasPrefix(lower, "amazon."):
		return invalid("Message (user) attribute name '%s' is invalid.", name)
	case kind == nil || len(a.DataType) > 256:
		return invalid("The message attribute '%s' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.", name)
	case a.value() == "" || (kind[1] == "Binary") != (a.StringValue == nil):
		return invalid("The message attribute '%s' with type '%s' must use field '%s'.", name, a.DataType,
			map[bool]string{true: "Binary", false: "String"}[kind[1] == "Binary"])
	case kind[1] == "Number" && !decimal.MatchString(a.value()):
		return invalid("Can't cast the value of message (user) attribute '%s' to a number.", name)
	case kind[1] != "Binary":
		return checkContents(a.value())
	}
	return nil
}

func (a attribute) value() string {
	if a.StringValue != nil {
		return *a.StringValue
	}
	return string(a.BinaryValue)
}

func digest(data []byte) string {
	sum := md5.Sum(data)
	return hex.EncodeToString(sum[:])
}

// attributesDigest returns the MD5 digest of attributes as clients verify it
// (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html#sqs-attributes-md5-message-digest-calculation).
func attributesDigest(attributes map[string]attribute) string {
	if len(attributes) == 0 {
		return ""
	}
	var b []byte
	put := func(s string) { b = append(binary.BigEndian.AppendUint32(b, uint32(len(s))), s...) }
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		a := attributes[name]
		put(name)
		put(a.DataType)
		transport := byte(1)
		if a.StringValue == nil {
			transport = 2
		}
		b = append(b, transport)
		put(a.value())
	}
	return digest(b)
}
