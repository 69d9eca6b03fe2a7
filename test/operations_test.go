package test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/google/go-cmp/cmp"
	"github.com/jonboulle/clockwork"

	"github.com/noidle/noidle/local"
)

// operator uses the command line on a local cloud.
type operator struct {
	*stack
	noidle string
}

func newOperator(t *testing.T, s *stack) operator {
	t.Helper()
	noidle := filepath.Join(t.TempDir(), "noidle")
	command(t, "..", nil, "go", "build", "-o", noidle, "./cmd/noidle")
	return operator{s, noidle}
}

// run runs a command, while time passes on the clock, and returns what it prints.
func (o operator) run(t *testing.T, arguments ...string) (string, error) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := exec.Command(o.noidle, arguments...)
	cmd.Env = append(os.Environ(), "AWS_ENDPOINT_URL="+o.URL())
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	done := make(chan error)
	go func() { done <- cmd.Run() }()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case err := <-done:
			t.Logf("noidle %s\n%s%s", strings.Join(arguments, " "), stdout.String(), stderr.String())
			return stdout.String() + stderr.String(), err
		case <-tick.C:
			o.elapse()
		}
	}
}

func (o operator) must(t *testing.T, arguments ...string) string {
	t.Helper()
	out, err := o.run(t, arguments...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// breakFunction puts something that only fails in the place of a function's code,
// and returns what puts the code back.
func breakFunction(t *testing.T, dir, role string) (mend func()) {
	t.Helper()
	var template template
	readJSON(t, filepath.Join(dir, ordersStack+".template.json"), &template)
	function := template.find(t, "AWS::Lambda::Function", role)
	key := function.Properties["Code"].(map[string]any)["S3Key"].(string)
	bootstrap := filepath.Join(dir, "asset."+strings.TrimSuffix(key, ".zip"), "bootstrap")
	if err := os.Rename(bootstrap, bootstrap+".whole"); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(bootstrap, []byte("#!/bin/sh\nexit 1\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := os.Rename(bootstrap+".whole", bootstrap); err != nil {
			t.Fatal(err)
		}
	}
}

// TestDeadLettersAreHandled: a function that is broken leaves its orders in the
// dead-letter queue. An operator sees them there, has the function mended, sends them
// back, and they are completed.
func TestDeadLettersAreHandled(t *testing.T) {
	dir := t.TempDir()
	command(t, "..", nil, "cp", "-rl", referenceApp(t).dir+"/.", dir)
	mend := breakFunction(t, dir, "OrdersStart")
	s := &shop{openStackOf(t, dir, ordersStack, local.Options{Clock: clockwork.NewFakeClockAt(time.Now())})}
	o := newOperator(t, s.stack)
	const orders = 3
	var ids []string
	for n := range orders {
		id, err := s.post(t.Context(), http.DefaultClient, newDraft(n, "tok_ok", map[string]int{"book-1": 1}))
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	for s.count(t, "OrderDeadLetterQueue") < orders {
		s.pass(20)
	}

	var listed []struct {
		Name     string
		Messages int
		Oldest   *time.Time
		Sources  []string
	}
	list := o.must(t, "dlq", "list", "-json", "-stack", ordersStack)
	if err := json.Unmarshal([]byte(list), &listed); err != nil || len(listed) != 1 || listed[0].Messages != orders || listed[0].Oldest == nil ||
		len(listed[0].Sources) != 1 || !strings.Contains(listed[0].Sources[0], "OrdersWorkerQueue") {
		t.Errorf("listed are %s (%v), want the order queue's with %d messages and their age", list, err, orders)
	}
	for range 2 { // Peeking leaves them there.
		peeked := o.must(t, "dlq", "peek", "NoidleOrders")
		for _, id := range ids {
			if !strings.Contains(peeked, `"orderId": "`+id+`"`) {
				t.Errorf("order %s is not seen in\n%s", id, peeked)
			}
		}
	}
	if timeline := o.must(t, "trace", ids[0]); !strings.Contains(timeline, ": ACCEPTED, ") || !strings.Contains(timeline, " is parked in NoidleOrders-") {
		t.Errorf("the parked order's timeline is\n%s", timeline)
	}
	if out, err := o.run(t, "dlq", "redrive", "NoidleOrders"); err == nil || !strings.Contains(out, "standard input is no terminal: give -yes") {
		t.Errorf("it redrives without confirmation: %v, %s", err, out)
	}

	mend()
	if out := o.must(t, "dlq", "redrive", "-yes", "-max", "1", "NoidleOrders"); !strings.Contains(out, "1 messages of") || s.count(t, "OrderDeadLetterQueue") != orders-1 {
		t.Errorf("one is to be sent back: %s", out)
	}
	if out := o.must(t, "dlq", "redrive", "-yes", "-rate", "1", "NoidleOrders"); !strings.Contains(out, "2 messages of") || !strings.Contains(out, "2 of about 2 sent back") {
		t.Errorf("the others are to be sent back: %s", out)
	}
	for _, record := range s.settle(t, orders, 0) {
		if record["status"] != "COMPLETED" {
			t.Errorf("order %s is %s, want COMPLETED", record["orderId"], record["status"])
		}
	}
	s.sendDead(t, "no order")
	if out := o.must(t, "dlq", "purge", "-yes", "NoidleOrders"); !strings.Contains(out, "1 messages of") || s.count(t, "OrderDeadLetterQueue") != 0 {
		t.Errorf("the queue is to be purged: %s", out)
	}
}

// TestTraces compares the timelines of a completed order, of a compensated one, of a
// photo and of a file that is none with testdata, without their times: lines of the
// same millisecond have no order of their own, so that all are sorted.
func TestTraces(t *testing.T) {
	s := openShop(t, local.Options{})
	o := newOperator(t, s.stack)
	album := newAlbum(&stack{Cloud: s.Cloud, name: thumbnailsStack, outputs: s.Outputs()[thumbnailsStack], tables: s.tables, queues: s.queues})
	place := func(token string) string {
		id, err := s.post(t.Context(), http.DefaultClient, newDraft(1, token, map[string]int{"book-1": 1}))
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	put := func(key string, file []byte) string {
		if err := album.put(t.Context(), key, file); err != nil {
			t.Fatal(err)
		}
		return key
	}
	tests := []struct{ name, id, last string }{
		{"completed", place("tok_ok"), "ExecutionSucceeded in Succeeded"},
		{"photo", put("a \"b\"/c.jpg", readFile(t, "../docs/photo.jpg")), "photo made"},
		{"rejected", put("d.jpg", []byte("no photo")), "photo rejected"},
	}
	s.outputs = s.Outputs()[ordersStack]
	second := newDraft(2, "tok_declined", map[string]int{"book-1": 1})
	declined, err := s.post(t.Context(), http.DefaultClient, second)
	if err != nil {
		t.Fatal(err)
	}
	tests = append(tests, struct{ name, id, last string }{"compensated", declined, "ExecutionSucceeded in Compensated"})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			out, complete := "", false
			for !complete { // The log of a function may come a moment after its effect.
				out, _ = o.run(t, "trace", tt.id)
				complete = strings.Contains(out, tt.last) && (tt.name != "completed" || strings.Contains(out, "NoidleOrders/Confirm"))
			}
			compareGolden(t, filepath.Join("testdata", "operations", tt.name+".txt"), withoutTimes(out))
		})
	}
	if out, err := o.run(t, "trace", "nothing"); err == nil || !strings.Contains(out, `"nothing" is not known as an order or a photo`) {
		t.Errorf("of what is not known it prints %s, and ends with %v", out, err)
	}
	if out := o.must(t, "logs", "-filter", `{ $.level = "WARN" }`, "NoidleThumbnails"); !strings.Contains(out, "WARN  NoidleThumbnails/ThumbnailsResize  photo rejected ") {
		t.Errorf("the log is %s", out)
	}
}

var (
	begins = regexp.MustCompile(`(?m)^\S+Z +\+\S+ +`)
	took   = regexp.MustCompile(`  \[\d+ ms\]|, [\d.]+m?s$`)
)

// withoutTimes returns the sorted lines of a timeline without what differs.
func withoutTimes(out string) string {
	var lines []string
	for line := range strings.Lines(out) {
		if !strings.HasPrefix(line, "searching ") {
			lines = append(lines, took.ReplaceAllString(strings.TrimRight(begins.ReplaceAllString(line, ""), "\n"), "")+"\n")
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "")
}

func compareGolden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		write(t, file, []byte(got))
	}
	if diff := cmp.Diff(string(readFile(t, file)), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

// sendDead sends a message right to the dead-letter queue.
func (s *shop) sendDead(t *testing.T, body string) {
	t.Helper()
	if _, err := s.queues.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: new(s.outputs["OrderDeadLetterQueue"]), MessageBody: &body}); err != nil {
		t.Fatal(err)
	}
}
