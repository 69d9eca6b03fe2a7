package sqs

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/noidle/noidle/local/api"
)

// numbers are the attributes that are numbers, most of them seconds
// (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html).
var numbers = map[string]struct{ minimum, maximum, initial int }{
	"DelaySeconds":                  {0, 900, 0},
	"MaximumMessageSize":            {1024, 1 << 20, 1 << 20},
	"MessageRetentionPeriod":        {60, 1209600, 345600},
	"ReceiveMessageWaitTimeSeconds": {0, 20, 0},
	"VisibilityTimeout":             {0, 43200, 30},
}

// choices returns the attributes that have few values, for FIFO queues more than
// for others. The first value is the default.
func choices(fifo bool) map[string][]string {
	c := map[string][]string{"SqsManagedSseEnabled": {"true", "false"}}
	if fifo {
		c["FifoQueue"] = []string{"true"}
		c["ContentBasedDeduplication"] = []string{"false", "true"}
		c["DeduplicationScope"] = []string{"queue", "messageGroup"}
		c["FifoThroughputLimit"] = []string{"perQueue", "perMessageGroupId"}
	}
	return c
}

// configuration is what a queue's attributes say.
type configuration struct {
	attributes map[string]string
	numbers    map[string]int
	redrive    redrivePolicy
	allow      redriveAllowPolicy
}

type redrivePolicy struct {
	DeadLetterTargetARN string      `json:"deadLetterTargetArn"`
	MaxReceiveCount     json.Number `json:"maxReceiveCount,omitempty"`
	limit               int
}

type redriveAllowPolicy struct {
	RedrivePermission string   `json:"redrivePermission"`
	SourceQueueARNs   []string `json:"sourceQueueArns,omitempty"`
}

func (q *queue) seconds(name string) time.Duration {
	return time.Duration(q.numbers[name]) * time.Second
}

func (q *queue) isSource(source *queue) bool {
	return source.redrive.DeadLetterTargetARN == ARN(q.name)
}

func (q *queue) allows(source string) bool {
	switch q.allow.RedrivePermission {
	case "denyAll":
		return false
	case "byQueue":
		return slices.Contains(q.allow.SourceQueueARNs, source)
	}
	return true
}

var queueName = regexp.MustCompile(`^[\w-]{1,80}$`)

// CreateQueue makes a queue with the attributes of AWS's CreateQueue. Those
// that are absent have their defaults. A dead-letter queue must exist before
// the queues that name it
// (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html).
func (s *Service) CreateQueue(name string, attributes map[string]string) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	stem, suffixed := strings.CutSuffix(name, ".fifo")
	fifo := attributes["FifoQueue"] == "true"
	switch {
	case s.queues[name] != nil:
		return fail("QueueNameExists", "A queue already exists with the name "+name+".")
	case fifo && (!suffixed || len(name) > 80 || !queueName.MatchString(stem)):
		return invalid("The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with .fifo suffix and be 1 to 80 in length.")
	case !fifo && !queueName.MatchString(name):
		return invalid("Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length")
	}
	q := newQueue(name, fifo, s.clock.Now())
	q.configuration = initial(fifo)
	if err := s.configure(q, attributes); err != nil {
		return err
	}
	s.queues[name] = q
	return nil
}

func initial(fifo bool) configuration {
	c := configuration{attributes: map[string]string{}, numbers: map[string]int{}}
	for name, number := range numbers {
		c.numbers[name], c.attributes[name] = number.initial, strconv.Itoa(number.initial)
	}
	for name, values := range choices(fifo) {
		c.attributes[name] = values[0]
	}
	return c
}

// configure sets attributes of a queue, all or none.
func (s *Service) configure(q *queue, attributes map[string]string) error {
	c := q.configuration
	c.attributes, c.numbers = maps.Clone(c.attributes), maps.Clone(c.numbers)
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		if err := s.set(&c, q, name, attributes[name]); err != nil {
			return err
		}
	}
	if c.attributes["FifoThroughputLimit"] == "perMessageGroupId" && c.attributes["DeduplicationScope"] != "messageGroup" {
		return fail("InvalidAttributeValue", "The perMessageGroupId value is allowed only when the value for DeduplicationScope is messageGroup.")
	}
	q.configuration = c
	return nil
}

func (s *Service) set(c *configuration, q *queue, name, value string) (err error) {
	number, isNumber := numbers[name]
	values, isChoice := choices(q.fifo)[name]
	switch {
	case isNumber:
		c.numbers[name], err = strconv.Atoi(value)
		if err != nil || c.numbers[name] < number.minimum || c.numbers[name] > number.maximum {
			return fail("InvalidAttributeValue", "Invalid value for the parameter "+name+".")
		}
	case isChoice && !slices.Contains(values, value):
		return fail("InvalidAttributeValue", "Invalid value for the parameter "+name+".")
	case isChoice:
	case name == "RedrivePolicy":
		value, err = s.parseRedrive(&c.redrive, q, value)
	case name == "RedriveAllowPolicy":
		value, err = parseAllow(&c.allow, value)
	case name != "KmsMasterKeyId":
		return fail("InvalidAttributeName", "Unknown Attribute "+name+".")
	}
	if value == "" {
		delete(c.attributes, name)
	} else {
		c.attributes[name] = value
	}
	return err
}

