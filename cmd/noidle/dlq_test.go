package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/jonboulle/clockwork"

	"github.com/noidle/noidle/cmd/noidle/deadletters"
	"github.com/noidle/noidle/local"
)

// queueCloud runs a cloud with a queue, its dead-letter queue, and one for the
// failures of a stream.
func queueCloud(t *testing.T) (*local.Cloud, *sqs.Client) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"manifest.json": `{"artifacts": {"Main": {"type": "aws:cloudformation:stack", "properties": {"templateFile": "Main.template.json"}}}}`,
		"Main.template.json": `{"Resources": {
			"Work": {"Type": "AWS::SQS::Queue", "Properties": {"RedrivePolicy": {"maxReceiveCount": 1, "deadLetterTargetArn": {"Fn::GetAtt": ["Dead", "Arn"]}}}},
			"Dead": {"Type": "AWS::SQS::Queue"},
			"StreamFailures": {"Type": "AWS::SQS::Queue"},
			"Named": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "orders-dlq"}}}}`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cloud, err := local.Start(dir, local.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cloud.Close)
	t.Setenv("AWS_ENDPOINT_URL", cloud.URL())
	account, err := configFor(t.Context(), cloud.URL())
	if err != nil {
		t.Fatal(err)
	}
	return cloud, sqs.NewFromConfig(account)
}

func queueURL(cloud *local.Cloud, name string) *string {
	return new(cloud.URL() + "/000000000000/Main-" + name)
}

// dlq runs noidle dlq and returns what it prints.
func dlq(t *testing.T, arguments ...string) (string, error) {
	t.Helper()
	var stdout strings.Builder
	err := run(t.Context(), append([]string{"dlq"}, arguments...), &stdout, io.Discard)
	return stdout.String(), err
}

// TestDLQ parks messages of a queue, and handles them one way after the other.
func TestDLQ(t *testing.T) {
	forget(t)
	cloud, client := queueCloud(t)
	for _, body := range []string{`{"n":1}`, "two", `{"n":3}`} {
		if _, err := client.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: queueURL(cloud, "Work"), MessageBody: &body}); err != nil {
			t.Fatal(err)
		}
	}
	receiveAll := func(name string) (got int) {
		out, err := client.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: queueURL(cloud, name), MaxNumberOfMessages: 10})
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range out.Messages {
			if _, err := client.ChangeMessageVisibility(t.Context(), &sqs.ChangeMessageVisibilityInput{QueueUrl: queueURL(cloud, name), ReceiptHandle: m.ReceiptHandle}); err != nil {
				t.Fatal(err)
			}
		}
		return len(out.Messages)
	}
	if first, second := receiveAll("Work"), receiveAll("Work"); first != 3 || second != 0 {
		t.Fatalf("%d and %d messages are received, want 3 and then none", first, second)
	}
	steps := []struct {
		name, command string
		want, error   string // parts
	}{
		{name: "list", command: "list", want: "s      Main-Work\nMain-StreamFailures  0         -       no queue: redrive is not possible\norders-dlq           0  "},
		{name: "list another stack", command: "list -stack Mai", error: `no dead-letter queue is of a stack "Mai": check -stack`},
		{name: "list the stack, whose queues may have names of their own", command: "list -stack Main", want: "\norders-dlq "},
		{name: "peek", command: "peek dead", want: ", from Main-Work\n  {\n    \"n\": 1\n  }\n"},
		{name: "peek again", command: "peek -json -n 2 Main-Dead", want: `"body": "two"`},
		{name: "peek at what does not exist", command: "peek jobs", error: `queue "jobs" is none of the dead-letter queues ["Main-Dead" "Main-StreamFailures" "orders-dlq"]`},
		{name: "peek at several", command: "peek main", error: `queue "main" is a part of 2 of the`},
		{name: "redrive failures of a stream", command: "redrive -yes failures", error: "queue Main-StreamFailures is not the dead-letter queue of another queue"},
		{name: "redrive without asking", command: "redrive dead", error: errNoTerminal.Error()},
		{name: "purge without asking", command: "purge dead", error: errNoTerminal.Error()},
		{name: "redrive one", command: "redrive -yes -max 1 dead", want: "1 messages of Main-Dead are sent back\n"},
		{name: "two are left", command: "list", want: "Main-Dead            2 "},
		{name: "redrive", command: "redrive -yes -json dead", want: `"redriven": 2`},
		{name: "redrive none", command: "redrive dead", want: "0 messages of Main-Dead are sent back\n"},
	}
	for _, step := range steps {
		out, err := dlq(t, strings.Fields(step.command)...)
		if !strings.Contains(out, step.want) || step.error == "" && err != nil || step.error != "" && (err == nil || !strings.Contains(err.Error(), step.error)) {
			t.Errorf("%s: it prints %s and ends with %v, want %q and %q", step.name, out, err, step.want, step.error)
		}
	}
	if got := receiveAll("Work"); got != 3 {
		t.Errorf("%d messages are back, want 3", got)
	}
	for _, body := range []string{"lost", "gone"} {
		if _, err := client.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: queueURL(cloud, "Dead"), MessageBody: &body}); err != nil {
			t.Fatal(err)
		}
	}
	for _, command := range []string{"redrive -yes dead", "redrive -yes -max 1 dead"} {
		if _, err := dlq(t, strings.Fields(command)...); err == nil || !strings.Contains(err.Error(), "no queue to go back to") {
			t.Errorf("%s, of messages that come from no queue, ends with %v", command, err)
		}
	}
	if out, err := dlq(t, "purge", "-yes", "-json", "dead"); err != nil || !strings.Contains(out, `"deleted": `) {
		t.Errorf("purge prints %s and ends with %v", out, err)
	}
	if out, err := dlq(t, "list", "-json"); err != nil || !json.Valid([]byte(out)) || strings.Contains(out, "oldest") {
		t.Errorf("after the purge, list prints %s, %v", out, err)
	}
}

