package local

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/noidle/noidle/local/api"
	"github.com/noidle/noidle/local/assembly"
	"github.com/noidle/noidle/local/events"
	"github.com/noidle/noidle/local/iam"
	"github.com/noidle/noidle/local/pattern"
	"github.com/noidle/noidle/local/sns"
	"github.com/noidle/noidle/local/sqs"
)

type queueProperties struct {
	ContentBasedDeduplication     string
	DeduplicationScope            string
	DelaySeconds                  string
	FifoQueue                     bool
	FifoThroughputLimit           string
	KmsDataKeyReusePeriodSeconds  noEffect
	KMSMasterKeyID                noEffect `property:"KmsMasterKeyId"`
	MaximumMessageSize            string
	MessageRetentionPeriod        string
	QueueName                     string
	ReceiveMessageWaitTimeSeconds string
	RedriveAllowPolicy            json.RawMessage
	RedrivePolicy                 json.RawMessage
	SqsManagedSseEnabled          noEffect
	Tags                          []tag
	VisibilityTimeout             string
}

// attributes are the properties as SQS's own CreateQueue takes them: as text.
func (p *queueProperties) attributes() map[string]string {
	attributes := map[string]string{
		"ContentBasedDeduplication":     p.ContentBasedDeduplication,
		"DeduplicationScope":            p.DeduplicationScope,
		"DelaySeconds":                  p.DelaySeconds,
		"FifoThroughputLimit":           p.FifoThroughputLimit,
		"MaximumMessageSize":            p.MaximumMessageSize,
		"MessageRetentionPeriod":        p.MessageRetentionPeriod,
		"ReceiveMessageWaitTimeSeconds": p.ReceiveMessageWaitTimeSeconds,
		"RedriveAllowPolicy":            string(document(p.RedriveAllowPolicy)),
		"RedrivePolicy":                 string(document(p.RedrivePolicy)),
		"VisibilityTimeout":             p.VisibilityTimeout,
	}
	if p.FifoQueue {
		attributes["FifoQueue"] = "true"
	}
	for name, value := range attributes {
		if value == "" {
			delete(attributes, name)
		}
	}
	return attributes
}

func planQueue(c *Cloud, r *assembly.Resource, p *queueProperties) (planned, error) {
	name := p.QueueName
	if name == "" && p.FifoQueue {
		name = physicalName(r, 75) + ".fifo"
	}
	name = cmp.Or(name, physicalName(r, 80))
	result := named(c.queueURL(name), sqs.ARN(name), func() error {
		if err := c.sqs.CreateQueue(name, p.attributes()); err != nil {
			return err
		}
		return c.sqs.TagQueue(name, tagsOf(r, p.Tags))
	})
	result.Attributes["QueueName"] = name
	result.Attributes["QueueUrl"] = result.Ref
	return result, nil
}

func (c *Cloud) queueURL(name string) string { return c.URL() + "/" + api.Account + "/" + name }

type queuePolicyProperties struct {
	PolicyDocument json.RawMessage
	Queues         []string
}

func planQueuePolicy(c *Cloud, r *assembly.Resource, p *queuePolicyProperties) (planned, error) {
	policy, err := iam.ParsePolicy(p.PolicyDocument)
	return named(physicalName(r, 100), "", func() error {
		for _, url := range p.Queues {
			c.authority.AddResourcePolicy(sqs.ARN(lastPart(url, "/")), policy)
		}
		return nil
	}), err
}

type topicProperties struct {
	ContentBasedDeduplication bool
	DisplayName               string
	FifoTopic                 bool
	KMSMasterKeyID            noEffect `property:"KmsMasterKeyId"`
	Subscription              []struct{ Endpoint, Protocol string }
	Tags                      noEffect
	TopicName                 string
	TracingConfig             noEffect
}

func planTopic(c *Cloud, r *assembly.Resource, p *topicProperties) (planned, error) {
	name := p.TopicName
	if name == "" && p.FifoTopic {
		name = physicalName(r, 251) + ".fifo"
	}
	name = cmp.Or(name, physicalName(r, 256))
	arn := sns.TopicARN(name)
	result := named(arn, arn, func() error {
		err := c.sns.CreateTopic(sns.Topic{Name: name, FIFO: p.FifoTopic, ContentBasedDeduplication: p.ContentBasedDeduplication, DisplayName: p.DisplayName})
		for _, s := range p.Subscription {
			if byEmail(s.Protocol) {
				continue
			}
			_, subscribed := c.sns.Subscribe(sns.Subscription{TopicARN: arn, Protocol: s.Protocol, Endpoint: s.Endpoint})
			err = errors.Join(err, subscribed)
		}
		return err
	})
	result.Attributes["TopicArn"] = arn
	result.Attributes["TopicName"] = name
	var problems []error
	for _, s := range p.Subscription {
		problems = append(problems, subscribable(s.Protocol))
	}
	return result, errors.Join(problems...)
}

// byEmail tells whether a subscription sends e-mail, which has no effect here.
func byEmail(protocol string) bool { return protocol == "email" || protocol == "email-json" }