// parseRedrive reads a redrive policy, whose queue must exist, be of the same
// type and allow this source
// (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html).
func (s *Service) parseRedrive(policy *redrivePolicy, q *queue, value string) (string, error) {
	*policy = redrivePolicy{MaxReceiveCount: "10"}
	if value == "" {
		return "", nil
	}
	wrong := func(reason string) (string, error) { return "", invalidValue("RedrivePolicy", value, reason) }
	if err := json.Unmarshal([]byte(value), policy); err != nil {
		return wrong("Redrive policy is not a valid JSON map.")
	}
	limit, err := strconv.Atoi(policy.MaxReceiveCount.String())
	if err != nil || limit < 1 || limit > 1000 {
		return wrong(fmt.Sprintf("Invalid value for maxReceiveCount: %s, valid values are from 1 to 1000 both inclusive.", policy.MaxReceiveCount))
	}
	policy.limit = limit
	target := s.byARN(policy.DeadLetterTargetARN)
	switch {
	case target == nil:
		return wrong("Dead letter target does not exist.")
	case target.fifo != q.fifo:
		return wrong("Dead-letter queue must be same type of queue as the source.")
	case !target.allows(ARN(q.name)):
		return wrong("Dead letter target does not allow this source queue in its RedriveAllowPolicy.")
	}
	return fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":%d}`, policy.DeadLetterTargetARN, limit), nil
}

func parseAllow(policy *redriveAllowPolicy, value string) (string, error) {
	*policy = redriveAllowPolicy{}
	if value == "" {
		return "", nil
	}
	err := json.Unmarshal([]byte(value), policy)
	byQueue, sources := policy.RedrivePermission == "byQueue", len(policy.SourceQueueARNs)
	if err != nil || !slices.Contains([]string{"allowAll", "denyAll", "byQueue"}, policy.RedrivePermission) ||
		byQueue != (sources > 0) || sources > 10 {
		return "", invalidValue("RedriveAllowPolicy", value,
			"redrivePermission must be allowAll, denyAll, or byQueue with 1 to 10 sourceQueueArns.")
	}
	return value, nil
}

type setAttributesInput struct {
	target
	Attributes map[string]string
}

// setAttributes sets attributes. The new delay of a FIFO queue is also that of
// the messages that are in it
// (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-delay-queues.html).
func (s *Service) setAttributes(q *queue, _ *api.Call, in *setAttributesInput) (output, error) {
	if err := s.configure(q, in.Attributes); err != nil {
		return nil, err
	}
	q.modified = s.clock.Now()
	for _, m := range q.messages {
		if q.fifo && m.state == delayed {
			q.change(m, delayed, m.sent.Add(q.seconds("DelaySeconds")))
		}
	}
	return output{}, nil
}

type getAttributesInput struct {
	target
	AttributeNames []string
}

func (s *Service) getAttributes(q *queue, _ *api.Call, in *getAttributesInput) (output, error) {
	all := maps.Clone(q.attributes)
	maps.Copy(all, map[string]string{
		"QueueArn":                              ARN(q.name),
		"ApproximateNumberOfMessages":           strconv.Itoa(q.count[visible]),
		"ApproximateNumberOfMessagesNotVisible": strconv.Itoa(q.count[inFlight]),
		"ApproximateNumberOfMessagesDelayed":    strconv.Itoa(q.count[delayed]),
		"CreatedTimestamp":                      strconv.FormatInt(q.created.Unix(), 10),
		"LastModifiedTimestamp":                 strconv.FormatInt(q.modified.Unix(), 10),
	})
	known := slices.AppendSeq([]string{"Policy", "RedrivePolicy", "RedriveAllowPolicy", "KmsMasterKeyId"}, maps.Keys(choices(true)))
	named, err := choose(all, in.AttributeNames, known)
	return output{"Attributes": named}, err
}

// choose returns the attributes with the given names, or All. Those that are
// known may be absent.
func choose(all map[string]string, names, known []string) (map[string]string, error) {
	chosen := map[string]string{}
	for _, name := range names {
		value, ok := all[name]
		switch {
		case name == "All":
			return all, nil
		case ok:
			chosen[name] = value
		case !slices.Contains(known, name):
			return nil, fail("InvalidAttributeName", "Unknown Attribute "+name+".")
		}
	}
	return chosen, nil
}
