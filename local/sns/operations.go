package sns

import (
	"errors"
	"maps"
	"net/http"
	"slices"
	"strconv"

	"github.com/noidle/noidle/local/api"
)

// Namespace is that of SNS's answers in the Query protocol.
const Namespace = "http://sns.amazonaws.com/doc/2010-03-31/"

// Operations returns the operations of SNS's API that are supported
// (https://docs.aws.amazon.com/sns/latest/api/API_Operations.html). SDKs call
// them in the Query protocol.
func (s *Service) Operations() api.Operations {
	return api.Operations{
		"GetSubscriptionAttributes": api.Op(s.getSubscriptionAttributes),
		"GetTopicAttributes":        api.Op(s.getTopicAttributes),
		"ListSubscriptions":         api.Op(s.listSubscriptions),
		"ListSubscriptionsByTopic":  api.Op(s.listSubscriptionsByTopic),
		"ListTopics":                api.Op(s.listTopics),
		"Publish":                   api.Op(s.publish),
		"PublishBatch":              api.Op(s.publishBatch),
	}
}

// authorize returns SNS's error if the caller may not do an action.
func authorize(call *api.Call, action, resource string) error {
	err := call.Authorize(action, resource, nil)
	if denied, ok := errors.AsType[*api.Error](err); ok {
		return failure("AuthorizationError", http.StatusForbidden, denied.Message)
	}
	return err
}

type topicInput struct {
	TopicARN string `json:"TopicArn"`
}

// onTopic calls f with a topic that the caller may do the action on.
func (s *Service) onTopic(call *api.Call, action, arn string, f func(*topic) (any, error)) (any, error) {
	if err := authorize(call, action, arn); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t, err := s.topic(arn)
	if err != nil {
		return nil, err
	}
	return f(t)
}

// onTopics calls f with all topics by name if the caller may do the action.
func (s *Service) onTopics(call *api.Call, action string, f func([]*topic) (any, error)) (any, error) {
	if err := authorize(call, action, "*"); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var topics []*topic
	for _, arn := range slices.Sorted(maps.Keys(s.topics)) {
		topics = append(topics, s.topics[arn])
	}
	return f(topics)
}

func (s *Service) listTopics(call *api.Call, _ *struct{}) (any, error) {
	return s.onTopics(call, "sns:ListTopics", func(topics []*topic) (any, error) {
		output := struct{ Topics []topicInput }{[]topicInput{}}
		for _, t := range topics {
			output.Topics = append(output.Topics, topicInput{t.arn})
		}
		return output, nil
	})
}

func (s *Service) listSubscriptions(call *api.Call, _ *struct{}) (any, error) {
	return s.onTopics(call, "sns:ListSubscriptions", listed)
}

func (s *Service) listSubscriptionsByTopic(call *api.Call, in *topicInput) (any, error) {
	return s.onTopic(call, "sns:ListSubscriptionsByTopic", in.TopicARN, func(t *topic) (any, error) { return listed([]*topic{t}) })
}

// listed returns the output that lists the subscriptions of topics.
func listed(topics []*topic) (any, error) {
	all := []any{}
	for _, t := range topics {
		for _, sub := range t.subscriptions {
			all = append(all, struct {
				SubscriptionARN           string `json:"SubscriptionArn"`
				TopicARN                  string `json:"TopicArn"`
				Owner, Protocol, Endpoint string
			}{sub.arn, t.arn, api.Account, sub.Protocol, sub.Endpoint})
		}
	}
	return struct{ Subscriptions []any }{all}, nil
}

// getTopicAttributes follows https://docs.aws.amazon.com/sns/latest/api/API_GetTopicAttributes.html.
func (s *Service) getTopicAttributes(call *api.Call, in *topicInput) (any, error) {
	return s.onTopic(call, "sns:GetTopicAttributes", in.TopicARN, func(t *topic) (any, error) {
		attributes := map[string]string{
			"TopicArn":               t.arn,
			"Owner":                  api.Account,
			"DisplayName":            t.DisplayName,
			"SubscriptionsConfirmed": strconv.Itoa(len(t.subscriptions)),
			"SubscriptionsPending":   "0",
			"SubscriptionsDeleted":   "0",
			"MaximumMessageSize":     strconv.Itoa(t.MaximumMessageSize),
		}
		if t.FIFO {
			attributes["FifoTopic"] = "true"
			attributes["ContentBasedDeduplication"] = strconv.FormatBool(t.ContentBasedDeduplication)
		}
		return struct{ Attributes any }{attributes}, nil
	})
}

type subscriptionInput struct {
	SubscriptionARN string `json:"SubscriptionArn"`
}

// getSubscriptionAttributes follows
// https://docs.aws.amazon.com/sns/latest/api/API_GetSubscriptionAttributes.html.
func (s *Service) getSubscriptionAttributes(call *api.Call, in *subscriptionInput) (any, error) {
	return s.onTopics(call, "sns:GetSubscriptionAttributes", func(topics []*topic) (any, error) {
		for _, t := range topics {
			for _, sub := range t.subscriptions {
				if sub.arn == in.SubscriptionARN {
					return struct{ Attributes any }{sub.attributes()}, nil
				}
			}
		}
		return nil, failure("NotFound", http.StatusNotFound, "Subscription does not exist")
	})
}

func (s *subscription) attributes() map[string]string {
	attributes := map[string]string{
		"SubscriptionArn":              s.arn,
		"TopicArn":                     s.TopicARN,
		"Owner":                        api.Account,
		"Protocol":                     s.Protocol,
		"Endpoint":                     s.Endpoint,
		"RawMessageDelivery":           strconv.FormatBool(s.RawMessageDelivery),
		"ConfirmationWasAuthenticated": "true",
		"PendingConfirmation":          "false",
	}
	if s.FilterPolicy != nil {
		attributes["FilterPolicy"] = string(s.FilterPolicy)
		attributes["FilterPolicyScope"] = s.FilterPolicyScope
	}
	if s.DeadLetterARN != "" {
		attributes["RedrivePolicy"] = string(encode(map[string]string{"deadLetterTargetArn": s.DeadLetterARN}))
	}
	return attributes
}
