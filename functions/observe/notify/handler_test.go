package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/google/go-cmp/cmp"
)

// fires is what CloudWatch sends
// (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-actions.html).
const fires = `{"AlarmName":"Shop-DeadLetters","AlarmDescription":"Dead letters wait. Runbook: https://wiki.example.com",
"AWSAccountId":"111122223333","NewStateValue":"ALARM","OldStateValue":"OK","NewStateReason":"Threshold Crossed: 1 datapoint",
"StateChangeTime":"2026-11-22T10:00:00.000+0000","Region":"Asia Pacific (Seoul)","Trigger":{"MetricName":"X"}}`

func event(messages ...string) events.SNSEvent {
	var e events.SNSEvent
	for _, m := range messages {
		e.Records = append(e.Records, events.SNSEventRecord{SNS: events.SNSEntity{MessageID: "m-1", Subject: "Subject", Message: m}})
	}
	return e
}

func TestText(t *testing.T) {
	tests := []struct{ name, message, want string }{
		{"fires", fires, "🔴 ALARM: Shop-DeadLetters\nDead letters wait. Runbook: https://wiki.example.com\nThreshold Crossed: 1 datapoint\nAsia Pacific (Seoul) 2026-11-22T10:00:00.000+0000"},
		{"over", `{"AlarmName":"A","NewStateValue":"OK"}`, "🟢 over: A"},
		{"no data", `{"AlarmName":"A","NewStateValue":"INSUFFICIENT_DATA"}`, "INSUFFICIENT_DATA: A"},
		{"no alarm", "hello", "Subject\nhello"},
		{"other JSON", `{"a":1}`, "Subject\n" + `{"a":1}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, text(event(tt.message).Records[0].SNS)); diff != "" {
				t.Errorf("text (-want +got):\n%s", diff)
			}
		})
	}
}

// TestHandle: what the webhook gets, and that a failure never tells its address.
func TestHandle(t *testing.T) {
	const secret = "/services/T0/B0/very-secret"
	tests := []struct {
		name    string
		status  int
		address func(server string) (string, error)
		want    string
	}{
		{name: "posted", status: http.StatusOK},
		{name: "refused", status: http.StatusForbidden, want: "message m-1: it answers with status 403"},
		{name: "nobody answers", address: func(string) (string, error) { return "https://127.0.0.1:1" + secret, nil }, want: "webhook of 127.0.0.1:1: message m-1: dial tcp"},
		{name: "no TLS", address: func(string) (string, error) { return "http://chat.example.com" + secret, nil }, want: "holds no address that starts with https://"},
		{name: "no address", address: func(string) (string, error) { return "https:// " + secret, nil }, want: "holds no address"},
		{name: "no parameter", address: func(string) (string, error) { return "", errors.New("denied") }, want: "webhook: denied"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				got = append(got, r.URL.Path+" "+r.Header.Get("Content-Type")+" "+string(body))
				w.WriteHeader(tt.status)
			}))
			defer server.Close()
			h := handler{client: server.Client(), webhook: func(context.Context) (string, error) {
				if tt.address != nil {
					return tt.address(server.URL)
				}
				return server.URL + secret, nil
			}}
			err := h.handle(t.Context(), event("one", "two"))
			if tt.want != "" {
				if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "secret") {
					t.Fatalf("error is %v, want %q and no secret", err, tt.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			want := []string{secret + ` application/json {"text":"Subject\none"}`, secret + ` application/json {"text":"Subject\ntwo"}`}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("posts (-want +got):\n%s", diff)
			}
		})
	}
}

// TestPayload: Teams takes cards
// (https://learn.microsoft.com/en-us/microsoftteams/platform/webhooks-and-connectors/how-to/add-incoming-webhook).
func TestPayload(t *testing.T) {
	for host, card := range map[string]bool{
		"hooks.slack.com":                       false,
		"prod-1.westeurope.logic.azure.com":     true,
		"abc.environment.api.powerplatform.com": true,
		"logic.azure.com.example.com":           false,
	} {
		message := payload(host, "a\nb").(map[string]any)
		if got := message["type"] == "message"; got != card {
			t.Errorf("%s gets a card: %t, want %t", host, got, card)
		}
	}
}

func TestParameter(t *testing.T) {
	tests := []struct {
		name, answer string
		status       int
		want, err    string
	}{
		{name: "read", status: http.StatusOK, answer: `{"Parameter":{"Name":"/shop/chat","Type":"SecureString","Value":"https://chat"}}`, want: "https://chat"},
		{name: "not there", status: http.StatusBadRequest, answer: `{"__type":"ParameterNotFound"}`, err: `parameter "/shop/chat": status 400: ParameterNotFound`},
		{name: "no JSON", status: http.StatusBadGateway, answer: "<html>", err: `parameter "/shop/chat": status 502`},
		{name: "cut off", status: http.StatusOK, answer: `{"Parameter":`, err: "unexpected EOF"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				if string(body) != `{"Name":"/shop/chat","WithDecryption":true}` || r.Header.Get("X-Amz-Target") != "AmazonSSM.GetParameter" ||
					!strings.Contains(r.Header.Get("Authorization"), "/eu-west-1/ssm/aws4_request") {
					t.Errorf("the request is %v %s", r.Header, body)
				}
				w.WriteHeader(tt.status)
				_, _ = io.WriteString(w, tt.answer)
			}))
			defer server.Close()
			cfg := aws.Config{Region: "eu-west-1", BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("AKID", "secret", "")}
			got, err := parameter{cfg: cfg, client: server.Client(), name: "/shop/chat"}.value(t.Context())
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Fatalf("error is %v, want %q", err, tt.err)
				}
				return
			}
			if err != nil || got != tt.want {
				t.Errorf("value is %q, %v, want %q", got, err, tt.want)
			}
		})
	}
}

// TestParameterOfAWS: without an endpoint of its own the request goes to that of the
// region (https://docs.aws.amazon.com/general/latest/gr/ssm.html).
func TestParameterOfAWS(t *testing.T) {
	cfg := aws.Config{Region: "eu-west-1", Credentials: credentials.NewStaticCredentialsProvider("AKID", "secret", "")}
	request, err := parameter{cfg: cfg}.signed(t.Context(), nil)
	if err != nil || request.URL.String() != "https://ssm.eu-west-1.amazonaws.com/" {
		t.Errorf("the request goes to %v, %v", request, err)
	}
}
