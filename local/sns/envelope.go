package sns

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strings"

	"github.com/noidle/noidle/local/api"
)

const host = "https://sns." + api.Region + ".amazonaws.com/"

// value is a message attribute in a notification. Binary values are base64.
type value struct{ Type, Value string }

// toEndpoint returns what the subscription's endpoint gets. For a function that
// is an event (https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html).
func (n *notification) toEndpoint() api.Delivery {
	if n.Protocol == "sqs" {
		return n.toQueue(n.Endpoint)
	}
	message, attributes := n.fields("Url")
	if n.Subject == "" {
		message["Subject"] = nil
	}
	for name, v := range attributes {
		if v.Type != "Binary" { // functions know no other types
			attributes[name] = value{"String", v.Value}
		}
	}
	message["MessageAttributes"] = attributes
	record := map[string]any{"EventSource": "aws:sns", "EventVersion": "1.0", "EventSubscriptionArn": n.arn, "Sns": message}
	return api.Delivery{Source: n.topic.arn, Target: n.Endpoint, Payload: encode(map[string]any{"Records": []any{record}})}
}

// toQueue returns what a queue gets, the subscription's or one for dead letters.
func (n *notification) toQueue(arn string) api.Delivery {
	delivery := api.Delivery{Source: n.topic.arn, Target: arn, MessageGroupID: n.MessageGroupID}
	if strings.HasSuffix(arn, ".fifo") {
		delivery.MessageDeduplicationID = n.MessageDeduplicationID
	}
	if n.RawMessageDelivery {
		delivery.Payload, delivery.Attributes = []byte(n.body), n.attributes()
		return delivery
	}
	message, attributes := n.fields("URL")
	if len(attributes) > 0 {
		message["MessageAttributes"] = attributes
	}
	if n.SequenceNumber != "" {
		message["SequenceNumber"] = n.SequenceNumber
	}
	delivery.Payload = encode(message)
	return delivery
}

// attributes returns the attributes that are delivered: none with a message for
// each protocol
// (https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html).
func (n *notification) attributes() map[string]api.Attribute {
	if n.MessageStructure == "json" {
		return nil
	}
	return n.MessageAttributes
}

// fields returns what all notifications have, with URL in names as it is spelled,
// and the attributes
// (https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html).
func (n *notification) fields(spelling string) (fields map[string]any, attributes map[string]value) {
	fields = map[string]any{
		"Type":                   "Notification",
		"MessageId":              n.MessageID,
		"TopicArn":               n.topic.arn,
		"Message":                n.body,
		"Timestamp":              n.at.UTC().Format("2006-01-02T15:04:05.000Z"),
		"SignatureVersion":       "1",
		"Signature":              "RVhBTVBMRQ==", // EXAMPLE: they are not signed here
		"SigningCert" + spelling: host + "SimpleNotificationService-00000000000000000000000000000000.pem",
		"Unsubscribe" + spelling: host + "?Action=Unsubscribe&SubscriptionArn=" + url.QueryEscape(n.arn),
	}
	if n.Subject != "" {
		fields["Subject"] = n.Subject
	}
	attributes = map[string]value{}
	for name, a := range n.attributes() {
		text := a.StringValue
		if a.DataType == "Binary" {
			text = base64.StdEncoding.EncodeToString(a.BinaryValue)
		}
		attributes[name] = value{a.DataType, text}
	}
	return fields, attributes
}

// encode returns a value that has a JSON form in it.
func encode(v any) []byte {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		panic(err) // nothing in notifications lacks a JSON form
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
