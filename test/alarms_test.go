package test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/jonboulle/clockwork"

	"github.com/noidle/noidle/local"
	"github.com/noidle/noidle/local/cloudwatch"
)

// operationsStack tells of the alarms of the others.
const operationsStack = "NoidleOperations"

// copyApp copies the reference app's assembly, to change it.
func copyApp(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	command(t, "..", nil, "cp", "-rl", referenceApp(t).dir+"/.", dir)
	return dir
}

// addWatcher subscribes a queue to the topic of the alarms.
func addWatcher(t *testing.T, dir string) {
	t.Helper()
	file := filepath.Join(dir, operationsStack+".template.json")
	var template map[string]map[string]any
	readJSON(t, file, &template)
	topic := map[string]any{"Ref": slices.Collect(keysWith(template["Resources"], "AlarmsTopic"))[0]}
	watcher := map[string]any{"Fn::GetAtt": []any{"Watcher", "Arn"}}
	template["Resources"]["Watcher"] = map[string]any{"Type": "AWS::SQS::Queue"}
	template["Resources"]["WatcherPolicy"] = map[string]any{"Type": "AWS::SQS::QueuePolicy", "Properties": map[string]any{
		"Queues": []any{map[string]any{"Ref": "Watcher"}},
		"PolicyDocument": map[string]any{"Version": "2012-10-17", "Statement": map[string]any{
			"Effect": "Allow", "Principal": map[string]any{"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": watcher,
		}},
	}}
	template["Resources"]["WatcherSubscription"] = map[string]any{"Type": "AWS::SNS::Subscription", "DependsOn": "WatcherPolicy", "Properties": map[string]any{
		"TopicArn": topic, "Protocol": "sqs", "Endpoint": watcher, "RawMessageDelivery": true,
	}}
	template["Outputs"]["Watcher"] = map[string]any{"Value": map[string]any{"Ref": "Watcher"}}
	content, err := json.Marshal(template)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(file); err != nil { // It is linked to the reference app's.
		t.Fatal(err)
	}
	write(t, file, content)
}

// keysWith are the resources whose logical IDs have a prefix and a hash.
func keysWith(resources map[string]any, prefix string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for id := range resources {
			if strings.HasPrefix(id, prefix) && len(id) == len(prefix)+8 && !yield(id) {
				return
			}
		}
	}
}

// heard lets time pass and takes the messages that the watcher gets, the change of an
// alarm each, until there are as many as are wanted.
func (s *stack) heard(t *testing.T, want int) (changes []string) {
	t.Helper()
	queue := s.Outputs()[operationsStack]["Watcher"]
	for ; len(changes) < want; s.pass(1) {
		out, err := s.queues.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &queue, MaxNumberOfMessages: 10})
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range out.Messages {
			var change struct{ AlarmName, OldStateValue, NewStateValue string }
			if err := json.Unmarshal([]byte(*m.Body), &change); err != nil {
				t.Fatalf("%s: %v", *m.Body, err)
			}
			changes = append(changes, change.AlarmName+" from "+change.OldStateValue+" to "+change.NewStateValue)
			if _, err := s.queues.DeleteMessage(t.Context(), &sqs.DeleteMessageInput{QueueUrl: &queue, ReceiptHandle: m.ReceiptHandle}); err != nil {
				t.Fatal(err)
			}
		}
	}
	return changes
}

// inAlarm returns the alarms that fire, without the hashes of their names.
func (s *stack) inAlarm() []string {
	var firing []string
	for _, a := range s.Alarms() {
		if a.State == "ALARM" {
			firing = append(firing, a.Name[:len(a.Name)-8])
		}
	}
	slices.Sort(firing)
	return firing
}

// awaitAlarms lets time pass until just these alarms fire.
func (s *stack) awaitAlarms(t *testing.T, want ...string) {
	t.Helper()
	slices.Sort(want)
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); s.pass(20) {
		if slices.Equal(s.inAlarm(), want) {
			return
		}
	}
	t.Fatalf("alarms %q fire, want %q", s.inAlarm(), want)
}

// sum is the sum of a metric with these values of dimensions since the start.
func (s *stack) sum(name string, dimension string) (sum float64) {
	for _, m := range s.Metrics() {
		for _, value := range m.Dimensions {
			if m.Name == name && len(m.Dimensions) == 1 && strings.HasPrefix(value, dimension) {
				sum += m.Sum
			}
		}
	}
	return sum
}

const (
	deadLettersAlarm = ordersStack + "-OrdersWorkerDeadLetterQueueAlarm"
	orderErrorsAlarm = ordersStack + "-OrdersServerErrorAlarm"
	throttleAlarm    = webAppStack + "-AppAPIThrottleAlarm"
	unhealthyAlarm   = operationsStack + "AlarmsUnhealthy"
)

