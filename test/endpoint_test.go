package test

import (
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
)

// endpoint stands for AWS: it answers every call of a function and notes which
// rights on which resource the call needs.
type endpoint struct {
	*httptest.Server

	mu      sync.Mutex
	answers answers
	needed  map[string]bool
}

// answers are the answers to the calls of each operation, such as GetItem, one
// after the other; the last one is for all further calls. An operation without
// any succeeds.
type answers map[string][]answer

// answer is what the endpoint answers to a call.
type answer struct {
	status int
	body   string
}

func newEndpoint(t testing.TB) *endpoint {
	e := &endpoint{}
	e.Server = httptest.NewServer(http.HandlerFunc(e.serve))
	t.Cleanup(e.Close)
	e.reset(nil)
	return e
}

// reset sets the answers to come and forgets what was needed.
func (e *endpoint) reset(to answers) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.answers, e.needed = maps.Clone(to), map[string]bool{}
}

// rights returns the rights that the calls since the last reset needed, as lines
// of "action resource", sorted.
func (e *endpoint) rights() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	var lines []string
	for line := range e.needed {
		lines = append(lines, line)
	}
	slices.Sort(lines)
	return lines
}

func (e *endpoint) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	e.mu.Lock()
	for _, need := range needs(operation, body) {
		e.needed[need] = true
	}
	reply := success(operation, body)
	if next := e.answers[operation]; len(next) > 0 {
		reply = next[0]
		e.answers[operation] = next[min(1, len(next)-1):]
	}
	e.mu.Unlock()
	w.Header().Set("Content-Type", r.Header.Get("Content-Type"))
	w.WriteHeader(reply.status)
	_, _ = io.WriteString(w, reply.body)
}

// needs returns the rights that a call needs. A transaction needs those of its
// parts
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html).
func needs(operation string, body []byte) []string {
	var call struct {
		TableName       string
		QueueURL        string `json:"QueueUrl"`
		StateMachineARN string `json:"stateMachineArn"`
		TransactItems   []map[string]struct{ TableName string }
	}
	if err := json.Unmarshal(body, &call); err != nil {
		return []string{"unreadable " + string(body)}
	}
	switch {
	case call.QueueURL != "":
		return []string{"sqs:" + operation + " " + call.QueueURL}
	case call.StateMachineARN != "":
		return []string{"states:" + operation + " " + call.StateMachineARN}
	case operation != "TransactWriteItems":
		return []string{"dynamodb:" + operation + " " + call.TableName}
	}
	actions := map[string]string{"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"}
	var rights []string
	for _, part := range call.TransactItems {
		for kind, of := range part {
			rights = append(rights, "dynamodb:"+actions[kind]+" "+of.TableName)
		}
	}
	return rights
}

// success is the answer to a call that succeeds and has nothing to tell.
func success(operation string, body []byte) answer {
	switch operation {
	case "SendMessage":
		var message struct{ MessageBody string }
		_ = json.Unmarshal(body, &message)
		sum := md5.Sum([]byte(message.MessageBody))
		return answer{http.StatusOK, `{"MessageId":"m-1","MD5OfMessageBody":"` + hex.EncodeToString(sum[:]) + `"}`}
	case "StartExecution":
		return answer{http.StatusOK, `{"executionArn":"arn:aws:states:us-east-1:000000000000:execution:saga:o-1","startDate":1.7e9}`}
	}
	return answer{http.StatusOK, "{}"}
}
