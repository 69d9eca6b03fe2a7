// Package cloudformation creates custom resources as AWS CloudFormation does: it
// has a function do it, which answers at an address of its own
// (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-custom-resources.html).
// It tells of stacks and their outputs, too.
package cloudformation

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jonboulle/clockwork"
)

// Path is how the paths of the addresses start at which functions answer. No
// bucket has a name like it.
const Path = "/_custom_resource_response/"

// maxAnswer is how many bytes an answer may have
// (https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/crpg-ref-responses.html).
const maxAnswer = 4096

// Options are what a Service needs of its surroundings.
type Options struct {
	// Clock is what the time for an answer goes by.
	Clock clockwork.Clock
	// URL is the address under which the Service serves [Path].
	URL func() string
	// Invoke gives a function an event. It returns when the function is done with
	// it, with an error if that failed.
	Invoke func(ctx context.Context, function string, event []byte) error
}

// Resource is a custom resource that is to be created.
type Resource struct {
	// StackID is the ARN of its stack.
	StackID string
	// LogicalID names it in the stack's template.
	LogicalID string
	// Type is its type, such as Custom::Site.
	Type string
	// Function is the ARN of the function that creates it.
	Function string
	// Properties are what the function gets. Numbers and booleans become texts.
	Properties map[string]any
	// Timeout is how long the function's answer may take.
	Timeout time.Duration
}

// Service creates custom resources and tells of stacks. It is safe for concurrent use.
type Service struct {
	options Options

	mu      sync.Mutex
	waiting map[string]chan []byte // answers, by the last part of their address
	outputs map[string]map[string]string
	created time.Time
}

// New returns a Service.
func New(options Options) *Service {
	return &Service{options: options, waiting: map[string]chan []byte{}}
}

// request is what a function gets
// (https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/crpg-ref-requests.html).
type request struct {
	RequestType        string
	ResponseURL        string
	StackID            string `json:"StackId"`
	RequestID          string `json:"RequestId"`
	ResourceType       string
	LogicalResourceID  string `json:"LogicalResourceId"`
	ResourceProperties any
}

// answer is what a function answers. NoEcho, and Data, to which nothing can refer,
// are not looked at.
type answer struct {
	Status             string
	Reason             string
	PhysicalResourceID string `json:"PhysicalResourceId"`
	StackID            string `json:"StackId"`
	RequestID          string `json:"RequestId"`
	LogicalResourceID  string `json:"LogicalResourceId"`
}

// Create has a resource's function create it, and waits for the answer. Unlike
// Lambda's asynchronous invocations, the one invocation is not repeated after an
// error: it is what Create returns. The function has to answer before it ends.
func (s *Service) Create(ctx context.Context, r Resource) error {
	token, answers := s.expect()
	defer s.take(token)
	event := request{
		RequestType:        "Create",
		ResponseURL:        s.options.URL() + Path + token,
		StackID:            r.StackID,
		RequestID:          uuid.NewString(),
		ResourceType:       r.Type,
		LogicalResourceID:  r.LogicalID,
		ResourceProperties: texts(r.Properties),
	}
	payload, err := json.Marshal(event)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- s.options.Invoke(ctx, r.Function, payload) }()
	select {
	case body := <-answers:
		return event.check(body)
	case err := <-ended:
		return event.lastAnswer(answers, err)
	case <-s.options.Clock.After(r.Timeout):
		return fmt.Errorf("the function did not answer within %v: give it less to do, or raise ServiceTimeout", r.Timeout)
	}
}

// lastAnswer is the outcome when the function has ended, before which it may have
// answered.
func (q request) lastAnswer(answers <-chan []byte, failure error) error {
	select {
	case body := <-answers:
		return q.check(body)
	default:
	}
	if failure != nil {
		return fmt.Errorf("the function ended without an answer: %w", failure)
	}
	return errors.New("the function ended without an answer: it has to PUT one to the request's ResponseURL before it ends")
}

// check says what is wrong with an answer.
func (q request) check(body []byte) error {
	if len(body) > maxAnswer {
		return fmt.Errorf("the function's answer has more than the %d bytes that it may have", maxAnswer)
	}
	var a answer
	if err := json.Unmarshal(body, &a); err != nil {
		return fmt.Errorf("the function's answer is no JSON object as it should be: %w", err)
	}
	switch {
	case a.RequestID != q.RequestID || a.StackID != q.StackID || a.LogicalResourceID != q.LogicalResourceID:
		return errors.New("the function's answer is to another request: it has to repeat StackId, RequestId and LogicalResourceId")
	case a.Status == "FAILED":
		return fmt.Errorf("the function failed: %s", cmp.Or(a.Reason, "it gives no Reason"))
	case a.Status != "SUCCESS":
		return fmt.Errorf("the function's answer has the Status %q: want SUCCESS or FAILED", a.Status)
	case a.PhysicalResourceID == "":
		return errors.New("the function's answer has no PhysicalResourceId")
	}
	return nil
}

func (s *Service) expect() (token string, answers <-chan []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	token = uuid.NewString()
	channel := make(chan []byte, 1)
	s.waiting[token] = channel
	return token, channel
}

// take returns where an answer goes, once.
func (s *Service) take(token string) chan<- []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	channel := s.waiting[token]
	delete(s.waiting, token)
	return channel
}

// takeAnswer takes the answers of functions, one at each address. Like the bucket
// that takes them on AWS, it does not look into them.
func (s *Service) takeAnswer(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPut {
		http.Error(w, "want PUT", http.StatusMethodNotAllowed)
		return
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxAnswer+1))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	answers := s.take(strings.TrimPrefix(r.URL.Path, Path))
	if answers == nil {
		http.Error(w, "nobody waits for an answer here, or not any more", http.StatusForbidden)
		return
	}
	answers <- body
}

// texts returns a value with numbers and booleans as texts, as CloudFormation
// hands them on.
func texts(value any) any {
	switch v := value.(type) {
	case map[string]any:
		converted := make(map[string]any, len(v))
		for name, element := range v {
			converted[name] = texts(element)
		}
		return converted
	case []any:
		converted := make([]any, len(v))
		for i, element := range v {
			converted[i] = texts(element)
		}
		return converted
	}
	return fmt.Sprint(value)
}