// subscribable refuses protocols that lead out of this machine, except e-mail: it is
// for people, and an app runs without.
func subscribable(protocol string) error {
	if protocol != "sqs" && protocol != "lambda" && !byEmail(protocol) {
		return fmt.Errorf("protocol %q is not supported locally: want sqs or lambda", protocol)
	}
	return nil
}

type subscriptionProperties struct {
	Endpoint            string
	FilterPolicy        json.RawMessage
	FilterPolicyScope   string
	Protocol            string
	RawMessageDelivery  bool
	RedrivePolicy       json.RawMessage
	Region              noEffect
	SubscriptionRoleArn noEffect
	TopicArn            string
}

func planSubscription(c *Cloud, r *assembly.Resource, p *subscriptionProperties) (planned, error) {
	var redrive struct {
		DeadLetterTargetARN string `json:"deadLetterTargetArn"`
	}
	if len(p.RedrivePolicy) > 0 {
		if err := json.Unmarshal(document(p.RedrivePolicy), &redrive); err != nil {
			return planned{}, fmt.Errorf("property RedrivePolicy: %w", err)
		}
	}
	subscription := sns.Subscription{
		TopicARN:           p.TopicArn,
		Protocol:           p.Protocol,
		Endpoint:           p.Endpoint,
		FilterPolicy:       document(p.FilterPolicy),
		FilterPolicyScope:  p.FilterPolicyScope,
		RawMessageDelivery: p.RawMessageDelivery,
		DeadLetterARN:      redrive.DeadLetterTargetARN,
	}
	arn := p.TopicArn + ":" + identifier(r)
	return named(arn, arn, func() error {
		if byEmail(p.Protocol) {
			return nil
		}
		_, err := c.sns.Subscribe(subscription)
		return err
	}), subscribable(p.Protocol)
}

type topicPolicyProperties struct {
	PolicyDocument json.RawMessage
	Topics         []string
}

func planTopicPolicy(c *Cloud, r *assembly.Resource, p *topicPolicyProperties) (planned, error) {
	policy, err := iam.ParsePolicy(p.PolicyDocument)
	return named(physicalName(r, 100), "", func() error {
		for _, arn := range p.Topics {
			c.authority.AddResourcePolicy(arn, policy)
		}
		return nil
	}), err
}

type busProperties struct {
	Description noEffect
	Name        string
	Tags        noEffect
}

func planBus(c *Cloud, _ *assembly.Resource, p *busProperties) (planned, error) {
	result := named(p.Name, events.BusARN(p.Name), func() error { return c.events.CreateBus(p.Name) })
	result.Attributes["Name"] = p.Name
	return result, nil
}

type ruleProperties struct {
	Description        noEffect
	EventBusName       string
	EventPattern       json.RawMessage
	Name               string
	RoleArn            string
	ScheduleExpression string
	State              string
	Tags               noEffect
	Targets            []struct {
		Arn              string
		DeadLetterConfig struct{ Arn string }
		ID               string `property:"Id"`
		Input            string
		InputPath        string
		InputTransformer *events.InputTransformer
		RetryPolicy      struct {
			MaximumEventAgeInSeconds int
			MaximumRetryAttempts     *int
		}
		RoleArn       string
		SqsParameters struct {
			MessageGroupID string `property:"MessageGroupId"`
		}
	}
}

func planRule(c *Cloud, r *assembly.Resource, p *ruleProperties) (planned, error) {
	bus := cmp.Or(lastPart(p.EventBusName, "/"), events.DefaultBus)
	name := cmp.Or(p.Name, physicalName(r, 64))
	var err error
	if len(p.EventPattern) > 0 {
		_, err = pattern.Parse(p.EventPattern)
	}
	for _, t := range p.Targets {
		err = errors.Join(err, oneOf("target", t.Arn, "lambda", "sqs", "sns", "states", "events"))
	}
	create := func() error {
		rule := events.Rule{Name: name, Bus: bus, Pattern: p.EventPattern, Schedule: p.ScheduleExpression, State: p.State}
		for _, t := range p.Targets {
			target := events.Target{
				ID:                   t.ID,
				ARN:                  t.Arn,
				Input:                t.Input,
				InputPath:            t.InputPath,
				InputTransformer:     t.InputTransformer,
				DeadLetterARN:        t.DeadLetterConfig.Arn,
				MaximumEventAge:      time.Duration(t.RetryPolicy.MaximumEventAgeInSeconds) * time.Second,
				MaximumRetryAttempts: t.RetryPolicy.MaximumRetryAttempts,
				MessageGroupID:       t.SqsParameters.MessageGroupID,
			}
			if role := cmp.Or(t.RoleArn, p.RoleArn); role != "" {
				var err error
				if target.Role, err = c.authority.Assume(role, "events.amazonaws.com", name); err != nil {
					return err
				}
			}
			rule.Targets = append(rule.Targets, target)
		}
		return c.events.CreateRule(rule)
	}
	arn := events.RuleARN(bus, name)
	ref := name
	if bus != events.DefaultBus {
		ref = bus + "|" + name
	}
	return named(ref, arn, create), err
}

// document is JSON that may stand in a template as an object or as text.
func document(value json.RawMessage) []byte {
	var text string
	if json.Unmarshal(value, &text) == nil {
		return []byte(text)
	}
	return value
}