// hurried is a client whose user interrupts while a message is being sent.
type hurried struct {
	*sqs.Client
	interrupt func()
}

func (c hurried) SendMessage(ctx context.Context, in *sqs.SendMessageInput, options ...func(*sqs.Options)) (*sqs.SendMessageOutput, error) {
	out, err := c.Client.SendMessage(ctx, in, options...)
	c.interrupt()
	return out, errors.Join(err, ctx.Err())
}

// TestInterruptedRedrive: a message is sent back or stays, and is never in both queues.
func TestInterruptedRedrive(t *testing.T) {
	forget(t)
	cloud, client := queueCloud(t)
	for range 3 {
		if _, err := client.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: queueURL(cloud, "Work"), MessageBody: new("x")}); err != nil {
			t.Fatal(err)
		}
	}
	in := &sqs.ReceiveMessageInput{QueueUrl: queueURL(cloud, "Work"), MaxNumberOfMessages: 10}
	for range 2 { // The second time, they are parked.
		out, err := client.ReceiveMessage(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range out.Messages {
			if _, err := client.ChangeMessageVisibility(t.Context(), &sqs.ChangeMessageVisibilityInput{QueueUrl: in.QueueUrl, ReceiptHandle: m.ReceiptHandle}); err != nil {
				t.Fatal(err)
			}
		}
	}
	queues, err := deadletters.List(t.Context(), client, "Main")
	if err != nil || len(queues) != 3 || queues[0].Messages != 3 {
		t.Fatalf("the queues are %v, %v, want one with 3 messages, and two others", queues, err)
	}
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	options := deadletters.Options{Max: 3, Clock: clockwork.NewRealClock(), Progress: func(int, int) {}}
	for _, want := range []int{1, 0} { // The second time, before any is received.
		moved, err := deadletters.Redrive(ctx, hurried{client, interrupt}, &queues[0], options)
		if moved != want || err == nil || err.Error() != "queue Main-Dead: interrupted: the rest stays" {
			t.Errorf("%d are sent back, %v, want %d", moved, err, want)
		}
	}
	left, err := deadletters.Peek(t.Context(), client, &queues[0], 10)
	if err != nil || len(left) != 2 {
		t.Errorf("%d messages are left, %v, want 2", len(left), err)
	}
}

func TestDLQUsage(t *testing.T) {
	for name, test := range map[string]struct{ arguments, want string }{
		"no command":   {"", `want list, peek, redrive or purge, not ""`},
		"another":      {"drop", `not "drop"`},
		"no queue":     {"peek", "want 1 names of queues"},
		"too many":     {"list x", "want 0 names of queues"},
		"rate":         {"redrive -rate 501 x", "a rate of at most 500"},
		"peek is safe": {"peek -yes x", "flag provided but not defined: -yes"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := dlq(t, strings.Fields(test.arguments)...); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("it ends with %v, want %q", err, test.want)
			}
		})
	}
}

func TestAsk(t *testing.T) {
	for answer, want := range map[string]string{"y\n": "", "YES\n": "", "n\n": "nothing is done", "\n": "nothing is done", "yesterday\n": "nothing is done", "": "no terminal"} {
		var question strings.Builder
		err := ask(strings.NewReader(answer), &question, "delete 3 messages?")
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) || question.String() != "delete 3 messages? [y/N] " {
			t.Errorf("after %q, %q ends with %v, want %q", question.String(), answer, err, want)
		}
	}
}
