package sqs_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"

	sdk "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/noidle/noidle/local/api"
	"github.com/noidle/noidle/local/sqs"
)

// BenchmarkMessage sends, receives and deletes a message in queues that hold
// many others.
func BenchmarkMessage(b *testing.B) {
	for _, stored := range []int{0, 100_000} {
		for _, name := range []string{"jobs", "jobs.fifo"} {
			b.Run(fmt.Sprintf("%s/%d", name, stored), func(b *testing.B) {
				service := sqs.New(clockwork.NewRealClock(), queueURL)
				defer service.Close()
				attributes, group := map[string]string{}, ""
				if name == "jobs.fifo" {
					attributes["FifoQueue"], group = "true", `,"MessageGroupId":"g","MessageDeduplicationId":"%d"`
				}
				if err := service.CreateQueue(name, attributes); err != nil {
					b.Fatal(err)
				}
				operations := service.Operations()
				call := func(operation, input string) []byte {
					return must(operations.Call(&api.Call{Context: b.Context()}, operation, []byte(input)))(b)
				}
				sent := 0
				send := func() {
					text := `{"QueueUrl":"` + name + `","MessageBody":"body"`
					if group != "" {
						text += fmt.Sprintf(group, sent)
					}
					sent++
					call("SendMessage", text+"}")
				}
				for range stored {
					send()
				}
				for b.Loop() {
					send()
					handle := receiptHandle.FindSubmatch(call("ReceiveMessage", `{"QueueUrl":"`+name+`"}`))[1]
					call("DeleteMessage", `{"QueueUrl":"`+name+`","ReceiptHandle":"`+string(handle)+`"}`)
				}
			})
		}
	}
}

// Senders and receivers run at once: each message comes once.
func TestConcurrency(t *testing.T) {
	c := newCloud(t, nil)
	jobs := c.queue("jobs", map[string]string{"VisibilityTimeout": "43200"})
	const senders, each = 4, 50
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var group sync.WaitGroup
	for i := range senders {
		group.Go(func() {
			for j := range each {
				c.send(jobs, fmt.Sprintf("%d-%d", i, j))
			}
		})
	}
	var mutex sync.Mutex
	seen := map[string]int{}
	for range senders {
		group.Go(func() {
			for {
				out, err := c.ReceiveMessage(ctx, &sdk.ReceiveMessageInput{QueueUrl: jobs, WaitTimeSeconds: 20, MaxNumberOfMessages: 10})
				if err != nil {
					return
				}
				mutex.Lock()
				for _, m := range out.Messages {
					seen[*m.Body]++
				}
				if len(seen) == senders*each {
					cancel()
				}
				mutex.Unlock()
				var entries []types.DeleteMessageBatchRequestEntry
				for _, m := range out.Messages {
					entries = append(entries, types.DeleteMessageBatchRequestEntry{Id: m.MessageId, ReceiptHandle: m.ReceiptHandle})
				}
				if len(entries) > 0 {
					must(c.DeleteMessageBatch(t.Context(), &sdk.DeleteMessageBatchInput{QueueUrl: jobs, Entries: entries}))(t)
				}
			}
		})
	}
	group.Wait()
	want(t, len(seen), senders*each)
	for body, count := range seen {
		if count != 1 {
			t.Errorf("%s came %d times", body, count)
		}
	}
}
