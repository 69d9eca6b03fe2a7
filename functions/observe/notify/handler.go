package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/aws/aws-lambda-go/events"
)

// handler posts alarms to a webhook. Its address is a secret, and in no error.
type handler struct {
	client  *http.Client
	webhook func(context.Context) (address string, err error)
}

// handle posts each record. One that fails fails all: Lambda tries again, and puts
// them into the dead-letter queue at last.
func (h handler) handle(ctx context.Context, event events.SNSEvent) error {
	address, err := h.webhook(ctx)
	if err != nil {
		return fmt.Errorf("webhook: %w", err)
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.Host == "" {
		return errors.New("webhook: the parameter holds no address that starts with https://")
	}
	for _, record := range event.Records {
		if err := h.post(ctx, u, text(record.SNS)); err != nil {
			return fmt.Errorf("webhook of %s: message %s: %w", u.Host, record.SNS.MessageID, err)
		}
	}
	return nil
}

func (h handler) post(ctx context.Context, webhook *url.URL, text string) error {
	body, err := json.Marshal(payload(webhook.Host, text))
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, webhook.String(), bytes.NewReader(body))
	if err != nil {
		return errors.New("the address is not valid")
	}
	request.Header.Set("Content-Type", "application/json")
	answer, err := h.client.Do(request)
	if failure, ok := errors.AsType[*url.Error](err); ok {
		return failure.Err // without the address
	}
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode/100 != 2 {
		return fmt.Errorf("it answers with status %d", answer.StatusCode)
	}
	return nil
}

// alarm is what CloudWatch sends
// (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-actions.html).
type alarm struct {
	AlarmName, AlarmDescription, NewStateValue, NewStateReason, StateChangeTime, Region string
}

// text is an alarm to read, and any other message as it is.
func text(message events.SNSEntity) string {
	var a alarm
	if err := json.Unmarshal([]byte(message.Message), &a); err != nil || a.AlarmName == "" {
		return strings.TrimSpace(message.Subject + "\n" + message.Message)
	}
	states := map[string]string{"ALARM": "🔴 ALARM", "OK": "🟢 over"}
	lines := []string{cmp.Or(states[a.NewStateValue], a.NewStateValue) + ": " + a.AlarmName}
	for _, line := range []string{a.AlarmDescription, a.NewStateReason, strings.TrimSpace(a.Region + " " + a.StateChangeTime)} {
		if line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

// payload is a message as the chat takes it: the workflows of Teams take an adaptive
// card, Slack and those that follow it a text.
func payload(host, text string) any {
	for _, domain := range []string{".logic.azure.com", ".api.powerplatform.com"} {
		if strings.HasSuffix(host, domain) {
			return map[string]any{"type": "message", "attachments": []any{map[string]any{
				"contentType": "application/vnd.microsoft.card.adaptive",
				"content": map[string]any{"type": "AdaptiveCard", "version": "1.4", "body": []any{
					map[string]any{"type": "TextBlock", "wrap": true, "text": strings.ReplaceAll(text, "\n", "\n\n")},
				}},
			}}}
		}
	}
	return map[string]any{"text": text}
}
