package sns

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/noidle/noidle/local/api"
)

// deduplicationInterval is how long FIFO topics remember deduplication IDs
// (https://docs.aws.amazon.com/sns/latest/dg/fifo-message-dedup.html).
const deduplicationInterval = 5 * time.Minute

// message is what Publish and the entries of PublishBatch have in common
// (https://docs.aws.amazon.com/sns/latest/api/API_Publish.html).
type message struct {
	Message, Subject, MessageStructure string
	MessageAttributes                  map[string]api.Attribute
	MessageGroupID                     string `json:"MessageGroupId"`
	MessageDeduplicationID             string `json:"MessageDeduplicationId"`
}

// published is a message that a topic has accepted.
type published struct {
	ID             string `json:"Id,omitempty"` // in a batch
	MessageID      string `json:"MessageId"`
	SequenceNumber string `json:",omitempty"`
	at             time.Time
}

type publishInput struct {
	TopicARN  string `json:"TopicArn"`
	TargetARN string `json:"TargetArn"`
	message
}

func (s *Service) publish(call *api.Call, in *publishInput) (any, error) {
	return s.onTopic(call, "sns:Publish", cmp.Or(in.TopicARN, in.TargetARN), func(t *topic) (any, error) { return s.accept(t, &in.message) })
}

type publishBatchInput struct {
	TopicARN                   string `json:"TopicArn"`
	PublishBatchRequestEntries []publishBatchEntry
}

type publishBatchEntry struct {
	ID string `json:"Id"`
	message
}

type publishBatchOutput struct {
	Successful []published
	Failed     []batchFailure
}

type batchFailure struct {
	ID            string `json:"Id"`
	Code, Message string
	SenderFault   bool
}

// publishBatch follows https://docs.aws.amazon.com/sns/latest/api/API_PublishBatch.html.
func (s *Service) publishBatch(call *api.Call, in *publishBatchInput) (any, error) {
	return s.onTopic(call, "sns:Publish", in.TopicARN, func(t *topic) (any, error) {
		if err := validateBatch(t, in.PublishBatchRequestEntries); err != nil {
			return nil, err
		}
		output := publishBatchOutput{[]published{}, []batchFailure{}}
		for _, entry := range in.PublishBatchRequestEntries {
			p, err := s.accept(t, &entry.message)
			if failure, ok := errors.AsType[*api.Error](err); ok {
				output.Failed = append(output.Failed, batchFailure{entry.ID, failure.QueryCode, failure.Message, true})
				continue
			}
			p.ID = entry.ID
			output.Successful = append(output.Successful, p)
		}
		return output, nil
	})
}