// TestDeadLetterAlarm: an order that nobody can read comes to the dead-letter queue,
// its alarm fires, all is unhealthy, and the operators are told. It is over when the
// queue is empty.
func TestDeadLetterAlarm(t *testing.T) {
	dir := copyApp(t)
	addWatcher(t, dir)
	var mu sync.Mutex
	var reports []string
	s := &shop{openStackOf(t, dir, ordersStack, local.Options{Clock: clockwork.NewFakeClockAt(time.Now()), Report: func(message string) {
		mu.Lock()
		defer mu.Unlock()
		reports = append(reports, message)
	}})}
	const watched = 15 // metric alarms of the stacks that operators look at
	for _, change := range s.heard(t, watched) {
		if !strings.HasSuffix(change, " from INSUFFICIENT_DATA to OK") {
			t.Errorf("while nothing happens: %s", change)
		}
	}
	s.sendPoison(t, 1)
	s.awaitAlarms(t, deadLettersAlarm, unhealthyAlarm)
	if s.count(t, "OrderDeadLetterQueue") != 1 {
		t.Error("the message is not in the dead-letter queue")
	}
	if changes := s.heard(t, 1); len(changes) != 1 || !strings.HasPrefix(changes[0], deadLettersAlarm) || !strings.HasSuffix(changes[0], " from OK to ALARM") {
		t.Errorf("the operators were told %q, want that the alarm of the dead-letter queue fires", changes)
	}
	s.checkDeadLetters(t, 1)
	if _, err := s.queues.PurgeQueue(t.Context(), &sqs.PurgeQueueInput{QueueUrl: new(s.outputs["OrderDeadLetterQueue"])}); err != nil {
		t.Fatal(err)
	}
	s.awaitAlarms(t)
	if changes := s.heard(t, 1); len(changes) != 1 || !strings.HasSuffix(changes[0], " from ALARM to OK") {
		t.Errorf("the operators were told %q, want that the alarm is over", changes)
	}
	mu.Lock()
	defer mu.Unlock()
	if len(reports) != 4 || !strings.HasPrefix(reports[0], "alarm "+deadLettersAlarm) {
		t.Errorf("reported is %q, want two alarms and their ends", reports)
	}
}

// TestServerErrorAlarm: the function behind the orders' API crashes. Its error is in
// the metrics of Lambda and of the API, whose alarm fires, and is over later.
func TestServerErrorAlarm(t *testing.T) {
	dir := copyApp(t)
	breakFunction(t, dir, "OrdersAccept")
	s := openStackOf(t, dir, ordersStack, local.Options{Clock: clockwork.NewFakeClockAt(time.Now())})
	if status := post(t, s.outputs["OrdersUrl"], "{}"); status != http.StatusInternalServerError {
		t.Fatalf("the answer is %d, want 500", status)
	}
	s.awaitAlarms(t, orderErrorsAlarm, unhealthyAlarm)
	for name, dimension := range map[string]string{"Errors": ordersStack + "-OrdersAccept", "Invocations": ordersStack + "-OrdersAccept", "5xx": "", "Count": ""} {
		if got := s.sum(name, dimension); got != 1 {
			t.Errorf("%s is %v, want 1", name, got)
		}
	}
	s.awaitAlarms(t)
}

// TestThrottleAlarm: more requests than the web app's API takes are answered 429. The
// access log tells, and the alarm of it fires.
func TestThrottleAlarm(t *testing.T) {
	s := openStack(t, webAppStack, local.Options{Clock: clockwork.NewFakeClockAt(time.Now())})
	answers := map[int]int{}
	for range 50 { // of which a burst of 40 passes, and lacks a token
		answers[post(t, s.outputs["ApiUrl"]+"/posts", "{}")]++
	}
	if want := fmt.Sprint(map[int]int{401: 40, 429: 10}); fmt.Sprint(answers) != want {
		t.Fatalf("answers %v, want %s", answers, want)
	}
	s.awaitAlarms(t, throttleAlarm, unhealthyAlarm)
	throttled := slices.IndexFunc(s.Metrics(), func(m cloudwatch.Total) bool {
		return strings.HasSuffix(m.Name, "Throttled") && m.Namespace == "Noidle/Web"
	})
	if got := s.Metrics()[throttled].Sum; got != 10 || s.sum("4xx", "") != 50 {
		t.Errorf("%v requests are counted as throttled and %v as 4xx, want 10 and 50", got, s.sum("4xx", ""))
	}
	s.awaitAlarms(t)
}
