package local

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/uuid"

	"github.com/noidle/noidle/local/api"
)

// deliver takes what a rule or a topic sends to its target, as the service or as
// the rule's role.
func (c *Cloud) deliver(ctx context.Context, service string, d api.Delivery) error {
	as := d.Role
	if as == nil {
		as = c.authority.Service(service, d.Source)
	}
	call := &api.Call{Context: ctx, Principal: as, RequestID: uuid.NewString()}
	switch serviceOf(d.Target) {
	case "sqs":
		message := map[string]any{
			"QueueUrl":          c.queueURL(lastPart(d.Target, ":")),
			"MessageBody":       string(d.Payload),
			"MessageAttributes": d.Attributes,
		}
		if d.MessageGroupID != "" {
			message["MessageGroupId"] = d.MessageGroupID
		}
		if d.MessageDeduplicationID != "" {
			message["MessageDeduplicationId"] = d.MessageDeduplicationID
		}
		return c.callJSON(call, "sqs", "SendMessage", message)
	case "lambda":
		return c.lambda.InvokeAsync(call, d.Target, d.Payload)
	case "sns":
		return c.callJSON(call, "sns", "Publish", map[string]any{"TopicArn": d.Target, "Message": string(d.Payload)})
	case "states":
		return c.callJSON(call, "states", "StartExecution", map[string]any{"stateMachineArn": d.Target, "input": string(d.Payload)})
	case "events":
		return c.forward(call, d)
	}
	return &api.Error{Code: "ValidationException", Message: fmt.Sprintf("target %q is not supported locally", d.Target)}
}

// forward sends an event on to another bus.
func (c *Cloud) forward(call *api.Call, d api.Delivery) error {
	var event struct {
		Source     string          `json:"source"`
		DetailType string          `json:"detail-type"`
		Resources  []string        `json:"resources"`
		Detail     json.RawMessage `json:"detail"`
	}
	if err := json.Unmarshal(d.Payload, &event); err != nil {
		return &api.Error{Code: "ValidationException", Message: "an event bus takes events only: " + err.Error()}
	}
	entries, err := json.Marshal(map[string]any{"Entries": []any{map[string]any{
		"EventBusName": d.Target,
		"Source":       event.Source,
		"DetailType":   event.DetailType,
		"Resources":    event.Resources,
		"Detail":       string(event.Detail),
	}}})
	if err != nil {
		return err
	}
	answer, err := c.call(call, "events", "PutEvents", entries)
	if err != nil {
		return err
	}
	var outcome struct {
		Entries []struct{ ErrorCode, ErrorMessage string }
	}
	if err := json.Unmarshal(answer, &outcome); err != nil {
		return err
	}
	for _, entry := range outcome.Entries {
		if entry.ErrorCode != "" {
			return &api.Error{Code: entry.ErrorCode, Message: entry.ErrorMessage}
		}
	}
	return nil
}

// putObject puts an object for a service, whose calls are struck, too.
func (c *Cloud) putObject(call *api.Call, bucket, key string, header http.Header, body []byte) error {
	target := &url.URL{Scheme: "https", Host: "s3", Path: "/" + bucket + "/" + key}
	r, err := http.NewRequestWithContext(api.With(call, call), http.MethodPut, target.String(), bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header = header
	a := &answer{header: http.Header{}, status: http.StatusOK}
	service := http.Handler(c.s3)
	if call.Principal != nil {
		service = c.callFault(call, "s3", service)
	}
	service.ServeHTTP(a, r)
	if a.status == http.StatusOK {
		return nil
	}
	failure := &api.Error{Code: http.StatusText(a.status), Status: a.status}
	return errors.Join(xml.Unmarshal(a.body.Bytes(), failure), failure)
}

// answer is what a handler answers.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *answer) Header() http.Header         { return a.header }
func (a *answer) Write(p []byte) (int, error) { return a.body.Write(p) }
func (a *answer) WriteHeader(status int)      { a.status = status }

// deliverOutcome takes what Lambda tells of an asynchronous event to its
// destination or dead-letter queue. An event bus gets it as an event
// (https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html).
func (c *Cloud) deliverOutcome(ctx context.Context, d api.Delivery) error {
	if serviceOf(d.Target) == "events" {
		var record struct {
			RequestContext struct{ Condition string } `json:"requestContext"`
		}
		if err := json.Unmarshal(d.Payload, &record); err != nil {
			return err
		}
		kind := "Failure"
		if record.RequestContext.Condition == "Success" {
			kind = "Success"
		}
		event, err := json.Marshal(map[string]any{
			"source":      "lambda",
			"detail-type": "Lambda Function Invocation Result - " + kind,
			"resources":   []string{d.Target, d.Source + ":$LATEST"},
			"detail":      json.RawMessage(d.Payload),
		})
		if err != nil {
			return err
		}
		d.Payload = event
	}
	return c.deliver(ctx, "lambda.amazonaws.com", d)
}

func (c *Cloud) dropped(d api.Delivery, err error) {
	c.options.Report(fmt.Sprintf("%s: delivery to %s is lost: it has no dead-letter queue: %v", d.Source, d.Target, err))
}

// serviceOf is the service in an ARN.
func serviceOf(arn string) string {
	if parts := strings.SplitN(arn, ":", 4); len(parts) == 4 {
		return parts[2]
	}
	return ""
}