var batchID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,80}$`)

func validateBatch(t *topic, entries []publishBatchEntry) error {
	refused := func(code, message string) error { return failure(code, http.StatusBadRequest, message) }
	ids, size := map[string]bool{}, 0
	for _, entry := range entries {
		ids[entry.ID] = true
		size += entry.size()
		if !batchID.MatchString(entry.ID) {
			return refused("InvalidBatchEntryId", "The Id of a batch entry in a batch request doesn't abide by the specification.")
		}
	}
	switch {
	case len(entries) == 0:
		return refused("EmptyBatchRequest", "The batch request doesn't contain any entries.")
	case len(entries) > 10:
		return refused("TooManyEntriesInBatchRequest", "The batch request contains more entries than permissible.")
	case len(ids) < len(entries):
		return refused("BatchEntryIdsNotDistinct", "Two or more batch entries in the request have the same Id.")
	case size > t.MaximumMessageSize:
		return refused("BatchRequestTooLong", "The length of all the batch messages put together is more than the limit.")
	}
	return nil
}

// accept delivers a valid message of a topic, unless it is a duplicate.
func (s *Service) accept(t *topic, m *message) (published, error) {
	bodies, err := m.validate(t)
	if err != nil {
		return published{}, err
	}
	now := s.options.Clock.Now()
	p := published{MessageID: uuid.NewString(), at: now}
	if t.FIFO {
		for id, earlier := range t.published {
			if now.Sub(earlier.at) >= deduplicationInterval {
				delete(t.published, id)
			}
		}
		if m.MessageDeduplicationID == "" {
			sum := sha256.Sum256([]byte(m.Message))
			m.MessageDeduplicationID = hex.EncodeToString(sum[:])
		}
		if earlier, ok := t.published[m.MessageDeduplicationID]; ok {
			return earlier, nil
		}
		t.sequence++
		p.SequenceNumber = fmt.Sprintf("1%019d", t.sequence)
		t.published[m.MessageDeduplicationID] = p
	}
	for _, sub := range t.subscriptions {
		body, ok := bodies[sub.Protocol]
		if !ok {
			body = bodies["default"]
		}
		if n := (&notification{t, sub, m, p, body}); n.selected() {
			s.dispatch(n)
		}
	}
	return p, nil
}

var identifier = regexp.MustCompile(`^[!-~]{1,128}$`)

// validate returns a valid message's bodies by protocol, and the one for the
// others as default.
func (m *message) validate(t *topic) (bodies map[string]string, err error) {
	switch {
	case m.Message == "":
		return nil, invalid("Empty message")
	case m.size() > t.MaximumMessageSize:
		return nil, invalid("Message too long")
	case utf8.RuneCountInString(m.Subject) >= 100 || strings.ContainsFunc(m.Subject, unicode.IsControl):
		return nil, invalid("Subject")
	case m.MessageStructure != "" && m.MessageStructure != "json":
		return nil, invalid("MessageStructure")
	case t.FIFO && m.MessageGroupID == "":
		return nil, invalid("The MessageGroupId parameter is required for FIFO topics")
	case m.MessageGroupID != "" && !identifier.MatchString(m.MessageGroupID):
		return nil, invalid("MessageGroupId Reason: it has up to 128 letters, digits and punctuation characters")
	case t.FIFO && m.MessageDeduplicationID == "" && !t.ContentBasedDeduplication:
		return nil, invalid("The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly")
	case !t.FIFO && m.MessageDeduplicationID != "":
		return nil, invalid("MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not valid for this topic type")
	case m.MessageDeduplicationID != "" && !identifier.MatchString(m.MessageDeduplicationID):
		return nil, invalid("MessageDeduplicationId Reason: it has up to 128 letters, digits and punctuation characters")
	}
	for name, attribute := range m.MessageAttributes {
		if err := validateAttribute(name, attribute); err != nil {
			return nil, err
		}
	}
	if m.MessageStructure == "" {
		return map[string]string{"default": m.Message}, nil
	}
	var values map[string]any
	if json.Unmarshal([]byte(m.Message), &values) != nil {
		return nil, invalid("Message Structure - JSON message body failed to parse")
	}
	bodies = map[string]string{}
	for protocol, value := range values {
		if text, ok := value.(string); ok { // others are ignored
			bodies[protocol] = text
		}
	}
	if _, ok := bodies["default"]; !ok {
		return nil, invalid("Message Structure - No default entry in JSON message body")
	}
	return bodies, nil
}

// size is what counts for the maximum message size: the body and the attributes.
func (m *message) size() int {
	size := len(m.Message)
	for name, a := range m.MessageAttributes {
		size += len(name) + len(a.DataType) + len(a.StringValue) + len(a.BinaryValue)
	}
	return size
}

var attributeName = regexp.MustCompile(`^[\w-]+(\.[\w-]+)*$`)

// validateAttribute follows
// https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html.
func validateAttribute(name string, a api.Attribute) error {
	refused := func(format string, arguments ...any) error {
		return failure("ParameterValueInvalid", http.StatusBadRequest, fmt.Sprintf("The message attribute '%s' ", name)+fmt.Sprintf(format, arguments...))
	}
	folded := strings.ToLower(name)
	if !attributeName.MatchString(name) || len(name) > 256 || strings.HasPrefix(folded, "aws.") || strings.HasPrefix(folded, "amazon.") {
		return refused("has an invalid name.")
	}
	valid := a.BinaryValue == nil
	switch a.DataType {
	case "String":
	case "Number":
		_, err := json.Number(a.StringValue).Float64()
		valid = valid && err == nil
	case "String.Array":
		var array []any
		valid = valid && json.Unmarshal([]byte(a.StringValue), &array) == nil
	case "Binary":
		valid = a.StringValue == ""
	default:
		return refused("has an invalid message attribute type %q: use String, String.Array, Number or Binary.", a.DataType)
	}
	if a.StringValue == "" && len(a.BinaryValue) == 0 {
		return refused("must contain non-empty message attribute value for message attribute type '%s'.", a.DataType)
	}
	if !valid {
		return refused("has a value that is not of its type '%s'.", a.DataType)
	}
	return nil
}
